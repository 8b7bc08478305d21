/** Arithmetic modulo the group order q, on bigints in 0..q-1 (not constant-time: docs/protocol.md g.6). */
import { BugError } from '../../common/errors.ts';

/** q, the order of secp256k1. */
export const ORDER: bigint = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** Any integer to 0..q-1. */
export function mod(x: bigint): bigint {
  const remainder = x % ORDER;
  return remainder < 0n ? remainder + ORDER : remainder;
}

/** Inverse modulo q by Euclid, variable-time: for public values only. Throws `BugError` for 0. */
export function invertScalar(a: bigint): bigint {
  let rest = mod(a);
  if (rest === 0n) throw new BugError('BUG_INVERT_ZERO', 'Zero has no inverse; the caller checks first.');
  let before = ORDER;
  let factorBefore = 0n;
  let factor = 1n;
  // Always factor * a = rest modulo q.
  while (rest !== 1n) {
    const quotient = before / rest;
    [before, rest] = [rest, before - quotient * rest];
    [factorBefore, factor] = [factor, factorBefore - quotient * factor];
  }
  return mod(factor);
}

/** Big-endian bytes of any length to an integer, not reduced. */
export function integerFromBytes(bytes: Uint8Array): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let value = 0n;
  let at = 0;
  for (; at + 8 <= bytes.length; at += 8) value = (value << 64n) | view.getBigUint64(at);
  for (; at < bytes.length; at++) value = (value << 8n) | BigInt(bytes[at] ?? 0);
  return value;
}

/** 32 bytes big-endian of an integer below 2^256. */
export function integerToBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  const view = new DataView(bytes.buffer);
  for (let at = 24; at >= 0; at -= 8) view.setBigUint64(at, value >> BigInt(192 - 8 * at));
  return bytes;
}

/** A hash output as a scalar: big-endian, reduced (a.4; the bias of ~2^-127.6 is accepted in a.1). */
export function scalarFromHash(bytes: Uint8Array): bigint {
  return mod(integerFromBytes(bytes));
}

/** 32 bytes big-endian of a scalar, reduced first. */
export function scalarToBytes(x: bigint): Uint8Array {
  return integerToBytes(mod(x));
}

/** A scalar on the wire: exactly 32 bytes big-endian and below q, else `undefined`. Zero is a scalar (a.8). */
export function readScalar(bytes: Uint8Array): bigint | undefined {
  if (bytes.length !== 32) return undefined;
  const value = integerFromBytes(bytes);
  return value < ORDER ? value : undefined;
}
