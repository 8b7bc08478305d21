/**
 * First decoder, contract call arguments: the Solidity ABI (contract ABI specification) read so that every value has
 * one encoding. Offsets must point where the next tail begins, padding must be zero, numbers must fit their type and
 * nothing may follow. So a decoy that a positional reader would see and the chain would not cannot exist.
 */
import { toHex } from '../../common/bytes.ts';
import { type Address, addressOf } from '../address.ts';
import { refuse } from '../refusal.ts';

export type AbiType =
  | { readonly kind: 'uint' | 'int'; readonly bits: number }
  /** A Safe operation: a uint8 that must be exactly 0 (call) or 1 (delegatecall) over its whole word. */
  | { readonly kind: 'operation' }
  | { readonly kind: 'address' }
  | { readonly kind: 'bool' }
  | { readonly kind: 'fixed'; readonly size: number }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'string' }
  /** `length`: of `T[3]`, whose items stand without a count. */
  | { readonly kind: 'array'; readonly item: AbiType; readonly length?: number }
  | { readonly kind: 'tuple'; readonly fields: readonly AbiType[] };

/** A Solidity `string`: any characters, so never shown without the sanitiser. Wrapped, since plain strings are addresses. */
export interface AbiText {
  readonly text: string;
}

/** Addresses are lower-case `0x…` strings; every number, of any width, is a bigint. */
export type AbiValue = bigint | boolean | Address | Uint8Array | AbiText | readonly AbiValue[];

export function isText(value: AbiValue): value is AbiText {
  return typeof value === 'object' && 'text' in value;
}

const WORD = 32;

/** Values of `types` from exactly `data`. */
export function decodeArguments(types: readonly AbiType[], data: Uint8Array): readonly AbiValue[] {
  const { value, size } = readTuple(types, data, 0);
  if (size !== data.length) refuse('ABI_NOT_CANONICAL', 'there are bytes after the arguments');
  return value;
}

interface Read<T> {
  readonly value: T;
  /** Bytes this value occupies, padding included. */
  readonly size: number;
}

/** Heads first, then the tails in order without gaps or overlaps. `base` is where offsets count from. */
function readTuple(types: readonly AbiType[], data: Uint8Array, base: number): Read<readonly AbiValue[]> {
  let tail = types.reduce((sum, type) => sum + headSize(type), 0);
  if (base + tail > data.length) refuse('ABI_NOT_CANONICAL', 'the arguments are cut short');
  let head = base;
  const value = types.map((type) => {
    const at = head;
    head += headSize(type);
    if (!isDynamic(type)) return readStatic(type, data, at);
    if (smallWord(data, at) !== tail) refuse('ABI_NOT_CANONICAL', 'an offset does not point to the next value');
    const dynamic = readDynamic(type, data, base + tail);
    tail += dynamic.size;
    return dynamic.value;
  });
  return { value, size: tail };
}

function readStatic(type: AbiType, data: Uint8Array, at: number): AbiValue {
  switch (type.kind) {
    case 'uint':
      zeros(data, at, at + WORD - type.bits / 8);
      return BigInt(`0x${toHex(data.subarray(at, at + WORD))}`);
    case 'int': {
      const word = BigInt(`0x${toHex(data.subarray(at, at + WORD))}`);
      const value = BigInt.asIntN(type.bits, word);
      // The sign fills the whole word; anything else has a second reading.
      return BigInt.asUintN(256, value) === word ? value : refuse('ABI_NOT_CANONICAL', 'a number leaves its range');
    }
    case 'operation': {
      // The chain looks at the last byte only, so 0x…0101 would run as a delegatecall; it must not pass as "257".
      const operation = smallWord(data, at);
      return operation <= 1 ? BigInt(operation) : refuse('OPERATION_INVALID');
    }
    case 'address':
      zeros(data, at, at + 12);
      return addressOf(data.subarray(at + 12, at + WORD));
    case 'bool': {
      zeros(data, at, at + WORD - 1);
      const flag = data[at + WORD - 1] ?? 0;
      return flag <= 1 ? flag === 1 : refuse('ABI_NOT_CANONICAL', 'a bool is neither 0 nor 1');
    }
    case 'fixed':
      zeros(data, at + type.size, at + WORD);
      return data.slice(at, at + type.size);
    case 'tuple':
      return readTuple(type.fields, data, at).value;
    case 'array':
      return readTuple(items(type.item, type.length ?? 0), data, at).value;
    default:
      return refuse('DECODER_FAILED');
  }
}

function readDynamic(type: AbiType, data: Uint8Array, at: number): Read<AbiValue> {
  if (type.kind === 'tuple') return readTuple(type.fields, data, at);
  if (type.kind === 'array' && type.length !== undefined) return readTuple(items(type.item, type.length), data, at);
  if (at + WORD > data.length) refuse('ABI_NOT_CANONICAL', 'the arguments are cut short');
  const length = smallWord(data, at);
  const start = at + WORD;
  if (type.kind === 'array') {
    if (length * headSize(type.item) > data.length - start) refuse('ABI_NOT_CANONICAL', 'a list is cut short');
    const list = readTuple(items(type.item, length), data, start);
    return { value: list.value, size: WORD + list.size };
  }
  const end = start + length;
  const padded = start + Math.ceil(length / WORD) * WORD;
  if (padded > data.length) refuse('ABI_NOT_CANONICAL', 'a byte string is cut short or not padded to whole words');
  zeros(data, end, padded);
  const content = data.slice(start, end);
  return { value: type.kind === 'string' ? { text: textOf(content) } : content, size: padded - at };
}

function textOf(bytes: Uint8Array): string {
  try {
    return UTF_8.decode(bytes);
  } catch {
    return refuse('ABI_NOT_CANONICAL', 'a text is not UTF-8');
  }
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function items(item: AbiType, length: number): readonly AbiType[] {
  return Array.from({ length }, () => item);
}

function headSize(type: AbiType): number {
  if (isDynamic(type)) return WORD;
  if (type.kind === 'tuple') return type.fields.reduce((sum, field) => sum + headSize(field), 0);
  return type.kind === 'array' ? (type.length ?? 0) * headSize(type.item) : WORD;
}

function isDynamic(type: AbiType): boolean {
  if (type.kind === 'tuple') return type.fields.some(isDynamic);
  if (type.kind === 'array') return type.length === undefined || isDynamic(type.item);
  return type.kind === 'bytes' || type.kind === 'string';
}

/** A length or offset. Anything above 4 GiB is outside every payload and becomes Infinity, which fits nowhere. */
function smallWord(data: Uint8Array, at: number): number {
  for (let i = at; i < at + WORD - 4; i++) if (data[i] !== 0) return Number.POSITIVE_INFINITY;
  let value = 0;
  for (let i = at + WORD - 4; i < at + WORD; i++) value = value * 256 + (data[i] ?? 0);
  return value;
}

function zeros(data: Uint8Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    if (data[i] !== 0) refuse('ABI_NOT_CANONICAL', 'unused bits of a word are not zero');
  }
}
