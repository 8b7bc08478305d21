/**
 * The multiplication against a slow one, written from the text of docs/protocol.md c.1 to c.3 with arrays of booleans
 * and bigints alone: every message byte and every result must be the same, whatever the seeds, choices and inputs.
 */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { concat, toHex } from '../../protocol/common/bytes.ts';
import { extend, finish } from '../../protocol/threshold/multiply/receiver.ts';
import { checkExtension, multiply } from '../../protocol/threshold/multiply/sender.ts';
import { vec } from './support/labels.ts';

const Q = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
type Bits = readonly boolean[];

function modulo(x: bigint): bigint {
  return ((x % Q) + Q) % Q;
}

function sha(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

function number4(value: number): Uint8Array {
  return new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value]);
}

function tagged(tag: string, sid: Uint8Array, ...fields: readonly Uint8Array[]): Uint8Array {
  const framed = fields.flatMap((field) => [number4(field.length), field]);
  return sha(sha(Buffer.from(`dkls-ts/v2/${tag}`)), sid, number4(fields.length), ...framed);
}

function short(tag: string, sid: Uint8Array, ...input: readonly Uint8Array[]): Uint8Array {
  return sha(sha(Buffer.from(`dkls-ts/v2/hot/${tag}`)), sid, ...input);
}

function integer(bytes: Uint8Array): bigint {
  return BigInt(`0x${toHex(bytes)}`);
}

function scalarBytes(x: bigint): Uint8Array {
  return new Uint8Array(Buffer.from(modulo(x).toString(16).padStart(64, '0'), 'hex'));
}

/** Bit j of a byte string is bit j mod 8 of byte j div 8. */
function bitsOf(bytes: Uint8Array): Bits {
  return [...bytes].flatMap((byte) => [0, 1, 2, 3, 4, 5, 6, 7].map((i) => Math.floor(byte / 2 ** i) % 2 === 1));
}

function bytesOf(bits: Bits): Uint8Array {
  return Uint8Array.from({ length: bits.length / 8 }, (_, i) =>
    bits.slice(8 * i, 8 * i + 8).reduceRight((byte, bit) => 2 * byte + (bit ? 1 : 0), 0),
  );
}

function plus(a: Bits, b: Bits): Bits {
  return a.map((bit, i) => bit !== (b[i] ?? false));
}

function only(condition: boolean | undefined, bits: Bits): Bits {
  return condition === true ? bits : bits.map(() => false);
}

/** a b in GF(2)[x] / (x^128 + x^7 + x^2 + x + 1). */
function fieldProduct(a: Bits, b: Bits): Bits {
  let power = a;
  let result: Bits = a.map(() => false);
  for (const bit of b) {
    if (bit) result = plus(result, power);
    const overflow = power[127] === true;
    power = [false, ...power.slice(0, 127)];
    if (overflow) power = power.map((value, i) => value !== [0, 1, 2, 7].includes(i));
  }
  return result;
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function at<T>(list: readonly T[], index: number): T {
  const value = list[index];
  if (value === undefined) throw new Error(`no entry ${index}`);
  return value;
}

function row(sid: Uint8Array, seed: Uint8Array, r: number, side: number): Bits {
  const blocks = range(3).map((counter) => short('ote/prg', sid, seed, number4(r), number4(side), number4(counter)));
  return bitsOf(concat(...blocks).slice(0, 68));
}

function rowHash(chi: readonly Bits[], bits: Bits): Bits {
  const blocks = range(4).map((m) => range(128).map((i) => (128 * m + i < 416 ? at(bits, 128 * m + i) : false)));
  return blocks.reduce<Bits>((sum, block, m) => plus(sum, fieldProduct(block, at(chi, m))), bits.slice(416));
}

function challenge(sid: Uint8Array, u: Uint8Array): readonly Bits[] {
  const digest = tagged('ote/u', sid, u);
  return range(4).map((m) => bitsOf(short('ote/chi', sid, digest, number4(m)).slice(0, 16)));
}

interface Inputs {
  readonly oteSid: Uint8Array;
  readonly rvSid: Uint8Array;
  /** For each OT both keys. */
  readonly keys: readonly (readonly [Uint8Array, Uint8Array])[];
  readonly delta: Bits;
  readonly choice: Bits;
  readonly a: readonly [bigint, bigint];
  readonly mask: bigint;
}

function slow(input: Inputs) {
  const { oteSid, rvSid, keys, delta, choice, a, mask } = input;
  const beta = choice.slice(0, 416);
  // Step 1 of B.
  const v = keys.map(([, second], r) => row(oteSid, second, r, 1));
  const u = keys.map(([first], r) => plus(plus(choice, row(oteSid, first, r, 0)), at(v, r)));
  const uBytes = concat(...u.map(bytesOf));
  const chi = challenge(oteSid, uBytes);
  const extension = concat(uBytes, bytesOf(rowHash(chi, choice)), ...v.map((bits) => bytesOf(rowHash(chi, bits))));
  const g = range(416).map((j) => integer(short('rv/gadget', oteSid, number4(j))));
  const b = modulo(g.reduce((sum, entry, j) => (at(beta, j) ? sum + entry : sum), 0n));
  // Step 2 of A.
  const w = delta.map((bit, r) => plus(row(oteSid, at(keys, r)[bit ? 0 : 1], r, bit ? 0 : 1), only(bit, at(u, r))));
  const pad = (rows: readonly Bits[], shift: Bits, j: number, m: number): bigint => {
    const column = plus(
      rows.map((bits) => at(bits, j)),
      shift,
    );
    return integer(short('rv/pad', rvSid, bytesOf(column), number4(j), number4(m)));
  };
  const zero: Bits = delta.map(() => false);
  const pads = range(416).map((j) => range(3).map((m) => [pad(w, zero, j, m), pad(w, delta, j, m)] as const));
  const shares = [0, 1].map((m) => modulo(-g.reduce((sum, entry, j) => sum + entry * at(at(pads, j), m)[0], 0n)));
  const table = pads.map((list) => list.map(([own, other], m) => modulo(own - other + at([...a, mask], m))));
  const atBytes = concat(...table.flat().map(scalarBytes));
  const theta = [0, 1].map((m) => integer(tagged('rv/theta', rvSid, number4(m), atBytes)));
  const [t0, t1] = [at(theta, 0), at(theta, 1)];
  const eta = modulo(mask + t0 * a[0] + t1 * a[1]);
  const check = (x: readonly bigint[]): Uint8Array => scalarBytes(at(x, 2) + t0 * at(x, 0) + t1 * at(x, 1));
  const mu = tagged('rv/mu', rvSid, concat(...pads.map((list) => check(list.map(([own]) => own)))));
  const answer = concat(atBytes, scalarBytes(eta), mu);
  // Step 3 of B.
  const dd = range(416).map((j) =>
    range(3).map((m) => modulo(pad(v, zero, j, m) + (at(beta, j) ? at(at(table, j), m) : 0n))),
  );
  const expected = dd.map((x, j) => check([at(x, 0), at(x, 1), at(x, 2) - (at(beta, j) ? eta : 0n)]));
  const d = [0, 1].map((m) => modulo(g.reduce((sum, entry, j) => sum + entry * at(at(dd, j), m), 0n)));
  return { extension, b, answer, shares, d, passes: toHex(tagged('rv/mu', rvSid, concat(...expected))) === toHex(mu) };
}

const edge = fc.constantFrom(0n, 1n, Q - 1n);
const scalar = fc.oneof(edge, fc.bigInt({ min: 0n, max: Q - 1n }));
const bytes = (length: number) =>
  fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(new Uint8Array(length), new Uint8Array(length).fill(255)) },
    { weight: 3, arbitrary: fc.uint8Array({ minLength: length, maxLength: length }) },
  );

it('the fast multiplication is the slow one', () => {
  fc.assert(
    fc.property(fc.nat(1e6), bytes(16), bytes(68), scalar, scalar, scalar, (label, deltaBytes, bits, a0, a1, mask) => {
      const keys = range(128).map((r) => [vec(`slow/${label}/0/${r}`), vec(`slow/${label}/1/${r}`)] as const);
      const delta = bitsOf(deltaBytes);
      const ids = { oteSid: vec(`slow/${label}/ote`), rvSid: vec(`slow/${label}/rv`) };
      const expected = slow({ ...ids, keys, delta, choice: bitsOf(bits), a: [a0, a1], mask });

      const { message, keep } = extend(ids.oteSid, concat(...keys.flat()), bits);
      expect(toHex(message)).toBe(toHex(expected.extension));
      expect(keep.b).toBe(expected.b);
      const known = concat(...keys.map((pair, r) => pair[at(delta, r) ? 0 : 1]));
      const zeta = checkExtension(ids.oteSid, { delta: deltaBytes, seeds: known }, message);
      if (zeta === undefined) throw new Error('C1 failed');
      const product = multiply(ids, deltaBytes, zeta, [a0, a1], mask);
      expect(toHex(product.message)).toBe(toHex(expected.answer));
      expect(product.c).toEqual(expected.shares);
      expect(finish(ids.rvSid, keep, product.message)).toEqual(expected.d);
      expect(expected.passes).toBe(true);
    }),
    { numRuns: 6 },
  );
}, 60_000);
