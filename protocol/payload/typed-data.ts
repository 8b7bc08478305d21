/**
 * First decoder, EIP-712 typed data. Each supported primary type has its exact types pinned; the document is rebuilt
 * from the values we understood, so nothing can be shown that is not signed and nothing signed that is not shown.
 * Supported now: `SafeTx`. Another primary type gets its own reader in READERS.
 */
import { equalBytes, fromHex, toHex } from '../common/bytes.ts';
import { canonicalBytes, type Json } from '../common/canonical-json.ts';
import { err, ok, type Result } from '../common/result.ts';
import { parseStrictJson, type StrictJson } from '../common/strict-json.ts';
import { type Address, parseAddress } from './address.ts';
import { CHAIN_ID_MAX, MAX_TYPED_DATA_LENGTH, UINT256_MAX } from './limits.ts';
import { guarded, type PayloadProblem, refuse } from './refusal.ts';
import type { SafeTx } from './safe-tx.ts';

/** A document as rebuilt by us: what a screen shows and what the canonical bytes say. */
export interface TypedData {
  readonly primaryType: string;
  readonly domain: Json;
  readonly message: Json;
  readonly types: Json;
}

export interface TypedDocument {
  readonly typedData: TypedData;
  readonly safeTx: SafeTx;
}

/**
 * The payload bytes for a document that a person or a tool wrote: numbers may be JSON numbers, decimal or 0x strings,
 * addresses lower case or checksummed, the `EIP712Domain` type may be left out. The proposing side calls this once.
 */
export function canonicalizeTypedData(text: string): Result<Uint8Array, PayloadProblem> {
  const parsed = parseStrictJson(text, { maxLength: MAX_TYPED_DATA_LENGTH });
  if (!parsed.ok) {
    const { message, offset } = parsed.error;
    return err({ code: 'TYPED_DATA_JSON', message: `the typed data is not strict JSON: ${message} (at ${offset})` });
  }
  return canonicalTypedData(parsed.value);
}

/** As `canonicalizeTypedData`, for a document inside a larger file that is parsed already. */
export function canonicalTypedData(value: StrictJson): Result<Uint8Array, PayloadProblem> {
  return guarded('DECODER_FAILED', () => ok(typedDataBytes(readDocument(value).typedData)));
}

/** Reads payload bytes; anything but the canonical text of a supported document is refused (throws PayloadRefusal). */
export function decodeTypedData(bytes: Uint8Array): TypedDocument {
  let text = '';
  for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));
  const parsed = parseStrictJson(text, { maxLength: MAX_TYPED_DATA_LENGTH });
  if (!parsed.ok) return refuse('TYPED_DATA_JSON', parsed.error.message);
  const document = readDocument(parsed.value);
  if (!equalBytes(typedDataBytes(document.typedData), bytes)) refuse('TYPED_DATA_NOT_CANONICAL');
  return document;
}

function typedDataBytes(typedData: TypedData): Uint8Array {
  const { domain, message, primaryType, types } = typedData;
  return canonicalBytes({ domain, message, primaryType, types });
}

type Members = ReadonlyMap<string, StrictJson>;

/** From the members `domain`, `message`, `types` to the rebuilt document. */
const READERS: ReadonlyMap<string, (members: Members) => TypedDocument> = new Map([['SafeTx', readSafeTx]]);

function readDocument(value: StrictJson): TypedDocument {
  const members = exactObject(value, ['domain', 'message', 'primaryType', 'types'], 'the document');
  const primaryType = members.get('primaryType');
  if (primaryType?.type !== 'string') return refuse('TYPED_DATA_SHAPE', 'primaryType is not a string');
  const reader = READERS.get(primaryType.text);
  if (reader === undefined) {
    return refuse('UNSUPPORTED_TYPED_DATA', 'only Safe transactions (primaryType SafeTx) can be read so far');
  }
  return reader(members);
}

type FieldList = readonly (readonly [name: string, type: string])[];

const SAFE_TX_FIELDS: FieldList = [
  ['to', 'address'],
  ['value', 'uint256'],
  ['data', 'bytes'],
  ['operation', 'uint8'],
  ['safeTxGas', 'uint256'],
  ['baseGas', 'uint256'],
  ['gasPrice', 'uint256'],
  ['gasToken', 'address'],
  ['refundReceiver', 'address'],
  ['nonce', 'uint256'],
];
const CHAIN_BOUND_FIELDS: FieldList = [
  ['chainId', 'uint256'],
  ['verifyingContract', 'address'],
];
const LEGACY_FIELDS: FieldList = [['verifyingContract', 'address']];

function readSafeTx(members: Members): TypedDocument {
  const domainMembers = objectOf(members.get('domain'), 'domain');
  const legacy = !domainMembers.has('chainId');
  const domainFields = legacy ? LEGACY_FIELDS : CHAIN_BOUND_FIELDS;
  const domain = exactDomain(domainMembers, domainFields);
  readTypes(members.get('types'), domainFields);
  const message = exactObject(members.get('message'), names(SAFE_TX_FIELDS), 'message');
  const operation = number(message, 'operation', UINT256_MAX);
  if (operation > 1n) refuse('OPERATION_INVALID');
  const safeTx: SafeTx = {
    safe: address(domain, 'verifyingContract'),
    domain: legacy ? 'legacy' : 'chain-bound',
    chainId: legacy ? undefined : chainIdOf(domain),
    to: address(message, 'to'),
    value: number(message, 'value', UINT256_MAX),
    data: hexBytes(message, 'data'),
    operation: operation === 1n ? 1 : 0,
    safeTxGas: number(message, 'safeTxGas', UINT256_MAX),
    baseGas: number(message, 'baseGas', UINT256_MAX),
    gasPrice: number(message, 'gasPrice', UINT256_MAX),
    gasToken: address(message, 'gasToken'),
    refundReceiver: address(message, 'refundReceiver'),
    nonce: number(message, 'nonce', UINT256_MAX),
  };
  return { safeTx, typedData: rebuild(safeTx, domainFields) };
}

/** The document again, from nothing but the values we hold. */
function rebuild(tx: SafeTx, domainFields: FieldList): TypedData {
  return {
    primaryType: 'SafeTx',
    domain: { ...(tx.chainId === undefined ? {} : { chainId: `${tx.chainId}` }), verifyingContract: tx.safe },
    message: {
      to: tx.to,
      value: `${tx.value}`,
      data: `0x${toHex(tx.data)}`,
      operation: `${tx.operation}`,
      safeTxGas: `${tx.safeTxGas}`,
      baseGas: `${tx.baseGas}`,
      gasPrice: `${tx.gasPrice}`,
      gasToken: tx.gasToken,
      refundReceiver: tx.refundReceiver,
      nonce: `${tx.nonce}`,
    },
    types: { EIP712Domain: typeList(domainFields), SafeTx: typeList(SAFE_TX_FIELDS) },
  };
}

function typeList(fields: FieldList): Json {
  return fields.map(([name, type]) => ({ name, type }));
}

function names(fields: FieldList): readonly string[] {
  return fields.map(([name]) => name);
}

function readTypes(value: StrictJson | undefined, domainFields: FieldList): void {
  const types = objectOf(value, 'types');
  for (const key of types.keys()) {
    if (key !== 'EIP712Domain' && key !== 'SafeTx')
      refuse('TYPED_DATA_TYPES', 'there is a type that SafeTx does not use');
  }
  const domainType = types.get('EIP712Domain');
  if (domainType !== undefined && !isFieldList(domainType, domainFields)) {
    refuse('TYPED_DATA_TYPES', 'EIP712Domain does not list exactly the fields of the domain, in the standard order');
  }
  const safeTx = types.get('SafeTx');
  if (safeTx === undefined || !isFieldList(safeTx, SAFE_TX_FIELDS)) {
    refuse('TYPED_DATA_TYPES', 'SafeTx is not that of Safe 1.0 and later (0.1.0 has dataGas for baseGas)');
  }
}

function isFieldList(value: StrictJson, fields: FieldList): boolean {
  if (value.type !== 'array' || value.items.length !== fields.length) return false;
  return value.items.every((item, i) => {
    const [name, type] = fields[i] ?? [];
    if (item.type !== 'object' || item.members.size !== 2) return false;
    return isText(item.members.get('name'), name) && isText(item.members.get('type'), type);
  });
}

function isText(value: StrictJson | undefined, text: string | undefined): boolean {
  return value?.type === 'string' && value.text === text;
}

function exactDomain(members: Members, fields: FieldList): Members {
  const expected = names(fields);
  if (members.size !== expected.length || !expected.every((key) => members.has(key))) {
    refuse('TYPED_DATA_DOMAIN', 'its keys must be verifyingContract, and chainId from Safe 1.3.0 on');
  }
  return members;
}

function chainIdOf(domain: Members): bigint {
  const chainId = number(domain, 'chainId', CHAIN_ID_MAX);
  return chainId === 0n ? refuse('TYPED_DATA_DOMAIN', 'chainId is 0') : chainId;
}

function objectOf(value: StrictJson | undefined, what: string): Members {
  return value?.type === 'object' ? value.members : refuse('TYPED_DATA_SHAPE', `${what} is not an object`);
}

function exactObject(value: StrictJson | undefined, keys: readonly string[], what: string): Members {
  const members = objectOf(value, what);
  for (const key of keys) if (!members.has(key)) refuse('TYPED_DATA_SHAPE', `${what} lacks ${key}`);
  if (members.size !== keys.length) refuse('TYPED_DATA_SHAPE', `${what} has fields that would not be signed`);
  return members;
}

function address(members: Members, key: string): Address {
  const value = members.get(key);
  const parsed = value?.type === 'string' ? parseAddress(value.text) : undefined;
  if (parsed === 'checksum') return refuse('ADDRESS_CHECKSUM', key);
  return parsed ?? refuse('TYPED_DATA_VALUE', `${key} is not an address`);
}

/** A whole number: a JSON number up to 2^53 - 1, a decimal string or a 0x string, each without leading zeros. */
function number(members: Members, key: string, max: bigint): bigint {
  const value = members.get(key);
  const text = value?.type === 'string' || value?.type === 'number' ? value.text : '';
  if (!/^(0|[1-9][0-9]{0,77}|0x(0|[1-9a-fA-F][0-9a-fA-F]{0,63}))$/.test(text)) {
    refuse('TYPED_DATA_VALUE', `${key} is not a whole number in decimal or 0x form`);
  }
  const result = BigInt(text);
  if (value?.type === 'number' && result > BigInt(Number.MAX_SAFE_INTEGER)) {
    refuse('TYPED_DATA_VALUE', `${key} is too large for a JSON number; write it as a string`);
  }
  return result <= max ? result : refuse('TYPED_DATA_VALUE', `${key} is larger than ${max}`);
}

function hexBytes(members: Members, key: string): Uint8Array {
  const value = members.get(key);
  const text = value?.type === 'string' ? value.text : '';
  const bytes = text.startsWith('0x') ? fromHex(text.slice(2).toLowerCase()) : undefined;
  return bytes ?? refuse('TYPED_DATA_VALUE', `${key} is not 0x and an even number of hex digits`);
}
