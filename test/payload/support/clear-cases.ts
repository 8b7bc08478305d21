/** Test cases made from the descriptors themselves: a valid call for every function, with values that fit its types. */
import { type AbiParameter, concatHex, encodeAbiParameters, type Hex } from 'viem';
import { checksumAddress } from '../../../protocol/payload/address.ts';
import { type NamedType, selectorOf } from '../../../protocol/payload/clear-signing/named-signature.ts';
import type { CallFormat } from '../../../protocol/payload/clear-signing/registry.ts';
import type { TypedDocumentText } from './typed-documents.ts';

const USDC = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';

/** Numbers drawn from a seed, so that a failing case can be made again. */
export class Draws {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  next(below: number): number {
    this.#state = (Math.imul(this.#state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * below);
  }
}

export function encodedCall({ signature }: CallFormat, draws: Draws): Hex {
  const values = signature.parameters.map((type) => argumentOf(type, type.type, draws));
  const body = encodeAbiParameters(signature.parameters.map(parameterOf), values);
  return concatHex([`0x${selectorOf(signature)}`, body]);
}

/** Values for the fields of a document, by its types. */
export function messageOf(types: TypedDocumentText['types'], struct: string, draws: Draws): Record<string, unknown> {
  return Object.fromEntries(
    (types[struct] ?? []).map(({ name, type }) => [name, fieldOf(types, name, type, draws)] as const),
  );
}

function fieldOf(types: TypedDocumentText['types'], name: string, type: string, draws: Draws): unknown {
  const list = /^(.*)\[([0-9]*)\]$/.exec(type);
  if (list !== null) {
    const [, item = '', length] = list;
    const count = length === '' ? 1 + draws.next(2) : Number(length);
    return Array.from({ length: count }, () => fieldOf(types, name, item, draws));
  }
  if (types[type] !== undefined) return messageOf(types, type, draws);
  const value = argumentOf({ name, type, members: [] }, type, draws);
  return typeof value === 'bigint' || typeof value === 'number' ? `${value}` : value;
}

function parameterOf({ name, type, members }: NamedType): AbiParameter {
  if (members.length === 0) return { name, type };
  const brackets = type.slice(type.lastIndexOf(')') + 1);
  return { name, type: `tuple${brackets}`, components: members.map(parameterOf) };
}

function argumentOf(named: NamedType, type: string, draws: Draws): unknown {
  const list = /^(.*)\[([0-9]*)\]$/.exec(type);
  if (list !== null) {
    const [, item = '', length] = list;
    const count = length === '' ? 1 + draws.next(2) : Number(length);
    return Array.from({ length: count }, () => argumentOf(named, item, draws));
  }
  if (type.startsWith('('))
    return Object.fromEntries(named.members.map((member) => [member.name, argumentOf(member, member.type, draws)]));
  if (type === 'address')
    return draws.next(2) === 0 ? checksumAddress(USDC) : checksumAddress(`0x${digits(40, draws)}`);
  if (type === 'bool') return draws.next(2) === 0;
  if (type === 'string') return `text ${draws.next(1000)}`;
  if (type === 'bytes') return `0x${digits(2 * (20 + draws.next(60)), draws)}`;
  const fixed = /^bytes([0-9]+)$/.exec(type)?.[1];
  if (fixed !== undefined) return `0x${digits(2 * Number(fixed), draws)}`;
  const bits = Number(/^u?int([0-9]+)$/.exec(type)?.[1]);
  const value = numberOf(named.name, bits, draws);
  return bits <= 48 ? Number(value) : value;
}

/** Dates where a name sounds like one, packed addresses now and then, else amounts of any size. */
function numberOf(name: string, bits: number, draws: Draws): bigint {
  if (/deadline|time|expir|until/i.test(name) && bits >= 32) return 1_790_000_000n + BigInt(draws.next(10_000_000));
  if (bits <= 8) return BigInt(draws.next(3));
  if (bits === 256 && draws.next(4) === 0) return BigInt(USDC);
  if (bits >= 128 && draws.next(6) === 0) return (1n << BigInt(bits - 1)) - 1n;
  return BigInt(draws.next(2 ** Math.min(30, bits - 1)));
}

function digits(count: number, draws: Draws): string {
  return Array.from({ length: count }, () => draws.next(16).toString(16)).join('');
}
