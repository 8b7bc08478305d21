/** What no single field of a policy shows: names that must exist, conditions that contradict each other. */
import { problem } from '../common/schema.ts';
import { isFinalRisk, RISKS } from '../payload/risk/codes.ts';
import type { AddressRef, PolicyDocument, Rule, RuleMatch } from './schema.ts';

/** Fails the current read (common/schema.ts `read`) at the first mistake. Rules are in the order of the file. */
export function checkPolicy(policy: PolicyDocument): void {
  const { effectiveAt, expiresAt } = policy;
  if (effectiveAt !== undefined && expiresAt !== undefined && expiresAt <= effectiveAt) {
    problem('expiresAt', 'must be later than effectiveAt');
  }
  for (const [name, { chainIds, legacyChainId }] of policy.wallets) {
    if (legacyChainId !== undefined && chainIds?.includes(legacyChainId) === false) {
      problem(`wallets.${name}.legacyChainId`, 'must be one of the chainIds of this wallet');
    }
  }
  const ids = new Set<string>();
  for (const [i, rule] of policy.rules.entries()) {
    if (ids.has(rule.id)) problem(`rules[${i}].id`, `"${rule.id}" is used by two rules; give each its own id`);
    ids.add(rule.id);
    checkRule(policy, rule, `rules[${i}]`);
  }
}

function checkRule(policy: PolicyDocument, rule: Rule, field: string): void {
  const { match } = rule;
  const at = (name: string): string => `${field}.match.${name}`;
  for (const [i, wallet] of (match.wallets ?? []).entries()) {
    if (!policy.wallets.has(wallet)) problem(`${at('wallets')}[${i}]`, `names "${wallet}"; declare it under wallets`);
  }
  checkRefs(policy, match.to, at('to'));
  checkRefs(policy, match.counterparties, at('counterparties'));
  checkRefs(policy, match.safes, at('safes'));
  for (const [i, code] of (match.risks ?? []).entries()) {
    if (!Object.hasOwn(RISKS, code)) problem(`${at('risks')}[${i}]`, `"${code}" is no risk code (docs/risks.md)`);
    if (rule.effect !== 'deny' && isFinalRisk(code)) {
      problem(`${at('risks')}[${i}]`, `"${code}" always denies, no rule can accept it; remove it`);
    }
  }
  checkAssets(policy, match, at('assets'));
  checkAmount(match, at('amount'));
  if (rule.effect === 'deny') checkDeny(rule, field);
  else checkPermission(match, at);
}

function checkRefs(policy: PolicyDocument, refs: readonly AddressRef[] | undefined, field: string): void {
  for (const ref of refs ?? []) {
    if (!ref.startsWith('@')) continue;
    if (!policy.addressLists.has(ref.slice(1))) problem(field, `names ${ref}; declare that list under addressLists`);
  }
}

function checkAssets(policy: PolicyDocument, match: RuleMatch, field: string): void {
  for (const [i, symbol] of (match.assets ?? []).entries()) {
    const asset = policy.assets.get(symbol);
    if (asset === undefined) {
      problem(`${field}[${i}]`, `names "${symbol}"; declare it under assets`);
    } else if (match.chainIds !== undefined && !match.chainIds.includes(asset.chainId)) {
      problem(`${field}[${i}]`, `"${symbol}" lives on chain ${asset.chainId}, which chainIds of this rule leaves out`);
    }
  }
}

function checkAmount(match: RuleMatch, field: string): void {
  if (match.amount === undefined) return;
  const { min, max } = match.amount;
  if (match.assets?.length !== 1) problem(field, 'needs exactly one asset beside it, else base units mean nothing');
  if (min === undefined && max === undefined) problem(field, 'must give min, max or both');
  if (min !== undefined && max !== undefined && max < min) problem(`${field}.max`, 'must not be less than min');
}

/** A cap inside a deny rule would deny what stays below it, the opposite of what its author meant. */
function checkDeny(rule: Rule, field: string): void {
  if (rule.match.nativeValue !== undefined) {
    problem(`${field}.match.nativeValue`, 'is a cap; in a deny rule use assets with amount.min instead');
  }
  if (rule.match.fee !== undefined) {
    problem(`${field}.match.fee`, 'is a cap; put it into the allow and require rules instead');
  }
  if (rule.consents !== undefined) problem(`${field}.consents`, 'has no meaning in a deny rule; remove it');
  if (rule.rejections !== undefined) problem(`${field}.rejections`, 'has no meaning in a deny rule; remove it');
}

/** One address is a different contract, or nobody's, on another chain. */
function checkPermission(match: RuleMatch, at: (name: string) => string): void {
  if (match.chainIds !== undefined) return;
  for (const name of ['to', 'counterparties', 'safes'] as const) {
    if (match[name]?.some((ref) => !ref.startsWith('@')) === true) {
      problem(at(name), 'has a plain address; add chainIds to this rule, or put the address into a list');
    }
  }
}
