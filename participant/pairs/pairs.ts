/**
 * Keeps a live pair setup with every connected peer in every active epoch: made when two processes first meet, again
 * after either restarts, renewed daily, overwritten on any doubt about this process (docs/protocol.md p.1). In memory
 * only; the computing is done by one worker thread.
 */
import { Worker } from 'node:worker_threads';
import { verify } from '../../protocol/ceremony/ed25519.ts';
import type { Wallet } from '../../protocol/ceremony/wallet.ts';
import { equalBytes, toHex } from '../../protocol/common/bytes.ts';
import { PAIR_ROUNDS } from '../../protocol/threshold/pair-setup/messages.ts';
import { PairSetup } from '../../protocol/threshold/pair-setup/setup.ts';
import { PairStore } from '../../protocol/threshold/pair-setup/store.ts';
import type { ParsedEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import type { Secret } from '../../protocol/threshold/secret.ts';
import type { NodeContext } from '../context.ts';
import type { FromThread, ThreadData, ToThread } from './thread-messages.ts';

/** After a peer connects it names the setup it still has; without that in this time, in milliseconds, it has none. */
const PACK_PATIENCE = 400;
/**
 * The peer may not know the epoch yet, and drops a first message it cannot place: then it is said again. Each time it
 * gets twice as long to answer: its thread may be busy with other setups, and a new beginning only adds to them.
 */
const HELLO_PATIENCE = 1_000;
/**
 * A run that takes longer than this, in milliseconds, is given up and begun anew; the next one gets twice as long, or
 * many setups on a slow machine would push each other out for ever.
 */
const RUN_PATIENCE = 60_000;
/** No run gets longer than this, in milliseconds. */
const MAX_PATIENCE = 960_000;
/** Between a failed run and the next one. */
const RETRY_AFTER = 2_000;
/** A peer is heard again after this time, in milliseconds, if it asks for a setup. */
const ASKED_AGAIN = 5_000;
/** How often age and clocks are looked at. */
const WATCH_EVERY = 30_000;
/** Wall and monotonic clock may drift apart this much between two looks, in milliseconds. */
const CLOCK_DOUBT = 5_000;

interface OpenRun {
  readonly id: number;
  readonly wallet: Wallet;
  readonly peer: number;
  /** Whether the peer has said anything in this run yet. */
  heard: boolean;
}

/** How long the peer has for its first word, and the run as a whole; milliseconds. */
interface Patience {
  readonly hello: number;
  readonly run: number;
}

export class Pairs {
  readonly store: PairStore;
  readonly #node: NodeContext;
  readonly #hedge: Secret<Uint8Array>;
  #worker: Worker;
  readonly #runs = new Map<string, OpenRun>();
  /** Pairs whose present setup the peer has named since it last connected. */
  readonly #confirmed = new Set<string>();
  readonly #waiting = new Set<() => void>();
  readonly #askedAt = new Map<string, number>();
  #turn: Promise<void> = Promise.resolve();
  #nextId = 1;
  /** Threads so far: one that failed must not leave its counters to the next. */
  #lanes = 0;
  #lastWall: number;
  #lastMonotonic: number;
  #stopWatching: () => void;
  #stopped = false;

  constructor(node: NodeContext, hedge: Secret<Uint8Array>) {
    this.#node = node;
    this.store = new PairStore({
      identityKey: (_, peer) => node.roster.parties.find((party) => party.index === peer)?.statementKey,
      verify,
    });
    this.#hedge = hedge;
    this.#worker = this.#spawn();
    this.#lastWall = node.clock.now();
    this.#lastMonotonic = node.clock.monotonic();
    this.#stopWatching = node.clock.after(WATCH_EVERY, () => this.#watch());
  }

  /** A party is gone: whether it still has what was made with it is open until it says so. */
  disconnected(peer: number): void {
    for (const wallet of this.#node.wallets.list()) this.#confirmed.delete(key(wallet.epochId, peer));
  }

  /** A party has connected: say which setups are still here, and make what is missing. */
  connected(peer: number): void {
    for (const wallet of this.#node.wallets.list()) this.#meet(wallet, peer);
  }

  /** A new epoch is active: meet everybody who is there. */
  epochActive(wallet: Wallet): void {
    for (const member of this.#node.members().connected()) {
      const [role, index] = member.split(':');
      if (role === 'party') this.#meet(wallet, Number(index));
    }
  }

  /** Whether there is a setup with each of these peers, now or within `patience` milliseconds. */
  async ready(epochId: Uint8Array, peers: readonly number[], patience: number): Promise<boolean> {
    // A setup that the peer has not named since it connected may be one that it lost with its last process.
    const isReady = (): boolean =>
      peers.every((peer) => this.#confirmed.has(key(epochId, peer)) && this.#has(epochId, peer));
    if (isReady()) return true;
    const wallet = this.#node.wallets.byEpoch(epochId);
    if (wallet !== undefined) for (const peer of peers) if (!this.#has(epochId, peer)) this.#ask(wallet, peer);
    return await new Promise((resolve) => {
      const settle = (result: boolean): void => {
        cancel();
        this.#waiting.delete(look);
        resolve(result);
      };
      const look = (): void => {
        if (isReady()) settle(true);
      };
      const cancel = this.#node.clock.after(patience, () => settle(false));
      this.#waiting.add(look);
    });
  }

  /**
   * A peer with a higher index has no setup with this party and asks for one; the lower index begins. Anybody may ask,
   * so it is done only if nothing is under way, and not often.
   */
  asked(epochId: Uint8Array, peer: number): void {
    const { clock, self, wallets } = this.#node;
    const wallet = wallets.byEpoch(epochId);
    const name = key(epochId, peer);
    const last = this.#askedAt.get(name) ?? Number.NEGATIVE_INFINITY;
    if (wallet === undefined || self > peer || this.#runs.has(name) || clock.monotonic() - last < ASKED_AGAIN) return;
    this.#askedAt.set(name, clock.monotonic());
    this.#begin(wallet, peer);
  }

  #ask(wallet: Wallet, peer: number): void {
    const isMaking = this.#runs.has(key(wallet.epochId, peer));
    if (this.#node.self < peer && !isMaking) this.#begin(wallet, peer);
    if (this.#node.self > peer && !isMaking)
      void this.#node.members().send(`party:${peer}`, { kind: 'want', digests: [wallet.epochId] });
  }

  /** After a doubt: whoever is there is met anew. */
  #askAll(): void {
    for (const member of this.#node.members().connected()) {
      if (!member.startsWith('party:')) continue;
      for (const wallet of this.#node.wallets.list()) this.#ask(wallet, Number(member.split(':')[1]));
    }
  }

  /** An envelope of type PAIR, or an ABORT that belongs to a run of one. */
  deliver(bytes: Uint8Array, envelope: ParsedEnvelope): void {
    if (envelope.round === PAIR_ROUNDS.pack && this.store.accepts(envelope.sid)) {
      const result = this.store.deliver(bytes, this.#node.clock.monotonic());
      if (result === 'active') this.#confirmed.add(this.#keyBySid(envelope.sid) ?? '');
      this.#look();
      return;
    }
    const isHello = envelope.round === PAIR_ROUNDS.hello;
    const wallet = isHello ? this.#node.wallets.byEpoch(envelope.sid) : undefined;
    const known = [...this.#runs.values()].filter(
      (run) => run.peer === envelope.from && (!isHello || run.wallet === wallet),
    );
    const opened = known.length > 0 || wallet === undefined ? undefined : this.#open(wallet, envelope.from);
    // Which of the wallets' runs a pairSid belongs to, the machines in the thread know.
    for (const run of opened === undefined ? known : [opened]) {
      if (this.#isBarred(run.wallet, run.peer)) continue;
      // The answer to the own first message names the epoch; anything later may be of another wallet's run.
      if (isHello) run.heard = true;
      this.#post({ kind: 'deliver', id: run.id, envelope: bytes });
    }
  }

  /** For people: which peers have a setup in this epoch. */
  status(wallet: Wallet): readonly { readonly peer: number; readonly state: 'ready' | 'making' | 'banned' | 'none' }[] {
    return this.#node.roster.parties
      .filter((party) => party.index !== this.#node.self)
      .map(({ index }) => {
        if (this.#isBarred(wallet, index)) return { peer: index, state: 'banned' };
        if (this.#has(wallet.epochId, index)) return { peer: index, state: 'ready' };
        return { peer: index, state: this.#runs.has(key(wallet.epochId, index)) ? 'making' : 'none' };
      });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stopWatching();
    this.store.burnAll();
    await this.#worker.terminate();
  }

  #meet(wallet: Wallet, peer: number): void {
    const { clock, members, self } = this.#node;
    const pack = this.store.packFor(wallet.epochId, peer);
    if (pack !== undefined) void members().send(`party:${peer}`, { kind: 'round', envelope: pack });
    if (self > peer) return; // The lower index begins.
    if (pack === undefined) this.#begin(wallet, peer);
    else clock.after(PACK_PATIENCE, () => this.#beginUnlessConfirmed(wallet, peer));
  }

  #beginUnlessConfirmed(wallet: Wallet, peer: number): void {
    if (!this.#confirmed.has(key(wallet.epochId, peer))) this.#begin(wallet, peer);
  }

  #begin(wallet: Wallet, peer: number, patience: Patience = { hello: HELLO_PATIENCE, run: RUN_PATIENCE }): void {
    if (this.#stopped || this.#isBarred(wallet, peer)) return;
    this.#close(key(wallet.epochId, peer));
    const run = this.#open(wallet, peer);
    if (run === undefined) return;
    const { clock } = this.#node;
    clock.after(patience.hello, () => {
      if (!run.heard) this.#beginAgain(run, { ...patience, hello: Math.min(2 * patience.hello, RUN_PATIENCE) });
    });
    clock.after(patience.run, () =>
      this.#beginAgain(run, { ...patience, run: Math.min(2 * patience.run, MAX_PATIENCE) }),
    );
  }

  #beginAgain(run: OpenRun, patience: Patience): void {
    const { peer, wallet } = run;
    const isCurrent = this.#runs.get(key(wallet.epochId, peer)) === run;
    if (isCurrent && this.#node.members().connected().includes(`party:${peer}`)) this.#begin(wallet, peer, patience);
  }

  #open(wallet: Wallet, peer: number): OpenRun | undefined {
    const { journal, roster, self } = this.#node;
    const party = roster.parties.find((candidate) => candidate.index === peer);
    if (party === undefined || peer === self || this.#isBarred(wallet, peer)) return undefined;
    const run: OpenRun = { id: this.#nextId++, wallet, peer, heard: false };
    this.#runs.set(key(wallet.epochId, peer), run);
    this.#post({
      kind: 'open',
      id: run.id,
      epochId: wallet.epochId,
      rosterDigest: roster.digest,
      self,
      peer,
      peerKey: party.statementKey,
      counter: journal.state.pairs.liftedCount(wallet.epochId, peer),
    });
    return run;
  }

  /** A thread that fails takes every setup with it: what it held is in doubt. */
  #spawn(): Worker {
    const { clock, note, signer } = this.#node;
    this.#lanes += 1;
    const lane = this.#lanes;
    const data: ThreadData = { key: signer.transferable(), hedge: this.#hedge.use((bytes) => bytes.slice()), lane };
    const worker = new Worker(new URL('./thread.js', import.meta.url), { workerData: data });
    worker.on('message', (message: FromThread) => this.#enqueue(message));
    worker.on('error', (error) => {
      note('PAIR_THREAD_FAILED', error.message);
      this.store.burnAll();
      this.#runs.clear();
      clock.after(RETRY_AFTER, () => {
        if (this.#stopped) return;
        this.#worker = this.#spawn();
        this.#askAll();
      });
    });
    return worker;
  }

  /** One after the other: a failure is on disk before the abort that follows it leaves. */
  #enqueue(message: FromThread): void {
    this.#turn = this.#turn
      .then(() => this.#fromThread(message))
      .catch((error: unknown) =>
        this.#node.note('PAIR_RECORD_FAILED', error instanceof Error ? error.message : 'unknown'),
      );
  }

  async #fromThread(message: FromThread): Promise<void> {
    const entry = [...this.#runs].find(([, run]) => run.id === message.id);
    if (message.kind === 'prepared' && entry === undefined) PairSetup.fromTransfer(message.setup).wipe();
    if (entry === undefined || this.#stopped) return;
    const [name, { peer, wallet }] = entry;
    const { clock, journal, members, note } = this.#node;
    switch (message.kind) {
      case 'send':
        void members().send(`party:${peer}`, { kind: 'round', envelope: message.envelope });
        break;
      case 'failed':
        await journal.record({ type: 'pair-fail', epochId: wallet.epochId, peer, check: message.check });
        break;
      case 'prepared': {
        this.#runs.delete(name);
        const setup = PairSetup.fromTransfer(message.setup);
        if (this.#isBarred(wallet, peer)) return setup.wipe();
        // What the peer did not name again, it no longer has; a lease must not find it.
        if (!this.#confirmed.has(name)) this.store.burn(wallet.epochId, peer);
        this.store.prepare({ setup, pack: message.pack, active: message.active }, clock.monotonic());
        this.#confirmed.add(name);
        this.#look();
        break;
      }
      case 'aborted':
        this.#runs.delete(name);
        note(`PAIR_${message.failure}`, `pair setup with party ${peer} failed (${message.check}): ${message.message}`);
        if (this.#node.self < peer) clock.after(RETRY_AFTER, () => this.#beginIfAway(wallet, peer));
        break;
    }
  }

  #beginIfAway(wallet: Wallet, peer: number): void {
    const isThere = this.#node.members().connected().includes(`party:${peer}`);
    if (isThere && !this.#has(wallet.epochId, peer) && !this.#runs.has(key(wallet.epochId, peer)))
      this.#begin(wallet, peer);
  }

  /** Renews what grows old; overwrites everything if the clocks tell of a suspended or copied machine. */
  #watch(): void {
    const { clock, members, note, self, wallets } = this.#node;
    const [wall, monotonic] = [clock.now(), clock.monotonic()];
    if (Math.abs((wall - this.#lastWall) * 1000 - (monotonic - this.#lastMonotonic)) > CLOCK_DOUBT) {
      note('CLOCK_DOUBT', 'wall and monotonic clock went apart; all pair setups are made anew');
      this.store.burnAll();
      this.#askAll();
    }
    [this.#lastWall, this.#lastMonotonic] = [wall, monotonic];
    for (const member of members().connected()) {
      const peer = Number(member.split(':')[1]);
      if (!member.startsWith('party:') || self > peer) continue;
      for (const wallet of wallets.list()) {
        const isMaking = this.#runs.has(key(wallet.epochId, peer));
        if (!isMaking && this.store.wantsRenewal(wallet.epochId, peer, monotonic)) this.#begin(wallet, peer);
      }
    }
    this.#stopWatching = clock.after(WATCH_EVERY, () => this.#watch());
  }

  #has(epochId: Uint8Array, peer: number): boolean {
    const lease = this.store.lease(epochId, peer, this.#node.clock.monotonic());
    lease?.release();
    return lease !== undefined;
  }

  #isBarred(wallet: Wallet, peer: number): boolean {
    return this.#node.journal.state.pairs.isBarred(wallet.epochId, peer);
  }

  #close(name: string): void {
    const run = this.#runs.get(name);
    if (run !== undefined) this.#post({ kind: 'close', id: run.id });
    this.#runs.delete(name);
  }

  #keyBySid(sid: Uint8Array): string | undefined {
    for (const wallet of this.#node.wallets.list()) {
      for (const { index } of this.#node.roster.parties) {
        const lease = this.store.lease(wallet.epochId, index, this.#node.clock.monotonic());
        lease?.release();
        if (lease !== undefined && equalBytes(lease.setup.pairSid, sid)) return key(wallet.epochId, index);
      }
    }
    return undefined;
  }

  #post(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }
}

function key(epochId: Uint8Array, peer: number): string {
  return `${toHex(epochId)}/${peer}`;
}
