/** Random values for Solidity types, in the form that viem encodes: an encoder that is not one of ours. */
import type { AbiParameter, Hex } from 'viem';
import type { Random } from './random.ts';

/** Accounts that come up again and again, so that payloads name the same ones. */
export const ACCOUNTS: readonly Hex[] = [
  '0x1db92e2eebc8e0c075a02bea49a2935bcd2dfcf4',
  '0x38869bf66a61cf6bdb996a6ae40d5853fd43b526',
  '0xa83c336b20401af773b6219ba5027174338d1836',
  '0x000000000022d473030f116ddee9f6b43ac78ba3',
  '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48',
  '0x2222222222222222222222222222222222222222',
  '0x0000000000000000000000000000000000000000',
];

export function address(random: Random): Hex {
  return random.chance(4) ? random.hex(20) : random.pick(ACCOUNTS);
}

/** `bytes` that mean something to a decoder come from outside: calls inside calls. */
export type Inner = (random: Random) => Hex;

export function solidityValue(random: Random, parameter: AbiParameter, inner: Inner): unknown {
  const { type } = parameter;
  const list = /^(.*)\[([0-9]*)\]$/.exec(type);
  if (list !== null) {
    const length = list[2] === '' ? random.below(4) : Number(list[2]);
    return Array.from({ length }, () => solidityValue(random, { ...parameter, type: list[1] ?? '' }, inner));
  }
  if (type === 'tuple') {
    const fields = (parameter as { readonly components?: readonly AbiParameter[] }).components ?? [];
    return fields.map((field) => solidityValue(random, field, inner));
  }
  if (type === 'address') return address(random);
  if (type === 'bool') return random.chance(2);
  if (type === 'bytes') return random.chance(2) ? inner(random) : random.hex(random.below(70));
  if (type === 'string') return random.pick(['', 'hello', 'Gr\u00fc\u00dfe', 'x'.repeat(40)]);
  const bits = Number(/[0-9]+$/.exec(type)?.[0] ?? '256');
  if (type.startsWith('bytes')) return random.hex(bits);
  if (type.startsWith('int')) return random.number(bits - 1) - (random.chance(2) ? 1n << BigInt(bits - 1) : 0n);
  // Operations and flags are small numbers: most of the time in range, sometimes just outside.
  const value = random.chance(3) ? BigInt(random.below(3)) : random.number(bits);
  return bits <= 48 ? Number(value) : value;
}
