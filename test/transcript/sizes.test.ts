/** Other numbers of parties than the usual two of three. */
import { describe, expect, it } from 'vitest';
import { History } from '../../protocol/transcript/history.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import { dealPairs, Moot } from '../support/moot.ts';
import { fileOf } from '../support/story.ts';
import { ETHER, transfer, treasuryPolicy, trojan } from '../support/treasury.ts';

describe.each([
  [2, 2],
  [2, 4],
  [3, 5],
  [5, 5],
])('%i of %i', (threshold, parties) => {
  it('make a key, sign, refuse, and can be audited', () => {
    const moot = new Moot({ label: `${threshold} of ${parties}`, threshold, parties, common: policy(threshold) });
    const { roster } = moot;
    const history = new History();
    const keygen = moot.keygen('treasury');
    const { wallet: from } = keygen;
    if (from === undefined) throw new Error('no key');
    dealPairs(moot, from);
    const signers = moot.indices.slice(-threshold);
    const told = [
      keygen,
      moot.sign(from, { payload: transfer(), signers }),
      moot.sign(from, { payload: trojan() }),
      moot.sign(from, { payload: transfer(2n * ETHER), authors: signers.map((index) => `party:${index}`) }),
    ];
    const reports = told.map(({ lines }) => verifyTranscript(fileOf(lines), { roster, history }));
    for (const report of reports) expect(report.failure).toBeUndefined();
    expect(reports.map((report) => report.ending)).toEqual(['completed', 'completed', 'refused', 'completed']);
  });
});

/** As the treasury's, but no more consents than there are parties. */
function policy(threshold: number): object {
  const { rules, ...rest } = treasuryPolicy() as { readonly rules: readonly { readonly id: string }[] };
  return { ...rest, rules: rules.map((rule) => (rule.id === 'large' ? { ...rule, consents: threshold } : rule)) };
}
