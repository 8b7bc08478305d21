/** One good payload of every kind, with what the bad ones are made from: fields of RLP, documents, files. */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import type { Hex } from 'viem';
import { canonicalText } from '../../../protocol/common/canonical-json.ts';
import { authorizationDigest, authorizationPayload } from '../../../protocol/payload/authorization.ts';
import type { Payload } from '../../../protocol/payload/payload.ts';
import { encodeRlp, minimalBytes, type RlpItem } from '../../../protocol/payload/rlp.ts';
import { bytes, FRIEND, hex, safeTxDocument, TOKEN, transfer } from './payloads.ts';
import { canonical, permit, type TypedDocumentText, typedDocument } from './typed-documents.ts';

export const TRANSACTIONS = ['legacy', 'eip2930', 'eip1559', 'eip4844', 'eip7702'] as const;
export const DOCUMENTS = ['safe-tx', 'permit', 'unknown-typed-data'] as const;
export const MESSAGES = ['text-message', 'hex-message'] as const;
export const KINDS = [...TRANSACTIONS, ...DOCUMENTS, ...MESSAGES, 'authorization'] as const;

export type TransactionKind = (typeof TRANSACTIONS)[number];
export type DocumentKind = (typeof DOCUMENTS)[number];
export type MessageKind = (typeof MESSAGES)[number];
export type Kind = (typeof KINDS)[number];

const EMPTY = new Uint8Array(0);
const CHAIN = Uint8Array.of(1);

/** By name, so that a field can be changed whatever its place. */
type Fields = Readonly<Record<string, RlpItem>>;

/** The unsigned fields of a transaction in the order of its type. */
export function transactionFields(type: TransactionKind, data: Hex = transfer(), to: string = TOKEN): Fields {
  const common = { gas: minimalBytes(100_000n), to: bytes(to), value: EMPTY, data: bytes(data) };
  const [nonce, gasPrice] = [Uint8Array.of(7), minimalBytes(30n * 10n ** 9n)];
  if (type === 'legacy') return { nonce, gasPrice, ...common, chainId: CHAIN, r: EMPTY, s: EMPTY };
  if (type === 'eip2930') return { chainId: CHAIN, nonce, gasPrice, ...common, accessList: [] };
  const capped = { chainId: CHAIN, nonce, tip: Uint8Array.of(1), cap: gasPrice, ...common, accessList: [] };
  if (type === 'eip1559') return capped;
  if (type === 'eip4844') return { ...capped, blobFee: Uint8Array.of(9), blobs: [bytes(`01${'ab'.repeat(31)}`)] };
  return { ...capped, authorizations: [signedTuple()] };
}

const TYPE_BYTES = { legacy: [], eip2930: [1], eip1559: [2], eip4844: [3], eip7702: [4] } as const;

export function transactionBytes(type: TransactionKind, fields: Fields): Uint8Array {
  return Uint8Array.from([...TYPE_BYTES[type], ...encodeRlp(Object.values(fields))]);
}

/** The fields with some of them changed; `undefined` takes one away. */
export function changed(fields: Fields, change: Readonly<Record<string, RlpItem | undefined>>): Fields {
  const entries = Object.entries({ ...fields, ...change });
  return Object.fromEntries(entries.filter((entry): entry is [string, RlpItem] => entry[1] !== undefined));
}

export const AUTHORIZATION: { readonly chainId: bigint; readonly address: Hex; readonly nonce: bigint } = {
  chainId: 1n,
  address: FRIEND,
  nonce: 7n,
};

function signedTuple(): readonly RlpItem[] {
  const key = new Uint8Array(32).fill(7);
  const signature = secp256k1.sign(authorizationDigest(AUTHORIZATION), key, { prehash: false, format: 'recovered' });
  const part = (from: number, to: number): Uint8Array => minimalBytes(BigInt(hex(signature.slice(from, to))));
  return [CHAIN, bytes(FRIEND), Uint8Array.of(7), part(0, 1), part(1, 33), part(33, 65)];
}

const UNKNOWN_TYPE =
  'Thing(uint256 amount,uint8 small,bool flag,address to,bytes4 four,string note,Part part)Part(uint8 n)';

/** `change` replaces fields of the message, `domain` the whole domain. */
export function documentOf(
  kind: DocumentKind,
  change: Readonly<Record<string, unknown>> = {},
  domain?: Readonly<Record<string, unknown>>,
): TypedDocumentText {
  if (kind === 'safe-tx') return safeTxDocument(change, domain) as unknown as TypedDocumentText;
  if (kind === 'permit') return permit(change, domain);
  const message = { amount: '5', small: '1', flag: true, to: FRIEND, four: '0x01020304', note: 'hi', part: { n: '1' } };
  const named = { name: 'Thing', version: '1', chainId: 1, verifyingContract: TOKEN };
  return typedDocument(UNKNOWN_TYPE, { ...message, ...change }, domain ?? named);
}

export function documentFile(document: unknown): string {
  return JSON.stringify({ kind: 'evm-typed-data', typedData: document });
}

export function documentPayload(document: unknown): Payload {
  return { kind: 'evm-typed-data', bytes: canonical(document) };
}

export function messageOf(kind: MessageKind): { readonly encoding: 'text' | 'hex'; readonly message: string } {
  return kind === 'text-message' ? { encoding: 'text', message: 'hello' } : { encoding: 'hex', message: '0xabcdef' };
}

export function messageFile(content: object): string {
  return JSON.stringify({ kind: 'evm-message', ...content });
}

export function messageBytes(content: { readonly encoding: string; readonly message: string }): Uint8Array {
  return ascii(canonicalText({ ...content }));
}

export function authorizationFile(change: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ kind: 'evm-authorization', chainId: 1, address: FRIEND, nonce: 7, ...change });
}

export function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function isTransaction(kind: Kind): kind is TransactionKind {
  return TRANSACTIONS.some((one) => one === kind);
}

export function isDocument(kind: Kind): kind is DocumentKind {
  return DOCUMENTS.some((one) => one === kind);
}

export function isMessage(kind: Kind): kind is MessageKind {
  return MESSAGES.some((one) => one === kind);
}

export interface Sample {
  readonly payload: Payload;
  /** As a person hands it over. */
  readonly file: string;
}

export function sample(kind: Kind): Sample {
  if (isTransaction(kind)) {
    const unsigned = transactionBytes(kind, transactionFields(kind));
    return { payload: { kind: 'evm-transaction', bytes: unsigned }, file: hex(unsigned) };
  }
  if (isDocument(kind)) return { payload: documentPayload(documentOf(kind)), file: documentFile(documentOf(kind)) };
  if (isMessage(kind)) {
    const content = messageOf(kind);
    return { payload: { kind: 'evm-message', bytes: messageBytes(content) }, file: messageFile(content) };
  }
  return {
    payload: { kind: 'evm-authorization', bytes: authorizationPayload(AUTHORIZATION) },
    file: authorizationFile(),
  };
}
