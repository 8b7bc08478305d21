/**
 * Role B of one multiplication: the receiver of the OT extension (docs/protocol.md c.1, c.3). Step 1 fixes a random
 * b, step 3 turns the sender's answer into d_0, d_1 with c_m + d_m = a_m b for the sender's c_m and a_m.
 */
import { equalBytes } from '../../common/bytes.ts';
import { H } from '../hash.ts';
import {
  bitMask,
  COLUMN_WORDS,
  ROW_BYTES,
  ROW_WORDS,
  transpose,
  viewOf,
  wordsOf,
  writeWords,
  XI,
} from '../math/bits.ts';
import { hashRow, hashRows } from '../math/gf128.ts';
import { added, checks, gadgets, masks, multiplyRows, values } from '../math/products.ts';
import { integerFromBytes, mod, readScalar } from '../math/scalar.ts';
import { LANES } from '../wasm.ts';
import {
  AT_BYTES,
  challenges,
  checkKey,
  expandBoth,
  gadget,
  OTE_BYTES,
  padColumns,
  startPads,
  U_BYTES,
  WIDTH,
  wipeScratch,
} from './extension.ts';

/** What B keeps between its two steps. All of it secret but the gadget. */
export interface ReceiverKeep {
  /** Random factor, the sum of the chosen gadget entries. */
  readonly b: bigint;
  /** x': 416 choice bits, then the mask bits. */
  readonly choice: Int32Array;
  /** XI columns of V. */
  readonly psi: Int32Array;
  readonly gadget: Int32Array;
}

export interface Extended {
  /** OTE_BYTES. Confidential to A. */
  readonly message: Uint8Array;
  readonly keep: ReceiverKeep;
}

/**
 * Step 1. `seeds`: for each of the 128 base OTs K_0 then K_1 (32 bytes each). `choice`: 68 random bytes, beta then
 * mask.
 */
export function extend(oteSid: Uint8Array, seeds: Uint8Array, choice: Uint8Array): Extended {
  const x = wordsOf(choice);
  const { u, v } = expandRows(oteSid, seeds, x);
  const message = new Uint8Array(OTE_BYTES);
  writeWords(u, message, 0);
  const key = checkKey(oteSid, message.subarray(0, U_BYTES));
  const hashes = hashRows(key, v);
  writeWords(hashRow(key, x), message, U_BYTES);
  writeWords(hashes, message, U_BYTES + 16);
  const psi = transpose(v);
  v.fill(0);
  const g = gadget(oteSid);
  return { message, keep: { b: chosenSum(g, x), choice: x, psi, gadget: g } };
}

/** rho_{r,0} + rho_{r,1} + x' for all r; and V_r = rho_{r,1}. */
function expandRows(
  oteSid: Uint8Array,
  seeds: Uint8Array,
  x: Int32Array,
): { readonly u: Int32Array; readonly v: Int32Array } {
  const u = expandBoth(oteSid, seeds, 0);
  const v = expandBoth(oteSid, seeds, 1);
  for (let i = 0; i < u.length; i++) u[i] = (u[i] ?? 0) ^ (v[i] ?? 0) ^ (x[i % ROW_WORDS] ?? 0);
  return { u, v };
}

/** Sum of g_j over the set bits of beta: every entry is masked and added, none skipped. */
function chosenSum(g: Int32Array, x: Int32Array): bigint {
  // Word by word; the sum of 416 words of 32 bits is exact.
  const sums = new Float64Array(8);
  for (let j = 0; j < XI; j++) {
    const mask = bitMask(x, j);
    for (let i = 0; i < 8; i++) sums[i] = (sums[i] ?? 0) + (((g[8 * j + i] ?? 0) & mask) >>> 0);
  }
  const b = sums.reduce((high, word) => (high << 32n) + BigInt(word), 0n);
  sums.fill(0);
  return mod(b);
}

/** True if every scalar of a MUL message is below the group order (docs/protocol.md a.3 rule 2). Sizes are checked before. */
export function hasCanonicalScalars(message: Uint8Array): boolean {
  const view = viewOf(message);
  let canonical = true;
  // at, then eta; nearly always the first half of a scalar decides.
  for (let at = 0; at <= AT_BYTES; at += 32) {
    if (view.getInt32(at) === -1) canonical &&= readScalar(message.subarray(at, at + 32)) !== undefined;
  }
  return canonical;
}

/**
 * Step 3: check C2 and, if it holds, d_0 and d_1. `message`: MUL_BYTES with canonical scalars. Undefined means that
 * C2 failed: the sender cheated (docs/protocol.md d.3, S3).
 */
export function finish(
  rvSid: Uint8Array,
  keep: ReceiverKeep,
  message: Uint8Array,
): readonly [bigint, bigint] | undefined {
  const theta = challenges(rvSid, message.subarray(0, AT_BYTES));
  fillRows(rvSid, keep, message);
  const d = multiplyRows(theta, mod(-integerFromBytes(message.subarray(AT_BYTES, AT_BYTES + 32))));
  const honest = equalBytes(H('rv/mu', rvSid, checks), message.subarray(AT_BYTES + 32));
  wipeScratch();
  return honest ? d : undefined;
}

/** dd_{j,m} = gamma_{j,m} + beta_j at_{j,m}, and with beta_j the check value has eta subtracted. */
function fillRows(rvSid: Uint8Array, keep: ReceiverKeep, message: Uint8Array): void {
  const unflipped = new Int32Array(COLUMN_WORDS);
  const at = viewOf(message);
  gadgets.set(keep.gadget);
  for (let i = 0; i < added.length; i++) added[i] = at.getInt32(4 * i);
  for (let j = 0; j < XI; j++) masks[j] = bitMask(keep.choice, j);
  startPads(rvSid);
  for (let j = 0; j < XI; j += LANES) padColumns(keep.psi, j, unflipped, values, 8 * WIDTH * j);
}

export function wipeReceiver(keep: ReceiverKeep): void {
  keep.choice.fill(0);
  keep.psi.fill(0);
}

/** Bytes of `choice` for `extend`. */
export const RECEIVER_RANDOM_BYTES: number = ROW_BYTES;
