/**
 * Bodies of the messages of KEYGEN, IMPORT, RESHARE and REMOVE (docs/protocol.md a.7). All have one exact length for (t', dealer or not);
 * a reader returns `undefined` for any other. `from` and `to` are pids.
 */
import { concat } from '../../common/bytes.ts';
import { chunks, fixed, split, u32 } from '../encoding.ts';
import { scalarToBytes } from '../math/scalar.ts';
import { SCHNORR_BYTES } from '../proof/schnorr.ts';
import { ENVELOPE_OVERHEAD } from '../rounds/envelope.ts';

/** Broadcasts of rounds 1-4; public. */
export const DKG_BROADCAST = 0x10;
/** Round 3, one receiver each; confidential. */
export const DKG_SHARE = 0x11;
/** Round 5; public. */
export const DKG_ACK = 0x12;
/** Round 6; public. */
export const DKG_ACTIVE = 0x13;
/** Round 7; public. */
export const DKG_ABANDON = 0x14;
/** Round 8, to the members of the run only: it discloses one share of a run that is dead. */
export const DKG_COMPLAINT = 0x15;
/** Round 0, in every kind of run; one zero byte, no reason. */
export const ABORT_MESSAGE = 0x40;

const SHARE_BODY_BYTES = 96;

/** Rounds of the types that have only one. */
export const ROUND_OF: ReadonlyMap<number, number> = new Map([
  [DKG_SHARE, 3],
  [DKG_ACK, 5],
  [DKG_ACTIVE, 6],
  [DKG_ABANDON, 7],
  [DKG_COMPLAINT, 8],
  [ABORT_MESSAGE, 0],
]);

/** Body length of (type, round) from a dealer or another party; `undefined` if there is no such message. */
export function bodyLength(type: number, round: number, threshold: number, dealer: boolean): number | undefined {
  if (type === DKG_BROADCAST) {
    if (round === 1) return 64;
    if (round === 2) return dealer ? 96 + 98 * threshold : 32;
    if (round === 3) return 32;
    return round === 4 ? 97 : undefined;
  }
  if (ROUND_OF.get(type) !== round) return undefined;
  if (type === DKG_SHARE) return SHARE_BODY_BYTES;
  if (type === DKG_ACK) return 132;
  if (type === DKG_COMPLAINT) return ENVELOPE_OVERHEAD + SHARE_BODY_BYTES;
  return type === ABORT_MESSAGE ? 1 : 36;
}

export interface Round1Body {
  readonly nonce: Uint8Array;
  /** Commitment to polynomial and chain code; `ZERO_SID` of a party that deals nothing. */
  readonly com: Uint8Array;
}

export function writeRound1(body: Round1Body): Uint8Array {
  return concat(fixed(body.nonce, 32), fixed(body.com, 32));
}

export function readRound1(bytes: Uint8Array): Round1Body | undefined {
  const parts = split(bytes, [32, 32]);
  return parts && { nonce: parts[0], com: parts[1] };
}

/** Round 2 of a dealer. */
export interface Round2Body {
  /** The sender's sid. */
  readonly echo: Uint8Array;
  /** A_0..A_{t'-1}, 33 B each. */
  readonly commitments: readonly Uint8Array[];
  readonly chainCodeHash: Uint8Array;
  readonly blind: Uint8Array;
  /** One Schnorr proof per commitment, 65 B each. */
  readonly proofs: readonly Uint8Array[];
}

export function writeRound2(body: Round2Body): Uint8Array {
  return concat(body.echo, ...body.commitments, body.chainCodeHash, body.blind, ...body.proofs);
}

export function readRound2(bytes: Uint8Array, threshold: number): Round2Body | undefined {
  const parts = split(bytes, [32, 33 * threshold, 32, 32, SCHNORR_BYTES * threshold]);
  if (parts === undefined) return undefined;
  const [echo, commitments, chainCodeHash, blind, proofs] = parts;
  return {
    echo,
    commitments: chunks(commitments, 33),
    chainCodeHash,
    blind,
    proofs: chunks(proofs, SCHNORR_BYTES),
  };
}

export interface ShareBody {
  /** eh of the sender's round 3 broadcast. */
  readonly broadcastHash: Uint8Array;
  /** f(newIndex of the receiver), 32 B; not yet checked to be below q. Secret. */
  readonly share: Uint8Array;
  /** KEYGEN: the dealer's contribution to the chain code; else the chain code itself. Secret. */
  readonly chainCode: Uint8Array;
}

export function writeShare(broadcastHash: Uint8Array, share: bigint, chainCode: Uint8Array): Uint8Array {
  return concat(fixed(broadcastHash, 32), scalarToBytes(share), fixed(chainCode, 32));
}

export function readShare(bytes: Uint8Array): ShareBody | undefined {
  const parts = split(bytes, [32, 32, 32]);
  return parts && { broadcastHash: parts[0], share: parts[1], chainCode: parts[2] };
}

export interface Round4Body {
  readonly digest: Uint8Array;
  /** Schnorr proof for the sender's X_j, 65 B. */
  readonly proof: Uint8Array;
}

export function writeRound4(body: Round4Body): Uint8Array {
  return concat(fixed(body.digest, 32), fixed(body.proof, SCHNORR_BYTES));
}

export function readRound4(bytes: Uint8Array): Round4Body | undefined {
  const parts = split(bytes, [32, SCHNORR_BYTES]);
  return parts && { digest: parts[0], proof: parts[1] };
}

export interface AckFields {
  readonly epochId: Uint8Array;
  readonly parentEpochId: Uint8Array;
  readonly gen: number;
  readonly cfgHash: Uint8Array;
  readonly digest: Uint8Array;
}

export function writeAck(ack: AckFields): Uint8Array {
  return concat(
    fixed(ack.epochId, 32),
    fixed(ack.parentEpochId, 32),
    u32(ack.gen),
    fixed(ack.cfgHash, 32),
    fixed(ack.digest, 32),
  );
}

/** Body of ACTIVE and of ABANDON. */
export function writeEpochNotice(epochId: Uint8Array, gen: number): Uint8Array {
  return concat(fixed(epochId, 32), u32(gen));
}
