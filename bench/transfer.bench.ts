/** Oblivious transfer and multiplication between two parties, without envelopes. */
import { BugError } from '../protocol/common/errors.ts';
import { integerFromBytes, mod } from '../protocol/threshold/math/scalar.ts';
import { extend, finish, RECEIVER_RANDOM_BYTES } from '../protocol/threshold/multiply/receiver.ts';
import { checkExtension, multiply } from '../protocol/threshold/multiply/sender.ts';
import {
  choose,
  drawChooser,
  drawTransfer,
  hashToPoint,
  receive,
  transfer,
} from '../protocol/threshold/pair-setup/base-ot.ts';
import { type Bench, type BenchContext, timed } from './bench.ts';
import { random } from './parties.ts';
import { measurement } from './report.ts';

const BASE_RUNS = 9;
const MULTIPLY_RUNS = 60;
const MULTIPLY_WARMUP = 30;

export const transferBench: Bench = {
  names: [
    'transfer/base-chooser',
    'transfer/base-sender',
    'multiply/extend',
    'multiply/check',
    'multiply/answer',
    'multiply/finish',
    'multiply/receiver',
    'multiply/sender',
  ],
  async run(context) {
    const { delta, seeds, both } = await measureBase(context);
    await measureMultiply(context, { delta, seeds }, both);
  },
};

interface Transferred {
  readonly delta: Uint8Array;
  /** A's chosen keys, and both keys of each transfer. */
  readonly seeds: Uint8Array;
  readonly both: Uint8Array;
}

/** 128 base transfers, one direction. */
async function measureBase({ record }: BenchContext): Promise<Transferred> {
  const clock = new Clock();
  let last: Transferred | undefined;
  await timed(BASE_RUNS, 2, () => {
    const bsid = random.bytes(32);
    const chooser = drawChooser(random);
    const sender = drawTransfer(random);
    const message = demand(clock.of('choose', () => choose(bsid, chooser, hashToPoint)));
    const { keys, reply } = demand(clock.of('transfer', () => transfer(bsid, message, sender, hashToPoint)));
    const seeds = demand(clock.of('receive', () => receive(bsid, chooser, message, reply)));
    last = { delta: chooser.delta, seeds, both: keys };
  });
  const [chosen, received] = [clock.last('choose', BASE_RUNS), clock.last('receive', BASE_RUNS)];
  const chooser = chosen.map((time, i) => time + (received[i] ?? 0));
  record(measurement('transfer/base-chooser', { transfers: 128 }, 'ms', chooser));
  record(measurement('transfer/base-sender', { transfers: 128 }, 'ms', clock.last('transfer', BASE_RUNS)));
  return demand(last);
}

/** One multiplication of two inputs, with the OT extension it rests on. */
async function measureMultiply(
  { record }: BenchContext,
  setup: { readonly delta: Uint8Array; readonly seeds: Uint8Array },
  both: Uint8Array,
): Promise<void> {
  const clock = new Clock();
  const scalar = (): bigint => mod(integerFromBytes(random.bytes(32)));
  await timed(MULTIPLY_RUNS, MULTIPLY_WARMUP, () => {
    const ids = { oteSid: random.bytes(32), rvSid: random.bytes(32) };
    const choice = random.bytes(RECEIVER_RANDOM_BYTES);
    const { keep, message } = clock.of('extend', () => extend(ids.oteSid, both, choice));
    const zeta = demand(clock.of('check', () => checkExtension(ids.oteSid, setup, message)));
    const inputs = [scalar(), scalar()] as const;
    const { message: answer } = clock.of('answer', () => multiply(ids, setup.delta, zeta, inputs, scalar()));
    demand(clock.of('finish', () => finish(ids.rvSid, keep, answer)));
  });
  for (const step of ['extend', 'check', 'answer', 'finish']) {
    record(measurement(`multiply/${step}`, {}, 'ms', clock.last(step, MULTIPLY_RUNS)));
  }
  for (const [role, first, second] of [
    ['receiver', 'extend', 'finish'],
    ['sender', 'check', 'answer'],
  ] as const) {
    const times = clock.last(second, MULTIPLY_RUNS);
    const sums = clock.last(first, MULTIPLY_RUNS).map((time, i) => time + (times[i] ?? 0));
    record(measurement(`multiply/${role}`, {}, 'ms', sums));
  }
}

/** Milliseconds of named steps. */
class Clock {
  readonly #times = new Map<string, number[]>();

  of<T>(step: string, action: () => T): T {
    const before = performance.now();
    const result = action();
    const times = this.#times.get(step) ?? [];
    this.#times.set(step, times);
    times.push(performance.now() - before);
    return result;
  }

  last(step: string, count: number): readonly number[] {
    return this.#times.get(step)?.slice(-count) ?? [];
  }
}

function demand<T>(value: T | undefined): T {
  if (value === undefined) throw new BugError('BENCH_TRANSFER', 'a check between two honest parties failed');
  return value;
}
