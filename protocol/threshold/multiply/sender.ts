/**
 * Role A of one multiplication: the sender of the OT extension with the secret Delta (docs/protocol.md c.2).
 * `checkExtension` is the check whose failure leaks a bit of Delta (C1); only after it may `multiply` run.
 */
import { H } from '../hash.ts';
import { bitMask, COLUMN_WORDS, KAPPA, ROW_WORDS, transpose, wordsOf, XI } from '../math/bits.ts';
import { differences, minuends, setAddends, subtract, subtrahends } from '../math/differences.ts';
import { hashRows } from '../math/gf128.ts';
import { checks, gadgets, masks, multiplyRows, values } from '../math/products.ts';
import { mod, scalarToBytes } from '../math/scalar.ts';
import { LANES } from '../wasm.ts';
import {
  AT_BYTES,
  challenges,
  checkKey,
  expandKnown,
  gadget,
  MUL_BYTES,
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
  maskInputs(ids.rvSid, delta, zeta, [inputs[0], inputs[1], mask], message);
  zeta.fill(0);
  const theta = challenges(ids.rvSid, message.subarray(0, AT_BYTES));
  message.set(scalarToBytes(mask + theta[0] * inputs[0] + theta[1] * inputs[1]), AT_BYTES);
  // c_m = - sum g_j al0_{j,m}; mu_j = al0_{j,2} + theta_0 al0_{j,0} + theta_1 al0_{j,1}.
  gadgets.set(gadget(ids.oteSid));
  const [sum0, sum1] = multiplyRows(theta, 0n);
  message.set(H('rv/mu', ids.rvSid, checks), AT_BYTES + 32);
  wipeScratch();
  return { message, c: [mod(-sum0), mod(-sum1)] };
}

/** Writes at_{j,m} = al0 - al1 + input_m into `message`; leaves al0 as the values of the products, none added. */
function maskInputs(
  rvSid: Uint8Array,
  delta: Uint8Array,
  zeta: Int32Array,
  inputs: readonly [bigint, bigint, bigint],
  message: Uint8Array,
): void {
  const flip = wordsOf(delta);
  const none = new Int32Array(COLUMN_WORDS);
  masks.fill(0);
  setAddends(inputs);
  startPads(rvSid);
  for (let j = 0; j < XI; j += LANES) {
    padColumns(zeta, j, none, minuends, 0);
    values.set(minuends, 8 * WIDTH * j);
    padColumns(zeta, j, flip, subtrahends, 0);
    subtract();
    message.set(differences, 32 * WIDTH * j);
  }
  flip.fill(0);
}
