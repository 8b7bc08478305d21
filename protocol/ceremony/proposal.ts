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
import { MAX_PREIMAGES } from '../payload/limits.ts';
import { PAYLOAD_KINDS, type Payload, type PayloadKind } from '../payload/payload.ts';
import type { Signer } from './ed25519.ts';
import {
  EXPORT_FIELDS,
  type ExportTerms,
  exportJson,
  IMPORT_FIELDS,
  type ImportTerms,
  importJson,
  RESHARE_FIELDS,
  type ReshareTerms,
  reshareJson,
} from './proposal-terms.ts';
import { MEMBER_NAME, operatorOf, type RosterBody } from './roster.ts';
import {
  type Envelope,
  openStatement,
  readStatement,
  type Statement,
  type StatementError,
  signStatement,
} from './statement.ts';

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
  /** Name of the wallet, as its keygen or import gives it; policies use it. */
  readonly wallet: string;
}

export interface KeygenProposal extends ProposalHead {
  readonly ceremony: 'keygen';
  readonly exportable: boolean;
}

export interface SignProposal extends ProposalHead {
  readonly ceremony: 'sign';
  readonly walletId: Uint8Array;
  readonly epochId: Uint8Array;
  /** Non-hardened derivation path; empty for the root key. */
  readonly path: readonly number[];
  /** 20 bytes: the address that the path gives. */
  readonly address: Uint8Array;
  readonly payload: Payload;
}

export interface ReshareProposal extends ProposalHead, ReshareTerms {
  readonly ceremony: 'reshare';
}

export interface ImportProposal extends ProposalHead, ImportTerms {
  readonly ceremony: 'import';
}

export interface ExportProposal extends ProposalHead, ExportTerms {
  readonly ceremony: 'export';
}

export type ProposalBody = KeygenProposal | SignProposal | ReshareProposal | ImportProposal | ExportProposal;
export type CeremonyKind = ProposalBody['ceremony'];
/** Proposals out of which a wallet comes; its documents carry them for ever. */
export type OriginProposal = KeygenProposal | ImportProposal;
export type Proposal = Statement<ProposalBody>;

export function signProposal(body: ProposalBody, operatorKey: Signer): Proposal {
  return signStatement('keymoot.proposal.v1', body, proposalJson, operatorKey);
}

export function openProposal(envelope: Envelope, roster: RosterBody): Result<Proposal, StatementError> {
  return openStatement(envelope, 'keymoot.proposal.v1', PROPOSAL, (body) => operatorOf(roster, body.initiator)?.key);
}

/**
 * Reads the body of a proposal and checks nothing about who signed it: for a proposal that is bound by its digest, such
 * as the one that a wallet came from under an earlier roster.
 */
export function readProposal(envelope: Envelope): Result<Proposal, StatementError> {
  return readStatement(envelope, 'keymoot.proposal.v1', PROPOSAL);
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
  switch (body.ceremony) {
    case 'keygen':
      return { ...head, exportable: body.exportable };
    case 'reshare':
      return { ...head, ...reshareJson(body) };
    case 'import':
      return { ...head, ...importJson(body) };
    case 'export':
      return { ...head, ...exportJson(body) };
    default:
      return {
        ...head,
        address: toHex(body.address),
        epoch: toHex(body.epochId),
        path: body.path.map(String),
        payload: payloadJson(body.payload),
        walletId: toHex(body.walletId),
      };
  }
}

function payloadJson({ bytes, kind, preimages }: Payload): Json {
  return { bytes: toHex(bytes), kind, ...(preimages === undefined ? {} : { preimages: preimages.map(toHex) }) };
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
} satisfies { readonly [K in keyof ProposalHead]-?: Reader<ProposalHead[K]> };

const KEYGEN: Reader<KeygenProposal> = object<KeygenProposal>({
  ...HEAD,
  ceremony: literal('keygen'),
  exportable: boolean,
});

const PAYLOAD: Reader<Payload> = (value, field) => {
  const payload = PAYLOAD_FIELDS(value, field);
  const size = (payload.preimages ?? []).reduce((sum, preimage) => sum + preimage.length, payload.bytes.length);
  return size <= MAX_PAYLOAD_BYTES ? payload : problem(field, `is larger than ${MAX_PAYLOAD_BYTES} bytes`);
};

const PAYLOAD_FIELDS: Reader<Payload> = object<Payload>({
  bytes: bytes({ max: MAX_PAYLOAD_BYTES }),
  kind: literal<PayloadKind>(...PAYLOAD_KINDS),
  preimages: optional(array(bytes({ max: MAX_PAYLOAD_BYTES }), { min: 1, max: MAX_PREIMAGES })),
});

/** In bodies `epochId` is called `epoch`. */
type Written<T extends { readonly epochId: Uint8Array }> = Omit<T, 'epochId'> & { readonly epoch: Uint8Array };

const SIGN: Reader<Written<SignProposal>> = object<Written<SignProposal>>({
  ...HEAD,
  address: bytes({ length: 20 }),
  ceremony: literal('sign'),
  epoch: DIGEST,
  path: array(integer({ max: 2 ** 31 - 1 }), { max: 10 }),
  payload: PAYLOAD,
  walletId: DIGEST,
});

const RESHARE: Reader<Written<ReshareProposal>> = object<Written<ReshareProposal>>({
  ...HEAD,
  ...RESHARE_FIELDS,
  ceremony: literal('reshare'),
});

const IMPORT: Reader<ImportProposal> = object<ImportProposal>({
  ...HEAD,
  ...IMPORT_FIELDS,
  ceremony: literal('import'),
});

const EXPORT: Reader<Written<ExportProposal>> = object<Written<ExportProposal>>({
  ...HEAD,
  ...EXPORT_FIELDS,
  ceremony: literal('export'),
});

const PROPOSAL: Reader<ProposalBody> = (value, field) => {
  if (value === undefined || typeof value !== 'object' || Array.isArray(value)) {
    return problem(field, 'must be an object');
  }
  const body = bodyOf(value as { readonly [key: string]: Json }, field);
  if (body.expires <= body.created) problem('expires', 'must be later than created');
  if (body.expires - body.created > MAX_PROPOSAL_LIFE) problem('expires', 'is more than seven days after created');
  if ((body.previous === undefined) !== (body.attempt === 1)) problem('previous', 'belongs to attempts 2 and 3 only');
  return body;
};

function bodyOf(value: { readonly [key: string]: Json }, field: string): ProposalBody {
  switch (value['ceremony']) {
    case 'keygen':
      return KEYGEN(value, field);
    case 'reshare':
      return named(RESHARE(value, field));
    case 'import':
      return IMPORT(value, field);
    case 'export':
      return named(EXPORT(value, field));
    default:
      return named(SIGN(value, field));
  }
}

function named<T extends { readonly epoch: Uint8Array }>(
  written: T,
): Omit<T, 'epoch'> & { readonly epochId: Uint8Array } {
  const { epoch, ...fields } = written;
  return { ...fields, epochId: epoch };
}
