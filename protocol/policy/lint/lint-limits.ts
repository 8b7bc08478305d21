/** What is not limited, or limited less than it looks; and flows. */
import { Reaches } from '../compare/reach.ts';
import type { Policy, PreparedRule } from '../prepare.ts';
import type { FlowEdge, Limit, PolicyDocument, Rule } from '../schema.ts';
import { finding, type LintFinding } from './finding.ts';

export function lintLimits({ document, rules }: Policy): readonly LintFinding[] {
  const permits = rules.filter((rule) => rule.permits);
  return [
    ...permits.flatMap((rule) => unlimited(rule, document)),
    ...outstanding(permits, document),
    ...(document.limits ?? []).flatMap((limit) => split(limit, document)),
    ...(document.flows ?? []).flatMap((edge, i) => unusedFlow(edge, i, document)),
    ...permits.flatMap(({ rule }) => coldExternal(rule, document)),
  ];
}

/** Without one, whoever holds an operator's key can repeat what nobody looks at. */
function unlimited({ rule }: PreparedRule, { limits = [] }: PolicyDocument): readonly LintFinding[] {
  if (rule.effect !== 'allow') return [];
  const assets = rule.match.assets;
  const windows = limits.filter(({ windowSec, measure }) => windowSec !== undefined && measure !== 'fee');
  const covers = (limit: Limit): boolean =>
    limit.measure === 'count' || assets === undefined || (limit.asset !== undefined && assets.includes(limit.asset));
  if (windows.some((limit) => covers(limit) && holdsFor(limit, rule))) return [];
  const words = `Allow rule "${rule.id}" can be used again and again: no limit over a time covers it.`;
  const cure = 'Add a limit with measure "amount" and windowSec 86400 for its asset.';
  return [finding('LINT_ALLOW_NO_LIMIT', `rules.${rule.id}`, words, cure)];
}

/** Only what is certain: another wallet, initiator, chain, or kind than all the rule's. */
function holdsFor({ match }: Limit, rule: Rule): boolean {
  const wanted = rule.match;
  const covers = <T>(limited: readonly T[] | undefined, permitted: readonly T[] | undefined): boolean =>
    limited === undefined || permitted?.every((value) => limited.includes(value)) === true;
  return (
    covers(match?.wallets, wanted.wallets) &&
    covers(match?.initiators, wanted.initiators) &&
    covers(match?.chainIds, wanted.chainIds) &&
    covers(match?.selectors, wanted.selectors) &&
    covers(match?.kinds, wanted.kinds ?? ['evm-transaction']) &&
    covers(match?.counterparties, wanted.counterparties)
  );
}

function outstanding(permits: readonly PreparedRule[], { limits = [] }: PolicyDocument): readonly LintFinding[] {
  if (permits.length === 0 || limits.some(({ measure }) => measure === 'outstanding')) return [];
  const words = 'Any number of signatures may wait unused; each can be brought to the chain whenever its holder likes.';
  return [finding('LINT_NO_OUTSTANDING', 'limits', words, 'Add a limit with measure "outstanding", like "max": "4".')];
}

/** A limit for each receiver alone is none for many receivers. */
function split(limit: Limit, { limits = [] }: PolicyDocument): readonly LintFinding[] {
  const { asset, id, measure, per = ['wallet'] } = limit;
  const splits = per.filter((key) => key === 'counterparty' || key === 'selector' || key === 'initiator');
  if (splits.length === 0 || measure === 'outstanding') return [];
  const whole = limits.some(
    (other) =>
      other.measure === measure &&
      other.asset === asset &&
      other.windowSec !== undefined &&
      !(other.per ?? ['wallet']).some((key) => key === 'counterparty' || key === 'selector' || key === 'initiator'),
  );
  if (whole) return [];
  const words = `Limit "${id}" counts each ${splits.join(' and ')} by itself, and nothing counts them together.`;
  return [finding('LINT_LIMIT_SPLIT', `limits.${id}`, words, 'Add a limit of the same measure per wallet.')];
}

function unusedFlow({ from, to }: FlowEdge, at: number, { wallets }: PolicyDocument): readonly LintFinding[] {
  const exists = (end: string): boolean =>
    end === 'external' || wallets.has(end) || [...wallets.values()].some((scope) => scope.class === end);
  const missing = [from, to].filter((end) => !exists(end));
  if (missing.length === 0) return [];
  const words = `Nothing flows from ${from} to ${to}: no wallet is ${missing.join(' or ')}.`;
  return [finding('LINT_FLOW_UNUSED', `flows.${at}`, words, 'Give a wallet that class, or remove the flow.')];
}

/** Without flows a cold wallet reaches whatever its rules name. */
function coldExternal({ id, match }: Rule, document: PolicyDocument): readonly LintFinding[] {
  if (document.flows !== undefined) return [];
  const wallets = match.wallets ?? [...document.wallets.keys()];
  const cold = wallets.find((name) => document.wallets.get(name)?.class === 'cold');
  if (cold === undefined) return [];
  const own = new Set([...document.wallets.values()].flatMap(({ accounts }) => accounts ?? []).map(String));
  const refs = match.counterparties ?? (match.assets === undefined ? [] : undefined);
  const reach = refs === undefined ? undefined : new Reaches(document).of(refs, match.chainIds);
  const strangers = reach === undefined || [...reach.keys()].some((key) => !own.has(key.slice(key.indexOf(':') + 1)));
  if (!strangers) return [];
  const words = `Rule "${id}" lets the cold wallet "${cold}" pay addresses that are not this group's own.`;
  const cure = 'Declare the warm wallets with their accounts, and "flows": [{"from": "cold", "to": "middle"}].';
  return [finding('LINT_COLD_EXTERNAL', `rules.${id}`, words, cure)];
}
