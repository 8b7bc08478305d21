/** The engine alone: all parties together, in one process on one core, envelopes and their signatures included. */
import { makeMembers, makeStores, pairsOf, runKeygen, runPair, runSign } from './parties.ts';
import { type Bench, measurement, timed } from './report.ts';

const SIZES: readonly (readonly [number, number])[] = [
  [2, 2],
  [2, 3],
  [3, 5],
];
const KEYGEN_RUNS = 9;
const READY_RUNS = 3;
const PAIR_RUNS = 5;
const SIGN_RUNS = 30;
const SIGN_WARMUP = 5;

export const keygenBench: Bench = {
  names: ['threshold/dkg', 'threshold/ready'],
  async run(record) {
    for (const [t, n] of SIZES) {
      const members = makeMembers(n);
      const dkg = await timed(KEYGEN_RUNS, 2, () => void runKeygen(members, t));
      record(measurement('threshold/dkg', { t, n }, 'ms', dkg));
    }
    for (const [t, n] of SIZES) {
      const members = makeMembers(n);
      const ready = await timed(n > 3 ? 1 : READY_RUNS, 0, () => {
        const [first] = runKeygen(members, t).values();
        const stores = makeStores(members);
        if (first === undefined) return;
        for (const pair of pairsOf(members.map((member) => member.index)))
          runPair(members, stores, first.epochId, pair);
      });
      record(measurement('threshold/ready', { t, n }, 'ms', ready));
    }
  },
};

export const pairBench: Bench = {
  names: ['threshold/pair-setup'],
  async run(record) {
    const members = makeMembers(2);
    const [share] = runKeygen(members, 2).values();
    if (share === undefined) return;
    const samples = await timed(PAIR_RUNS, 1, () => runPair(members, makeStores(members), share.epochId, [1, 2]));
    record(measurement('threshold/pair-setup', { t: 2, n: 2 }, 'ms', samples));
  },
};

export const signBench: Bench = {
  names: ['threshold/sign', 'threshold/sign-bytes'],
  async run(record) {
    for (const [t, n] of SIZES) {
      const members = makeMembers(n);
      const shares = runKeygen(members, t);
      const stores = makeStores(members);
      const [first] = shares.values();
      const signers = members.slice(0, t).map((member) => member.index);
      if (first === undefined) return;
      for (const pair of pairsOf(signers)) runPair(members, stores, first.epochId, pair);
      let bytes = 0;
      const samples = await timed(SIGN_RUNS, SIGN_WARMUP, () => {
        bytes = runSign(members, shares, stores, signers).bytes.get(1) ?? 0;
      });
      record(measurement('threshold/sign', { t, n }, 'ms', samples));
      record(measurement('threshold/sign-bytes', { t, n }, 'bytes', [bytes]));
    }
  },
};
