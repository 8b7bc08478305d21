/**
 * What a party has consented to and what became of it, so that limits hold over time (docs/limits.md). Pure: the node's
 * journal feeds it, and whoever feeds another one the same way gets the same answers.
 *
 * One entry is one payload under one key, whatever the number of attempts. It is charged from the first consent on
 * until it is proven that no attempt released anything, or until its place is used up and one window more has passed.
 */
import type { Address } from '../payload/address.ts';
import { ANY, chargesOf, mayBe } from './charges.ts';
import { MAX_WINDOW } from './limits.ts';
import type { Policy, PreparedLimit } from './prepare.ts';
import { type Spend, summed, type UsedPlace } from './spend.ts';
import type { LedgerView, LimitNeed, LimitUsage } from './verdict.ts';

export interface LedgerPolicies {
  readonly common: Policy;
  readonly own?: Policy | undefined;
}

/** Changed in place, and by this file alone. */
interface Entry {
  readonly key: string;
  /** In the order of reservations. */
  readonly order: number;
  readonly spend: Spend;
  /** Two payloads for one nonce can use it only once. */
  readonly place: string;
  /** Attempts that may still release it, and when the consent to each expires. None and not released: it is free. */
  readonly attempts: Map<string, number>;
  /** When it was reserved, counted as signed, and when its place was seen used up; Unix seconds. */
  readonly at: number;
  released: number | undefined;
  consumed: number | undefined;
  /** Follow from the above. */
  live: boolean;
  done: number;
}

interface Counted {
  readonly entry: Entry;
  readonly charge: bigint | undefined;
}

/** What a limit makes of every entry, by bucket: charges depend on limit and spend alone, never on time. */
interface Index {
  /** So many of the entries are in it. */
  upTo: number;
  readonly buckets: Map<string, Counted[]>;
  /** Of a bucket that nobody knows. */
  readonly wild: { readonly bucket: string; readonly entry: Entry }[];
}

export class Ledger {
  readonly #entries = new Map<string, Entry>();
  /** In the order of reservations; also those that were freed and reserved again since. */
  #list: Entry[] = [];
  #indexes = new WeakMap<PreparedLimit, Index>();
  /** By account and chain: the highest nonce that is used up, and the entries whose nonce is not. */
  readonly #nonces = new Map<string, bigint>();
  readonly #open = new Map<string, Entry[]>();
  #order = 0;
  #latest = 0;

  /**
   * Holds the charge of a payload from a consent on.
   *
   * @param key names the payload: wallet id, digest, and the account that signs
   * @param attempt names the consent's attempt
   * @param until when the consent expires: from then on what is not known to have failed counts as signed
   */
  reserve(key: string, spend: Spend, attempt: string, until: number, at: number): void {
    const now = this.#advance(at);
    const known = this.#entries.get(key);
    const end = Math.max(until, now);
    if (known?.live === true) {
      known.attempts.set(attempt, end);
      // Asked for once more: it counts as signed now, also where it was used up windows ago.
      if (known.released !== undefined) known.released = Math.max(known.released, now);
      refresh(known);
      return;
    }
    this.#order += 1;
    if (this.#order % PRUNE_EVERY === 0) this.#prune(now);
    const { place } = spend;
    const account = 'nonce' in place ? accountName(place) : undefined;
    const isUsed = 'nonce' in place && place.nonce <= (this.#nonces.get(account ?? '') ?? -1n);
    const entry: Entry = {
      key,
      order: this.#order,
      spend,
      place: 'nonce' in place ? `${account ?? ''}/${place.nonce}` : key,
      attempts: new Map([[attempt, end]]),
      at: now,
      released: undefined,
      consumed: isUsed ? now : undefined,
      live: true,
      done: 0,
    };
    refresh(entry);
    this.#entries.set(key, entry);
    this.#list.push(entry);
    if (account === undefined || isUsed) return;
    const open = this.#open.get(account);
    if (open === undefined) this.#open.set(account, [entry]);
    else open.push(entry);
  }

  /** It counts as signed, whatever was settled before. @param at when; absent: whenever its consents allowed it */
  release(key: string, at?: number): void {
    const now = this.#advance(at ?? 0);
    const known = this.#entries.get(key);
    if (known === undefined || known.released !== undefined) return;
    known.released = at === undefined ? Math.max(now, ...known.attempts.values()) : now;
    refresh(known);
  }

  /** It is proven that this attempt released nothing. When that holds for all, the charge is gone. */
  settle(key: string, attempt: string): void {
    const known = this.#entries.get(key);
    if (known === undefined) return;
    known.attempts.delete(attempt);
    refresh(known);
  }

  /** All nonces of this account up to this one are used up on its chain. */
  consumed(place: UsedPlace, at: number): void {
    const now = this.#advance(at);
    const name = accountName(place);
    if (place.nonce <= (this.#nonces.get(name) ?? -1n)) return;
    this.#nonces.set(name, place.nonce);
    const left: Entry[] = [];
    for (const entry of this.#open.get(name) ?? []) {
      const isUsed = 'nonce' in entry.spend.place && entry.spend.place.nonce <= place.nonce;
      if (isUsed) {
        entry.consumed ??= now;
        refresh(entry);
      } else left.push(entry);
    }
    this.#open.set(name, left);
  }

  /** Nobody can use this signature any more, though no nonce says so. */
  voided(key: string, at: number): void {
    const now = this.#advance(at);
    const known = this.#entries.get(key);
    if (known === undefined) return;
    known.consumed ??= now;
    refresh(known);
  }

  /**
   * What limits read at a time; it never goes back behind what was recorded before.
   *
   * @param own key of the payload that is judged; it is not charged on top of itself
   * @param scope `before`: only what was reserved before it counts, so that what was admitted cannot be starved by what
   *   came later
   */
  view(now: number, policies: LedgerPolicies, own?: string, scope: 'all' | 'before' = 'all'): LedgerView {
    const time = Math.max(now, this.#latest);
    const self = own === undefined ? undefined : this.#entries.get(own);
    const before = scope === 'before' && self?.live === true ? self.order : Number.POSITIVE_INFINITY;
    return (need) => {
      const limit = limitOf(policies, need);
      if (limit === undefined) return undefined;
      if (!needsLedger(limit)) return { used: 0n, entries: 0 };
      return this.#usage(limit, need.bucket, time, (entry) => entry !== self && entry.order < before);
    };
  }

  /** Whether this payload counts as signed. */
  isReleased(key: string): boolean {
    return this.#entries.get(key)?.released !== undefined;
  }

  /** Whether this payload is charged at all; `attempt`: whether it is by this one, and may still be freed. */
  isCharged(key: string, attempt?: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    return attempt === undefined ? entry.live : entry.attempts.has(attempt);
  }

  /** Everything that is charged, oldest first: for a screen, and for who looks whether nonces were used up. */
  rows(): readonly LedgerRow[] {
    return this.#list
      .filter((entry) => entry.live)
      .map(({ key, spend, at, released, consumed }) => ({ key, spend, at, released, consumed }));
  }

  /** The highest time that was ever recorded, in Unix seconds. */
  get latest(): number {
    return this.#latest;
  }

  /** `undefined`: something counts here, and nobody knows how much. */
  #usage(limit: PreparedLimit, asked: string, time: number, counts: (entry: Entry) => boolean): LimitUsage | undefined {
    const { measure, windowSec = 0 } = limit.limit;
    const since = time - windowSec;
    const isCounted = (entry: Entry): boolean =>
      entry.live && (measure === 'outstanding' ? isOpenAt(entry, time) : entry.done > since) && counts(entry);
    const index = this.#indexOf(limit);
    if (index.wild.some(({ bucket, entry }) => isCounted(entry) && mayBe(bucket, asked))) return undefined;
    const places = new Set<string>();
    let used = 0n;
    let entries = 0;
    for (const { entry, charge } of index.buckets.get(asked) ?? []) {
      if (!isCounted(entry)) continue;
      if (charge === undefined) return undefined;
      if (measure === 'outstanding') {
        if (places.has(entry.place)) continue;
        places.add(entry.place);
      }
      used = summed(used, charge);
      entries += 1;
    }
    return { used, entries };
  }

  /** Catches up with what was reserved since it was last asked for. */
  #indexOf(limit: PreparedLimit): Index {
    const index = this.#indexes.get(limit) ?? { upTo: 0, buckets: new Map<string, Counted[]>(), wild: [] };
    this.#indexes.set(limit, index);
    for (; index.upTo < this.#list.length; index.upTo++) {
      const entry = this.#list[index.upTo];
      if (entry === undefined) continue;
      for (const { bucket, charge } of chargesOf(limit, entry.spend)) {
        if (bucket.includes(ANY)) {
          index.wild.push({ bucket, entry });
          continue;
        }
        const known = index.buckets.get(bucket);
        if (known === undefined) index.buckets.set(bucket, [{ entry, charge }]);
        else known.push({ entry, charge });
      }
    }
    return index;
  }

  #advance(at: number): number {
    this.#latest = Math.max(this.#latest, at);
    return this.#latest;
  }

  /** No window is longer than what is kept. */
  #prune(now: number): void {
    const old = (entry: Entry): boolean => (entry.live ? entry.done : entry.at) <= now - MAX_WINDOW;
    const kept = this.#list.filter((entry) => !old(entry) && (entry.live || this.#entries.get(entry.key) === entry));
    if (kept.length === this.#list.length) return;
    for (const [key, entry] of this.#entries) if (old(entry)) this.#entries.delete(key);
    this.#list = kept;
    this.#indexes = new WeakMap();
  }
}

export interface LedgerRow {
  readonly key: string;
  readonly spend: Spend;
  readonly at: number;
  readonly released: number | undefined;
  readonly consumed: number | undefined;
}

const PRUNE_EVERY = 1024;

/** Whether past payloads count at all: what has no window is about one transaction alone. */
function needsLedger({ limit }: PreparedLimit): boolean {
  return limit.measure === 'outstanding' || limit.windowSec !== undefined;
}

function limitOf({ common, own }: LedgerPolicies, { layer, limit: id }: LimitNeed): PreparedLimit | undefined {
  const policy = layer === 'common' ? common : own;
  return policy?.limits.find(({ limit }) => limit.id === id);
}

function refresh(entry: Entry): void {
  entry.live = entry.attempts.size > 0 || entry.released !== undefined;
  entry.done = entry.live ? doneAt(entry) : 0;
}

/**
 * From when on a signature can do no more, hence is charged in no later window than the one that begins then; infinity
 * if nobody has seen that yet. Of what nobody knows whether it was signed, not before the consents to it have expired.
 */
function doneAt({ attempts, consumed, released, spend }: Entry): number {
  const signed = released ?? Math.max(...attempts.values());
  const ended = consumed === undefined ? Number.POSITIVE_INFINITY : Math.max(consumed, signed);
  switch (spend.place.kind) {
    case 'account':
    case 'safe':
      return ended;
    case 'until':
      return Math.min(ended, spend.place.at);
    case 'none':
      return signed;
  }
}

function isOutstanding({ consumed, live }: Entry): boolean {
  return live && consumed === undefined;
}

function isOpenAt(entry: Entry, time: number): boolean {
  const { place } = entry.spend;
  return isOutstanding(entry) && place.kind !== 'none' && !(place.kind === 'until' && place.at <= time);
}

function accountName(place: UsedPlace): string {
  return `${place.kind}/${ownerOf(place)}/${place.chainId ?? '?'}`;
}

function ownerOf(place: UsedPlace): Address {
  return place.kind === 'account' ? place.account : place.safe;
}
