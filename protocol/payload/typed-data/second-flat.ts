/**
 * Second reading, the digest of documents whose types hold neither structs nor lists, such as every Safe transaction:
 * viem's ABI coder and Keccak over the words that EIP-712 names. viem's `hashTypedData` gives the same (a test compares
 * them), but checks and hashes the types again for each document, which takes longer than all the rest.
 */
import { concatBytes, encodeAbiParameters, type Hex, keccak256, stringToBytes } from 'viem';
import { fromHex } from '../../common/bytes.ts';

export type Fields = readonly { readonly name: string; readonly type: string }[];

type Values = Readonly<Record<string, unknown>>;

const DOMAIN = 'EIP712Domain';
/** Any other type makes viem do all of it. */
const FLAT = /^(?:address|bool|string|bytes(?:[0-9]{1,2})?|u?int[0-9]{1,3})$/;
const WORD = { type: 'bytes32' } as const;
/** Of each kind of hash. */
const MAX_KEPT = 32;
const PREFIX = Uint8Array.of(0x19, 0x01);

/** `undefined`: the types are not flat. Throws for a value that viem cannot encode. */
export function flatDigest(document: {
  readonly types: Readonly<Record<string, Fields>>;
  readonly primaryType: string;
  readonly domain: Values;
  readonly message: Values;
}): Hex | undefined {
  const { types, primaryType, domain, message } = document;
  const [domainFields, fields] = [types[DOMAIN], types[primaryType]];
  if (domainFields === undefined || fields === undefined || Object.keys(types).length !== 2) return undefined;
  if (![...domainFields, ...fields].every(({ type }) => FLAT.test(type))) return undefined;
  const words = [domainHash(domainFields, domain), structHash(primaryType, fields, message)];
  return keccak256(concatBytes([PREFIX, ...words]));
}

/** Those of the last few accounts: a batch is often of one. */
const DOMAIN_HASHES = new Map<string, Uint8Array>();
const MAX_DOMAIN_KEY = 1024;

function domainHash(fields: Fields, values: Values): Uint8Array {
  // Names and types are fixed, so each list of texts stands for one domain.
  const key = JSON.stringify(fields.flatMap(({ name, type }) => [name, type, String(values[name])]));
  const known = DOMAIN_HASHES.get(key);
  if (known !== undefined) return known;
  const hash = structHash(DOMAIN, fields, values);
  if (DOMAIN_HASHES.size >= MAX_KEPT) DOMAIN_HASHES.clear();
  if (key.length <= MAX_DOMAIN_KEY) DOMAIN_HASHES.set(key, hash);
  return hash;
}

function structHash(name: string, fields: Fields, values: Values): Uint8Array {
  const type = `${name}(${fields.map((field) => `${field.type} ${field.name}`).join(',')})`;
  const words = fields.map((field) => word(field.type, values[field.name]));
  const parameters = fields.map((field) => (isHashed(field.type) ? WORD : { type: field.type }));
  return keccak256(bytesOf(encodeAbiParameters([WORD, ...parameters], [typeHash(type), ...words])), 'bytes');
}

function isHashed(type: string): boolean {
  return type === 'bytes' || type === 'string';
}

function word(type: string, value: unknown): unknown {
  if (!isHashed(type)) return value;
  if (typeof value !== 'string') throw new TypeError('a text or bytes');
  return keccak256(type === 'bytes' ? bytesOf(value) : stringToBytes(value));
}

/** Of `0x` and lower-case digits. */
function bytesOf(hex: string): Uint8Array {
  const bytes = hex.startsWith('0x') ? fromHex(hex.slice(2)) : undefined;
  if (bytes === undefined) throw new TypeError('hex');
  return bytes;
}

/** Payloads come in the same few types; a table that is full begins again. */
const TYPE_HASHES = new Map<string, Hex>();

function typeHash(type: string): Hex {
  const known = TYPE_HASHES.get(type);
  if (known !== undefined) return known;
  const hash = keccak256(stringToBytes(type));
  if (TYPE_HASHES.size >= MAX_KEPT) TYPE_HASHES.clear();
  TYPE_HASHES.set(type, hash);
  return hash;
}
