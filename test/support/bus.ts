/** Machines of the threshold protocol in one thread: effects are carried out at once, messages delivered in order. */
import type { Abort } from '../../protocol/threshold/errors.ts';
import type { Effect, Machine } from '../../protocol/threshold/rounds/round.ts';

export interface Ran<Output, RunRecord> {
  readonly outputs: ReadonlyMap<number, Output>;
  readonly aborts: ReadonlyMap<number, Abort>;
  readonly records: readonly { readonly party: number; readonly record: RunRecord }[];
  /** Every broadcast envelope, in the order sent. */
  readonly broadcasts: readonly Uint8Array[];
}

/** What the network makes of a message; undefined loses it. */
export type Network = (message: {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}) => Uint8Array | undefined;

/**
 * Runs all machines until nothing is under way.
 *
 * @param partyOf key of the machine that the receiver of an effect stands for, where a run counts in pids
 */
export function runAll<Output, RunRecord>(
  machines: ReadonlyMap<number, Machine<Output, RunRecord>>,
  network: Network = ({ bytes }) => bytes,
  partyOf: (to: number) => number = (to) => to,
): Ran<Output, RunRecord> {
  const outputs = new Map<number, Output>();
  const aborts = new Map<number, Abort>();
  const records: { readonly party: number; readonly record: RunRecord }[] = [];
  const broadcasts: Uint8Array[] = [];
  const queue: { readonly from: number; readonly to: number; readonly bytes: Uint8Array }[] = [];
  const carryOut = (from: number, effects: readonly Effect<Output, RunRecord>[]): void => {
    for (const effect of effects) {
      if (effect.kind === 'record') records.push({ party: from, record: effect.record });
      else if (effect.kind === 'done') outputs.set(from, effect.output);
      else if (effect.kind === 'abort') aborts.set(from, effect.abort);
      else {
        if (effect.to === 0) broadcasts.push(effect.envelope);
        const receivers = effect.to === 0 ? [...machines.keys()].filter((to) => to !== from) : [partyOf(effect.to)];
        for (const to of receivers) queue.push({ from, to, bytes: effect.envelope });
      }
    }
  };
  for (const [index, machine] of machines) carryOut(index, machine.start());
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const bytes = network(next);
    if (bytes !== undefined) carryOut(next.to, machines.get(next.to)?.deliver(bytes) ?? []);
  }
  return { outputs, aborts, records, broadcasts };
}
