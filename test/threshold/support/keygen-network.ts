/** KEYGEN parties in one process, joined by a queue that a test can reorder, cut and corrupt. */

import { type Signer, signerFromSeed, verify } from '../../../protocol/ceremony/ed25519.ts';
import { compareBytes, concat } from '../../../protocol/common/bytes.ts';
import type { Random } from '../../../protocol/common/effects.ts';
import type { Abort } from '../../../protocol/threshold/errors.ts';
import type { KeygenEffect, KeygenOutput, KeygenRecord } from '../../../protocol/threshold/keygen/activation.ts';
import { keygenConfig, type Party } from '../../../protocol/threshold/keygen/config.ts';
import type { Keyshare } from '../../../protocol/threshold/keygen/keyshare.ts';
import { createKeygen, type Keygen } from '../../../protocol/threshold/keygen/machine.ts';
import { ABORT_MESSAGE } from '../../../protocol/threshold/keygen/messages.ts';
import {
  type EnvelopeFields,
  type ParsedEnvelope,
  parseEnvelope,
  sealEnvelope,
} from '../../../protocol/threshold/rounds/envelope.ts';
import { configHash, type EpochConfig, sessionId, walletId } from '../../../protocol/threshold/session-id.ts';
import { vec } from './labels.ts';

/** What every party of a ceremony knows before round 1. */
export interface Ceremony {
  readonly threshold: number;
  readonly parties: readonly Party[];
  readonly signers: ReadonlyMap<number, Signer>;
  readonly config: EpochConfig;
  readonly cfgHash: Uint8Array;
  readonly walletId: Uint8Array;
  readonly sessionId: Uint8Array;
}

export function ceremony(threshold: number, n: number, label = 'keygen', attempt = 1): Ceremony {
  const signers = new Map(
    Array.from({ length: n }, (_, i) => [i + 1, signerFromSeed(vec(`${label}/identity/${i + 1}`))] as const),
  );
  const parties = [...signers].map(([index, signer]) => ({ index, identityKey: signer.publicKey }));
  const proposalDigest = vec(`${label}/proposalDigest`);
  const wallet = walletId(proposalDigest, attempt);
  const config = keygenConfig({ threshold, parties, gen: 1, walletId: wallet, exportable: false });
  const cfgHash = configHash(config);
  const pids = config.parties.map((_, i) => i + 1);
  return {
    threshold,
    parties,
    signers,
    config,
    cfgHash,
    walletId: wallet,
    sessionId: sessionId({
      rosterDigest: vec(`${label}/rosterDigest`),
      epochId: new Uint8Array(32),
      purpose: 'KEYGEN',
      path: [],
      childPk: new Uint8Array(0),
      proposalDigest,
      attempt,
      signers: pids,
      digest: cfgHash,
      consents: pids.map((pid) => ({ party: pid, digest: vec(`${label}/consent/${pid}`) })),
    }),
  };
}

export function pidOf({ parties }: Ceremony, index: number): number {
  const sorted = [...parties].sort((a, b) => compareBytes(a.identityKey, b.identityKey));
  return sorted.findIndex((party) => party.index === index) + 1;
}

export function signerOf({ signers }: Ceremony, index: number): Signer {
  const signer = signers.get(index);
  if (signer === undefined) throw new Error(`no party ${index}`);
  return signer;
}

/** Different bytes at every draw, the same ones in every run of a test. */
export function labelRandom(label: string): Random {
  let draw = 0;
  return { bytes: (length) => vec(`${label}/${draw++}`, length) };
}

/** Exactly these draws; anything else is a failed test. */
export function scriptedRandom(draws: readonly Uint8Array[]): Random {
  const rest = [...draws];
  return {
    bytes(length) {
      const next = rest.shift();
      if (next?.length !== length) throw new Error(`the script has no draw of ${length} bytes here`);
      return next.slice();
    },
  };
}

export interface Delivery {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

/** What a corrupt party sends to `to` instead of `fields`; `undefined` for nothing, several for several. */
export type Corruption = (fields: EnvelopeFields, to: number) => EnvelopeFields | readonly EnvelopeFields[] | undefined;

export interface NetworkOptions {
  readonly random?: (index: number) => Random;
  readonly corrupt?: { readonly index: number; readonly says: Corruption };
  /** ABORT messages normally get lost here, so that each party comes to its own verdict. */
  readonly deliverAborts?: boolean;
  /** Position in the queue of the delivery that is next; 0 = in order. */
  readonly pick?: (length: number) => number;
}

export class KeygenNetwork {
  readonly ceremony: Ceremony;
  readonly machines = new Map<number, Keygen>();
  readonly aborts = new Map<number, Abort>();
  readonly outputs = new Map<number, KeygenOutput>();
  readonly keyshares = new Map<number, Keyshare>();
  readonly records: { readonly party: number; readonly record: KeygenRecord }[] = [];
  /** Everything that was put on the wire, in order. */
  readonly sent: (Delivery & { readonly envelope: ParsedEnvelope })[] = [];
  readonly queue: Delivery[] = [];
  readonly #options: NetworkOptions;

  constructor(setup: Ceremony, options: NetworkOptions = {}) {
    this.ceremony = setup;
    this.#options = options;
    for (const { index } of setup.parties) {
      const random = options.random?.(index) ?? labelRandom(`network/${index}`);
      const { sign } = signerOf(setup, index);
      this.machines.set(index, createKeygen({ ...setup, self: index, gen: 1, sign, verify, random }));
    }
  }

  machine(index: number): Keygen {
    const machine = this.machines.get(index);
    if (machine === undefined) throw new Error(`no party ${index}`);
    return machine;
  }

  start(): void {
    for (const [index, machine] of this.machines) this.act(index, machine.start());
  }

  /** Delivers until nothing is under way. */
  settle(): void {
    while (this.step());
  }

  step(): boolean {
    if (this.queue.length === 0) return false;
    const [next] = this.queue.splice(this.#options.pick?.(this.queue.length) ?? 0, 1);
    if (next !== undefined) this.act(next.to, this.machine(next.to).deliver(next.bytes));
    return true;
  }

  run(): this {
    this.start();
    this.settle();
    return this;
  }

  /** Carries out what `index` asked for. */
  act(index: number, effects: readonly KeygenEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'send') this.#send(index, effect.to, effect.envelope);
      else if (effect.kind === 'abort') this.aborts.set(index, effect.abort);
      else if (effect.kind === 'done') this.outputs.set(index, effect.output);
      else {
        this.records.push({ party: index, record: effect.record });
        if (effect.record.kind === 'prepared') this.keyshares.set(index, effect.record.keyshare);
      }
    }
  }

  /** Envelopes that went to `to`, or to anybody. */
  envelopes(type: number, round: number, from: number, to?: number): readonly ParsedEnvelope[] {
    return this.sent
      .filter((entry) => entry.from === from && (to === undefined || entry.to === to))
      .map((entry) => entry.envelope)
      .filter((envelope) => envelope.type === type && envelope.round === round);
  }

  #send(from: number, to: number, bytes: Uint8Array): void {
    const receivers = to === 0 ? [...this.machines.keys()].filter((index) => index !== from) : [to];
    for (const receiver of receivers) {
      const envelope = parsed(bytes);
      const { corrupt } = this.#options;
      if (corrupt?.index !== from) this.#queue(from, receiver, envelope);
      else {
        const says = corrupt.says(envelope, receiver);
        for (const fields of says === undefined ? [] : isList(says) ? says : [says]) {
          const untouched = fields === envelope;
          this.#queue(from, receiver, untouched ? envelope : sealEnvelope(fields, signerOf(this.ceremony, from).sign));
        }
      }
    }
  }

  #queue(from: number, to: number, envelope: ParsedEnvelope): void {
    if (envelope.type === ABORT_MESSAGE && this.#options.deliverAborts !== true) return;
    const delivery = { from, to, bytes: envelope.bytes };
    this.sent.push({ ...delivery, envelope });
    this.queue.push(delivery);
  }
}

/** `bytes` with the byte at `at` changed. */
export function flip(bytes: Uint8Array, at: number): Uint8Array {
  const changed = bytes.slice();
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

/** `bytes` with `part` written over it at `at`. */
export function patch(bytes: Uint8Array, at: number, part: Uint8Array): Uint8Array {
  return concat(bytes.subarray(0, at), part, bytes.subarray(at + part.length));
}

export function parsed(bytes: Uint8Array): ParsedEnvelope {
  const envelope = parseEnvelope(bytes);
  if (envelope === undefined) throw new Error('not an envelope');
  return envelope;
}

function isList(says: EnvelopeFields | readonly EnvelopeFields[]): says is readonly EnvelopeFields[] {
  return Array.isArray(says);
}
