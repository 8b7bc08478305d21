/**
 * The values of a document, each read by its type and nothing else. Forms that people and tools write are taken where
 * they can mean one thing only; whether the bytes were canonical is decided later, by writing the document again.
 */
import { fromHex } from '../../common/bytes.ts';
import type { StrictJson } from '../../common/strict-json.ts';
import { type Address, parseAddress } from '../address.ts';
import { refuse } from '../refusal.ts';
import type { TypedField, TypedValue } from './reading.ts';
import { fieldsOf, type TypeField, type TypeRef, type TypeTable } from './types.ts';

/** Fields and list items of one document; bounds the work of both readings. */
const MAX_VALUES = 8192;
/** Lists and structs inside each other. */
const MAX_DEPTH = 24;

type Members = ReadonlyMap<string, StrictJson>;

/** The fields of a struct from exactly its members. One reader for a whole document, since it counts. */
export class ValueReader {
  readonly #table: TypeTable;
  #values = 0;
  #structs = 0;

  constructor(table: TypeTable) {
    this.#table = table;
  }

  /** Structs read so far: each one is hashed with its type. */
  get structs(): number {
    return this.#structs;
  }

  struct(fields: readonly TypeField[], value: StrictJson | undefined, what: string, depth = 0): readonly TypedField[] {
    this.#structs++;
    const members = exactMembers(
      value,
      fields.map(({ name }) => name),
      what,
    );
    return fields.map(({ name, text, type }) => ({
      name,
      type: text,
      value: this.#value(type, members.get(name), name, depth + 1),
    }));
  }

  #value(type: TypeRef, value: StrictJson | undefined, name: string, depth: number): TypedValue {
    if (++this.#values > MAX_VALUES) refuse('TYPED_DATA_LIMIT', `more than ${MAX_VALUES} values`);
    if (depth > MAX_DEPTH) refuse('TYPED_DATA_LIMIT', `nested more than ${MAX_DEPTH} levels`);
    switch (type.kind) {
      case 'uint':
        return { kind: 'number', value: inRange(number(value, name), 0n, largest(type.bits), name) };
      case 'int': {
        const half = 1n << BigInt(type.bits - 1);
        return { kind: 'number', value: inRange(signedNumber(value, name), -half, half - 1n, name) };
      }
      case 'bool':
        if (value?.type !== 'boolean') return refuse('TYPED_DATA_VALUE', `${name} is not true or false`);
        return { kind: 'bool', value: value.value };
      case 'address':
        return { kind: 'address', value: address(value, name) };
      case 'string':
        if (value?.type !== 'string') return refuse('TYPED_DATA_VALUE', `${name} is not a text`);
        return { kind: 'text', value: value.text };
      case 'bytes':
        return { kind: 'bytes', value: hexBytes(value, name) };
      case 'fixed': {
        const bytes = hexBytes(value, name);
        if (bytes.length !== type.size) refuse('TYPED_DATA_VALUE', `${name} is not of ${type.size} bytes`);
        return { kind: 'bytes', value: bytes };
      }
      case 'list':
        return { kind: 'list', items: this.#items(type, value, name, depth) };
      case 'struct':
        return { kind: 'struct', fields: this.struct(fieldsOf(this.#table, type.name), value, name, depth) };
    }
  }

  #items(
    type: TypeRef & { readonly kind: 'list' },
    value: StrictJson | undefined,
    name: string,
    depth: number,
  ): readonly TypedValue[] {
    if (value?.type !== 'array') return refuse('TYPED_DATA_SHAPE', `${name} is not a list`);
    if (type.length !== undefined && value.items.length !== type.length) {
      refuse('TYPED_DATA_SHAPE', `${name} has not exactly ${type.length} items`);
    }
    return value.items.map((item) => this.#value(type.item, item, name, depth + 1));
  }
}

/** By the number of bits, of which there are 32. */
const LARGEST = new Map<number, bigint>();

function largest(bits: number): bigint {
  const known = LARGEST.get(bits);
  if (known !== undefined) return known;
  const value = (1n << BigInt(bits)) - 1n;
  LARGEST.set(bits, value);
  return value;
}

export function membersOf(value: StrictJson | undefined, what: string): Members {
  return value?.type === 'object' ? value.members : refuse('TYPED_DATA_SHAPE', `${what} is not an object`);
}

export function exactMembers(value: StrictJson | undefined, keys: readonly string[], what: string): Members {
  const members = membersOf(value, what);
  for (const key of keys) if (!members.has(key)) refuse('TYPED_DATA_SHAPE', `${what} lacks ${key}`);
  if (members.size !== keys.length) refuse('TYPED_DATA_SHAPE', `${what} has fields that would not be signed`);
  return members;
}

/** A whole number: a JSON number up to 2^53 - 1, a decimal string or a 0x string, each without leading zeros. */
export function number(value: StrictJson | undefined, name: string): bigint {
  const text = value?.type === 'string' || value?.type === 'number' ? value.text : '';
  if (!/^(0|[1-9][0-9]{0,77}|0x(0|[1-9a-fA-F][0-9a-fA-F]{0,63}))$/.test(text)) {
    refuse('TYPED_DATA_VALUE', `${name} is not a whole number in decimal or 0x form`);
  }
  return exact(value, text, name);
}

/** As `number`, with a sign; not in 0x form, which some take for two's complement. */
function signedNumber(value: StrictJson | undefined, name: string): bigint {
  const text = value?.type === 'string' || value?.type === 'number' ? value.text : '';
  if (!/^(0|-?[1-9][0-9]{0,77})$/.test(text)) {
    refuse('TYPED_DATA_VALUE', `${name} is not a whole number in decimal form`);
  }
  return exact(value, text, name);
}

function exact(value: StrictJson | undefined, text: string, name: string): bigint {
  const result = BigInt(text);
  const size = result < 0n ? -result : result;
  if (value?.type === 'number' && size > BigInt(Number.MAX_SAFE_INTEGER)) {
    refuse('TYPED_DATA_VALUE', `${name} is too large for a JSON number; write it as a string`);
  }
  return result;
}

function inRange(value: bigint, min: bigint, max: bigint, name: string): bigint {
  return value >= min && value <= max ? value : refuse('TYPED_DATA_VALUE', `${name} is outside ${min} to ${max}`);
}

function address(value: StrictJson | undefined, name: string): Address {
  const parsed = value?.type === 'string' ? parseAddress(value.text) : undefined;
  if (parsed === 'checksum') return refuse('ADDRESS_CHECKSUM', name);
  return parsed ?? refuse('TYPED_DATA_VALUE', `${name} is not an address`);
}

function hexBytes(value: StrictJson | undefined, name: string): Uint8Array {
  const text = value?.type === 'string' ? value.text : '';
  const bytes = text.startsWith('0x') ? fromHex(text.slice(2).toLowerCase()) : undefined;
  return bytes ?? refuse('TYPED_DATA_VALUE', `${name} is not 0x and an even number of hex digits`);
}
