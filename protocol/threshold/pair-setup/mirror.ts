/**
 * The base OTs of the second direction from those of the first (docs/protocol.md p.8): one OT extension of 128 columns
 * over the 128 base OTs, in which the sender of base OT is the receiver. Its 128 choice bits become its Delta. The
 * check whose failure leaks a bit (C1) comes before anything is made of the sender's matrix.
 *
 * A row has 32 bytes, 128 choice bits and 128 mask bits. In memory it is a row of the long extension whose other data
 * bits are zero, so that hash and transposition are the same.
 */
import { concat } from '../../common/bytes.ts';
import { u8, u32 } from '../encoding.ts';
import { H, hotMidstate } from '../hash.ts';
import { bitMask, COLUMN_WORDS, KAPPA, ROW_WORDS, transpose, wordsOf, writeWords } from '../math/bits.ts';
import { hashRow, hashRows } from '../math/gf128.ts';
import { checkKey, expandBoth, expandKnown, SEED_BYTES } from '../multiply/extension.ts';
import type { SenderSetup } from '../multiply/sender.ts';
import { MIRROR_BYTES, MIRROR_U_BYTES } from './messages.ts';

/** Words of a row on the wire. */
const SHORT_WORDS = 8;
/** Where a long row has its mask bits. */
const MASK_AT = ROW_WORDS - COLUMN_WORDS;

/** Bytes of `choice` for `extendMirror`: Delta of the second direction, then the mask. */
export const MIRROR_RANDOM_BYTES = 32;

/**
 * Id of the extension. `head`: everything that its receiver (index `receiver`) says before U, so that the challenge
 * covers all of it.
 */
export function mirrorSid(pairSid: Uint8Array, receiver: number, sender: number, head: Uint8Array): Uint8Array {
  return H('mirror/sid', pairSid, u8(receiver), u8(sender), head);
}

export interface Mirrored {
  /** MIRROR_BYTES: U || xh || th. */
  readonly message: Uint8Array;
  /** A's half of the second direction. Secret. */
  readonly setup: SenderSetup;
}

/** The sender of base OT, with both keys of each (`seeds`), gets its Delta and one key of each mirrored OT. */
export function extendMirror(sid: Uint8Array, seeds: Uint8Array, choice: Uint8Array): Mirrored {
  const x = longRow(choice);
  const other = expandBoth(sid, seeds, 0);
  const v = expandBoth(sid, seeds, 1);
  const u = new Uint8Array(MIRROR_U_BYTES);
  const row = new Int32Array(SHORT_WORDS);
  for (let r = 0; r < KAPPA; r++) {
    const at = r * ROW_WORDS;
    lengthen(other, at);
    lengthen(v, at);
    for (let i = 0; i < SHORT_WORDS; i++) {
      const word = longIndex(i);
      row[i] = (x[word] ?? 0) ^ (other[at + word] ?? 0) ^ (v[at + word] ?? 0);
    }
    writeWords(row, u, 4 * SHORT_WORDS * r);
  }
  const key = checkKey(sid, u);
  const hashes = hashRows(key, v);
  const message = new Uint8Array(MIRROR_BYTES);
  message.set(u);
  writeWords(hashRow(key, x), message, MIRROR_U_BYTES);
  writeWords(hashes, message, MIRROR_U_BYTES + 16);
  const psi = transpose(v);
  const setup = { delta: choice.slice(0, KAPPA / 8), seeds: keysOf(sid, psi, new Int32Array(COLUMN_WORDS)) };
  for (const words of [x, v, other, psi]) words.fill(0);
  return { message, setup };
}

/**
 * The receiver of base OT, with Delta and one key of each, gets both keys of each mirrored OT, K_0 then K_1.
 * `message`: MIRROR_BYTES. Undefined means that C1 failed: the setup must be gone, and the failure durable, before
 * anything becomes visible; and nothing that depends on the result may be sent without it.
 */
export function checkMirror(sid: Uint8Array, setup: SenderSetup, message: Uint8Array): Uint8Array | undefined {
  const delta = wordsOf(setup.delta);
  const w = expandRows(sid, setup.seeds, delta, wordsOf(message.subarray(0, MIRROR_U_BYTES)));
  const hashes = hashRows(checkKey(sid, message.subarray(0, MIRROR_U_BYTES)), w);
  const zeta = transpose(w);
  const honest = agrees(delta, hashes, wordsOf(message.subarray(MIRROR_U_BYTES)));
  const keys = honest ? bothKeys(sid, zeta, delta) : undefined;
  for (const words of [delta, w, hashes, zeta]) words.fill(0);
  return keys;
}

/** W_r = rho_{r, 1 - Delta_r} + Delta_r U_r, by masks. */
function expandRows(sid: Uint8Array, seeds: Uint8Array, delta: Int32Array, u: Int32Array): Int32Array {
  const w = expandKnown(sid, seeds, delta);
  for (let r = 0; r < KAPPA; r++) {
    const at = r * ROW_WORDS;
    const mask = bitMask(delta, r);
    lengthen(w, at);
    for (let i = 0; i < SHORT_WORDS; i++) {
      const word = at + longIndex(i);
      w[word] = (w[word] ?? 0) ^ ((u[SHORT_WORDS * r + i] ?? 0) & mask);
    }
  }
  return w;
}

/** C1: hash(W_r) = th_r + Delta_r xh for all r, with one comparison at the end. `claimed`: xh, then th. */
function agrees(delta: Int32Array, hashes: Int32Array, claimed: Int32Array): boolean {
  let difference = 0;
  for (let r = 0; r < KAPPA; r++) {
    const mask = bitMask(delta, r);
    for (let i = 0; i < COLUMN_WORDS; i++) {
      const theirs = claimed[COLUMN_WORDS * (r + 1) + i] ?? 0;
      difference |= (hashes[COLUMN_WORDS * r + i] ?? 0) ^ theirs ^ ((claimed[i] ?? 0) & mask);
    }
  }
  return difference === 0;
}

/** K_1 = key(zeta_k), K_0 = key(zeta_k + Delta). */
function bothKeys(sid: Uint8Array, zeta: Int32Array, delta: Int32Array): Uint8Array {
  const ones = keysOf(sid, zeta, new Int32Array(COLUMN_WORDS));
  const zeros = keysOf(sid, zeta, delta);
  const keys = new Uint8Array(2 * SEED_BYTES * KAPPA);
  for (let k = 0; k < KAPPA; k++) {
    const from = SEED_BYTES * k;
    keys.set(zeros.subarray(from, from + SEED_BYTES), 2 * from);
    keys.set(ones.subarray(from, from + SEED_BYTES), 2 * from + SEED_BYTES);
  }
  zeros.fill(0);
  ones.fill(0);
  return keys;
}

/** The key of each column, every word of it xor `flip`. */
function keysOf(sid: Uint8Array, columns: Int32Array, flip: Int32Array): Uint8Array {
  const state = hotMidstate('mirror/key', sid);
  const keys = new Uint8Array(SEED_BYTES * KAPPA);
  const column = new Int32Array(COLUMN_WORDS);
  const bytes = new Uint8Array(4 * COLUMN_WORDS);
  for (let k = 0; k < KAPPA; k++) {
    for (let i = 0; i < COLUMN_WORDS; i++) column[i] = (columns[COLUMN_WORDS * k + i] ?? 0) ^ (flip[i] ?? 0);
    writeWords(column, bytes, 0);
    keys.set(state.digest(concat(bytes, u32(k))), SEED_BYTES * k);
  }
  column.fill(0);
  bytes.fill(0);
  return keys;
}

/** The word of a long row that holds word i of a short one. */
function longIndex(i: number): number {
  return i < COLUMN_WORDS ? i : i - COLUMN_WORDS + MASK_AT;
}

/** Keeps the first 32 bytes of the row at word `at` and puts their second half where the mask bits belong. */
function lengthen(rows: Int32Array, at: number): void {
  for (let i = 0; i < COLUMN_WORDS; i++) rows[at + MASK_AT + i] = rows[at + COLUMN_WORDS + i] ?? 0;
  rows.fill(0, at + COLUMN_WORDS, at + MASK_AT);
}

function longRow(short: Uint8Array): Int32Array {
  const row = new Int32Array(ROW_WORDS);
  row.set(wordsOf(short));
  lengthen(row, 0);
  return row;
}
