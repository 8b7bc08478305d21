/**
 * First decoder, EIP-7702 authorizations: the signer's account runs the code of another address from then on. As a
 * payload, `0x05 || rlp([chainId, address, nonce])`; in a type-4 transaction, a list of those that others have signed.
 */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { concat, fromHex } from '../common/bytes.ts';
import { type Address, addressBytes, addressOf } from './address.ts';
import { addressIn, integerOf, itemsOf, listOf } from './fields.ts';
import { keccak256 } from './keccak.ts';
import { CHAIN_ID_MAX, MAX_AUTHORIZATIONS, NONCE_MAX, UINT256_MAX } from './limits.ts';
import { refuse } from './refusal.ts';
import { encodeRlp, minimalBytes, type RlpItem } from './rlp.ts';

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
  /** The account that signed, recovered from the signature; the second decoder recovers it for itself. */
  readonly authority: Address;
}

/** EIP-7702's domain of the hash; also the first byte of the payload. */
const MAGIC = 0x05;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** Reads payload bytes (throws PayloadRefusal). */
export function decodeAuthorization(bytes: Uint8Array): Authorization {
  if (bytes[0] !== MAGIC) refuse('AUTHORIZATION_MALFORMED', 'it does not begin with 0x05');
  const fields = listOf(bytes.subarray(1));
  if (fields.length === 6) refuse('TX_ALREADY_SIGNED', 'an authorization');
  if (fields.length !== 3) refuse('AUTHORIZATION_MALFORMED', `it has 3 fields, this has ${fields.length}`);
  return unsignedFields(fields);
}

/** The payload bytes, which are also what is hashed. */
export function authorizationPayload({ chainId, address, nonce }: Authorization): Uint8Array {
  const body = encodeRlp([minimalBytes(chainId), addressBytes(address), minimalBytes(nonce)]);
  return concat(Uint8Array.of(MAGIC), body);
}

/** The 32 bytes that are signed. */
export function authorizationDigest(authorization: Authorization): Uint8Array {
  return keccak256(authorizationPayload(authorization));
}

/** The list of a type-4 transaction on `chainId`; each signature must be one that a chain accepts. */
export function readAuthorizations(field: RlpItem | undefined, chainId: bigint): readonly SignedAuthorization[] {
  const list = itemsOf(field, 'the authorization list', 'TX_AUTHORIZATION');
  if (list.length === 0) refuse('TX_AUTHORIZATION', 'the list is empty');
  if (list.length > MAX_AUTHORIZATIONS) refuse('TX_AUTHORIZATION', `there are more than ${MAX_AUTHORIZATIONS}`);
  return list.map((item) => readSigned(item, chainId));
}

/** One tuple as the items of a list, for encodeRlp. */
export function authorizationItems(signed: SignedAuthorization): readonly RlpItem[] {
  const { address, chainId, nonce, r, s, yParity } = signed;
  const signature = [minimalBytes(BigInt(yParity)), minimalBytes(r), minimalBytes(s)];
  return [minimalBytes(chainId), addressBytes(address), minimalBytes(nonce), ...signature];
}

function unsignedFields(fields: readonly RlpItem[]): Authorization {
  return {
    chainId: integerOf(fields[0], 'chainId', CHAIN_ID_MAX),
    address: addressIn(fields[1], 'address', 'AUTHORIZATION_MALFORMED'),
    nonce: integerOf(fields[2], 'nonce', NONCE_MAX),
  };
}

function readSigned(item: RlpItem, chainId: bigint): SignedAuthorization {
  const fields = itemsOf(item, 'an authorization', 'TX_AUTHORIZATION');
  if (fields.length !== 6) refuse('TX_AUTHORIZATION', `one has 6 fields, this has ${fields.length}`);
  const unsigned = unsignedFields(fields);
  // A chain skips one that is meant for another chain, so its place here can only be a mistake or a disguise.
  if (unsigned.chainId !== 0n && unsigned.chainId !== chainId) refuse('TX_AUTHORIZATION', 'one is for another chain');
  const yParity = integerOf(fields[3], 'yParity', 1n) === 1n ? 1 : 0;
  const r = integerOf(fields[4], 'r', UINT256_MAX);
  const s = integerOf(fields[5], 's', UINT256_MAX);
  if (r === 0n || r >= ORDER || s === 0n || s > ORDER / 2n) {
    refuse('TX_AUTHORIZATION', 'a signature is out of range, or its s is high');
  }
  return { ...unsigned, yParity, r, s, authority: recovered(unsigned, yParity, r, s) };
}

function recovered(unsigned: Authorization, yParity: 0 | 1, r: bigint, s: bigint): Address {
  const digest = authorizationDigest(unsigned);
  const signature = concat(Uint8Array.of(yParity), word(r), word(s));
  let key: Uint8Array;
  try {
    key = secp256k1.recoverPublicKey(signature, digest, { prehash: false });
  } catch {
    return refuse('TX_AUTHORIZATION', 'no key can have made a signature');
  }
  const point = secp256k1.Point.fromBytes(key).toBytes(false);
  return addressOf(keccak256(point.subarray(1)).subarray(12));
}

function word(value: bigint): Uint8Array {
  return fromHex(value.toString(16).padStart(64, '0')) ?? refuse('DECODER_FAILED');
}
