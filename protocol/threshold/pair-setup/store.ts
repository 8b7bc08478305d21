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
  /** Whether the peer has named it since the host last had reason to ask. */
  confirmed: boolean;
  sessions: number;
  /** When a newer setup took its place. */
  retiredAt: number | undefined;
}

export interface PairStoreConfig {
  /** Milliseconds; at most `MAX_AGE`. */
  readonly maxAge?: number;
  readonly identityKey: (epochId: Uint8Array, peer: number) => Uint8Array | undefined;
  readonly verify: VerifySignature;
  /** An authenticated message of the peer has named a setup that is not here: a new one heals it (p.6). */
  readonly unknown?: (epochId: Uint8Array, peer: number) => void;
}

export class PairStore {
  /** By epoch and peer; entries in the order in which they were prepared. */
  readonly #entries = new Map<string, Entry[]>();
  /** Pairs whose setups were burnt after LEAK or CHEAT. */
  readonly #burnt = new Set<string>();
  readonly #config: PairStoreConfig;
  readonly #maxAge: number;

  constructor(config: PairStoreConfig) {
    this.#config = config;
    this.#maxAge = Math.min(config.maxAge ?? MAX_AGE, MAX_AGE);
  }

  /** Takes the result of a run. The host has checked, after the run, that the peer is not banned. */
  prepare(prepared: PreparedPair, now: number): void {
    const { setup } = prepared;
    if (this.isBurnt(setup.epochId, setup.peer)) {
      setup.wipe();
      return;
    }
    const state = { active: false, confirmed: false, sessions: 0, since: now, retiredAt: undefined };
    const entry: Entry = { ...prepared, ...state };
    this.#of(setup.epochId, setup.peer).push(entry);
    if (prepared.active) this.activate(setup.epochId, setup.peer, setup.pairEpoch, now);
  }

  /**
   * The peer has named this setup: PREPARED becomes ACTIVE, because the peer has it too, and older ones take no new
   * session from now on. False if it is unknown; the host hears of that.
   */
  activate(epochId: Uint8Array, peer: number, pairEpoch: Uint8Array, now: number): boolean {
    const entries = this.#of(epochId, peer);
    const found = entries.findIndex((entry) => equalBytes(entry.setup.pairEpoch, pairEpoch));
    const entry = entries[found];
    if (entry === undefined) {
      this.#config.unknown?.(epochId, peer);
      return false;
    }
    entry.active = true;
    entry.confirmed = true;
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
   * The setup for a new session: the newest ACTIVE one that is young enough, of those that the peer has confirmed if
   * there are any. If none is ACTIVE, the newest PREPARED one: the session goes on only if the peer's message names it
   * too, and that makes it ACTIVE (so a lost PACK heals itself).
   */
  lease(epochId: Uint8Array, peer: number, now: number): PairLease | undefined {
    const usable = this.#usable(epochId, peer, now);
    const active = usable.filter((candidate) => candidate.active);
    const entry = active.findLast((candidate) => candidate.confirmed) ?? active.at(-1) ?? usable.at(-1);
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

  /** Whether there is any setup that a session might use. */
  has(epochId: Uint8Array, peer: number, now: number): boolean {
    return this.#usable(epochId, peer, now).length > 0;
  }

  /** Whether there is an ACTIVE setup of which the peer has said that it still has it. */
  isReady(epochId: Uint8Array, peer: number, now: number): boolean {
    return this.#usable(epochId, peer, now).some((entry) => entry.active && entry.confirmed);
  }

  /** The peer may have lost its setups (a new connection, a new beginning): it has to name one again. */
  suspect(epochId: Uint8Array, peer: number): void {
    for (const entry of this.#of(epochId, peer)) entry.confirmed = false;
  }

  /** The live setup of this id, in whatever state. */
  get(pairEpoch: Uint8Array): PairSetup | undefined {
    return this.#all().find((entry) => equalBytes(entry.setup.pairEpoch, pairEpoch))?.setup;
  }

  /** Own PACKs of all setups with the peer that new sessions may use, to send again; the newest last. */
  packsFor(epochId: Uint8Array, peer: number, now: number): readonly Uint8Array[] {
    return this.#usable(epochId, peer, now).map((entry) => entry.pack);
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

  /**
   * After LEAK or CHEAT, before the ban is recorded: overwrites every setup with the peer, both directions, so that
   * sessions that use one end. From now on this store takes no other one of the pair, until `forgive`.
   */
  burn(epochId: Uint8Array, peer: number): void {
    this.#burnt.add(keyOf(epochId, peer));
    this.overwrite(epochId, peer);
  }

  isBurnt(epochId: Uint8Array, peer: number): boolean {
    return this.#burnt.has(keyOf(epochId, peer));
  }

  /** The ban that followed a burn was lifted. */
  forgive(epochId: Uint8Array, peer: number): void {
    this.#burnt.delete(keyOf(epochId, peer));
  }

  /** Overwrites every setup with the peer. */
  overwrite(epochId: Uint8Array, peer: number): void {
    this.#drop(epochId, peer, () => true);
  }

  /** Overwrites everything: on any doubt about this process's memory or time, at stop, and when an epoch ends. */
  burnAll(epochId?: Uint8Array): void {
    const epoch = epochId === undefined ? '' : toHex(epochId);
    for (const [key, entries] of this.#entries) if (key.startsWith(epoch)) this.#keep(key, entries, () => false);
  }

  /** Overwrites the setups of all epochs but these. */
  keepEpochs(epochIds: readonly Uint8Array[]): void {
    const epochs = epochIds.map(toHex);
    for (const [key, entries] of this.#entries) {
      if (!epochs.some((epoch) => key.startsWith(epoch))) this.#keep(key, entries, () => false);
    }
  }

  toJSON(): string {
    return '[secret]';
  }

  /** Those that a new session may use, oldest first. */
  #usable(epochId: Uint8Array, peer: number, now: number): readonly Entry[] {
    this.sweep(now);
    const isUsable = (entry: Entry): boolean => entry.retiredAt === undefined && now - entry.since < this.#maxAge;
    return this.#of(epochId, peer).filter(isUsable);
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
