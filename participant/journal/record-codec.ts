/** Journal records as canonical JSON, and back through strict readers. */
import { toHex } from '../../protocol/common/bytes.ts';
import { canonicalBytes, type Json, parseCanonical } from '../../protocol/common/canonical-json.ts';
import { err, type Result } from '../../protocol/common/result.ts';
import {
  array,
  boolean,
  bytes,
  decimal,
  integer,
  literal,
  object,
  optional,
  problem,
  type Reader,
  read,
  text,
} from '../../protocol/common/schema.ts';
import { SPEND, USED_PLACE } from '../../protocol/policy/spend.ts';
import type { HeardHash, JournalRecord, NonceSlot, Reservation } from './records.ts';

/** The bytes of one record in the journal. */
export function encodeRecord(record: JournalRecord): Uint8Array {
  return canonicalBytes(toJson(record));
}

/** Refuses whatever `encodeRecord` would not have written. */
export function decodeRecord(payload: Uint8Array): Result<JournalRecord, string> {
  const json = parseCanonical(payload);
  if (!json.ok) return json;
  const parsed = read(RECORD, json.value);
  return parsed.ok ? parsed : err(`${parsed.error.field} ${parsed.error.message}`);
}

type Plain =
  | string
  | boolean
  | number
  | bigint
  | Uint8Array
  | undefined
  | readonly Plain[]
  | { readonly [key: string]: Plain };

/** Numbers become decimal strings, bytes become hex, absent members stay absent. */
function toJson(value: JournalRecord | NonceSlot | HeardHash | Reservation | Plain): Json {
  if (typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map((item: Plain) => toJson(item));
  const members = Object.entries(value ?? {}) as [string, Plain][];
  return Object.fromEntries(
    members.filter(([, member]) => member !== undefined).map(([key, member]) => [key, toJson(member)]),
  );
}

const ID = bytes({ length: 32 });
const STATEMENT = bytes({ max: 256 * 1024 });
const COUNT = integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const PARTY = integer({ min: 1, max: 255 });
const NAME = text({ min: 1, max: 80, pattern: /^[\x20-\x7e]+$/ });
const CODE = text({ min: 1, max: 64, pattern: /^[A-Z0-9_]+$/ });
const TIME = integer({ max: Number.MAX_SAFE_INTEGER });
const U256 = decimal(2n ** 256n - 1n);

/** 32 bytes or none. */
const MAYBE_ID: Reader<Uint8Array> = (value, field) => {
  const id = bytes({ max: 32 })(value, field);
  return id.length === 0 || id.length === 32 ? id : problem(field, 'must be empty or 32 bytes');
};

const PAIR = { epochId: ID, peer: PARTY };
const ATTEMPT = { proposal: ID, attempt: COUNT };

type ReaderOf<K extends JournalRecord['type']> = Reader<Extract<JournalRecord, { readonly type: K }>>;
type KeyType = 'prepared' | 'acked' | 'active';

function keyStep(type: KeyType): ReaderOf<KeyType> {
  return object({ type: literal(type), walletId: ID, epochId: ID, gen: integer({ min: 1, max: 0xffff_ffff }) });
}

const READERS: { readonly [K in JournalRecord['type']]: Reader<JournalRecord> } = {
  opened: object({ type: literal('opened'), fencing: COUNT }),
  'ceremony-seen': object({ type: literal('ceremony-seen'), ...ATTEMPT, kind: NAME }),
  'verdict-given': object({
    type: literal('verdict-given'),
    ...ATTEMPT,
    decision: literal('consent', 'reject'),
    body: ID,
    counter: COUNT,
    statement: optional(STATEMENT),
    reservation: optional(object<Reservation>({ walletId: ID, digest: ID, spend: SPEND, at: TIME, until: TIME })),
  }),
  'session-started': object({
    type: literal('session-started'),
    ...ATTEMPT,
    sessionId: ID,
    epochId: MAYBE_ID,
    walletId: ID,
    path: array(integer({ max: 2 ** 31 - 1 }), { max: 10 }),
    signers: array(PARTY, { min: 1, max: 255 }),
    digest: ID,
    slot: optional(object<NonceSlot>({ account: optional(bytes({ length: 20 })), chainId: U256, nonce: U256 })),
    replaces: boolean,
  }),
  'r2-sent': object({
    type: literal('r2-sent'),
    sessionId: ID,
    fullSid: ID,
    heard: array(object<HeardHash>({ party: PARTY, hash: ID }), { max: 255 }),
  }),
  'r3-sent': object({ type: literal('r3-sent'), sessionId: ID, released: ID, at: optional(TIME) }),
  'released-seen': object({ type: literal('released-seen'), walletId: ID, digest: ID, at: TIME }),
  settled: object({ type: literal('settled'), ...ATTEMPT }),
  'spend-freed': object({ type: literal('spend-freed'), walletId: ID, digest: ID, ...ATTEMPT }),
  'nonce-consumed': object({
    type: literal('nonce-consumed'),
    place: USED_PLACE,
    at: TIME,
    source: literal('hand', 'nodes'),
  }),
  'signature-void': object({ type: literal('signature-void'), walletId: ID, digest: ID, at: TIME }),
  'session-ended': object({
    type: literal('session-ended'),
    sessionId: ID,
    outcome: literal('completed', 'aborted'),
    reason: CODE,
  }),
  ban: object({
    type: literal('ban'),
    ...PAIR,
    identityKey: optional(ID),
    check: NAME,
    failure: literal('LEAK', 'CHEAT'),
    count: COUNT,
    software: text({ max: 80, pattern: /^[\x20-\x7e]*$/ }),
  }),
  'ban-lifted': object({
    type: literal('ban-lifted'),
    ...PAIR,
    counter: COUNT,
    statements: array(ID, { min: 2, max: 2 }),
  }),
  'pair-fail': object({ type: literal('pair-fail'), ...PAIR, check: NAME }),
  'pair-fail-reset': object({ type: literal('pair-fail-reset'), ...PAIR }),
  prepared: keyStep('prepared'),
  acked: keyStep('acked'),
  active: keyStep('active'),
  exported: object({ type: literal('exported'), walletId: ID, epochId: ID, sessionId: ID, recipient: ID }),
  'policy-set': object({ type: literal('policy-set'), scope: literal('common', 'own'), version: COUNT, digest: ID }),
  counter: object({ type: literal('counter'), value: COUNT }),
  withdraw: object({ type: literal('withdraw'), ...ATTEMPT, author: NAME }),
  freeze: object({ type: literal('freeze'), walletId: MAYBE_ID, frozen: boolean, statement: ID, at: optional(TIME) }),
  'policy-announced': object({ type: literal('policy-announced'), digest: ID, version: COUNT, at: TIME }),
  'policy-vetoed': object({ type: literal('policy-vetoed'), digest: ID }),
  'peer-counter': object({
    type: literal('peer-counter'),
    party: PARTY,
    statementKey: ID,
    counter: COUNT,
    statement: STATEMENT,
  }),
};

const RECORD: Reader<JournalRecord> = (value, field) => {
  const type = typeof value === 'object' && 'type' in value ? value['type'] : undefined;
  if (typeof type !== 'string' || !isType(type)) return problem('type', 'is not a known record');
  return READERS[type](value, field);
};

function isType(type: string): type is JournalRecord['type'] {
  return Object.hasOwn(READERS, type);
}
