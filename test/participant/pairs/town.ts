/**
 * Some nodes in one thread, as far as pair setups and signing go: real `Pairs` with the real service of the pair
 * thread, real journals on a disk, real signing machines. Only the network, the clock and the thread are make-believe.
 */
import type { MessagePort } from 'node:worker_threads';
import { onTestFinished } from 'vitest';
import { installPlatformHash } from '../../../participant/hashing.ts';
import type { Journal } from '../../../participant/journal/journal.ts';
import { Pairs } from '../../../participant/pairs/pairs.ts';
import type { PairsContext } from '../../../participant/pairs/runs.ts';
import { serve } from '../../../participant/pairs/service.ts';
import type { FromThread, ToThread } from '../../../participant/pairs/thread-messages.ts';
import type { StartThread } from '../../../participant/pairs/worker.ts';
import type { FrameMessage } from '../../../proto/codec.ts';
import type { Disk } from '../../../proto/rest/disk.ts';
import { type Signer, verify } from '../../../protocol/ceremony/ed25519.ts';
import type { Roster } from '../../../protocol/ceremony/roster.ts';
import type { Wallet } from '../../../protocol/ceremony/wallet.ts';
import { equalBytes } from '../../../protocol/common/bytes.ts';
import type { Clock } from '../../../protocol/common/effects.ts';
import { Refusal } from '../../../protocol/common/errors.ts';
import { err } from '../../../protocol/common/result.ts';
import { PAIR } from '../../../protocol/threshold/pair-setup/messages.ts';
import { type ParsedEnvelope, parseEnvelope } from '../../../protocol/threshold/rounds/envelope.ts';
import { Secret } from '../../../protocol/threshold/secret.ts';
import { createSign, type SignMachine } from '../../../protocol/threshold/sign/machine.ts';
import { type DealtKey, dealKey } from '../../threshold/support/dealer.ts';
import { vec } from '../../threshold/support/labels.ts';
import { labelRandom, type SignEffect } from '../../threshold/support/sign-network.ts';
import { type Opened, openJournal, reopenJournal } from '../journal/samples.ts';

installPlatformHash();

/** Writes nothing, after everything before it. */
const NOTHING = new Refusal('NOTHING', 'nothing to write');

/** Long enough for a busy machine; nothing waits this long unless it fails. Real milliseconds. */
const REAL_PATIENCE = 60_000;
/** A session waits this long for its pair setups. Milliseconds of the town. */
const PAIR_PATIENCE = 300_000;

/** One time for all nodes; each may have a wall clock of its own. */
class TownClock {
  time = 0;
  #timers: { readonly due: number; readonly action: () => void }[] = [];

  after(milliseconds: number, action: () => void): () => void {
    const timer = { due: this.time + milliseconds, action };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** The next timer due by `limit`, taken out. */
  take(limit: number): { readonly due: number; readonly action: () => void } | undefined {
    const next = this.#timers.filter(({ due }) => due <= limit).sort((a, b) => a.due - b.due)[0];
    this.#timers = this.#timers.filter((timer) => timer !== next);
    return next;
  }
}

export interface TownNode {
  readonly index: number;
  pairs: Pairs;
  opened: Opened;
  /** Codes of the notes of all its processes. */
  readonly notes: string[];
  /** Added to the wall clock, seconds. */
  skew: number;
  bootId: string;
  sign: SignMachine | undefined;
  signLog: SignEffect[];
  /** Makes the present pair thread fail. */
  failThread: (error: Error) => void;
}

/** What happens to a frame on its way; `undefined` = lost. */
export type Wire = (from: number, to: number, frame: FrameMessage) => FrameMessage | undefined;

export class Town {
  readonly key: DealtKey;
  readonly wallet: Wallet;
  readonly clock = new TownClock();
  /** PAIR messages and wants that were sent, in order: `1>2 PS1`. */
  readonly said: string[] = [];
  wire: Wire = (_from, _to, frame) => frame;
  readonly #nodes = new Map<number, TownNode>();
  readonly #links = new Set<string>();
  #jobs: (() => void)[] = [];

  private constructor(parties: number) {
    this.key = dealKey(2, parties, 'town');
    this.wallet = { epochId: this.key.epochId } as Wallet;
  }

  /** @param disk the disk of one node's journal */
  static async of(parties: number, disk?: { readonly node: number; readonly disk: Disk }): Promise<Town> {
    const town = new Town(parties);
    for (const index of town.key.indices) {
      const opened = await openJournal(undefined, disk?.node === index ? disk.disk : undefined, index);
      town.#nodes.set(index, town.#process(index, opened));
    }
    onTestFinished(async () => {
      for (const node of town.#nodes.values()) await node.pairs.stop();
    });
    return town;
  }

  node(index: number): TownNode {
    const node = this.#nodes.get(index);
    if (node === undefined) throw new Error(`no node ${index}`);
    return node;
  }

  journal(index: number): Journal {
    return this.node(index).opened.journal;
  }

  /** Both ends learn of it; `first` before the other. */
  connect(first: number, second: number): void {
    this.#links.add(linkName(first, second));
    this.node(first).pairs.connected(second);
    this.node(second).pairs.connected(first);
  }

  disconnect(a: number, b: number): void {
    this.#links.delete(linkName(a, b));
    this.node(a).pairs.disconnected(b);
    this.node(b).pairs.disconnected(a);
  }

  /**
   * The process of a node is killed and another one started on the same disk, or on an older copy of it. Its
   * connections are gone.
   */
  async restart(index: number, copy?: string): Promise<void> {
    const old = this.node(index);
    // A killed process says and hears nothing more.
    for (const other of this.key.indices)
      if (other !== index && this.#isUp(index, other)) this.disconnect(index, other);
    await old.pairs.stop();
    const opened = copy === undefined ? await reopenJournal(old.opened) : await openJournal(copy);
    const node = this.#process(index, opened);
    node.notes.push(...old.notes);
    this.#nodes.set(index, node);
  }

  /** Everything that can happen without time passing. */
  async quiet(): Promise<void> {
    for (let calm = 0; calm < 5; calm++) {
      while (this.#jobs.length > 0) {
        this.#jobs.shift()?.();
        calm = 0;
      }
      // Records become durable, and promises are kept.
      for (const { opened } of this.#nodes.values()) await opened.journal.update(() => err(NOTHING));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Time passes; whatever is due happens on the way. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.clock.time + milliseconds;
    await this.quiet();
    for (let timer = this.clock.take(end); timer !== undefined; timer = this.clock.take(end)) {
      this.clock.time = Math.max(this.clock.time, timer.due);
      timer.action();
      await this.quiet();
    }
    this.clock.time = end;
  }

  /** The machines slept, or nobody looked: time has passed on both clocks at once. */
  jump(milliseconds: number): void {
    this.clock.time += milliseconds;
  }

  /** Lets time pass until something holds. */
  async until(holds: () => boolean, limit = 600_000): Promise<void> {
    const started = performance.now();
    const end = this.clock.time + limit;
    await this.quiet();
    while (!holds()) {
      if (this.clock.time >= end || performance.now() - started > REAL_PATIENCE) throw new Error('it does not happen');
      await this.pass(100);
    }
  }

  state(index: number, peer: number): string | undefined {
    return this.node(index)
      .pairs.status(this.wallet)
      .find((row) => row.peer === peer)?.state;
  }

  /** Setup of a pair as one side would use it now: its pairEpoch. */
  pairEpoch(index: number, peer: number): string | undefined {
    const lease = this.node(index).pairs.store.lease(this.key.epochId, peer, this.clock.time);
    lease?.release();
    return lease?.setup.pairEpoch.join();
  }

  /**
   * A signing of these parties, each beginning when its pair setups are ready; `order`: who hears of it first.
   * @returns what it ended with at each: `signed`, or class and check of the abort
   */
  async sign(label: string, order: readonly number[]): Promise<readonly string[]> {
    const signers = [...order].sort((a, b) => a - b);
    for (const index of order) {
      const node = this.node(index);
      node.signLog = [];
      node.sign = undefined;
      const peers = signers.filter((other) => other !== index);
      void node.pairs.ready(this.key.epochId, peers, PAIR_PATIENCE).then((isReady) => {
        if (isReady) this.#beginSign(node, signers, label);
      });
    }
    const ended = (index: number): boolean =>
      this.node(index).signLog.some((effect) => effect.kind === 'done' || effect.kind === 'abort');
    await this.until(() => order.every(ended) || order.some((index) => this.#isAborted(index)));
    await this.quiet();
    return signers.map((index) => this.#ending(index));
  }

  deliver(to: number, from: number, frame: FrameMessage): void {
    const { pairs, sign } = this.node(to);
    if (frame.kind === 'want') for (const digest of frame.digests) pairs.asked(digest, from);
    if (frame.kind !== 'round') return;
    const envelope = parseEnvelope(frame.envelope);
    if (envelope === undefined) return;
    pairs.checkClocks();
    if (envelope.type === PAIR) {
      if (envelope.from === from) pairs.deliver(frame.envelope, envelope);
    } else if (sign === undefined) this.#later(() => this.#deliverEarly(to, from, frame, 200));
    else this.#carryOut(this.node(to), sign.deliver(frame.envelope));
  }

  #process(index: number, opened: Opened): TownNode {
    const node: TownNode = {
      index,
      opened,
      notes: [],
      skew: 0,
      bootId: 'boot',
      sign: undefined,
      signLog: [],
      failThread: () => undefined,
      pairs: undefined as unknown as Pairs,
    };
    const clock: Clock = {
      now: () => Math.floor(this.clock.time / 1000) + node.skew,
      monotonic: () => this.clock.time,
      after: (milliseconds, action) => this.clock.after(milliseconds, action),
    };
    const isCurrent = (): boolean => this.#nodes.get(index)?.pairs === node.pairs;
    const roster = {
      digest: vec('town/roster'),
      parties: this.key.indices.map((party) => ({ index: party, statementKey: this.identity(party).publicKey })),
    } as unknown as Roster;
    const context: PairsContext = {
      clock,
      journal: opened.journal,
      note: (code) => void node.notes.push(code),
      roster,
      rosters: { founding: roster },
      self: index,
      signer: this.identity(index),
      wallets: {
        list: () => [this.wallet],
        byEpoch: (epochId) => (equalBytes(epochId, this.wallet.epochId) ? this.wallet : undefined),
      },
      members: () => ({
        connected: () =>
          isCurrent() ? this.key.indices.filter((peer) => this.#isUp(index, peer)).map((peer) => `party:${peer}`) : [],
        send: async (member, frame) => {
          if (isCurrent()) this.#send(index, Number(member.slice('party:'.length)), frame);
          return true;
        },
      }),
    };
    const startThread: StartThread = (data, heard, failed) => {
      node.failThread = failed;
      return this.#thread(data, heard);
    };
    node.pairs = new Pairs(context, new Secret(vec(`town/hedge/${index}`)), { startThread, bootId: () => node.bootId });
    return node;
  }

  identity(index: number): Signer {
    const signer = this.key.identities.get(index);
    if (signer === undefined) throw new Error(`no identity ${index}`);
    return signer;
  }

  /** The service of the pair thread behind a make-believe port; buffers are handed over as between threads. */
  #thread(data: Parameters<StartThread>[0], heard: (message: FromThread) => void): ReturnType<StartThread> {
    let listener: (message: ToThread) => void = () => undefined;
    let stopped = false;
    const port = {
      on: (_event: string, listen: (message: ToThread) => void) => {
        listener = listen;
      },
      postMessage: (message: FromThread, transfer: ArrayBuffer[]) => {
        const copy = structuredClone(message, { transfer });
        this.#later(() => (stopped ? undefined : heard(copy)));
      },
    };
    serve(port as unknown as MessagePort, data);
    return {
      post: (message) => {
        const copy = structuredClone(message);
        this.#later(() => (stopped ? undefined : listener(copy)));
      },
      stop: () => {
        stopped = true;
        return Promise.resolve();
      },
    };
  }

  #beginSign(node: TownNode, signers: readonly number[], label: string): void {
    const { key } = this;
    const made = createSign({
      sessionId: vec(`${label}/session`),
      epochId: key.epochId,
      signers,
      self: node.index,
      threshold: key.threshold,
      share: new Secret(key.shares.get(node.index) ?? 0n),
      publicKey: key.publicKey,
      tau: 0n,
      digest: vec(`${label}/digest`),
      parties: key.indices.map((party) => ({ index: party, identityKey: this.identity(party).publicKey })),
      pairs: node.pairs.store,
      clock: { monotonic: () => this.clock.time },
      isBanned: (peer) => node.opened.journal.state.pairs.isBarred(key.epochId, peer),
      mayContinue: () => true,
      sign: (message) => this.identity(node.index).sign(message),
      verify,
      random: labelRandom(`${label}/${node.index}`),
    });
    if (!made.ok) throw made.error;
    node.sign = made.value;
    this.#carryOut(node, made.value.start());
  }

  #carryOut(node: TownNode, effects: readonly SignEffect[]): void {
    for (const effect of effects) {
      node.signLog.push(effect);
      if (effect.kind === 'abort') node.sign?.stop();
      if (effect.kind !== 'send') continue;
      const peers = effect.to === 0 ? this.key.indices.filter((peer) => peer !== node.index) : [effect.to];
      for (const peer of peers) this.#send(node.index, peer, { kind: 'round', envelope: effect.envelope });
    }
  }

  /** A message of a session that has not begun here waits for it, as in a node. */
  #deliverEarly(to: number, from: number, frame: FrameMessage, left: number): void {
    if (this.node(to).sign !== undefined) this.deliver(to, from, frame);
    else if (left > 0) this.clock.after(50, () => this.#deliverEarly(to, from, frame, left - 1));
  }

  #isAborted(index: number): boolean {
    return this.node(index).signLog.some((effect) => effect.kind === 'abort');
  }

  #ending(index: number): string {
    for (const effect of this.node(index).signLog) {
      if (effect.kind === 'done') return 'signed';
      if (effect.kind === 'abort') return `${effect.abort.failure} ${effect.abort.check}`;
    }
    return 'open';
  }

  #send(from: number, to: number, frame: FrameMessage): void {
    const arrived = this.#isUp(from, to) ? this.wire(from, to, frame) : undefined;
    if (arrived === undefined) return;
    const envelope: ParsedEnvelope | undefined = arrived.kind === 'round' ? parseEnvelope(arrived.envelope) : undefined;
    if (envelope?.type === PAIR) this.said.push(`${from}>${to} PS${envelope.round}`);
    if (arrived.kind === 'want') this.said.push(`${from}>${to} want`);
    this.#later(() => {
      if (this.#isUp(from, to)) this.deliver(to, from, arrived);
    });
  }

  #later(job: () => void): void {
    this.#jobs.push(job);
  }

  #isUp(a: number, b: number): boolean {
    return this.#links.has(linkName(a, b));
  }
}

function linkName(a: number, b: number): string {
  return [a, b].sort((x, y) => x - y).join('-');
}
