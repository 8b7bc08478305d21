/**
 * A request for approval as a file: everything that an approver's device needs to read and judge one proposal by itself,
 * also if it is never connected to anything. Nothing in it is believed for standing there: the proposal carries the
 * operator's signature, the wallet its certificate, the policy its digest and its admins' signatures.
 */
import { APPROVAL_SCHEMA } from '../../protocol/ceremony/approval.ts';
import { ENVELOPE, type Envelope, envelopeJson } from '../../protocol/ceremony/statement.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { canonicalText, type Json } from '../../protocol/common/canonical-json.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { array, bytes, literal, object, optional, problem, type Reader, read } from '../../protocol/common/schema.ts';
import { parseStrictJson, toJson } from '../../protocol/common/strict-json.ts';

export const REQUEST_SCHEMA = 'keymoot.approval-request.v1';

/** Statements of other approvers that travel with it. */
const MAX_APPROVALS = 256;
/** Characters: a policy, a wallet with all its acknowledgements, a proposal with its payload, and approvals. */
const MAX_REQUEST: number = 3 << 20;

export interface ApprovalRequest {
  /** Not opened yet. */
  readonly proposal: Envelope;
  /** Document of the wallet that it names. */
  readonly wallet: Json;
  /** The key of a derived address, 33 bytes: only key holders can derive it, and each checks it. Absent for the root. */
  readonly key?: Uint8Array | undefined;
  /** The common policy of who made the request, canonical, and what its admins signed. */
  readonly policy: Json;
  readonly signatures: readonly Json[];
  /** What approvers have said so far, not opened yet. */
  readonly approvals: readonly Envelope[];
}

export function requestText(request: ApprovalRequest): string {
  const json: Json = {
    approvals: request.approvals.map(envelopeJson),
    ...(request.key === undefined ? {} : { key: toHex(request.key) }),
    policy: request.policy,
    proposal: envelopeJson(request.proposal),
    schema: REQUEST_SCHEMA,
    signatures: request.signatures,
    wallet: request.wallet,
  };
  return `${canonicalText(json)}\n`;
}

/** Fails with `APPROVAL_REQUEST`, naming the field. @param path where the text came from, for messages */
export function readRequest(text: string, path: string): ApprovalRequest {
  const parsed = parseStrictJson(text, { maxLength: MAX_REQUEST });
  const json = parsed.ok ? toJson(parsed.value, 'refuse') : parsed;
  if (!json.ok) throw new InvalidArgument('APPROVAL_REQUEST', path, json.error.message);
  const request = read(REQUEST, json.value);
  if (request.ok) return request.value;
  const { field, message } = request.error;
  throw new InvalidArgument('APPROVAL_REQUEST', field === '' ? path : `${path}, ${field}`, message);
}

const DOCUMENT: Reader<Json> = (value, field) => {
  return typeof value === 'object' && !Array.isArray(value) ? value : problem(field, 'must be an object');
};

const APPROVAL: Reader<Envelope> = (value, field) => {
  const envelope = ENVELOPE(value, field);
  return envelope.type === APPROVAL_SCHEMA ? envelope : problem(field, 'is not an approval');
};

const REQUEST: Reader<ApprovalRequest> = object<ApprovalRequest & { readonly schema: string }>({
  approvals: array(APPROVAL, { max: MAX_APPROVALS }),
  key: optional(bytes({ length: 33 })),
  policy: DOCUMENT,
  proposal: ENVELOPE,
  schema: literal(REQUEST_SCHEMA),
  signatures: array(DOCUMENT, { max: MAX_APPROVALS }),
  wallet: DOCUMENT,
});
