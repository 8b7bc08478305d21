/** One rule at a time: those that match nothing, and permissions wider than they look. */
import type { Policy, PreparedRule } from '../prepare.ts';
import type { AddressRef, PolicyDocument, RuleMatch } from '../schema.ts';
import { finding, type LintFinding } from './finding.ts';

export function lintRules({ document, rules }: Policy): readonly LintFinding[] {
  return rules.flatMap((rule) => [...unreachable(rule, document), ...wide(rule)]);
}

/** Why nothing can match; the first reason is enough. */
function unreachable(prepared: PreparedRule, document: PolicyDocument): readonly LintFinding[] {
  const { rule } = prepared;
  const reason = contradiction(prepared, document);
  if (reason === undefined) return [];
  const words = `No payload can match ${rule.effect} rule "${rule.id}": ${reason}.`;
  return [finding('LINT_UNREACHABLE', `rules.${rule.id}`, words, 'Correct the condition, or remove the rule.')];
}

function contradiction(prepared: PreparedRule, document: PolicyDocument): string | undefined {
  const { match } = prepared.rule;
  const kinds = prepared.kinds ?? new Set();
  const operations = prepared.operations ?? new Set();
  if (kinds.size > 0 && operations.size > 0 && ![...kinds].some((kind) => carries(kind, operations))) {
    return `a payload of kind ${[...kinds].join(' or ')} has no ${[...operations].join(' or ')}; name "authorize" under operations`;
  }
  if (match.txTypes !== undefined && kinds.size > 0 && !kinds.has('evm-transaction')) {
    return 'only transactions have a type, and kinds leaves them out';
  }
  const chains = chainsOf(match, document);
  if (chains === undefined) return beyondLimits(prepared, document);
  if (chains.size === 0) return 'its wallets sign for none of its chains';
  const assets = match.assets?.map((symbol) => document.assets.get(symbol)?.chainId);
  if (assets?.every((chainId) => chainId !== undefined && !chains.has(chainId))) {
    return 'its assets are on chains that its wallets do not sign for';
  }
  for (const name of ['to', 'counterparties', 'safes'] as const) {
    const refs = match[name];
    if (refs !== undefined && !refs.some((ref) => isOn(ref, chains, document))) {
      return `nothing in ${name} is on a chain that its wallets sign for`;
    }
  }
  return beyondLimits(prepared, document);
}

/** Calls come with transactions and, behind a Safe transaction, with typed data and messages; authorize with the rest. */
function carries(kind: string, operations: ReadonlySet<string>): boolean {
  return kind === 'evm-authorization' ? operations.has('authorize') : kind !== 'evm-message' || operations.size > 0;
}

/** `undefined`: any chain. */
function chainsOf(match: RuleMatch, document: PolicyDocument): ReadonlySet<bigint> | undefined {
  const wallets = match.wallets ?? [...document.wallets.keys()];
  const scopes = wallets.map((wallet) => document.wallets.get(wallet)?.chainIds);
  const permitted = scopes.includes(undefined) ? undefined : new Set(scopes.flatMap((chainIds) => chainIds ?? []));
  if (match.chainIds === undefined) return permitted;
  return new Set(match.chainIds.filter((chainId) => permitted?.has(chainId) !== false));
}

function isOn(ref: AddressRef, chains: ReadonlySet<bigint>, document: PolicyDocument): boolean {
  if (!ref.startsWith('@')) return true;
  const name = ref.slice(1);
  const book = [...(document.counterparties ?? [])].filter(([entry]) => name === 'book' || entry === name);
  const entries = [...(document.addressLists.get(name) ?? []), ...book.flatMap(([, { addresses }]) => addresses)];
  return entries.some(({ chainId }) => chains.has(chainId));
}

/** A permission that begins above what a limit lets through in one payload. */
function beyondLimits({ permits, rule }: PreparedRule, document: PolicyDocument): string | undefined {
  const { amount, assets } = rule.match;
  const least = amount?.min;
  if (!permits || least === undefined) return undefined;
  const low = document.limits?.find(
    ({ asset, match, max, measure, onExceed }) =>
      measure === 'amount' &&
      asset === assets?.[0] &&
      match === undefined &&
      max < least &&
      (onExceed === undefined || onExceed === 'deny'),
  );
  return low && `it begins at ${least} base units, and limit "${low.id}" lets ${low.max} through`;
}

/** Calls that are themselves about money. */
const CALLS = new Set(['call', 'delegatecall']);

function wide({ operations, permits, rule }: PreparedRule): readonly LintFinding[] {
  const { match } = rule;
  if (!permits) return [];
  const where = `rules.${rule.id}.match`;
  const found: LintFinding[] = [];
  const isCall = operations === undefined || [...operations].some((operation) => CALLS.has(operation));
  const namesFunction = match.selectors !== undefined || match.calldataHash !== undefined;
  if (isCall && match.counterparties !== undefined && !namesFunction) {
    const words = `Rule "${rule.id}" names who is paid and no function: it permits to give them an allowance, too.`;
    found.push(finding('LINT_WIDE_SELECTOR', where, words, 'Name the functions under selectors, like "0xa9059cbb".'));
  }
  const namesTarget = match.to !== undefined || match.assets !== undefined || match.calldataHash !== undefined;
  if (isCall && namesFunction && !namesTarget && !isPlainOnly(match)) {
    const words = `Rule "${rule.id}" names a function and no contract: any contract may stand behind that name.`;
    found.push(finding('LINT_WIDE_TARGET', where, words, 'Name the contracts under to, or the tokens under assets.'));
  }
  const isTransaction = match.kinds === undefined || match.kinds.includes('evm-transaction');
  const isCapped = match.fee !== undefined || match.gas?.maxFeePerGasMax !== undefined;
  if (isTransaction && isCall && !isCapped) {
    const words = `Rule "${rule.id}" caps no fee: gas alone can empty the wallet.`;
    found.push(finding('LINT_NO_FEE_CAP', where, words, 'Add "fee": {"totalMax": "20000000000000000"}, in wei.'));
  }
  return found;
}

/** Plain payments name their receiver, who is the target. */
function isPlainOnly({ counterparties, selectors }: RuleMatch): boolean {
  return counterparties !== undefined && selectors?.every((selector) => selector === 'none') === true;
}
