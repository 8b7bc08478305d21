/**
 * First decoder, transactions: the five unsigned forms (legacy with EIP-155, EIP-2930, EIP-1559, EIP-4844, EIP-7702)
 * read field by field from their specifications. Everything a chain would reject, and every second spelling of the same
 * thing, is refused.
 */
import { concat } from '../common/bytes.ts';
import { type Address, addressBytes } from './address.ts';
import { authorizationItems, readAuthorizations, type SignedAuthorization } from './authorization.ts';
import { addressIn, bytesOf, integerOf, itemsOf, listOf } from './fields.ts';
import { CHAIN_ID_MAX, GAS_PER_BLOB, MAX_BLOBS, NONCE_MAX, UINT64_MAX, UINT256_MAX } from './limits.ts';
import { refuse } from './refusal.ts';
import { encodeRlp, minimalBytes, type RlpItem } from './rlp.ts';

export type TransactionType = 'legacy' | 'eip2930' | 'eip1559' | 'eip4844' | 'eip7702';

/** Amounts in wei, gas in units. */
export type Fees =
  | { readonly kind: 'price'; readonly gasPrice: bigint }
  | { readonly kind: 'cap'; readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint };

export interface AccessEntry {
  readonly address: Address;
  /** 32 bytes each. */
  readonly storageKeys: readonly Uint8Array[];
}

/** Data that travels beside an EIP-4844 transaction. Only its hashes are signed; nobody here sees the data itself. */
export interface Blobs {
  /** Versioned hashes, 32 bytes each, the first of them 0x01. */
  readonly hashes: readonly Uint8Array[];
  /** Wei per unit of blob gas, of which every blob takes 2^17. */
  readonly maxFeePerBlobGas: bigint;
}

export interface Transaction {
  readonly type: TransactionType;
  /** 1 .. 2^53 - 1. */
  readonly chainId: bigint;
  readonly nonce: bigint;
  readonly gas: bigint;
  readonly fees: Fees;
  /** `undefined`: the transaction creates a contract. */
  readonly to: Address | undefined;
  readonly value: bigint;
  readonly data: Uint8Array;
  /** Empty for legacy transactions. */
  readonly accessList: readonly AccessEntry[];
  /** Set for eip4844. */
  readonly blobs: Blobs | undefined;
  /** Of eip7702, at least one; empty otherwise. */
  readonly authorizations: readonly SignedAuthorization[];
}

/** The highest price per gas unit the transaction may pay, in wei. */
export function feeCap(fees: Fees): bigint {
  return fees.kind === 'price' ? fees.gasPrice : fees.maxFeePerGas;
}

/** The most that the transaction can pay for gas and for blobs, in wei. */
export function totalFeeCap({ gas, fees, blobs }: Transaction): bigint {
  const blobGas = blobs === undefined ? 0n : BigInt(blobs.hashes.length) * GAS_PER_BLOB;
  return gas * feeCap(fees) + blobGas * (blobs?.maxFeePerBlobGas ?? 0n);
}

type TypedTransaction = Exclude<TransactionType, 'legacy'>;

/** By the first byte, which is the type. `fields`: of the unsigned form; a signature adds three. */
const TYPED: ReadonlyMap<number, { readonly type: TypedTransaction; readonly fields: number }> = new Map([
  [1, { type: 'eip2930', fields: 8 }],
  [2, { type: 'eip1559', fields: 9 }],
  [3, { type: 'eip4844', fields: 11 }],
  [4, { type: 'eip7702', fields: 10 }],
]);

export function decodeTransaction(bytes: Uint8Array): Transaction {
  const first = bytes[0];
  if (first === undefined) return refuse('PAYLOAD_EMPTY');
  if (first >= 0xc0) return legacy(listOf(bytes));
  const known = TYPED.get(first);
  if (known === undefined) return refuse('TX_TYPE_UNSUPPORTED', 'the first byte names no known type');
  return typed(known.type, known.fields, listOf(bytes.subarray(1)));
}

/** The unsigned bytes of a transaction; with `signature` (three RLP integers) the signed ones. */
export function encodeTransaction(tx: Transaction, signature?: readonly [bigint, bigint, bigint]): Uint8Array {
  const tail = signature?.map(minimalBytes) ?? [];
  const common = [minimalBytes(tx.gas), tx.to === undefined ? new Uint8Array(0) : addressBytes(tx.to)];
  common.push(minimalBytes(tx.value), tx.data);
  const fees =
    tx.fees.kind === 'price'
      ? [minimalBytes(tx.fees.gasPrice)]
      : [minimalBytes(tx.fees.maxPriorityFeePerGas), minimalBytes(tx.fees.maxFeePerGas)];
  const start = [minimalBytes(tx.nonce), ...fees, ...common];
  const chainId = minimalBytes(tx.chainId);
  if (tx.type === 'legacy') {
    const end = signature === undefined ? [chainId, new Uint8Array(0), new Uint8Array(0)] : tail;
    return encodeRlp([...start, ...end]);
  }
  const list = tx.accessList.map((entry) => [addressBytes(entry.address), entry.storageKeys]);
  const body = encodeRlp([chainId, ...start, list, ...ownItems(tx), ...tail]);
  return concat(Uint8Array.of(typeByte(tx.type)), body);
}

/** What only one type has, after the access list. */
function ownItems({ type, blobs, authorizations }: Transaction): readonly RlpItem[] {
  if (type === 'eip4844') return [minimalBytes(blobs?.maxFeePerBlobGas ?? 0n), blobs?.hashes ?? []];
  return type === 'eip7702' ? [authorizations.map(authorizationItems)] : [];
}

function typeByte(type: TypedTransaction): number {
  for (const [byte, known] of TYPED) if (known.type === type) return byte;
  return refuse('TX_TYPE_UNSUPPORTED');
}

function legacy(fields: readonly RlpItem[]): Transaction {
  if (fields.length === 6) refuse('TX_NO_CHAIN_ID');
  if (fields.length !== 9) refuse('TX_FIELD_COUNT', `a legacy transaction has 9 fields, this has ${fields.length}`);
  // The signing form of EIP-155 ends in (chainId, 0, 0); anything else there is a signature.
  if (bytesOf(fields[7], 'r').length > 0 || bytesOf(fields[8], 's').length > 0) refuse('TX_ALREADY_SIGNED');
  return {
    type: 'legacy',
    nonce: integerOf(fields[0], 'nonce', NONCE_MAX),
    fees: { kind: 'price', gasPrice: integerOf(fields[1], 'gasPrice', UINT256_MAX) },
    gas: integerOf(fields[2], 'gas', UINT64_MAX),
    to: destination(fields[3]),
    value: integerOf(fields[4], 'value', UINT256_MAX),
    data: bytesOf(fields[5], 'data').slice(),
    chainId: chain(fields[6]),
    accessList: [],
    blobs: undefined,
    authorizations: [],
  };
}

function typed(type: TypedTransaction, count: number, fields: readonly RlpItem[]): Transaction {
  if (fields.length === count + 3) refuse('TX_ALREADY_SIGNED');
  if (type === 'eip4844' && (fields.length === 4 || fields.length === 5)) {
    refuse('TX_FIELD_COUNT', 'the blobs come along, but only the transaction without them is signed');
  }
  if (fields.length !== count) {
    refuse('TX_FIELD_COUNT', `an unsigned ${type} transaction has ${count} fields, this has ${fields.length}`);
  }
  const shift = type === 'eip2930' ? 0 : 1;
  const chainId = chain(fields[0]);
  const to = destination(fields[4 + shift]);
  if (to === undefined && (type === 'eip4844' || type === 'eip7702')) refuse('TX_NO_DESTINATION', type);
  return {
    type,
    chainId,
    nonce: integerOf(fields[1], 'nonce', NONCE_MAX),
    fees: type === 'eip2930' ? price(fields[2]) : capped(fields[2], fields[3]),
    gas: integerOf(fields[3 + shift], 'gas', UINT64_MAX),
    to,
    value: integerOf(fields[5 + shift], 'value', UINT256_MAX),
    data: bytesOf(fields[6 + shift], 'data').slice(),
    accessList: accessList(fields[7 + shift]),
    blobs: type === 'eip4844' ? blobsOf(fields[9], fields[10]) : undefined,
    authorizations: type === 'eip7702' ? readAuthorizations(fields[9], chainId) : [],
  };
}

function price(field: RlpItem | undefined): Fees {
  return { kind: 'price', gasPrice: integerOf(field, 'gasPrice', UINT256_MAX) };
}

function capped(tip: RlpItem | undefined, cap: RlpItem | undefined): Fees {
  const maxPriorityFeePerGas = integerOf(tip, 'maxPriorityFeePerGas', UINT256_MAX);
  const maxFeePerGas = integerOf(cap, 'maxFeePerGas', UINT256_MAX);
  if (maxPriorityFeePerGas > maxFeePerGas) refuse('TX_FEE_ORDER');
  return { kind: 'cap', maxFeePerGas, maxPriorityFeePerGas };
}

/** Version 1 of a versioned hash is that of a KZG commitment; no other exists. */
const KZG_VERSION = 0x01;

function blobsOf(price: RlpItem | undefined, list: RlpItem | undefined): Blobs {
  const maxFeePerBlobGas = integerOf(price, 'maxFeePerBlobGas', UINT256_MAX);
  const hashes = itemsOf(list, 'the list of blob hashes', 'TX_BLOBS').map((item) => {
    const hash = bytesOf(item, 'a blob hash', 'TX_BLOBS');
    if (hash.length !== 32) refuse('TX_BLOBS', 'a hash is not 32 bytes');
    return hash[0] === KZG_VERSION ? hash.slice() : refuse('TX_BLOBS', 'a hash is not of version 1');
  });
  if (hashes.length === 0 || hashes.length > MAX_BLOBS) refuse('TX_BLOBS', `there are ${hashes.length}`);
  return { hashes, maxFeePerBlobGas };
}

function chain(field: RlpItem | undefined): bigint {
  const chainId = integerOf(field, 'chainId', CHAIN_ID_MAX);
  return chainId === 0n ? refuse('TX_NO_CHAIN_ID') : chainId;
}

function destination(field: RlpItem | undefined): Address | undefined {
  const bytes = bytesOf(field, 'to', 'TX_ADDRESS');
  return bytes.length === 0 ? undefined : addressIn(bytes, 'to', 'TX_ADDRESS');
}

function accessList(field: RlpItem | undefined): readonly AccessEntry[] {
  return itemsOf(field, 'it', 'TX_ACCESS_LIST').map((entry) => {
    const pair = itemsOf(entry, 'an entry', 'TX_ACCESS_LIST');
    if (pair.length !== 2) refuse('TX_ACCESS_LIST', 'an entry is not a pair');
    const address = addressIn(pair[0], 'an address', 'TX_ACCESS_LIST');
    const keys = itemsOf(pair[1], 'the keys of an entry', 'TX_ACCESS_LIST');
    return { address, storageKeys: keys.map(storageKey) };
  });
}

function storageKey(item: RlpItem): Uint8Array {
  const key = bytesOf(item, 'a storage key', 'TX_ACCESS_LIST');
  return key.length === 32 ? key.slice() : refuse('TX_ACCESS_LIST', 'a storage key is not 32 bytes');
}
