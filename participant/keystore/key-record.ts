/**
 * One key record and its form in the vault.
 *
 *   sealed (key-record, WALLET.EPOCH) = length of about (u32) || about (canonical JSON) || key share, or nothing
 */
import { concat, toHex } from '../../protocol/common/bytes.ts';
import { canonicalBytes, type Json, parseCanonical } from '../../protocol/common/canonical-json.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import { array, bytes, integer, literal, object, optional, read } from '../../protocol/common/schema.ts';
import { indexIn } from '../../protocol/threshold/keygen/config-rules.ts';
import type { Epoch } from '../../protocol/threshold/keygen/epoch.ts';
import { decodeKeyshare, wipeKeyshare } from '../../protocol/threshold/keygen/keyshare.ts';
import { Secret } from '../../protocol/threshold/secret.ts';
import type { EpochConfig } from '../../protocol/threshold/session-id.ts';

/**
 * `prepared`: own ACK, no certificate yet. `abandoned`: this party signed ABANDON and never activates the epoch; the
 * record stays until all have signed. `active`: certified. `followed`: certified, and this party has no share of it.
 * `restored`: the same, with a share of a lost identity out of a backup, which never signs.
 */
export type KeyState = 'prepared' | 'abandoned' | 'active' | 'followed' | 'restored';

/** The signed ACTIVE of another holder. */
export interface PeerActive {
  readonly party: number;
  readonly envelope: Uint8Array;
}

/** Which epoch a record is about. */
export interface EpochFacts {
  /** 32 bytes. */
  readonly walletId: Uint8Array;
  /** 32 bytes. */
  readonly epochId: Uint8Array;
  /** 32 bytes; zeros for the first epoch. */
  readonly parentEpochId: Uint8Array;
  /** 1 for a new wallet, higher after every reshare. */
  readonly gen: number;
  readonly purpose: EpochConfig['purpose'];
  /** How many hold a share of it. */
  readonly holders: number;
  /** Own index in it; 0 if this party holds no share. */
  readonly index: number;
}

/** What is public about a key record. */
export interface KeyRecord extends EpochFacts {
  readonly state: KeyState;
  /** Canonical envelope of the proposal that made the wallet; where a certificate is, it stands in that document. */
  readonly origin?: Uint8Array | undefined;
  /** The wallet document of this epoch, as given to `activate`. */
  readonly certificate?: Uint8Array | undefined;
  /** Holders known to be active in this epoch, by index; each once. */
  readonly peersActive: readonly PeerActive[];
}

export function epochFacts(epoch: Epoch, identityKey: Uint8Array): EpochFacts {
  const { config, epochId } = epoch;
  return {
    walletId: config.walletId,
    epochId,
    parentEpochId: config.parentEpochId,
    gen: config.gen,
    purpose: config.purpose,
    holders: config.parties.filter((row) => row.newIndex > 0).length,
    index: indexIn(config, identityKey),
  };
}

export function encodeKeyRecord(record: KeyRecord, keyshare: Uint8Array): Uint8Array {
  const about: { [key: string]: Json } = {
    epochId: toHex(record.epochId),
    gen: String(record.gen),
    holders: String(record.holders),
    index: String(record.index),
    parentEpochId: toHex(record.parentEpochId),
    peersActive: record.peersActive.map((peer) => ({ envelope: toHex(peer.envelope), party: String(peer.party) })),
    purpose: record.purpose,
    state: record.state,
    walletId: toHex(record.walletId),
  };
  if (record.certificate !== undefined) about['certificate'] = toHex(record.certificate);
  if (record.origin !== undefined) about['origin'] = toHex(record.origin);
  const head = canonicalBytes(about);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, head.length);
  return concat(length, head, keyshare);
}

/** Overwrites `body`. Fails with `KEY_RECORD_UNREADABLE`. */
export function decodeKeyRecord(
  body: Uint8Array,
  id: string,
): { readonly record: KeyRecord; readonly keyshare: Secret<Uint8Array> } {
  const length = body.length < 4 ? body.length : new DataView(body.buffer, body.byteOffset).getUint32(0);
  const json = parseCanonical(body.slice(4, 4 + length));
  const share = body.slice(4 + length);
  body.fill(0);
  const record = json.ok ? recordOf(json.value, share) : undefined;
  if (record === undefined || nameOf(record) !== id) {
    share.fill(0);
    throw recordFault('KEY_RECORD_UNREADABLE', 'a key record is not in the form that this version writes');
  }
  return { record, keyshare: new Secret(share) };
}

export function nameOf(record: Pick<KeyRecord, 'walletId' | 'epochId'>): string {
  return `${toHex(record.walletId)}.${toHex(record.epochId)}`;
}

export function recordFault(code: string, why: string): Refusal {
  return new Refusal(code, `Key record refused: ${why}.`);
}

function recordOf(json: Json, share: Uint8Array): KeyRecord | undefined {
  const about = read(ABOUT, json);
  if (about.ok) return about.value;
  const early = read(EARLY_ABOUT, json);
  const keyshare = early.ok ? decodeKeyshare(share) : undefined;
  if (!early.ok || keyshare?.ok !== true) return undefined;
  const identityKey = keyshare.value.config.parties.find((row) => row.newIndex === keyshare.value.index)?.identityKey;
  const facts = epochFacts(keyshare.value, identityKey ?? new Uint8Array());
  wipeKeyshare(keyshare.value);
  return { ...early.value, ...facts };
}

const PEERS = array(object<PeerActive>({ envelope: bytes({ max: 1 << 16 }), party: integer({ min: 1, max: 255 }) }), {
  max: 255,
});
const DOCUMENT = optional(bytes({ max: 1 << 20 }));

const ABOUT = object<KeyRecord>({
  certificate: DOCUMENT,
  epochId: bytes({ length: 32 }),
  gen: integer({ min: 1, max: 0xffff_ffff }),
  holders: integer({ min: 1, max: 255 }),
  index: integer({ min: 0, max: 255 }),
  origin: DOCUMENT,
  parentEpochId: bytes({ length: 32 }),
  peersActive: PEERS,
  purpose: literal('KEYGEN', 'RESHARE', 'REMOVE', 'IMPORT'),
  state: literal('prepared', 'abandoned', 'active', 'followed', 'restored'),
  walletId: bytes({ length: 32 }),
});

/** Version 0.1.0 knew key generations only and did not note what their key shares say. */
const EARLY_ABOUT = object<Pick<KeyRecord, 'certificate' | 'epochId' | 'gen' | 'peersActive' | 'state' | 'walletId'>>({
  certificate: DOCUMENT,
  epochId: bytes({ length: 32 }),
  gen: integer({ min: 1, max: 0xffff_ffff }),
  peersActive: PEERS,
  state: literal('prepared', 'abandoned', 'active'),
  walletId: bytes({ length: 32 }),
});
