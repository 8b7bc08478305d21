/** What a permission asks for before it lets something through, and when one asks for as much as another. */
import { obligationsOf } from '../obligations.ts';
import type { PreparedRule } from '../prepare.ts';
import type { Rule } from '../schema.ts';
import { NO_OBLIGATIONS, type Obligations } from '../verdict.ts';

export interface Demand {
  /** Whether people have to act at all. */
  readonly asks: boolean;
  /** 0: as many as must sign. */
  readonly consents: number;
  readonly rejections: number;
  readonly obligations: Obligations;
}

/** The thresholds of the wallets concerned; a rule that asks for what cannot be denies everything. */
export interface GroupSize {
  readonly threshold: number;
  readonly parties: number;
}

export function demandOf({ consents = 0, effect, rejections = 1, require }: Rule): Demand {
  const obligations = effect === 'require' ? obligationsOf(require) : NO_OBLIGATIONS;
  return { asks: effect === 'require', consents, rejections, obligations };
}

/** Whether whoever meets `next` has met `old` as well. */
export function asksAsMuch(next: Demand, old: Demand): boolean {
  return (
    (next.asks || !old.asks) &&
    next.consents >= old.consents &&
    next.rejections <= old.rejections &&
    (!old.asks || obligesAsMuch(next.obligations, old.obligations))
  );
}

export function obligesAsMuch(next: Obligations, old: Obligations): boolean {
  return (
    (next.holder || !old.holder) &&
    (next.distinctDevices || !old.distinctDevices) &&
    next.ttlSec <= old.ttlSec &&
    next.delaySec >= old.delaySec &&
    next.rejects <= old.rejects &&
    old.groups.every(({ group, quorum }) =>
      next.groups.some((other) => other.group === group && other.quorum >= quorum),
    )
  );
}

/** Whether the permission can let anything through at all in a group of this size. */
export function canBeMet({ consents, rejections }: Demand, size: GroupSize | undefined): boolean {
  if (size === undefined) return true;
  return (consents === 0 || (consents >= size.threshold && consents <= size.parties)) && rejections <= size.parties;
}

/** Only such a rule accepts a critical risk, and excuses an effect that nobody can count. */
export function isExact(rule: PreparedRule): boolean {
  return rule.rule.effect === 'require' && rule.pinned;
}
