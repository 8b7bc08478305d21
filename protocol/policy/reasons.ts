/** Sentences for reasons: what is wrong with a node, and which rule would permit it. */
import type { Risk } from '../payload/risk/codes.ts';
import type { NodeFacts } from './facts.ts';
import { CONDITIONS, type Condition, outcomeOf } from './match.ts';
import type { PreparedRule } from './prepare.ts';
import { type LayerTrace, printable } from './verdict.ts';

/** No permission matches: names the permission that comes closest and the conditions that keep it away. */
export function missingRule(trace: LayerTrace, index: number): string {
  const node = trace.facts.nodes[index];
  const what = node === undefined ? 'this call' : nodeWords(node);
  let closest: { readonly id: string; readonly failing: readonly Condition[] } | undefined;
  for (const [r, { permits, rule }] of trace.policy.rules.entries()) {
    if (!permits) continue;
    const failing = failingConditions(trace.results[index * trace.policy.rules.length + r] ?? 0);
    if (closest === undefined || failing.length < closest.failing.length) closest = { id: rule.id, failing };
  }
  if (closest === undefined) return printable(`no rule permits ${what}; the policy has no allow or require rule`);
  const misses = `rule "${closest.id}" comes closest and fails on ${closest.failing.join(', ')}`;
  return printable(`no allow or require rule matches ${what}; ${misses}`);
}

/** A denial that strikes because something cannot be known says so, since its author may not have thought of this call. */
export function denialWords({ rule }: PreparedRule, bits: number): string {
  const unknown = CONDITIONS.filter((condition) => outcomeOf(bits, condition) === 'unknown');
  const how = unknown.length === 0 ? 'matches' : `cannot be ruled out, because of ${unknown.join(', ')}`;
  return printable(`deny rule "${rule.id}" ${how}${rule.note === undefined ? '' : `; its note: ${rule.note}`}`);
}

/** Conditions that keep a permission from matching: a no or a doubt. */
export function failingConditions(bits: number): readonly Condition[] {
  return CONDITIONS.filter((condition) => ['no', 'unknown'].includes(outcomeOf(bits, condition)));
}

export function unacceptedRisk(risk: Risk, permitting: readonly PreparedRule[]): string {
  const named = permitting.find((rule) => rule.risks.has(risk.code));
  const found = risk.detail === '' ? '' : `${risk.detail}: `;
  if (risk.severity !== 'critical') {
    return printable(`${found}no matching rule accepts ${risk.code} in its risks, so a person has to decide`);
  }
  const needed = `a require rule that names ${risk.code} in risks and pins to together with selectors or calldataHash`;
  if (named === undefined) return printable(`${found}critical, and no matching rule accepts it; it takes ${needed}`);
  return printable(`${found}critical, and rule "${named.rule.id}" naming it is not enough; it takes ${needed}`);
}

export function finalRisk(risk: Risk): string {
  const found = risk.detail === '' ? '' : `${risk.detail}: `;
  return printable(`${found}no rule of any policy can accept ${risk.code}`);
}

/** A call in a few words: function, operation if unusual, target. */
export function nodeWords(node: NodeFacts): string {
  const { call, operation, to, selector } = node;
  if (operation === 'create') return 'a contract creation';
  if (operation === 'authorize')
    return `a signature for ${call.call?.name ?? 'others to use'}, ${to ?? 'naming nobody'}`;
  const name =
    call.call?.signature ?? (selector === 'none' ? 'a plain transfer' : `an unknown function ${selector ?? ''}`);
  return `${operation === 'delegatecall' ? 'a delegatecall of ' : ''}${name.trim()} to ${to ?? 'nobody'}`;
}
