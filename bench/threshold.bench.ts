/** The engine alone: all parties together, in one process on one core, envelopes and their signatures included. */
import { parseEnvelope } from '../protocol/threshold/rounds/envelope.ts';
import { type Bench, type BenchContext, type Contender, inTurns, timed } from './bench.ts';
import { makeMembers, random } from './parties.ts';
import type { PeerKey } from './peers.ts';
import { recordSign, replay } from './replay.ts';
import { measurement } from './report.ts';
import { newSignPlan, runSign, signersOf } from './signing.ts';
import { type BenchWallet, makeStores, makeWallet, refreshWallet, runKeygen, runPair } from './wallet.ts';

interface Size {
  readonly t: number;
  readonly n: number;
  readonly keygens: number;
  /** Runs of everything that needs every pair setup. */
  readonly readies: number;
  readonly signatures: number;
  /** Signatures of every contender before them. The first size has more: a new process is still compiling. */
  readonly warmup: number;
}

/** Peers are measured at these, too. */
const SIZES: readonly Size[] = [
  { t: 2, n: 2, keygens: 9, readies: 5, signatures: 40, warmup: 30 },
  { t: 2, n: 3, keygens: 9, readies: 5, signatures: 40, warmup: 10 },
  { t: 3, n: 5, keygens: 7, readies: 3, signatures: 30, warmup: 10 },
  { t: 5, n: 9, keygens: 3, readies: 1, signatures: 15, warmup: 10 },
];
/** Only signed with, without peers: to see how the cost grows. */
const LARGE: readonly Size[] = [
  { t: 7, n: 13, keygens: 0, readies: 0, signatures: 9, warmup: 2 },
  { t: 11, n: 20, keygens: 0, readies: 0, signatures: 5, warmup: 2 },
];
const PAIR_RUNS = 9;
const REPLAYS = 20;

export const thresholdBench: Bench = {
  names: [
    'threshold/dkg',
    'threshold/ready',
    'threshold/refresh',
    'threshold/sign',
    'threshold/sign-party',
    'threshold/sign-longest-step',
    'threshold/sign-bytes',
    'threshold/message-bytes',
  ],
  async run(context) {
    for (const size of SIZES) await measureSize(context, size);
    for (const size of LARGE) await measureSize({ ...context, peers: [] }, size);
  },
};

async function measureSize(context: BenchContext, size: Size): Promise<void> {
  const { record, wanted } = context;
  const { n, t } = size;
  const members = makeMembers(n);
  const keys = new Map<string, PeerKey>();
  let wallet: BenchWallet | undefined;
  if (wanted('threshold/dkg') && size.keygens > 0) {
    record(measurement('threshold/dkg', { t, n }, 'ms', await timed(size.keygens, 1, () => runKeygen(members, t))));
  }
  if (wanted('threshold/ready') && size.readies > 0) {
    const ours: Contender = {
      name: 'threshold/ready',
      run: () => {
        wallet = makeWallet(members, t);
      },
    };
    const theirs = context.peers.map((peer) => ({
      name: `peer/${peer.name}/dkg`,
      run: () => keys.set(peer.name, peer.dkg(t, n)),
    }));
    for (const [name, samples] of await inTurns(size.readies, 0, [ours, ...theirs])) {
      record(measurement(name, { t, n }, 'ms', samples));
    }
  }
  if (wanted('threshold/refresh') && size.readies > 0) await measureRefresh(context, size, wallet, keys);
  if (!['threshold/sign', 'threshold/message-bytes'].some((name) => wanted(name))) return;
  wallet ??= makeWallet(
    members,
    t,
    members.slice(0, t).map(({ index }) => index),
  );
  if (wanted('threshold/sign')) await measureSign(context, size, wallet, keys);
  if (wanted('threshold/sign-party')) await measureParty(context, size, wallet);
  if (t === 2 && n === 2) measureMessages(context, wallet);
}

async function measureRefresh(
  { peers, record }: BenchContext,
  { n, readies, t }: Size,
  made: BenchWallet | undefined,
  keys: Map<string, PeerKey>,
): Promise<void> {
  const wallet = made ?? { ...makeWallet(makeMembers(n), t, []) };
  const ours: Contender = { name: 'threshold/refresh', run: () => refreshWallet(wallet) };
  const theirs = peers.map((peer): Contender => {
    const key = keys.get(peer.name) ?? peer.dkg(t, n);
    keys.set(peer.name, key);
    return {
      name: `peer/${peer.name}/refresh`,
      run: () => keys.set(peer.name, peer.refresh(keys.get(peer.name) ?? key, t, n)),
    };
  });
  for (const [name, samples] of await inTurns(readies, 0, [ours, ...theirs])) {
    record(measurement(name, { t, n }, 'ms', samples));
  }
}

async function measureSign(
  { peers, record }: BenchContext,
  { n, signatures, t, warmup }: Size,
  wallet: BenchWallet,
  keys: ReadonlyMap<string, PeerKey>,
): Promise<void> {
  const sent = new Map<string, number>();
  const ours: Contender = {
    name: 'threshold/sign',
    run: () => sent.set('threshold/sign', runSign(wallet, newSignPlan()).bytes.get(1) ?? 0),
  };
  const theirs = peers.map((peer): Contender => {
    const key = keys.get(peer.name) ?? peer.dkg(t, n);
    const name = `peer/${peer.name}/sign`;
    let digest = random.bytes(32);
    return {
      name,
      run: () => peer.sign(key, t, n, digest),
      after: (signed) => {
        sent.set(name, peer.checked(key, digest, signed));
        digest = random.bytes(32);
      },
    };
  });
  for (const [name, samples] of await inTurns(signatures, warmup, [ours, ...theirs])) {
    record(measurement(name, { t, n }, 'ms', samples));
  }
  for (const [name, bytes] of sent) record(measurement(`${name}-bytes`, { t, n }, 'bytes', [bytes]));
}

async function measureParty({ record }: BenchContext, { n, t }: Size, wallet: BenchWallet): Promise<void> {
  const recording = recordSign(wallet);
  const totals: number[] = [];
  const longest: number[] = [];
  await timed(REPLAYS, 3, () => {
    const steps = replay(recording, signersOf(wallet)[0] ?? 1);
    totals.push(steps.reduce((sum, step) => sum + step, 0));
    longest.push(Math.max(...steps));
  });
  record(measurement('threshold/sign-party', { t, n }, 'ms', totals.slice(-REPLAYS)));
  record(measurement('threshold/sign-longest-step', { t, n }, 'ms', longest.slice(-REPLAYS)));
}

/** Sizes of the signed envelopes as they leave; they do not depend on the number of parties. */
function measureMessages({ record, wanted }: BenchContext, wallet: BenchWallet): void {
  if (!wanted('threshold/message-bytes')) return;
  const sizes = new Map<string, number>();
  runSign(wallet, newSignPlan(), (step) => {
    const envelope = step.kind === 'deliver' ? parseEnvelope(step.envelope) : undefined;
    if (envelope === undefined) return;
    const to = envelope.to === 0 ? 'all' : 'one';
    sizes.set(`sign-${envelope.round}-to-${to}`, envelope.bytes.length);
  });
  for (const [message, bytes] of [...sizes].sort(([a], [b]) => a.localeCompare(b))) {
    record(measurement('threshold/message-bytes', { message }, 'bytes', [bytes]));
  }
}

export const pairBench: Bench = {
  names: ['threshold/pair-setup', 'threshold/pair-setup-bytes'],
  async run({ record }) {
    const members = makeMembers(2);
    const [share] = runKeygen(members, 2).values();
    if (share === undefined) return;
    let bytes = 0;
    const samples = await timed(PAIR_RUNS, 1, () => {
      bytes = runPair(members, makeStores(members), share.epochId, [1, 2]).bytes.get(1) ?? 0;
    });
    record(measurement('threshold/pair-setup', { t: 2, n: 2 }, 'ms', samples));
    record(measurement('threshold/pair-setup-bytes', { t: 2, n: 2 }, 'bytes', [bytes]));
  },
};

export const memoryBench: Bench = {
  names: ['threshold/memory-heap', 'threshold/memory-growth', 'threshold/memory-resident'],
  async run({ record }) {
    const wallet = makeWallet(makeMembers(3), 2, [1, 2]);
    for (let i = 0; i < MEMORY_WARMUP; i++) runSign(wallet);
    await timed(1, 0, () => undefined);
    const before = process.memoryUsage();
    for (let i = 0; i < MEMORY_SIGNATURES; i++) runSign(wallet);
    await timed(1, 0, () => undefined);
    const after = process.memoryUsage();
    const params = { t: 2, n: 3, signatures: MEMORY_SIGNATURES };
    const growth = (after.heapUsed - before.heapUsed) / MEMORY_SIGNATURES;
    record(measurement('threshold/memory-heap', params, 'MB', [after.heapUsed / 1e6]));
    record(measurement('threshold/memory-growth', params, 'bytes/signature', [growth]));
    record(measurement('threshold/memory-resident', params, 'MB', [after.rss / 1e6]));
  },
};

const MEMORY_SIGNATURES = 300;
const MEMORY_WARMUP = 10;
