/**
 * The keys under which descriptors file their formats, like `swap((address token, uint256 amount) order, bytes data)`:
 * a function with the names of its parameters, down into tuples.
 */
import { toHex, utf8 } from '../../common/bytes.ts';
import { type AbiValue, decodeArguments, isText } from '../calldata/abi.ts';
import { parseSignature } from '../calldata/signature.ts';
import { keccak256 } from '../keccak.ts';
import type { TypedField, TypedValue } from '../typed-data/reading.ts';
import { fault } from './fault.ts';

export interface NamedType {
  readonly name: string;
  /** Canonical, like `(address,uint256)[]`. */
  readonly type: string;
  /** Members of the tuple; empty for other types. */
  readonly members: readonly NamedType[];
}

export interface NamedSignature {
  /** As hashed into the selector. */
  readonly canonical: string;
  readonly parameters: readonly NamedType[];
}

export function parseNamedSignature(text: string): NamedSignature {
  const reader = new Reader(text.trim());
  const name = reader.word();
  const parameters = reader.tuple();
  if (name === '' || !reader.atEnd()) return fault(`signature ${text}`);
  return { canonical: `${name}${tupleText(parameters)}`, parameters };
}

/** Four bytes as lower hex. */
export function selectorOf({ canonical }: NamedSignature): string {
  return toHex(keccak256(utf8(canonical)).subarray(0, 4));
}

/** The arguments behind the selector, named; throws a fault or a refusal when the data is not exactly that. */
export function namedArguments({ canonical, parameters }: NamedSignature, data: Uint8Array): readonly TypedField[] {
  const types = parseSignature(canonical).parameters.map(({ type }) => type);
  return named(parameters, decodeArguments(types, data));
}

function named(types: readonly NamedType[], values: readonly AbiValue[]): readonly TypedField[] {
  return types.map((type, i) => {
    const value = values[i];
    if (value === undefined) return fault('a value is missing');
    return { name: type.name, type: type.type, value: typedValue(type, type.type, value) };
  });
}

function typedValue(named_: NamedType, type: string, value: AbiValue): TypedValue {
  if (typeof value === 'bigint') return { kind: 'number', value };
  if (typeof value === 'boolean') return { kind: 'bool', value };
  if (value instanceof Uint8Array) return { kind: 'bytes', value };
  if (typeof value === 'string') return { kind: 'address', value };
  if (isText(value)) return { kind: 'text', value: value.text };
  if (!type.endsWith(']')) return { kind: 'struct', fields: named(named_.members, value) };
  const item = type.slice(0, type.lastIndexOf('['));
  return { kind: 'list', items: value.map((entry) => typedValue(named_, item, entry)) };
}

function tupleText(members: readonly NamedType[]): string {
  return `(${members.map(({ type }) => type).join(',')})`;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    return this.#at === this.#text.length;
  }

  word(): string {
    const match = /^[A-Za-z0-9_$]*/.exec(this.#text.slice(this.#at))?.[0] ?? '';
    this.#at += match.length;
    return match;
  }

  tuple(): readonly NamedType[] {
    this.#expect('(');
    const members: NamedType[] = [];
    this.#spaces();
    while (this.#text[this.#at] !== ')') {
      if (members.length > 0) this.#expect(',');
      members.push(this.#member());
    }
    this.#at++;
    return members;
  }

  #member(): NamedType {
    this.#spaces();
    const members = this.#text[this.#at] === '(' ? this.tuple() : undefined;
    const base = members === undefined ? standardType(this.word()) : tupleText(members);
    const brackets = /^(?:\[[0-9]*\])*/.exec(this.#text.slice(this.#at))?.[0] ?? '';
    this.#at += brackets.length;
    this.#spaces();
    const name = this.word();
    this.#spaces();
    return { name, type: `${base}${brackets}`, members: members ?? [] };
  }

  #spaces(): void {
    while (this.#text[this.#at] === ' ') this.#at++;
  }

  #expect(character: string): void {
    if (this.#text[this.#at] !== character) fault(`signature ${this.#text}`);
    this.#at++;
  }
}

/** Some descriptors abbreviate, which a selector never does. */
function standardType(word: string): string {
  if (word === 'uint' || word === 'int') return `${word}256`;
  return word === '' ? fault('a type is missing') : word;
}
