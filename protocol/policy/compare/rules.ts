/**
 * Rules of two versions. A permission must lie inside one of before, ask for what was asked there, and accept no more; a
 * denial must still be there (docs/governance.md, rules 3 to 5).
 */
import { RISKS, type RiskCode } from '../../payload/risk/codes.ts';
import type { Policy, PreparedRule } from '../prepare.ts';
import { type Area, areApart, areaOfRule, isInside } from './area.ts';
import { judgedBy, narrows, type PolicyChange, widens } from './change.ts';
import { asksAsMuch, canBeMet, type Demand, demandOf, type GroupSize, isExact } from './demand.ts';
import { Reaches } from './reach.ts';
import { ruleChangeWords, ruleName, ruleWords } from './rule-words.ts';

/** Comparisons of two rules before two versions are called too different to prove anything. */
const MAX_COMPARISONS = 200_000;

interface Side {
  readonly policy: Policy;
  readonly reaches: Reaches;
  readonly rules: ReadonlyMap<string, Compared>;
}

interface Compared {
  readonly rule: PreparedRule;
  readonly area: Area;
  readonly demand: Demand;
}

export function compareRules(old: Policy, next: Policy, size: GroupSize | undefined): readonly PolicyChange[] {
  return new RuleComparison(sideOf(old), sideOf(next), size).changes();
}

function sideOf(policy: Policy): Side {
  const reaches = new Reaches(policy.document);
  const rules = policy.rules.map((rule): readonly [string, Compared] => [
    rule.rule.id,
    { rule, area: areaOfRule(rule, reaches), demand: demandOf(rule.rule) },
  ]);
  return { policy, reaches, rules: new Map(rules) };
}

class RuleComparison {
  readonly #old: Side;
  readonly #next: Side;
  readonly #size: GroupSize | undefined;
  readonly #nextPermits: readonly Compared[];
  readonly #oldPermits: readonly Compared[];
  /** New permissions that ask for the same together. */
  readonly #byDemand: readonly (readonly Compared[])[];
  /** Old limits on amounts, or flows, deny what nobody can count, save where only exact rules permit it. */
  readonly #countsEffects: boolean;
  #left = MAX_COMPARISONS;

  constructor(old: Side, next: Side, size: GroupSize | undefined) {
    this.#old = old;
    this.#next = next;
    this.#size = size;
    this.#oldPermits = [...old.rules.values()].filter(({ rule }) => rule.permits);
    this.#nextPermits = [...next.rules.values()].filter(({ rule }) => rule.permits);
    this.#byDemand = byDemand(this.#nextPermits);
    const { flows, limits } = old.policy.document;
    this.#countsEffects = flows !== undefined || (limits ?? []).some(({ measure }) => measure === 'amount');
  }

  changes(): readonly PolicyChange[] {
    const ids = [...new Set([...this.#old.rules.keys(), ...this.#next.rules.keys()])].sort();
    const changes = ids.flatMap((id) => this.#changeOf(id) ?? []);
    if (this.#left > 0) return changes;
    return [...changes, widens('rules', 'the two versions differ in too many rules to be compared')];
  }

  #changeOf(id: string): PolicyChange | undefined {
    const before = this.#old.rules.get(id);
    const after = this.#next.rules.get(id);
    const faults = [before && this.#lostFault(before), after && this.#gainedFault(after)].flatMap(
      (fault) => fault ?? [],
    );
    const path = `rules.${id}`;
    const because = faults.length === 0 ? '' : `; ${faults.join('; ')}`;
    const proven = faults.length === 0;
    if (before === undefined && after !== undefined) {
      const words = `new rule: ${ruleWords(after.rule.rule, this.#next.policy.document)}`;
      return judgedBy(proven, path, words + because);
    }
    if (before !== undefined && after === undefined) {
      const words = `rule removed: ${ruleWords(before.rule.rule, this.#old.policy.document)}`;
      return judgedBy(proven, path, words + because);
    }
    if (before === undefined || after === undefined) return undefined;
    const words = ruleChangeWords(
      { rule: before.rule.rule, document: this.#old.policy.document },
      { rule: after.rule.rule, document: this.#next.policy.document },
    );
    if (words === undefined) {
      // What it names, or what stands beside it, has changed.
      return proven ? undefined : widens(path, `${ruleName(after.rule.rule)} as before${because}`);
    }
    if (words.onlyNotes && proven) return { path, kind: 'neutral', words: words.text };
    return proven ? narrows(path, words.text) : widens(path, words.text + because);
  }

  /** Why the new version may permit by this rule what the old one did not. */
  #gainedFault(after: Compared): string | undefined {
    const { rule } = after;
    // Also of a rule whose numbers deny everything: the group may grow until they no longer do.
    if (!rule.permits) return undefined;
    const isKnown = this.#find(this.#oldPermits, after, (old) => this.#permitsFor(old, after));
    return isKnown ? undefined : 'no rule before permits all of this';
  }

  /** Whether `old` lets through all that `next` does, and accepts the same risks. */
  #permitsFor(old: Compared, next: Compared): boolean {
    const acceptsMore = [...next.rule.risks].some((code) => !old.rule.risks.has(code));
    if (acceptsMore) return false;
    if (
      !canBeMet(old.demand, this.#size) &&
      (canBeMet(next.demand, this.#size) || !asksAsMuch(next.demand, old.demand))
    ) {
      return false;
    }
    // A pin opens something: by it alone a critical risk is accepted.
    if (isExact(next.rule) && !isExact(old.rule) && [...next.rule.risks].some(isCritical)) return false;
    return this.#isNextInside(next, old);
  }

  /** Why what this rule asked for, or forbade, may be asked or forbidden no longer. */
  #lostFault(before: Compared): string | undefined {
    if (!before.rule.permits) return this.#isStillDenied(before) ? undefined : 'nothing denies all of this any more';
    if (!canBeMet(before.demand, this.#size)) {
      return this.#isStillDead(before) ? undefined : 'before, its numbers of consents or rejections denied all of this';
    }
    if (!this.#isStillAsked(before)) return 'what it permitted may now pass with less than it asked for';
    return this.#isStillDoubted(before) ? undefined : 'an effect that nobody can count was denied beside it';
  }

  /** Some rule asks as much of all of this, or none that may permit any of it asks less. */
  #isStillAsked(before: Compared): boolean {
    const asks = ({ demand }: Compared): boolean => asksAsMuch(demand, before.demand);
    const milder = this.#byDemand.flatMap((alike) => (alike[0] !== undefined && asks(alike[0]) ? [] : alike));
    // What a deferring policy does not mention it asks nothing for.
    const mayBeSilent = this.#next.policy.document.unmatched === 'defer';
    if (!mayBeSilent && this.#areApart(before, milder)) return true;
    return this.#find(this.#nextPermits, before, (next) => asks(next) && this.#isOldInside(before, next));
  }

  #isStillDenied(before: Compared): boolean {
    const denials = [...this.#next.rules.values()].filter(({ rule }) => !rule.permits);
    return this.#find(denials, before, (next) => this.#isOldInside(before, next));
  }

  #isStillDead(before: Compared): boolean {
    const dead = this.#nextPermits.filter(({ demand }) => !canBeMet(demand, this.#size));
    return this.#find(dead, before, (next) => this.#isOldInside(before, next));
  }

  /** A rule that is not exact keeps what nobody can count denied, even where an exact one permits it. */
  #isStillDoubted(before: Compared): boolean {
    const { rule } = before;
    // With assets or counterparties it never permits what nobody can count.
    if (!this.#countsEffects || isExact(rule) || rule.assets !== undefined || rule.counterparties !== undefined) {
      return true;
    }
    const exact = this.#nextPermits.filter((next) => isExact(next.rule));
    if (this.#areApart(before, exact)) return true;
    return this.#find(this.#nextPermits, before, (next) => !isExact(next.rule) && this.#isOldInside(before, next));
  }

  /** Whether it is proven that none of these new permissions matches anything that `before` matched. */
  #areApart(before: Compared, others: readonly Compared[]): boolean {
    return others.every((next) => this.#spend() && areApart(before.area, next.area));
  }

  /** The rule of the same id first: most are as they were. */
  #find(candidates: readonly Compared[], subject: Compared, test: (candidate: Compared) => boolean): boolean {
    const { id } = subject.rule.rule;
    const namesake = candidates.find(({ rule }) => rule.rule.id === id);
    if (namesake !== undefined && this.#spend() && test(namesake)) return true;
    return candidates.some((candidate) => candidate !== namesake && this.#spend() && test(candidate));
  }

  #isOldInside(old: Compared, next: Compared): boolean {
    return isInside(old.area, next.area, { inner: this.#old.reaches, outer: this.#next.reaches });
  }

  #isNextInside(next: Compared, old: Compared): boolean {
    return isInside(next.area, old.area, { inner: this.#next.reaches, outer: this.#old.reaches });
  }

  /** False when nothing more is compared; then nothing more is proven. */
  #spend(): boolean {
    this.#left -= 1;
    return this.#left > 0;
  }
}

function byDemand(rules: readonly Compared[]): readonly (readonly Compared[])[] {
  const alike = new Map<string, Compared[]>();
  for (const compared of rules) {
    const name = JSON.stringify(compared.demand);
    const known = alike.get(name);
    if (known === undefined) alike.set(name, [compared]);
    else known.push(compared);
  }
  return [...alike.values()];
}

function isCritical(code: string): boolean {
  return RISKS[code as RiskCode]?.severity === 'critical';
}
