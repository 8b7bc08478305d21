/**
 * The files in which people hand payloads over, or the bare `0x…` of an unsigned transaction. No form takes a hash.
 *
 * - `{"kind":"evm-transaction","unsigned":"0x…"}`
 * - `{"kind":"evm-typed-data","typedData":{…}}`
 * - `{"kind":"evm-message","encoding":"text"|"hex","message":"…"}`
 * - `{"kind":"evm-authorization","chainId":…,"address":"0x…","nonce":…}`
 *
 * Each may have `"preimages":[{…},…]` besides: typed data whose hashes the payload holds.
 */
import { fromHex } from '../common/bytes.ts';
import { ok, type Result } from '../common/result.ts';
import { parseStrictJson, type StrictJson } from '../common/strict-json.ts';
import { parseAddress } from './address.ts';
import { authorizationPayload } from './authorization.ts';
import { CHAIN_ID_MAX, DECODE_LIMITS, MAX_PREIMAGES, NONCE_MAX } from './limits.ts';
import { messagePayload, readMessage } from './message.ts';
import type { Payload } from './payload.ts';
import { guarded, type PayloadProblem, PayloadRefusal, refuse } from './refusal.ts';
import { canonicalTypedData } from './typed-data.ts';

/** Room for the largest payload as hex and for the file around it, in characters. */
export const MAX_INSPECT_LENGTH: number = 2 * DECODE_LIMITS.maxBytes + 4096;

type Members = ReadonlyMap<string, StrictJson>;

interface Form {
  /** Exactly these, besides `kind` and `preimages`. */
  readonly fields: readonly string[];
  read(members: Members): Payload;
}

const FORMS: ReadonlyMap<string, Form> = new Map([
  ['evm-transaction', { fields: ['unsigned'], read: transaction }],
  ['evm-typed-data', { fields: ['typedData'], read: typedData }],
  ['evm-message', { fields: ['encoding', 'message'], read: message }],
  ['evm-authorization', { fields: ['chainId', 'address', 'nonce'], read: authorization }],
]);

/** The payload of such a file. It still has to be decoded; all forms but the first are brought into canonical form here. */
export function payloadFromInspectJson(text: string): Result<Payload, PayloadProblem> {
  return guarded('DECODER_FAILED', () => {
    if (text.length > MAX_INSPECT_LENGTH) return refuse('PAYLOAD_TOO_LARGE');
    const trimmed = text.trim();
    if (trimmed === '') return refuse('PAYLOAD_EMPTY');
    if (trimmed.startsWith('0x')) return ok(transactionFromHex(trimmed));
    const parsed = parseStrictJson(trimmed, { maxLength: MAX_INSPECT_LENGTH });
    if (!parsed.ok) return refuse('INSPECT_JSON', `${parsed.error.message} (at ${parsed.error.offset})`);
    return ok(payloadOf(parsed.value));
  });
}

function payloadOf(value: StrictJson): Payload {
  if (value.type !== 'object') return refuse('INSPECT_JSON', 'expected an object with a kind');
  const { members } = value;
  const kind = members.get('kind');
  if (kind?.type !== 'string') return refuse('INSPECT_JSON', 'expected a kind, like "evm-transaction"');
  const form = FORMS.get(kind.text);
  if (form === undefined) return refuse('UNSUPPORTED_KIND', `the kinds are ${[...FORMS.keys()].join(', ')}`);
  const preimages = members.get('preimages');
  const size = form.fields.length + (preimages === undefined ? 1 : 2);
  if (members.size !== size || !form.fields.every((field) => members.has(field))) {
    refuse('INSPECT_JSON', `expected exactly the fields kind, ${form.fields.join(', ')}, and preimages where needed`);
  }
  const payload = form.read(members);
  return preimages === undefined ? payload : { ...payload, preimages: preimagesOf(preimages) };
}

function preimagesOf(value: StrictJson): readonly Uint8Array[] {
  if (value.type !== 'array' || value.items.length === 0) {
    return refuse('INSPECT_JSON', 'preimages is not a list of typed data');
  }
  if (value.items.length > MAX_PREIMAGES) refuse('INSPECT_JSON', `there are more than ${MAX_PREIMAGES} preimages`);
  return value.items.map(canonical);
}

function transaction(members: Members): Payload {
  const unsigned = members.get('unsigned');
  return unsigned?.type === 'string'
    ? transactionFromHex(unsigned.text)
    : refuse('INSPECT_JSON', 'unsigned is not a string');
}

function transactionFromHex(text: string): Payload {
  if (text.length > 2 + 2 * DECODE_LIMITS.maxBytes) refuse('PAYLOAD_TOO_LARGE');
  const bytes = text.startsWith('0x') ? fromHex(text.slice(2).toLowerCase()) : undefined;
  return { kind: 'evm-transaction', bytes: bytes ?? refuse('INSPECT_JSON', 'not 0x and an even number of hex digits') };
}

function typedData(members: Members): Payload {
  const document = members.get('typedData');
  return document === undefined
    ? refuse('INSPECT_JSON', 'there is no typedData')
    : { kind: 'evm-typed-data', bytes: canonical(document) };
}

function canonical(document: StrictJson): Uint8Array {
  const bytes = canonicalTypedData(document);
  if (!bytes.ok) throw new PayloadRefusal(bytes.error.code, bytes.error.message);
  return bytes.value;
}

function message(members: Members): Payload {
  return { kind: 'evm-message', bytes: messagePayload(readMessage(members)) };
}

function authorization(members: Members): Payload {
  const written = members.get('address');
  const address = written?.type === 'string' ? parseAddress(written.text) : undefined;
  if (address === 'checksum') return refuse('ADDRESS_CHECKSUM', 'address');
  if (address === undefined) return refuse('INSPECT_JSON', 'address is not an address');
  const chainId = integer(members, 'chainId', CHAIN_ID_MAX);
  return {
    kind: 'evm-authorization',
    bytes: authorizationPayload({ chainId, address, nonce: integer(members, 'nonce', NONCE_MAX) }),
  };
}

/** A JSON number up to 2^53 - 1, a decimal string or a 0x string, each without leading zeros. */
function integer(members: Members, key: string, max: bigint): bigint {
  const value = members.get(key);
  const text = value?.type === 'string' || value?.type === 'number' ? value.text : '';
  if (!/^(0|[1-9][0-9]{0,19}|0x(0|[1-9a-fA-F][0-9a-fA-F]{0,15}))$/.test(text)) {
    refuse('INSPECT_JSON', `${key} is not a whole number in decimal or 0x form`);
  }
  const number = BigInt(text);
  if (value?.type === 'number' && number > BigInt(Number.MAX_SAFE_INTEGER)) {
    refuse('INSPECT_JSON', `${key} is too large for a JSON number; write it as a string`);
  }
  return number <= max ? number : refuse('INSPECT_JSON', `${key} is larger than ${max}`);
}
