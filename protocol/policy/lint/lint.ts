/** Policies that say something else than they seem to: unreachable, shadowed, wider than they look, or open at an end. */
import type { GroupSize } from '../compare/demand.ts';
import type { Policy } from '../prepare.ts';
import type { LintFinding } from './finding.ts';
import { lintLimits } from './lint-limits.ts';
import { lintNames } from './lint-names.ts';
import { lintPeople } from './lint-people.ts';
import { lintRules } from './lint-rules.ts';
import { lintShadows } from './lint-shadows.ts';

/**
 * Sorted by where and code. Says only what it can prove from the file alone, so silence proves nothing.
 *
 * @param size threshold and parties of the wallets, if known: then consents are looked at, too
 */
export function lintPolicy(policy: Policy, size?: GroupSize): readonly LintFinding[] {
  const findings = [
    ...lintRules(policy),
    ...lintShadows(policy),
    ...lintLimits(policy),
    ...lintNames(policy),
    ...lintPeople(policy, size),
  ];
  return findings.sort((a, b) => (a.where === b.where ? compared(a.code, b.code) : compared(a.where, b.where)));
}

function compared(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
