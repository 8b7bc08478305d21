/** What a party's earlier consents say about the ledger that it claims to have. */
import { expect, test } from 'vitest';
import type { LedgerView } from '../../protocol/policy/verdict.ts';
import { History } from '../../protocol/transcript/history.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import type { SignPlan, Told } from '../support/plan.ts';
import { fileOf } from '../support/story.ts';
import { ETHER, readyMoot, transfer, treasuryPolicy } from '../support/treasury.ts';

const DAY = 86_400;
const limits = [
  { id: 'day', measure: 'amount', asset: 'ETH', windowSec: DAY, max: String(10n * ETHER) },
  { id: 'few', measure: 'count', windowSec: 3600, max: '50', per: ['wallet', 'counterparty'] },
  { id: 'open', measure: 'outstanding', max: '5' },
];
const common = { ...treasuryPolicy(), limits };
const { moot, from } = readyMoot('history-limits', { common });
const { roster } = moot;

let value = 0n;
/** Another payment each time, of a little more than half an ether. */
function pays(plan: Partial<SignPlan> = {}): Told {
  value += 1n;
  return moot.sign(from, { payload: transfer(ETHER / 2n + value), ...plan });
}

/** A party's ledger that says this. */
function says(used: bigint, entries: number): LedgerView {
  return ({ limit }) => ({ used: limit === 'day' ? used : BigInt(entries), entries });
}

/** All parties say the same, but for party 2. */
function but2(all: LedgerView, odd: LedgerView): Partial<SignPlan> {
  return { ledger: (party) => (party === 2 ? odd : all) };
}

function audit(...all: readonly Told[]): readonly string[] {
  const history = new History();
  return all.map(({ lines }) => {
    const report = verifyTranscript(fileOf(lines), { roster, history });
    return report.ok ? 'VERIFIED' : (report.failure?.code ?? 'FAILED');
  });
}

const OK = 'VERIFIED';
const LOW = 'LIMIT_UNDERSTATED';

test('what was signed before is counted, or more', () => {
  const first = pays();
  const spent = ETHER / 2n + value;
  const honest = pays({ ledger: () => says(spent, 1) });
  const careful = pays({ ledger: () => says(9n * ETHER, 40) });
  expect(audit(first, honest, careful)).toEqual([OK, OK, OK]);
});

test('a party that counted less is found, in whatever order the transcripts come', () => {
  const first = pays();
  const spent = ETHER / 2n + value;
  const second = pays(but2(says(spent, 1), says(spent - 1n, 1)));
  expect(audit(first, second)).toEqual([OK, LOW]);
  expect(audit(second, first)).toEqual([OK, LOW]);
  const third = pays(but2(says(2n * ETHER, 2), says(2n * ETHER, 1)));
  expect(audit(first, third)).toEqual([OK, OK]);
  const fourth = pays({ ledger: () => says(2n * ETHER, 3) });
  expect(audit(first, fourth, third)).toEqual([OK, OK, OK]);
  const fifth = pays(but2(says(3n * ETHER, 4), says(3n * ETHER, 1)));
  expect(audit(first, fourth, fifth)).toEqual([OK, OK, LOW]);
});

test('nothing is said about what came to nothing, was the same payload, or is older than the window', () => {
  const failed = pays({ network: () => undefined });
  const after = pays();
  expect(audit(failed, after)).toEqual([OK, OK]);
  const again = moot.sign(from, { payload: transfer(ETHER / 2n + value) });
  expect(audit(after, again)).toEqual([OK, OK]);
  moot.time += DAY + 100;
  expect(audit(after, pays())).toEqual([OK, OK]);
});

test('how many nonces are used up only the party knows', () => {
  const first = pays();
  const spent = ETHER / 2n + value;
  const view: LedgerView = ({ limit }) => ({ used: limit === 'day' ? spent : limit === 'few' ? 1n : 0n, entries: 1 });
  expect(audit(first, pays({ ledger: () => view }))).toEqual([OK, OK]);
});
