/** Three real nodes, one of them with a policy of its own, and the auditor: each comes to the same trace. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openVerdict, type VerdictStatement } from '../../protocol/ceremony/verdict-statement.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { parseTranscript } from '../../protocol/transcript/entry.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import { type Fields, Network } from '../crash/support/network.ts';
import { payment } from '../crash/support/payments.ts';
import { eventually } from '../crash/support/processes.ts';
import { must } from '../support/must.ts';
import { ETHER, OWN_POLICY, treasuryPolicy } from '../support/treasury.ts';

let network: Network;

/** All three are asked, and each counts what it has consented to. */
const COUNTED = {
  ...treasuryPolicy(),
  rules: (treasuryPolicy() as { readonly rules: readonly { readonly id: string }[] }).rules.map((rule) =>
    rule.id === 'small' ? { ...rule, consents: 3 } : rule,
  ),
  limits: [{ id: 'day', measure: 'amount', asset: 'ETH', windowSec: '86400', max: String(20n * ETHER) }],
};

beforeAll(async () => {
  network = await Network.start({ policy: COUNTED });
  await network.ask(2, 'policy-set', { scope: 'own', text: JSON.stringify(OWN_POLICY) });
  await network.wallet();
}, 240_000);

afterAll(async () => {
  await network?.stop();
});

async function verdictsOf(ceremony: string): Promise<readonly VerdictStatement[]> {
  const path = await eventually('the transcript', async () => {
    const { transcript } = await network.operate('ceremony', { ceremony });
    return typeof transcript === 'string' ? transcript : undefined;
  });
  const bytes = new Uint8Array(await readFile(path));
  const audited = verifyTranscript(bytes, { roster: network.roster });
  expect(audited.failure).toBeUndefined();
  return must(parseTranscript(bytes)).flatMap(({ entry }) => {
    const isVerdict = entry.kind === 'statement' && entry.statement.type === 'keymoot.verdict.v1';
    return isVerdict ? [must(openVerdict(entry.statement, network.roster))] : [];
  });
}

const tracesOf = (verdicts: readonly VerdictStatement[]): readonly string[] =>
  verdicts.map(({ body }) => (body.trace === undefined ? 'none' : toHex(body.trace)));

test('a payment, one after it, and one that is asked about: equal traces at all nodes, another for each', async () => {
  const seen = new Set<string>();
  for (const value of [ETHER / 2n, ETHER / 2n, 2n * ETHER]) {
    const ceremony = await network.propose(payment({ nonce: network.nextNonce(), value }));
    if (value > ETHER) await Promise.all([1, 2, 3].map((index) => network.approve(index, ceremony)));
    const result: Fields = await network.result(ceremony);
    expect(result).toMatchObject({ ending: 'completed' });
    const verdicts = await verdictsOf(ceremony);
    expect(verdicts.map(({ body }) => body.party)).toEqual([1, 2, 3]);
    expect(verdicts.filter(({ body }) => body.ownPolicy !== undefined).map(({ body }) => body.party)).toEqual([2]);
    const traces = tracesOf(verdicts);
    expect(new Set(traces).size).toBe(1);
    expect(traces).not.toContain('none');
    seen.add(traces[0] ?? '');
  }
  // The second payment finds half an ether used up, so it was judged by another history.
  expect(seen.size).toBe(3);
}, 240_000);
