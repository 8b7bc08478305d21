/** Random policies and payloads of every shape that rules can tell apart. */
import fc from 'fast-check';
import { toHex } from '../../../protocol/common/bytes.ts';
import { canonicalText } from '../../../protocol/common/canonical-json.ts';
import type { Assessment } from '../../../protocol/payload/risk/assess.ts';
import { isObservedRisk, RISKS as TABLE } from '../../../protocol/payload/risk/codes.ts';
import { type Decision, traceDigest, type Verdict, verdictJson } from '../../../protocol/policy/verdict.ts';
import {
  ALICE,
  BOB,
  calldata,
  execTransaction,
  MALLORY,
  MULTISEND,
  multiSend,
  SAFE,
  safeTx,
  transaction,
  USDC,
} from './payloads.ts';
import type { RuleFile } from './policies.ts';

export const STRICTNESS: Readonly<Record<Decision, number>> = { allow: 0, require: 1, deny: 2 };
const LARGE = 2n ** 256n - 1n;

/** A handful of payloads of every shape that rules can tell apart, decoded once. */
const PAYLOADS = [
  transaction({ to: ALICE, value: 3n }),
  transaction({ to: MALLORY, value: 0n }),
  transaction({ to: USDC, data: calldata('transfer', ALICE, 5n) }),
  transaction({ to: USDC, data: calldata('transfer', MALLORY, 50n) }),
  transaction({ to: USDC, data: calldata('approve', BOB, LARGE) }),
  transaction({ to: BOB, data: '0xdeadbeef' }),
  transaction({ data: '0x6001' }),
  transaction({ to: SAFE, data: execTransaction({ to: USDC, data: calldata('transfer', ALICE, 5n) }) }),
  safeTx({ to: ALICE, value: 3n }),
  safeTx({ to: ALICE, value: 3n, legacy: true }),
  safeTx({ to: SAFE, data: calldata('changeThreshold', 1n) }),
  safeTx({ to: MALLORY, data: calldata('transfer', ALICE, 0n), operation: 1 }),
  safeTx({
    to: MULTISEND,
    operation: 1,
    data: multiSend([
      { to: USDC, data: calldata('transfer', ALICE, 5n) },
      { to: BOB, value: 1n },
    ]),
  }),
];

function some<T>(...values: readonly T[]): fc.Arbitrary<T[]> {
  return fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: values.length });
}

const ADDRESSES = some<string>('@payees', '@safes', '@batch', ALICE, MALLORY, USDC);
const RISKS = some(
  'DELEGATECALL',
  'DELEGATECALL_UNTRUSTED',
  'BATCH',
  'UNDECODED',
  'UNLIMITED_APPROVAL',
  'SAFE_SELF_CHANGE',
  'FIRST_SEEN_DESTINATION',
  'NONCE_REUSE',
);
export const OBSERVED_CODES = Object.keys(TABLE).filter(isObservedRisk);
const AMOUNT = fc.record({
  assets: some('ETH', 'USDC').map((list) => list.slice(0, 1)),
  amount: fc.constantFrom({ max: '4' }, { max: '40' }, { min: '5' }),
});

export const CONDITIONS = fc.record(
  {
    wallets: fc.constant(['treasury']),
    initiators: some('olivia', 'peter'),
    kinds: some('evm-transaction', 'evm-typed-data'),
    operations: some('call', 'delegatecall', 'create'),
    to: ADDRESSES,
    counterparties: ADDRESSES,
    safes: fc.constantFrom(['@safes'], [MALLORY]),
    selectors: some('none', '0xa9059cbb', '0x095ea7b3', '0x694e80c3', '0xdeadbeef'),
    risks: RISKS,
  },
  { requiredKeys: [] },
);

/** Broad rules keep the share of permitted payloads high enough for the properties to bite. */
const MATCH = fc.oneof(
  { weight: 2, arbitrary: CONDITIONS },
  { weight: 1, arbitrary: fc.tuple(CONDITIONS, AMOUNT).map(([match, amount]) => ({ ...match, ...amount })) },
  {
    weight: 2,
    arbitrary: fc.constant({ kinds: ['evm-transaction', 'evm-typed-data'], operations: ['call', 'delegatecall'] }),
  },
);

export const PERMISSION: fc.Arbitrary<Omit<RuleFile, 'id'>> = fc
  .record({
    effect: fc.constantFrom('allow' as const, 'require' as const),
    match: MATCH,
    native: fc.boolean(),
    counts: fc.record(
      { consents: fc.integer({ min: 2, max: 4 }), rejections: fc.integer({ min: 1, max: 4 }) },
      { requiredKeys: [] },
    ),
  })
  .map(({ effect, match, native, counts }) => {
    const nativeValue = native ? { nativeValue: { max: '1000' } } : {};
    return { effect, match: { chainIds: [31337], ...match, ...nativeValue }, ...counts };
  });
export const DENIAL: fc.Arbitrary<Omit<RuleFile, 'id'>> = MATCH.map((match) => ({ effect: 'deny' as const, match }));
export const RULES: fc.Arbitrary<RuleFile[]> = fc
  .array(fc.oneof({ weight: 4, arbitrary: PERMISSION }, { weight: 1, arbitrary: DENIAL }), { maxLength: 5 })
  .map((rules) => rules.map((rule, i): RuleFile => ({ ...rule, id: `r${i}` })));
export const PAYLOAD: fc.Arbitrary<Assessment> = fc.constantFrom(...PAYLOADS);

export function bytes(verdict: Verdict): string {
  return canonicalText(verdictJson(verdict)) + toHex(traceDigest(verdict));
}
