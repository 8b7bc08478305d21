/**
 * What both sides of the SoftSpoken OT extension with k = 1 compute alike (docs/protocol.md c.1, c.2): rows from
 * seeds, the check hash key, the gadget, and the pads of the multiplication on top.
 */
import { H } from '../hash.ts';
import { compress, hotBlock, type Midstate, midstate, readBigEndian } from '../hot-hash.ts';
import { COLUMN_WORDS, KAPPA, ROW_BYTES, ROW_WORDS, swapBytes, XI } from '../math/bits.ts';
import { type RowHashKey, rowHashKey } from '../math/gf128.ts';
import { suite } from '../suite.ts';

/** U: KAPPA rows. */
export const U_BYTES: number = KAPPA * ROW_BYTES;
/** U || hash of x' || hashes of the rows of V. Secret to one receiver, like every message of a pair. */
export const OTE_BYTES: number = U_BYTES + 16 + KAPPA * 16;
/** Columns of one multiplication: two inputs and one check column. */
export const WIDTH = 3;
/** XI x WIDTH scalars. */
export const AT_BYTES: number = XI * WIDTH * 32;
/** at || eta || mu. */
export const MUL_BYTES: number = AT_BYTES + 64;
/** Bytes of one base OT key. */
export const SEED_BYTES: number = suite.seedBytes;

/** Expands seeds to rows with the hot hash; one per phase, wiped at its end. */
export interface RowGenerator {
  readonly state: Midstate;
  readonly block: Int32Array;
  readonly out: Int32Array;
}

export function rowGenerator(oteSid: Uint8Array): RowGenerator {
  return { state: midstate('ote/prg', oteSid), block: hotBlock(11), out: new Int32Array(8) };
}

/** Row of 17 words into `rows` at word `at`: the expansion of `seed` for OT `index` and side `side` (0 or 1). */
export function generateRow(
  generator: RowGenerator,
  seed: Uint8Array,
  index: number,
  side: number,
  rows: Int32Array,
  at: number,
): void {
  const { state, block, out } = generator;
  readBigEndian(seed, block, 0);
  block[8] = index;
  block[9] = side;
  for (let counter = 0; counter < 3; counter++) {
    block[10] = counter;
    compress(state, block, out);
    const first = 8 * counter;
    const words = Math.min(8, ROW_WORDS - first);
    for (let i = 0; i < words; i++) rows[at + first + i] = swapBytes(out[i] ?? 0);
  }
}

export function wipeGenerator(generator: RowGenerator): void {
  generator.block.fill(0);
  generator.out.fill(0);
}

/** chi_0..chi_3 for the complete matrix U (docs/protocol.md a.5: the challenge covers every byte before it). */
export function checkKey(oteSid: Uint8Array, u: Uint8Array): RowHashKey {
  const state = midstate('ote/chi', oteSid);
  const block = hotBlock(9);
  const out = new Int32Array(8);
  const chi = new Uint8Array(64);
  const view = new DataView(chi.buffer);
  readBigEndian(H('ote/u', oteSid, u), block, 0);
  for (let m = 0; m < 4; m++) {
    block[8] = m;
    compress(state, block, out);
    for (let i = 0; i < COLUMN_WORDS; i++) view.setInt32(16 * m + 4 * i, out[i] ?? 0);
  }
  return rowHashKey(chi);
}

/** g_0..g_415, public, not reduced: below 2^256. */
export function gadget(oteSid: Uint8Array): bigint[] {
  const state = midstate('rv/gadget', oteSid);
  const block = hotBlock(1);
  const out = new Int32Array(8);
  const number = numberReader();
  const values: bigint[] = [];
  for (let j = 0; j < XI; j++) {
    block[0] = j;
    compress(state, block, out);
    values.push(number(out));
  }
  return values;
}

/** Pads of one multiplication: `pad` hashes a kappa-bit vector with row and column number to a number below 2^256. */
export interface PadGenerator {
  readonly state: Midstate;
  readonly block: Int32Array;
  readonly out: Int32Array;
  readonly view: DataView;
}

export function padGenerator(rvSid: Uint8Array): PadGenerator {
  return {
    state: midstate('rv/pad', rvSid),
    block: hotBlock(6),
    out: new Int32Array(8),
    view: new DataView(new ArrayBuffer(32)),
  };
}

/** The vector of the following pads: column `j` of `columns`, each word xor `flip` (4 words). */
export function loadColumn(generator: PadGenerator, columns: Int32Array, j: number, flip: Int32Array): void {
  const { block } = generator;
  for (let i = 0; i < COLUMN_WORDS; i++) {
    block[i] = swapBytes((columns[COLUMN_WORDS * j + i] ?? 0) ^ (flip[i] ?? 0));
  }
  block[4] = j;
}

/** The pad of the loaded vector in column m of the multiplication, not reduced. */
export function pad(generator: PadGenerator, m: number): bigint {
  generator.block[5] = m;
  compress(generator.state, generator.block, generator.out);
  return toNumber(generator.view, generator.out);
}

export function wipePads(generator: PadGenerator): void {
  generator.block.fill(0);
  generator.out.fill(0);
  for (let i = 0; i < 32; i += 4) generator.view.setInt32(i, 0);
}

function numberReader(): (words: Int32Array) => bigint {
  const view = new DataView(new ArrayBuffer(32));
  return (words) => toNumber(view, words);
}

function toNumber(view: DataView, words: Int32Array): bigint {
  for (let i = 0; i < 8; i++) view.setInt32(4 * i, words[i] ?? 0);
  return readNumber(view, 0);
}

/** 32 bytes big-endian. */
export function readNumber(view: DataView, at: number): bigint {
  return (
    (((((view.getBigUint64(at) << 64n) | view.getBigUint64(at + 8)) << 64n) | view.getBigUint64(at + 16)) << 64n) |
    view.getBigUint64(at + 24)
  );
}

/** `value` (below 2^256) as 32 bytes big-endian. */
export function writeNumber(view: DataView, at: number, value: bigint): void {
  view.setBigUint64(at, value >> 192n);
  view.setBigUint64(at + 8, value >> 128n);
  view.setBigUint64(at + 16, value >> 64n);
  view.setBigUint64(at + 24, value);
}

/** A view of the very bytes, whatever buffer they lie in. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** theta_0, theta_1 over the complete `at` (docs/protocol.md c.2 step 6), not reduced. */
export function challenges(rvSid: Uint8Array, at: Uint8Array): readonly [bigint, bigint] {
  return [challenge(rvSid, 0, at), challenge(rvSid, 1, at)];
}

function challenge(rvSid: Uint8Array, column: number, at: Uint8Array): bigint {
  return readNumber(viewOf(H('rv/theta', rvSid, Uint8Array.of(0, 0, 0, column), at)), 0);
}
