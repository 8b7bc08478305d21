/** Signers of one session in one thread: effects are carried out at once, messages delivered in order. */

import { verify } from '../../../protocol/ceremony/ed25519.ts';
import type { Random } from '../../../protocol/common/effects.ts';
import type { Abort } from '../../../protocol/threshold/errors.ts';
import { PairStore } from '../../../protocol/threshold/pair-setup/store.ts';
import { encodeEnvelope, envelopeHash, parseEnvelope } from '../../../protocol/threshold/rounds/envelope.ts';
import type { Effect } from '../../../protocol/threshold/rounds/round.ts';
import { Secret } from '../../../protocol/threshold/secret.ts';
import {
  createSign,
  type SignConfig,
  type SignMachine,
  type SignOutput,
  type SignRecord,
} from '../../../protocol/threshold/sign/machine.ts';
import { type DealtKey, dealPair } from './dealer.ts';
import { vec } from './labels.ts';

export type SignEffect = Effect<SignOutput, SignRecord>;

export interface SignNode {
  readonly index: number;
  readonly machine: SignMachine;
  readonly log: SignEffect[];
}

/** One process: what outlives its sessions. */
export interface Host {
  readonly index: number;
  readonly store: PairStore;
  readonly banned: Set<number>;
}

/** What a corrupt network or sender makes of one message: the envelopes to deliver instead. */
export type Intercept = (message: {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}) => readonly Uint8Array[];

/** Deterministic randomness: the n-th draw is the hash of label and n. */
export function labelRandom(label: string): Random {
  let draw = 0;
  return { bytes: (length) => vec(`${label}/${draw++}`, length) };
}

export function makeHosts(key: DealtKey, pairLabel = 'dealt/'): ReadonlyMap<number, Host> {
  const hosts = new Map<number, Host>();
  for (const index of key.indices) {
    const identityKey = (_epoch: Uint8Array, peer: number): Uint8Array | undefined =>
      key.identities.get(peer)?.publicKey;
    hosts.set(index, { index, store: new PairStore({ identityKey, verify }), banned: new Set() });
  }
  for (const i of key.indices) for (const j of key.indices) if (i < j) dealInto(hosts, key, i, j, pairLabel);
  return hosts;
}

export function dealInto(
  hosts: ReadonlyMap<number, Host>,
  key: DealtKey,
  i: number,
  j: number,
  label: string,
  active = true,
): void {
  for (const [index, { setup }] of dealPair(key.epochId, i, j, label)) {
    hosts.get(index)?.store.prepare({ setup, pack: new Uint8Array(0), active }, 0);
  }
}

export interface SessionOptions {
  readonly sessionId?: Uint8Array;
  readonly label?: string;
  readonly change?: (config: SignConfig) => SignConfig;
}

export function signConfig(key: DealtKey, host: Host, signers: readonly number[], options: SessionOptions): SignConfig {
  const label = options.label ?? 'session';
  const identity = key.identities.get(host.index);
  if (identity === undefined) throw new Error(`no party ${host.index}`);
  const config: SignConfig = {
    sessionId: options.sessionId ?? vec(`${label}/id`),
    epochId: key.epochId,
    signers,
    self: host.index,
    threshold: key.threshold,
    share: new Secret(key.shares.get(host.index) ?? 0n),
    publicKey: key.publicKey,
    tau: 0n,
    digest: vec(`${label}/m`),
    parties: [...key.identities].map(([index, signer]) => ({ index, identityKey: signer.publicKey })),
    pairs: host.store,
    clock: { monotonic: () => 0 },
    isBanned: (peer) => host.banned.has(peer),
    mayContinue: () => true,
    sign: (message) => identity.sign(message),
    verify,
    random: labelRandom(`${label}/random/${host.index}`),
  };
  return options.change === undefined ? config : options.change(config);
}

export function makeNode(key: DealtKey, host: Host, signers: readonly number[], options: SessionOptions): SignNode {
  const made = createSign(signConfig(key, host, signers, options));
  if (!made.ok) throw made.error;
  return { index: host.index, machine: made.value, log: [] };
}

export class SignNetwork {
  readonly nodes: ReadonlyMap<number, SignNode>;
  /** Every delivered message in order. */
  readonly delivered: { readonly from: number; readonly to: number; readonly bytes: Uint8Array }[] = [];
  readonly #hosts: ReadonlyMap<number, Host>;
  readonly #queue: { readonly from: number; readonly to: number; readonly bytes: Uint8Array }[] = [];
  readonly #intercept: Intercept;

  constructor(
    hosts: ReadonlyMap<number, Host>,
    nodes: readonly SignNode[],
    intercept: Intercept = ({ bytes }) => [bytes],
  ) {
    this.#hosts = hosts;
    this.nodes = new Map(nodes.map((node) => [node.index, node]));
    this.#intercept = intercept;
  }

  static of(
    key: DealtKey,
    hosts: ReadonlyMap<number, Host>,
    signers: readonly number[],
    intercept?: Intercept,
    options: SessionOptions | ((index: number) => SessionOptions) = {},
  ): SignNetwork {
    const nodes = signers.map((index) => {
      const host = hosts.get(index);
      if (host === undefined) throw new Error(`no host ${index}`);
      return makeNode(key, host, signers, typeof options === 'function' ? options(index) : options);
    });
    return new SignNetwork(hosts, nodes, intercept);
  }

  start(): this {
    for (const node of this.nodes.values()) this.#carryOut(node, node.machine.start());
    return this;
  }

  /** Delivers until nothing is under way. `pick`: position in the queue of the next delivery; in order if absent. */
  run(pick: (length: number) => number = () => 0): this {
    while (this.#queue.length > 0) {
      const [next] = this.#queue.splice(pick(this.#queue.length), 1);
      if (next !== undefined) this.deliver(next);
    }
    return this;
  }

  deliver(message: { readonly from: number; readonly to: number; readonly bytes: Uint8Array }): void {
    const node = this.nodes.get(message.to);
    if (node === undefined) return;
    this.delivered.push(message);
    this.#carryOut(node, node.machine.deliver(message.bytes));
  }

  log(index: number): readonly SignEffect[] {
    return this.nodes.get(index)?.log ?? [];
  }

  abortOf(index: number): Abort | undefined {
    for (const effect of this.log(index)) if (effect.kind === 'abort') return effect.abort;
    return undefined;
  }

  outputOf(index: number): SignOutput | undefined {
    for (const effect of this.log(index)) if (effect.kind === 'done') return effect.output;
    return undefined;
  }

  /** Kinds of records and other effects, in order: what a durable log and an observer see. */
  outline(index: number): readonly string[] {
    return this.log(index).map((effect) => (effect.kind === 'record' ? effect.record.kind : effect.kind));
  }

  #carryOut(node: SignNode, effects: readonly SignEffect[]): void {
    for (const effect of effects) {
      node.log.push(effect);
      if (effect.kind === 'record' && effect.record.kind === 'ban') {
        this.#hosts.get(node.index)?.banned.add(effect.record.peer);
      }
      if (effect.kind !== 'send') continue;
      const receivers = effect.to === 0 ? [...this.nodes.keys()].filter((to) => to !== node.index) : [effect.to];
      for (const to of receivers) {
        const message = { from: node.index, to, bytes: effect.envelope };
        for (const bytes of this.#intercept(message)) this.#queue.push({ ...message, bytes });
      }
    }
  }
}

/** What a corrupt signer does to the bodies it sends; `undefined` = send nothing. */
export interface Corruption {
  readonly broadcast?: (round: number, body: Uint8Array, to: number) => Uint8Array | undefined;
  readonly pair?: (round: number, body: Uint8Array, to: number) => Uint8Array | undefined;
  /** Leave `bh` as it is, instead of naming the changed broadcast. */
  readonly staleBh?: boolean;
}

/** A signer that runs the protocol, but changes what it sends and signs that. */
export function corrupt(key: DealtKey, from: number, corruption: Corruption): Intercept {
  const identity = key.identities.get(from);
  if (identity === undefined) throw new Error(`no party ${from}`);
  /** eh of the changed broadcasts, by round and receiver. */
  const hashes = new Map<string, Uint8Array>();
  return ({ from: sender, to, bytes }) => {
    if (sender !== from) return [bytes];
    const envelope = parseEnvelope(bytes);
    if (envelope === undefined) throw new Error('a machine sent no envelope');
    const { round } = envelope;
    const change = envelope.to === 0 ? corruption.broadcast : corruption.pair;
    let body: Uint8Array | undefined = envelope.body.slice();
    const hash = hashes.get(`${round}/${to}`);
    if (envelope.to !== 0 && hash !== undefined && corruption.staleBh !== true) body.set(hash);
    body = change === undefined ? body : change(round, body, to);
    if (body === undefined) return [];
    const fields = { ...envelope, body };
    if (envelope.to === 0) hashes.set(`${round}/${to}`, envelopeHash(fields));
    return [encodeEnvelope(fields, (message) => identity.sign(message))];
  };
}

/** How an abort of this signer reads: class, check, culprits. */
export function summary(network: SignNetwork, index: number): unknown {
  const abort = network.abortOf(index);
  return abort && [abort.failure, abort.check, ...abort.culprits];
}

export function hostOf(hosts: ReadonlyMap<number, Host>, index: number): Host {
  const host = hosts.get(index);
  if (host === undefined) throw new Error(`no host ${index}`);
  return host;
}

/** Changes of one signer's configuration; the others keep theirs. */
export function onlyFor(signer: number, change: (config: SignConfig) => SignConfig) {
  return (index: number): { change?: (config: SignConfig) => SignConfig } => (index === signer ? { change } : {});
}
