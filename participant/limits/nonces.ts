/**
 * Watches whether the nonces of what was signed are used up, so that it is charged in no later window for ever
 * (docs/limits.md). Chain nodes are believed only where enough of them agree, at a depth; what they say can end the
 * carrying over into later windows and nothing else.
 */
import type { Clock } from '../../protocol/common/effects.ts';
import type { Address } from '../../protocol/payload/address.ts';
import type { UsedPlace } from '../../protocol/policy/spend.ts';
import type { Journal } from '../journal/journal.ts';
import { Rpc } from '../simulation/rpc.ts';
import type { NonceSettings } from './nonce-settings.ts';

/** Milliseconds between two rounds of questions; there are none while nothing is outstanding. */
const EVERY = 30_000;
/** Accounts asked about in one round, oldest first. */
const MAX_ACCOUNTS = 64;
/** Where a Safe keeps its nonce. */
const SAFE_NONCE_SLOT = '0x5';

export interface NonceWatchNode {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly note: (code: string, detail: string) => void;
}

interface Source {
  readonly rpc: Rpc;
  /** What it said last; one that is silent and never said is a silent one of every chain. */
  chainId?: bigint;
}

/** What a node says at a depth. */
interface View {
  readonly rpc: Rpc;
  readonly block: string;
}

export class NonceWatch {
  readonly #node: NonceWatchNode;
  readonly #settings: NonceSettings;
  readonly #sources: readonly Source[];
  readonly #isSound: () => boolean;
  #cancel: (() => void) | undefined;
  #stopped = false;

  /** @param isSound whether this node's clock is beyond doubt: what is written down now is written under its time */
  constructor(node: NonceWatchNode, settings: NonceSettings, isSound: () => boolean) {
    this.#node = node;
    this.#settings = settings;
    this.#sources = [...new Set(settings.nodes)].map((address) => ({ rpc: new Rpc(address) }));
    this.#isSound = isSound;
  }

  start(): void {
    if (this.#stopped) return;
    this.#cancel = this.#node.clock.after(EVERY, () => {
      this.look()
        .catch((error: unknown) => {
          this.#node.note('NONCES_UNSEEN', error instanceof Error ? error.message : 'unknown');
        })
        .finally(() => this.start());
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  /** One round of questions. */
  async look(): Promise<void> {
    const accounts = this.#accounts();
    if (accounts.length === 0 || !this.#isSound()) return;
    const views = await Promise.all(this.#sources.map((source) => this.#viewOf(source)));
    for (const { place, lowest } of accounts) {
      const count = await this.#agreed(place, views);
      if (this.#stopped || count === undefined || count <= lowest) continue;
      const { clock, journal } = this.#node;
      const seen = { ...place, nonce: count - 1n };
      await journal.record({ type: 'nonce-consumed', place: seen, at: clock.now(), source: 'nodes' });
    }
  }

  /** What is charged until its nonce is used up: one place for each account, with the lowest such nonce. */
  #accounts(): readonly { readonly place: UsedPlace; readonly lowest: bigint }[] {
    const accounts = new Map<string, { place: UsedPlace; lowest: bigint }>();
    for (const { consumed, spend } of this.#node.journal.state.ledger.rows()) {
      const { place } = spend;
      if (consumed !== undefined || !('nonce' in place)) continue;
      const name = `${place.kind}/${ownerOf(place)}/${place.chainId ?? '?'}`;
      const known = accounts.get(name);
      if (known === undefined || place.nonce < known.lowest) accounts.set(name, { place, lowest: place.nonce });
    }
    return [...accounts.values()].slice(0, MAX_ACCOUNTS);
  }

  async #viewOf(source: Source): Promise<View | undefined> {
    try {
      const { rpc } = source;
      const [chain, head] = await Promise.all([rpc.ask('eth_chainId', []), rpc.ask('eth_blockNumber', [])]);
      source.chainId = quantity(chain);
      const depth = quantity(head) - BigInt(this.#settings.confirmations);
      return depth < 0n ? undefined : { rpc, block: `0x${depth.toString(16)}` };
    } catch {
      return undefined;
    }
  }

  /** The lowest count of all nodes of the chain; none if one is silent, or if there are too few. */
  async #agreed(place: UsedPlace, views: readonly (View | undefined)[]): Promise<bigint | undefined> {
    // What names no chain can be used on several, and chain 0 of an authorization is all of them.
    if (place.chainId === undefined || place.chainId === 0n) return undefined;
    const asked = this.#sources.flatMap((source, i) => {
      const isOther = source.chainId !== undefined && source.chainId !== place.chainId;
      return isOther ? [] : [views[i]];
    });
    if (asked.length < this.#settings.agree) return undefined;
    const counts = await Promise.all(
      asked.map(async (view) => (view === undefined ? undefined : await countAt(view, place))),
    );
    let lowest: bigint | undefined;
    for (const count of counts) {
      if (count === undefined) return undefined;
      if (lowest === undefined || count < lowest) lowest = count;
    }
    return lowest;
  }
}

async function countAt({ rpc, block }: View, place: UsedPlace): Promise<bigint | undefined> {
  try {
    const answer =
      place.kind === 'account'
        ? await rpc.ask('eth_getTransactionCount', [place.account, block])
        : await rpc.ask('eth_getStorageAt', [place.safe, SAFE_NONCE_SLOT, block]);
    return quantity(answer);
  } catch {
    return undefined;
  }
}

function ownerOf(place: UsedPlace): Address {
  return place.kind === 'account' ? place.account : place.safe;
}

function quantity(value: unknown): bigint {
  if (typeof value === 'string' && /^0x[0-9a-f]{1,64}$/i.test(value)) return BigInt(value);
  throw new Error('a node answers without a number');
}
