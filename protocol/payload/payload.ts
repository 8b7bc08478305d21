/**
 * Begin here: payload bytes in, `Decoded` out (design: the one path). There is no kind for a bare digest; a digest
 * exists only as the result of a decode, computed by the party that will sign it.
 */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { equalBytes } from '../common/bytes.ts';
import { ok, type Result } from '../common/result.ts';
import { agreeSafeTx, agreeTransaction, SECOND_READING } from './agree.ts';
import type { Authorization } from './authorization.ts';
import type { Call, Leaf } from './calldata/call.ts';
import { expand, type Frame, flatten, isLeaf } from './calldata/expand.ts';
import { DECODE_LIMITS, type DecodeLimits } from './limits.ts';
import type { Message } from './message.ts';
import { guarded, type PayloadProblem, PayloadRefusal, refuse } from './refusal.ts';
import { type SafeTx, safeTxDigest } from './safe-tx.ts';
import { secondSafeTx, secondTransaction } from './second-decoder.ts';
import { decodeTransaction, encodeTransaction, type Transaction } from './transaction.ts';
import { decodeTypedData, type TypedData } from './typed-data.ts';

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
    const bytes = copyOf(payload.bytes, limits);
    switch (payload.kind) {
      case 'evm-transaction':
        return ok(transactionPayload(bytes, limits));
      case 'evm-typed-data':
        return ok(typedDataPayload(bytes, limits));
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

function transactionPayload(bytes: Uint8Array, limits: DecodeLimits): Decoded {
  const transaction = readTransaction(bytes);
  if (!equalBytes(encodeTransaction(transaction), bytes)) refuse('REENCODE_MISMATCH');
  const digest = keccak_256(bytes);
  agreeTransaction(transaction, digest, secondTransaction(bytes));
  const { to, value, data, chainId } = transaction;
  const frame: Frame = { operation: to === undefined ? 'create' : 'call', from: 'wallet', to, value, data };
  const rest = { ...NOTHING, digest, chainId, transaction };
  return made({ payload: { kind: 'evm-transaction', bytes }, ...rest, ...opened(frame, limits) });
}

function typedDataPayload(bytes: Uint8Array, limits: DecodeLimits): Decoded {
  const { safeTx, typedData } = decodeTypedData(bytes);
  const digest = safeTxDigest(safeTx);
  agreeSafeTx(safeTx, digest, secondSafeTx(bytes));
  const { safeTxGas, baseGas, gasPrice, gasToken, refundReceiver } = safeTx;
  const frame: Frame = {
    operation: safeTx.operation === 1 ? 'delegatecall' : 'call',
    from: safeTx.safe,
    to: safeTx.to,
    value: safeTx.value,
    data: safeTx.data,
    safeGas: { safeTxGas, baseGas, gasPrice, gasToken, refundReceiver },
  };
  const rest = { ...NOTHING, digest, chainId: safeTx.chainId, safeTx, typedData };
  return made({ payload: { kind: 'evm-typed-data', bytes }, ...rest, ...opened(frame, limits) });
}

function opened(frame: Frame, limits: DecodeLimits): Pick<Decoded, 'root' | 'calls' | 'leaves'> {
  const root = expand(frame, SECOND_READING, limits);
  const calls = flatten(root);
  return { root, calls, leaves: calls.filter(isLeaf) };
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
function copyOf(bytes: Uint8Array, limits: DecodeLimits): Uint8Array {
  if (bytes.length === 0) refuse('PAYLOAD_EMPTY');
  if (bytes.length > limits.maxBytes) refuse('PAYLOAD_TOO_LARGE', `more than ${limits.maxBytes} bytes`);
  // Not slice(): on a Node Buffer that shares the memory.
  return new Uint8Array(bytes);
}

function made(fields: Omit<Decoded, typeof decodedBrand>): Decoded {
  return Object.freeze(fields) as Decoded;
}
