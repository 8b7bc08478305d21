/**
 * Whole ceremonies as users have them: three nodes and a coordinator in processes of their own, real libp2p on
 * loopback, every record on disk. Latency runs from handing the payload to the coordinator until it knows the signature.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serializeTransaction } from 'viem';
import { gatherMembers, makeWallet } from '../coordinator/demo/act-setup.ts';
import { WALLET } from '../coordinator/demo/names.ts';
import { Narrator } from '../coordinator/demo/narrator.ts';
import { commonPolicy } from '../coordinator/demo/policies.ts';
import { Processes } from '../coordinator/demo/processes.ts';
import { ask, eventually, type Stage, setStage, writeJson } from '../coordinator/demo/stage.ts';
import { callControl } from '../proto/control/call.ts';
import type { JsonValue } from '../proto/control/message.ts';
import { Terminal } from '../proto/control/terminal.ts';
import { readRoster } from '../protocol/ceremony/roster-file.ts';
import { BugError } from '../protocol/common/errors.ts';
import { verifyTranscript } from '../protocol/transcript/verify.ts';
import { type Bench, type Measurement, measurement, quantile, timed } from './report.ts';

const PAYEE = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
const CHAIN_ID = 31_337;
const SIGNATURES = 30;
const WARMUP = 3;
const BACK_TO_BACK = 10;
const SIZE = { t: 2, n: 3 };

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
  async run(record) {
    const dir = await mkdtemp(join(tmpdir(), 'keymoot-bench-'));
    const processes = new Processes();
    try {
      const stage = await setStage(dir, false, processes, new Narrator(new Terminal({ json: true })));
      await measure(stage, record);
    } finally {
      await processes.stopAll();
      await rm(dir, { recursive: true, force: true });
    }
  },
};

async function measure(stage: Stage, record: (result: Measurement) => void): Promise<void> {
  await gatherMembers(stage);
  const before = performance.now();
  await makeWallet(stage);
  record(measurement('ceremony/keygen', SIZE, 'ms', [performance.now() - before]));
  await readyToSign(stage);
  record(measurement('ceremony/ready', SIZE, 'ms', [performance.now() - before]));

  const policy = await writeJson(stage, 'policies', 'bench', commonPolicy(1, { chainId: CHAIN_ID, payee: PAYEE }));
  const text = await readFile(policy, 'utf8');
  for (const holder of stage.holders) await ask(holder, 'policy-set', { scope: 'common', text });
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

  record(measurement('ceremony/latency', SIZE, 'ms', samples));
  record(measurement('ceremony/latency-p95', SIZE, 'ms', [quantile(samples, 0.95)]));
  const growth = (path: readonly string[]): readonly number[] =>
    ended.map((status, i) => (numberAt(status, path) - numberAt(started[i] ?? null, path)) / SIGNATURES);
  const cpu = growth(['cpu', 'userMs']).map((user, i) => user + (growth(['cpu', 'systemMs'])[i] ?? 0));
  record(measurement('ceremony/cpu', SIZE, 'ms/party', cpu));
  record(measurement('ceremony/bytes', SIZE, 'bytes/party', growth(['network', 'bytesSent'])));
  record(
    measurement(
      'ceremony/memory',
      SIZE,
      'MB/party',
      ended.map((status) => numberAt(status, ['memory', 'residentBytes']) / 1e6),
    ),
  );
  record(
    measurement(
      'ceremony/loop-block',
      SIZE,
      'ms',
      ended.map((status) => numberAt(status, ['network', 'longestLoopBlockMs'])),
    ),
  );
  await verifyAgain(stage, transcript, record);
  const began = performance.now();
  for (let i = 0; i < BACK_TO_BACK; i++) await sign(stage, WARMUP + SIGNATURES + i);
  record(
    measurement('ceremony/throughput', SIZE, 'ceremonies/s', [(BACK_TO_BACK * 1000) / (performance.now() - began)]),
  );
}

/** What an auditor's machine needs for one signing, everything from the bytes of the file on. */
async function verifyAgain(stage: Stage, transcript: string, record: (result: Measurement) => void): Promise<void> {
  const file = new Uint8Array(await readFile(transcript));
  const roster = readRoster(await readFile(stage.roster, 'utf8'));
  if (!roster.ok) throw new BugError('BENCH_CEREMONY', roster.error.message);
  const samples = await timed(20, 3, () => {
    const report = verifyTranscript(file, { roster: roster.value });
    if (!report.ok) throw new BugError('BENCH_CEREMONY', report.failure?.message ?? 'a transcript does not verify');
  });
  record(measurement('transcript/verify', { ...SIZE, bytes: file.length }, 'ms', samples));
}

/** Until nobody is busy with the archive of the ceremony before: latency is that of nodes that wait for work. */
async function quiet(stage: Stage): Promise<void> {
  for (let calm = 0; calm < 3; ) {
    const asked = performance.now();
    await Promise.all([...stage.holders, stage.operator].map((member) => ask(member, 'status')));
    calm = performance.now() - asked < 15 ? calm + 1 : 0;
  }
}

async function readyToSign(stage: Stage): Promise<void> {
  await eventually('every pair setup', async () => {
    const states = await Promise.all(stage.holders.map((holder) => ask(holder, 'status')));
    const pairs = states.flatMap((state) => listAt(listAt(state, 'wallets')[0] ?? null, 'pairs'));
    return pairs.length === 6 && pairs.every((pair) => at(pair, ['state']) === 'ready') ? true : undefined;
  });
}

/** Milliseconds from the proposal until the coordinator knows the signature; then waits for the archive. */
async function sign(stage: Stage, nonce: number): Promise<{ readonly latency: number; readonly transcript: string }> {
  const bytes = serializeTransaction({
    type: 'eip1559',
    chainId: CHAIN_ID,
    nonce,
    to: PAYEE,
    value: 1n,
    gas: 21_000n,
    maxFeePerGas: 2_000_000_000n,
    maxPriorityFeePerGas: 1n,
  }).slice(2);
  const began = performance.now();
  let known: number | undefined;
  const params = { wallet: WALLET, kind: 'evm-transaction', bytes, note: '' };
  const result = await callControl(join(stage.operator.home, 'control.sock'), 'sign', params, {
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

function at(value: JsonValue, path: readonly string[]): JsonValue | undefined {
  let found: JsonValue | undefined = value;
  for (const name of path) {
    if (typeof found !== 'object' || found === null || Array.isArray(found)) return undefined;
    found = (found as { readonly [key: string]: JsonValue })[name];
  }
  return found;
}

function numberAt(value: JsonValue, path: readonly string[]): number {
  const found = at(value, path);
  return typeof found === 'number' ? found : Number.NaN;
}

function listAt(value: JsonValue, name: string): readonly JsonValue[] {
  const found = at(value, [name]);
  return Array.isArray(found) ? (found as readonly JsonValue[]) : [];
}
