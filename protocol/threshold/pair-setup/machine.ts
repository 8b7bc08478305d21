/**
 * PAIRSETUP with one peer (docs/protocol.md p.2): base OT in one direction, its mirror in the other, and a self-test
 * of both, in memory. Of the two parties i < j, i begins. A run is heavy and belongs in a worker thread; its result is
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
  beginLow,
  beginTest,
  drawHighValues,
  drawLowValues,
  type HighValues,
  type LowRun,
  type LowValues,
  onChoose,
  onExtend,
  onMultiply,
  onTransfer,
  type PairFrame,
  pairSid,
  type RunFrame,
  type StepFailure,
  type TestRun,
  wipeHigh,
  wipeLow,
  wipeTest,
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
  low(): LowValues;
  high(): HighValues;
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

/** Which message is waited for: PS3 (lower index only), PS4, PS5. */
type Stage =
  | { readonly name: 'transfer'; readonly run: LowRun }
  | { readonly name: 'extend' | 'multiply'; readonly run: TestRun };

/** A run and its messages. */
interface LiveRun {
  readonly candidate: Candidate;
  /** The peer's messages by round. */
  readonly inbox: Map<number, ParsedEnvelope>;
  /** eh of PS2. */
  readonly chosen: Uint8Array;
  stage: Stage;
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
      low: () => drawLowValues(random),
      high: () => drawHighValues(random),
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
    const live = this.#live;
    if (live === undefined || !this.#isRun(envelope.sid)) return this.#promote(envelope);
    if (!this.#expects(envelope.round) || live.inbox.has(envelope.round)) return [];
    live.inbox.set(envelope.round, envelope);
    return this.#advance();
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

  /** PS2 comes from the lower index, PS3 from the higher one, the others from both. */
  #expects(round: number): boolean {
    return round > PAIR_ROUNDS.transfer || (round === PAIR_ROUNDS.transfer && this.#begins);
  }

  /** i, PS2 out. */
  #begin(candidate: Candidate): readonly PairEffect[] {
    const begun = beginLow(this.#frame(candidate), this.#draws.low());
    if (!begun.ok) return this.#fail(begun.failure);
    const { effect, eh } = this.#seal(PAIR_ROUNDS.choose, candidate.pairSid, begun.value.chosen);
    this.#live = { candidate, inbox: new Map(), chosen: eh, stage: { name: 'transfer', run: begun.value } };
    return [effect];
  }

  /**
   * j, PS2 in: under a candidate's pairSid it proves that i is really there, and the candidate replaces the run. PS3
   * and PS4 out: the own part of the self-test needs no answer.
   */
  #promote(envelope: ParsedEnvelope): readonly PairEffect[] {
    const candidate = this.#candidates.get(toHex(envelope.sid));
    if (candidate === undefined || envelope.round !== PAIR_ROUNDS.choose) return [];
    this.#candidates.delete(toHex(envelope.sid));
    this.#dropRun();
    const values = this.#draws.high();
    const frame = this.#frame(candidate);
    const result = onChoose(frame, values, envelope.body, envelope.eh);
    if (!result.ok) {
      wipeHigh(values);
      return this.#fail(result.failure);
    }
    const { body, keys } = result.value;
    const answer = this.#seal(PAIR_ROUNDS.transfer, candidate.pairSid, body);
    const test = beginTest(frame, keys, values.selfTest, confirmation(candidate, envelope.eh, answer.eh));
    values.mirror.fill(0);
    values.z.fill(0);
    this.#live = {
      candidate,
      inbox: new Map(),
      chosen: envelope.eh,
      stage: { name: 'extend', run: test.run },
    };
    return [answer.effect, this.#seal(PAIR_ROUNDS.extend, candidate.pairSid, test.body).effect];
  }

  #frame({ nonces, pairSid: sid }: Candidate): RunFrame {
    return { frame: this.#config, pairSid: sid, nonces };
  }

  #advance(): readonly PairEffect[] {
    const effects: PairEffect[] = [];
    for (let live = this.#live; live !== undefined; live = this.#live) {
      const envelope = live.inbox.get(PAIR_ROUNDS[live.stage.name]);
      if (envelope === undefined) break;
      effects.push(...this.#step(live, live.stage, envelope));
    }
    return effects;
  }

  #step(live: LiveRun, stage: Stage, envelope: ParsedEnvelope): readonly PairEffect[] {
    const { candidate, chosen } = live;
    switch (stage.name) {
      case 'transfer': {
        const result = onTransfer(stage.run, envelope.body, chosen);
        if (!result.ok) return this.#fail(result.failure);
        const conf = confirmation(candidate, chosen, envelope.eh);
        const test = beginTest(stage.run, result.value, stage.run.values.selfTest, conf);
        stage.run.values.z.fill(0);
        live.stage = { name: 'extend', run: test.run };
        return [this.#seal(PAIR_ROUNDS.extend, candidate.pairSid, test.body).effect];
      }
      case 'extend': {
        const result = onExtend(stage.run, envelope.body);
        if (!result.ok) return this.#fail(result.failure);
        live.stage = { name: 'multiply', run: stage.run };
        return [this.#seal(PAIR_ROUNDS.multiply, candidate.pairSid, result.value).effect];
      }
      case 'multiply':
        return this.#finish(live, stage.run, envelope.body);
    }
  }

  /** PS5 in, PACK out. */
  #finish(live: LiveRun, run: TestRun, body: Uint8Array): readonly PairEffect[] {
    const result = onMultiply(run, body);
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
    if (live.stage.name === 'transfer') wipeLow(live.stage.run);
    else wipeTest(live.stage.run);
    live.inbox.clear();
  }
}

/** conf: every message of PS1 to PS3. */
function confirmation(candidate: Candidate, choose: Uint8Array, transfer: Uint8Array): Uint8Array {
  return H('pair/confirm', candidate.pairSid, ...candidate.hellos, choose, transfer);
}
