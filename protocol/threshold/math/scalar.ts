/** Arithmetic modulo the group order q, on bigints in 0..q-1 (not constant-time: docs/protocol.md g.6). */
import { BugError } from '../../common/errors.ts';

/** q, the order of secp256k1. */
export const ORDER: bigint = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** A cube root of 1 modulo q, at which the curve library takes scalars apart: k = a + b LAMBDA with short a and b. */
const LAMBDA = 0x5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72n;

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

/**
 * One of 2^128 public weights, from 16 random bytes: a + b LAMBDA with a and b of 64 bits. Different bytes are different
 * scalars, since no a + b LAMBDA = 0 mod q with both below 2^126 but a = b = 0; a multiplication by one takes half as
 * long as by a scalar of the same size without this form.
 */
export function weight(bytes: Uint8Array): bigint {
  return mod(integerFromBytes(bytes.subarray(0, 8)) + integerFromBytes(bytes.subarray(8, 16)) * LAMBDA);
}
