/** How each kind of wrapper in the table is opened. */
import { concat, fromHex, toHex, utf8 } from '../../common/bytes.ts';
import { type Address, ZERO_ADDRESS } from '../address.ts';
import { keccak256 } from '../keccak.ts';
import { type AbiValue, isText } from './abi.ts';
import {
  addressArgument,
  argumentOf,
  bytesArgument,
  isAddress,
  isList,
  listArgument,
  numberArgument,
} from './arguments.ts';
import type { Argument, Executor, SafeGas } from './call.ts';
import type { Frame, SecondReading } from './frame.ts';
import type { Unwrap } from './functions/row.ts';
import { decodeMultiSend, multiSendTarget } from './multisend.ts';
import { CLOSED, callOf, type Opened, type Opener, type Opening, operationOf } from './opener.ts';
import { openExecution, openOperations } from './openers-account.ts';
import { frameOf, openLists, openSelfCalls, openTuples } from './openers-batch.ts';
import { checkSafeSignatures } from './safe-signatures.ts';

export const OPENERS: Readonly<Record<Unwrap, Opener>> = {
  safe: openSafe,
  setup: openSetup,
  /** A single call with the word `operation`. */
  module: ({ args, self }) => ({ frames: [operationOf(args, self)] }),
  single: ({ args, self }) => ({ frames: [callOf(args, self)] }),
  /** `to` and `data`, run as the account. */
  foreign: ({ args, self }) => foreignCode(self, addressArgument(args, 'to'), bytesArgument(args, 'data')),
  /** The same on the proxy named by the function, or on the contract itself, by an upgrade. */
  initialise: openInitialise,
  multisend: openMultiSend,
  hash: openHash,
  lists: openLists,
  tuples: openTuples,
  self: openSelfCalls,
  execution: openExecution,
  operations: openOperations,
  named: openNamed,
  'named-lists': openNamedLists,
};

function openSafe({ args, self }: Opening): Opened {
  checkSafeSignatures(bytesArgument(args, 'signatures'));
  return { frames: [{ ...operationOf(args, self), safeGas: safeGas(args) }] };
}

function safeGas(args: readonly Argument[]): SafeGas {
  return {
    safeTxGas: numberArgument(args, 'safeTxGas'),
    baseGas: numberArgument(args, 'baseGas'),
    gasPrice: numberArgument(args, 'gasPrice'),
    gasToken: addressArgument(args, 'gasToken'),
    refundReceiver: addressArgument(args, 'refundReceiver'),
  };
}

/** A new Safe first runs `data` at `to` as itself, unless `to` is zero. */
function openSetup({ args, self }: Opening): Opened {
  const to = addressArgument(args, 'to');
  return to === ZERO_ADDRESS ? { frames: [] } : foreignCode(self, to, bytesArgument(args, 'data'));
}

function openInitialise({ args, self }: Opening): Opened {
  const [proxy, implementation] = [argumentOf(args, 'proxy'), argumentOf(args, 'implementation')];
  const data = bytesArgument(args, 'data');
  if (data.length === 0 || !isAddress(implementation) || implementation === ZERO_ADDRESS) return { frames: [] };
  return foreignCode(isAddress(proxy) ? proxy : self, implementation, data);
}

function foreignCode(from: Executor, to: Address, data: Uint8Array): Opened {
  return { frames: [{ operation: 'delegatecall', from, to, value: 0n, data }] };
}

function openMultiSend({ args, self, frame, limits, check }: Opening): Opened {
  const transactions = bytesArgument(args, 'transactions');
  const entries = decodeMultiSend(transactions, limits.maxCalls);
  check.multiSend(entries, transactions);
  const account = self === 'wallet' ? undefined : self;
  return {
    frames: entries.map((entry) => ({ ...entry, from: self, to: multiSendTarget(entry.to, frame.to, account) })),
  };
}

/** Only the Safe that is called looks the hash up; anywhere else the same bytes approve nothing. */
function openHash({ args, frame, hashes }: Opening): Opened {
  if (frame.operation !== 'call' || frame.to === undefined) return { frames: [] };
  const opened = hashes.open(bytesArgument(args, 'hashToApprove'), frame.to);
  return { frames: opened === undefined ? [] : [opened] };
}

/** A call whose function is given as text, `signature`; an empty one means that `data` is the calldata already. */
function openNamed({ args, self, check }: Opening): Opened {
  const data = namedData(argumentOf(args, 'signature'), argumentOf(args, 'data'), check);
  return data === undefined ? CLOSED : { frames: [{ ...callOf(args, self), data }] };
}

function openNamedLists({ args, self, check }: Opening): Opened {
  const [targets, values] = [listArgument(args, 'targets'), listArgument(args, 'values')];
  const [signatures, payloads] = [listArgument(args, 'signatures'), listArgument(args, 'payloads')];
  if ([values, signatures, payloads].some(({ length }) => length !== targets.length)) return CLOSED;
  const frames: Frame[] = [];
  for (const [i, to] of targets.entries()) {
    const data = namedData(signatures[i], payloads[i], check);
    if (data === undefined) return CLOSED;
    frames.push(frameOf(self, to, values[i] ?? 0n, data));
  }
  return { frames };
}

/** `undefined`: the text holds more than visible ASCII, so that nobody can say what a reader would make of it. */
function namedData(
  signature: AbiValue | undefined,
  data: AbiValue | undefined,
  check: SecondReading,
): Uint8Array | undefined {
  if (signature === undefined || isList(signature) || !isText(signature) || !(data instanceof Uint8Array))
    return undefined;
  const { text } = signature;
  if (text === '') return data;
  if (!/^[\x21-\x7e]+$/.test(text)) return undefined;
  const selector = toHex(keccak256(utf8(text))).slice(0, 8);
  check.selector(text, selector);
  return concat(fromHex(selector) ?? new Uint8Array(4), data);
}
