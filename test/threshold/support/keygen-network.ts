/** Members of a KEYGEN, IMPORT or RESHARE in one process, joined by a queue that a test can reorder, cut and corrupt. */

import { type Signer, signerFromSeed, verify } from '../../../protocol/ceremony/ed25519.ts';
import { concat } from '../../../protocol/common/bytes.ts';
import type { Random } from '../../../protocol/common/effects.ts';
import { curve } from '../../../protocol/threshold/curve/accelerated.ts';
import type { Abort } from '../../../protocol/threshold/errors.ts';
import type { KeygenEffect, KeygenOutput, KeygenRecord } from '../../../protocol/threshold/keygen/activation.ts';
import type { Certificate } from '../../../protocol/threshold/keygen/certificate.ts';
import { dealerPids, keygenConfig, pidOf, pidOfIndex } from '../../../protocol/threshold/keygen/config.ts';
import { type Epoch, hashChainCode } from '../../../protocol/threshold/keygen/epoch.ts';
import type { Keyshare } from '../../../protocol/threshold/keygen/keyshare.ts';
import { createEpochRun, type EpochRun, type EpochRunOptions } from '../../../protocol/threshold/keygen/machine.ts';
import { ABORT_MESSAGE } from '../../../protocol/threshold/keygen/messages.ts';
import { importConfig, reshareConfig } from '../../../protocol/threshold/keygen/reshare-config.ts';
import type { DealtKey } from '../../../protocol/threshold/keygen/round-1.ts';
import { lagrange } from '../../../protocol/threshold/math/polynomial.ts';
import { mod } from '../../../protocol/threshold/math/scalar.ts';
import {
  type EnvelopeFields,
  type ParsedEnvelope,
  parseEnvelope,
  sealEnvelope,
} from '../../../protocol/threshold/rounds/envelope.ts';
import { Secret } from '../../../protocol/threshold/secret.ts';
import { configHash, type EpochConfig, sessionId, walletId } from '../../../protocol/threshold/session-id.ts';
import { vec, vscalar } from './labels.ts';

/** What every member of a ceremony knows before round 1, and what each of them alone knows. Members are named by pid. */
export interface Ceremony {
  readonly name: string;
  readonly config: EpochConfig;
  readonly threshold: number;
  readonly pids: readonly number[];
  readonly cfgHash: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly signers: ReadonlyMap<number, Signer>;
  readonly parent?: Epoch;
  /** A fresh copy of what this member deals, for each run. */
  readonly dealt: (pid: number) => DealtKey | undefined;
}

/** Labels of what a session id binds besides the configuration. */
interface Binding {
  readonly label: string;
  readonly rosterLabel?: string;
  readonly attempt: number;
}

function makeCeremony(
  name: string,
  config: EpochConfig,
  signers: readonly Signer[],
  binding: Binding,
  known: { readonly parent?: Epoch; readonly dealt?: (pid: number) => DealtKey | undefined } = {},
): Ceremony {
  const { label, attempt, rosterLabel = label } = binding;
  const cfgHash = configHash(config);
  const pids = config.parties.map((_, i) => i + 1);
  const id = sessionId({
    rosterDigest: vec(`${rosterLabel}/rosterDigest`),
    epochId: config.parentEpochId,
    purpose: config.purpose,
    path: [],
    childPk: config.purpose === 'IMPORT' ? new Uint8Array(0) : config.publicKey,
    proposalDigest: vec(`${label}/proposalDigest`),
    attempt,
    signers: dealerPids(config),
    digest: cfgHash,
    consents: pids.map((pid) => ({ party: pid, digest: vec(`${label}/consent/${pid}`) })),
  });
  const byPid = new Map(signers.map((signer) => [pidOf(config, signer.publicKey), signer] as const));
  return {
    name,
    config,
    threshold: config.threshold,
    pids,
    cfgHash,
    sessionId: id,
    signers: byPid,
    dealt: () => undefined,
    ...known,
  };
}

export function ceremony(threshold: number, n: number, label = 'keygen', attempt = 1): Ceremony {
  const signers = Array.from({ length: n }, (_, i) => signerFromSeed(vec(`${label}/identity/${i + 1}`)));
  const parties = signers.map((signer, i) => ({ index: i + 1, identityKey: signer.publicKey }));
  const wallet = walletId(vec(`${label}/proposalDigest`), attempt);
  const config = keygenConfig({ threshold, parties, gen: 1, walletId: wallet, exportable: false });
  return makeCeremony(`KEYGEN ${threshold}-of-${n}`, config, signers, { label, attempt });
}

export interface ReshareOptions {
  /** The finished run that made the parent epoch, with the shares of all. */
  readonly from: KeygenNetwork;
  /** D: old indices. */
  readonly dealers: readonly number[];
  /** N by new index, from 1: an old index, or the label of a newcomer. */
  readonly holders: readonly (number | string)[];
  readonly threshold: number;
  /** Newcomers that deal a lost share out of a backup: old index, label. */
  readonly restored?: readonly (readonly [number, string])[];
  readonly gen?: number;
  readonly label?: string;
  readonly rosterLabel?: string;
  readonly attempt?: number;
}

/** RESHARE or REMOVE of the key that `from` has made. */
export function reshareCeremony(options: ReshareOptions): Ceremony {
  const { from, dealers, holders, threshold, restored = [], gen = 2, label = 'reshare', attempt = 1 } = options;
  const parent = from.epoch();
  const old = (index: number): Signer => signerOf(from.ceremony, pidOfIndex(parent.config, index));
  const newcomer = (who: string): Signer => signerFromSeed(vec(`${label}/newcomer/${who}`));
  const signers = holders.map((who) => (typeof who === 'number' ? old(who) : newcomer(who)));
  const parties = signers.map((signer, i) => ({ index: i + 1, identityKey: signer.publicKey }));
  const config = reshareConfig({
    parent,
    dealers,
    parties,
    threshold,
    gen,
    restored: restored.map(([oldIndex, who]) => ({ oldIndex, identityKey: newcomer(who).publicKey })),
  });
  if (!config.ok) throw new Error(config.error);
  const dealing = dealers.filter((index) => !restored.some(([oldIndex]) => oldIndex === index));
  const leaving = dealing.map(old).filter((signer) => !signers.includes(signer));
  const dealt = (pid: number): DealtKey | undefined => {
    const row = config.value.parties[pid - 1];
    return row?.dealer === true ? dealtKey(from.keyshareAt(row.oldIndex)) : undefined;
  };
  const rosterLabel = options.rosterLabel ?? label;
  const name = `${config.value.purpose} ${parent.config.threshold} to ${threshold}-of-${holders.length}`;
  const binding = { label, rosterLabel, attempt };
  return makeCeremony(name, config.value, [...signers, ...leaving], binding, { parent, dealt });
}

/** IMPORT of a key that the first party has, or with `outside` somebody who gets no share. */
export function importCeremony(
  threshold: number,
  n: number,
  outside: boolean,
  label = 'import',
  attempt = 1,
): Ceremony {
  const signers = Array.from({ length: n }, (_, i) => signerFromSeed(vec(`${label}/identity/${i + 1}`)));
  const dealer = outside ? signerFromSeed(vec(`${label}/dealer`)) : (signers[0] ?? signerFromSeed(vec('none')));
  const secret = vscalar(`${label}/key`);
  const chainCode = vec(`${label}/chainCode`);
  const publicKey = curve.encode(curve.base(secret));
  const config = importConfig({
    threshold,
    parties: signers.map((signer, i) => ({ index: i + 1, identityKey: signer.publicKey })),
    dealer: dealer.publicKey,
    walletId: walletId(vec(`${label}/proposalDigest`), attempt),
    exportable: true,
    publicKey,
    chainCodeHash: hashChainCode(publicKey, chainCode),
  });
  if (!config.ok) throw new Error(config.error);
  const pid = pidOf(config.value, dealer.publicKey);
  const dealt = (of: number) =>
    of === pid ? { secret: new Secret(secret), chainCode: new Secret(chainCode.slice()) } : undefined;
  const all = outside ? [...signers, dealer] : signers;
  return makeCeremony(`IMPORT ${threshold}-of-${n}`, config.value, all, { label, attempt }, { dealt });
}

/** Copies of the secrets of a key share, as a dealer brings them along. */
export function dealtKey(keyshare: Keyshare): DealtKey {
  return {
    secret: new Secret(keyshare.share.use((share) => share)),
    chainCode: new Secret(keyshare.chainCode.use((chainCode) => chainCode.slice())),
  };
}

export function signerOf({ signers }: Ceremony, pid: number): Signer {
  const signer = signers.get(pid);
  if (signer === undefined) throw new Error(`no member ${pid}`);
  return signer;
}

/** New index of a member; 0 if it gets no share. */
export function indexOf({ config }: Ceremony, pid: number): number {
  return config.parties[pid - 1]?.newIndex ?? 0;
}

/** pids of those who get a share. */
export function holdersOf({ config, pids }: Ceremony): readonly number[] {
  return pids.filter((pid) => (config.parties[pid - 1]?.newIndex ?? 0) > 0);
}

/** The options of one member's run. */
export function runOptions(setup: Ceremony, pid: number, random = labelRandom(`network/${pid}`)): EpochRunOptions {
  const { config, cfgHash, parent, sessionId: id } = setup;
  const dealt = setup.dealt(pid);
  const { sign } = signerOf(setup, pid);
  return {
    sessionId: id,
    config,
    cfgHash,
    pid,
    ...(parent === undefined ? {} : { parent }),
    ...(dealt === undefined ? {} : { dealt }),
    sign,
    verify,
    random,
  };
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
  readonly random?: (pid: number) => Random;
  readonly corrupt?: { readonly pids: readonly number[]; readonly says: Corruption };
  /** ABORT messages normally get lost here, so that each party comes to its own verdict. */
  readonly deliverAborts?: boolean;
  /** Position in the queue of the delivery that is next; 0 = in order. */
  readonly pick?: (length: number) => number;
}

export class KeygenNetwork {
  readonly ceremony: Ceremony;
  readonly machines = new Map<number, EpochRun>();
  readonly aborts = new Map<number, Abort>();
  readonly outputs = new Map<number, KeygenOutput>();
  readonly keyshares = new Map<number, Keyshare>();
  readonly records: { readonly pid: number; readonly record: KeygenRecord }[] = [];
  /** Everything that was put on the wire, in order. */
  readonly sent: (Delivery & { readonly envelope: ParsedEnvelope })[] = [];
  readonly queue: Delivery[] = [];
  readonly #options: NetworkOptions;

  constructor(setup: Ceremony, options: NetworkOptions = {}) {
    this.ceremony = setup;
    this.#options = options;
    for (const pid of setup.pids) {
      this.machines.set(pid, createEpochRun(runOptions(setup, pid, options.random?.(pid))));
    }
  }

  machine(pid: number): EpochRun {
    const machine = this.machines.get(pid);
    if (machine === undefined) throw new Error(`no member ${pid}`);
    return machine;
  }

  /** The epoch that somebody has seen certified. */
  epoch(): Epoch {
    const [output] = this.outputs.values();
    if (output === undefined) throw new Error('the run has not come to its end');
    return output.epoch;
  }

  certificate(): Certificate {
    const [output] = this.outputs.values();
    if (output === undefined) throw new Error('the run has not come to its end');
    return output.certificate;
  }

  /** Key share by index of the new epoch. */
  keyshareAt(index: number): Keyshare {
    const keyshare = this.keyshares.get(pidOfIndex(this.ceremony.config, index));
    if (keyshare === undefined) throw new Error(`party ${index} has no key share`);
    return keyshare;
  }

  start(): void {
    for (const [pid, machine] of this.machines) this.act(pid, machine.start());
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

  /** Carries out what `pid` asked for. */
  act(pid: number, effects: readonly KeygenEffect[]): void {
    for (const effect of effects) {
      if (effect.kind === 'send') this.#send(pid, effect.to, effect.envelope);
      else if (effect.kind === 'abort') this.aborts.set(pid, effect.abort);
      else if (effect.kind === 'done') this.outputs.set(pid, effect.output);
      else {
        this.records.push({ pid, record: effect.record });
        if (effect.record.kind === 'prepared') this.keyshares.set(pid, effect.record.keyshare);
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
    const receivers = to === 0 ? [...this.machines.keys()].filter((pid) => pid !== from) : [to];
    for (const receiver of receivers) {
      const envelope = parsed(bytes);
      const { corrupt } = this.#options;
      if (corrupt?.pids.includes(from) !== true) this.#queue(from, receiver, envelope);
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

/** f(0) by the shares of these indices. */
export function secretOf(network: KeygenNetwork, indices: readonly number[]): bigint {
  return indices.reduce(
    (sum, i) => mod(sum + lagrange(i, indices) * network.keyshareAt(i).share.use((share) => share)),
    0n,
  );
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
