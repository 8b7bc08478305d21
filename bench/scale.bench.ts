/**
 * How cost grows: one key for each size up to eleven of twenty, everything real. Takes minutes, so it runs only if it is
 * asked for (`--only scale`); `--plot FILE` draws it.
 */
import { type Bench, collect, timed } from './bench.ts';
import { makeMembers } from './parties.ts';
import { measurement } from './report.ts';
import { runSign } from './signing.ts';
import { type BenchWallet, makeStores, pairAll, runKeygen } from './wallet.ts';

const SIZES: readonly (readonly [t: number, n: number])[] = [
  [2, 2],
  [2, 3],
  [3, 5],
  [4, 7],
  [5, 9],
  [7, 12],
  [9, 16],
  [11, 20],
];
const SIGNATURES = 9;

export const scaleBench: Bench = {
  names: ['scale/dkg', 'scale/pairs', 'scale/sign'],
  onDemand: true,
  async run({ record }) {
    for (const [t, n] of SIZES) {
      const members = makeMembers(n);
      collect();
      const began = performance.now();
      const wallet: BenchWallet = {
        threshold: t,
        members,
        shares: runKeygen(members, t),
        stores: makeStores(members),
      };
      const made = performance.now();
      pairAll(wallet);
      const paired = performance.now();
      const pairs = (n * (n - 1)) / 2;
      record(measurement('scale/dkg', { t, n, pairs }, 'ms', [made - began]));
      record(measurement('scale/pairs', { t, n, pairs }, 'ms', [paired - made]));
      const samples = await timed(SIGNATURES, 2, () => runSign(wallet));
      record(measurement('scale/sign', { t, n, pairs: (t * (t - 1)) / 2 }, 'ms', samples));
    }
  },
};
