/**
 * Role B of one multiplication: the receiver of the OT extension (docs/protocol.md c.1, c.3). Step 1 fixes a random
 * b, step 3 turns the sender's answer into d_0, d_1 with c_m + d_m = a_m b for the sender's c_m and a_m.
 */
import { equalBytes } from '../../common/bytes.ts';
import { H } from '../hash.ts';
import {
  bitMask,
  COLUMN_WORDS,
  KAPPA,
  ROW_BYTES,
  ROW_WORDS,
  transpose,
  wordsOf,
  writeWords,
  XI,
} from '../math/bits.ts';
import { hashRow, hashRows } from '../math/gf128.ts';
import { mod, ORDER } from '../math/scalar.ts';
import {
  AT_BYTES,
  challenges,
  checkKey,
  gadget,
  generateRow,
  loadColumn,
  OTE_BYTES,
  pad,
  padGenerator,
  readNumber,
  rowGenerator,
  SEED_BYTES,
  U_BYTES,
  viewOf,
  WIDTH,
  wipeGenerator,
  wipePads,
  writeNumber,
} from './extension.ts';

/** What B keeps between its two steps. All of it secret but the gadget. */
export interface ReceiverKeep {
  /** Random factor, the sum of the chosen gadget entries. */
  readonly b: bigint;
  /** x': 416 choice bits, then the mask bits. */
  readonly choice: Int32Array;
  /** XI columns of V. */
  readonly psi: Int32Array;
  readonly gadget: readonly bigint[];
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
  const u = new Int32Array(KAPPA * ROW_WORDS);
  const v = new Int32Array(KAPPA * ROW_WORDS);
  expandRows(oteSid, seeds, x, u, v);
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

/** U_r = x' + rho_{r,0} + rho_{r,1} and V_r = rho_{r,1}. */
function expandRows(oteSid: Uint8Array, seeds: Uint8Array, x: Int32Array, u: Int32Array, v: Int32Array): void {
  const generator = rowGenerator(oteSid);
  for (let r = 0; r < KAPPA; r++) {
    const at = r * ROW_WORDS;
    const seed = 2 * SEED_BYTES * r;
    generateRow(generator, seeds.subarray(seed, seed + SEED_BYTES), r, 0, u, at);
    generateRow(generator, seeds.subarray(seed + SEED_BYTES, seed + 2 * SEED_BYTES), r, 1, v, at);
    for (let i = 0; i < ROW_WORDS; i++) u[at + i] = (u[at + i] ?? 0) ^ (v[at + i] ?? 0) ^ (x[i] ?? 0);
  }
  wipeGenerator(generator);
}

/** Sum of g_j over the set bits of beta: every entry is masked and added, none skipped. */
function chosenSum(g: readonly bigint[], x: Int32Array): bigint {
  const entry = new Uint8Array(32);
  const view = viewOf(entry);
  let sum = 0n;
  for (let j = 0; j < XI; j++) {
    writeNumber(view, 0, g[j] ?? 0n);
    sum += readMasked(view, 0, bitMask(x, j), view);
  }
  entry.fill(0);
  return mod(sum);
}

/** The number at `at` if `mask` is all ones, 0 if it is 0; goes through the first 32 bytes of `scratch`. */
function readMasked(view: DataView, at: number, mask: number, scratch: DataView): bigint {
  for (let i = 0; i < 32; i += 4) scratch.setInt32(i, view.getInt32(at + i) & mask);
  return readNumber(scratch, 0);
}

/** True if every scalar of a MUL message is below the group order (docs/protocol.md a.3 rule 2). Sizes are checked before. */
export function hasCanonicalScalars(message: Uint8Array): boolean {
  const view = viewOf(message);
  let canonical = true;
  // at, then eta; nearly always the first half of a scalar decides.
  for (let at = 0; at <= AT_BYTES; at += 32) {
    if (view.getBigUint64(at) === 0xffffffffffffffffn) canonical &&= readNumber(view, at) < ORDER;
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
  const mu = new Uint8Array(32 * XI);
  const d = combine(rvSid, keep, message, theta, mu);
  const honest = equalBytes(H('rv/mu', rvSid, mu), message.subarray(AT_BYTES + 32));
  mu.fill(0);
  return honest ? d : undefined;
}

/** dd_{j,m} = gamma_{j,m} + beta_j at_{j,m}; sums them against the gadget and fills `mu` with the check values. */
function combine(
  rvSid: Uint8Array,
  keep: ReceiverKeep,
  message: Uint8Array,
  theta: readonly [bigint, bigint],
  mu: Uint8Array,
): readonly [bigint, bigint] {
  const pads = padGenerator(rvSid);
  const unflipped = new Int32Array(COLUMN_WORDS);
  const at = viewOf(message);
  const muView = viewOf(mu);
  const scratch = new DataView(new ArrayBuffer(32));
  const negatedEta = new DataView(new ArrayBuffer(32));
  writeNumber(negatedEta, 0, ORDER - readNumber(at, AT_BYTES));
  let d0 = 0n;
  let d1 = 0n;
  for (let j = 0; j < XI; j++) {
    const mask = bitMask(keep.choice, j);
    const row = 32 * WIDTH * j;
    loadColumn(pads, keep.psi, j, unflipped);
    const dd0 = pad(pads, 0) + readMasked(at, row, mask, scratch);
    const dd1 = pad(pads, 1) + readMasked(at, row + 32, mask, scratch);
    const dd2 = pad(pads, 2) + readMasked(at, row + 64, mask, scratch);
    const g = keep.gadget[j] ?? 0n;
    d0 += g * dd0;
    d1 += g * dd1;
    const check = dd2 + theta[0] * dd0 + theta[1] * dd1 + readMasked(negatedEta, 0, mask, scratch);
    writeNumber(muView, 32 * j, check % ORDER);
  }
  wipePads(pads);
  for (let i = 0; i < 32; i += 4) scratch.setInt32(i, 0);
  return [mod(d0), mod(d1)];
}

export function wipeReceiver(keep: ReceiverKeep): void {
  keep.choice.fill(0);
  keep.psi.fill(0);
}

/** Bytes of `choice` for `extend`. */
export const RECEIVER_RANDOM_BYTES: number = ROW_BYTES;
