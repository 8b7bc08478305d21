/**
 * What payloads a rule speaks of, in a form in which one area can be proven to lie inside another. Only what these few
 * lines prove counts; everything else is taken for a widening (docs/governance.md).
 */
import { assetKey, type PreparedRule } from '../prepare.ts';
import type { AmountRange, ArgCondition, LimitMatch, PolicyDocument, TimeWindow } from '../schema.ts';
import { type BothLists, impliesAll, isWithinTimes } from './conditions.ts';
import { type Reach, type Reaches, reachesAll, reachNothingTogether } from './reach.ts';

/** An absent field holds for everything. */
export interface Area {
  readonly sets: { readonly [name: string]: ReadonlySet<unknown> | undefined };
  readonly reaches: { readonly [name: string]: Reach | undefined };
  /** The most that may be: wei, gas. */
  readonly caps: { readonly [name: string]: bigint | undefined };
  readonly amount: AmountRange | undefined;
  readonly args: readonly ArgCondition[];
  readonly times: readonly TimeWindow[] | undefined;
}

export function areaOfRule(rule: PreparedRule, reaches: Reaches): Area {
  const { match } = rule.rule;
  const reach = (refs: typeof match.to): Reach | undefined => refs && reaches.of(refs, match.chainIds);
  return {
    sets: {
      wallets: rule.wallets,
      chainIds: rule.chainIds,
      initiators: rule.initiators,
      kinds: rule.kinds,
      operations: rule.operations,
      selectors: rule.selectors,
      calldataHash: rule.calldataHash === undefined ? undefined : new Set([rule.calldataHash]),
      typeHashes: rule.typeHashes,
      assets: rule.assets,
      txTypes: match.txTypes && new Set(match.txTypes),
      // Of a denial these are what it strikes at; of a permission what it accepts, which is no condition.
      risks: rule.permits || rule.risks.size === 0 ? undefined : rule.risks,
    },
    reaches: { to: reach(match.to), safes: reach(match.safes), counterparties: reach(match.counterparties) },
    caps: {
      nativeValue: rule.valueMax,
      fee: rule.feeMax,
      gasLimit: match.gas?.limitMax,
      gasPrice: match.gas?.maxFeePerGasMax,
    },
    amount: rule.amount,
    args: match.args ?? [],
    times: match.time,
  };
}

/** What a limit counts. */
export function areaOfLimit(match: LimitMatch | undefined, reaches: Reaches): Area {
  const { chainIds, counterparties, initiators, kinds, selectors, wallets } = match ?? {};
  const set = <T>(values: readonly T[] | undefined): ReadonlySet<T> | undefined => values && new Set(values);
  return {
    sets: {
      wallets: set(wallets),
      chainIds: set(chainIds),
      initiators: set(initiators),
      kinds: set(kinds),
      selectors: set(selectors),
    },
    reaches: { counterparties: counterparties && reaches.of(counterparties, chainIds) },
    caps: {},
    amount: undefined,
    args: [],
    times: undefined,
  };
}

/** Whether it is proven that `outer` holds wherever `inner` does. */
export function isInside(inner: Area, outer: Area, lists: BothLists): boolean {
  return (
    Object.entries(outer.sets).every(([name, set]) => set === undefined || isSubset(inner.sets[name], set)) &&
    Object.entries(outer.reaches).every(([name, reach]) => {
      const within = inner.reaches[name];
      return reach === undefined || (within !== undefined && reachesAll(reach, within));
    }) &&
    Object.entries(outer.caps).every(([name, cap]) => cap === undefined || (inner.caps[name] ?? cap + 1n) <= cap) &&
    isRangeInside(inner.amount, outer.amount) &&
    impliesAll(inner.args, outer.args, lists) &&
    isWithinTimes(inner.times, outer.times)
  );
}

/** Whether it is proven that no payload lies in both; of permissions only, where doubt keeps a condition from holding. */
export function areApart(a: Area, b: Area): boolean {
  const parted = Object.entries(a.sets).some(([name, set]) => {
    const other = b.sets[name];
    return set !== undefined && other !== undefined && [...set].every((value) => !other.has(value));
  });
  if (parted) return true;
  const elsewhere = Object.entries(a.reaches).some(([name, reach]) => {
    const other = b.reaches[name];
    return reach !== undefined && other !== undefined && reachNothingTogether(reach, other);
  });
  return elsewhere || (isOneAsset(a) && isOneAsset(b) && areRangesApart(a.amount, b.amount));
}

/** Symbols are names; what they stand for is compared. */
export function assetOf(document: PolicyDocument, symbol: string | undefined): string | undefined {
  const asset = symbol === undefined ? undefined : document.assets.get(symbol);
  return asset && assetKey(asset.chainId, asset.address);
}

function isSubset(inner: ReadonlySet<unknown> | undefined, outer: ReadonlySet<unknown>): boolean {
  return inner !== undefined && [...inner].every((value) => outer.has(value));
}

function isRangeInside(inner: AmountRange | undefined, outer: AmountRange | undefined): boolean {
  if (outer === undefined) return true;
  if (inner === undefined) return false;
  const isAbove = outer.min === undefined || (inner.min ?? -1n) >= outer.min;
  return isAbove && (outer.max === undefined || (inner.max !== undefined && inner.max <= outer.max));
}

/** Sets that are not apart and of one asset each are of the same asset. */
function isOneAsset({ sets }: Area): boolean {
  return sets['assets']?.size === 1;
}

function areRangesApart(a: AmountRange | undefined, b: AmountRange | undefined): boolean {
  const isBelow = (low: AmountRange | undefined, high: AmountRange | undefined): boolean =>
    low?.max !== undefined && high?.min !== undefined && low.max < high.min;
  return isBelow(a, b) || isBelow(b, a);
}
