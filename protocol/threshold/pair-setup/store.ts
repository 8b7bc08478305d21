/**
 * The live pair setups of one process (docs/protocol.md p.1, p.6), in memory only. A setup comes in PREPARED, turns
 * ACTIVE by the peer's PACK or by an authenticated message naming it, and is overwritten when a newer one is ACTIVE
 * and its last session has ended. No clock: times are the host's monotonic milliseconds.
 */
import { equalBytes, toHex } from '../../common/bytes.ts';
import { parseEnvelope, type VerifySignature, verifyEnvelope } from '../rounds/envelope.ts';
import { PACK_BYTES, PAIR, PAIR_ROUNDS } from './messages.ts';
import type { PairSetup } from './setup.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** No new session on an older setup. A stricter host may set less. */
export const MAX_AGE: number = 24 * HOUR;
/** Age from which the host prepares the next one. */
export const RENEWAL_AGE: number = 20 * HOUR;
/** How long the sessions of a replaced setup may still run. */
export const GRACE: number = 5 * MINUTE;

/** What a PAIRSETUP run ends with. */
export interface PreparedPair {
  readonly setup: PairSetup;
  /** Own PACK, a signed envelope; to be sent again whenever the peer asks. */
  readonly pack: Uint8Array;
  /** The peer's PACK has already come. */
  readonly active: boolean;
}

/** One session's hold on a setup. */
export interface PairLease {
  readonly setup: PairSetup;
  /** To be called once, when the session has ended. */
  release(): void;
}

interface Entry {
  readonly setup: PairSetup;
  readonly pack: Uint8Array;
  readonly since: number;
  active: boolean;
  sessions: number;
  /** When a newer setup took its place. */
  retiredAt: number | undefined;
}

export interface PairStoreConfig {
  /** Milliseconds; at most `MAX_AGE`. */
  readonly maxAge?: number;
  readonly identityKey: (epochId: Uint8Array, peer: number) => Uint8Array | undefined;
  readonly verify: VerifySignature;
}

export class PairStore {
  /** By epoch and peer; entries in the order in which they were prepared. */
  readonly #entries = new Map<string, Entry[]>();
  readonly #config: PairStoreConfig;
  readonly #maxAge: number;

  constructor(config: PairStoreConfig) {
    this.#config = config;
    this.#maxAge = Math.min(config.maxAge ?? MAX_AGE, MAX_AGE);
  }

  /** Takes the result of a run. The host has checked, after the run, that the peer is not banned. */
  prepare(prepared: PreparedPair, now: number): void {
    const { setup } = prepared;
    const entry: Entry = { ...prepared, active: false, sessions: 0, since: now, retiredAt: undefined };
    this.#of(setup.epochId, setup.peer).push(entry);
    if (prepared.active) this.activate(setup.epochId, setup.peer, setup.pairEpoch, now);
  }

  /** PREPARED to ACTIVE, because the peer has it too; older ones take no new session from now on. False if unknown. */
  activate(epochId: Uint8Array, peer: number, pairEpoch: Uint8Array, now: number): boolean {
    const entries = this.#of(epochId, peer);
    const found = entries.findIndex((entry) => equalBytes(entry.setup.pairEpoch, pairEpoch));
    const entry = entries[found];
    if (entry === undefined) return false;
    entry.active = true;
    for (const older of entries.slice(0, found)) older.retiredAt ??= now;
    this.sweep(now);
    return true;
  }

  /** The peer's PACK, a complete envelope. `inconsistent`: it names another pairEpoch (P5), and the setup is gone. */
  deliver(bytes: Uint8Array, now: number): 'active' | 'inconsistent' | 'ignored' {
    const envelope = parseEnvelope(bytes);
    if (envelope === undefined || envelope.type !== PAIR || envelope.round !== PAIR_ROUNDS.pack) return 'ignored';
    const entry = this.#bySid(envelope.sid);
    if (entry === undefined) return 'ignored';
    const { setup } = entry;
    const key = this.#config.identityKey(setup.epochId, setup.peer);
    if (envelope.from !== setup.peer || envelope.to !== setup.self || key === undefined) return 'ignored';
    if (!verifyEnvelope(envelope, key, this.#config.verify)) return 'ignored';
    if (envelope.body.length === PACK_BYTES && equalBytes(envelope.body, setup.pairEpoch)) {
      this.activate(setup.epochId, setup.peer, setup.pairEpoch, now);
      return 'active';
    }
    this.#drop(setup.epochId, setup.peer, (other) => other === entry);
    return 'inconsistent';
  }

  /** Whether `deliver` knows this pairSid. */
  accepts(sid: Uint8Array): boolean {
    return this.#bySid(sid) !== undefined;
  }

  /**
   * The setup for a new session: the newest ACTIVE one that is young enough. If there is none, the newest PREPARED
   * one: the session goes on only if the peer's message names it too, and that makes it ACTIVE (so a lost PACK
   * heals itself).
   */
  lease(epochId: Uint8Array, peer: number, now: number): PairLease | undefined {
    this.sweep(now);
    const usable = this.#of(epochId, peer).filter(
      (entry) => entry.retiredAt === undefined && now - entry.since < this.#maxAge,
    );
    const entry = usable.findLast((candidate) => candidate.active) ?? usable.at(-1);
    if (entry === undefined) return undefined;
    entry.sessions += 1;
    let held = true;
    return {
      setup: entry.setup,
      release: () => {
        if (held) entry.sessions -= 1;
        held = false;
      },
    };
  }

  /** The live setup of this id, in whatever state. */
  get(pairEpoch: Uint8Array): PairSetup | undefined {
    return this.#all().find((entry) => equalBytes(entry.setup.pairEpoch, pairEpoch))?.setup;
  }

  /** Own PACK of the newest setup with the peer, to send again. */
  packFor(epochId: Uint8Array, peer: number): Uint8Array | undefined {
    return this.#of(epochId, peer).at(-1)?.pack;
  }

  /** Whether it is time to prepare a new setup with the peer. */
  wantsRenewal(epochId: Uint8Array, peer: number, now: number): boolean {
    const newest = this.#of(epochId, peer).at(-1);
    return newest === undefined || now - newest.since >= Math.min(RENEWAL_AGE, (this.#maxAge * 5) / 6);
  }

  /** Overwrites what has been replaced and is unused or past its grace, and what is too old and unused. */
  sweep(now: number): void {
    const done = (entry: Entry): boolean => {
      if (entry.setup.wiped) return true;
      const replaced = entry.retiredAt !== undefined && (entry.sessions === 0 || now - entry.retiredAt >= GRACE);
      const old = now - entry.since >= this.#maxAge;
      return replaced || (old && (entry.sessions === 0 || now - entry.since >= this.#maxAge + GRACE));
    };
    for (const [key, entries] of this.#entries) this.#keep(key, entries, (entry) => !done(entry));
  }

  /** Overwrites every setup with the peer, both directions: sessions that use one end. Before a ban is recorded. */
  burn(epochId: Uint8Array, peer: number): void {
    this.#drop(epochId, peer, () => true);
  }

  /** Overwrites everything: on any doubt about this process's memory or time, at stop, and when an epoch ends. */
  burnAll(epochId?: Uint8Array): void {
    const epoch = epochId === undefined ? '' : toHex(epochId);
    for (const [key, entries] of this.#entries) if (key.startsWith(epoch)) this.#keep(key, entries, () => false);
  }

  toJSON(): string {
    return '[secret]';
  }

  #of(epochId: Uint8Array, peer: number): Entry[] {
    const key = keyOf(epochId, peer);
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const made: Entry[] = [];
    this.#entries.set(key, made);
    return made;
  }

  #all(): readonly Entry[] {
    return [...this.#entries.values()].flat();
  }

  #bySid(sid: Uint8Array): Entry | undefined {
    return this.#all().find((entry) => equalBytes(entry.setup.pairSid, sid));
  }

  #drop(epochId: Uint8Array, peer: number, gone: (entry: Entry) => boolean): void {
    this.#keep(keyOf(epochId, peer), this.#of(epochId, peer), (entry) => !gone(entry));
  }

  #keep(key: string, entries: readonly Entry[], keep: (entry: Entry) => boolean): void {
    for (const entry of entries) if (!keep(entry)) entry.setup.wipe();
    const left = entries.filter(keep);
    if (left.length === 0) this.#entries.delete(key);
    else this.#entries.set(key, left);
  }
}

function keyOf(epochId: Uint8Array, peer: number): string {
  return `${toHex(epochId)}/${peer}`;
}
