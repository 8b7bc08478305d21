/**
 * Key records: what this participant holds of each wallet, one sealed file per epoch. A record is `prepared` before its
 * ACK leaves, `active` once the certificate of all parties is there. The key share itself is opaque here.
 *
 * From the own ACK on nothing may erase a record but the two rules of docs/protocol.md b.7: every holder is known to be
 * active in a higher generation, or all parties abandoned a wallet that never became active.
 *
 *   sealed (key-record, WALLET.EPOCH) = length of about (u32) || about (canonical JSON) || key share
 */
import type { HomeLock } from '../../proto/rest/lock.ts';
import type { Vault } from '../../proto/rest/vault.ts';
import { concat, equalBytes, toHex } from '../../protocol/common/bytes.ts';
import { canonicalBytes, type Json, parseCanonical } from '../../protocol/common/canonical-json.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import { array, bytes, integer, literal, object, optional, read } from '../../protocol/common/schema.ts';
import { Secret } from '../../protocol/threshold/secret.ts';
import { SEALED_KEY_RECORD } from './settings.ts';

/** `abandoned`: this party signed ABANDON and never activates the epoch; the record stays until all have signed. */
export type KeyState = 'prepared' | 'abandoned' | 'active';

/** The signed ACTIVE of another holder. */
export interface PeerActive {
  readonly party: number;
  readonly envelope: Uint8Array;
}

/** What is public about a key record. */
export interface KeyRecord {
  /** 32 bytes. */
  readonly walletId: Uint8Array;
  /** 32 bytes. */
  readonly epochId: Uint8Array;
  /** Generation: 1 for a new wallet, higher after every reshare. */
  readonly gen: number;
  readonly state: KeyState;
  /** The ACKs of all parties, as given to `activate`. */
  readonly certificate?: Uint8Array | undefined;
  /** Holders known to be active in this epoch, by party; each once. */
  readonly peersActive: readonly PeerActive[];
}

export interface LoadedKey {
  readonly record: KeyRecord;
  /** The caller wipes it. */
  readonly keyshare: Secret<Uint8Array>;
}

export class Keyshares {
  readonly #lock: HomeLock;
  readonly #vault: Vault;
  readonly #records = new Map<string, KeyRecord>();
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(lock: HomeLock, vault: Vault) {
    this.#lock = lock;
    this.#vault = vault;
  }

  /** Reads what the vault holds. Fails with `SEALED_FILE_CORRUPT` if any record is damaged, `KEY_RECORD_UNREADABLE`. */
  static async open(lock: HomeLock, vault: Vault): Promise<Keyshares> {
    lock.assertHeld();
    const store = new Keyshares(lock, vault);
    for (const id of await vault.list(SEALED_KEY_RECORD)) {
      const { record, keyshare } = decode(await vault.open(SEALED_KEY_RECORD, id), id);
      keyshare.wipe();
      store.#records.set(toHex(record.epochId), record);
    }
    return store;
  }

  /** All records, by wallet and generation. */
  list(): readonly KeyRecord[] {
    return [...this.#records.values()].sort((a, b) => {
      const wallets = toHex(a.walletId) < toHex(b.walletId) ? -1 : 1;
      return equalBytes(a.walletId, b.walletId) ? a.gen - b.gen : wallets;
    });
  }

  find(epochId: Uint8Array): KeyRecord | undefined {
    return this.#records.get(toHex(epochId));
  }

  /** The active record of the highest generation: the only one that takes new requests. */
  current(walletId: Uint8Array): KeyRecord | undefined {
    return this.list().findLast((record) => equalBytes(record.walletId, walletId) && record.state === 'active');
  }

  /**
   * Stores a key share before its ACK: durable and read back when it resolves. A wallet takes each generation once and
   * only upwards. Fails with `KEY_RECORD_EXISTS`, `GENERATION_NOT_ABOVE`.
   */
  async putPrepared(walletId: Uint8Array, gen: number, epochId: Uint8Array, keyshare: Uint8Array): Promise<void> {
    await this.#exclusively(async () => {
      if (this.find(epochId) !== undefined)
        throw refuse('KEY_RECORD_EXISTS', `epoch ${short(epochId)} is stored already`);
      const known = this.list().filter((record) => equalBytes(record.walletId, walletId));
      const highest = known.at(-1)?.gen ?? 0;
      if (gen <= highest) {
        throw refuse('GENERATION_NOT_ABOVE', `generation ${gen} of a wallet that already has generation ${highest}`);
      }
      await this.#write({ walletId, epochId, gen, state: 'prepared', peersActive: [] }, keyshare);
    });
  }

  /**
   * Marks a record active under its certificate, which the caller verified. Repeating it changes nothing. Fails with
   * `KEY_RECORD_UNKNOWN`, `KEY_ABANDONED`.
   */
  async activate(epochId: Uint8Array, certificate: Uint8Array): Promise<void> {
    await this.#rewrite(epochId, (record) => {
      if (record.state === 'abandoned') throw refuse('KEY_ABANDONED', `epoch ${short(epochId)} was given up here`);
      return record.state === 'active' ? record : { ...record, state: 'active', certificate };
    });
  }

  /** Before ABANDON is signed. Fails with `KEY_RECORD_UNKNOWN`, or `ERASE_NOT_ALLOWED` unless it is a new wallet. */
  async abandon(epochId: Uint8Array): Promise<void> {
    await this.#rewrite(epochId, (record) => {
      if (record.gen !== 1 || record.state === 'active') {
        throw refuse('ERASE_NOT_ALLOWED', `epoch ${short(epochId)} is not a prepared new wallet`);
      }
      return { ...record, state: 'abandoned' };
    });
  }

  /** Erases a record that all parties signed ABANDON for; the caller verified that. Fails with `ERASE_NOT_ALLOWED`. */
  async discard(epochId: Uint8Array): Promise<void> {
    await this.#exclusively(async () => {
      const record = this.find(epochId);
      if (record?.state !== 'abandoned') {
        throw refuse('ERASE_NOT_ALLOWED', `epoch ${short(epochId)} was not given up here`);
      }
      await this.#erase(record);
    });
  }

  /** Keeps the signed ACTIVE of another holder, which the caller verified. Fails with `KEY_RECORD_UNKNOWN`. */
  async recordPeerActive(epochId: Uint8Array, party: number, envelope: Uint8Array): Promise<void> {
    await this.#rewrite(epochId, (record) => {
      if (record.peersActive.some((known) => known.party === party)) return record;
      return { ...record, peersActive: [...record.peersActive, { party, envelope }] };
    });
  }

  /**
   * Erases the records of the wallet strictly below the generation of `epochId`.
   *
   * @param peers every other holder of that epoch; fails with `ERASE_NOT_ALLOWED` unless all are known to be active
   */
  async eraseBelow(epochId: Uint8Array, peers: readonly number[]): Promise<void> {
    await this.#exclusively(async () => {
      const reached = this.find(epochId);
      const active = new Set(reached?.peersActive.map((peer) => peer.party));
      if (reached?.state !== 'active' || peers.some((party) => !active.has(party))) {
        throw refuse('ERASE_NOT_ALLOWED', `not every holder is known to be active in epoch ${short(epochId)}`);
      }
      for (const record of this.list()) {
        if (equalBytes(record.walletId, reached.walletId) && record.gen < reached.gen) await this.#erase(record);
      }
    });
  }

  /** Fails with `KEY_RECORD_UNKNOWN`, `SEALED_FILE_CORRUPT`. */
  async load(epochId: Uint8Array): Promise<LoadedKey> {
    return await this.#load(epochId);
  }

  async #load(epochId: Uint8Array): Promise<LoadedKey> {
    const known = this.find(epochId);
    if (known === undefined) throw refuse('KEY_RECORD_UNKNOWN', `epoch ${short(epochId)} is not held here`);
    const id = nameOf(known);
    return decode(await this.#vault.open(SEALED_KEY_RECORD, id), id);
  }

  /** Replaces what is said about a key; the key share stays. Nothing is written if `change` returns the same record. */
  async #rewrite(epochId: Uint8Array, change: (record: KeyRecord) => KeyRecord): Promise<void> {
    await this.#exclusively(async () => {
      const { record, keyshare } = await this.#load(epochId);
      try {
        const changed = change(record);
        if (changed !== record) await keyshare.use((share) => this.#write(changed, share));
      } finally {
        keyshare.wipe();
      }
    });
  }

  async #write(record: KeyRecord, keyshare: Uint8Array): Promise<void> {
    this.#lock.assertHeld();
    const id = nameOf(record);
    const body = encode(record, keyshare);
    await this.#vault.seal(SEALED_KEY_RECORD, id, body);
    const readBack = await this.#vault.open(SEALED_KEY_RECORD, id);
    const same = equalBytes(readBack, body);
    readBack.fill(0);
    body.fill(0);
    if (!same) throw refuse('KEY_RECORD_UNREADABLE', `epoch ${short(record.epochId)} does not read back as written`);
    this.#records.set(toHex(record.epochId), record);
  }

  async #erase(record: KeyRecord): Promise<void> {
    this.#lock.assertHeld();
    await this.#vault.remove(SEALED_KEY_RECORD, nameOf(record));
    this.#records.delete(toHex(record.epochId));
  }

  /** One change at a time, so that two activations cannot overwrite each other. */
  async #exclusively(change: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(change);
    this.#turn = done.catch(() => undefined);
    await done;
  }
}

function encode(record: KeyRecord, keyshare: Uint8Array): Uint8Array {
  const about: { [key: string]: Json } = {
    epochId: toHex(record.epochId),
    gen: String(record.gen),
    peersActive: record.peersActive.map((peer) => ({ envelope: toHex(peer.envelope), party: String(peer.party) })),
    state: record.state,
    walletId: toHex(record.walletId),
  };
  if (record.certificate !== undefined) about['certificate'] = toHex(record.certificate);
  const head = canonicalBytes(about);
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, head.length);
  return concat(length, head, keyshare);
}

function decode(body: Uint8Array, id: string): LoadedKey {
  const length = body.length < 4 ? body.length : new DataView(body.buffer, body.byteOffset).getUint32(0);
  const json = parseCanonical(body.slice(4, 4 + length));
  const about = json.ok ? read(ABOUT, json.value) : json;
  if (!about.ok || nameOf(about.value) !== id) {
    throw refuse('KEY_RECORD_UNREADABLE', 'a key record is not in the form that this version writes');
  }
  const keyshare = new Secret(body.slice(4 + length));
  body.fill(0);
  return { record: about.value, keyshare };
}

const ABOUT = object<KeyRecord>({
  certificate: optional(bytes({ max: 1 << 20 })),
  epochId: bytes({ length: 32 }),
  gen: integer({ min: 1, max: 0xffff_ffff }),
  peersActive: array(object<PeerActive>({ envelope: bytes({ max: 1 << 16 }), party: integer({ min: 1, max: 255 }) }), {
    max: 255,
  }),
  state: literal('prepared', 'abandoned', 'active'),
  walletId: bytes({ length: 32 }),
});

function nameOf(record: KeyRecord): string {
  return `${toHex(record.walletId)}.${toHex(record.epochId)}`;
}

function short(id: Uint8Array): string {
  return toHex(id).slice(0, 16);
}

function refuse(code: string, why: string): Refusal {
  return new Refusal(code, `Key record refused: ${why}.`);
}
