/**
 * Keeps a live pair setup with every connected peer in every active epoch: made when two processes first meet, again
 * after either restarts, renewed daily, overwritten on any doubt about this process (docs/protocol.md p.1). In memory
 * only.
 */
import { verify } from '../../protocol/ceremony/ed25519.ts';
import type { Wallet } from '../../protocol/ceremony/wallet.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import type { Refusal } from '../../protocol/common/errors.ts';
import { ok, type Result } from '../../protocol/common/result.ts';
import { PAIR_ROUNDS } from '../../protocol/threshold/pair-setup/messages.ts';
import { PairStore } from '../../protocol/threshold/pair-setup/store.ts';
import type { ParsedEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import type { Secret } from '../../protocol/threshold/secret.ts';
import { DoubtWatch, systemBootId } from './doubt.ts';
import { PairRuns, type PairsContext } from './runs.ts';
import { type StartThread, startWorker } from './worker.ts';

/** After a peer connects it names the setup it still has; without that in this time, in milliseconds, it has none. */
const PACK_PATIENCE = 400;
/** Between a failed run and the next one. */
const RETRY_AFTER = 2_000;
/** A peer is heard again after this time, in milliseconds, if it asks for a setup. */
const ASKED_AGAIN = 5_000;
/** How often age and clocks are looked at. */
const WATCH_EVERY = 30_000;

/** The tests put a thread of their own and a made-up machine here. */
export interface PairsSystem {
  readonly startThread: StartThread;
  readonly bootId: () => string;
}

export interface BanLiftOrder {
  readonly epochId: Uint8Array;
  readonly peer: number;
  /** Number of lifts of this pair in this epoch, this one included. */
  readonly counter: number;
  /** Digests of the two statements, that of the lower index first; the caller has verified both. */
  readonly statements: readonly [Uint8Array, Uint8Array];
}

export class Pairs {
  readonly store: PairStore;
  readonly #node: PairsContext;
  readonly #runs: PairRuns;
  readonly #doubt: DoubtWatch;
  readonly #waiting = new Set<() => void>();
  readonly #askedAt = new Map<string, number>();
  #stopWatching: () => void;

  constructor(
    node: PairsContext,
    hedge: Secret<Uint8Array>,
    system: PairsSystem = { startThread: startWorker, bootId: systemBootId },
  ) {
    this.#node = node;
    this.store = new PairStore({
      identityKey: (_, peer) => node.roster.parties.find((party) => party.index === peer)?.statementKey,
      verify,
      unknown: (epochId, peer) => this.#missing(epochId, peer),
    });
    this.#runs = new PairRuns({
      node,
      hedge,
      startThread: system.startThread,
      store: this.store,
      ended: (wallet, peer) => this.#ended(wallet, peer),
      restarted: () => this.overwriteAll('the pair thread failed'),
    });
    this.#doubt = new DoubtWatch(node.clock, system.bootId);
    this.#stopWatching = node.clock.after(WATCH_EVERY, () => this.#watch());
  }

  /** A party is gone: whether it still has what was made with it is open until it says so. */
  disconnected(peer: number): void {
    for (const { epochId } of this.#node.wallets.list()) {
      this.store.suspect(epochId, peer);
      this.#runs.close(epochId, peer);
    }
  }

  /** A party has connected: say which setups are still here, and make what is missing. */
  connected(peer: number): void {
    for (const wallet of this.#node.wallets.list()) this.#meet(wallet, peer);
  }

  /** A new epoch is active: the setups of the one before are overwritten, and everybody who is there is met. */
  epochActive(wallet: Wallet): void {
    this.epochsOver();
    for (const peer of this.#connectedPeers()) this.#meet(wallet, peer);
  }

  /** What belongs to an epoch that this party signs in no more is overwritten. */
  epochsOver(): void {
    const epochs = this.#node.wallets.list().map((held) => held.epochId);
    this.store.keepEpochs(epochs);
    this.#runs.keepEpochs(epochs);
  }

  /** Whether there is a setup with each of these peers, now or within `patience` milliseconds. */
  async ready(epochId: Uint8Array, peers: readonly number[], patience: number): Promise<boolean> {
    this.checkClocks();
    const isReady = (): boolean => peers.every((peer) => this.#isReady(epochId, peer));
    if (isReady()) return true;
    const { clock, wallets } = this.#node;
    const wallet = wallets.byEpoch(epochId);
    const askWhere = (missing: (peer: number) => boolean): void => {
      if (wallet !== undefined) for (const peer of peers) if (missing(peer)) this.#ask(wallet, peer);
    };
    askWhere((peer) => !this.#has(epochId, peer));
    return await new Promise((resolve) => {
      const settle = (result: boolean): void => {
        cancel();
        cancelAsking();
        this.#waiting.delete(look);
        resolve(result);
      };
      const look = (): void => {
        if (isReady()) settle(true);
      };
      const cancel = clock.after(patience, () => settle(false));
      // A setup that the peer has not named since it connected may be one that it lost with its last process.
      const cancelAsking = clock.after(PACK_PATIENCE, () => askWhere((peer) => !this.#isReady(epochId, peer)));
      this.#waiting.add(look);
    });
  }

  /**
   * A peer with a higher index has no setup with this party and asks for one; the lower index begins. Anybody may ask,
   * so it is done only if nothing is under way, and not often.
   */
  asked(epochId: Uint8Array, peer: number): void {
    const { self, wallets } = this.#node;
    const wallet = wallets.byEpoch(epochId);
    if (wallet === undefined || self > peer || this.#runs.has(epochId, peer)) return;
    if (this.#mayAsk('asked', epochId, peer)) this.#runs.begin(wallet, peer);
  }

  /**
   * Before any message is acted on: if the clocks tell of a suspended or copied machine, every setup and every run is
   * overwritten and made anew.
   */
  checkClocks(): void {
    if (this.#doubt.clocksApart()) this.#look();
  }

  /** There is reason to think that this process, or its memory, exists twice. */
  overwriteAll(why: string): void {
    const { note, wallets } = this.#node;
    note('PAIR_DOUBT', `${why}; all pair setups are made anew`);
    this.store.burnAll();
    this.#runs.keepEpochs([]);
    for (const peer of this.#connectedPeers()) for (const wallet of wallets.list()) this.#ask(wallet, peer);
  }

  /** An envelope of type PAIR, or an ABORT that belongs to a run of one. */
  deliver(bytes: Uint8Array, envelope: ParsedEnvelope): void {
    this.checkClocks();
    const { round, from, sid } = envelope;
    if (round === PAIR_ROUNDS.pack && !this.store.accepts(sid)) {
      this.#runs.early(from, bytes);
    } else if (round === PAIR_ROUNDS.pack) {
      this.store.deliver(bytes, this.#node.clock.monotonic());
      this.#wake();
    } else if (round === PAIR_ROUNDS.hello) {
      const wallet = this.#node.wallets.byEpoch(sid);
      if (wallet !== undefined) this.#runs.hello(wallet, from, bytes);
    } else this.#runs.deliver(from, bytes);
  }

  /**
   * Both key holders of the pair have signed that its ban is over (docs/protocol.md d.7). Durable when it resolves;
   * then a setup under the new counter is made. Refused with `BAN_COUNT_WRONG`, and with `BAN_PERMANENT` the second
   * time in an epoch.
   */
  async liftBan({ epochId, peer, counter, statements }: BanLiftOrder): Promise<Result<void, Refusal>> {
    const record = { type: 'ban-lifted', epochId, peer, counter, statements } as const;
    const done = await this.#node.journal.update(() => ok({ record, value: undefined }));
    if (!done.ok) return done;
    // The counter is part of every setup's id: what was made under the old one is of no use.
    this.store.overwrite(epochId, peer);
    this.store.forgive(epochId, peer);
    this.#meetAgain(epochId, peer);
    return done;
  }

  /** The own key holder has looked at the failed setups of this pair: they are counted anew. */
  async resetFailures(epochId: Uint8Array, peer: number): Promise<void> {
    await this.#node.journal.record({ type: 'pair-fail-reset', epochId, peer });
    this.#meetAgain(epochId, peer);
  }

  /** For people: which peers have a setup in this epoch. */
  status(wallet: Wallet): readonly { readonly peer: number; readonly state: 'ready' | 'making' | 'banned' | 'none' }[] {
    const { roster, self } = this.#node;
    const { epochId } = wallet;
    return roster.parties
      .filter((party) => party.index !== self)
      .map(({ index }) => {
        if (this.#runs.isBarred(epochId, index)) return { peer: index, state: 'banned' };
        if (this.#isReady(epochId, index)) return { peer: index, state: 'ready' };
        return { peer: index, state: this.#runs.has(epochId, index) ? 'making' : 'none' };
      });
  }

  async stop(): Promise<void> {
    this.#stopWatching();
    this.store.burnAll();
    await this.#runs.stop();
  }

  #meet(wallet: Wallet, peer: number): void {
    const { clock, self } = this.#node;
    const packs = this.store.packsFor(wallet.epochId, peer, clock.monotonic());
    for (const envelope of packs) void this.#node.members().send(`party:${peer}`, { kind: 'round', envelope });
    if (self > peer) return; // The lower index begins.
    if (packs.length === 0) this.#runs.begin(wallet, peer);
    else clock.after(PACK_PATIENCE, () => this.#beginIfMissing(wallet, peer));
  }

  #meetAgain(epochId: Uint8Array, peer: number): void {
    this.#runs.close(epochId, peer);
    const wallet = this.#node.wallets.byEpoch(epochId);
    if (wallet !== undefined && this.#connectedPeers().includes(peer)) this.#ask(wallet, peer);
  }

  #ended(wallet: Wallet, peer: number): void {
    const { clock, self } = this.#node;
    if (self < peer && !this.#isReady(wallet.epochId, peer))
      clock.after(RETRY_AFTER, () => this.#beginIfMissing(wallet, peer));
    this.#wake();
  }

  #beginIfMissing(wallet: Wallet, peer: number): void {
    const { epochId } = wallet;
    if (this.#isReady(epochId, peer) || this.#runs.has(epochId, peer)) return;
    if (this.#connectedPeers().includes(peer)) this.#runs.begin(wallet, peer);
  }

  /** The lower index begins, the higher one asks it to; unless it is under way. */
  #ask(wallet: Wallet, peer: number): void {
    const { members, self } = this.#node;
    if (this.#runs.isBarred(wallet.epochId, peer) || this.#runs.has(wallet.epochId, peer)) return;
    if (self < peer) this.#runs.begin(wallet, peer);
    else void members().send(`party:${peer}`, { kind: 'want', digests: [wallet.epochId] });
  }

  /** The peer has named a setup that is not here, in a message it signed. */
  #missing(epochId: Uint8Array, peer: number): void {
    const wallet = this.#node.wallets.byEpoch(epochId);
    if (wallet === undefined || !this.#mayAsk('missing', epochId, peer)) return;
    this.store.suspect(epochId, peer);
    this.#ask(wallet, peer);
  }

  #mayAsk(what: string, epochId: Uint8Array, peer: number): boolean {
    const name = `${what}/${toHex(epochId)}/${peer}`;
    const now = this.#node.clock.monotonic();
    if (now - (this.#askedAt.get(name) ?? Number.NEGATIVE_INFINITY) < ASKED_AGAIN) return false;
    this.#askedAt.set(name, now);
    return true;
  }

  /** Looks for signs of doubt, overwrites what is replaced or too old, and renews what grows old. */
  #watch(): void {
    const { clock, self, wallets } = this.#node;
    this.#look();
    this.store.sweep(clock.monotonic());
    for (const peer of this.#connectedPeers()) {
      if (self > peer) continue;
      for (const wallet of wallets.list()) {
        const isOld = this.store.wantsRenewal(wallet.epochId, peer, clock.monotonic());
        if (isOld && !this.#runs.has(wallet.epochId, peer)) this.#runs.begin(wallet, peer);
      }
    }
    this.#stopWatching = clock.after(WATCH_EVERY, () => this.#watch());
  }

  #look(): void {
    const why = this.#doubt.look();
    if (why !== undefined) this.overwriteAll(why);
  }

  #has(epochId: Uint8Array, peer: number): boolean {
    return this.store.has(epochId, peer, this.#node.clock.monotonic());
  }

  #isReady(epochId: Uint8Array, peer: number): boolean {
    return this.store.isReady(epochId, peer, this.#node.clock.monotonic());
  }

  #connectedPeers(): readonly number[] {
    const parties = this.#node
      .members()
      .connected()
      .filter((member) => member.startsWith('party:'));
    return parties.map((member) => Number(member.slice('party:'.length)));
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }
}
