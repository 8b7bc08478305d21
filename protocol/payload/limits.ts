/** Sizes that no payload may exceed; each bounds the work of a decode before it starts. */
export interface DecodeLimits {
  /** Bytes of a payload with its preimages. */
  readonly maxBytes: number;
  /** Calls nested in calls; the outermost call has depth 0. */
  readonly maxDepth: number;
  /** Calls in one payload, wrappers included. */
  readonly maxCalls: number;
}

/**
 * Wide enough for a batch of 10,000 token transfers as typed data. What a party is asked to sign is smaller: proposals
 * have a limit of their own (protocol/ceremony/proposal.ts), and public nodes take 128 KiB as one transaction.
 */
export const DECODE_LIMITS: DecodeLimits = { maxBytes: 4 * 1024 * 1024, maxDepth: 8, maxCalls: 16_384 };

/** Characters of a typed-data document a person may hand in: its canonical form, and white space and case besides. */
export const MAX_TYPED_DATA_LENGTH: number = DECODE_LIMITS.maxBytes + 64 * 1024;

/**
 * Blobs of one EIP-4844 transaction. 9 is the most that fit a block of Ethereum so far (EIP-7691), hence a transaction;
 * since EIP-7594 it is 6. No chain has to be known to say that more is wrong.
 */
export const MAX_BLOBS = 9;
/** Blob gas of one blob (EIP-4844). */
export const GAS_PER_BLOB: bigint = 1n << 17n;

/** Authorizations of one EIP-7702 transaction. Each costs two recoveries of a public key, some milliseconds. */
export const MAX_AUTHORIZATIONS = 64;

/** Preimages that may come along with one payload. */
export const MAX_PREIMAGES = 16;

export const UINT64_MAX: bigint = (1n << 64n) - 1n;
export const UINT256_MAX: bigint = (1n << 256n) - 1n;
/** EIP-2681: a nonce is at most 2^64 - 2. */
export const NONCE_MAX: bigint = UINT64_MAX - 1n;
/** Larger chain ids cannot be held exactly by the tools people check us with, the second decoder among them. */
export const CHAIN_ID_MAX: bigint = (1n << 53n) - 1n;
