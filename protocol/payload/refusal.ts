/**
 * Why a payload cannot be decoded. A refusal is a normal outcome at the border of this room: `decode` and the readers
 * return it, nothing here throws it outwards.
 */
import { err, type Result } from '../common/result.ts';

/** Stable codes with the plain meaning of each; docs/risks.md repeats this table. */
export const PAYLOAD_CODES = {
  PAYLOAD_EMPTY: 'there are no bytes to decode',
  PAYLOAD_TOO_LARGE: 'the payload is larger than the fixed limit',
  BARE_DIGEST: 'the bytes look like a bare hash; only what can be decoded can be signed',
  UNSUPPORTED_KIND: 'this kind of payload is not supported',
  INSPECT_JSON: 'the payload file is not in a form this command reads',
  RLP_MALFORMED: 'the RLP is cut short, too long or nested wrongly',
  RLP_NOT_CANONICAL: 'the RLP has a longer form than necessary',
  TX_TYPE_UNSUPPORTED: 'this transaction type is not supported',
  TX_FIELD_COUNT: 'the transaction has the wrong number of fields',
  TX_ALREADY_SIGNED: 'the transaction already carries a signature',
  TX_NO_CHAIN_ID: 'the transaction names no chain and could be replayed on any',
  TX_FIELD_RANGE: 'a number of the transaction is outside its range or not minimal',
  TX_ADDRESS: 'the destination is neither an address nor empty',
  TX_ACCESS_LIST: 'the access list is malformed',
  TX_BLOBS: 'the blob hashes of the transaction are not between 1 and 9 versioned hashes',
  TX_NO_DESTINATION: 'a transaction of this type must name its destination',
  TX_AUTHORIZATION: 'the authorizations of the transaction are not what a chain would apply',
  TX_FEE_ORDER: 'the tip is higher than the fee cap',
  AUTHORIZATION_MALFORMED: 'the authorization is not 0x05 and the list of chain id, address and nonce',
  MESSAGE_MALFORMED: 'the message is not in the canonical form with its encoding',
  OPAQUE_MESSAGE: 'a message of 32 bytes may be the hash of anything; hand over what it is the hash of',
  PREIMAGE_UNSUPPORTED: 'a preimage is not a Safe transaction',
  PREIMAGE_MISMATCH: 'a preimage does not belong to the payload it came with',
  PREIMAGE_UNUSED: 'a preimage came along that nothing in the payload is the hash of',
  ABI_NOT_CANONICAL: 'the arguments of a known function are not encoded in the one canonical way',
  OPERATION_INVALID: 'an operation is neither call (exactly 0) nor delegatecall (exactly 1)',
  MULTISEND_MALFORMED: 'a multiSend batch does not divide into whole entries',
  SAFE_SIGNATURES: 'the signatures of a Safe transaction are not whole entries of 65 bytes',
  DEPTH_LIMIT: 'calls are nested too deeply',
  LEAF_LIMIT: 'the payload contains too many calls',
  UNSUPPORTED_TYPED_DATA: 'this typed data is not supported',
  TYPED_DATA_JSON: 'the typed data is not strict JSON',
  TYPED_DATA_SHAPE: 'the typed data has missing, extra or wrong fields',
  TYPED_DATA_TYPES: 'the types are not well formed or not those of their name',
  TYPED_DATA_DOMAIN: 'the domain is not in the form of the standard',
  TYPED_DATA_LIMIT: 'the typed data is too deep or too large',
  TYPED_DATA_VALUE: 'a value of the typed data is not in an accepted form',
  TYPED_DATA_NOT_CANONICAL: 'the bytes are not the canonical text of this typed data',
  ADDRESS_CHECKSUM: 'a mixed-case address has a wrong checksum',
  SECOND_DECODER_REFUSED: 'the second decoder refuses the payload',
  DECODERS_DISAGREE: 'the two decoders read the payload differently',
  REENCODE_MISMATCH: 'the decoded payload does not encode back to the same bytes',
  DECODER_FAILED: 'the decoder failed on this input',
} as const;

export type PayloadCode = keyof typeof PAYLOAD_CODES;

export interface PayloadProblem {
  readonly code: PayloadCode;
  /** One sentence in printable ASCII; names the field where one is known. */
  readonly message: string;
}

/** Thrown inside this room only; `guarded` turns it into a result. */
export class PayloadRefusal extends Error {
  readonly code: PayloadCode;
  constructor(code: PayloadCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Stops the current decode. `detail` adds to the sentence of the code. */
export function refuse(code: PayloadCode, detail?: string): never {
  const sentence = PAYLOAD_CODES[code];
  throw new PayloadRefusal(code, detail === undefined ? sentence : `${sentence}: ${detail}`);
}

/**
 * Runs a decode step. Every exception is a refusal: one that is not ours (a library's TypeError, an exhausted stack)
 * gets `fallback`, without its text, which may quote the input.
 */
export function guarded<T>(fallback: PayloadCode, step: () => Result<T, PayloadProblem>): Result<T, PayloadProblem> {
  try {
    return step();
  } catch (error) {
    if (error instanceof PayloadRefusal) return err({ code: error.code, message: error.message });
    return err({ code: fallback, message: PAYLOAD_CODES[fallback] });
  }
}
