/**
 * The proposal: what an operator asks all parties to judge. It names everything that the session id will bind, and
 * carries the payload's bytes, never a digest. Times in it are claims; every party caps them by its own rules.
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
import type { Payload, PayloadKind } from '../payload/payload.ts';
import type { Signer } from './ed25519.ts';
import { MEMBER_NAME, operatorOf, type RosterBody } from './roster.ts';
import { type Envelope, openStatement, type Statement, type StatementError, signStatement } from './statement.ts';

/** In hex inside a body inside base64, a payload of this size still fits a statement frame. */
export const MAX_PAYLOAD_BYTES: number = 64 * 1024;
/** The first attempt and at most two more with fresh consents; then people look. */
export const MAX_ATTEMPTS = 3;
/** Longest life of a proposal, in seconds: seven days. */
export const MAX_PROPOSAL_LIFE: number = 7 * 24 * 3600;

interface ProposalHead {
  /** 32 bytes: the roster under which all of this happens. */
  readonly roster: Uint8Array;
  /** Operator name in the roster; its key signs. */
  readonly initiator: string;
  /** 16 random bytes: two otherwise equal wishes are two proposals. */
  readonly nonce: Uint8Array;
  readonly attempt: number;
  /** Digest of attempt - 1; absent in the first. */
  readonly previous?: Uint8Array | undefined;
  /** Digest of a rejected proposal that this one knowingly repeats. */
  readonly cites?: Uint8Array | undefined;
  /** Unix seconds. */
  readonly created: number;
  readonly expires: number;
  /** The proposer's own words, at most 140 characters; shown below the decode as a claim. */
  readonly note: string;
}

export interface KeygenProposal extends ProposalHead {
  readonly ceremony: 'keygen';
  /** The name that policies use for the new wallet. */
  readonly wallet: string;
  readonly exportable: boolean;
}

export interface SignProposal extends ProposalHead {
  readonly ceremony: 'sign';
  /** Name of the wallet, as given at its keygen. */
  readonly wallet: string;
  readonly walletId: Uint8Array;
  readonly epochId: Uint8Array;
  /** Non-hardened derivation path; empty for the root key. */
  readonly path: readonly number[];
  /** 20 bytes: the address that the path gives. */
  readonly address: Uint8Array;
  readonly payload: Payload;
}

export type ProposalBody = KeygenProposal | SignProposal;
export type Proposal = Statement<ProposalBody>;

export function signProposal(body: ProposalBody, operatorKey: Signer): Proposal {
  return signStatement('keymoot.proposal.v1', body, proposalJson, operatorKey);
}

export function openProposal(envelope: Envelope, roster: RosterBody): Result<Proposal, StatementError> {
  return openStatement(envelope, 'keymoot.proposal.v1', PROPOSAL, (body) => operatorOf(roster, body.initiator)?.key);
}

export function proposalJson(body: ProposalBody): Json {
  const head = {
    attempt: String(body.attempt),
    ceremony: body.ceremony,
    ...(body.cites === undefined ? {} : { cites: toHex(body.cites) }),
    created: String(body.created),
    expires: String(body.expires),
    initiator: body.initiator,
    nonce: toHex(body.nonce),
    note: body.note,
    ...(body.previous === undefined ? {} : { previous: toHex(body.previous) }),
    roster: toHex(body.roster),
    wallet: body.wallet,
  };
  if (body.ceremony === 'keygen') return { ...head, exportable: body.exportable };
  return {
    ...head,
    address: toHex(body.address),
    epoch: toHex(body.epochId),
    path: body.path.map(String),
    payload: { bytes: toHex(body.payload.bytes), kind: body.payload.kind },
    walletId: toHex(body.walletId),
  };
}

interface HeadFields extends Omit<ProposalHead, 'path'> {
  readonly ceremony: 'keygen' | 'sign';
  readonly wallet: string;
}

const DIGEST: Reader<Uint8Array> = bytes({ length: 32 });
export const UNIX_SECONDS: Reader<number> = integer({ max: 9_007_199_254_740_991 });

const HEAD = {
  attempt: integer({ min: 1, max: MAX_ATTEMPTS }),
  cites: optional(DIGEST),
  created: UNIX_SECONDS,
  expires: UNIX_SECONDS,
  initiator: MEMBER_NAME,
  nonce: bytes({ length: 16 }),
  note: text({ max: 140 }),
  previous: optional(DIGEST),
  roster: DIGEST,
  wallet: MEMBER_NAME,
} satisfies { readonly [K in keyof Omit<HeadFields, 'ceremony'>]-?: Reader<HeadFields[K]> };

const KEYGEN: Reader<KeygenProposal> = object<KeygenProposal>({
  ...HEAD,
  ceremony: literal('keygen'),
  exportable: boolean,
});

const PAYLOAD: Reader<Payload> = object<Payload>({
  bytes: bytes({ max: MAX_PAYLOAD_BYTES }),
  kind: literal<PayloadKind>('evm-transaction', 'evm-typed-data'),
});

interface SignFields extends HeadFields {
  readonly address: Uint8Array;
  readonly epoch: Uint8Array;
  readonly path: readonly number[];
  readonly payload: Payload;
  readonly walletId: Uint8Array;
}

const SIGN: Reader<SignFields> = object<SignFields>({
  ...HEAD,
  address: bytes({ length: 20 }),
  ceremony: literal('sign'),
  epoch: DIGEST,
  path: array(integer({ max: 2 ** 31 - 1 }), { max: 10 }),
  payload: PAYLOAD,
  walletId: DIGEST,
});

const PROPOSAL: Reader<ProposalBody> = (value, field) => {
  if (typeof value !== 'object' || Array.isArray(value)) return problem(field, 'must be an object');
  const body =
    (value as { readonly [key: string]: Json })['ceremony'] === 'keygen' ? KEYGEN(value, field) : sign(value, field);
  if (body.expires <= body.created) problem('expires', 'must be later than created');
  if (body.expires - body.created > MAX_PROPOSAL_LIFE) problem('expires', 'is more than seven days after created');
  if ((body.previous === undefined) !== (body.attempt === 1)) problem('previous', 'belongs to attempts 2 and 3 only');
  return body;
};

function sign(value: Json | undefined, field: string): SignProposal {
  const { epoch, ceremony: _, ...fields } = SIGN(value, field);
  return { ...fields, ceremony: 'sign', epochId: epoch };
}
