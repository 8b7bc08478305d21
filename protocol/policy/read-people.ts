/** Readers of who decides and who is paid: approvers, admin, the entries of the address book. */
import { array, integer, literal, object, optional, problem, type Reader, text } from '../common/schema.ts';
import { MAX_APPROVERS, MAX_COUNTERPARTY_ADDRESSES, MAX_DELAY, MAX_LABEL, MAX_PERSON, MAX_VERSION } from './limits.ts';
import {
  type Admin,
  type Approver,
  type BookAdmin,
  COUNTERPARTY_KINDS,
  type Counterparty,
  type CounterpartyAddress,
} from './schema.ts';
import { ADDRESS, CHAIN_ID, compare, hex, NAME, PRINTABLE, TIME, TRIMMED } from './values.ts';

/** Names of people as in the roster: printable, not blank at their ends. */
const PERSON: Reader<string> = text({ min: 1, max: MAX_PERSON, pattern: TRIMMED });

/** One key is written in one way: `ed25519:` and hex, or type and base64 of an OpenSSH line, without its comment. */
export const KEY_PATTERN: RegExp =
  /^(ed25519:[0-9a-f]{64}|(ssh-ed25519|sk-ssh-ed25519@openssh\.com) [A-Za-z0-9+/]+={0,2})$/;
export const MAX_KEY = 400;

const PUBLIC_KEY: Reader<string> = (value, field) => {
  if (typeof value === 'string' && value.length <= MAX_KEY && KEY_PATTERN.test(value)) return value;
  return problem(
    field,
    'must be "ed25519:" and 64 hex digits, or an OpenSSH line of an Ed25519 key without its comment',
  );
};

const ED25519_KEY: Reader<`0x${string}`> = hex(32, 'an Ed25519 public key');

export const APPROVER: Reader<Approver> = object<Approver>({
  device: PERSON,
  key: PUBLIC_KEY,
  person: PERSON,
  transportKey: optional(ED25519_KEY),
});

const ENTRY_ADDRESS: Reader<CounterpartyAddress> = object<CounterpartyAddress>({
  address: ADDRESS,
  chainId: CHAIN_ID,
  kind: literal(...COUNTERPARTY_KINDS),
});

const ENTRY_ADDRESSES: Reader<readonly CounterpartyAddress[]> = (value, field) => {
  const entries = array(ENTRY_ADDRESS, { min: 1, max: MAX_COUNTERPARTY_ADDRESSES })(value, field);
  const seen = new Set<string>();
  for (const [i, { address, chainId }] of entries.entries()) {
    if (seen.has(`${chainId}:${address}`)) problem(`${field}[${i}].address`, 'is there twice; remove one entry');
    seen.add(`${chainId}:${address}`);
  }
  return [...entries].sort((a, b) => compare(a.chainId, b.chainId) || compare(a.address, b.address));
};

/** `entry` of the address book; its signature is over the other members and its name. */
export const COUNTERPARTY: Reader<Counterparty> = object<Counterparty>({
  addresses: ENTRY_ADDRESSES,
  created: TIME,
  expires: optional(TIME),
  identity: ED25519_KEY,
  label: text({ min: 1, max: MAX_LABEL, pattern: PRINTABLE }),
  signature: hex(64, 'an Ed25519 signature'),
  version: integer({ min: 1, max: MAX_VERSION }),
});

const QUORUM: Reader<number> = integer({ min: 1, max: MAX_APPROVERS });
const DELAY: Reader<number> = integer({ max: MAX_DELAY });

export const ADMIN: Reader<Admin> = object<Admin>({
  book: optional(object<BookAdmin>({ delaySec: DELAY, group: NAME, quorum: QUORUM })),
  freezeGroup: optional(NAME),
  group: NAME,
  quorum: QUORUM,
  widenDelaySec: DELAY,
});
