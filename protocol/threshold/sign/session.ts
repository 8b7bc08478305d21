/** What is fixed before round 1 of a signing session, and the ids that hang below it (docs/protocol.md a.6, d). */
import { concat } from '../../common/bytes.ts';
import type { Point } from '../curve/curve.ts';
import { u8 } from '../encoding.ts';
import { Abort, type FailureClass } from '../errors.ts';
import { H } from '../hash.ts';
import type { ParsedEnvelope } from '../rounds/envelope.ts';

/** A session as one signer sees it. Nothing here is secret. */
export interface SignSession {
  readonly sessionId: Uint8Array;
  readonly epochId: Uint8Array;
  /** S, strictly ascending, t of them. */
  readonly signers: readonly number[];
  /** Own index, one of `signers`. */
  readonly self: number;
  readonly peers: readonly number[];
  /** Q' = Q + tau G, never O. */
  readonly childKey: Point;
  /** The 32-byte digest that is signed, and the same as an integer mod q. */
  readonly digest: Uint8Array;
  readonly m: bigint;
}

/** com_i. */
export function nonceCommitment(
  sessionId: Uint8Array,
  index: number,
  nonce: Uint8Array,
  noncePoint: Uint8Array,
  blind: Uint8Array,
): Uint8Array {
  return H('sign/com', sessionId, u8(index), nonce, noncePoint, blind);
}

/** fullSid over everybody's round 1 broadcast (64-byte bodies: nonce, com), in ascending order of index. */
export function fullSessionId(
  sessionId: Uint8Array,
  commits: readonly { readonly index: number; readonly body: Uint8Array }[],
): Uint8Array {
  return H('sign/full', sessionId, ...commits.map(({ index, body }) => concat(u8(index), body)));
}

/** Id of the OT extension in which `receiver` is B and `sender` is A. */
export function extensionId(
  session: Pick<SignSession, 'epochId' | 'sessionId'>,
  pairEpoch: Uint8Array,
  receiver: number,
  sender: number,
  receiverNonce: Uint8Array,
): Uint8Array {
  return H('ote/sid', session.epochId, pairEpoch, session.sessionId, u8(receiver), u8(sender), receiverNonce);
}

/** Id of the multiplication in which `receiver` is B; `oteMessage` is the hash of the complete OTE body. */
export function multiplicationId(
  fullSid: Uint8Array,
  receiver: number,
  sender: number,
  oteMessage: Uint8Array,
): Uint8Array {
  return H('rv/sid', fullSid, u8(receiver), u8(sender), oteMessage);
}

/** Everybody's messages of one round, by sender; never the own ones. */
export type Received = ReadonlyMap<number, ParsedEnvelope>;

/** The end of the run for a reason found in the messages of the peers named. */
export function failed(
  failure: FailureClass,
  check: string,
  culprits: readonly number[],
  message: string,
  evidence: readonly ParsedEnvelope[] = [],
): { readonly kind: 'abort'; readonly abort: Abort } {
  return {
    kind: 'abort',
    abort: new Abort({ failure, check, culprits, message, evidence: evidence.map((envelope) => envelope.bytes) }),
  };
}
