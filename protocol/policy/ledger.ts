/**
 * What a party has consented to and what became of it, so that limits hold over time (docs/limits.md). Pure: the node's
 * journal feeds it, and whoever feeds another one the same way gets the same answers.
 *
 * One entry is one payload under one key, whatever the number of attempts. It is charged from the first consent on
 * until it is proven that no attempt released anything, or until its place is used up and one window more has passed.
 */
import type { Address } from '../payload/address.ts';
import { type Charge, chargesOf, mayBe } from './charges.ts';
import { MAX_WINDOW } from './limits.ts';
import type { Policy, PreparedLimit } from './prepare.ts';
import { type Place, type Spend, summed, type UsedPlace } from './spend.ts';
import type { LedgerView, LimitNeed, LimitUsage } from './verdict.ts';

export interface LedgerPolicies {
  readonly common: Policy;
  readonly own?: Policy | undefined;
}

interface Entry {
  readonly key: string;
  /** In the order of reservations. */
  readonly order: number;
  readonly spend: Spend;
  /** Attempts that may still release it, and when the consent to each expires. None and not released: it is free. */
  readonly attempts: ReadonlyMap<string, number>;
  /** When it was reserved, counted as signed, and when its place was seen used up; Unix seconds. */
  readonly at: number;
  readonly released?: number | undefined;
  readonly consumed?: number | undefined;
}

/** One count of a limit. */
interface Sum {
  readonly used: bigint | undefined;
  readonly entries: number;
}

export class Ledger {
  readonly #entries = new Map<string, Entry>();
  /** The highest nonce that is used up, by account and chain. */
  readonly #nonces = new Map<string, bigint>();
  /** Charges depend on limit and spend alone, never on time. */
  readonly #charges = new WeakMap<PreparedLimit, WeakMap<Spend, readonly Charge[]>>();
  #order = 0;
  #latest = 0;

  /**
   * Holds the charge of a payload from a consent on.
   *
   * @param key names the payload: wallet id and digest
   * @param attempt names the consent's attempt
   * @param until when the consent expires: from then on what is not known to have failed counts as signed
   */
  reserve(key: string, spend: Spend, attempt: string, until: number, at: number): void {
    const now = this.#advance(at);
    const known = this.#entries.get(key);
    const attempts = new Map(known?.attempts).set(attempt, Math.max(until, now));
    if (known !== undefined && isLive(known)) {
      this.#entries.set(key, { ...known, attempts });
      return;
    }
    if (++this.#order % PRUNE_EVERY === 0) this.#prune(now);
    const isUsed = isPast(spend.place, this.#nonces);
    this.#entries.set(key, { key, order: this.#order, spend, attempts, at: now, consumed: isUsed ? now : undefined });
  }

  /** It counts as signed, whatever was settled before. @param at when; absent: whenever its consents allowed it */
  release(key: string, at?: number): void {
    const now = this.#advance(at ?? 0);
    const known = this.#entries.get(key);
    if (known === undefined || known.released !== undefined) return;
    const released = at === undefined ? Math.max(now, ...known.attempts.values()) : now;
    this.#entries.set(key, { ...known, released });
  }

  /** It is proven that this attempt released nothing. When that holds for all, the charge is gone. */
  settle(key: string, attempt: string): void {
    const known = this.#entries.get(key);
    if (known === undefined) return;
    const attempts = new Map(known.attempts);
    attempts.delete(attempt);
    this.#entries.set(key, { ...known, attempts });
  }

  /** All nonces of this account up to this one are used up on its chain. */
  consumed(place: UsedPlace, at: number): void {
    const consumed = this.#advance(at);
    const name = accountName(place);
    const before = this.#nonces.get(name) ?? -1n;
    if (place.nonce > before) this.#nonces.set(name, place.nonce);
    for (const entry of this.#entries.values()) {
      if (entry.consumed === undefined && isPast(entry.spend.place, this.#nonces)) {
        this.#entries.set(entry.key, { ...entry, consumed });
      }
    }
  }

  /** Nobody can use this signature any more, though no nonce says so. */
  voided(key: string, at: number): void {
    const consumed = this.#advance(at);
    const known = this.#entries.get(key);
    if (known !== undefined) this.#entries.set(key, { ...known, consumed });
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
    const self = own === undefined || scope === 'all' ? undefined : this.#entries.get(own);
    const before = self !== undefined && isLive(self) ? self.order : Number.POSITIVE_INFINITY;
    const counted = [...this.#entries.values()].filter(
      (entry) => entry.order < before && entry.key !== own && isLive(entry),
    );
    const known = new Map<PreparedLimit, ReadonlyMap<string, Sum>>();
    return (need) => {
      const limit = limitOf(policies, need);
      if (limit === undefined) return undefined;
      if (!needsLedger(limit)) return { used: 0n, entries: 0 };
      const sums = known.get(limit) ?? this.#sums(limit, counted, time);
      known.set(limit, sums);
      return usageOf(sums, need.bucket);
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
    return attempt === undefined ? isLive(entry) : entry.attempts.has(attempt);
  }

  /** Nonces of an account that are reserved or signed, and not seen used up. */
  outstanding(account: Address, chainId: bigint | undefined): number {
    const places = [...this.#entries.values()].filter(isOutstanding).flatMap(({ spend: { place } }) => {
      if (place.kind !== 'account' && place.kind !== 'safe') return [];
      const owner = place.kind === 'account' ? place.account : place.safe;
      return owner === account && place.chainId === chainId ? [place.nonce] : [];
    });
    return new Set(places).size;
  }

  /** Everything that is charged, oldest first: for a screen, and for who looks whether nonces were used up. */
  rows(): readonly LedgerRow[] {
    return [...this.#entries.values()]
      .filter(isLive)
      .sort((a, b) => a.order - b.order)
      .map(({ key, spend, at, released, consumed }) => ({ key, spend, at, released, consumed }));
  }

  /** The highest time that was ever recorded, in Unix seconds. */
  get latest(): number {
    return this.#latest;
  }

  #sums(limit: PreparedLimit, entries: readonly Entry[], time: number): ReadonlyMap<string, Sum> {
    const { measure, windowSec = 0 } = limit.limit;
    const sums = new Map<string, Sum>();
    const places = new Set<string>();
    for (const entry of entries) {
      if (measure === 'outstanding' ? !isOpenAt(entry, time) : doneAt(entry) <= time - windowSec) continue;
      for (const { bucket, charge } of this.#chargesOf(limit, entry.spend)) {
        if (measure === 'outstanding') {
          const place = `${bucket}/${placeName(entry)}`;
          if (places.has(place)) continue;
          places.add(place);
        }
        const { used, entries: count } = sums.get(bucket) ?? { used: 0n, entries: 0 };
        const isKnown = used !== undefined && charge !== undefined;
        sums.set(bucket, { used: isKnown ? summed(used, charge) : undefined, entries: count + 1 });
      }
    }
    return sums;
  }

  #chargesOf(limit: PreparedLimit, spend: Spend): readonly Charge[] {
    const bySpend = this.#charges.get(limit) ?? new WeakMap<Spend, readonly Charge[]>();
    this.#charges.set(limit, bySpend);
    const known = bySpend.get(spend) ?? chargesOf(limit, spend);
    bySpend.set(spend, known);
    return known;
  }

  #advance(at: number): number {
    this.#latest = Math.max(this.#latest, at);
    return this.#latest;
  }

  /** No window is longer than what is kept. */
  #prune(now: number): void {
    for (const entry of this.#entries.values()) {
      const last = isLive(entry) ? doneAt(entry) : entry.at;
      if (last <= now - MAX_WINDOW) this.#entries.delete(entry.key);
    }
  }
}

export interface LedgerRow {
  readonly key: string;
  readonly spend: Spend;
  readonly at: number;
  readonly released: number | undefined;
  readonly consumed: number | undefined;
}

const PRUNE_EVERY = 64;

/** Whether past payloads count at all: what has no window is about one transaction alone. */
export function needsLedger({ limit }: PreparedLimit): boolean {
  return limit.measure === 'outstanding' || limit.windowSec !== undefined;
}

function limitOf({ common, own }: LedgerPolicies, { layer, limit: id }: LimitNeed): PreparedLimit | undefined {
  const policy = layer === 'common' ? common : own;
  return policy?.limits.find(({ limit }) => limit.id === id);
}

/** `undefined`: something counts here, and nobody knows how much. */
function usageOf(sums: ReadonlyMap<string, Sum>, asked: string): LimitUsage | undefined {
  for (const [bucket, { used }] of sums) if (used === undefined && mayBe(bucket, asked)) return undefined;
  const { used, entries } = sums.get(asked) ?? { used: 0n, entries: 0 };
  return used === undefined ? undefined : { used, entries };
}

function isLive({ attempts, released }: Entry): boolean {
  return attempts.size > 0 || released !== undefined;
}

/**
 * From when on a signature can do no more, hence is charged in no later window than the one that begins then; infinity
 * if nobody has seen that yet. Of what nobody knows whether it was signed, not before the consents to it have expired.
 */
function doneAt(entry: Entry): number {
  const { spend, consumed } = entry;
  const signed = entry.released ?? Math.max(...entry.attempts.values());
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

function isOutstanding(entry: Entry): boolean {
  return isLive(entry) && entry.consumed === undefined;
}

function isOpenAt(entry: Entry, time: number): boolean {
  const { place } = entry.spend;
  return isOutstanding(entry) && place.kind !== 'none' && !(place.kind === 'until' && place.at <= time);
}

function isPast(place: Place, nonces: ReadonlyMap<string, bigint>): boolean {
  if (place.kind !== 'account' && place.kind !== 'safe') return false;
  return place.nonce <= (nonces.get(accountName(place)) ?? -1n);
}

function accountName(place: UsedPlace): string {
  return `${place.kind}/${place.kind === 'account' ? place.account : place.safe}/${place.chainId ?? '?'}`;
}

/** Two payloads for one nonce can use it only once. */
function placeName({ key, spend: { place } }: Entry): string {
  return place.kind === 'account' || place.kind === 'safe' ? `${accountName(place)}/${place.nonce}` : key;
}
