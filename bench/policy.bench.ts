/** Judgements under large policies, reading them, and the refusal of what would take too long. */
import { BugError } from '../protocol/common/errors.ts';
import { decode, type Payload } from '../protocol/payload/payload.ts';
import { type Assessment, assess } from '../protocol/payload/risk/assess.ts';
import { judge } from '../protocol/policy/judge.ts';
import { parsePolicy } from '../protocol/policy/parse.ts';
import type { Policy } from '../protocol/policy/prepare.ts';
import type { Decision, LedgerView } from '../protocol/policy/verdict.ts';
import { type Bench, timed } from './bench.ts';
import { batchOf, payloadOf, TOKEN_TRANSFER } from './payload.bench.ts';
import { measurement } from './report.ts';

const RULES = 100;
const MANY_RULES = 10_000;
const ADDRESSES = 1000;
const LIMITS = 5;
const BATCH = 200;

const USDC = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';
const WALLET = { name: 'treasury', address: `0x${'11'.repeat(20)}`, threshold: 2, parties: 3 } as const;
/** A batch at once asks for each call of it, and each rule would permit each of them. */
const EVERYTHING = { operations: ['call', 'delegatecall'], nativeValue: { max: '1' } };

type Fields = { readonly [field: string]: unknown };

function policyText(rules: readonly Fields[], more: Fields = {}): string {
  const address = (i: number): string => `0x${(i + 1).toString(16).padStart(40, '0')}`;
  return JSON.stringify({
    schema: 'keymoot/policy/1',
    id: 'large',
    version: 1,
    wallets: { treasury: { chainIds: ['1'] } },
    addressLists: {
      payees: Array.from({ length: ADDRESSES }, (_, i) => ({ chainId: 1, address: address(i), label: `payee ${i}` })),
    },
    assets: { USDC: { chainId: 1, address: USDC, decimals: 6 } },
    rules,
    ...more,
  });
}

function allowing(count: number, match: (i: number) => Fields): readonly Fields[] {
  return Array.from({ length: count }, (_, i) => ({ id: `rule-${i}`, effect: 'allow', match: match(i) }));
}

function payments(count: number): readonly Fields[] {
  return allowing(count, (i) => ({
    wallets: ['treasury'],
    chainIds: ['1'],
    to: [USDC],
    selectors: ['0xa9059cbb'],
    assets: ['USDC'],
    counterparties: ['@payees'],
    amount: { max: String(1000 + i) },
  }));
}

function limitsOf(count: number, per: readonly string[]): Fields {
  const limits = Array.from({ length: count }, (_, i) => ({
    id: `limit-${i}`,
    measure: 'amount',
    asset: 'USDC',
    windowSec: 3600 + i,
    max: '1000000000000',
    per,
  }));
  return { limits };
}

/** Sixteen conditions a rule, with as many values as fit, none of which decides alone. */
function arguing(count: number): readonly Fields[] {
  const values = Array.from({ length: 64 }, (_, i) => String(1_000_000_000 + i));
  const args = Array.from({ length: 16 }, (_, i) => ({
    arg: i % 2 === 0 ? 'amount' : '1',
    op: 'notIn',
    value: [...values, String(i)].slice(1),
  }));
  return allowing(count, () => ({ ...EVERYTHING, args }));
}

function policyOf(text: string): Policy {
  const policy = parsePolicy(text);
  if (!policy.ok) throw new BugError('BENCH_POLICY', `${policy.error.field} ${policy.error.message}`);
  return policy.value;
}

function assessed(payload: Payload): Assessment {
  const decoded = decode(payload);
  if (!decoded.ok) throw new BugError('BENCH_POLICY', 'payload');
  return assess(decoded.value);
}

/** Judges once, as expected; else the figure would be of something else. */
function judging(policy: Policy, assessment: Assessment, expected: Decision, code?: string): () => void {
  const ledger: LedgerView = () => ({ used: 1000n, entries: 3 });
  const input = { assessment, wallet: WALLET, initiator: 'ops', now: 1_700_000_000, common: policy, ledger };
  return () => {
    const { decision, reasons } = judge(input);
    if (decision === expected && (code === undefined || reasons.some((reason) => reason.code === code))) return;
    throw new BugError('BENCH_POLICY', `${decision} ${reasons[0]?.code ?? ''} ${reasons[0]?.detail ?? ''}`);
  };
}

/** What a hostile policy or payload could try, each with the reason for which it ends. */
const REFUSALS: readonly { readonly what: string; readonly text: () => string; readonly leaves: number }[] = [
  { what: '10,000 rules, 770 calls', text: () => policyText(allowing(MANY_RULES, () => EVERYTHING)), leaves: 770 },
  {
    what: '64 limits, 400 receivers',
    text: () =>
      policyText(
        allowing(1, () => EVERYTHING),
        limitsOf(64, ['counterparty']),
      ),
    leaves: 400,
  },
  { what: '16 arguments, 64 values', text: () => policyText(arguing(150)), leaves: 770 },
];

export const policyBench: Bench = {
  names: ['policy/evaluate', 'policy/load', 'policy/refuse'],
  async run({ record, wanted }) {
    if (wanted('policy/evaluate')) {
      const policy = policyOf(policyText(payments(RULES), limitsOf(LIMITS, ['wallet'])));
      const once = judging(policy, assessed(payloadOf(TOKEN_TRANSFER)), 'deny', 'DEFAULT_DENY');
      const samples = await timed(30, 5, () => {
        for (let i = 0; i < BATCH; i++) once();
      });
      const params = { rules: RULES, addresses: ADDRESSES, limits: LIMITS };
      record(
        measurement(
          'policy/evaluate',
          params,
          'ms',
          samples.map((total) => total / BATCH),
        ),
      );
    }
    if (wanted('policy/load')) {
      const text = policyText(payments(MANY_RULES));
      const samples = await timed(8, 2, () => policyOf(text));
      record(measurement('policy/load', { rules: MANY_RULES }, 'ms', samples));
    }
    if (!wanted('policy/refuse')) return;
    for (const { leaves, text, what } of REFUSALS) {
      const samples = await timed(10, 3, judging(policyOf(text()), assessed(batchOf(leaves)), 'deny', 'POLICY_BUDGET'));
      record(measurement('policy/refuse', { case: what }, 'ms', samples));
    }
  },
};
