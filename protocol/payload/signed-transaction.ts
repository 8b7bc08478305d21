/** From a decoded payload and a signature over its digest to what goes on chain, or to whoever asked for the signature. */
import { serializeTransaction } from 'viem';
import { concat, toHex } from '../common/bytes.ts';
import { BugError, InvalidArgument } from '../common/errors.ts';
import type { Address } from './address.ts';
import { keccak256 } from './keccak.ts';
import type { Decoded } from './payload.ts';
import { encodeTransaction, type Transaction } from './transaction.ts';

/** An ECDSA signature in Ethereum's form: low s, and a nonce point below the curve order (recid 0 or 1). */
export interface RecoverableSignature {
  /** 32 bytes, big-endian. */
  readonly r: Uint8Array;
  /** 32 bytes, big-endian, at most half the curve order. */
  readonly s: Uint8Array;
  /** 0 or 1: parity of the nonce point's y. */
  readonly recid: number;
}

export interface SignedTransaction {
  /**
   * What `eth_sendRawTransaction` takes; of a transaction with blobs, its body as the chain keeps it, to which whoever
   * has the blobs must add them first.
   */
  readonly raw: Uint8Array;
  /** 32 bytes: the transaction's name on chain. */
  readonly hash: Uint8Array;
}

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/**
 * The signed bytes of a decoded transaction; both encoders must produce the same.
 *
 * @throws InvalidArgument when `decoded` is no transaction or the signature is out of range.
 */
export function signedTransaction(decoded: Decoded, signature: RecoverableSignature): SignedTransaction {
  const { transaction } = decoded;
  if (transaction === undefined) {
    throw new InvalidArgument('NOT_A_TRANSACTION', 'decoded', 'Only a transaction can be put on chain by itself.');
  }
  checkSignature(signature);
  const raw = encodeTransaction(transaction, signatureFields(transaction, signature));
  if (toHex(raw) !== secondEncoding(transaction, signature)) {
    throw new BugError('ENCODERS_DISAGREE', 'the two encoders of signed transactions disagree');
  }
  return { raw, hash: keccak256(raw) };
}

/**
 * r, s, v with v = 27 or 28: 65 bytes, what wallets give for a message or typed data. A Safe takes it as it is from an
 * owner who signed its typed data, and with v + 4 from one who signed the hash of that as a message.
 */
export function signatureBytes(signature: RecoverableSignature): Uint8Array {
  checkSignature(signature);
  return concat(signature.r, signature.s, Uint8Array.of(27 + signature.recid));
}

/** An authorization as type-4 transactions and RPC calls take it; numbers as decimal strings, r and s as 32 bytes of hex. */
export interface SignedAuthorizationJson {
  readonly chainId: string;
  readonly address: Address;
  readonly nonce: string;
  readonly yParity: '0' | '1';
  readonly r: string;
  readonly s: string;
}

/** @throws InvalidArgument when `decoded` is no authorization or the signature is out of range. */
export function signedAuthorization(decoded: Decoded, signature: RecoverableSignature): SignedAuthorizationJson {
  const { authorization } = decoded;
  if (authorization === undefined) {
    throw new InvalidArgument('NOT_AN_AUTHORIZATION', 'decoded', 'Only an authorization becomes a signed one.');
  }
  checkSignature(signature);
  const { address, chainId, nonce } = authorization;
  const yParity = signature.recid === 1 ? '1' : '0';
  return { chainId: `${chainId}`, address, nonce: `${nonce}`, yParity, r: hex(signature.r), s: hex(signature.s) };
}

function signatureFields(tx: Transaction, { r, s, recid }: RecoverableSignature): readonly [bigint, bigint, bigint] {
  const v = tx.type === 'legacy' ? tx.chainId * 2n + 35n + BigInt(recid) : BigInt(recid);
  return [v, integer(r), integer(s)];
}

function secondEncoding(tx: Transaction, { r, s, recid }: RecoverableSignature): string {
  const common = {
    chainId: Number(tx.chainId),
    nonce: Number(tx.nonce),
    gas: tx.gas,
    to: tx.to ?? null,
    value: tx.value,
    data: hex(tx.data),
  };
  const accessList = tx.accessList.map(({ address, storageKeys }) => ({ address, storageKeys: storageKeys.map(hex) }));
  const fees =
    tx.fees.kind === 'price'
      ? { gasPrice: tx.fees.gasPrice }
      : { maxFeePerGas: tx.fees.maxFeePerGas, maxPriorityFeePerGas: tx.fees.maxPriorityFeePerGas };
  const list = tx.type === 'legacy' ? {} : { accessList };
  const { blobs } = tx;
  const blobFields =
    blobs === undefined ? {} : { blobVersionedHashes: blobs.hashes.map(hex), maxFeePerBlobGas: blobs.maxFeePerBlobGas };
  const authorizationList = tx.authorizations.map((signed) => ({
    address: signed.address,
    chainId: Number(signed.chainId),
    nonce: Number(signed.nonce),
    yParity: signed.yParity,
    r: wordHex(signed.r),
    s: wordHex(signed.s),
  }));
  const own = tx.type === 'eip7702' ? { authorizationList } : blobFields;
  const signature = { r: hex(r), s: hex(s), yParity: recid, v: BigInt(27 + recid) };
  return serializeTransaction({ type: tx.type, ...common, ...fees, ...list, ...own } as Serializable, signature).slice(
    2,
  );
}

type Serializable = Parameters<typeof serializeTransaction>[0];

function checkSignature({ r, s, recid }: RecoverableSignature): void {
  const fault = (field: string, message: string): never => {
    throw new InvalidArgument('SIGNATURE_RANGE', field, message);
  };
  if (r.length !== 32 || integer(r) === 0n || integer(r) >= ORDER) fault('r', 'r must be 32 bytes within the order.');
  if (s.length !== 32 || integer(s) === 0n || integer(s) > ORDER / 2n)
    fault('s', 's must be 32 bytes and low (EIP-2).');
  if (recid !== 0 && recid !== 1) fault('recid', 'recid must be 0 or 1.');
}

function integer(bytes: Uint8Array): bigint {
  return BigInt(hex(bytes));
}

function wordHex(value: bigint): `0x${string}` {
  return `0x${value.toString(16).padStart(64, '0')}`;
}

function hex(bytes: Uint8Array): `0x${string}` {
  return `0x${toHex(bytes)}`;
}
