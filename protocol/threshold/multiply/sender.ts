/**
 * Role A of one multiplication: the sender of the OT extension with the secret Delta (docs/protocol.md c.2).
 * `checkExtension` is the check whose failure leaks a bit of Delta (C1); only after it may `multiply` run.
 */
import { H } from '../hash.ts';
import { bitMask, COLUMN_WORDS, KAPPA, ROW_WORDS, transpose, wordsOf, XI } from '../math/bits.ts';
import { hashRows } from '../math/gf128.ts';
import { G, multiplyRow, setOperand, startProducts, takeSums, X0, X1, X2 } from '../math/products.ts';
import { mod, scalarToBytes } from '../math/scalar.ts';
import { type Lifted, lift, viewOf, writeDifference } from '../math/words.ts';
import { LANES } from '../sha256-lanes.ts';
import {
  AT_BYTES,
  challenges,
  checkKey,
  expandKnown,
  gadget,
  MUL_BYTES,
  PAD_WORDS,
  padColumns,
  startPads,
  U_BYTES,
  WIDTH,
  wipeScratch,
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
  const w = expandKnown(oteSid, seeds, delta);
  for (let r = 0; r < KAPPA; r++) {
    const at = r * ROW_WORDS;
    const mask = bitMask(delta, r);
    for (let i = 0; i < ROW_WORDS; i++) w[at + i] = (w[at + i] ?? 0) ^ ((u[at + i] ?? 0) & mask);
  }
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
  const pads = maskInputs(ids.rvSid, delta, zeta, [inputs[0], inputs[1], mask], message);
  zeta.fill(0);
  const theta = challenges(ids.rvSid, message.subarray(0, AT_BYTES));
  message.set(scalarToBytes(mask + theta[0] * inputs[0] + theta[1] * inputs[1]), AT_BYTES);
  const mu = new Uint8Array(32 * XI);
  const c = ownShares(gadget(ids.oteSid), pads, theta, mu);
  message.set(H('rv/mu', ids.rvSid, mu), AT_BYTES + 32);
  pads.fill(0);
  mu.fill(0);
  wipeScratch();
  return { message, c };
}

/** Writes at_{j,m} = al0 - al1 + input_m into `message`; returns al0, 8 words each, row by row. */
function maskInputs(
  rvSid: Uint8Array,
  delta: Uint8Array,
  zeta: Int32Array,
  inputs: readonly [bigint, bigint, bigint],
  message: Uint8Array,
): Int32Array {
  const flip = wordsOf(delta);
  const none = new Int32Array(COLUMN_WORDS);
  const view = viewOf(message);
  const lifted = inputs.map(lift);
  const pads = new Int32Array(8 * WIDTH * XI);
  const flipped = new Int32Array(PAD_WORDS);
  startPads(rvSid);
  for (let j = 0; j < XI; j += LANES) {
    padColumns(zeta, j, none, pads, 8 * WIDTH * j);
    padColumns(zeta, j, flip, flipped, 0);
    for (let i = 0; i < WIDTH * LANES; i++) {
      const index = WIDTH * j + i;
      writeDifference(view, 32 * index, pads, 8 * index, flipped, 8 * i, lifted[i % WIDTH] ?? NOTHING);
    }
  }
  for (const secret of [flip, flipped, ...lifted]) secret.fill(0);
  return pads;
}

/** c_m = - sum g_j al0_{j,m}; fills `mu` with mu_j = al0_{j,2} + theta_0 al0_{j,0} + theta_1 al0_{j,1}. */
function ownShares(
  g: Int32Array,
  pads: Int32Array,
  theta: readonly [bigint, bigint],
  mu: Uint8Array,
): readonly [bigint, bigint] {
  const view = viewOf(mu);
  startProducts(theta);
  for (let j = 0; j < XI; j++) {
    const at = 8 * WIDTH * j;
    setOperand(G, g, 8 * j);
    setOperand(X0, pads, at);
    setOperand(X1, pads, at + 8);
    setOperand(X2, pads, at + 16);
    multiplyRow(view, 32 * j);
  }
  const [sum0, sum1] = takeSums();
  return [mod(-sum0), mod(-sum1)];
}

/** Only for an index that does not occur. */
const NOTHING: Lifted = lift(0n);
