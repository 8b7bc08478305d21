/** What no single field of a policy shows: names that must exist, conditions that contradict each other. */
import { problem } from '../common/schema.ts';
import { isFinalRisk, RISKS } from '../payload/risk/codes.ts';
import { BOOK } from './addresses.ts';
import { checkBook } from './check-book.ts';
import { checkLimits } from './check-limits.ts';
import { checkObligation, checkPeople } from './check-people.ts';
import { checkArgs, checkRefs, checkTimes, hasPlainAddress } from './check-values.ts';
import type { PolicyDocument, Rule, RuleMatch } from './schema.ts';

/** Fails the current read (common/schema.ts `read`) at the first mistake. Rules and limits are in the order of the file. */
export function checkPolicy(policy: PolicyDocument): void {
  const { effectiveAt, expiresAt } = policy;
  if (effectiveAt !== undefined && expiresAt !== undefined && expiresAt <= effectiveAt) {
    problem('expiresAt', 'must be later than effectiveAt');
  }
  checkParent(policy);
  checkNames(policy);
  checkWallets(policy);
  checkFlows(policy);
  checkPeople(policy);
  checkBook(policy);
  checkHardDeny(policy);
  const ids = new Set<string>();
  for (const [i, rule] of policy.rules.entries()) {
    if (ids.has(rule.id)) problem(`rules[${i}].id`, `"${rule.id}" is used by two rules; give each its own id`);
    ids.add(rule.id);
    checkRule(policy, rule, `rules[${i}]`);
  }
  checkLimits(policy);
}

/** Where admins sign, each version names the one it replaces, and only the first has none to name. */
function checkParent({ admin, parentHash, version }: PolicyDocument): void {
  if (admin === undefined) return;
  if (version === 1 && parentHash !== undefined) problem('parentHash', 'must be absent in version 1');
  if (version > 1 && parentHash === undefined) {
    problem('parentHash', 'is missing; above version 1 it is the digest of the version before');
  }
}

/** `@name` must mean one thing. */
function checkNames({ addressLists, counterparties }: PolicyDocument): void {
  if (addressLists.has(BOOK)) problem(`addressLists.${BOOK}`, 'is the name of the whole address book; choose another');
  for (const name of counterparties?.keys() ?? []) {
    if (name === BOOK) problem(`counterparties.${BOOK}`, 'is the name of the whole address book; choose another');
    if (addressLists.has(name)) problem(`counterparties.${name}`, 'is the name of an address list too; rename one');
  }
}

function checkWallets({ wallets }: PolicyDocument): void {
  const owners = new Map<string, string>();
  for (const [name, { accounts, chainIds, legacyChainId }] of wallets) {
    if (legacyChainId !== undefined && chainIds?.includes(legacyChainId) === false) {
      problem(`wallets.${name}.legacyChainId`, 'must be one of the chainIds of this wallet');
    }
    for (const [i, account] of (accounts ?? []).entries()) {
      const other = owners.get(account);
      if (other !== undefined) problem(`wallets.${name}.accounts[${i}]`, `is an account of wallet "${other}" already`);
      owners.set(account, name);
    }
  }
}

const CLASSES: ReadonlySet<string> = new Set(['cold', 'middle', 'hot']);
const EXTERNAL = 'external';

function checkFlows({ flows, wallets }: PolicyDocument): void {
  if (flows === undefined) return;
  for (const name of wallets.keys()) {
    if (!CLASSES.has(name) && name !== EXTERNAL) continue;
    problem(`wallets.${name}`, 'is called like an end of flows; where flows are given, choose another name');
  }
  for (const [i, { from, to }] of flows.entries()) {
    const isEnd = (end: string): boolean => wallets.has(end) || CLASSES.has(end);
    const needed = 'name a wallet declared under wallets, or cold, middle or hot';
    if (!isEnd(from)) problem(`flows[${i}].from`, `is "${from}"; ${needed}`);
    if (!isEnd(to) && to !== EXTERNAL) problem(`flows[${i}].to`, `is "${to}"; ${needed}, or external`);
    const isCold = from === 'cold' || wallets.get(from)?.class === 'cold';
    if (isCold && to === EXTERNAL) problem(`flows[${i}]`, 'leads from cold to external, which nothing permits');
    if (from === 'cold' && to === 'hot') {
      problem(`flows[${i}]`, 'leads from cold to hot; go through middle, or name the two wallets');
    }
  }
}

function checkHardDeny({ hardDeny }: PolicyDocument): void {
  for (const [i, code] of (hardDeny ?? []).entries()) {
    if (!Object.hasOwn(RISKS, code)) problem(`hardDeny[${i}]`, `"${code}" is no risk code (docs/risks.md)`);
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
    if (rule.effect === 'deny') continue;
    if (isFinalRisk(code)) problem(`${at('risks')}[${i}]`, `"${code}" always denies, no rule can accept it; remove it`);
    if (policy.hardDeny?.includes(code) === true) {
      problem(`${at('risks')}[${i}]`, `"${code}" is under hardDeny, so no rule can accept it; remove it in one place`);
    }
  }
  checkAssets(policy, match, at('assets'));
  checkAmount(match, at('amount'));
  checkGas(match, at('gas'));
  checkTimes(match, at('time'));
  checkArgs(policy, match, at('args'));
  if (rule.effect === 'deny') checkDeny(rule, field);
  else checkPermission(match, at);
  if (rule.require === undefined) return;
  if (rule.effect !== 'require') problem(`${field}.require`, 'has a meaning only in a rule with effect require');
  checkObligation(policy, rule.require, `${field}.require`);
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

function checkGas({ gas }: RuleMatch, field: string): void {
  if (gas === undefined) return;
  if (gas.limitMax === undefined && gas.maxFeePerGasMax === undefined) {
    problem(field, 'must give limitMax, maxFeePerGasMax or both');
  }
}

/** A cap inside a deny rule would deny what stays below it, the opposite of what its author meant. */
function checkDeny(rule: Rule, field: string): void {
  if (rule.match.nativeValue !== undefined) {
    problem(`${field}.match.nativeValue`, 'is a cap; in a deny rule use assets with amount.min instead');
  }
  for (const name of ['fee', 'gas'] as const) {
    if (rule.match[name] === undefined) continue;
    problem(`${field}.match.${name}`, 'is a cap; put it into the allow and require rules instead');
  }
  if (rule.consents !== undefined) problem(`${field}.consents`, 'has no meaning in a deny rule; remove it');
  if (rule.rejections !== undefined) problem(`${field}.rejections`, 'has no meaning in a deny rule; remove it');
}

/** One address is a different contract, or nobody's, on another chain. */
function checkPermission(match: RuleMatch, at: (name: string) => string): void {
  if (match.chainIds !== undefined) return;
  const needed = 'has a plain address; add chainIds to this rule, or put the address into a list';
  for (const name of ['to', 'counterparties', 'safes'] as const) {
    if (match[name]?.some((ref) => !ref.startsWith('@')) === true) problem(at(name), needed);
  }
  for (const [i, condition] of (match.args ?? []).entries()) {
    if (hasPlainAddress(condition)) problem(`${at('args')}[${i}].value`, needed);
  }
}
