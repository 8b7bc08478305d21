/**
 * Opens a call into the tree of everything it executes. Each known call is read by the first decoder and handed to
 * `check`, where the second one reads it again; unknown calls stay closed and become the risk UNDECODED.
 */
import { toHex } from '../../common/bytes.ts';
import type { DecodeLimits } from '../limits.ts';
import { refuse } from '../refusal.ts';
import { decodeArguments } from './abi.ts';
import { argumentOf } from './arguments.ts';
import type { Argument, Call, DecodedCall } from './call.ts';
import { controlChangeOf, movementsOf } from './effects.ts';
import { type Frame, type Grant, NO_PREIMAGES, type OpaqueHashes, type SecondReading } from './frame.ts';
import { CLOSED, type Opened } from './opener.ts';
import { OPENERS } from './openers.ts';
import { typeText } from './signature.ts';
import { KNOWN_FUNCTIONS, type KnownFunction } from './table.ts';

export type { Frame, OpaqueHashes, SecondReading } from './frame.ts';

export function expand(
  frame: Frame,
  check: SecondReading,
  limits: DecodeLimits,
  hashes: OpaqueHashes = NO_PREIMAGES,
): Call {
  const later: (() => void)[] = [];
  const root = new Expansion(deferred(check, later), limits, hashes).open(frame, '0', 0);
  for (const reading of later) reading();
  return root;
}

/** The second reading takes much longer, so what the first one refuses, like too many levels, never gets there. */
function deferred(check: SecondReading, later: (() => void)[]): SecondReading {
  return {
    call: (known, args, data) => later.push(() => check.call(known, args, data)),
    multiSend: (entries, transactions) => later.push(() => check.multiSend(entries, transactions)),
    packed: (fields, data) => later.push(() => check.packed(fields, data)),
    selector: (signature, selector) => later.push(() => check.selector(signature, selector)),
  };
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

/** Each level repeats what it wraps. Honest payloads wrap little in much: a Safe, a batch in it, and the calls of that. */
const SHARE = 3;

class Expansion {
  readonly #check: SecondReading;
  readonly #limits: DecodeLimits;
  readonly #hashes: OpaqueHashes;
  #calls = 0;
  #bytes = 0;

  constructor(check: SecondReading, limits: DecodeLimits, hashes: OpaqueHashes) {
    this.#check = check;
    this.#limits = limits;
    this.#hashes = hashes;
  }

  open(frame: Frame, path: string, depth: number): Call {
    if (depth > this.#limits.maxDepth) refuse('DEPTH_LIMIT', `more than ${this.#limits.maxDepth} levels`);
    if (++this.#calls > this.#limits.maxCalls) refuse('LEAF_LIMIT', `more than ${this.#limits.maxCalls} calls`);
    this.#bytes += frame.data.length;
    const maxBytes = SHARE * this.#limits.maxBytes;
    if (this.#bytes > maxBytes) refuse('DEPTH_LIMIT', `more than ${maxBytes} bytes of calls in calls`);
    const { grant, inside = [], ...plain } = frame;
    if (grant !== undefined) return this.#granted(plain, grant, inside, path, depth);
    const selector = frame.to === undefined || frame.data.length < 4 ? undefined : toHex(frame.data.subarray(0, 4));
    const known = selector === undefined ? undefined : KNOWN_FUNCTIONS.get(selector);
    const args = known === undefined || known.nameOnly ? [] : this.#arguments(known, frame.data);
    const opened = known === undefined ? NOTHING : this.#inner(known, args, frame);
    const controlChange = controlChangeOf(frame, known, args);
    return {
      path,
      ...plain,
      selector,
      call: known === undefined ? undefined : describeCall(known, args),
      ...(opened.closed ? { closed: true } : {}),
      movements: movementsOf(frame, known, args),
      ...(controlChange === undefined ? {} : { controlChange }),
      children: [...inside, ...opened.frames].map((child, i) => this.open(child, `${path}.${i}`, depth + 1)),
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

  #inner(known: KnownFunction, args: readonly Argument[], frame: Frame): Opened {
    if (known.nameOnly) return CLOSED;
    if (known.unwrap === undefined) return known.ofToken && hasMessage(args) ? CLOSED : NOTHING;
    const self = frame.operation === 'delegatecall' ? frame.from : (frame.to ?? frame.from);
    const [limits, check, hashes] = [this.#limits, this.#check, this.#hashes];
    return OPENERS[known.unwrap]({ frame, args, self, limits, check, hashes });
  }
}

const NOTHING: Opened = { frames: [] };

/** `data` of a token's function is for the receiver or spender, which does with it what it likes. */
function hasMessage(args: readonly Argument[]): boolean {
  const data = argumentOf(args, 'data');
  return data instanceof Uint8Array && data.length > 0;
}

function describeCall(known: KnownFunction, args: readonly Argument[]): DecodedCall {
  return { name: known.name, signature: known.canonical, args };
}
