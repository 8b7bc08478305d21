import { describe, expect, it } from 'vitest';
import type { Address } from '../../protocol/payload/address.ts';
import type { Argument } from '../../protocol/payload/calldata/call.ts';
import { addressSets } from '../../protocol/policy/addresses.ts';
import { type ArgContext, matchArgs, prepareArg } from '../../protocol/policy/args.ts';
import { judge } from '../../protocol/policy/judge.ts';
import { OUTCOMES } from '../../protocol/policy/outcome.ts';
import type { ArgOperator } from '../../protocol/policy/schema.ts';
import { ALICE, BOB, calldata, MALLORY, SAFE, safeTx, transaction, USDC, WALLET } from './support/payloads.ts';
import { codes, input, judged, NOW, policyOf, type RuleFile } from './support/policies.ts';

const ARGS: readonly Argument[] = [
  { name: 'to', type: 'address', value: ALICE },
  { name: 'amount', type: 'uint256', value: 500n },
  { name: 'deep', type: 'tuple', value: [7n, [ALICE, BOB], Uint8Array.of(1, 2, 255)] },
  { name: 'flag', type: 'bool', value: true },
  { name: 'data', type: 'bytes', value: Uint8Array.of(0xde, 0xad) },
  { name: 'memo', type: 'string', value: { text: 'rent' } },
  { name: 'delta', type: 'int256', value: -5n },
  { name: 'twice', type: 'uint8', value: 1n },
  { name: 'twice', type: 'uint8', value: 1n },
];
const CONTEXT: ArgContext = { wallet: 'treasury', address: WALLET, chainId: 31337n, now: NOW };
const { document } = policyOf([], { wallets: { treasury: { accounts: [SAFE] }, other: { accounts: [BOB] } } });

function outcome(
  arg: string,
  op: ArgOperator,
  value: string | readonly string[],
  args: readonly Argument[] | undefined = ARGS,
) {
  const prepared = prepareArg({ arg, op, value }, document, addressSets(document));
  return OUTCOMES[matchArgs([prepared], args, CONTEXT)];
}

describe('a condition on an argument', () => {
  it.each<[string, ArgOperator, string | readonly string[], string]>([
    ['amount', 'eq', '500', 'yes'],
    ['amount', 'eq', '501', 'no'],
    ['amount', 'ne', '500', 'no'],
    ['amount', 'ne', '501', 'yes'],
    ['1', 'eq', '500', 'yes'],
    ['amount', 'in', ['1', '500'], 'yes'],
    ['amount', 'notIn', ['1', '500'], 'no'],
    ['amount', 'notIn', ['1', '2'], 'yes'],
    ['amount', 'lt', '500', 'no'],
    ['amount', 'lt', '501', 'yes'],
    ['amount', 'lte', '500', 'yes'],
    ['amount', 'lte', '499', 'no'],
    ['amount', 'gt', '500', 'no'],
    ['amount', 'gt', '499', 'yes'],
    ['amount', 'gte', '500', 'yes'],
    ['amount', 'gte', '501', 'no'],
    ['delta', 'lt', '0', 'yes'],
    ['delta', 'gte', '-5', 'yes'],
    ['to', 'eq', ALICE, 'yes'],
    ['to', 'eq', BOB, 'no'],
    ['to', 'inList', '@payees', 'yes'],
    ['to', 'inList', '@safes', 'no'],
    ['to', 'eqWallet', 'self', 'no'],
    ['to', 'eqWallet', 'other', 'no'],
    ['deep.0', 'eq', '7', 'yes'],
    ['deep.1.1', 'eqWallet', 'other', 'yes'],
    ['deep.1', 'lenLte', '2', 'yes'],
    ['deep.1', 'lenLte', '1', 'no'],
    ['deep.2', 'eq', '0x0102ff', 'yes'],
    ['data', 'lenLte', '2', 'yes'],
    ['data', 'eq', '0xdead', 'yes'],
    ['data', 'eq', '0xdeadbe', 'no'],
    ['flag', 'eq', 'true', 'yes'],
    ['flag', 'ne', 'true', 'no'],
    ['memo', 'eq', 'rent', 'yes'],
    ['memo', 'eq', '.*', 'no'],
    ['memo', 'lenLte', '3', 'no'],
  ])('%s %s %s: %s', (arg, op, value, expected) => {
    expect(outcome(arg, op, value)).toBe(expected);
  });

  it('of the wallet itself is met by its key and its accounts', () => {
    const to = (value: Address): readonly Argument[] => [{ name: 'to', type: 'address', value }];
    expect(outcome('to', 'eqWallet', 'self', to(WALLET))).toBe('yes');
    expect(outcome('to', 'eqWallet', 'self', to(SAFE))).toBe('yes');
    expect(outcome('to', 'eqWallet', 'treasury', to(WALLET))).toBe('no');
    expect(outcome('to', 'eqWallet', 'self', to(MALLORY))).toBe('no');
  });

  it.each<[string, ArgOperator, string | readonly string[]]>([
    ['absent', 'eq', '1'],
    ['9', 'eq', '1'],
    ['deep.9', 'eq', '1'],
    ['amount.0', 'eq', '1'],
    ['deep.x', 'eq', '1'],
    ['twice', 'eq', '1'],
    ['amount', 'eq', '0x01f4'],
    ['amount', 'eq', 'true'],
    ['amount', 'inList', '@payees'],
    ['amount', 'lenLte', '5'],
    ['to', 'eq', '5'],
    ['to', 'lt', '5'],
    ['flag', 'eq', '1'],
    ['data', 'eq', 'dead'],
    ['deep', 'eq', '7'],
    ['__proto__', 'eq', '1'],
    ['length', 'gte', '0'],
  ])('is unknown where %s %s %s cannot be compared', (arg, op, value) => {
    expect(outcome(arg, op, value)).toBe('unknown');
  });

  it('is unknown of a call that nobody can read', () => {
    const prepared = prepareArg({ arg: '0', op: 'eq', value: '1' }, document, addressSets(document));
    expect(OUTCOMES[matchArgs([prepared], undefined, CONTEXT)]).toBe('unknown');
  });

  it('works against the payload where it is unknown', () => {
    const unknown = { args: [{ arg: 'nobody', op: 'eq', value: '1' }] };
    const payment = transaction({ to: USDC, data: calldata('transfer', ALICE, 5n) });
    expect(codes(judged(payment, [{ id: 'a', effect: 'allow', match: unknown }]))).toEqual(['DEFAULT_DENY']);
    const denied = judged(payment, [
      { id: 'a', effect: 'allow', match: {} },
      { id: 'no', effect: 'deny', match: unknown },
    ]);
    expect(denied.reasons[0]?.detail).toContain('cannot be ruled out, because of args');
  });

  it('must hold together with the others', () => {
    const payment = transaction({ to: USDC, data: calldata('transfer', ALICE, 5n) });
    const match = (...args: unknown[]): RuleFile => ({ id: 'a', effect: 'allow', match: { args } });
    const small = { arg: 'amount', op: 'lte', value: '5' };
    const [ofAlice, ofBob] = [ALICE, BOB].map((address) => ({ arg: '0', op: 'in', value: [address] }));
    const chains = (rule: RuleFile): RuleFile => ({ ...rule, match: { ...rule.match, chainIds: [31337] } });
    expect(codes(judged(payment, [chains(match(small, ofAlice))]))).toEqual([]);
    expect(codes(judged(payment, [chains(match(small, ofBob))]))).toEqual(['DEFAULT_DENY']);
  });
});

describe('gas, envelopes and hours', () => {
  const payment = transaction({ to: ALICE, gas: 100n, maxFeePerGas: 7n });
  const under = (match: object, now = NOW, payload = payment) =>
    codes(judge(input(payload, policyOf([{ id: 'a', effect: 'allow', match: { ...match } }]), { now })));

  it('of gas hold up to the number', () => {
    expect(under({ gas: { limitMax: '100' } })).toEqual([]);
    expect(under({ gas: { limitMax: '99' } })).toEqual(['DEFAULT_DENY']);
    expect(under({ gas: { maxFeePerGasMax: '7' } })).toEqual([]);
    expect(under({ gas: { maxFeePerGasMax: '6' } })).toEqual(['DEFAULT_DENY']);
    expect(under({ gas: { limitMax: '100', maxFeePerGasMax: '6' } })).toEqual(['DEFAULT_DENY']);
    // Somebody else pays for what a Safe executes.
    const kinds = ['evm-typed-data'];
    expect(under({ kinds, gas: { limitMax: '1' } }, NOW, safeTx({ to: ALICE }))).toEqual([]);
  });

  it('of the envelope hold for transactions of the type only', () => {
    expect(under({ txTypes: ['eip1559'] })).toEqual([]);
    expect(under({ txTypes: ['legacy', 'blob'] })).toEqual(['DEFAULT_DENY']);
    const kinds = ['evm-typed-data'];
    expect(under({ kinds, txTypes: ['eip1559'] }, NOW, safeTx({ to: ALICE }))).toEqual(['DEFAULT_DENY']);
  });

  it('of hours hold from the first minute to before the last, on those days', () => {
    // 2026-11-23 is a Monday.
    const monday = Date.UTC(2026, 10, 23) / 1000;
    const time = [{ days: [1], from: '08:00', to: '18:00' }];
    const at = (seconds: number) => under({ time }, monday + seconds);
    expect(at(8 * 3600 - 1)).toEqual(['DEFAULT_DENY']);
    expect(at(8 * 3600)).toEqual([]);
    expect(at(18 * 3600 - 1)).toEqual([]);
    expect(at(18 * 3600)).toEqual(['DEFAULT_DENY']);
    expect(at(86_400 + 9 * 3600)).toEqual(['DEFAULT_DENY']);
    expect(at(7 * 86_400 + 9 * 3600)).toEqual([]);
    expect(under({ time: [{ days: [0], from: '00:00', to: '24:00' }] }, monday - 1)).toEqual([]);
    expect(under({ time: [{ days: [0], from: '00:00', to: '24:00' }] }, monday)).toEqual(['DEFAULT_DENY']);
  });

  it('of hours deny in a deny rule', () => {
    const monday = Date.UTC(2026, 10, 23) / 1000;
    const weekend: RuleFile = {
      id: 'no',
      effect: 'deny',
      match: { time: [{ days: [6, 0], from: '00:00', to: '24:00' }] },
    };
    const policy = policyOf([{ id: 'a', effect: 'allow', match: {} }, weekend]);
    expect(codes(judge(input(payment, policy, { now: monday })))).toEqual([]);
    expect(codes(judge(input(payment, policy, { now: monday - 1 })))).toEqual(['DENIED_BY_RULE']);
  });
});
