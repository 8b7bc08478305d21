/**
 * Key records: what this participant knows of each epoch of its wallets, one sealed file per epoch. A record is
 * `prepared` before its ACK leaves, `active` once the certificate of all parties is there. The key share itself is
 * opaque here. What may be acknowledged and erased is decided in protocol/threshold/keygen/generations.ts; here it is
 * asked in the same exclusive section that then writes.
 *
 * From the own ACK on nothing may erase a record but the two rules of docs/protocol.md b.7: every holder is known to be
 * active in a higher generation, or all parties abandoned a wallet that never became active.
 */
import type { HomeLock } from '../../proto/rest/lock.ts';
import type { Vault } from '../../proto/rest/vault.ts';
import { equalBytes, toHex } from '../../protocol/common/bytes.ts';
import type { Refusal } from '../../protocol/common/errors.ts';
import {
  erasable,
  type Generation,
  mayAbandon,
  mayAcknowledge,
  mayDiscard,
} from '../../protocol/threshold/keygen/generations.ts';
import type { Secret } from '../../protocol/threshold/secret.ts';
import {
  decodeKeyRecord,
  type EpochFacts,
  encodeKeyRecord,
  type KeyRecord,
  nameOf,
  recordFault,
} from './key-record.ts';
import { SEALED_KEY_RECORD } from './settings.ts';

export interface LoadedKey {
  readonly record: KeyRecord;
  /** The caller wipes it. Empty where there is no share. */
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
      const { record, keyshare } = decodeKeyRecord(await vault.open(SEALED_KEY_RECORD, id), id);
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
    return this.#of(walletId).findLast((record) => record.state === 'active');
  }

  /** What the rules of generations.ts are asked with. */
  generations(walletId: Uint8Array): readonly Generation[] {
    return this.#of(walletId).map((record) => ({
      epochId: record.epochId,
      parentEpochId: record.parentEpochId,
      gen: record.gen,
      purpose: record.purpose,
      state: record.state === 'prepared' || record.state === 'abandoned' ? record.state : 'certified',
      share: record.state !== 'followed',
      holders: record.holders,
      active: [...record.peersActive.map((peer) => peer.party), ...(record.state === 'active' ? [record.index] : [])],
      proven: false,
    }));
  }

  /**
   * Stores a key share before its ACK: durable and read back when it resolves. Fails with `KEY_RECORD_EXISTS`, or with
   * the problem why it must not be acknowledged: `GENERATION_NOT_ABOVE`, `PARENT_NOT_CURRENT`.
   *
   * @param origin canonical envelope of the proposal that made the wallet
   */
  async putPrepared(facts: EpochFacts, origin: Uint8Array, keyshare: Uint8Array): Promise<void> {
    await this.#exclusively(async () => {
      this.#mustBeNew(facts);
      const allowed = mayAcknowledge(this.generations(facts.walletId), facts);
      if (!allowed.ok)
        throw refuse(allowed.error, `generation ${facts.gen} of this wallet may not be acknowledged here`);
      await this.#write({ ...facts, state: 'prepared', origin, peersActive: [] }, keyshare);
    });
  }

  /** Notes an epoch that is certified and of which this party holds no share. Nothing if it is known. */
  async follow(facts: EpochFacts, certificate: Uint8Array): Promise<void> {
    await this.#exclusively(async () => {
      if (this.find(facts.epochId) !== undefined) return;
      await this.#write({ ...facts, state: 'followed', certificate, peersActive: [] }, new Uint8Array());
    });
  }

  /**
   * Stores a share out of a backup: it belongs to another identity, never signs, and can only be dealt from. Fails with
   * `KEY_RECORD_EXISTS`.
   */
  async putRestored(facts: EpochFacts, certificate: Uint8Array, keyshare: Uint8Array): Promise<void> {
    await this.#exclusively(async () => {
      if (this.find(facts.epochId)?.state !== 'followed') this.#mustBeNew(facts);
      await this.#write({ ...facts, state: 'restored', certificate, peersActive: [] }, keyshare);
    });
  }

  /**
   * Marks a record active under its certificate, which the caller verified. Repeating it changes nothing. Fails with
   * `KEY_RECORD_UNKNOWN`, `KEY_ABANDONED`, `KEY_SHARE_ABSENT`.
   */
  async activate(epochId: Uint8Array, certificate: Uint8Array): Promise<void> {
    await this.#rewrite(epochId, (record) => {
      if (record.state === 'abandoned') throw refuse('KEY_ABANDONED', `epoch ${short(epochId)} was given up here`);
      if (record.state === 'followed' || record.state === 'restored') {
        throw refuse('KEY_SHARE_ABSENT', `this party holds no share of its own in epoch ${short(epochId)}`);
      }
      return record.state === 'active' ? record : { ...record, state: 'active', certificate };
    });
  }

  /** Before ABANDON is signed. Fails with `KEY_RECORD_UNKNOWN`, or `ERASE_NOT_ALLOWED` unless it is a new wallet. */
  async abandon(epochId: Uint8Array): Promise<void> {
    await this.#rewrite(epochId, (record) => {
      if (!mayAbandon(this.generations(record.walletId), epochId).ok) {
        throw refuse('ERASE_NOT_ALLOWED', `epoch ${short(epochId)} is not a prepared new wallet`);
      }
      return { ...record, state: 'abandoned' };
    });
  }

  /** Erases a record that all parties signed ABANDON for; the caller verified that. Fails with `ERASE_NOT_ALLOWED`. */
  async discard(epochId: Uint8Array): Promise<void> {
    await this.#exclusively(async () => {
      const record = this.find(epochId);
      if (record === undefined || !mayDiscard(this.generations(record.walletId), epochId).ok) {
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

  /** Erases every share of the wallet that the rules let go by now; returns the generations that went. */
  async eraseSettled(walletId: Uint8Array): Promise<readonly number[]> {
    const erased: number[] = [];
    await this.#exclusively(async () => {
      for (const { epochId, gen } of erasable(this.generations(walletId))) {
        const record = this.find(epochId);
        if (record === undefined) continue;
        await this.#erase(record);
        erased.push(gen);
      }
    });
    return erased;
  }

  /** Fails with `KEY_RECORD_UNKNOWN`, `SEALED_FILE_CORRUPT`. */
  async load(epochId: Uint8Array): Promise<LoadedKey> {
    return await this.#load(epochId);
  }

  #of(walletId: Uint8Array): readonly KeyRecord[] {
    return this.list().filter((record) => equalBytes(record.walletId, walletId));
  }

  #mustBeNew({ epochId }: EpochFacts): void {
    if (this.find(epochId) === undefined) return;
    throw refuse('KEY_RECORD_EXISTS', `epoch ${short(epochId)} is stored already`);
  }

  async #load(epochId: Uint8Array): Promise<LoadedKey> {
    const known = this.find(epochId);
    if (known === undefined) throw refuse('KEY_RECORD_UNKNOWN', `epoch ${short(epochId)} is not held here`);
    const id = nameOf(known);
    return decodeKeyRecord(await this.#vault.open(SEALED_KEY_RECORD, id), id);
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
    const body = encodeKeyRecord(record, keyshare);
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

function short(id: Uint8Array): string {
  return toHex(id).slice(0, 16);
}

function refuse(code: string, why: string): Refusal {
  return recordFault(code, why);
}
