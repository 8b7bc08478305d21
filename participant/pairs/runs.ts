/**
 * The PAIRSETUP runs of this process: one at a time for each peer and epoch, computed by one thread. What a run ends
 * with goes to the store; a failure is on disk before anything follows from it (docs/protocol.md p.5).
 */
import type { Wallet } from '../../protocol/ceremony/wallet.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { PairSetup } from '../../protocol/threshold/pair-setup/setup.ts';
import type { PairStore } from '../../protocol/threshold/pair-setup/store.ts';
import type { Secret } from '../../protocol/threshold/secret.ts';
import type { NodeContext } from '../context.ts';
import type { FromThread, ThreadData } from './thread-messages.ts';
import type { PairThread, StartThread } from './worker.ts';

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
/** Before a thread that failed is replaced. */
const RESTART_AFTER = 2_000;
/** PACKs of one peer that are kept for runs that have not ended here: one for each wallet, and some. */
const MAX_EARLY = 32;

/** What this needs of a node. */
export type PairsContext = Pick<NodeContext, 'clock' | 'journal' | 'note' | 'roster' | 'self' | 'signer'> & {
  readonly rosters: Pick<NodeContext['rosters'], 'founding'>;
  readonly wallets: Pick<NodeContext['wallets'], 'list' | 'byEpoch'>;
  readonly members: () => Pick<ReturnType<NodeContext['members']>, 'connected' | 'send'>;
};

export interface RunsOptions {
  readonly node: PairsContext;
  readonly hedge: Secret<Uint8Array>;
  readonly startThread: StartThread;
  readonly store: PairStore;
  /** A run has ended; its setup is in the store if it has one. */
  readonly ended: (wallet: Wallet, peer: number) => void;
  /** The thread failed, everything was overwritten, and there is a new one. */
  readonly restarted: () => void;
}

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

export class PairRuns {
  readonly #options: RunsOptions;
  #thread: PairThread;
  readonly #runs = new Map<string, OpenRun>();
  /** Pairs with a failure that is not on disk, or could not be recorded: refused for as long as this process lives. */
  readonly #unrecorded = new Set<string>();
  /** By peer: PACKs for which there was no setup yet, the newest. */
  readonly #early = new Map<number, readonly Uint8Array[]>();
  #turn: Promise<void> = Promise.resolve();
  #nextId = 1;
  /** Threads so far: one that failed must not leave its counters to the next. */
  #lanes = 0;
  #stopped = false;

  constructor(options: RunsOptions) {
    this.#options = options;
    this.#thread = this.#spawn();
  }

  has(epochId: Uint8Array, peer: number): boolean {
    return this.#runs.has(pairKey(epochId, peer));
  }

  /** Nothing may run with this peer: it is banned, or about to be (its setups are burnt first), or fails too often. */
  isBarred(epochId: Uint8Array, peer: number): boolean {
    const { node, store } = this.#options;
    const isRecorded = node.journal.state.pairs.isBarred(epochId, peer);
    return isRecorded || store.isBurnt(epochId, peer) || this.#unrecorded.has(pairKey(epochId, peer));
  }

  /** The lower index begins, in place of whatever run there is. */
  begin(wallet: Wallet, peer: number, patience: Patience = { hello: HELLO_PATIENCE, run: RUN_PATIENCE }): void {
    const { node, store } = this.#options;
    const { epochId } = wallet;
    if (this.#stopped || this.isBarred(epochId, peer)) return;
    this.close(epochId, peer);
    // The peer will wait for the new setup from now on, and so does this side.
    store.suspect(epochId, peer);
    const run = this.#open(wallet, peer);
    if (run === undefined) return;
    node.clock.after(patience.hello, () => {
      if (!run.heard) this.#beginAgain(run, { ...patience, hello: Math.min(2 * patience.hello, RUN_PATIENCE) });
    });
    node.clock.after(patience.run, () =>
      this.#beginAgain(run, { ...patience, run: Math.min(2 * patience.run, MAX_PATIENCE) }),
    );
  }

  /** The higher index answers; the peer's first message opens a run here. */
  hello(wallet: Wallet, peer: number, bytes: Uint8Array): void {
    const { node, store } = this.#options;
    // Who begins anew has nothing, or something that it is about to replace.
    if (peer < node.self) store.suspect(wallet.epochId, peer);
    const run = this.#runs.get(pairKey(wallet.epochId, peer)) ?? this.#follow(wallet, peer);
    if (run === undefined || this.isBarred(wallet.epochId, peer)) return;
    run.heard = true;
    this.#thread.post({ kind: 'deliver', id: run.id, envelope: bytes });
  }

  /** Which of the wallets' runs a pairSid belongs to, the machines in the thread know. */
  deliver(peer: number, bytes: Uint8Array): void {
    for (const run of this.#runs.values()) {
      if (run.peer !== peer || this.isBarred(run.wallet.epochId, peer)) continue;
      this.#thread.post({ kind: 'deliver', id: run.id, envelope: bytes });
    }
  }

  /** A PACK may overtake the end of the own run, which the thread still works on: it is looked at again then. */
  early(peer: number, pack: Uint8Array): void {
    this.#early.set(peer, [...(this.#early.get(peer) ?? []), pack].slice(-MAX_EARLY));
    this.deliver(peer, pack);
  }

  close(epochId: Uint8Array, peer: number): void {
    this.#drop(pairKey(epochId, peer));
  }

  /** Ends the runs of all epochs but these. */
  keepEpochs(epochIds: readonly Uint8Array[]): void {
    const names = epochIds.map(toHex);
    for (const name of [...this.#runs.keys()]) if (!names.some((epoch) => name.startsWith(epoch))) this.#drop(name);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#thread.stop();
  }

  #beginAgain(run: OpenRun, patience: Patience): void {
    const { peer, wallet } = run;
    const isCurrent = this.#runs.get(pairKey(wallet.epochId, peer)) === run;
    const isConnected = this.#options.node.members().connected().includes(`party:${peer}`);
    if (isCurrent && isConnected) this.begin(wallet, peer, patience);
  }

  /** A run that the lower index has left must not stand in the way of asking for another. */
  #follow(wallet: Wallet, peer: number): OpenRun | undefined {
    const { clock, self } = this.#options.node;
    const run = self > peer ? this.#open(wallet, peer) : undefined;
    if (run === undefined) return undefined;
    const name = pairKey(wallet.epochId, peer);
    clock.after(MAX_PATIENCE, () => {
      if (this.#runs.get(name) === run) this.#drop(name);
    });
    return run;
  }

  #open(wallet: Wallet, peer: number): OpenRun | undefined {
    const { journal, roster, rosters, self } = this.#options.node;
    const party = roster.parties.find((candidate) => candidate.index === peer);
    if (party === undefined || peer === self || this.isBarred(wallet.epochId, peer)) return undefined;
    const run: OpenRun = { id: this.#nextId++, wallet, peer, heard: false };
    this.#runs.set(pairKey(wallet.epochId, peer), run);
    this.#thread.post({
      kind: 'open',
      id: run.id,
      epochId: wallet.epochId,
      // Not that of the current one: of two honest parties one may have changed over to a successor with the same
      // holders, and both would take the other for a cheat.
      rosterDigest: rosters.founding.digest,
      self,
      peer,
      peerKey: party.statementKey,
      counter: journal.state.pairs.liftedCount(wallet.epochId, peer),
    });
    return run;
  }

  /** A thread that fails takes every setup with it: what it held is in doubt. */
  #spawn(): PairThread {
    const { hedge, node, restarted, startThread, store } = this.#options;
    this.#lanes += 1;
    const lane = this.#lanes;
    const data: ThreadData = { key: node.signer.transferable(), hedge: hedge.use((bytes) => bytes.slice()), lane };
    const failed = (error: Error): void => {
      node.note('PAIR_THREAD_FAILED', error.message);
      store.burnAll();
      this.#runs.clear();
      node.clock.after(RESTART_AFTER, () => {
        if (this.#stopped) return;
        this.#thread = this.#spawn();
        restarted();
      });
    };
    return startThread(data, (message) => this.#enqueue(message), failed);
  }

  /** One after the other: a failure is on disk before the abort that follows it leaves. */
  #enqueue(message: FromThread): void {
    this.#turn = this.#turn
      .then(() => this.#fromThread(message))
      .catch((error: unknown) =>
        this.#options.node.note('PAIR_RECORD_FAILED', error instanceof Error ? error.message : 'unknown'),
      );
  }

  async #fromThread(message: FromThread): Promise<void> {
    if (message.kind === 'failed') return await this.#recordFailure(message.epochId, message.peer, message.check);
    const entry = [...this.#runs].find(([, run]) => run.id === message.id);
    if (message.kind === 'prepared' && entry === undefined) PairSetup.fromTransfer(message.setup).wipe();
    if (entry === undefined || this.#stopped) return;
    const [name, { peer, wallet }] = entry;
    const { ended, node, store } = this.#options;
    switch (message.kind) {
      case 'send':
        void node.members().send(`party:${peer}`, { kind: 'round', envelope: message.envelope });
        break;
      case 'prepared': {
        this.#runs.delete(name);
        const setup = PairSetup.fromTransfer(message.setup);
        if (this.isBarred(wallet.epochId, peer)) setup.wipe();
        else store.prepare({ setup, pack: message.pack, active: message.active }, node.clock.monotonic());
        const isFor = (pack: Uint8Array): boolean => store.deliver(pack, node.clock.monotonic()) !== 'ignored';
        this.#early.set(
          peer,
          (this.#early.get(peer) ?? []).filter((pack) => !isFor(pack)),
        );
        ended(wallet, peer);
        break;
      }
      case 'aborted': {
        this.#runs.delete(name);
        const { check, failure } = message;
        node.note(`PAIR_${failure}`, `pair setup with party ${peer} failed (${check}): ${message.message}`);
        ended(wallet, peer);
        break;
      }
    }
  }

  /** Also of a run that was closed meanwhile: the peer had its guess. */
  async #recordFailure(epochId: Uint8Array, peer: number, check: string): Promise<void> {
    const name = pairKey(epochId, peer);
    this.#unrecorded.add(name);
    await this.#options.node.journal.record({ type: 'pair-fail', epochId, peer, check });
    this.#unrecorded.delete(name);
  }

  #drop(name: string): void {
    const run = this.#runs.get(name);
    if (run !== undefined) this.#thread.post({ kind: 'close', id: run.id });
    this.#runs.delete(name);
  }
}

function pairKey(epochId: Uint8Array, peer: number): string {
  return `${toHex(epochId)}/${peer}`;
}
