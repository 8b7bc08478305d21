/**
 * Role A of one multiplication: the sender of the OT extension with the secret Delta (docs/protocol.md c.2).
 * `checkExtension` is the check whose failure leaks a bit of Delta (C1); only after it may `multiply` run.
 */
import { H } from '../hash.ts';
import { bitMask, COLUMN_WORDS, KAPPA, ROW_WORDS, transpose, wordsOf, XI } from '../math/bits.ts';
import { hashRows } from '../math/gf128.ts';
import { mod, ORDER } from '../math/scalar.ts';
import {
  AT_BYTES,
  challenges,
  checkKey,
  gadget,
  generateRow,
  loadColumn,
  MUL_BYTES,
  type PadGenerator,
  pad,
  padGenerator,
  rowGenerator,
  SEED_BYTES,
  U_BYTES,
  viewOf,
  WIDTH,
  wipeGenerator,
  wipePads,
  writeNumber,
} from './extension.ts';

/** A's half of one direction of a pair setup. Both fields secret. */
export interface SenderSetup {
  /** 16 bytes; bit r tells which key of base OT r this side does not have. */
  readonly delta: Uint8Array;
  /** The 128 keys K_{1 - Delta_r}, 32 bytes each. */
  readonly seeds: Uint8Array;
}

/** Columns of W: XI vectors zeta_j of 128 bits. Secret. */
export type SenderKeep = Int32Array;

/**
 * Steps 1 to 3: recomputes W and evaluates C1 over all rows with one comparison at the end. `message`: OTE_BYTES.
 * Undefined means that C1 failed: the caller burns the setup and records the ban before anything becomes visible.
 */
export function checkExtension(oteSid: Uint8Array, setup: SenderSetup, message: Uint8Array): SenderKeep | undefined {
  const delta = wordsOf(setup.delta);
  const w = expandRows(oteSid, setup.seeds, delta, wordsOf(message.subarray(0, U_BYTES)));
  const hashes = hashRows(checkKey(oteSid, message.subarray(0, U_BYTES)), w);
  const claimed = wordsOf(message.subarray(U_BYTES));
  let difference = 0;
  for (let r = 0; r < KAPPA; r++) {
    const mask = bitMask(delta, r);
    for (let i = 0; i < COLUMN_WORDS; i++) {
      const own = hashes[COLUMN_WORDS * r + i] ?? 0;
      const theirs = claimed[COLUMN_WORDS * (r + 1) + i] ?? 0;
      difference |= own ^ theirs ^ ((claimed[i] ?? 0) & mask);
    }
  }
  const zeta = transpose(w);
  w.fill(0);
  hashes.fill(0);
  delta.fill(0);
  if (difference === 0) return zeta;
  zeta.fill(0);
  return undefined;
}

/** W_r = rho_{r, 1 - Delta_r} + Delta_r U_r, by masks. */
function expandRows(oteSid: Uint8Array, seeds: Uint8Array, delta: Int32Array, u: Int32Array): Int32Array {
  const generator = rowGenerator(oteSid);
  const w = new Int32Array(KAPPA * ROW_WORDS);
  for (let r = 0; r < KAPPA; r++) {
    const at = r * ROW_WORDS;
    const mask = bitMask(delta, r);
    generateRow(generator, seeds.subarray(SEED_BYTES * r, SEED_BYTES * (r + 1)), r, 1 + mask, w, at);
    for (let i = 0; i < ROW_WORDS; i++) w[at + i] = (w[at + i] ?? 0) ^ ((u[at + i] ?? 0) & mask);
  }
  wipeGenerator(generator);
  return w;
}

export interface Multiplied {
  /** MUL_BYTES: at || eta || mu. Confidential to B. */
  readonly message: Uint8Array;
  /** c_0, c_1: A's additive shares of a_0 b and a_1 b. */
  readonly c: readonly [bigint, bigint];
}

/**
 * Steps 4 to 8. `inputs`: a_0, a_1; `mask`: the random scalar of the check column. `zeta` comes from
 * `checkExtension` and is wiped here.
 */
export function multiply(
  ids: { readonly oteSid: Uint8Array; readonly rvSid: Uint8Array },
  delta: Uint8Array,
  zeta: SenderKeep,
  inputs: readonly [bigint, bigint],
  mask: bigint,
): Multiplied {
  const message = new Uint8Array(MUL_BYTES);
  const pads0 = maskInputs(ids.rvSid, delta, zeta, [inputs[0], inputs[1], mask], message);
  zeta.fill(0);
  const theta = challenges(ids.rvSid, message.subarray(0, AT_BYTES));
  writeNumber(viewOf(message), AT_BYTES, (mask + theta[0] * inputs[0] + theta[1] * inputs[1]) % ORDER);
  message.set(checkDigest(ids.rvSid, pads0, theta), AT_BYTES + 32);
  return { message, c: ownShares(gadget(ids.oteSid), pads0) };
}

/** Writes at_{j,m} = al0 - al1 + input_m into `message`; returns al0, row by row. */
function maskInputs(
  rvSid: Uint8Array,
  delta: Uint8Array,
  zeta: Int32Array,
  inputs: readonly [bigint, bigint, bigint],
  message: Uint8Array,
): bigint[] {
  const generator = padGenerator(rvSid);
  const flip = wordsOf(delta);
  const none = new Int32Array(COLUMN_WORDS);
  const view = viewOf(message);
  const pads0: bigint[] = [];
  for (let j = 0; j < XI; j++) {
    loadColumn(generator, zeta, j, none);
    pads0.push(pad(generator, 0), pad(generator, 1), pad(generator, 2));
    loadColumn(generator, zeta, j, flip);
    for (let m = 0; m < WIDTH; m++) writeDifference(view, WIDTH * j + m, pads0, generator, m, inputs[m] ?? 0n);
  }
  flip.fill(0);
  wipePads(generator);
  return pads0;
}

/** Twice the order: al1 is below it, so the difference stays positive. */
const LIFT = 2n * ORDER;

function writeDifference(
  view: DataView,
  index: number,
  pads0: readonly bigint[],
  generator: PadGenerator,
  column: number,
  input: bigint,
): void {
  writeNumber(view, 32 * index, ((pads0[index] ?? 0n) + LIFT - pad(generator, column) + input) % ORDER);
}

/** H over mu_j = al0_{j,2} + theta_0 al0_{j,0} + theta_1 al0_{j,1}. */
function checkDigest(rvSid: Uint8Array, pads0: readonly bigint[], theta: readonly [bigint, bigint]): Uint8Array {
  const mu = new Uint8Array(32 * XI);
  const view = viewOf(mu);
  for (let j = 0; j < XI; j++) {
    const at = WIDTH * j;
    const value = (pads0[at + 2] ?? 0n) + theta[0] * (pads0[at] ?? 0n) + theta[1] * (pads0[at + 1] ?? 0n);
    writeNumber(view, 32 * j, value % ORDER);
  }
  const digest = H('rv/mu', rvSid, mu);
  mu.fill(0);
  return digest;
}

/** c_m = - sum g_j al0_{j,m}, reduced once. */
function ownShares(g: readonly bigint[], pads0: readonly bigint[]): readonly [bigint, bigint] {
  let sum0 = 0n;
  let sum1 = 0n;
  for (let j = 0; j < XI; j++) {
    const entry = g[j] ?? 0n;
    sum0 += entry * (pads0[WIDTH * j] ?? 0n);
    sum1 += entry * (pads0[WIDTH * j + 1] ?? 0n);
  }
  return [mod(-sum0), mod(-sum1)];
}
