/**
 * What a participant remembers of the payloads it saw: a bounded index over the decoded content of its own durable log,
 * from which it is built again after a restart. What is forgotten here looks new again, which only adds risks.
 */
import type { Address } from '../address.ts';
import type { Executor } from '../calldata/call.ts';
import { AddressIndex } from './address-index.ts';
import type { Reach } from './reach.ts';

/** How often, and when last by the own clock (Unix seconds). */
export interface Sighting {
  readonly times: number;
  readonly last: number;
}

export interface Range {
  readonly count: number;
  readonly max: bigint;
}

/** Another payload at the same place. `signed`: released here, or seen with a valid signature. */
export interface PlaceUse {
  /** Hex of the digest that is signed or asked for. */
  readonly digest: string;
  readonly state: 'signed' | 'pending';
}

/** Earlier requests of the same content that came to nothing. */
export interface Unfinished {
  readonly times: number;
  readonly last: number;
  /** What became of the last one, in a few words. */
  readonly how: string;
}

/** What `unusual` asks. Own addresses and those of policies are not in it. */
export interface History {
  reached(chainId: bigint | undefined, address: Address): Sighting | undefined;
  imitatedBy(address: Address): readonly Address[];
  hasCalled(chainId: bigint | undefined, to: Address, selector: string): boolean;
  fees(account: Address, chainId: bigint | undefined): Range | undefined;
  amounts(account: Executor, chainId: bigint | undefined, asset: 'native' | Address): Range | undefined;
}

/** Entries of each kind. */
const MAX_ENTRIES = 50_000;

export class HistoryIndex implements History {
  readonly #addresses: AddressIndex;
  readonly #reached: Bounded<Sighting>;
  readonly #called: Bounded<true>;
  readonly #fees: Bounded<Range>;
  readonly #amounts: Bounded<Range>;

  constructor(max: number = MAX_ENTRIES) {
    this.#addresses = new AddressIndex(max);
    this.#reached = new Bounded(max);
    this.#called = new Bounded(max);
    this.#fees = new Bounded(max);
    this.#amounts = new Bounded(max);
  }

  /** Takes in a payload that counts as signed. What is merely asked for makes nothing familiar. */
  add(reach: Reach, account: Address, at: number): void {
    const { called, chainId, feeCap, outflows, reached } = reach;
    for (const { address } of reached) {
      const before = this.reached(chainId, address);
      const last = Math.max(before?.last ?? 0, at);
      this.#reached.set(`${chainId ?? '?'}:${address}`, { times: (before?.times ?? 0) + 1, last });
      this.#addresses.add(address);
    }
    for (const { selector, to } of called) this.#called.set(`${chainId ?? '?'}:${to}:${selector}`, true);
    if (feeCap !== undefined) widen(this.#fees, `${chainId ?? '?'}:${account}`, feeCap);
    for (const { amount, asset, owner } of outflows) {
      widen(this.#amounts, `${chainId ?? '?'}:${owner === 'wallet' ? account : owner}:${asset}`, amount);
    }
  }

  reached(chainId: bigint | undefined, address: Address): Sighting | undefined {
    return this.#reached.get(`${chainId ?? '?'}:${address}`);
  }

  imitatedBy(address: Address): readonly Address[] {
    return this.#addresses.imitatedBy(address);
  }

  hasCalled(chainId: bigint | undefined, to: Address, selector: string): boolean {
    return this.#called.get(`${chainId ?? '?'}:${to}:${selector}`) === true;
  }

  fees(account: Address, chainId: bigint | undefined): Range | undefined {
    return this.#fees.get(`${chainId ?? '?'}:${account}`);
  }

  amounts(account: Executor, chainId: bigint | undefined, asset: 'native' | Address): Range | undefined {
    return this.#amounts.get(`${chainId ?? '?'}:${account}:${asset}`);
  }
}

function widen(ranges: Bounded<Range>, key: string, value: bigint): void {
  const before = ranges.get(key);
  const max = before === undefined || value > before.max ? value : before.max;
  ranges.set(key, { count: (before?.count ?? 0) + 1, max });
}

/** A map that forgets what was written longest ago. */
class Bounded<T> {
  readonly #max: number;
  readonly #entries = new Map<string, T>();

  constructor(max: number) {
    this.#max = max;
  }

  get(key: string): T | undefined {
    return this.#entries.get(key);
  }

  set(key: string, value: T): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.#max && oldest !== undefined) this.#entries.delete(oldest);
  }
}
