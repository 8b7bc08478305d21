/**
 * One party's share of a signature, alone: a signature of all signers is recorded, then the messages of one of them are
 * delivered again to a fresh machine of its own with the same randomness. It does the same work again, and nobody
 * else's runs in between.
 */
import type { Random } from '../protocol/common/effects.ts';
import { BugError } from '../protocol/common/errors.ts';
import { random, type Step } from './parties.ts';
import { newSignPlan, runSign, type SignPlan, signMachine } from './signing.ts';
import type { BenchWallet } from './wallet.ts';

export interface Recording {
  readonly wallet: BenchWallet;
  readonly plan: SignPlan;
  readonly steps: readonly Step[];
  readonly drawn: ReadonlyMap<number, readonly Uint8Array[]>;
}

export function recordSign(wallet: BenchWallet): Recording {
  const drawn = new Map<number, Uint8Array[]>();
  const steps: Step[] = [];
  const plan: SignPlan = {
    ...newSignPlan(),
    random: (party) => {
      const draws: Uint8Array[] = [];
      drawn.set(party, draws);
      return {
        bytes(length) {
          const bytes = random.bytes(length);
          draws.push(bytes.slice());
          return bytes;
        },
      };
    },
  };
  runSign(wallet, plan, (step) => steps.push(step));
  return { wallet, plan, steps, drawn };
}

/** Milliseconds of each step of this party, from making its machine (the first) to the verified signature. */
export function replay({ drawn, plan, steps, wallet }: Recording, party: number): readonly number[] {
  const times: number[] = [];
  const measured = <T>(action: () => T): T => {
    const before = performance.now();
    const result = action();
    times.push(performance.now() - before);
    return result;
  };
  const again: SignPlan = { ...plan, random: () => drawAgain(drawn.get(party) ?? []) };
  const machine = measured(() => signMachine(wallet, again, party));
  let isDone = false;
  for (const step of steps.filter((candidate) => candidate.party === party)) {
    const effects = measured(() => (step.kind === 'start' ? machine.start() : machine.deliver(step.envelope)));
    isDone ||= effects.some((effect) => effect.kind === 'done');
  }
  if (!isDone) throw new BugError('BENCH_REPLAY', 'a recorded signature did not come to its end again');
  return times;
}

function drawAgain(draws: readonly Uint8Array[]): Random {
  let next = 0;
  return {
    bytes(length) {
      const drawn = draws[next++];
      if (drawn?.length !== length) throw new BugError('BENCH_REPLAY', 'other randomness is asked for than before');
      return drawn.slice();
    },
  };
}
