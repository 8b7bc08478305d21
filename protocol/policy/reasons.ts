/** Sentences for reasons: what is wrong with a node, and which rule would permit it. */
import type { Risk } from '../payload/risk/codes.ts';
import type { NodeFacts } from './facts.ts';
import { CONDITIONS, type Condition, failures, matchNode, outcomeOf, type Words } from './match.ts';
import type { PreparedRule } from './prepare.ts';
import { type LayerTrace, printable } from './verdict.ts';

/** Where nothing permits a call, the closest rule is searched for so many calls of a payload, among so many rules. */
const CLOSEST_NODES = 8;
const CLOSEST_RULES = 256;

/**
 * No permission matches: names the permission that comes closest and the conditions that keep it away. `found`: how many
 * such calls there were before. `payloadWords`: of each rule (match.ts).
 */
export function missingRule(
  { facts, policy, request }: Pick<LayerTrace, 'facts' | 'policy' | 'request'>,
  payloadWords: readonly number[],
  index: number,
  found: number,
): string {
  const node = facts.nodes[index];
  if (node === undefined) return 'no rule permits this call';
  const what = nodeWords(node);
  if (found >= CLOSEST_NODES) return printable(`no allow or require rule matches ${what}`);
  let compared = 0;
  let closest: { readonly id: string; readonly words: Words; readonly failing: number } | undefined;
  for (const [r, rule] of policy.rules.entries()) {
    if (!rule.permits) continue;
    if (++compared > CLOSEST_RULES) break;
    const words = { payload: payloadWords[r] ?? 0, node: matchNode(rule, node, facts, request) };
    const failing = failures(words);
    if (closest === undefined || failing < closest.failing) closest = { id: rule.rule.id, words, failing };
  }
  if (closest === undefined) return printable(`no rule permits ${what}; the policy has no allow or require rule`);
  const among = compared > CLOSEST_RULES ? ` of the first ${CLOSEST_RULES}` : '';
  const misses = `rule "${closest.id}" comes closest${among} and fails on ${failingConditions(closest.words).join(', ')}`;
  return printable(`no allow or require rule matches ${what}; ${misses}`);
}

/** A denial that strikes because something cannot be known says so, since its author may not have thought of this call. */
export function denialWords({ rule }: PreparedRule, words: Words): string {
  const unknown = CONDITIONS.filter((condition) => outcomeOf(words, condition) === 'unknown');
  const how = unknown.length === 0 ? 'matches' : `cannot be ruled out, because of ${unknown.join(', ')}`;
  return printable(`deny rule "${rule.id}" ${how}${rule.note === undefined ? '' : `; its note: ${rule.note}`}`);
}

/** Conditions that keep a permission from matching: a no or a doubt. */
function failingConditions(words: Words): readonly Condition[] {
  return CONDITIONS.filter((condition) => ['no', 'unknown'].includes(outcomeOf(words, condition)));
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
