/**
 * What a participant writes down before it acts (docs/protocol.md d.6): one canonical JSON object a record. Ids, digests
 * and keys have 32 bytes, counters start at 1, party indices are those of the epoch or roster they are named with.
 * No record holds a secret; the journal is readable without the passphrase.
 */
import type { Spend, UsedPlace } from '../../protocol/policy/spend.ts';
import type { FailureClass } from '../../protocol/threshold/errors.ts';

/** Every opening of the journal, under the fencing epoch of the home lock. */
export interface Opened {
  readonly type: 'opened';
  readonly fencing: number;
}

export interface CeremonySeen {
  readonly type: 'ceremony-seen';
  readonly proposal: Uint8Array;
  readonly attempt: number;
  readonly kind: string;
}

/** Before a consent or rejection leaves. At most one body for each proposal and attempt, ever. */
export interface VerdictGiven {
  readonly type: 'verdict-given';
  readonly proposal: Uint8Array;
  readonly attempt: number;
  readonly decision: 'consent' | 'reject';
  /** Digest of the signed body. */
  readonly body: Uint8Array;
  /** Reserved with `Journal.nextCounter`. */
  readonly counter: number;
  /** The signed envelope, so that the same statement can be sent again after a restart; at most 256 KiB. */
  readonly statement?: Uint8Array | undefined;
  /** Of a consent to a signing: what it reserves, in the same record, so that neither is without the other. */
  readonly reservation?: Reservation | undefined;
}

/** What a consent charges to the limits (docs/limits.md). All attempts of one payload are one charge. */
export interface Reservation {
  readonly walletId: Uint8Array;
  /** What would be signed. */
  readonly digest: Uint8Array;
  readonly spend: Spend;
  /** Unix seconds: when the consent was given, and when it expires. */
  readonly at: number;
  readonly until: number;
}

/** The place of a transaction on its chain: an account uses each nonce once. */
export interface NonceSlot {
  /** 20 bytes: the address that signs. Absent in journals of before there were derived addresses. */
  readonly account?: Uint8Array | undefined;
  readonly chainId: bigint;
  readonly nonce: bigint;
}

/** Before R1. Written only by `claimSession`. */
export interface SessionStarted {
  readonly type: 'session-started';
  readonly sessionId: Uint8Array;
  readonly proposal: Uint8Array;
  readonly attempt: number;
  /** 32 bytes, or none while no epoch exists (keygen). */
  readonly epochId: Uint8Array;
  readonly walletId: Uint8Array;
  readonly path: readonly number[];
  /** Party indices, ascending. */
  readonly signers: readonly number[];
  /** What is signed, or the digest of the configuration of a keygen. */
  readonly digest: Uint8Array;
  readonly slot?: NonceSlot | undefined;
  /** A rule allows this digest to replace one released for the same slot. */
  readonly replaces: boolean;
}

/** Before R2. */
export interface R2Sent {
  readonly type: 'r2-sent';
  readonly sessionId: Uint8Array;
  readonly fullSid: Uint8Array;
  /** Hash of the R1 envelope received from each other signer. */
  readonly heard: readonly HeardHash[];
}

export interface HeardHash {
  readonly party: number;
  readonly hash: Uint8Array;
}

/** Before R3: from here on the digest counts as signed, whatever the outcome. */
export interface R3Sent {
  readonly type: 'r3-sent';
  readonly sessionId: Uint8Array;
  readonly released: Uint8Array;
  /** Unix seconds; absent in older journals. */
  readonly at?: number | undefined;
}

/** Another party said, or a signature shows, that this digest was released. It counts as signed here, too. */
export interface ReleasedSeen {
  readonly type: 'released-seen';
  readonly walletId: Uint8Array;
  readonly digest: Uint8Array;
  /** Unix seconds. */
  readonly at: number;
}

/**
 * Before this party says that its last message of an attempt has not left and never will: from then on no session of
 * that attempt is claimed, and none goes on.
 */
export interface Settled {
  readonly type: 'settled';
  readonly proposal: Uint8Array;
  readonly attempt: number;
}

/** All parties have said so, each in its way: the attempt has released nothing. */
export interface SpendFreed {
  readonly type: 'spend-freed';
  readonly walletId: Uint8Array;
  readonly digest: Uint8Array;
  readonly proposal: Uint8Array;
  readonly attempt: number;
}

/** Nonces up to this one are used up, so nothing that was signed for them can be executed any more. */
export interface NonceConsumed {
  readonly type: 'nonce-consumed';
  readonly place: UsedPlace;
  /** Unix seconds. */
  readonly at: number;
  /** `hand`: the key holder says so. `nodes`: as many chain nodes as were asked for agree. */
  readonly source: 'hand' | 'nodes';
}

/** The key holder says that nobody can use this signature any more, though no nonce shows it. */
export interface SignatureVoid {
  readonly type: 'signature-void';
  readonly walletId: Uint8Array;
  readonly digest: Uint8Array;
  /** Unix seconds. */
  readonly at: number;
}

export interface SessionEnded {
  readonly type: 'session-ended';
  readonly sessionId: Uint8Array;
  readonly outcome: 'completed' | 'aborted';
  /** Upper snake case; `CRASH` for sessions that a restart found open. */
  readonly reason: string;
}

/** Before any visible reaction to LEAK or CHEAT. */
export interface Ban {
  readonly type: 'ban';
  readonly epochId: Uint8Array;
  readonly peer: number;
  /** The peer's statement key: what its index stands for in this epoch. Older records have none. */
  readonly identityKey?: Uint8Array | undefined;
  /** Name of the failed check, like `C1`. */
  readonly check: string;
  readonly failure: Extract<FailureClass, 'LEAK' | 'CHEAT'>;
  /** How many bans of this pair in this epoch, this one included. */
  readonly count: number;
  /** What the peer claimed to run. */
  readonly software: string;
}

/** Both key holders of the pair signed that its bans in this epoch are lifted; both sides record it, ban or not. */
export interface BanLifted {
  readonly type: 'ban-lifted';
  readonly epochId: Uint8Array;
  readonly peer: number;
  /** How many lifts of this pair in this epoch, this one included. */
  readonly counter: number;
  /** Digests of the two statements, that of the lower index first. */
  readonly statements: readonly Uint8Array[];
}

/** Before any visible reaction to SETUP. */
export interface PairFail {
  readonly type: 'pair-fail';
  readonly epochId: Uint8Array;
  readonly peer: number;
  readonly check: string;
}

/** The key holder looked at the failures of a pair and starts counting anew. */
export interface PairFailReset {
  readonly type: 'pair-fail-reset';
  readonly epochId: Uint8Array;
  readonly peer: number;
}

/** A key record was stored (`prepared`), is about to be acknowledged (`acked`), is certified (`active`). */
export interface KeyStep {
  readonly type: 'prepared' | 'acked' | 'active';
  readonly walletId: Uint8Array;
  readonly epochId: Uint8Array;
  readonly gen: number;
}

/** The share of a whole key was sealed to somebody in an export; before it leaves. */
export interface Exported {
  readonly type: 'exported';
  readonly walletId: Uint8Array;
  readonly epochId: Uint8Array;
  readonly sessionId: Uint8Array;
  /** X25519, 32 bytes. */
  readonly recipient: Uint8Array;
}

export interface PolicySet {
  readonly type: 'policy-set';
  readonly scope: 'common' | 'own';
  readonly version: number;
  readonly digest: Uint8Array;
}

/** The own statement counter was raised; before the statement that carries it is signed. */
export interface CounterRaised {
  readonly type: 'counter';
  readonly value: number;
}

export interface Withdrawn {
  readonly type: 'withdraw';
  readonly proposal: Uint8Array;
  readonly attempt: number;
  /** `operator:NAME` or `party:INDEX`. */
  readonly author: string;
}

/** A wallet, or all of them, stopped by a signed statement, or that freeze ended by as many thaws as it takes. */
export interface Freeze {
  readonly type: 'freeze';
  /** Empty for all wallets. */
  readonly walletId: Uint8Array;
  readonly frozen: boolean;
  /** Digest of the freeze, whether it begins or ends. */
  readonly statement: Uint8Array;
  /** Unix seconds. */
  readonly at?: number | undefined;
}

/** A version of the common policy that its admins have signed was seen for the first time; it may have to wait. */
export interface PolicyAnnounced {
  readonly type: 'policy-announced';
  readonly digest: Uint8Array;
  readonly version: number;
  readonly at: number;
}

/** A version of the common policy never takes effect here. */
export interface PolicyVetoed {
  readonly type: 'policy-vetoed';
  readonly digest: Uint8Array;
}

/** The highest statement counter seen of a peer, with its signed statement as proof. Counters belong to the key. */
export interface PeerCounter {
  readonly type: 'peer-counter';
  readonly party: number;
  readonly statementKey: Uint8Array;
  readonly counter: number;
  /** The signed envelope; at most 256 KiB. */
  readonly statement: Uint8Array;
}

/** Records that anyone may write with `Journal.record`. */
export type PlainRecord =
  | CeremonySeen
  | VerdictGiven
  | Ban
  | BanLifted
  | PairFail
  | PairFailReset
  | KeyStep
  | Exported
  | PolicySet
  | Withdrawn
  | Freeze
  | PolicyAnnounced
  | PolicyVetoed
  | PeerCounter
  | ReleasedSeen
  | SpendFreed
  | NonceConsumed
  | SignatureVoid;

/** Records with a door of their own: claim.ts and journal.ts. */
export type GuardedRecord = Opened | SessionStarted | R2Sent | R3Sent | SessionEnded | CounterRaised | Settled;

export type JournalRecord = PlainRecord | GuardedRecord;
