/**
 * Statements: DSSE envelopes with exactly one signature over `PAE(type, body)`: Ed25519, or of an approver's SSH key
 * what ssh-keygen makes of the same bytes. The body is canonical JSON, the envelope itself too, so an envelope has one
 * byte form. Which key must have signed is looked up by the author named in the body; no key id travels. A statement's
 * identity is its body digest, never its envelope.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { base64 } from '@scure/base';
import { concat, toHex, utf8 } from '../common/bytes.ts';
import { canonicalBytes, type Json, parseCanonical } from '../common/canonical-json.ts';
import { err, ok, type Result } from '../common/result.ts';
import { array, object, problem, type Reader, read, type SchemaProblem, text } from '../common/schema.ts';
import { type PublicKey, type Signer, verify } from './ed25519.ts';

export const STATEMENT_TYPES = [
  'keymoot.roster-signature.v1',
  'keymoot.proposal.v1',
  'keymoot.verdict.v1',
  'keymoot.start.v1',
  'keymoot.withdrawal.v1',
  'keymoot.outcome.v1',
  'keymoot.close.v1',
  'keymoot.heads.v1',
  'keymoot.sealed-share.v1',
  'keymoot.ban-lift.v1',
  'keymoot.approval.v1',
  'keymoot.settlement.v1',
  'keymoot.policy-version.v1',
  'keymoot.policy-veto.v1',
  'keymoot.freeze.v1',
  'keymoot.thaw.v1',
] as const;

export type StatementType = (typeof STATEMENT_TYPES)[number];

/** Types that an approver may sign, with an SSH key too. All others carry the 64 bytes of Ed25519 and nothing else. */
const BY_APPROVERS: ReadonlySet<StatementType> = new Set<StatementType>([
  'keymoot.approval.v1',
  'keymoot.policy-version.v1',
  'keymoot.policy-veto.v1',
  'keymoot.freeze.v1',
  'keymoot.thaw.v1',
]);

/** Whether `signature` is one over `message` by the one key that this stands for. */
export type Verifier = (message: Uint8Array, signature: Uint8Array) => boolean;

export interface StatementError {
  readonly code: 'STATEMENT_MALFORMED' | 'STATEMENT_TYPE' | 'STATEMENT_SIGNATURE';
  readonly message: string;
}

/** A well-formed envelope whose signature has not been checked yet. */
export interface Envelope {
  readonly type: StatementType;
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
  /** The canonical envelope, as it travels and is stored. */
  readonly bytes: Uint8Array;
}

/** A statement that its author signed. `digest` names it everywhere. */
export interface Statement<T> {
  readonly type: StatementType;
  readonly body: T;
  /** 32 bytes, SHA-256 of PAE(type, body). */
  readonly digest: Uint8Array;
  readonly envelope: Envelope;
}

/** 32-byte identity of the statement with this type and body. */
export function statementDigest(type: StatementType, body: Uint8Array): Uint8Array {
  return sha256(signedBytes(type, body));
}

export function signStatement<T>(type: StatementType, body: T, write: (body: T) => Json, signer: Signer): Statement<T> {
  const bytes = canonicalBytes(write(body));
  const envelope = sealEnvelope(type, bytes, signer.sign(signedBytes(type, bytes)));
  return { type, body, digest: statementDigest(type, bytes), envelope };
}

/** Of a statement that another program signs: the bytes of its canonical body, and its envelope with that signature. */
export function sealEnvelope(type: StatementType, body: Uint8Array, signature: Uint8Array): Envelope {
  const partial = { type, body, signature, bytes: new Uint8Array() };
  return { ...partial, bytes: canonicalBytes(envelopeJson(partial)) };
}

/** Reads an envelope strictly; says nothing yet about who signed. */
export function parseEnvelope(bytes: Uint8Array): Result<Envelope, StatementError> {
  const json = parseCanonical(bytes);
  return json.ok ? envelopeOf(json.value, bytes.slice()) : malformed(`the envelope is ${json.error}`);
}

export function envelopeFromJson(json: Json): Result<Envelope, StatementError> {
  return envelopeOf(json, canonicalBytes(json));
}

/** @param bytes the canonical form of `json`. There is one: base64 with stray bits or other padding is not decoded. */
function envelopeOf(json: Json, bytes: Uint8Array): Result<Envelope, StatementError> {
  const shape = read(SHAPE, json);
  if (!shape.ok) return malformed(`${shape.error.field} ${shape.error.message}`);
  const type = STATEMENT_TYPES.find((known) => known === shape.value.payloadType);
  if (type === undefined) return err({ code: 'STATEMENT_TYPE', message: 'the statement has an unknown type' });
  try {
    const signature = base64.decode(shape.value.signatures[0]?.sig ?? '');
    if (signature.length > MAX_PLAIN_SIGNATURE && !BY_APPROVERS.has(type))
      return malformed('the signature is too long');
    return ok({ type, body: base64.decode(shape.value.payload), signature, bytes });
  } catch {
    return malformed('the envelope is not standard padded base64');
  }
}

export function envelopeJson(envelope: Envelope): Json {
  return {
    payload: base64.encode(envelope.body),
    payloadType: envelope.type,
    signatures: [{ sig: base64.encode(envelope.signature) }],
  };
}

/**
 * Reads the body and checks the signature by the key that the body's own author field points to.
 *
 * @param keyOf the roster's key of the author named in the body, or what verifies an approver's; undefined if there is
 *   no such author
 */
export function openStatement<T>(
  envelope: Envelope,
  type: StatementType,
  reader: Reader<T>,
  keyOf: (body: T) => PublicKey | Verifier | undefined,
): Result<Statement<T>, StatementError> {
  const statement = readStatement(envelope, type, reader);
  if (!statement.ok) return statement;
  const key = keyOf(statement.value.body);
  if (key === undefined) return err({ code: 'STATEMENT_SIGNATURE', message: 'its author is not in the roster' });
  const message = signedBytes(type, envelope.body);
  const isSigned =
    typeof key === 'function' ? key(message, envelope.signature) : verify(key, message, envelope.signature);
  if (isSigned) return statement;
  return err({ code: 'STATEMENT_SIGNATURE', message: 'its signature does not verify under its author’s key' });
}

/** The same without its signature: only for a statement whose digest is bound by something that was verified. */
export function readStatement<T>(
  envelope: Envelope,
  type: StatementType,
  reader: Reader<T>,
): Result<Statement<T>, StatementError> {
  if (envelope.type !== type) return err({ code: 'STATEMENT_TYPE', message: `expected a ${type} statement` });
  const json = parseCanonical(envelope.body);
  if (!json.ok) return malformed(`the body is ${json.error}`);
  const body = read(reader, json.value);
  if (!body.ok) return malformed(describeProblem(body.error));
  return ok({ type, body: body.value, digest: statementDigest(type, envelope.body), envelope });
}

export function describeProblem(problem: SchemaProblem): string {
  return `${problem.field === '' ? 'it' : problem.field} ${problem.message}`;
}

/** Hex of the first 8 bytes of a digest: how ceremonies are called on screens; never used to identify anything. */
export function shortName(digest: Uint8Array): string {
  return toHex(digest.subarray(0, 8));
}

/** Reads an envelope that stands inside another document. */
export const ENVELOPE: Reader<Envelope> = (value, field) => {
  const envelope = value === undefined ? undefined : envelopeFromJson(value);
  return envelope?.ok ? envelope.value : problem(field, 'is not a signed statement');
};

/** Bytes of what can be Ed25519's 64, as far as the envelope alone is read. */
const MAX_PLAIN_SIGNATURE = 66;
/** Characters in base64; a signature by a security key names its application, and is the longest. */
const MAX_SIGNATURE = 800;

const SHAPE: Reader<{
  readonly payload: string;
  readonly payloadType: string;
  readonly signatures: readonly { readonly sig: string }[];
}> = object({
  payload: text({ max: 400_000 }),
  payloadType: text({ max: 64 }),
  signatures: array(object({ sig: text({ max: MAX_SIGNATURE }) }), { min: 1, max: 1 }),
});

/** What a signature of a statement covers, DSSE v1 pre-authentication encoding of its type and its canonical body. */
export function signedBytes(type: StatementType | 'keymoot.address-entry.v1', body: Uint8Array): Uint8Array {
  return concat(utf8(`DSSEv1 ${utf8(type).length} ${type} ${body.length} `), body);
}

function malformed(message: string): Result<never, StatementError> {
  return err({ code: 'STATEMENT_MALFORMED', message });
}
