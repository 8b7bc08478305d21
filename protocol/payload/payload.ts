/**
 * Begin here: payload bytes in, `Decoded` out (design: the one path). There is no kind for a bare digest; a digest
 * exists only as the result of a decode, computed by the party that will sign it.
 */
import { equalBytes } from '../common/bytes.ts';
import { ok, type Result } from '../common/result.ts';
import type { Address } from './address.ts';
import { agreeAuthorization, agreeMessage, agreeTransaction, SECOND_READING } from './agree.ts';
import {
  type Authorization,
  authorizationDigest,
  decodeAuthorization,
  authorizationPayload as encodeAuthorization,
} from './authorization.ts';
import type { Call, Leaf } from './calldata/call.ts';
import { expand, type Frame, flatten, isLeaf } from './calldata/expand.ts';
import { keccak256 } from './keccak.ts';
import { DECODE_LIMITS, type DecodeLimits } from './limits.ts';
import { decodeMessage, type Message, messageDigest } from './message.ts';
import { type Preimage, Preimages } from './preimages.ts';
import { guarded, type PayloadProblem, PayloadRefusal, refuse } from './refusal.ts';
import type { SafeTx } from './safe-tx.ts';
import { secondAuthorization, secondMessage, secondTransaction } from './second-decoder.ts';
import { decodeTransaction, encodeTransaction, type Transaction } from './transaction.ts';
import type { TypedData } from './typed-data/reading.ts';
import { readTypedData } from './typed-data.ts';

/**
 * All kinds that exist. `evm-transaction`: unsigned serialised bytes; `evm-typed-data` and `evm-message`: canonical JSON
 * text; `evm-authorization`: the bytes that EIP-7702 hashes.
 */
export const PAYLOAD_KINDS = ['evm-transaction', 'evm-typed-data', 'evm-message', 'evm-authorization'] as const;
export type PayloadKind = (typeof PAYLOAD_KINDS)[number];

export interface Payload {
  readonly kind: PayloadKind;
  readonly bytes: Uint8Array;
  /**
   * Typed data in canonical form (Safe transactions), each the content of a hash that the payload holds without it: of
   * a message of 32 bytes, or in a call of `approveHash`. Absent or not empty; each is needed, or the payload is refused.
   */
  readonly preimages?: readonly Uint8Array[] | undefined;
}

declare const decodedBrand: unique symbol;

/** A payload that both decoders read alike and that encodes back to itself. Only `decode` makes one. */
export interface Decoded {
  readonly [decodedBrand]: true;
  /** A copy of the received bytes, no longer shared with the caller. */
  readonly payload: Payload;
  /** 32 bytes: what the signature will be over. */
  readonly digest: Uint8Array;
  /**
   * `undefined`: the signature is valid on every chain, or no chain is named (a Safe before 1.3, a domain without chain
   * id, an authorization for chain 0, a message).
   */
  readonly chainId: bigint | undefined;
  /** Set for `evm-transaction`. */
  readonly transaction: Transaction | undefined;
  /** Set for `evm-typed-data` with primaryType SafeTx, and for an `evm-message` of 32 bytes that is the hash of one. */
  readonly safeTx: SafeTx | undefined;
  /** Set for `evm-typed-data`. */
  readonly typedData: TypedData | undefined;
  /** Set for `evm-message`. */
  readonly message: Message | undefined;
  /** Set for `evm-authorization`. */
  readonly authorization: Authorization | undefined;
  /** The outermost call; what it wraps hangs below it. */
  readonly root: Call;
  /** Every call, in order of execution, wrappers before what they wrap. */
  readonly calls: readonly Call[];
  /** The calls that do something themselves, in the same order. */
  readonly leaves: readonly Leaf[];
}

/** Decodes and cross-checks a payload. Never throws on any bytes; a refusal names its code. */
export function decode(payload: Payload, limits: DecodeLimits = DECODE_LIMITS): Result<Decoded, PayloadProblem> {
  return guarded('DECODER_FAILED', () => {
    const copied = copyOf(payload, limits);
    switch (payload.kind) {
      case 'evm-transaction':
        return ok(transactionPayload(copied, limits));
      case 'evm-typed-data':
        return ok(typedDataPayload(copied, limits));
      case 'evm-message':
        return ok(messagePayload(copied, limits));
      case 'evm-authorization':
        return ok(authorizationPayload(copied, limits));
      default:
        return refuse('UNSUPPORTED_KIND');
    }
  });
}

/**
 * Whether the bytes of `decoded` still are what was decoded. Checked again before each message that depends on them,
 * since memory that others can reach may change between a person's approval and the signature.
 */
export function isIntact(decoded: Decoded): boolean {
  const again = decode(decoded.payload);
  return again.ok && equalBytes(again.value.digest, decoded.digest);
}

/** What most kinds lack. */
const NOTHING = {
  transaction: undefined,
  safeTx: undefined,
  typedData: undefined,
  message: undefined,
  authorization: undefined,
} as const;

function transactionPayload(payload: Payload, limits: DecodeLimits): Decoded {
  const { bytes } = payload;
  const transaction = readTransaction(bytes);
  if (!equalBytes(encodeTransaction(transaction), bytes)) refuse('REENCODE_MISMATCH');
  const digest = keccak256(bytes);
  agreeTransaction(transaction, digest, secondTransaction(bytes));
  const { to, value, data, chainId } = transaction;
  const inside = transaction.authorizations.map((signed) => delegation(signed, authorizationDigest(signed)));
  const frame: Frame = { operation: to === undefined ? 'create' : 'call', from: 'wallet', to, value, data, inside };
  const tree = opened(frame, preimagesOf(payload, chainId), limits);
  return made({ ...NOTHING, payload, digest, chainId, transaction, ...tree });
}

function typedDataPayload(payload: Payload, limits: DecodeLimits): Decoded {
  const { safeTx, typedData, digest, chainId, frame } = readTypedData(payload.bytes);
  const tree = opened(frame, preimagesOf(payload, chainId), limits);
  return made({ ...NOTHING, payload, digest, chainId, safeTx, typedData, ...tree });
}

/** Bytes in a Safe's form of signature check, and so of every hash that a contract compares. */
const HASH_LENGTH = 32;

function messagePayload(payload: Payload, limits: DecodeLimits): Decoded {
  const message = decodeMessage(payload.bytes);
  const digest = messageDigest(message);
  agreeMessage(message, digest, secondMessage(payload.bytes));
  const preimages = preimagesOf(payload, undefined);
  const content = message.bytes.length === HASH_LENGTH ? contentOf(message, preimages) : undefined;
  const frame: Frame = {
    operation: 'authorize',
    from: 'wallet',
    to: content?.safeTx.safe,
    value: 0n,
    data: new Uint8Array(0),
    grant: { digest, call: undefined, movements: [] },
    inside: content === undefined ? [] : [content.frame],
  };
  const { chainId, safeTx } = content ?? NOTHING_BEHIND;
  return made({ ...NOTHING, payload, digest, chainId, safeTx, message, ...opened(frame, preimages, limits) });
}

const NOTHING_BEHIND = { chainId: undefined, safeTx: undefined } as const;

/** Text of that length too: a Safe transaction whose hash is printable can be found by trying. */
function contentOf(message: Message, preimages: Preimages): Preimage {
  const content = preimages.take(message.bytes);
  if (content !== undefined) return content;
  return preimages.size === 0 ? refuse('OPAQUE_MESSAGE') : refuse('PREIMAGE_MISMATCH', 'the message is another hash');
}

function authorizationPayload(payload: Payload, limits: DecodeLimits): Decoded {
  const authorization = decodeAuthorization(payload.bytes);
  if (!equalBytes(encodeAuthorization(authorization), payload.bytes)) refuse('REENCODE_MISMATCH');
  const digest = authorizationDigest(authorization);
  agreeAuthorization(authorization, digest, secondAuthorization(payload.bytes));
  const chainId = authorization.chainId === 0n ? undefined : authorization.chainId;
  const tree = opened(delegation(authorization, digest), preimagesOf(payload, chainId), limits);
  return made({ ...NOTHING, payload, digest, chainId, authorization, ...tree });
}

/** The account `authority`, or the wallet before it has signed, puts itself under the code of an address. */
function delegation(authorization: Authorization & { readonly authority?: Address }, digest: Uint8Array): Frame {
  const { address, authority } = authorization;
  const from = authority ?? 'wallet';
  return {
    operation: 'authorize',
    from,
    to: address,
    value: 0n,
    data: new Uint8Array(0),
    grant: { digest, call: undefined, movements: [], controlChange: { area: 'code', account: from } },
  };
}

function opened(frame: Frame, preimages: Preimages, limits: DecodeLimits): Pick<Decoded, 'root' | 'calls' | 'leaves'> {
  const root = expand(frame, SECOND_READING, limits, preimages);
  preimages.assertAllUsed();
  const calls = flatten(root);
  return { root, calls, leaves: calls.filter(isLeaf) };
}

function preimagesOf({ preimages = [] }: Payload, chainId: bigint | undefined): Preimages {
  return new Preimages(preimages.map(readTypedData), chainId);
}

const NO_TRANSACTION_AT_ALL: ReadonlySet<unknown> = new Set([
  'RLP_MALFORMED',
  'RLP_NOT_CANONICAL',
  'TX_TYPE_UNSUPPORTED',
]);

/** A hash handed in as a payload is the mistake this project exists for, so it gets its own sentence. */
function readTransaction(bytes: Uint8Array): Transaction {
  try {
    return decodeTransaction(bytes);
  } catch (error) {
    const noise = error instanceof PayloadRefusal && NO_TRANSACTION_AT_ALL.has(error.code);
    if (noise && bytes.length === 32) return refuse('BARE_DIGEST');
    throw error;
  }
}

/** One private copy is decoded, hashed and kept, so no one can change the bytes between two looks at them. */
function copyOf({ kind, bytes, preimages }: Payload, limits: DecodeLimits): Payload {
  if (bytes.length === 0) refuse('PAYLOAD_EMPTY');
  const size = (preimages ?? []).reduce((sum, preimage) => sum + preimage.length, bytes.length);
  if (size > limits.maxBytes) refuse('PAYLOAD_TOO_LARGE', `more than ${limits.maxBytes} bytes`);
  // Not slice(): on a Node Buffer that shares the memory.
  const copy = { kind, bytes: new Uint8Array(bytes) };
  if (preimages === undefined || preimages.length === 0) return copy;
  return { ...copy, preimages: preimages.map((preimage) => new Uint8Array(preimage)) };
}

function made(fields: Omit<Decoded, typeof decodedBrand>): Decoded {
  return Object.freeze(fields) as Decoded;
}
