/** Field by field: what our decoder read and what the second decoder read must be the same. */
import { toHex } from '../common/bytes.ts';
import { type Authorization, authorizationDigest, type SignedAuthorization } from './authorization.ts';
import { type AbiText, type AbiValue, isText } from './calldata/abi.ts';
import type { Argument } from './calldata/call.ts';
import type { SecondReading } from './calldata/expand.ts';
import type { PackedField } from './calldata/multisend.ts';
import type { Message } from './message.ts';
import { refuse } from './refusal.ts';
import {
  type SecondAuthorization,
  type SecondMessage,
  type SecondSignedAuthorization,
  type SecondTransaction,
  secondArguments,
  secondMultiSend,
} from './second-decoder.ts';
import { type SecondPackedKind, secondPacked, secondSelector } from './second-packed.ts';
import type { Transaction } from './transaction.ts';

/** Both readings of a transaction, its digest included; throws a refusal naming the first field that differs. */
export function agreeTransaction(ours: Transaction, digest: Uint8Array, theirs: SecondTransaction): void {
  const { parsed } = theirs;
  const zeroIfAbsent = (value: unknown): unknown => value ?? 0n;
  same('type', ours.type, parsed['type']);
  same('chainId', ours.chainId, parsed['chainId']);
  for (const field of ['nonce', 'gas', 'value'] as const) same(field, ours[field], zeroIfAbsent(parsed[field]));
  if (ours.fees.kind === 'price') {
    same('gasPrice', ours.fees.gasPrice, zeroIfAbsent(parsed['gasPrice']));
    same('maxFeePerGas', undefined, parsed['maxFeePerGas']);
    same('maxPriorityFeePerGas', undefined, parsed['maxPriorityFeePerGas']);
  } else {
    same('gasPrice', undefined, parsed['gasPrice']);
    same('maxFeePerGas', ours.fees.maxFeePerGas, zeroIfAbsent(parsed['maxFeePerGas']));
    same('maxPriorityFeePerGas', ours.fees.maxPriorityFeePerGas, zeroIfAbsent(parsed['maxPriorityFeePerGas']));
  }
  same('to', ours.to, parsed['to'] ?? undefined);
  same('data', ours.data, parsed['data'] ?? '0x');
  const ourList = ours.accessList.map((entry) => [entry.address, entry.storageKeys]);
  same('accessList', ourList, pairs(parsed['accessList'] ?? []));
  const { blobs } = ours;
  const blobPrice = parsed['maxFeePerBlobGas'];
  same('blobVersionedHashes', blobs?.hashes, parsed['blobVersionedHashes']);
  same('maxFeePerBlobGas', blobs?.maxFeePerBlobGas, blobs === undefined ? blobPrice : zeroIfAbsent(blobPrice));
  agreeAuthorizations(ours.authorizations, theirs.authorizations);
  // A reader that sees a field of which we know nothing has read something else.
  for (const key of Object.keys(parsed)) if (!KNOWN_FIELDS.has(key)) refuse('DECODERS_DISAGREE', 'an extra field');
  same('digest', digest, theirs.digest);
}

const KNOWN_FIELDS: ReadonlySet<string> = new Set([
  'type',
  'chainId',
  'nonce',
  'gas',
  'gasPrice',
  'maxFeePerGas',
  'maxPriorityFeePerGas',
  'to',
  'value',
  'data',
  'accessList',
  'blobVersionedHashes',
  'maxFeePerBlobGas',
  'authorizationList',
]);

function agreeAuthorizations(ours: readonly SignedAuthorization[], theirs: readonly SecondSignedAuthorization[]): void {
  if (ours.length !== theirs.length) refuse('DECODERS_DISAGREE', 'authorizationList');
  for (const [i, signed] of ours.entries()) {
    const other = theirs[i];
    if (other === undefined) refuse('DECODERS_DISAGREE', 'authorizationList');
    agreeAuthorization(signed, authorizationDigest(signed), other);
    same('yParity', BigInt(signed.yParity), other.yParity);
    same('r', signed.r, other.r);
    same('s', signed.s, other.s);
    same('authority', signed.authority, other.authority);
  }
}

/** Both readings of an authorization, its digest included. */
export function agreeAuthorization(ours: Authorization, digest: Uint8Array, theirs: SecondAuthorization): void {
  for (const field of ['chainId', 'address', 'nonce'] as const) same(field, ours[field], theirs[field]);
  same('digest', digest, theirs.digest);
}

/** Both readings of a message, its digest included. */
export function agreeMessage(ours: Message, digest: Uint8Array, theirs: SecondMessage): void {
  if (ours.encoding !== theirs.encoding) refuse('DECODERS_DISAGREE', 'encoding');
  // Not `same`, which forgives hex its case.
  if (ours.text === undefined) same('message', ours.bytes, theirs.message);
  else if (ours.text !== theirs.message) refuse('DECODERS_DISAGREE', 'message');
  same('digest', digest, theirs.digest);
}

/** The second reading of every call that expand.ts opens. */
export const SECOND_READING: SecondReading = {
  call(known, args: readonly Argument[], body) {
    const theirs = secondArguments(known, body);
    same(
      known.canonical,
      args.map(({ value }) => value),
      theirs,
    );
  },
  multiSend(entries, transactions) {
    const theirs = secondMultiSend(transactions);
    same(
      'multiSend',
      entries.map(({ operation, to, value, data }) => [operation === 'call' ? 0n : 1n, to, value, data]),
      theirs.map(({ operation, to, value, data }) => [operation, to, value, data]),
    );
  },
  packed(fields, data) {
    same('packed call', fields, secondPacked(fields.map(packedKind), data));
  },
  selector(signature, selector) {
    same('selector', selector, secondSelector(signature));
  },
};

function packedKind(field: PackedField): SecondPackedKind {
  if (typeof field === 'bigint') return 'uint256';
  return typeof field === 'string' ? 'address' : 'bytes';
}

function pairs(list: unknown): unknown {
  if (!Array.isArray(list)) return undefined;
  return list.map((entry: { readonly address?: unknown; readonly storageKeys?: unknown }) => [
    entry.address,
    entry.storageKeys,
  ]);
}

/** What our side holds; a bare string is an address or a word of ours, compared without regard to case. */
type Comparable = string | bigint | boolean | Uint8Array | AbiText | readonly AbiValue[] | undefined;

function same(field: string, ours: Comparable, theirs: unknown): void {
  if (!isSame(ours, theirs)) refuse('DECODERS_DISAGREE', field);
}

/** Numbers may come as number or bigint, addresses as number, and hex in any case; nothing else may differ. */
function isSame(ours: Comparable, theirs: unknown): boolean {
  if (typeof ours === 'bigint') {
    return typeof theirs === 'bigint'
      ? ours === theirs
      : Number.isSafeInteger(theirs) && ours === BigInt(Number(theirs));
  }
  if (typeof ours === 'string') {
    return typeof theirs === 'bigint'
      ? BigInt(ours) === theirs
      : typeof theirs === 'string' && ours === theirs.toLowerCase();
  }
  if (ours instanceof Uint8Array) return typeof theirs === 'string' && `0x${toHex(ours)}` === theirs.toLowerCase();
  if (!isList(ours)) return ours !== undefined && isText(ours) ? ours.text === theirs : ours === theirs;
  const items: unknown = theirs;
  if (!Array.isArray(items) || items.length !== ours.length) return false;
  return ours.every((item, i) => isSame(item, items[i]));
}

function isList(value: Comparable): value is readonly AbiValue[] {
  return Array.isArray(value);
}
