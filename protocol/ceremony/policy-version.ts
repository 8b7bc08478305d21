/**
 * What admins sign about a version of the common policy, how a signed version travels, and how anybody of those concerned
 * stops one that has not taken effect (docs/governance.md).
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, fromHex, toHex, utf8 } from '../common/bytes.ts';
import { canonicalBytes, type Json } from '../common/canonical-json.ts';
import { err, type Result } from '../common/result.ts';
import { array, bytes, integer, literal, object, type Reader, read, text } from '../common/schema.ts';
import { canonicalPolicy, policyDigest } from '../policy/canonical.ts';
import { MAX_SIGNATURES } from '../policy/limits.ts';
import { type PolicyProblem, readPolicy } from '../policy/parse.ts';
import type { Policy } from '../policy/prepare.ts';
import { approverVerifier } from './approver-key.ts';
import type { Signer } from './ed25519.ts';
import { UNIX_SECONDS } from './proposal.ts';
import { MEMBER_NAME, type RosterBody } from './roster.ts';
import { freezeGroup, SPEAKER, speakerKey } from './speaker.ts';
import {
  describeProblem,
  ENVELOPE,
  type Envelope,
  envelopeJson,
  openStatement,
  type Statement,
  type StatementError,
  sealEnvelope,
  signStatement,
} from './statement.ts';

export interface PolicyVersionBody {
  /** Digest of the version that is to take effect. */
  readonly policy: Uint8Array;
  /** Digest of the version that it replaces. */
  readonly parent: Uint8Array;
  readonly id: string;
  readonly version: number;
  /** Name among the approvers of the parent. */
  readonly approver: string;
  /** Unix seconds. */
  readonly created: number;
}

export type PolicyVersion = Statement<PolicyVersionBody>;

export interface PolicyVetoBody {
  /** Digest of the version that never takes effect. */
  readonly policy: Uint8Array;
  /** `party:INDEX`, or `approver:NAME` of the freeze group. */
  readonly author: string;
  /** The author's own words, at most 140 characters. */
  readonly reason: string;
  readonly created: number;
}

export type PolicyVeto = Statement<PolicyVetoBody>;

const VERSION = 'keymoot.policy-version.v1';
const VETO = 'keymoot.policy-veto.v1';
/** Schema of the document in which a version travels with its signatures. */
export const ANNOUNCEMENT_SCHEMA = 'keymoot.policy-announcement.v1';

/** What an admin signs for a version; undefined if it names no parent. */
export function versionBody(policy: Policy, approver: string, created: number): PolicyVersionBody | undefined {
  const { id, parentHash, version } = policy.document;
  const parent = parentHash === undefined ? undefined : fromHex(parentHash.slice(2));
  return parent && { policy: policyDigest(policy), parent, id, version, approver, created };
}

export function signPolicyVersion(body: PolicyVersionBody, key: Signer): PolicyVersion {
  return signStatement(VERSION, body, versionJson, key);
}

/** The statement with a signature that another program made. */
export function policyVersionEnvelope(body: PolicyVersionBody, signature: Uint8Array): Envelope {
  return sealEnvelope(VERSION, canonicalBytes(versionJson(body)), signature);
}

/** @param parent the version in force, whose approvers decide on the next one */
export function openPolicyVersion(envelope: Envelope, parent: Policy): Result<PolicyVersion, StatementError> {
  return openStatement(envelope, VERSION, VERSION_BODY, ({ approver }) => {
    const known = parent.document.approvers?.get(approver);
    return known && approverVerifier(known.key, VERSION);
  });
}

export function signPolicyVeto(body: PolicyVetoBody, key: Signer): PolicyVeto {
  return signStatement(VETO, body, vetoJson, key);
}

/** The veto with a signature that another program made, `ssh-keygen -Y sign -n keymoot.policy-veto.v1`. */
export function policyVetoEnvelope(body: PolicyVetoBody, signature: Uint8Array): Envelope {
  return sealEnvelope(VETO, canonicalBytes(vetoJson(body)), signature);
}

/** Operators propose payments; they have no say in policies. */
export function openPolicyVeto(
  envelope: Envelope,
  roster: RosterBody,
  policy: Policy | undefined,
): Result<PolicyVeto, StatementError> {
  return openStatement(envelope, VETO, VETO_BODY, ({ author }) =>
    author.startsWith('operator:') ? undefined : speakerKey(author, roster, policy, freezeGroup(policy), VETO),
  );
}

/** The policy and all signatures that came with it: what nodes tell each other, and what a file may hold. */
export function announcementOf(policy: Policy): Json {
  return { policy: canonicalPolicy(policy), schema: ANNOUNCEMENT_SCHEMA, signatures: policy.signatures };
}

export function readAnnouncement(json: Json): Result<Policy, Omit<PolicyProblem, 'code'> & { readonly code: string }> {
  const document = read(ANNOUNCEMENT, json);
  if (!document.ok) {
    return err({ code: 'STATEMENT_MALFORMED', field: document.error.field, message: describeProblem(document.error) });
  }
  const { policy, signatures } = document.value;
  return readPolicy(policy, signatures.map(envelopeJson));
}

/** By this name a node asks for the announcement of a version whose digest it knows as a parent. */
export function announcementName(policy: Uint8Array): Uint8Array {
  return sha256(concat(utf8(`${ANNOUNCEMENT_SCHEMA}\0`), policy));
}

/** The file form: the policy's own fields with `signatures` beside them. */
export function signedFile(policy: Policy, signatures: readonly Json[]): Json {
  const fields = canonicalPolicy(policy) as { readonly [name: string]: Json };
  return signatures.length === 0 ? fields : { ...fields, signatures };
}

function versionJson(body: PolicyVersionBody): Json {
  return {
    approver: body.approver,
    created: String(body.created),
    id: body.id,
    parent: toHex(body.parent),
    policy: toHex(body.policy),
    version: String(body.version),
  };
}

function vetoJson(body: PolicyVetoBody): Json {
  return {
    author: body.author,
    created: String(body.created),
    policy: toHex(body.policy),
    reason: body.reason,
  };
}

const DIGEST: Reader<Uint8Array> = bytes({ length: 32 });

const VERSION_BODY: Reader<PolicyVersionBody> = object<PolicyVersionBody>({
  approver: MEMBER_NAME,
  created: UNIX_SECONDS,
  id: MEMBER_NAME,
  parent: DIGEST,
  policy: DIGEST,
  version: integer({ min: 1, max: 1_000_000_000 }),
});

const VETO_BODY: Reader<PolicyVetoBody> = object<PolicyVetoBody>({
  author: SPEAKER,
  created: UNIX_SECONDS,
  policy: DIGEST,
  reason: text({ max: 140 }),
});

const ANNOUNCEMENT: Reader<{
  readonly policy: Json;
  readonly schema: string;
  readonly signatures: readonly Envelope[];
}> = object({
  policy: (value: Json | undefined): Json => value ?? '',
  schema: literal(ANNOUNCEMENT_SCHEMA),
  signatures: array(ENVELOPE, { max: MAX_SIGNATURES }),
});
