import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';

/** Lower-case hex without prefix, the form of all bytes in statements and transcripts. */
export function toHex(bytes: Uint8Array): string {
  return bytes.length < LONG ? bytesToHex(bytes) : longHex(bytes);
}

/** From here on a string built digit by digit costs more than the digits. */
const LONG = 64;
const DIGITS = utf8ToBytes('0123456789abcdef');

/** Every realm has it, but not the types of this project, which knows no realm. */
declare class TextDecoder {
  decode(bytes: Uint8Array): string;
}
const TEXT = new TextDecoder();

/** At once: megabytes of digits, appended one by one, keep the garbage collector busy for seconds. */
function longHex(bytes: Uint8Array): string {
  const digits = new Uint8Array(2 * bytes.length);
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    digits[2 * i] = DIGITS[byte >> 4] ?? 0;
    digits[2 * i + 1] = DIGITS[byte & 15] ?? 0;
  }
  return TEXT.decode(digits);
}

/** Bytes of canonical (lower-case, even-length, unprefixed) hex; `undefined` for anything else. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) return undefined;
  return hexToBytes(text);
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  return concatBytes(...parts);
}

/** Equality without an early exit, for secrets and hashes alike. Lengths are public. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/** Lexicographic order of byte strings: negative, zero, positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** UTF-8 bytes of a string; a lone surrogate becomes U+FFFD, so check text before it matters. */
export function utf8(text: string): Uint8Array {
  return utf8ToBytes(text);
}
