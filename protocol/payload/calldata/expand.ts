/**
 * Opens a call into the tree of everything it executes. Each known call is read by the first decoder and handed to
 * `check`, where the second one reads it again; unknown calls stay closed and become the risk UNDECODED.
 */
import { toHex } from '../../common/bytes.ts';
import type { Address } from '../address.ts';
import type { DecodeLimits } from '../limits.ts';
import { refuse } from '../refusal.ts';
import { decodeArguments } from './abi.ts';
import type { Argument, Call, ControlChange, DecodedCall, Executor, Movement, Operation, SafeGas } from './call.ts';
import { addressArgument, bytesArgument, controlChangeOf, movementsOf, numberArgument } from './effects.ts';
import { decodeMultiSend, multiSendTarget, type PackedCall } from './multisend.ts';
import { checkSafeSignatures } from './safe-signatures.ts';
import { typeText } from './signature.ts';
import { KNOWN_FUNCTIONS, type KnownFunction } from './table.ts';

export interface Frame {
  readonly operation: Operation;
  readonly from: Executor;
  readonly to: Address | undefined;
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly safeGas?: SafeGas;
  /** Of `authorize` alone, which has no calldata to read. */
  readonly grant?: Grant;
  /** What hangs below by itself, before what the calldata holds: authorizations, the content of a hash. */
  readonly inside?: readonly Frame[];
}

/** What a signature lets others do. */
export interface Grant {
  /** 32 bytes that are signed. */
  readonly digest: Uint8Array;
  /** See `Call.call`. */
  readonly call: DecodedCall | undefined;
  /** Everything it lets others take, or nothing: half a list would look like the whole. */
  readonly movements: readonly Movement[];
  readonly controlChange?: ControlChange;
}

/** Finds what an opaque hash stands for, among the preimages that came along with the payload. */
export interface OpaqueHashes {
  /** The call behind `hash` on behalf of `safe`; `undefined`: nobody has said. Throws a refusal if it does not fit. */
  open(hash: Uint8Array, safe: Address): Frame | undefined;
}

export const NO_PREIMAGES: OpaqueHashes = { open: () => undefined };

/** Where the second decoder looks at what the first one has read; both throw a refusal when they differ. */
export interface SecondReading {
  call(known: KnownFunction, args: readonly Argument[], data: Uint8Array): void;
  multiSend(entries: readonly PackedCall[], transactions: Uint8Array): void;
}

export function expand(
  frame: Frame,
  check: SecondReading,
  limits: DecodeLimits,
  hashes: OpaqueHashes = NO_PREIMAGES,
): Call {
  return new Expansion(check, limits, hashes).open(frame, '0', 0);
}

/** The calls of a tree in order of execution, wrappers before what they wrap. */
export function flatten(root: Call): readonly Call[] {
  const result: Call[] = [];
  const visit = (call: Call): void => {
    result.push(call);
    call.children.forEach(visit);
  };
  visit(root);
  return result;
}

/**
 * A wrapper counts as a leaf only when it moves money itself; everything it wraps is judged one by one. Authorizations
 * that ride along with a call do not make it a wrapper.
 */
export function isLeaf(call: Call): boolean {
  return call.movements.length > 0 || call.children.every(({ operation }) => operation === 'authorize');
}

class Expansion {
  readonly #check: SecondReading;
  readonly #limits: DecodeLimits;
  readonly #hashes: OpaqueHashes;
  #calls = 0;

  constructor(check: SecondReading, limits: DecodeLimits, hashes: OpaqueHashes) {
    this.#check = check;
    this.#limits = limits;
    this.#hashes = hashes;
  }

  open(frame: Frame, path: string, depth: number): Call {
    if (depth > this.#limits.maxDepth) refuse('DEPTH_LIMIT', `more than ${this.#limits.maxDepth} levels`);
    if (++this.#calls > this.#limits.maxCalls) refuse('LEAF_LIMIT', `more than ${this.#limits.maxCalls} calls`);
    const { grant, inside = [], ...plain } = frame;
    if (grant !== undefined) return this.#granted(plain, grant, inside, path, depth);
    const selector = frame.to === undefined || frame.data.length < 4 ? undefined : toHex(frame.data.subarray(0, 4));
    const known = selector === undefined ? undefined : KNOWN_FUNCTIONS.get(selector);
    const args = known === undefined ? [] : this.#arguments(known, frame.data);
    const children = known === undefined ? [] : this.#inner(known, args, frame);
    const controlChange = controlChangeOf(frame, known, args);
    return {
      path,
      ...plain,
      selector,
      call: known === undefined ? undefined : describeCall(known, args),
      movements: movementsOf(frame, known, args),
      ...(controlChange === undefined ? {} : { controlChange }),
      children: [...inside, ...children].map((child, i) => this.open(child, `${path}.${i}`, depth + 1)),
    };
  }

  #granted(frame: Frame, grant: Grant, inside: readonly Frame[], path: string, depth: number): Call {
    const { controlChange } = grant;
    return {
      path,
      ...frame,
      selector: undefined,
      call: grant.call,
      movements: grant.movements,
      ...(controlChange === undefined ? {} : { controlChange }),
      digest: grant.digest,
      children: inside.map((child, i) => this.open(child, `${path}.${i}`, depth + 1)),
    };
  }

  #arguments(known: KnownFunction, data: Uint8Array): readonly Argument[] {
    const body = data.subarray(4);
    const values = decodeArguments(
      known.parameters.map(({ type }) => type),
      body,
    );
    const args = known.parameters.map(({ name, type }, i) => {
      const value = values[i];
      return value === undefined ? refuse('DECODER_FAILED') : { name, type: typeText(type), value };
    });
    this.#check.call(known, args, body);
    return args;
  }

  #inner(known: KnownFunction, args: readonly Argument[], frame: Frame): readonly Frame[] {
    // Code run by delegatecall acts as the account that called it.
    const self = frame.operation === 'delegatecall' ? frame.from : (frame.to ?? frame.from);
    switch (known.unwrap) {
      case 'safe':
        checkSafeSignatures(bytesArgument(args, 'signatures'));
        return [{ ...innerCall(args, self), safeGas: safeGas(args) }];
      case 'module':
        return [innerCall(args, self)];
      case 'multisend': {
        const transactions = bytesArgument(args, 'transactions');
        const entries = decodeMultiSend(transactions, this.#limits.maxCalls);
        this.#check.multiSend(entries, transactions);
        const account = self === 'wallet' ? undefined : self;
        return entries.map((entry) => ({ ...entry, from: self, to: multiSendTarget(entry.to, frame.to, account) }));
      }
      case 'hash': {
        // Only the Safe that is called looks the hash up; anywhere else the same bytes approve nothing.
        if (frame.operation !== 'call' || frame.to === undefined) return [];
        const opened = this.#hashes.open(bytesArgument(args, 'hashToApprove'), frame.to);
        return opened === undefined ? [] : [opened];
      }
      default:
        return [];
    }
  }
}

function innerCall(args: readonly Argument[], from: Executor): Frame {
  return {
    operation: numberArgument(args, 'operation') === 1n ? 'delegatecall' : 'call',
    from,
    to: addressArgument(args, 'to'),
    value: numberArgument(args, 'value'),
    data: bytesArgument(args, 'data'),
  };
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

function describeCall(known: KnownFunction, args: readonly Argument[]): DecodedCall {
  return { name: known.name, signature: known.canonical, args };
}
