/**
 * Many signings at once between the same three nodes, proposed in one burst: whether all of them end well, how they
 * spread, and how long a node is ever too busy to answer anybody.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { ask, type Stage } from '../coordinator/demo/stage.ts';
import type { JsonValue } from '../proto/control/message.ts';
import { BugError } from '../protocol/common/errors.ts';
import type { Bench, BenchContext } from './bench.ts';
import { at, listAt, numberAt, payment, quiet, SIZE, withMoot } from './moot.ts';
import { measurement, quantile } from './report.ts';

const CEREMONIES = 100;
const WARMUP = 5;
/** Between two looks at who is done, milliseconds. */
const LOOK_EVERY = 100;
/** Nothing of this takes so long but a ceremony that hangs; milliseconds. */
const GIVE_UP = 300_000;

export const concurrentBench: Bench = {
  names: [
    'ceremony/concurrent',
    'ceremony/concurrent-each',
    'ceremony/concurrent-first-attempt',
    'ceremony/concurrent-loop-block',
    'ceremony/concurrent-answer',
  ],
  run: (context) =>
    withMoot(async ({ stage }) => {
      await burst(stage, 0, WARMUP);
      await quiet(stage);
      await measure(stage, context);
    }),
};

interface Burst {
  /** Milliseconds from the first proposal until each ceremony was archived, in the order of their ends. */
  readonly ends: readonly number[];
  /** Attempts beyond the first of each. */
  readonly retried: number;
  /** Milliseconds that each node took to answer, for every time it was asked meanwhile. */
  readonly answers: readonly number[];
  readonly blocks: readonly number[];
}

async function measure(stage: Stage, { record }: BenchContext): Promise<void> {
  const params = { ...SIZE, ceremonies: CEREMONIES };
  const { answers, blocks, ends, retried } = await burst(stage, WARMUP, CEREMONIES);
  record(measurement('ceremony/concurrent', params, 'ms', [Math.max(...ends)]));
  record(measurement('ceremony/concurrent-each', params, 'ms', ends));
  record(measurement('ceremony/concurrent-first-attempt', params, 'ceremonies', [CEREMONIES - retried]));
  record(measurement('ceremony/concurrent-loop-block', params, 'ms', [Math.max(...blocks)]));
  record(measurement('ceremony/concurrent-answer', params, 'ms', [quantile(answers, 1)]));
}

async function burst(stage: Stage, nonce: number, count: number): Promise<Burst> {
  const before = new Set((await ceremonies(stage)).map(nameOf));
  const began = performance.now();
  for (let i = 0; i < count; i++) await ask(stage.operator, 'sign', { ...payment(nonce + i), detach: true });
  const ended = new Map<string, number>();
  const answers: number[] = [];
  const blocks: number[] = [];
  let retried = 0;
  while (ended.size < count) {
    if (performance.now() - began > GIVE_UP) throw new BugError('BENCH_BURST', `${ended.size} of ${count} completed`);
    await Promise.all(
      stage.holders.map(async (holder) => {
        const asked = performance.now();
        const status = await ask(holder, 'status');
        answers.push(performance.now() - asked);
        blocks.push(numberAt(status, ['network', 'recentLoopBlockMs']));
      }),
    );
    const rows = (await ceremonies(stage)).filter((row) => !before.has(nameOf(row)));
    // A further attempt is a ceremony of its own.
    retried = rows.length - count;
    for (const row of rows) {
      const isNew = at(row, ['phase']) === 'completed' && !ended.has(nameOf(row));
      if (isNew) ended.set(nameOf(row), performance.now() - began);
    }
    await delay(LOOK_EVERY);
  }
  return { ends: [...ended.values()], retried, answers, blocks };
}

async function ceremonies(stage: Stage): Promise<readonly JsonValue[]> {
  return listAt(await ask(stage.operator, 'status'), 'ceremonies');
}

function nameOf(row: JsonValue): string {
  return String(at(row, ['ceremony']));
}
