/**
 * What both sides of the SoftSpoken OT extension with k = 1 compute alike (docs/protocol.md c.1, c.2): rows from
 * seeds, the check hash key, the gadget, and the pads of the multiplication on top.
 */
import { H } from '../hash.ts';
import { hotBlock, midstate } from '../hot-hash.ts';
import { bitMask, COLUMN_WORDS, KAPPA, ROW_BYTES, ROW_WORDS, swapBytes, viewOf, XI } from '../math/bits.ts';
import { wipeDifferences } from '../math/differences.ts';
import { type RowHashKey, rowHashKey } from '../math/gf128.ts';
import { wipeProducts } from '../math/products.ts';
import { integerFromBytes } from '../math/scalar.ts';
import { compress, readBigEndian } from '../sha256-block.ts';
import { block, compressLanes, fillWord, laneOutput, startLanes, takeLane, wipeLanes } from '../sha256-lanes.ts';
import { suite } from '../suite.ts';
import { LANES } from '../wasm.ts';

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

/** Forgets what the loops below hashed and added last. */
export function wipeScratch(): void {
  wipeLanes();
  wipeDifferences();
  wipeProducts();
}

/**
 * KAPPA rows of 17 words from `seeds` with both keys of every OT, K_0 then K_1: row r is the expansion of key `side` of
 * OT r.
 */
export function expandBoth(oteSid: Uint8Array, seeds: Uint8Array, side: 0 | 1): Int32Array {
  return expand(oteSid, seeds, 2 * SEED_BYTES, SEED_BYTES * side, new Int32Array(KAPPA).fill(side));
}

/** The same from `seeds` with one key of every OT, that of side 1 - Delta_r. */
export function expandKnown(oteSid: Uint8Array, seeds: Uint8Array, delta: Int32Array): Int32Array {
  const sides = new Int32Array(KAPPA);
  for (let r = 0; r < KAPPA; r++) sides[r] = 1 + bitMask(delta, r);
  const rows = expand(oteSid, seeds, SEED_BYTES, 0, sides);
  sides.fill(0);
  return rows;
}

/** `seeds` from byte `offset` on, one every `stride` bytes. */
function expand(oteSid: Uint8Array, seeds: Uint8Array, stride: number, offset: number, sides: Int32Array): Int32Array {
  const rows = new Int32Array(KAPPA * ROW_WORDS);
  const view = viewOf(seeds);
  startLanes(midstate('ote/prg', oteSid), 11);
  for (let r = 0; r < KAPPA; r += LANES) {
    for (let lane = 0; lane < LANES; lane++) {
      loadSeed(view, offset + stride * (r + lane), lane);
      block[LANES * 8 + lane] = r + lane;
      block[LANES * 9 + lane] = sides[r + lane] ?? 0;
    }
    for (let counter = 0; counter < 3; counter++) {
      fillWord(10, counter);
      compressLanes();
      for (let lane = 0; lane < LANES; lane++) takeRowPart(lane, counter, rows, (r + lane) * ROW_WORDS);
    }
  }
  wipeLanes();
  return rows;
}

/** The part of a row that `counter` gives: 8 words, of which the last part lacks seven. */
function takeRowPart(lane: number, counter: number, rows: Int32Array, at: number): void {
  const end = Math.min(8, ROW_WORDS - 8 * counter);
  for (let i = 0; i < end; i++) rows[at + 8 * counter + i] = swapBytes(laneOutput[LANES * i + lane] ?? 0);
}

function loadSeed(seeds: DataView, at: number, lane: number): void {
  for (let i = 0; i < 8; i++) block[LANES * i + lane] = seeds.getInt32(at + 4 * i);
}

/** chi_0..chi_3 for the complete matrix U (docs/protocol.md a.5: the challenge covers every byte before it). */
export function checkKey(oteSid: Uint8Array, u: Uint8Array): RowHashKey {
  const state = midstate('ote/chi', oteSid);
  const input = hotBlock(9);
  const out = new Int32Array(8);
  const chi = new Uint8Array(64);
  const view = new DataView(chi.buffer);
  readBigEndian(H('ote/u', oteSid, u), input, 0);
  for (let m = 0; m < 4; m++) {
    input[8] = m;
    compress(state, input, out);
    for (let i = 0; i < COLUMN_WORDS; i++) view.setInt32(16 * m + 4 * i, out[i] ?? 0);
  }
  return rowHashKey(chi);
}

/** g_0..g_415, public, not reduced: 8 words each. */
export function gadget(oteSid: Uint8Array): Int32Array {
  const entries = new Int32Array(8 * XI);
  startLanes(midstate('rv/gadget', oteSid), 1);
  for (let j = 0; j < XI; j += LANES) {
    for (let lane = 0; lane < LANES; lane++) block[lane] = j + lane;
    compressLanes();
    for (let lane = 0; lane < LANES; lane++) takeLane(lane, entries, 8 * (j + lane));
  }
  return entries;
}

/**
 * The pads of columns j to j + 3, each word of which is xored with `flip` (4 words): not reduced, 8 words each, into
 * `target` with WIDTH pads a column. `startLanes` with the midstate of rv/pad and 6 words goes before.
 */
export function padColumns(columns: Int32Array, j: number, flip: Int32Array, target: Int32Array, at: number): void {
  for (let lane = 0; lane < LANES; lane++) {
    for (let i = 0; i < COLUMN_WORDS; i++) {
      block[LANES * i + lane] = swapBytes((columns[COLUMN_WORDS * (j + lane) + i] ?? 0) ^ (flip[i] ?? 0));
    }
    block[LANES * 4 + lane] = j + lane;
  }
  for (let m = 0; m < WIDTH; m++) {
    fillWord(5, m);
    compressLanes();
    for (let lane = 0; lane < LANES; lane++) takeLane(lane, target, at + 8 * (WIDTH * lane + m));
  }
}

export function startPads(rvSid: Uint8Array): void {
  startLanes(midstate('rv/pad', rvSid), 6);
}

/** theta_0, theta_1 over the complete `at` (docs/protocol.md c.2 step 6), not reduced. */
export function challenges(rvSid: Uint8Array, at: Uint8Array): readonly [bigint, bigint] {
  return [challenge(rvSid, 0, at), challenge(rvSid, 1, at)];
}

function challenge(rvSid: Uint8Array, column: number, at: Uint8Array): bigint {
  return integerFromBytes(H('rv/theta', rvSid, Uint8Array.of(0, 0, 0, column), at));
}
