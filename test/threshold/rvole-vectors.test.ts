import { sha256 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { concat, toHex } from '../../protocol/common/bytes.ts';
import { u32 } from '../../protocol/threshold/encoding.ts';
import { H, hot } from '../../protocol/threshold/hash.ts';
import { bitMask, wordsOf, writeWords } from '../../protocol/threshold/math/bits.ts';
import { hashRow, hashRows } from '../../protocol/threshold/math/gf128.ts';
import { integerToBytes, mod, ORDER, scalarToBytes } from '../../protocol/threshold/math/scalar.ts';
import { challenges, checkKey, expandBoth } from '../../protocol/threshold/multiply/extension.ts';
import { extend, finish, hasCanonicalScalars } from '../../protocol/threshold/multiply/receiver.ts';
import { checkExtension, multiply } from '../../protocol/threshold/multiply/sender.ts';
import { toNumber, vec, vscalar } from './support/labels.ts';
import { protocolVectors } from './support/protocol-vectors.ts';

const { rvole } = protocolVectors;
const oteSid = vec('rvole/oteSid');
const rvSid = vec('rvole/rvSid');
const delta = vec('rvole/Delta', 16);
const seeds = concat(...range(128).flatMap((r) => [vec(`rvole/K0/${r}`), vec(`rvole/K1/${r}`)]));
const choice = concat(vec('rvole/beta', 52), vec('rvole/mask', 16));
const deltaWords = wordsOf(delta);
const deltaBit = (r: number): number => -bitMask(deltaWords, r);
const setup = { delta, seeds: concat(...range(128).map((r) => seedOf(r, 1 - deltaBit(r)))) };
const inputs = [vscalar('rvole/a0'), vscalar('rvole/a1')] as const;
const mask = vscalar('rvole/ah');

describe('multiplication vectors (docs/protocol.md c.1 to c.3)', () => {
  const { message: ote, keep } = extend(oteSid, seeds, choice);
  const zeta = checkExtension(oteSid, setup, ote);
  if (zeta === undefined) throw new Error('C1 failed on the honest message');
  const zetaBytes = bytesOf(zeta);
  const { message: mul, c } = multiply({ oteSid, rvSid }, delta, zeta.slice(), inputs, mask);

  it('c.1: the receiver extends byte for byte', () => {
    expect(hash(seeds)).toBe(rvole.values.seedsSha256);
    expect(hex(ote.subarray(0, 68))).toBe(rvole.c1.U_0);
    expect(hex(ote.subarray(68 * 127, 8704))).toBe(rvole.c1.U_127);
    expect(hex(H('ote/u', oteSid, ote.subarray(0, 8704)))).toBe(rvole.c1.hU);
    expect(hex(ote.subarray(8704, 8720))).toBe(rvole.c1.xh);
    expect(hex(ote.subarray(8720, 8736))).toBe(rvole.c1.th_0);
    expect(hash(ote.subarray(8720))).toBe(rvole.c1.thSha256);
    expect(hash(bytesOf(keep.psi))).toBe(rvole.c1.psiSha256);
    expect(number(mod(wordsToNumber(keep.gadget.subarray(8 * 415))))).toBe(rvole.c1.g_415);
    expect(number(keep.b)).toBe(rvole.c1.b);
    expect(hash(ote)).toBe(rvole.c1.oteSha256);
  });

  it('c.2: the sender checks and masks byte for byte', () => {
    expect(hex(zetaBytes.subarray(0, 16))).toBe(rvole.c2.zeta_0);
    expect(hex(zetaBytes.subarray(415 * 16))).toBe(rvole.c2.zeta_415);
    expect(hex(mul.subarray(0, 32))).toBe(rvole.c2.at_0_0);
    expect(hash(mul.subarray(0, 39_936))).toBe(rvole.c2.atSha256);
    expect(challenges(rvSid, mul.subarray(0, 39_936)).map((t) => number(mod(t)))).toEqual(rvole.c2.theta);
    expect(hex(mul.subarray(39_936, 39_968))).toBe(rvole.c2.eta);
    expect(hex(mul.subarray(39_968))).toBe(rvole.c2.mu);
    expect(c.map(number)).toEqual(rvole.c2.c);
    expect(hash(mul)).toBe(rvole.c2.mulSha256);
  });

  it('c.3: the receiver finishes with c + d = a b', () => {
    expect(hasCanonicalScalars(mul)).toBe(true);
    const d = finish(rvSid, keep, mul);
    expect(d?.map(number)).toEqual(rvole.c3.d);
    for (const m of [0, 1] as const) expect(mod(c[m] + (d?.[m] ?? 0n))).toBe(mod(inputs[m] * keep.b));
  });

  it('rows: zeta_j = psi_j + beta_j Delta, the transposed form of W = V + Delta x', () => {
    const psi = bytesOf(keep.psi);
    for (let j = 0; j < 416; j++) {
      const beta = bitMask(keep.choice, j) & 0xff;
      const expected = delta.map((byte, i) => (byte & beta) ^ (psi[16 * j + i] ?? 0));
      expect(hex(zetaBytes.subarray(16 * j, 16 * j + 16))).toBe(hex(expected));
    }
  });

  it('negative cases end as in the vectors', () => {
    const cases = [...extensionCases(ote), ...multiplicationCases(mul, zeta)];
    expect(cases.map((entry) => entry.name)).toEqual(rvole.negative.map((entry) => entry.case));
    for (const [i, entry] of cases.entries()) {
      const known = rvole.negative[i];
      expect(hash(entry.body), entry.name).toBe(known?.bodySha256);
      const passes = entry.extension ? checkExtension(oteSid, setup, entry.body) : finish(rvSid, keep, entry.body);
      expect(passes !== undefined, entry.name).toBe(known?.result);
      if (!entry.extension && passes !== undefined)
        expect([...passes].map((x) => number(BigInt(x)))).toEqual(rvole.c3.d);
    }
  });

  it('a scalar equal to the order is not canonical, wherever it stands', () => {
    for (const at of [0, 39_904, 39_936]) {
      const body = mul.slice();
      body.set(integerToBytes(ORDER), at);
      expect(hasCanonicalScalars(body)).toBe(false);
      body.set(integerToBytes(ORDER - 1n), at);
      expect(hasCanonicalScalars(body)).toBe(true);
    }
  });
});

interface Case {
  readonly name: string;
  readonly body: Uint8Array;
  readonly extension: boolean;
}

function extensionCases(ote: Uint8Array): Case[] {
  const cases: Case[] = [];
  const add = (name: string, body: Uint8Array): void => void cases.push({ name, body, extension: true });
  for (const r of [0, 1]) {
    add(`U row ${r} bit 0 flipped (chi of B before the flip), Delta_${r}=${deltaBit(r)}`, flip(ote, 68 * r));
  }
  add('xh bit 0 flipped', flip(ote, 8704));
  add('th_0 bit 0 flipped', flip(ote, 8720));
  const v = receiverRows();
  for (const want of [0, 1]) {
    const r = range(128).find((row) => deltaBit(row) === want) ?? 0;
    const u = flip(ote.subarray(0, 8704), 68 * r);
    const key = checkKey(oteSid, u);
    const body = concat(u, bytesOf(hashRow(key, wordsOf(choice))), bytesOf(hashRows(key, v)));
    add(`adaptive: U row ${r} bit 0 flipped before chi, xh and th of the honest x', V; Delta_${r}=${want}`, body);
  }
  return cases;
}

/** V: the rows of the second seeds. */
function receiverRows(): Int32Array {
  return expandBoth(oteSid, seeds, 1);
}

function multiplicationCases(mul: Uint8Array, zeta: Int32Array): Case[] {
  const cases: Case[] = [];
  const add = (name: string, body: Uint8Array): void => void cases.push({ name, body, extension: false });
  add('at_{0,0} + 1 after theta', increased(mul, 0));
  add('eta + 1', increased(mul, 39_936));
  add('mu bit 0 flipped', flip(mul, 39_968));
  for (const want of [0, 1]) {
    const j = range(416).find((row) => -bitMask(wordsOf(choice), row) === want) ?? 0;
    const at = increased(mul, 96 * j).subarray(0, 39_936);
    add(`at_{${j},0} + 1, then theta, eta, mu recomputed; beta_${j}=${want}`, concat(at, answer(at, zeta)));
  }
  return cases;
}

/** eta and mu of a sender that computes them after its change of `at`. */
function answer(at: Uint8Array, zeta: Int32Array): Uint8Array {
  const theta = challenges(rvSid, at);
  const padOf = (j: number, m: number): bigint =>
    toNumber(hot('rv/pad', rvSid, concat(bytesOf(zeta.subarray(4 * j, 4 * j + 4)), u32(j), u32(m))));
  const mu = range(416).map((j) => scalarToBytes(padOf(j, 2) + theta[0] * padOf(j, 0) + theta[1] * padOf(j, 1)));
  return concat(scalarToBytes(mask + theta[0] * inputs[0] + theta[1] * inputs[1]), H('rv/mu', rvSid, concat(...mu)));
}

function increased(body: Uint8Array, at: number): Uint8Array {
  const copy = body.slice();
  copy.set(scalarToBytes(toNumber(body.subarray(at, at + 32)) + 1n), at);
  return copy;
}

function wordsToNumber(words: Int32Array): bigint {
  return words.reduce((high, word) => (high << 32n) | BigInt(word >>> 0), 0n);
}

function seedOf(r: number, side: number): Uint8Array {
  return seeds.subarray(64 * r + 32 * side, 64 * r + 32 * side + 32);
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

function bytesOf(words: Int32Array): Uint8Array {
  const bytes = new Uint8Array(4 * words.length);
  writeWords(words, bytes, 0);
  return bytes;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

function number(value: bigint): string {
  return value.toString(16).padStart(64, '0');
}

const hex = toHex;
const hash = (bytes: Uint8Array): string => toHex(sha256(bytes));
