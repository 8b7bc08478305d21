/**
 * First decoder, EIP-7702 authorizations: the signer's account runs the code of another address from then on.
 */
import type { Address } from './address.ts';

export interface Authorization {
  /** 0: valid on every chain. */
  readonly chainId: bigint;
  /** Whose code the account will run; the zero address ends a delegation. */
  readonly address: Address;
  /** Of the account that signs. */
  readonly nonce: bigint;
}

/** As a type-4 transaction carries it, signed by any account. */
export interface SignedAuthorization extends Authorization {
  readonly yParity: 0 | 1;
  readonly r: bigint;
  /** At most half the curve order. */
  readonly s: bigint;
  /** The account that signed, recovered from the signature. */
  readonly authority: Address;
}
