/**
 * How a ceremony ended for one party, signed by it: a signature, a new key or new shares of one, a share handed over in
 * an export, or an abort with its cause. `released` says whether its last share-bearing message had left: from then on the payload counts as signed, whatever happened.
 */
import { toHex } from '../common/bytes.ts';
import type { Json } from '../common/canonical-json.ts';
import type { Result } from '../common/result.ts';
import { array, boolean, bytes, integer, object, optional, type Reader, text } from '../common/schema.ts';
import type { Signer } from './ed25519.ts';
import { MAX_ATTEMPTS, UNIX_SECONDS } from './proposal.ts';
import { MAX_PARTIES, partyOf, type RosterBody } from './roster.ts';
import { type Envelope, openStatement, type Statement, type StatementError, signStatement } from './statement.ts';
import { COUNTER } from './verdict-statement.ts';

export interface EcdsaSignature {
  /** 32 bytes each, big-endian; s is at most half the group order. */
  readonly r: Uint8Array;
  readonly s: Uint8Array;
  /** 0 or 1: parity of R's y coordinate. */
  readonly recovery: number;
}

/** A new key, or a known one in a new epoch, as every party computed it. */
export interface NewKey {
  readonly walletId: Uint8Array;
  readonly epochId: Uint8Array;
  /** 33 bytes, compressed. */
  readonly publicKey: Uint8Array;
  /** Digest of the wallet document with the certificate of all acknowledgements. */
  readonly certificate: Uint8Array;
}

export interface AbortReport {
  /** Failure class, such as `CHEAT`, or the code of a lifecycle rule. */
  readonly failure: string;
  /** Identifier of the failed check, such as `S4`. */
  readonly check: string;
  readonly culprits: readonly number[];
  /** Culprits that are not in this roster, by their index in the next one; absent if there are none. */
  readonly joining?: readonly number[] | undefined;
}

/** A point-to-point round message that was sent or received: never its content, only a salted hash of its envelope. */
export interface UnicastRecord {
  readonly type: number;
  readonly round: number;
  /** Party indices; in a reshare, whose members are not all of this roster, pids. */
  readonly from: number;
  readonly to: number;
  /** SHA-256(salt || envelope hash); the salt stays in the party's own log. */
  readonly salted: Uint8Array;
}

export interface OutcomeBody {
  readonly proposal: Uint8Array;
  readonly attempt: number;
  readonly party: number;
  readonly sessionId: Uint8Array;
  readonly signature?: EcdsaSignature | undefined;
  readonly key?: NewKey | undefined;
  /** Of an export: digest of the sealed share that this party handed to the recipient. */
  readonly exported?: Uint8Array | undefined;
  readonly abort?: AbortReport | undefined;
  /** Digests of the evidence documents this party shows, against whomever; absent if it has none. */
  readonly evidence?: readonly Uint8Array[] | undefined;
  readonly released: boolean;
  readonly unicasts: readonly UnicastRecord[];
  readonly counter: number;
  readonly created: number;
}

/** Evidence documents that one outcome names. */
export const MAX_EVIDENCE = 8;

export type Outcome = Statement<OutcomeBody>;

export function signOutcome(body: OutcomeBody, statementKey: Signer): Outcome {
  return signStatement('keymoot.outcome.v1', body, outcomeJson, statementKey);
}

export function openOutcome(envelope: Envelope, roster: RosterBody): Result<Outcome, StatementError> {
  return openStatement(envelope, 'keymoot.outcome.v1', OUTCOME, (body) => partyOf(roster, body.party)?.statementKey);
}

function outcomeJson(body: OutcomeBody): Json {
  return {
    ...(body.abort === undefined ? {} : { abort: abortJson(body.abort) }),
    attempt: String(body.attempt),
    counter: String(body.counter),
    created: String(body.created),
    ...(body.evidence === undefined ? {} : { evidence: body.evidence.map(toHex) }),
    ...(body.exported === undefined ? {} : { exported: toHex(body.exported) }),
    ...(body.key === undefined ? {} : { key: keyJson(body.key) }),
    party: String(body.party),
    proposal: toHex(body.proposal),
    released: body.released,
    sessionId: toHex(body.sessionId),
    ...(body.signature === undefined ? {} : { signature: signatureJson(body.signature) }),
    unicasts: body.unicasts.map((unicast) => ({
      from: String(unicast.from),
      round: String(unicast.round),
      salted: toHex(unicast.salted),
      to: String(unicast.to),
      type: String(unicast.type),
    })),
  };
}

function abortJson(abort: AbortReport): Json {
  return {
    check: abort.check,
    culprits: abort.culprits.map(String),
    failure: abort.failure,
    ...(abort.joining === undefined ? {} : { joining: abort.joining.map(String) }),
  };
}

function keyJson(key: NewKey): Json {
  return {
    certificate: toHex(key.certificate),
    epochId: toHex(key.epochId),
    publicKey: toHex(key.publicKey),
    walletId: toHex(key.walletId),
  };
}

export function signatureJson(signature: EcdsaSignature): Json {
  return { r: toHex(signature.r), recovery: String(signature.recovery), s: toHex(signature.s) };
}

const DIGEST: Reader<Uint8Array> = bytes({ length: 32 });
const INDEX: Reader<number> = integer({ min: 1, max: MAX_PARTIES });
/** A reshare has the parties of two rosters at most. */
const MEMBER_NUMBER: Reader<number> = integer({ min: 1, max: 2 * MAX_PARTIES });

const OUTCOME: Reader<OutcomeBody> = object<OutcomeBody>({
  abort: optional(
    object<AbortReport>({
      check: text({ max: 40, pattern: /^[A-Za-z0-9_.-]*$/ }),
      culprits: array(INDEX, { max: MAX_PARTIES }),
      failure: text({ min: 1, max: 60, pattern: /^[A-Z][A-Z0-9_]*$/ }),
      joining: optional(array(INDEX, { min: 1, max: MAX_PARTIES })),
    }),
  ),
  attempt: integer({ min: 1, max: MAX_ATTEMPTS }),
  counter: COUNTER,
  created: UNIX_SECONDS,
  evidence: optional(array(DIGEST, { min: 1, max: MAX_EVIDENCE })),
  exported: optional(DIGEST),
  key: optional(
    object<NewKey>({ certificate: DIGEST, epochId: DIGEST, publicKey: bytes({ length: 33 }), walletId: DIGEST }),
  ),
  party: INDEX,
  proposal: DIGEST,
  released: boolean,
  sessionId: DIGEST,
  signature: optional(object<EcdsaSignature>({ r: DIGEST, recovery: integer({ max: 1 }), s: DIGEST })),
  unicasts: array(
    object<UnicastRecord>({
      from: MEMBER_NUMBER,
      round: integer({ max: 255 }),
      salted: DIGEST,
      to: MEMBER_NUMBER,
      type: integer({ max: 255 }),
    }),
    { max: 16 * MAX_PARTIES },
  ),
});
