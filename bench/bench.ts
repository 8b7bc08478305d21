/** What all benchmarks share: how a group of measurements is written, and how samples are taken. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BugError } from '../protocol/common/errors.ts';
import type { Peer } from './peers.ts';
import type { Measurement } from './report.ts';

/** A group of measurements that share their preparation. */
export interface Bench {
  /** Names it may produce; `--only PREFIX` skips it if none begins so. */
  readonly names: readonly string[];
  /** Runs only if `--only` names it: it takes minutes. */
  readonly onDemand?: boolean;
  run(context: BenchContext): Promise<void>;
}

export interface BenchContext {
  readonly record: (measurement: Measurement) => void;
  /** Whether anybody asked for measurements of this name. */
  readonly wanted: (name: string) => boolean;
  /** Libraries to be measured in turns with ours; none unless a directory was given. */
  readonly peers: readonly Peer[];
}

/** One of several things that are measured in turns, so that whatever the machine does meanwhile meets all of them. */
export interface Contender {
  readonly name: string;
  readonly run: () => unknown;
  /** What is done with the result of each run, off the clock. */
  readonly after?: (result: unknown) => void;
}

/**
 * Milliseconds of each of `count` runs of each contender, after `warmup` that do not count. The heap is collected before
 * every run: no run pays for the garbage of another one, and none profits from code that stays hot between two runs.
 */
export async function inTurns(
  count: number,
  warmup: number,
  contenders: readonly Contender[],
): Promise<ReadonlyMap<string, readonly number[]>> {
  const samples = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let i = 0; i < count + warmup; i++) {
    for (const { after, name, run } of contenders) {
      collect();
      const before = performance.now();
      const result = await run();
      const took = performance.now() - before;
      if (i >= warmup) samples.get(name)?.push(took);
      after?.(result);
    }
  }
  return samples;
}

export async function timed(count: number, warmup: number, run: () => unknown): Promise<readonly number[]> {
  const samples = await inTurns(count, warmup, [{ name: '', run }]);
  return samples.get('') ?? [];
}

/** Microseconds of one call: each sample is the mean of as many calls as fill about `SAMPLE_MS`. */
export function timedEach(run: (i: number) => unknown): readonly number[] {
  let calls = 0;
  const began = performance.now();
  while (performance.now() - began < SAMPLE_MS) run(calls++);
  const each = Math.max(1, calls);
  return Array.from({ length: SAMPLES }, () => {
    const before = performance.now();
    for (let i = 0; i < each; i++) run(i);
    return ((performance.now() - before) * 1000) / each;
  });
}

const SAMPLE_MS = 40;
const SAMPLES = 7;

/** A full garbage collection. */
export const collect: () => void = exposeCollector();

function exposeCollector(): () => void {
  setFlagsFromString('--expose-gc');
  const gc: unknown = runInNewContext('gc');
  if (typeof gc !== 'function') throw new BugError('BENCH_GC', 'the garbage collector cannot be called here');
  return () => {
    Reflect.apply(gc, undefined, []);
  };
}
