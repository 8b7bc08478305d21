/**
 * Whether one version of a policy lets through more than another. Conservative: `narrows` is proven, rule by rule, by
 * what this folder can prove; everything else widens, and waits (docs/governance.md). Two statements are outside the
 * proof: observed look-alikes of addresses that are no longer listed, and the budget of steps of a judgement.
 */
import { equalBytes } from '../../common/bytes.ts';
import { canonicalText, type Json } from '../../common/canonical-json.ts';
import { canonicalPolicy, policyDigest } from '../canonical.ts';
import type { Policy } from '../prepare.ts';
import { compareBooks, isBookChange } from './book.ts';
import type { PolicyChange } from './change.ts';
import type { GroupSize } from './demand.ts';
import { compareLimits } from './limits.ts';
import { comparePeople } from './people.ts';
import { compareRules } from './rules.ts';
import { compareScope } from './scope.ts';

/** `same`: the same document. `book`: only counterparties were added, or replaced by later entries of their own. */
export type Direction = 'same' | 'narrows' | 'book' | 'widens';

export interface PolicyComparison {
  readonly direction: Direction;
  /** In the order of the file's fields; versions and parents aside. */
  readonly changes: readonly PolicyChange[];
}

/**
 * @param size of the group of parties, if known: a rule that asks for more consents than there are parties, or fewer than
 *   must sign, permits nothing. Without it rules are taken to be in range.
 */
export function comparePolicies(old: Policy, next: Policy, size?: GroupSize): PolicyComparison {
  if (equalBytes(policyDigest(old), policyDigest(next))) return { direction: 'same', changes: [] };
  const structure = [
    ...compareScope(old.document, next.document),
    ...compareBooks(old.document, next.document),
    ...comparePeople(old.document, next.document),
  ];
  const rules = [...compareRules(old, next, size), ...compareLimits(old, next)];
  return { direction: directionOf(old, next, structure, rules), changes: [...structure, ...rules] };
}

function directionOf(
  old: Policy,
  next: Policy,
  structure: readonly PolicyChange[],
  rules: readonly PolicyChange[],
): Direction {
  if ([...structure, ...rules].every(({ kind }) => kind !== 'widens')) return 'narrows';
  const said = (policy: Policy): string => {
    const { limits, rules } = canonicalPolicy(policy) as { readonly [name: string]: Json };
    return canonicalText([rules ?? [], limits ?? []]);
  };
  const isBook = said(old) === said(next) && isBookChange(old.document, next.document, structure);
  return isBook ? 'book' : 'widens';
}
