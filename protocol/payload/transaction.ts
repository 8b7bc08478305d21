/**
 * First decoder, transactions: the three unsigned forms (legacy with EIP-155, EIP-2930, EIP-1559) read field by field
 * from their specifications. Everything a chain would reject, and every second spelling of the same thing, is refused.
 */
import { concat } from '../common/bytes.ts';
import { type Address, addressBytes, addressOf } from './address.ts';
import type { SignedAuthorization } from './authorization.ts';
import { CHAIN_ID_MAX, NONCE_MAX, UINT64_MAX, UINT256_MAX } from './limits.ts';
import { type PayloadCode, refuse } from './refusal.ts';
import { decodeRlp, encodeRlp, minimalBytes, type RlpItem } from './rlp.ts';

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

/** Fields of the unsigned form, and of the same transaction once signed. */
const FIELD_COUNTS = { eip2930: [8, 11], eip1559: [9, 12] } as const;

export function decodeTransaction(bytes: Uint8Array): Transaction {
  const first = bytes[0];
  if (first === undefined) return refuse('PAYLOAD_EMPTY');
  if (first >= 0xc0) return legacy(listOf(bytes));
  if (first === 0x01) return typed('eip2930', listOf(bytes.subarray(1)));
  if (first === 0x02) return typed('eip1559', listOf(bytes.subarray(1)));
  if (first === 0x03) return refuse('TX_TYPE_UNSUPPORTED', 'type 3 carries blobs that nobody here can see');
  if (first === 0x04) return refuse('TX_TYPE_UNSUPPORTED', 'type 4 hands the wallet to foreign code (EIP-7702)');
  return refuse('TX_TYPE_UNSUPPORTED', 'the first byte names no known type');
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
  const body = encodeRlp([chainId, ...start, list, ...tail]);
  return concat(Uint8Array.of(tx.type === 'eip2930' ? 1 : 2), body);
}

function legacy(fields: readonly RlpItem[]): Transaction {
  if (fields.length === 6) refuse('TX_NO_CHAIN_ID');
  if (fields.length !== 9) refuse('TX_FIELD_COUNT', `a legacy transaction has 9 fields, this has ${fields.length}`);
  // The signing form of EIP-155 ends in (chainId, 0, 0); anything else there is a signature.
  if (bytesOf(fields[7], 'r').length > 0 || bytesOf(fields[8], 's').length > 0) refuse('TX_ALREADY_SIGNED');
  return {
    type: 'legacy',
    nonce: integer(fields[0], 'nonce', NONCE_MAX),
    fees: { kind: 'price', gasPrice: integer(fields[1], 'gasPrice', UINT256_MAX) },
    gas: integer(fields[2], 'gas', UINT64_MAX),
    to: destination(fields[3]),
    value: integer(fields[4], 'value', UINT256_MAX),
    data: bytesOf(fields[5], 'data').slice(),
    chainId: chain(fields[6]),
    accessList: [],
    blobs: undefined,
    authorizations: [],
  };
}

function typed(type: 'eip2930' | 'eip1559', fields: readonly RlpItem[]): Transaction {
  const [unsigned, signed] = FIELD_COUNTS[type];
  if (fields.length === signed) refuse('TX_ALREADY_SIGNED');
  if (fields.length !== unsigned) {
    refuse('TX_FIELD_COUNT', `an unsigned ${type} transaction has ${unsigned} fields, this has ${fields.length}`);
  }
  const shift = type === 'eip1559' ? 1 : 0;
  return {
    type,
    chainId: chain(fields[0]),
    nonce: integer(fields[1], 'nonce', NONCE_MAX),
    fees: type === 'eip1559' ? capped(fields[2], fields[3]) : price(fields[2]),
    gas: integer(fields[3 + shift], 'gas', UINT64_MAX),
    to: destination(fields[4 + shift]),
    value: integer(fields[5 + shift], 'value', UINT256_MAX),
    data: bytesOf(fields[6 + shift], 'data').slice(),
    accessList: accessList(fields[7 + shift]),
    blobs: undefined,
    authorizations: [],
  };
}

function price(field: RlpItem | undefined): Fees {
  return { kind: 'price', gasPrice: integer(field, 'gasPrice', UINT256_MAX) };
}

function capped(tip: RlpItem | undefined, cap: RlpItem | undefined): Fees {
  const maxPriorityFeePerGas = integer(tip, 'maxPriorityFeePerGas', UINT256_MAX);
  const maxFeePerGas = integer(cap, 'maxFeePerGas', UINT256_MAX);
  if (maxPriorityFeePerGas > maxFeePerGas) refuse('TX_FEE_ORDER');
  return { kind: 'cap', maxFeePerGas, maxPriorityFeePerGas };
}

function chain(field: RlpItem | undefined): bigint {
  const chainId = integer(field, 'chainId', CHAIN_ID_MAX);
  return chainId === 0n ? refuse('TX_NO_CHAIN_ID') : chainId;
}

function destination(field: RlpItem | undefined): Address | undefined {
  const bytes = bytesOf(field, 'to', 'TX_ADDRESS');
  if (bytes.length === 0) return undefined;
  return bytes.length === 20 ? addressOf(bytes) : refuse('TX_ADDRESS');
}

function accessList(field: RlpItem | undefined): readonly AccessEntry[] {
  if (field === undefined || field instanceof Uint8Array) return refuse('TX_ACCESS_LIST', 'it is not a list');
  return field.map((entry) => {
    if (entry instanceof Uint8Array || entry.length !== 2) return refuse('TX_ACCESS_LIST', 'an entry is not a pair');
    const [address, keys] = entry;
    const account = bytesOf(address, 'address', 'TX_ACCESS_LIST');
    if (account.length !== 20) refuse('TX_ACCESS_LIST', 'an address is not 20 bytes');
    if (keys === undefined || keys instanceof Uint8Array) return refuse('TX_ACCESS_LIST', 'keys are not a list');
    return { address: addressOf(account), storageKeys: keys.map(storageKey) };
  });
}

function storageKey(item: RlpItem): Uint8Array {
  const key = bytesOf(item, 'storage key', 'TX_ACCESS_LIST');
  return key.length === 32 ? key.slice() : refuse('TX_ACCESS_LIST', 'a storage key is not 32 bytes');
}

function listOf(bytes: Uint8Array): readonly RlpItem[] {
  const item = decodeRlp(bytes);
  return item instanceof Uint8Array ? refuse('RLP_MALFORMED', 'a transaction is a list') : item;
}

function bytesOf(item: RlpItem | undefined, name: string, code: PayloadCode = 'RLP_MALFORMED'): Uint8Array {
  return item instanceof Uint8Array ? item : refuse(code, `${name} is a list`);
}

function integer(item: RlpItem | undefined, name: string, max: bigint): bigint {
  const bytes = bytesOf(item, name);
  if (bytes[0] === 0) refuse('TX_FIELD_RANGE', `${name} has leading zeros`);
  if (bytes.length > 32) refuse('TX_FIELD_RANGE', `${name} is larger than 2^256 - 1`);
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value <= max ? value : refuse('TX_FIELD_RANGE', `${name} is larger than ${max}`);
}
