/** Conditions on decoded arguments. What is not there, or of another type than the value, is unknown. */
import { toHex } from '../common/bytes.ts';
import type { Address } from '../payload/address.ts';
import { type AbiValue, isText } from '../payload/calldata/abi.ts';
import type { Argument } from '../payload/calldata/call.ts';
import type { AddressSet } from './addresses.ts';
import { FREE, truth, UNKNOWN, worse } from './outcome.ts';
import type { AddressRef, ArgCondition, PolicyDocument } from './schema.ts';

/** `self` names the wallet that is asked to sign; every other value of `eqWallet` a wallet of the policy. */
export const SELF = 'self';

export interface PreparedArg {
  readonly condition: ArgCondition;
  readonly path: readonly string[];
  /** The values by type, as far as all of them are of it. */
  readonly numbers: ReadonlySet<bigint> | undefined;
  readonly flags: ReadonlySet<boolean> | undefined;
  /** Lower-case hex without `0x`. */
  readonly hexes: ReadonlySet<string> | undefined;
  readonly texts: ReadonlySet<string>;
  /** Of `inList`. */
  readonly list: AddressSet | undefined;
  /** Of `eqWallet`: by name of the wallet that is asked to sign. */
  readonly accounts: ((wallet: string, address: Address) => ReadonlySet<Address>) | undefined;
}

/** Who asks, where and when. */
export interface ArgContext {
  readonly wallet: string;
  readonly address: Address;
  readonly chainId: bigint | undefined;
  /** Entries of the address book that ended before count no more. */
  readonly now: number;
}

/** Decimal integers in their one spelling. */
export const WHOLE: RegExp = /^(0|-?[1-9][0-9]{0,77})$/;
export const HEX: RegExp = /^0x([0-9a-f]{2})*$/;

export function prepareArg(
  condition: ArgCondition,
  document: PolicyDocument,
  sets: (refs: readonly AddressRef[]) => AddressSet,
): PreparedArg {
  const { arg, op, value } = condition;
  const values = typeof value === 'string' ? [value] : value;
  const all = (pattern: RegExp): boolean => values.every((text) => pattern.test(text));
  const [first = ''] = values;
  return {
    condition,
    path: arg.split('.'),
    numbers: all(WHOLE) ? new Set(values.map(BigInt)) : undefined,
    flags: all(/^(true|false)$/) ? new Set(values.map((text) => text === 'true')) : undefined,
    hexes: all(HEX) ? new Set(values.map((text) => text.slice(2))) : undefined,
    texts: new Set(values),
    list: op === 'inList' ? sets([`@${first.slice(1)}`]) : undefined,
    accounts: op === 'eqWallet' ? accountsOf(first, document) : undefined,
  };
}

function accountsOf(name: string, document: PolicyDocument): PreparedArg['accounts'] {
  const named = new Map([...document.wallets].map(([key, scope]) => [key, new Set(scope.accounts)] as const));
  if (name !== SELF) return () => named.get(name) ?? new Set();
  return (wallet, address) => new Set([address, ...(named.get(wallet) ?? [])]);
}

/** All of them together. `args`: `undefined` for a call that nobody here can read. */
export function matchArgs(
  conditions: readonly PreparedArg[],
  args: readonly Argument[] | undefined,
  context: ArgContext,
): number {
  let outcome = FREE;
  for (const condition of conditions) outcome = worse(outcome, matchArg(condition, args, context));
  return outcome;
}

export function matchArg(arg: PreparedArg, args: readonly Argument[] | undefined, context: ArgContext): number {
  const value = argumentAt(arg.path, args);
  return value === undefined ? UNKNOWN : truthOf(compare(arg, value, context));
}

/** The first part is a name or an index, the others are indices into tuples and arrays. */
export function argumentAt(path: readonly string[], args: readonly Argument[] | undefined): AbiValue | undefined {
  let value = args === undefined ? undefined : named(path[0] ?? '', args);
  for (let i = 1; i < path.length && value !== undefined; i++) {
    const index = indexOf(path[i] ?? '');
    value = index !== undefined && Array.isArray(value) ? (value as readonly AbiValue[])[index] : undefined;
  }
  return value;
}

/** A name that two arguments have names neither. */
function named(name: string, args: readonly Argument[]): AbiValue | undefined {
  const index = indexOf(name);
  if (index !== undefined) return args[index]?.value;
  let found: AbiValue | undefined;
  for (const argument of args) {
    if (argument.name !== name) continue;
    if (found !== undefined) return undefined;
    found = argument.value;
  }
  return found;
}

function indexOf(part: string): number | undefined {
  const first = part.charCodeAt(0);
  if (first < DIGIT_0 || first > DIGIT_9) return undefined;
  return INDEX.test(part) ? Number(part) : undefined;
}

const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const INDEX = /^(0|[1-9][0-9]{0,4})$/;

function truthOf(holds: boolean | undefined): number {
  return holds === undefined ? UNKNOWN : truth(holds);
}

/** `undefined`: argument and value cannot be compared. */
function compare(arg: PreparedArg, value: AbiValue, context: ArgContext): boolean | undefined {
  switch (arg.condition.op) {
    case 'eq':
    case 'in':
      return oneOf(arg, value);
    case 'ne':
    case 'notIn': {
      const found = oneOf(arg, value);
      return found === undefined ? undefined : !found;
    }
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return inOrder(arg, value);
    case 'inList':
      return typeof value === 'string' ? arg.list?.has(context.chainId, value, context.now) : undefined;
    case 'eqWallet':
      return typeof value === 'string' ? arg.accounts?.(context.wallet, context.address).has(value) : undefined;
    case 'lenLte': {
      const length = lengthOf(value);
      return length === undefined ? undefined : every(arg.numbers, (max) => BigInt(length) <= max);
    }
  }
}

function oneOf({ numbers, flags, hexes, texts }: PreparedArg, value: AbiValue): boolean | undefined {
  if (typeof value === 'bigint') return numbers?.has(value);
  if (typeof value === 'boolean') return flags?.has(value);
  if (typeof value === 'string') return hexes?.has(value.slice(2));
  // Longer than any value of a rule can be: no need to write it out.
  if (value instanceof Uint8Array) return hexes && value.length <= 128 && hexes.has(toHex(value));
  return isText(value) ? texts.has(value.text) : undefined;
}

function inOrder({ condition, numbers }: PreparedArg, value: AbiValue): boolean | undefined {
  if (typeof value !== 'bigint') return undefined;
  return every(numbers, (bound) => {
    if (condition.op === 'lt') return value < bound;
    if (condition.op === 'lte') return value <= bound;
    return condition.op === 'gt' ? value > bound : value >= bound;
  });
}

function every(numbers: ReadonlySet<bigint> | undefined, test: (bound: bigint) => boolean): boolean | undefined {
  return numbers && [...numbers].every(test);
}

/** Bytes, items, or characters. */
function lengthOf(value: AbiValue): number | undefined {
  if (value instanceof Uint8Array || Array.isArray(value)) return value.length;
  return typeof value === 'object' && isText(value) ? value.text.length : undefined;
}
