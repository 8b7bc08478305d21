/**
 * The steps of one PAIRSETUP run under its pairSid (docs/protocol.md p.2 to p.5), without envelopes: each takes the
 * peer's body of one round and gives the own body of the next round, or the check that failed. Both sides run the
 * same steps.
 */
import { concat, equalBytes } from '../../common/bytes.ts';
import type { Random } from '../../common/effects.ts';
import { BugError } from '../../common/errors.ts';
import { u8, u32 } from '../encoding.ts';
import { H } from '../hash.ts';
import { wipeReceiver } from '../multiply/receiver.ts';
import {
  type ChooserValues,
  choose,
  drawChooser,
  drawTransfer,
  receive,
  type TransferValues,
  transfer,
} from './base-ot.ts';
import { POINT_PAIRS_BYTES, readExtend, readMultiply, readTransfer } from './messages.ts';
import {
  type Direction,
  drawSelfTest,
  type SelfTestFrame,
  type SelfTestValues,
  selfTestFrame,
  type TestExtension,
  testExtend,
  testFinish,
  testMultiply,
} from './self-test.ts';
import { PairSetup } from './setup.ts';

/** Who is with whom, and in which epoch. */
export interface PairFrame {
  readonly epochId: Uint8Array;
  /** As pinned when the epoch was activated. */
  readonly rosterDigest: Uint8Array;
  /** Indices in the epoch. */
  readonly self: number;
  readonly peer: number;
  /** Number of lifted bans of this pair in this epoch. */
  readonly counter: number;
}

/** Everything random of one run, fresh for each. */
export interface PairValues {
  readonly chooser: ChooserValues;
  readonly transfer: TransferValues;
  readonly z: Uint8Array;
  readonly selfTest: SelfTestValues;
}

export function drawPairValues(random: Random): PairValues {
  return {
    chooser: drawChooser(random),
    transfer: drawTransfer(random),
    z: random.bytes(32),
    selfTest: drawSelfTest(random),
  };
}

/** By index; the same on both sides. */
export type ByIndex = ReadonlyMap<number, Uint8Array>;

export interface Run {
  readonly frame: PairFrame;
  readonly pairSid: Uint8Array;
  readonly nonces: ByIndex;
  readonly values: PairValues;
  /** Own PS2: R_0, R_1 of every OT of the direction in which this side is A. */
  readonly chosen: Uint8Array;
  /** As B, after PS2: K_0, K_1. */
  both?: Uint8Array;
  /** As A, after PS3: K_c. */
  oneOf?: Uint8Array;
  agreed?: Agreed;
}

/** After PS3. */
interface Agreed {
  readonly conf: Uint8Array;
  readonly zeroSeed: Uint8Array;
  readonly test: SelfTestFrame;
  readonly extension: TestExtension;
}

/** The check that failed; `own-zero` is bad luck. */
export type StepFailure = 'P1' | 'P2' | 'P3' | 'P4' | 'own-zero';

export type Step<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: StepFailure };

export function pairSid(frame: PairFrame, nonces: ByIndex): Uint8Array {
  const [low, high] = bothOf(frame);
  const parties = [u8(low), u8(high), u32(frame.counter)];
  return H('pair/sid', frame.epochId, ...parties, of(nonces, low), of(nonces, high));
}

/** Lower index first. */
export function bothOf(frame: PairFrame): readonly [number, number] {
  return frame.self < frame.peer ? [frame.self, frame.peer] : [frame.peer, frame.self];
}

/** The own PS2 is `chosen`. */
export function beginRun(frame: PairFrame, sid: Uint8Array, nonces: ByIndex, values: PairValues): Step<Run> {
  const chosen = choose(baseSid(sid, frame.peer, frame.self), values.chooser);
  return chosen === undefined ? fail('own-zero') : done({ frame, pairSid: sid, nonces, values, chosen });
}

/** PS2 in, PS3 out: role B of base OT. */
export function onChoose(run: Run, body: Uint8Array): Step<Uint8Array> {
  if (body.length !== POINT_PAIRS_BYTES) return fail('P1');
  const result = transfer(baseSid(run.pairSid, run.frame.self, run.frame.peer), body, run.values.transfer);
  if (result === undefined) return fail('P1');
  run.both = result.keys;
  return done(concat(result.reply, run.values.z));
}

/** PS3 in, PS4 out: role A of base OT ends, the self-test begins. `conf`: hash of all of PS1 to PS3. */
export function onTransfer(run: Run, body: Uint8Array, conf: Uint8Array): Step<Uint8Array> {
  const { frame, values } = run;
  const { self, peer } = frame;
  const parts = readTransfer(body);
  const chosenKeys = parts && receive(baseSid(run.pairSid, peer, self), values.chooser, run.chosen, parts.points);
  if (parts === undefined || chosenKeys === undefined) return fail('P1');
  if (run.both === undefined) throw outOfOrder();
  run.oneOf = chosenKeys;
  const signers = bothOf(frame);
  const test = selfTestFrame({ ...frame, pairSid: run.pairSid, signers, conf });
  const extension = testExtend(test, direction(run, self, peer), run.both, values.selfTest);
  run.agreed = { conf, zeroSeed: zeroSeedOf(run, parts.z), test, extension };
  return done(concat(conf, extension.ote));
}

/** PS4 in, PS5 out: conf is compared before C1 may be evaluated. */
export function onExtend(run: Run, body: Uint8Array): Step<Uint8Array> {
  const { agreed, oneOf, values, frame } = run;
  if (agreed === undefined || oneOf === undefined) throw outOfOrder();
  const parts = readExtend(body);
  if (parts === undefined) return fail('P1');
  if (!equalBytes(parts.conf, agreed.conf)) return fail('P2');
  const setup = { delta: values.chooser.delta, seeds: oneOf };
  const answer = testMultiply(agreed.test, direction(run, frame.peer, frame.self), setup, parts.ote, values.selfTest);
  return answer === 'P3' || answer === 'own-zero' ? fail(answer) : done(answer);
}

/** PS5 in: the setup is PREPARED. */
export function onMultiply(run: Run, body: Uint8Array): Step<PairSetup> {
  const { agreed, both, oneOf, frame, values } = run;
  if (agreed === undefined || both === undefined || oneOf === undefined) throw outOfOrder();
  const failure = readMultiply(body) === undefined ? 'P1' : testFinish(agreed.extension, body);
  if (failure !== undefined) return fail(failure);
  return done(
    PairSetup.of({
      self: frame.self,
      peer: frame.peer,
      epochId: frame.epochId,
      pairSid: run.pairSid,
      pairEpoch: agreed.test.pairEpoch,
      zeroSeed: agreed.zeroSeed,
      sender: { delta: values.chooser.delta, seeds: oneOf },
      receiverSeeds: both,
    }),
  );
}

/** Overwrites what can be overwritten; the scalars are only dropped. */
export function wipeRun(run: Run): void {
  const { chooser, z, selfTest } = run.values;
  for (const bytes of [chooser.delta, z, selfTest.choice, run.both, run.oneOf, run.agreed?.zeroSeed]) bytes?.fill(0);
  if (run.agreed !== undefined) wipeReceiver(run.agreed.extension.keep);
}

function zeroSeedOf(run: Run, peerZ: Uint8Array): Uint8Array {
  const [low, high] = bothOf(run.frame);
  const own = run.values.z;
  const [first, second] = run.frame.self === low ? [own, peerZ] : [peerZ, own];
  return H('zs/seed', run.pairSid, u8(low), u8(high), first, second);
}

function direction(run: Run, receiver: number, sender: number): Direction {
  return { receiver, sender, receiverNonce: of(run.nonces, receiver) };
}

/** Id of the base OT of the direction in which `receiver` is B and `sender` is A. */
function baseSid(sid: Uint8Array, receiver: number, sender: number): Uint8Array {
  return H('bot/sid', sid, u8(receiver), u8(sender));
}

function of(values: ByIndex, index: number): Uint8Array {
  const value = values.get(index);
  if (value === undefined) throw outOfOrder();
  return value;
}

function done<T>(value: T): Step<T> {
  return { ok: true, value };
}

function fail(failure: StepFailure): Step<never> {
  return { ok: false, failure };
}

function outOfOrder(): BugError {
  return new BugError('BUG_PAIR_ORDER', 'A pair setup step ran before its messages.');
}
