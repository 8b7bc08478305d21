/**
 * A JSON reader for text that people and foreign tools wrote (policies, payload files). Stricter than JSON.parse:
 * a key written twice is an error and not "the last one wins", a number keeps its exact digits, a string with a lone
 * surrogate is refused, and size and depth are bounded before anything is built. Signed statements have their own,
 * narrower reader in canonical-json.ts.
 */
import type { Json } from './canonical-json.ts';
import { err, ok, type Result } from './result.ts';

export type StrictJson = StrictObject | StrictArray | StrictString | StrictNumber | StrictBoolean | StrictNull;

/** Each node knows the offset (UTF-16 code units) of its first character in the text. */
export interface StrictObject {
  readonly type: 'object';
  /** In the order of the text; a Map, so that no key can reach a prototype. */
  readonly members: ReadonlyMap<string, StrictJson>;
  readonly offset: number;
}
export interface StrictArray {
  readonly type: 'array';
  readonly items: readonly StrictJson[];
  readonly offset: number;
}
export interface StrictString {
  readonly type: 'string';
  readonly text: string;
  readonly offset: number;
}
export interface StrictNumber {
  readonly type: 'number';
  /** The characters as written, like `12`, `-0` or `1.5e3`; never rounded. */
  readonly text: string;
  readonly offset: number;
}
export interface StrictBoolean {
  readonly type: 'boolean';
  readonly value: boolean;
  readonly offset: number;
}
export interface StrictNull {
  readonly type: 'null';
  readonly offset: number;
}

export interface StrictJsonProblem {
  /** One sentence, printable ASCII only. */
  readonly message: string;
  /** Where in the text, in UTF-16 code units from 0. */
  readonly offset: number;
}

export interface StrictJsonLimits {
  /** UTF-16 code units of the whole text; default 1,048,576. */
  readonly maxLength?: number;
  /** Nested objects and arrays; default 32, which canonical-json.ts can still write. */
  readonly maxDepth?: number;
}

const DEFAULT_MAX_LENGTH = 1 << 20;
const DEFAULT_MAX_DEPTH = 32;
const MAX_NUMBER_LENGTH = 128;

/** Reads exactly one JSON value; anything but white space around it is an error. */
export function parseStrictJson(text: string, limits: StrictJsonLimits = {}): Result<StrictJson, StrictJsonProblem> {
  const maxLength = limits.maxLength ?? DEFAULT_MAX_LENGTH;
  if (text.length > maxLength) return err({ message: `longer than ${maxLength} characters`, offset: maxLength });
  const scanner = new Scanner(text, limits.maxDepth ?? DEFAULT_MAX_DEPTH);
  try {
    return ok(scanner.document());
  } catch (error) {
    if (error instanceof Stop) return err({ message: error.message, offset: error.offset });
    throw error;
  }
}

/**
 * The value in the subset of canonical-json.ts. With `numbers: 'decimal'` a whole number of at most 78 digits without
 * sign, fraction or exponent becomes a decimal string; with `'refuse'` every number is an error. Null is an error.
 */
export function toJson(value: StrictJson, numbers: 'decimal' | 'refuse'): Result<Json, StrictJsonProblem> {
  try {
    return ok(convert(value, numbers));
  } catch (error) {
    if (error instanceof Stop) return err({ message: error.message, offset: error.offset });
    throw error;
  }
}

class Stop extends Error {
  readonly offset: number;
  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

function convert(value: StrictJson, numbers: 'decimal' | 'refuse'): Json {
  switch (value.type) {
    case 'string':
      return value.text;
    case 'boolean':
      return value.value;
    case 'null':
      throw new Stop('null is not allowed here; leave the field out instead', value.offset);
    case 'number':
      if (numbers === 'refuse') throw new Stop('write numbers as decimal strings, like "42"', value.offset);
      if (!/^(0|[1-9][0-9]{0,77})$/.test(value.text)) {
        throw new Stop('only whole numbers without sign, fraction or exponent are allowed', value.offset);
      }
      return value.text;
    case 'array':
      return value.items.map((item) => convert(item, numbers));
    case 'object': {
      const result: { [key: string]: Json } = {};
      for (const [key, member] of value.members) {
        if (key === '__proto__') throw new Stop('the key __proto__ is not allowed', member.offset);
        result[key] = convert(member, numbers);
      }
      return result;
    }
  }
}

/** Printable ASCII without quotation mark and backslash, as most strings are: it means itself. */
const PLAIN = /^[ !#-[\]-~]*$/;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

class Scanner {
  readonly #text: string;
  readonly #maxDepth: number;
  #at = 0;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  document(): StrictJson {
    this.#space();
    const value = this.#value(0);
    this.#space();
    if (this.#at !== this.#text.length) throw this.#stop('there is more text after the JSON value');
    return value;
  }

  #value(depth: number): StrictJson {
    if (depth > this.#maxDepth) throw this.#stop(`nested deeper than ${this.#maxDepth} levels`);
    const offset = this.#at;
    const first = this.#text[offset];
    if (first === '{') return { type: 'object', members: this.#members(depth), offset };
    if (first === '[') return { type: 'array', items: this.#items(depth), offset };
    if (first === '"') return { type: 'string', text: this.#string(), offset };
    if (first === 't') return this.#word('true', { type: 'boolean', value: true, offset });
    if (first === 'f') return this.#word('false', { type: 'boolean', value: false, offset });
    if (first === 'n') return this.#word('null', { type: 'null', offset });
    return { type: 'number', text: this.#number(), offset };
  }

  #members(depth: number): ReadonlyMap<string, StrictJson> {
    const members = new Map<string, StrictJson>();
    this.#at++;
    this.#space();
    if (this.#take('}')) return members;
    for (;;) {
      const offset = this.#at;
      if (this.#text[offset] !== '"') throw this.#stop('expected a key in double quotes');
      const key = this.#string();
      if (members.has(key)) throw new Stop(`the key ${named(key)} is written twice in one object`, offset);
      this.#space();
      if (!this.#take(':')) throw this.#stop('expected ":" after the key');
      this.#space();
      members.set(key, this.#value(depth + 1));
      this.#space();
      if (this.#take('}')) return members;
      if (!this.#take(',')) throw this.#stop('expected "," or "}"');
      this.#space();
    }
  }

  #items(depth: number): readonly StrictJson[] {
    const items: StrictJson[] = [];
    this.#at++;
    this.#space();
    if (this.#take(']')) return items;
    for (;;) {
      items.push(this.#value(depth + 1));
      this.#space();
      if (this.#take(']')) return items;
      if (!this.#take(',')) throw this.#stop('expected "," or "]"');
      this.#space();
    }
  }

  #string(): string {
    const opening = this.#at;
    const end = this.#text.indexOf('"', opening + 1);
    const whole = this.#text.slice(opening + 1, end);
    if (end !== -1 && PLAIN.test(whole)) {
      this.#at = end + 1;
      return whole;
    }
    let result = '';
    let from = opening + 1;
    for (let i = from; i < this.#text.length; i++) {
      const code = this.#text.charCodeAt(i);
      if (code === QUOTE) {
        this.#at = i + 1;
        result += this.#text.slice(from, i);
        if (/\p{Surrogate}/u.test(result)) throw new Stop('the string holds half a surrogate pair', opening);
        return result;
      }
      if (code < 0x20) throw new Stop('a control character must be escaped', i);
      if (code !== BACKSLASH) continue;
      result += this.#text.slice(from, i);
      const kind = this.#text[i + 1] ?? '';
      const hex = this.#text.slice(i + 2, i + 6);
      const plain = ESCAPES.get(kind);
      if (plain !== undefined) result += plain;
      else if (kind === 'u' && /^[0-9a-fA-F]{4}$/.test(hex)) result += String.fromCharCode(Number.parseInt(hex, 16));
      else throw new Stop('unknown escape in the string', i);
      i += kind === 'u' ? 5 : 1;
      from = i + 1;
    }
    throw new Stop('the string does not end', opening);
  }

  #number(): string {
    const pattern = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) {
      throw this.#stop(this.#at === this.#text.length ? 'the text ends too early' : 'expected a JSON value');
    }
    if (found.length > MAX_NUMBER_LENGTH) throw this.#stop(`a number has more than ${MAX_NUMBER_LENGTH} characters`);
    this.#at += found.length;
    return found;
  }

  #word(word: string, value: StrictJson): StrictJson {
    if (!this.#text.startsWith(word, this.#at)) throw this.#stop('expected a JSON value');
    this.#at += word.length;
    return value;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #space(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at++;
    }
  }

  #stop(message: string): Stop {
    return new Stop(message, this.#at);
  }
}

/** A key as it may appear in a message: only if it is short and printable. */
function named(key: string): string {
  return /^[\x20-\x7e]{1,64}$/.test(key) ? JSON.stringify(key) : '(unprintable)';
}
