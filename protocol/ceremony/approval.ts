/**
 * What an approver says about one proposal. It names what its own device computed from the payload's bytes, the one
 * policy it judged by and the one proposal it is about, so it is worth nothing for another digest, attempt, session,
 * epoch or chain, and nothing after its end (docs/approvals.md).
 */
import { toHex } from '../common/bytes.ts';
import { canonicalBytes, type Json } from '../common/canonical-json.ts';
import type { Result } from '../common/result.ts';
import { bytes, integer, literal, object, problem, type Reader, text } from '../common/schema.ts';
import type { Policy } from '../policy/prepare.ts';
import { approverVerifier } from './approver-key.ts';
import type { Signer } from './ed25519.ts';
import { UNIX_SECONDS } from './proposal.ts';
import { MEMBER_NAME } from './roster.ts';
import {
  ENVELOPE,
  type Envelope,
  envelopeJson,
  openStatement,
  type Statement,
  type StatementError,
  sealEnvelope,
  signedBytes,
  signStatement,
} from './statement.ts';
import type { PolicyReference } from './verdict-statement.ts';

/** `cancel` takes an approval back; like a rejection it beats every approval of the same approver, whatever the order. */
export type ApprovalDecision = 'approve' | 'reject' | 'cancel';

export interface ApprovalBody {
  readonly roster: Uint8Array;
  /** 32 bytes: this attempt of this proposal, and no other. */
  readonly proposal: Uint8Array;
  /** Name of the wallet. */
  readonly wallet: string;
  readonly epoch: Uint8Array;
  /** Decimal, or `any` if the payload names no chain. */
  readonly chainId: string;
  /** 32 bytes each, as the approver's own device computed them from the payload's bytes. */
  readonly digest: Uint8Array;
  readonly tree: Uint8Array;
  /** The common policy that the approver's device judged by. */
  readonly policy: PolicyReference;
  readonly decision: ApprovalDecision;
  /** Name among the approvers of that policy. */
  readonly approver: string;
  /** The approver's own words, at most 140 characters. */
  readonly comment: string;
  readonly nonce: Uint8Array;
  /** Unix seconds. */
  readonly created: number;
  readonly expires: number;
}

export type Approval = Statement<ApprovalBody>;

const TYPE = 'keymoot.approval.v1';

/** Schema of the document that carries an approval. */
export const APPROVAL_SCHEMA: string = TYPE;

export function signApproval(body: ApprovalBody, key: Signer): Approval {
  return signStatement(TYPE, body, approvalJson, key);
}

/** The exact bytes that `ssh-keygen -Y sign -n keymoot.approval.v1` signs. */
export function approvalMessage(body: ApprovalBody): Uint8Array {
  return signedBytes(TYPE, canonicalBytes(approvalJson(body)));
}

/** The approval with a signature that another program made. Whether it is one, `openApproval` says. */
export function approvalEnvelope(body: ApprovalBody, signature: Uint8Array): Envelope {
  return sealEnvelope(TYPE, canonicalBytes(approvalJson(body)), signature);
}

/** @param policy the common policy, whose approvers may speak */
export function openApproval(envelope: Envelope, policy: Policy): Result<Approval, StatementError> {
  return openStatement(envelope, TYPE, APPROVAL, ({ approver }) => {
    const known = policy.document.approvers?.get(approver);
    return known && approverVerifier(known.key, TYPE);
  });
}

/** How an approval travels and is kept: consents name the digest of this document. */
export function approvalDocument({ envelope }: Approval): Json {
  return { schema: TYPE, statement: envelopeJson(envelope) };
}

/** Reads such a document; whether the statement in it is signed, `openApproval` says. */
export const APPROVAL_DOCUMENT: Reader<{ readonly schema: string; readonly statement: Envelope }> = object({
  schema: literal(TYPE),
  statement: ENVELOPE,
});

function approvalJson(body: ApprovalBody): Json {
  return {
    approver: body.approver,
    chainId: body.chainId,
    comment: body.comment,
    created: String(body.created),
    decision: body.decision,
    digest: toHex(body.digest),
    epoch: toHex(body.epoch),
    expires: String(body.expires),
    nonce: toHex(body.nonce),
    policy: { digest: toHex(body.policy.digest), version: String(body.policy.version) },
    proposal: toHex(body.proposal),
    roster: toHex(body.roster),
    tree: toHex(body.tree),
    wallet: body.wallet,
  };
}

const DIGEST: Reader<Uint8Array> = bytes({ length: 32 });

const SHAPE: Reader<ApprovalBody> = object<ApprovalBody>({
  approver: MEMBER_NAME,
  chainId: text({ min: 1, max: 78, pattern: /^(any|0|[1-9][0-9]*)$/ }),
  comment: text({ max: 140 }),
  created: UNIX_SECONDS,
  decision: literal('approve', 'reject', 'cancel'),
  digest: DIGEST,
  epoch: DIGEST,
  expires: UNIX_SECONDS,
  nonce: bytes({ length: 16 }),
  policy: object<PolicyReference>({ digest: DIGEST, version: integer({ min: 1, max: 1_000_000_000 }) }),
  proposal: DIGEST,
  roster: DIGEST,
  tree: DIGEST,
  wallet: MEMBER_NAME,
});

const APPROVAL: Reader<ApprovalBody> = (value, field) => {
  const body = SHAPE(value, field);
  return body.expires > body.created ? body : problem('expires', 'must be later than created');
};
