/** One judgement under a large policy: a hundred rules, a thousand listed addresses. */
import { BugError } from '../protocol/common/errors.ts';
import { decode } from '../protocol/payload/payload.ts';
import { assess } from '../protocol/payload/risk/assess.ts';
import { judge } from '../protocol/policy/judge.ts';
import { parsePolicy } from '../protocol/policy/parse.ts';
import { type Bench, timed } from './bench.ts';
import { payloadOf, TOKEN_TRANSFER } from './payload.bench.ts';
import { measurement } from './report.ts';

const RULES = 100;
const ADDRESSES = 1000;
const BATCH = 200;

function largePolicy(): string {
  const address = (i: number): string => `0x${(i + 1).toString(16).padStart(40, '0')}`;
  return JSON.stringify({
    schema: 'keymoot/policy/1',
    id: 'large',
    version: 1,
    wallets: { treasury: { chainIds: ['1'] } },
    addressLists: {
      payees: Array.from({ length: ADDRESSES }, (_, i) => ({ chainId: 1, address: address(i), label: `payee ${i}` })),
    },
    assets: { USDC: { chainId: 1, address: '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48', decimals: 6 } },
    rules: Array.from({ length: RULES }, (_, i) => ({
      id: `rule-${i}`,
      effect: 'allow',
      match: {
        wallets: ['treasury'],
        chainIds: ['1'],
        to: ['0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48'],
        selectors: ['0xa9059cbb'],
        assets: ['USDC'],
        counterparties: ['@payees'],
        amount: { max: String(1000 + i) },
      },
    })),
  });
}

export const policyBench: Bench = {
  names: ['policy/evaluate'],
  async run({ record }) {
    const policy = parsePolicy(largePolicy());
    const decoded = decode(payloadOf(TOKEN_TRANSFER));
    if (!policy.ok || !decoded.ok)
      throw new BugError('BENCH_POLICY', policy.ok ? 'payload' : `${policy.error.field} ${policy.error.message}`);
    const assessment = assess(decoded.value);
    const wallet = { name: 'treasury', address: `0x${'11'.repeat(20)}`, threshold: 2, parties: 3 } as const;
    const input = {
      assessment,
      wallet,
      initiator: 'ops',
      now: 1_700_000_000,
      common: policy.value,
      ledger: 'uncounted',
    } as const;
    const samples = await timed(30, 5, () => {
      for (let i = 0; i < BATCH; i++) judge(input);
    });
    record(
      measurement(
        'policy/evaluate',
        { rules: RULES, addresses: ADDRESSES },
        'ms',
        samples.map((total) => total / BATCH),
      ),
    );
  },
};
