/** Openers of batches: lists of targets, values and payloads, lists of tuples, and calls of a contract to itself. */
import { refuse } from '../refusal.ts';
import type { AbiValue } from './abi.ts';
import { argumentOf, isAddress, isList, listArgument } from './arguments.ts';
import type { Executor } from './call.ts';
import type { Frame } from './frame.ts';
import { CLOSED, type Opened, type Opening } from './opener.ts';

/** `targets`, `values` and `payloads` side by side. No values, or an empty list of them, means that no money goes along. */
export function openLists({ args, self }: Opening): Opened {
  const [targets, payloads] = [listArgument(args, 'targets'), listArgument(args, 'payloads')];
  const given = argumentOf(args, 'values');
  const values = isList(given) ? given : [];
  if (targets.length !== payloads.length) return CLOSED;
  if (values.length !== 0 && values.length !== targets.length) return CLOSED;
  return { frames: targets.map((to, i) => frameOf(self, to, values[i] ?? 0n, payloads[i])) };
}

/** A list `calls` of tuples with an address, bytes and at most one number, the value; flags beside them change nothing here. */
export function openTuples({ args, self }: Opening): Opened {
  return { frames: listArgument(args, 'calls').map((tuple) => tupleFrame(self, tuple)) };
}

export function tupleFrame(from: Executor, tuple: AbiValue): Frame {
  const fields = isList(tuple) ? tuple : [];
  const value = fields.find((field) => typeof field === 'bigint') ?? 0n;
  return frameOf(
    from,
    fields.find(isAddress),
    value,
    fields.find((field) => field instanceof Uint8Array),
  );
}

/**
 * `calls` that a contract makes into itself by delegatecall, so that they run as if whoever called it had made each of
 * them. All of them see the same value, which is counted once, at the wrapper.
 */
export function openSelfCalls({ args, frame, self }: Opening): Opened {
  const { from } = frame;
  const foreign = frame.operation === 'delegatecall';
  const to = foreign ? (self === 'wallet' ? undefined : self) : frame.to;
  const operation = foreign ? 'delegatecall' : 'call';
  const payloads = listArgument(args, 'calls');
  return { frames: payloads.map((data) => ({ ...frameOf(from, to, 0n, data), operation })) };
}

/** The table promises these types; anything else is our own mistake, and a refusal. */
export function frameOf(from: Executor, to: AbiValue | undefined, value: AbiValue, data: AbiValue | undefined): Frame {
  if (!isAddress(to) || typeof value !== 'bigint' || !(data instanceof Uint8Array)) return refuse('DECODER_FAILED');
  return { operation: 'call', from, to, value, data };
}
