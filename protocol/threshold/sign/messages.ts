/**
 * Bodies of the signing messages (docs/protocol.md a.7, d). Each has one exact length; a reader returns `undefined`
 * for any other. `from` and `to` are party indices. Broadcasts are public; the p2p bodies are confidential to one
 * receiver and start with `bh`, the envelope hash of the sender's broadcast of the same round.
 */
import { concat } from '../../common/bytes.ts';
import { fixed, split } from '../encoding.ts';
import { AT_BYTES, MUL_BYTES, OTE_BYTES } from '../multiply/extension.ts';

/** Broadcasts of rounds 1-3. */
export const SIGN = 0x30;
/** p2p messages of rounds 1 (OTE) and 2 (MUL). */
export const SIGN_PAIR = 0x31;

export const OTE_BODY_BYTES: number = 64 + OTE_BYTES;
export const MUL_BODY_BYTES: number = 32 + MUL_BYTES + 98;

/** Round 1, broadcast, 64 bytes. */
export interface CommitBody {
  readonly nonce: Uint8Array;
  readonly com: Uint8Array;
}

export function writeCommit(body: CommitBody): Uint8Array {
  return concat(fixed(body.nonce, 32), fixed(body.com, 32));
}

export function readCommit(body: Uint8Array): CommitBody | undefined {
  const parts = split(body, [32, 32]);
  return parts && { nonce: parts[0], com: parts[1] };
}

/** Round 2, broadcast, 130 bytes. */
export interface OpenBody {
  /** fullSid as the sender computed it. */
  readonly echo: Uint8Array;
  /** R_i and pk_i, 33 bytes each, not decoded yet. */
  readonly noncePoint: Uint8Array;
  readonly blind: Uint8Array;
  readonly keyPoint: Uint8Array;
}

export function writeOpen(body: OpenBody): Uint8Array {
  return concat(fixed(body.echo, 32), fixed(body.noncePoint, 33), fixed(body.blind, 32), fixed(body.keyPoint, 33));
}

export function readOpen(body: Uint8Array): OpenBody | undefined {
  const parts = split(body, [32, 33, 32, 33]);
  return parts && { echo: parts[0], noncePoint: parts[1], blind: parts[2], keyPoint: parts[3] };
}

/** Round 3, broadcast, 64 bytes: u_i and w_i, not decoded yet. */
export interface ShareBody {
  readonly u: Uint8Array;
  readonly w: Uint8Array;
}

export function writeShare(body: ShareBody): Uint8Array {
  return concat(fixed(body.u, 32), fixed(body.w, 32));
}

export function readShare(body: Uint8Array): ShareBody | undefined {
  const parts = split(body, [32, 32]);
  return parts && { u: parts[0], w: parts[1] };
}

/** Round 1, p2p. */
export interface OteBody {
  readonly bh: Uint8Array;
  readonly pairEpoch: Uint8Array;
  /** U || xh || th. */
  readonly ote: Uint8Array;
}

export function writeOte(body: OteBody): Uint8Array {
  return concat(fixed(body.bh, 32), fixed(body.pairEpoch, 32), fixed(body.ote, OTE_BYTES));
}

export function readOte(body: Uint8Array): OteBody | undefined {
  if (body.length !== OTE_BODY_BYTES) return undefined;
  return { bh: body.subarray(0, 32), pairEpoch: body.subarray(32, 64), ote: body.subarray(64) };
}

/** Round 2, p2p. */
export interface MulBody {
  readonly bh: Uint8Array;
  /** at || eta || mu. */
  readonly mul: Uint8Array;
  /** Gu and Gv, 33 bytes each, and psi, 32 bytes; not decoded yet. */
  readonly gu: Uint8Array;
  readonly gv: Uint8Array;
  readonly psi: Uint8Array;
}

export function writeMul(body: MulBody): Uint8Array {
  return concat(
    fixed(body.bh, 32),
    fixed(body.mul, MUL_BYTES),
    fixed(body.gu, 33),
    fixed(body.gv, 33),
    fixed(body.psi, 32),
  );
}

export function readMul(body: Uint8Array): MulBody | undefined {
  if (body.length !== MUL_BODY_BYTES) return undefined;
  const points = 32 + AT_BYTES + 64;
  return {
    bh: body.subarray(0, 32),
    mul: body.subarray(32, points),
    gu: body.subarray(points, points + 33),
    gv: body.subarray(points + 33, points + 66),
    psi: body.subarray(points + 66),
  };
}
