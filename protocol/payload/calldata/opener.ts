/** What the openers share: each finds the calls inside one kind of wrapper, from arguments that both decoders agreed on. */
import type { DecodeLimits } from '../limits.ts';
import { addressArgument, bytesArgument, numberArgument } from './arguments.ts';
import type { Argument, Executor } from './call.ts';
import type { Frame, OpaqueHashes, SecondReading } from './frame.ts';

export interface Opening {
  readonly frame: Frame;
  readonly args: readonly Argument[];
  /** The account whose code and funds the wrapper uses: code run by delegatecall acts as the account that called it. */
  readonly self: Executor;
  readonly limits: DecodeLimits;
  readonly check: SecondReading;
  readonly hashes: OpaqueHashes;
}

export interface Opened {
  readonly frames: readonly Frame[];
  /** Set when something inside was not read; see `Call.closed`. */
  readonly closed?: true;
}

export type Opener = (opening: Opening) => Opened;

/** The wrapper is known, but what it would run cannot be told from these arguments. */
export const CLOSED: Opened = { frames: [], closed: true };

/** A plain call by `from`, from the arguments `to`, `value` and `data`. */
export function callOf(args: readonly Argument[], from: Executor): Frame {
  return {
    operation: 'call',
    from,
    to: addressArgument(args, 'to'),
    value: numberArgument(args, 'value'),
    data: bytesArgument(args, 'data'),
  };
}

/** The same with the argument `operation`, whose word is exactly 0 or 1. */
export function operationOf(args: readonly Argument[], from: Executor): Frame {
  const operation = numberArgument(args, 'operation') === 1n ? 'delegatecall' : 'call';
  return { ...callOf(args, from), operation };
}
