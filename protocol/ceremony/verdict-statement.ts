/**
 * One party's signed answer to a proposal: a consent, or a rejection with its reasons. Both are the same statement, so
 * a refusal is as provable as a consent. Everything the party computed for itself stands in it; the session id binds
 * the digests of the consents, so parties that saw different things cannot complete a session.
 */
import { toHex } from '../common/bytes.ts';
import type { Json } from '../common/canonical-json.ts';
import type { Result } from '../common/result.ts';
import {
  array,
  boolean,
  bytes,
  integer,
  literal,
  object,
  optional,
  problem,
  type Reader,
  text,
} from '../common/schema.ts';
import { MAX_APPROVERS } from '../policy/limits.ts';
import type { Obligations } from '../policy/verdict.ts';
import type { Signer } from './ed25519.ts';
import { OBLIGATIONS, obligationsJson } from './obligations.ts';
import { MAX_ATTEMPTS, UNIX_SECONDS } from './proposal.ts';
import { MAX_PARTIES, partyOf, type RosterBody } from './roster.ts';
import { type Envelope, openStatement, type Statement, type StatementError, signStatement } from './statement.ts';

export interface PolicyReference {
  readonly digest: Uint8Array;
  readonly version: number;
}

/** What the party itself made of the payload; absent as far as it could not be read. */
export interface Reading {
  /** 32 bytes: the digest that would be signed (`sign`), the configuration hash of a run, or that of an export. */
  readonly digest: Uint8Array;
  /** 32 bytes: digest of the canonical leaf tree; absent for all kinds but `sign`. */
  readonly tree?: Uint8Array | undefined;
  /**
   * 33 bytes: the key of the proposal's path, as this party derived it from the chain code, which only parties have.
   * Absent for the root key, which the certificate shows.
   */
  readonly key?: Uint8Array | undefined;
}

export interface VerdictReason {
  readonly code: string;
  readonly detail: string;
}

export interface VerdictBody {
  readonly proposal: Uint8Array;
  readonly attempt: number;
  readonly party: number;
  readonly decision: 'consent' | 'reject';
  readonly reading?: Reading | undefined;
  readonly commonPolicy?: PolicyReference | undefined;
  readonly ownPolicy?: PolicyReference | undefined;
  /** `allow`: policy alone; `require`: people had to approve, as `obligations` says; `deny`: policy refused. */
  readonly judgement: 'allow' | 'require' | 'deny';
  /** Whether the key holder answered by hand. */
  readonly byHand: boolean;
  /** Consents the rules demand (q), t..n, or the number of those that must agree; and rejections that end the proposal. */
  readonly consents: number;
  readonly rejections: number;
  /** Ids of the rules that matched, as `common/ID` or `own/ID`, sorted. */
  readonly rules: readonly string[];
  readonly reasons: readonly VerdictReason[];
  /** Risk codes found, sorted. */
  readonly risks: readonly string[];
  /**
   * 32 bytes: every comparison of the common policy with the payload, so that parties that judged alike can be seen to
   * have (docs/policy.md). Of a signing that was judged by a policy; absent else.
   */
  readonly trace?: Uint8Array | undefined;
  /** Of a signing judged `require`: what people had to do. */
  readonly obligations?: Obligations | undefined;
  /** Of a consent to such a signing: documents of the approvals it rests on, by digest, sorted; absent if none. */
  readonly approvals?: readonly Uint8Array[] | undefined;
  /** Of a signing: parties, ascending, with which this one is banned in the epoch; absent if there are none. */
  readonly separated?: readonly number[] | undefined;
  /** Digest of the document with everything else the judgement depended on. */
  readonly inputs: Uint8Array;
  /** A claim; a policy may deny by it, never allow. */
  readonly claimedSoftware: string;
  /** Grows with every statement this party signs. */
  readonly counter: number;
  readonly nonce: Uint8Array;
  readonly created: number;
  /** The consent is void afterwards; capped by the party's policy, not by the proposer. */
  readonly expires: number;
}

export type VerdictStatement = Statement<VerdictBody>;

export function signVerdict(body: VerdictBody, statementKey: Signer): VerdictStatement {
  return signStatement('keymoot.verdict.v1', body, verdictJson, statementKey);
}

export function openVerdict(envelope: Envelope, roster: RosterBody): Result<VerdictStatement, StatementError> {
  return openStatement(envelope, 'keymoot.verdict.v1', VERDICT, (body) => partyOf(roster, body.party)?.statementKey);
}

function policyJson(policy: PolicyReference): Json {
  return { digest: toHex(policy.digest), version: String(policy.version) };
}

function readingJson(reading: Reading): Json {
  return {
    digest: toHex(reading.digest),
    ...(reading.key === undefined ? {} : { key: toHex(reading.key) }),
    ...(reading.tree === undefined ? {} : { tree: toHex(reading.tree) }),
  };
}

function verdictJson(body: VerdictBody): Json {
  return {
    ...(body.approvals === undefined ? {} : { approvals: body.approvals.map(toHex) }),
    attempt: String(body.attempt),
    byHand: body.byHand,
    claimedSoftware: body.claimedSoftware,
    ...(body.commonPolicy === undefined ? {} : { commonPolicy: policyJson(body.commonPolicy) }),
    consents: String(body.consents),
    counter: String(body.counter),
    created: String(body.created),
    decision: body.decision,
    expires: String(body.expires),
    inputs: toHex(body.inputs),
    judgement: body.judgement,
    nonce: toHex(body.nonce),
    ...(body.obligations === undefined ? {} : { obligations: obligationsJson(body.obligations) }),
    ...(body.ownPolicy === undefined ? {} : { ownPolicy: policyJson(body.ownPolicy) }),
    party: String(body.party),
    proposal: toHex(body.proposal),
    ...(body.reading === undefined ? {} : { reading: readingJson(body.reading) }),
    reasons: body.reasons.map((reason) => ({ code: reason.code, detail: reason.detail })),
    rejections: String(body.rejections),
    risks: body.risks,
    rules: body.rules,
    ...(body.separated === undefined ? {} : { separated: body.separated.map(String) }),
    ...(body.trace === undefined ? {} : { trace: toHex(body.trace) }),
  };
}

const DIGEST: Reader<Uint8Array> = bytes({ length: 32 });
const CODE: Reader<string> = text({ min: 1, max: 60, pattern: /^[A-Z][A-Z0-9_]*$/ });
export const COUNTER: Reader<number> = integer({ min: 1, max: 9_007_199_254_740_991 });

const POLICY: Reader<PolicyReference> = object({ digest: DIGEST, version: integer({ min: 1, max: 1_000_000_000 }) });

const SHAPE: Reader<VerdictBody> = object<VerdictBody>({
  approvals: optional(array(DIGEST, { min: 1, max: MAX_APPROVERS })),
  attempt: integer({ min: 1, max: MAX_ATTEMPTS }),
  byHand: boolean,
  claimedSoftware: text({ max: 80, pattern: /^[\x20-\x7e]*$/ }),
  commonPolicy: optional(POLICY),
  consents: integer({ min: 1, max: MAX_PARTIES }),
  counter: COUNTER,
  created: UNIX_SECONDS,
  decision: literal('consent', 'reject'),
  expires: UNIX_SECONDS,
  inputs: DIGEST,
  judgement: literal('allow', 'require', 'deny'),
  nonce: bytes({ length: 16 }),
  obligations: optional(OBLIGATIONS),
  ownPolicy: optional(POLICY),
  party: integer({ min: 1, max: MAX_PARTIES }),
  proposal: DIGEST,
  reading: optional(object<Reading>({ digest: DIGEST, key: optional(bytes({ length: 33 })), tree: optional(DIGEST) })),
  reasons: array(object<VerdictReason>({ code: CODE, detail: text({ max: 400 }) }), { max: 64 }),
  rejections: integer({ min: 1, max: MAX_PARTIES }),
  risks: array(CODE, { max: 64 }),
  rules: array(text({ min: 1, max: 100 }), { max: 256 }),
  separated: optional(array(integer({ min: 1, max: MAX_PARTIES }), { min: 1, max: MAX_PARTIES })),
  trace: optional(DIGEST),
});

const VERDICT: Reader<VerdictBody> = (value, field) => {
  const body = SHAPE(value, field);
  const { approvals = [], party, separated = [] } = body;
  const isOrdered = separated.every((peer, i) => peer !== party && peer > (separated[i - 1] ?? 0));
  if (!isOrdered) return problem('separated', 'must be other parties in order of index');
  const names = approvals.map(toHex);
  if (!names.every((name, i) => name > (names[i - 1] ?? ''))) return problem('approvals', 'must be sorted, each once');
  return body;
};
