/** From a decoded payload and a signature over its digest to what goes on chain. */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { serializeTransaction } from 'viem';
import { concat, toHex } from '../common/bytes.ts';
import { BugError, InvalidArgument } from '../common/errors.ts';
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
  /** What `eth_sendRawTransaction` takes. */
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
  return { raw, hash: keccak_256(raw) };
}

/** The 65 bytes a Safe takes from an owner: r, s, v with v = 27 or 28. */
export function safeSignature(signature: RecoverableSignature): Uint8Array {
  checkSignature(signature);
  return concat(signature.r, signature.s, Uint8Array.of(27 + signature.recid));
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
  const signature = { r: hex(r), s: hex(s), yParity: recid, v: BigInt(27 + recid) };
  return serializeTransaction({ type: tx.type, ...common, ...fees, ...list } as Serializable, signature).slice(2);
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

function hex(bytes: Uint8Array): `0x${string}` {
  return `0x${toHex(bytes)}`;
}
