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
/** Of each kind of hash. */
const MAX_KEPT = 32;
const PREFIX = Uint8Array.of(0x19, 0x01);
const SIZE = 32;

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
  const [domainTypeHash, typeHash] = [flatType(DOMAIN, domainFields), flatType(primaryType, fields)];
  if (domainTypeHash === undefined || typeHash === undefined) return undefined;
  const words = [domainHash(domainTypeHash, domainFields, domain), structHash(typeHash, fields, message)];
  return keccak256(concatBytes([PREFIX, ...words]));
}

/** Payloads come in the same few types; a table that is full begins again. */
const TYPE_HASHES = new Map<string, Uint8Array>();

/** The hash of a type whose fields are all flat. */
function flatType(name: string, fields: Fields): Uint8Array | undefined {
  let type = `${name}(`;
  for (const field of fields) type += `${field.type} ${field.name},`;
  const known = TYPE_HASHES.get(type);
  if (known !== undefined) return known;
  if (!fields.every((field) => FLAT.test(field.type))) return undefined;
  const hash = keccak256(stringToBytes(`${fields.length === 0 ? type : type.slice(0, -1)})`), 'bytes');
  if (TYPE_HASHES.size >= MAX_KEPT) TYPE_HASHES.clear();
  TYPE_HASHES.set(type, hash);
  return hash;
}

/** Those of the last few accounts: a batch is often of one. */
const DOMAIN_HASHES = new Map<string, Uint8Array>();
const MAX_DOMAIN_KEY = 1024;

function domainHash(typeHash: Uint8Array, fields: Fields, values: Values): Uint8Array {
  // Names and types are fixed, so each list of texts stands for one domain.
  const key = JSON.stringify(fields.flatMap(({ name, type }) => [name, type, String(values[name])]));
  const known = DOMAIN_HASHES.get(key);
  if (known !== undefined) return known;
  const hash = structHash(typeHash, fields, values);
  if (DOMAIN_HASHES.size >= MAX_KEPT) DOMAIN_HASHES.clear();
  if (key.length <= MAX_DOMAIN_KEY) DOMAIN_HASHES.set(key, hash);
  return hash;
}

function structHash(typeHash: Uint8Array, fields: Fields, values: Values): Uint8Array {
  const encoded = new Uint8Array(SIZE * (fields.length + 1));
  encoded.set(typeHash);
  for (const [i, { name, type }] of fields.entries()) encoded.set(word(type, values[name]), SIZE * (i + 1));
  return keccak256(encoded, 'bytes');
}

function word(type: string, value: unknown): Uint8Array {
  if (type !== 'bytes' && type !== 'string') return atom(type, value);
  if (typeof value !== 'string') throw new TypeError('a text or bytes');
  return keccak256(type === 'bytes' ? bytesOf(value) : stringToBytes(value), 'bytes');
}

/** Most words of a batch come again: no gas, the same token, the same kind of operation. A full table begins again. */
const WORDS = new Map<string, Uint8Array>();
const MAX_WORDS = 512;
const MAX_WORD_KEY = 128;

/** A value that fills a word by itself. */
function atom(type: string, value: unknown): Uint8Array {
  const key = `${type} ${typeof value} ${String(value)}`;
  const known = WORDS.get(key);
  if (known !== undefined) return known;
  const encoded = bytesOf(encodeAbiParameters([{ type }], [value]));
  if (encoded.length !== SIZE) throw new TypeError('a word');
  // Of anything else the text does not tell which value it was.
  const plain = typeof value === 'bigint' || typeof value === 'string' || typeof value === 'boolean';
  if (!plain || key.length > MAX_WORD_KEY) return encoded;
  if (WORDS.size >= MAX_WORDS) WORDS.clear();
  WORDS.set(key, encoded);
  return encoded;
}

/** Of `0x` and lower-case digits. */
function bytesOf(hex: string): Uint8Array {
  const bytes = hex.startsWith('0x') ? fromHex(hex.slice(2)) : undefined;
  if (bytes === undefined) throw new TypeError('hex');
  return bytes;
}
