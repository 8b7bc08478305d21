/**
 * The JSON subset of every signed statement (design: statements): objects with sorted keys, arrays, strings and
 * booleans; ASCII output; integers travel as decimal strings and bytes as lower hex. There is exactly one byte
 * string for each value, so a reader parses, serialises again and compares bytes.
 */
import { compareBytes, utf8 } from './bytes.ts';
import { err, ok, type Result } from './result.ts';

/** Every realm has it, but not the types of this project, which knows no realm. */
declare class TextDecoder {
  constructor(label: 'utf-8', options: { readonly ignoreBOM: true });
  decode(bytes: Uint8Array): string;
}

export type Json = string | boolean | readonly Json[] | { readonly [key: string]: Json };

/** Deep enough for a leaf tree inside a statement, shallow enough that no reader recurses far. */
const MAX_DEPTH = 48;

export function canonicalText(value: Json): string {
  return write(value, 0);
}

/** The bytes that are hashed and signed. */
export function canonicalBytes(value: Json): Uint8Array {
  return utf8(canonicalText(value));
}

/** Reads canonical bytes; anything that would not serialise to the same bytes is refused with a reason. */
export function parseCanonical(bytes: Uint8Array): Result<Json, string> {
  // Canonical text is ASCII, one character a byte. Anything else becomes characters that cannot serialise back to
  // themselves, a byte order mark included, which is kept.
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err('not JSON');
  }
  if (!isJson(value, 0)) return err('outside the JSON subset: only objects, arrays, strings and booleans');
  if (text.length !== bytes.length || canonicalText(value) !== text) return err('not in canonical form');
  return ok(value);
}

function isJson(value: unknown, depth: number): value is Json {
  if (depth > MAX_DEPTH) return false;
  if (typeof value === 'string' || typeof value === 'boolean') return true;
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth + 1));
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).every(([key, item]) => key !== '__proto__' && isJson(item, depth + 1));
}

function write(value: Json, depth: number): string {
  if (depth > MAX_DEPTH) throw new RangeError('canonical JSON nests too deeply');
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (isArray(value)) return `[${value.map((item) => write(item, depth + 1)).join(',')}]`;
  const keys = Object.keys(value);
  // Most objects are written in order by whoever made them, with keys that need no escape.
  const isPlain = isInPlainOrder(keys);
  if (!isPlain) keys.sort(keys.every((key) => ASCII.test(key)) ? byUnits : byBytes);
  let text = '{';
  for (const [i, key] of keys.entries()) {
    const item = value[key];
    if (item === undefined) throw new TypeError('canonical JSON has no undefined');
    text += `${i > 0 ? ',' : ''}${isPlain ? `"${key}"` : quote(key)}:${write(item, depth + 1)}`;
  }
  return `${text}}`;
}

function isInPlainOrder(keys: readonly string[]): boolean {
  let last: string | undefined;
  for (const key of keys) {
    if (!PLAIN.test(key) || (last !== undefined && key <= last)) return false;
    last = key;
  }
  return true;
}

/** By the UTF-8 bytes of the keys; for ASCII that is the order of the strings. */
function byBytes(a: string, b: string): number {
  return compareBytes(utf8(a), utf8(b));
}

/** An object has no key twice. */
function byUnits(a: string, b: string): number {
  return a < b ? -1 : 1;
}

const ASCII = /^[\0-\x7f]*$/;
/** Printable ASCII without quotation mark and backslash: nothing in it is escaped. */
const PLAIN = /^[ !#-[\]-~]*$/;

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

function quote(text: string): string {
  if (PLAIN.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
