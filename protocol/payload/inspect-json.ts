/**
 * The files in which people hand payloads over: `{"kind":"evm-transaction","unsigned":"0x…"}`,
 * `{"kind":"evm-typed-data","typedData":{…}}`, or the bare `0x…` of an unsigned transaction. No form takes a hash.
 */
import { fromHex } from '../common/bytes.ts';
import { err, ok, type Result } from '../common/result.ts';
import { parseStrictJson, type StrictJson } from '../common/strict-json.ts';
import { DECODE_LIMITS, MAX_TYPED_DATA_LENGTH } from './limits.ts';
import type { Payload } from './payload.ts';
import { guarded, type PayloadProblem, refuse } from './refusal.ts';
import { canonicalTypedData } from './typed-data.ts';

/** Room for the largest payload as hex and for the file around it. */
export const MAX_INSPECT_LENGTH: number = MAX_TYPED_DATA_LENGTH + 4096;

type Members = ReadonlyMap<string, StrictJson>;

const READERS: ReadonlyMap<string, (members: Members) => Result<Payload, PayloadProblem>> = new Map([
  ['evm-transaction', readTransaction],
  ['evm-typed-data', readTypedData],
]);

/** The payload of such a file. It still has to be decoded; typed data is brought into its canonical form here. */
export function payloadFromInspectJson(text: string): Result<Payload, PayloadProblem> {
  return guarded('DECODER_FAILED', () => {
    if (text.length > MAX_INSPECT_LENGTH) return refuse('PAYLOAD_TOO_LARGE');
    const trimmed = text.trim();
    if (trimmed === '') return refuse('PAYLOAD_EMPTY');
    if (trimmed.startsWith('0x')) return ok(transactionFromHex(trimmed));
    const parsed = parseStrictJson(trimmed, { maxLength: MAX_INSPECT_LENGTH });
    if (!parsed.ok) return refuse('INSPECT_JSON', `${parsed.error.message} (at ${parsed.error.offset})`);
    return readFile(parsed.value);
  });
}

function readFile(value: StrictJson): Result<Payload, PayloadProblem> {
  if (value.type !== 'object') return refuse('INSPECT_JSON', 'expected an object with a kind');
  const kind = value.members.get('kind');
  if (kind?.type !== 'string') return refuse('INSPECT_JSON', 'expected a kind, like "evm-transaction"');
  const reader = READERS.get(kind.text);
  return reader === undefined
    ? err({ code: 'UNSUPPORTED_KIND', message: 'only evm-transaction and evm-typed-data are supported so far' })
    : reader(value.members);
}

function readTransaction(members: Members): Result<Payload, PayloadProblem> {
  const unsigned = only(members, 'unsigned');
  if (unsigned.type !== 'string') return refuse('INSPECT_JSON', 'unsigned is not a string');
  return ok(transactionFromHex(unsigned.text));
}

function readTypedData(members: Members): Result<Payload, PayloadProblem> {
  const canonical = canonicalTypedData(only(members, 'typedData'));
  return canonical.ok ? ok({ kind: 'evm-typed-data', bytes: canonical.value }) : canonical;
}

function transactionFromHex(text: string): Payload {
  if (text.length > 2 + 2 * DECODE_LIMITS.maxBytes) refuse('PAYLOAD_TOO_LARGE');
  const bytes = text.startsWith('0x') ? fromHex(text.slice(2).toLowerCase()) : undefined;
  return { kind: 'evm-transaction', bytes: bytes ?? refuse('INSPECT_JSON', 'not 0x and an even number of hex digits') };
}

function only(members: Members, key: string): StrictJson {
  const value = members.get(key);
  if (value === undefined || members.size !== 2) {
    return refuse('INSPECT_JSON', `expected exactly the fields kind and ${key}`);
  }
  return value;
}
