/** When one condition on arguments or on the time of the week is proven to be as narrow as another. */
import type { ArgCondition, TimeWindow } from '../schema.ts';
import { type Reaches, reachesAll } from './reach.ts';

/** Both policies' lists: what `@list` stands for may differ between them. */
export interface BothLists {
  readonly inner: Reaches;
  readonly outer: Reaches;
}

/** Whether every condition of `outer` follows from one of `inner`. */
export function impliesAll(inner: readonly ArgCondition[], outer: readonly ArgCondition[], lists: BothLists): boolean {
  return outer.every((wanted) => inner.some((given) => given.arg === wanted.arg && implies(given, wanted, lists)));
}

function implies(given: ArgCondition, wanted: ArgCondition, lists: BothLists): boolean {
  if (wanted.op === 'inList' || given.op === 'inList') {
    return given.op === wanted.op && sameText(given, wanted) && listsWithin(given, lists);
  }
  if (given.op === wanted.op && sameText(given, wanted)) return given.op !== 'eqWallet' || sameAccounts(lists);
  const [from, to] = [valuesOf(given), valuesOf(wanted)];
  // Values of another kind would make one condition unknown where the other is not.
  if (!from.concat(to).every(isDecimal) && !from.concat(to).every(isHexLike(from[0] ?? ''))) return false;
  switch (wanted.op) {
    case 'eq':
    case 'in':
      return (given.op === 'eq' || given.op === 'in') && from.every((value) => to.includes(value));
    case 'ne':
    case 'notIn':
      return (given.op === 'ne' || given.op === 'notIn') && to.every((value) => from.includes(value));
    case 'lt':
    case 'lte':
    case 'gt':
    case 'gte':
      return areOrdered(given, wanted);
    case 'lenLte':
      return given.op === 'lenLte' && numberOf(given) <= numberOf(wanted);
    default:
      return false;
  }
}

/** Among whole numbers, `lt 5` is `lte 4`. An `eq` proves nothing: it may compare texts, which have no order. */
function areOrdered(given: ArgCondition, wanted: ArgCondition): boolean {
  if (!isDecimal(textOf(given)) || !isDecimal(textOf(wanted))) return false;
  const most = (condition: ArgCondition): bigint | undefined => {
    if (condition.op === 'lte') return numberOf(condition);
    return condition.op === 'lt' ? numberOf(condition) - 1n : undefined;
  };
  const least = (condition: ArgCondition): bigint | undefined => {
    if (condition.op === 'gte') return numberOf(condition);
    return condition.op === 'gt' ? numberOf(condition) + 1n : undefined;
  };
  const [mostWanted, mostGiven] = [most(wanted), most(given)];
  if (wanted.op === 'lt' || wanted.op === 'lte') {
    return mostWanted !== undefined && mostGiven !== undefined && mostGiven <= mostWanted;
  }
  const [leastWanted, leastGiven] = [least(wanted), least(given)];
  return leastWanted !== undefined && leastGiven !== undefined && leastGiven >= leastWanted;
}

/** What `eqWallet` stands for are the accounts that the policy gives a wallet. */
function sameAccounts({ inner, outer }: BothLists): boolean {
  return inner.accounts === outer.accounts;
}

function listsWithin(given: ArgCondition, { inner, outer }: BothLists): boolean {
  return valuesOf(given).every((ref) => {
    const name = ref.slice(1);
    return ref.startsWith('@') && reachesAll(outer.list(name), inner.list(name));
  });
}

/** Whether every window of `inner` lies in one of `outer`; absent: at any time. */
export function isWithinTimes(
  inner: readonly TimeWindow[] | undefined,
  outer: readonly TimeWindow[] | undefined,
): boolean {
  if (outer === undefined) return true;
  if (inner === undefined) return false;
  return inner.every((window) =>
    outer.some(
      ({ days, from, to }) => window.days.every((day) => days.includes(day)) && window.from >= from && window.to <= to,
    ),
  );
}

function sameText(a: ArgCondition, b: ArgCondition): boolean {
  return valuesOf(a).join('\n') === valuesOf(b).join('\n');
}

function valuesOf({ value }: ArgCondition): readonly string[] {
  return typeof value === 'string' ? [value] : value;
}

function textOf(condition: ArgCondition): string {
  return valuesOf(condition)[0] ?? '';
}

function numberOf(condition: ArgCondition): bigint {
  const text = textOf(condition);
  return isDecimal(text) ? BigInt(text) : 0n;
}

function isDecimal(text: string): boolean {
  return /^[0-9]+$/.test(text);
}

/** Hex of the same length: addresses with addresses, words with words. */
function isHexLike(first: string): (text: string) => boolean {
  return (text) => /^0x[0-9a-f]+$/.test(text) && text.length === first.length;
}
