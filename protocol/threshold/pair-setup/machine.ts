/**
 * PAIRSETUP with one peer (docs/protocol.md p.2): base OT and self-test in both directions, in memory. Of the two
 * parties i < j, i begins. A run costs about a second of computation and belongs in a worker thread; its result is
 * handed over with `PairSetup.toTransfer`. After the result the peer's PACK goes to `PairStore.deliver`.
 */
import { equalBytes, toHex } from '../../common/bytes.ts';
import type { Random } from '../../common/effects.ts';
import { BugError } from '../../common/errors.ts';
import { u8 } from '../encoding.ts';
import { Abort, type FailureClass } from '../errors.ts';
import { H } from '../hash.ts';
import { ABORT_MESSAGE } from '../keygen/messages.ts';
import {
  type ParsedEnvelope,
  parseEnvelope,
  type SignBytes,
  sealEnvelope,
  type VerifySignature,
  verifyEnvelope,
} from '../rounds/envelope.ts';
import type { Effect, Machine } from '../rounds/round.ts';
import { PAIR, PAIR_ROUNDS, readHello, writeHello } from './messages.ts';
import {
  type ByIndex,
  beginRun,
  bothOf,
  drawPairValues,
  onChoose,
  onExtend,
  onMultiply,
  onTransfer,
  type PairFrame,
  type PairValues,
  pairSid,
  type Run,
  type StepFailure,
  wipeRun,
} from './run.ts';
import type { PreparedPair } from './store.ts';

export interface PairSetupConfig extends PairFrame {
  /** The peer's identity key. */
  readonly peerKey: Uint8Array;
  /** A ban, or too many failures: nothing happens with this peer. */
  readonly isRefused: () => boolean;
  readonly sign: SignBytes;
  readonly verify: VerifySignature;
  readonly random: Random;
  /** Only tests replace it, to feed known values. */
  readonly draws?: PairDraws;
}

export interface PairDraws {
  nonce(): Uint8Array;
  values(): PairValues;
}

/** To be durable before the abort that follows: raise the failure counter of the pair in this epoch. */
export interface PairFailRecord {
  readonly kind: 'pair-fail';
  readonly epochId: Uint8Array;
  readonly peer: number;
  readonly check: string;
}

type PairEffect = Effect<PreparedPair, PairFailRecord>;

/** A flood of replayed PS1 pushes the oldest candidates out, never the run. */
const CANDIDATES_MAX = 8;

/** An answered PS1: nothing but two nonces. */
interface Candidate {
  readonly pairSid: Uint8Array;
  readonly nonces: ByIndex;
  /** eh of both PS1, the lower index first. */
  readonly hellos: readonly [Uint8Array, Uint8Array];
}

/** A run and its messages. */
interface LiveRun {
  readonly candidate: Candidate;
  readonly run: Run;
  /** The peer's messages by round, and the eh of the own ones. */
  readonly inbox: Map<number, ParsedEnvelope>;
  readonly sent: Map<number, Uint8Array>;
  /** Round of the next message to be looked at. */
  next: 2 | 3 | 4 | 5;
}

const FAILURES: Readonly<Record<StepFailure, { readonly failure: FailureClass; readonly message: string }>> = {
  P1: { failure: 'SETUP', message: 'A message of the pair setup is malformed.' },
  P2: { failure: 'INCONSISTENT', message: 'The parties have seen different messages.' },
  P3: { failure: 'SETUP', message: 'The self-test of the pair setup failed.' },
  P4: { failure: 'SETUP', message: 'The self-test of the pair setup failed.' },
  'own-zero': { failure: 'RESTART', message: 'An own point is the identity.' },
};

export class PairSetupMachine implements Machine<PreparedPair, PairFailRecord> {
  readonly #config: PairSetupConfig;
  readonly #draws: PairDraws;
  /** i: the own PS1. */
  #hello: { readonly nonce: Uint8Array; readonly eh: Uint8Array } | undefined;
  readonly #candidates = new Map<string, Candidate>();
  #live: LiveRun | undefined;
  #ended = false;

  constructor(config: PairSetupConfig) {
    const { self, peer, random } = config;
    if (self === peer || Math.min(self, peer) < 1 || Math.max(self, peer) > 255) {
      throw new BugError('BUG_PAIR_PARTIES', 'A pair setup is between two different indices 1..255.');
    }
    this.#config = config;
    this.#draws = config.draws ?? {
      nonce: () => random.bytes(32),
      values: () => drawPairValues(random),
    };
  }

  accepts(sid: Uint8Array): boolean {
    if (this.#ended) return false;
    if (equalBytes(sid, this.#config.epochId)) return true;
    return this.#isRun(sid) || this.#candidates.has(toHex(sid));
  }

  /** The lower index begins; the other one waits. */
  start(): readonly PairEffect[] {
    if (this.#ended || this.#hello !== undefined || !this.#begins || this.#config.isRefused()) return [];
    const nonce = this.#draws.nonce();
    const body = writeHello({ counter: this.#config.counter, nonce });
    const { effect, eh } = this.#seal(PAIR_ROUNDS.hello, this.#config.epochId, body);
    this.#hello = { nonce, eh };
    return [effect];
  }

  deliver(bytes: Uint8Array): readonly PairEffect[] {
    const envelope = this.#authentic(bytes);
    if (envelope === undefined || this.#config.isRefused()) return [];
    if (envelope.type === ABORT_MESSAGE) {
      return this.#isRun(envelope.sid) ? this.#abort('BENIGN', 'ABORT', 'The peer has aborted the pair setup.') : [];
    }
    if (envelope.round === PAIR_ROUNDS.hello) {
      return this.#begins ? this.#readAnswer(envelope) : this.#answer(envelope);
    }
    const begun: PairEffect[] = [];
    if (!this.#isRun(envelope.sid)) {
      const candidate = this.#promote(envelope);
      if (candidate === undefined) return [];
      begun.push(...this.#begin(candidate));
    }
    const live = this.#live;
    if (live === undefined || live.inbox.has(envelope.round)) return begun;
    live.inbox.set(envelope.round, envelope);
    return [...begun, ...this.#advance()];
  }

  stop(): void {
    this.#ended = true;
    this.#candidates.clear();
    this.#dropRun();
  }

  get #begins(): boolean {
    return this.#config.self < this.#config.peer;
  }

  #isRun(sid: Uint8Array): boolean {
    return this.#live !== undefined && equalBytes(sid, this.#live.candidate.pairSid);
  }

  #authentic(bytes: Uint8Array): ParsedEnvelope | undefined {
    const envelope = parseEnvelope(bytes);
    if (envelope === undefined || !this.accepts(envelope.sid)) return undefined;
    const { type, round, from, to, sid, body } = envelope;
    const { self, peer, peerKey, epochId, verify } = this.#config;
    if (from !== peer) return undefined;
    const pair = type === PAIR && to === self && round >= 1 && round <= 6;
    const abort = type === ABORT_MESSAGE && round === 0 && (to === self || to === 0) && equalBytes(body, u8(0));
    if (!pair && !abort) return undefined;
    if (pair && (round === PAIR_ROUNDS.hello) !== equalBytes(sid, epochId)) return undefined;
    return verifyEnvelope(envelope, peerKey, verify) ? envelope : undefined;
  }

  /** j: a nonce is all that an unproven PS1 costs. */
  #answer(envelope: ParsedEnvelope): readonly PairEffect[] {
    const hello = readHello(envelope.body, false);
    const waiting = [...this.#candidates.values()].some(({ hellos }) => equalBytes(hellos[0], envelope.eh));
    if (hello === undefined || waiting) return [];
    const { counter, self, peer, epochId } = this.#config;
    const nonce = this.#draws.nonce();
    const { effect, eh } = this.#seal(PAIR_ROUNDS.hello, epochId, writeHello({ counter, nonce, echo: hello.nonce }));
    // The answer tells a peer with another counter why nothing follows.
    if (hello.counter !== counter) return [effect];
    const candidate = this.#candidate(
      new Map([
        [peer, hello.nonce],
        [self, nonce],
      ]),
      [envelope.eh, eh],
    );
    this.#candidates.set(toHex(candidate.pairSid), candidate);
    for (const oldest of this.#candidates.keys()) {
      if (this.#candidates.size > CANDIDATES_MAX) this.#candidates.delete(oldest);
    }
    return [effect];
  }

  /** i: only an answer to the own nonce counts. */
  #readAnswer(envelope: ParsedEnvelope): readonly PairEffect[] {
    const hello = readHello(envelope.body, true);
    const own = this.#hello;
    if (own === undefined || this.#live !== undefined) return [];
    if (hello?.echo === undefined || !equalBytes(hello.echo, own.nonce)) return [];
    const { counter, self, peer } = this.#config;
    if (hello.counter !== counter) return this.#abort('INCONSISTENT', 'ctr', 'The parties count different ban lifts.');
    const nonces = new Map([
      [self, own.nonce],
      [peer, hello.nonce],
    ]);
    return this.#begin(this.#candidate(nonces, [own.eh, envelope.eh]));
  }

  #candidate(nonces: ByIndex, hellos: readonly [Uint8Array, Uint8Array]): Candidate {
    return { pairSid: pairSid(this.#config, nonces), nonces, hellos };
  }

  /** j: a PS2 under a candidate's pairSid proves that i is really there; the candidate replaces the run. */
  #promote(envelope: ParsedEnvelope): Candidate | undefined {
    const candidate = this.#candidates.get(toHex(envelope.sid));
    if (candidate === undefined || envelope.round !== PAIR_ROUNDS.choose) return undefined;
    this.#candidates.delete(toHex(envelope.sid));
    return candidate;
  }

  /** Starts the run of a candidate with the own PS2. */
  #begin(candidate: Candidate): readonly PairEffect[] {
    this.#dropRun();
    const begun = beginRun(this.#config, candidate.pairSid, candidate.nonces, this.#draws.values());
    if (!begun.ok) return this.#fail(begun.failure);
    const live: LiveRun = { candidate, run: begun.value, inbox: new Map(), sent: new Map(), next: 2 };
    this.#live = live;
    return [this.#put(live, PAIR_ROUNDS.choose, begun.value.chosen)];
  }

  #advance(): readonly PairEffect[] {
    const effects: PairEffect[] = [];
    for (let live = this.#live; live !== undefined; live = this.#live) {
      const envelope = live.inbox.get(live.next);
      if (envelope === undefined) break;
      effects.push(...this.#step(live, envelope.body));
    }
    return effects;
  }

  #step(live: LiveRun, body: Uint8Array): readonly PairEffect[] {
    const { run, next } = live;
    if (next === 5) return this.#finish(live, body);
    const result =
      next === 2 ? onChoose(run, body) : next === 3 ? onTransfer(run, body, confirmation(live)) : onExtend(run, body);
    if (!result.ok) return this.#fail(result.failure);
    live.next = next === 2 ? 3 : next === 3 ? 4 : 5;
    return [this.#put(live, live.next, result.value)];
  }

  /** PS5 in, PACK out. */
  #finish(live: LiveRun, body: Uint8Array): readonly PairEffect[] {
    const result = onMultiply(live.run, body);
    if (!result.ok) return this.#fail(result.failure);
    const setup = result.value;
    const peerPack = live.inbox.get(PAIR_ROUNDS.pack);
    if (peerPack !== undefined && !equalBytes(peerPack.body, setup.pairEpoch)) {
      setup.wipe();
      return this.#abort('INCONSISTENT', 'P5', 'The peer has prepared another setup.');
    }
    const { effect } = this.#seal(PAIR_ROUNDS.pack, live.candidate.pairSid, setup.pairEpoch);
    this.stop();
    return [effect, { kind: 'done', output: { setup, pack: effect.envelope, active: peerPack !== undefined } }];
  }

  #put(live: LiveRun, round: number, body: Uint8Array): PairEffect {
    const { effect, eh } = this.#seal(round, live.candidate.pairSid, body);
    live.sent.set(round, eh);
    return effect;
  }

  #seal(
    round: number,
    sid: Uint8Array,
    body: Uint8Array,
  ): { readonly effect: Extract<PairEffect, { kind: 'send' }>; readonly eh: Uint8Array } {
    const { self, peer, sign } = this.#config;
    const envelope = sealEnvelope({ type: PAIR, round, from: self, to: peer, sid, body }, sign);
    return { effect: { kind: 'send', to: peer, envelope: envelope.bytes }, eh: envelope.eh };
  }

  /** SETUP: the secrets are gone before the record, the record is durable before the abort. */
  #fail(check: StepFailure): readonly PairEffect[] {
    const { epochId, peer } = this.#config;
    const { failure, message } = FAILURES[check];
    if (failure !== 'SETUP') return this.#abort(failure, check, message);
    const abort = this.#abort(failure, check, message, [peer]);
    return [{ kind: 'record', record: { kind: 'pair-fail', epochId, peer, check } }, ...abort];
  }

  #abort(
    failure: FailureClass,
    check: string,
    message: string,
    culprits: readonly number[] = [],
  ): readonly PairEffect[] {
    this.stop();
    return [{ kind: 'abort', abort: new Abort({ failure, check, message, culprits }) }];
  }

  #dropRun(): void {
    const live = this.#live;
    this.#live = undefined;
    if (live === undefined) return;
    wipeRun(live.run);
    live.inbox.clear();
  }
}

/** conf: every message of PS1 to PS3, both sides. */
function confirmation(live: LiveRun): Uint8Array {
  const { candidate, run, sent, inbox } = live;
  const later = [PAIR_ROUNDS.choose, PAIR_ROUNDS.transfer].flatMap((round) =>
    bothOf(run.frame).map((index) => {
      const eh = index === run.frame.self ? sent.get(round) : inbox.get(round)?.eh;
      if (eh === undefined) throw new BugError('BUG_PAIR_ORDER', 'A pair setup was confirmed before its messages.');
      return eh;
    }),
  );
  return H('pair/confirm', candidate.pairSid, ...candidate.hellos, ...later);
}
