/**
 * The steps of one PAIRSETUP run under its pairSid (docs/protocol.md p.2 to p.5, p.8), without envelopes: each takes
 * the peer's body of one round and gives the own body of the next, or the check that failed. The lower index chooses
 * in base OT, the higher one transfers and extends the mirror; from the self-test on both do the same.
 */
import { concat, equalBytes } from '../../common/bytes.ts';
import type { Random } from '../../common/effects.ts';
import { BugError } from '../../common/errors.ts';
import { u8, u32 } from '../encoding.ts';
import { H } from '../hash.ts';
import { wipeReceiver } from '../multiply/receiver.ts';
import type { SenderSetup } from '../multiply/sender.ts';
import {
  type ChooserValues,
  choose,
  drawChooser,
  drawTransfer,
  hashToPoint,
  receive,
  type TransferValues,
  transfer,
} from './base-ot.ts';
import { readChoose, readExtend, readMultiply, readTransfer } from './messages.ts';
import { checkMirror, extendMirror, MIRROR_RANDOM_BYTES, mirrorSid } from './mirror.ts';
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

/** In pairSid: two versions of PAIRSETUP never meet. Version 1 ran base OT twice and did not name itself. */
const VERSION = 2;

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

interface CommonValues {
  readonly z: Uint8Array;
  readonly selfTest: SelfTestValues;
}

/** Everything random of one run of the lower index, fresh for each. */
export interface LowValues extends CommonValues {
  readonly chooser: ChooserValues;
}

/** The same of the higher index. */
export interface HighValues extends CommonValues {
  readonly transfer: TransferValues;
  /** 32 bytes: Delta, then the mask of the mirror extension. */
  readonly mirror: Uint8Array;
}

export function drawLowValues(random: Random): LowValues {
  return { chooser: drawChooser(random), z: random.bytes(32), selfTest: drawSelfTest(random) };
}

export function drawHighValues(random: Random): HighValues {
  return {
    transfer: drawTransfer(random),
    mirror: random.bytes(MIRROR_RANDOM_BYTES),
    z: random.bytes(32),
    selfTest: drawSelfTest(random),
  };
}

/** By index; the same on both sides. */
export type ByIndex = ReadonlyMap<number, Uint8Array>;

/** A run under its pairSid. */
export interface RunFrame {
  readonly frame: PairFrame;
  readonly pairSid: Uint8Array;
  readonly nonces: ByIndex;
}

/** The lower index after its PS2. */
export interface LowRun extends RunFrame {
  readonly values: LowValues;
  /** Own PS2: R_0, R_1 of every OT, then z. */
  readonly chosen: Uint8Array;
}

/** Both directions, as one side has them. Secret. */
export interface Keys {
  /** As A: the own Delta and one key of each pair. */
  readonly sender: SenderSetup;
  /** As B: K_0, K_1. */
  readonly receiver: Uint8Array;
  readonly zeroSeed: Uint8Array;
}

/** Both sides after PS3. */
export interface TestRun extends RunFrame {
  readonly keys: Keys;
  readonly conf: Uint8Array;
  readonly values: SelfTestValues;
  readonly test: SelfTestFrame;
  readonly extension: TestExtension;
}

/** The check that failed; `own-zero` is bad luck. */
export type StepFailure = 'P1' | 'P2' | 'P3' | 'P4' | 'own-zero';

export type Step<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: StepFailure };

export function pairSid(frame: PairFrame, nonces: ByIndex): Uint8Array {
  const [low, high] = bothOf(frame);
  const parties = [u8(low), u8(high), u32(frame.counter)];
  return H('pair/sid', frame.epochId, ...parties, of(nonces, low), of(nonces, high), u8(VERSION));
}

/** Lower index first. */
export function bothOf(frame: PairFrame): readonly [number, number] {
  return frame.self < frame.peer ? [frame.self, frame.peer] : [frame.peer, frame.self];
}

/** The lower index, PS2 out (`chosen`): role A of base OT. */
export function beginLow(run: RunFrame, values: LowValues): Step<LowRun> {
  const points = choose(baseSid(run), values.chooser, hashToPoint);
  return points === undefined ? fail('own-zero') : done({ ...run, values, chosen: concat(points, values.z) });
}

/** The higher index, PS2 in, PS3 out: role B of base OT, and the mirror extension over it. `heard`: eh of PS2. */
export function onChoose(
  run: RunFrame,
  values: HighValues,
  body: Uint8Array,
  heard: Uint8Array,
): Step<{ readonly body: Uint8Array; readonly keys: Keys }> {
  const parts = readChoose(body);
  const base = parts && transfer(baseSid(run), parts.points, values.transfer, hashToPoint);
  if (parts === undefined || base === undefined) return fail('P1');
  const [low, high] = bothOf(run.frame);
  const head = concat(heard, base.reply, values.z);
  const mirror = extendMirror(mirrorSid(run.pairSid, high, low, head), base.keys, values.mirror);
  const zeroSeed = zeroSeedOf(run, parts.z, values.z);
  return done({
    body: concat(head, mirror.message),
    keys: { sender: mirror.setup, receiver: base.keys, zeroSeed },
  });
}

/**
 * The lower index, PS3 in: role A of base OT ends. `sent`: eh of the own PS2; an answer to another one says nothing
 * about the peer. The mirror extension is checked before anything is made of it.
 */
export function onTransfer(run: LowRun, body: Uint8Array, sent: Uint8Array): Step<Keys> {
  const { pairSid: sid, values, chosen } = run;
  const parts = readTransfer(body);
  if (parts === undefined) return fail('P1');
  if (!equalBytes(parts.heard, sent)) return fail('P2');
  const seeds = receive(baseSid(run), values.chooser, chosen, parts.points);
  if (seeds === undefined) return fail('P1');
  const [low, high] = bothOf(run.frame);
  const sender = { delta: values.chooser.delta, seeds };
  const receiver = checkMirror(mirrorSid(sid, high, low, parts.head), sender, parts.mirror);
  if (receiver === undefined) {
    seeds.fill(0);
    return fail('P3');
  }
  return done({ sender, receiver, zeroSeed: zeroSeedOf(run, values.z, parts.z) });
}

/** PS4 out: the self-test begins. `conf`: hash of all of PS1 to PS3. */
export function beginTest(
  run: RunFrame,
  keys: Keys,
  values: SelfTestValues,
  conf: Uint8Array,
): { readonly body: Uint8Array; readonly run: TestRun } {
  const { frame, nonces, pairSid: sid } = run;
  const test = selfTestFrame({ ...frame, pairSid: sid, signers: bothOf(frame), conf });
  const extension = testExtend(test, direction(run, frame.self, frame.peer), keys.receiver, values);
  return {
    body: concat(conf, extension.ote),
    run: { frame, nonces, pairSid: sid, keys, conf, values, test, extension },
  };
}

/** PS4 in, PS5 out: conf is compared before C1 may be evaluated. */
export function onExtend(run: TestRun, body: Uint8Array): Step<Uint8Array> {
  const { frame, keys, values } = run;
  const parts = readExtend(body);
  if (parts === undefined) return fail('P1');
  if (!equalBytes(parts.conf, run.conf)) return fail('P2');
  const answer = testMultiply(run.test, direction(run, frame.peer, frame.self), keys.sender, parts.ote, values);
  return answer === 'P3' || answer === 'own-zero' ? fail(answer) : done(answer);
}

/** PS5 in: the setup is PREPARED. */
export function onMultiply(run: TestRun, body: Uint8Array): Step<PairSetup> {
  const { frame, keys } = run;
  const failure = readMultiply(body) === undefined ? 'P1' : testFinish(run.extension, body);
  if (failure !== undefined) return fail(failure);
  return done(
    PairSetup.of({
      self: frame.self,
      peer: frame.peer,
      epochId: frame.epochId,
      pairSid: run.pairSid,
      pairEpoch: run.test.pairEpoch,
      zeroSeed: keys.zeroSeed,
      sender: keys.sender,
      receiverSeeds: keys.receiver,
    }),
  );
}

/** Overwrites what can be overwritten; the scalars are only dropped. */
export function wipeLow({ values }: LowRun): void {
  wipeAll(values.chooser.delta, values.z, values.selfTest.choice);
}

export function wipeHigh(values: HighValues): void {
  wipeAll(values.mirror, values.z, values.selfTest.choice);
}

export function wipeTest({ extension, keys, values }: TestRun): void {
  wipeAll(keys.sender.delta, keys.sender.seeds, keys.receiver, keys.zeroSeed, values.choice);
  wipeReceiver(extension.keep);
}

function wipeAll(...secrets: readonly Uint8Array[]): void {
  for (const secret of secrets) secret.fill(0);
}

function zeroSeedOf(run: RunFrame, lowZ: Uint8Array, highZ: Uint8Array): Uint8Array {
  const [low, high] = bothOf(run.frame);
  return H('zs/seed', run.pairSid, u8(low), u8(high), lowZ, highZ);
}

function direction(run: RunFrame, receiver: number, sender: number): Direction {
  return { receiver, sender, receiverNonce: of(run.nonces, receiver) };
}

/** Id of the base OT: the higher index is B, the lower one A. */
function baseSid(run: RunFrame): Uint8Array {
  const [low, high] = bothOf(run.frame);
  return H('bot/sid', run.pairSid, u8(high), u8(low));
}

function of(values: ByIndex, index: number): Uint8Array {
  const value = values.get(index);
  if (value === undefined) throw new BugError('BUG_PAIR_ORDER', 'A pair setup step ran before its messages.');
  return value;
}

function done<T>(value: T): Step<T> {
  return { ok: true, value };
}

function fail(failure: StepFailure): Step<never> {
  return { ok: false, failure };
}
