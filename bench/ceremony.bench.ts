/**
 * Whole ceremonies as users have them, one at a time. Latency runs from handing the payload to the coordinator until it
 * knows the signature.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ask, type Stage } from '../coordinator/demo/stage.ts';
import { callControl } from '../proto/control/call.ts';
import { readRoster } from '../protocol/ceremony/roster-file.ts';
import { BugError } from '../protocol/common/errors.ts';
import { verifyTranscript } from '../protocol/transcript/verify.ts';
import { type Bench, type BenchContext, timed } from './bench.ts';
import { at, listAt, type Moot, numberAt, payment, quiet, SIZE, withMoot } from './moot.ts';
import { measurement, quantile } from './report.ts';

const SIGNATURES = 30;
const WARMUP = 3;
const BACK_TO_BACK = 10;
/** An auditor has many. */
const VERIFIED_AT_ONCE = 10;

export const ceremonyBench: Bench = {
  names: [
    'ceremony/keygen',
    'ceremony/ready',
    'ceremony/latency',
    'ceremony/throughput',
    'ceremony/cpu',
    'ceremony/bytes',
    'ceremony/memory',
    'ceremony/loop-block',
    'transcript/verify',
  ],
  run: (context) => withMoot((moot) => measure(moot, context)),
};

async function measure({ keygen, ready, stage }: Moot, { record }: BenchContext): Promise<void> {
  record(measurement('ceremony/keygen', SIZE, 'ms', [keygen]));
  record(measurement('ceremony/ready', SIZE, 'ms', [ready]));
  for (let nonce = 0; nonce < WARMUP; nonce++) await sign(stage, nonce);

  const started = await Promise.all(stage.holders.map((holder) => ask(holder, 'status')));
  const samples: number[] = [];
  let transcript = '';
  for (let i = 0; i < SIGNATURES; i++) {
    await quiet(stage);
    const signed = await sign(stage, WARMUP + i);
    samples.push(signed.latency);
    transcript = signed.transcript;
  }
  const ended = await Promise.all(stage.holders.map((holder) => ask(holder, 'status')));

  const each = (path: readonly string[]): readonly number[] => ended.map((status) => numberAt(status, path));
  const growth = (path: readonly string[]): readonly number[] =>
    each(path).map((value, i) => (value - numberAt(started[i] ?? null, path)) / SIGNATURES);
  const system = growth(['cpu', 'systemMs']);
  const cpu = growth(['cpu', 'userMs']).map((user, i) => user + (system[i] ?? 0));
  const memory = each(['memory', 'residentBytes']).map((bytes) => bytes / 1e6);
  record(measurement('ceremony/latency', SIZE, 'ms', samples));
  record(measurement('ceremony/latency-p95', SIZE, 'ms', [quantile(samples, 0.95)]));
  record(measurement('ceremony/cpu', SIZE, 'ms/party', cpu));
  record(measurement('ceremony/bytes', SIZE, 'bytes/party', growth(['network', 'bytesSent'])));
  record(measurement('ceremony/memory', SIZE, 'MB/party', memory));
  record(measurement('ceremony/loop-block', SIZE, 'ms', each(['network', 'longestLoopBlockMs'])));
  await verifyAgain(stage, transcript, record);
  const began = performance.now();
  for (let i = 0; i < BACK_TO_BACK; i++) await sign(stage, WARMUP + SIGNATURES + i);
  const perSecond = (BACK_TO_BACK * 1000) / (performance.now() - began);
  record(measurement('ceremony/throughput', SIZE, 'ceremonies/s', [perSecond]));
}

/** What an auditor's machine needs for one signing, everything from the bytes of the file on. */
async function verifyAgain(stage: Stage, transcript: string, record: BenchContext['record']): Promise<void> {
  const file = new Uint8Array(await readFile(transcript));
  const roster = readRoster(await readFile(stage.roster, 'utf8'));
  if (!roster.ok) throw new BugError('BENCH_CEREMONY', roster.error.message);
  const samples = await timed(20, 2, () => {
    for (let i = 0; i < VERIFIED_AT_ONCE; i++) {
      const report = verifyTranscript(file, { roster: roster.value });
      if (!report.ok) throw new BugError('BENCH_CEREMONY', report.failure?.message ?? 'a transcript does not verify');
    }
  });
  const each = samples.map((sample) => sample / VERIFIED_AT_ONCE);
  record(measurement('transcript/verify', { ...SIZE, bytes: file.length }, 'ms', each));
}

/** Milliseconds from the proposal until the coordinator knows the signature; then waits for the archive. */
async function sign(stage: Stage, nonce: number): Promise<{ readonly latency: number; readonly transcript: string }> {
  const began = performance.now();
  let known: number | undefined;
  const result = await callControl(join(stage.operator.home, 'control.sock'), 'sign', payment(nonce), {
    onEvent(event) {
      const isDone = listAt(event, 'parties').some((party) => at(party, ['state']) === 'done');
      if (isDone) known ??= performance.now() - began;
    },
  });
  if (at(result, ['ending']) !== 'completed' || known === undefined) {
    throw new BugError(
      'BENCH_CEREMONY',
      `a ceremony of the benchmark ended as ${JSON.stringify(at(result, ['ending']))}`,
    );
  }
  const transcript = at(result, ['transcript']);
  return { latency: known, transcript: typeof transcript === 'string' ? transcript : '' };
}
