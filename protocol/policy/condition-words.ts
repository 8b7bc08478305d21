/** One condition of a rule against one node, in words: what the payload has, then what the rule wants. */
import type { Address } from '../payload/address.ts';
import type { Movement, NodeFacts, PayloadFacts } from './facts.ts';
import type { Condition } from './match.ts';
import type { PreparedRule } from './prepare.ts';
import type { AmountRange, Asset, PolicyDocument, RuleMatch } from './schema.ts';
import type { LayerTrace } from './verdict.ts';

/** `outcome: wallet treasury; the rule is for treasury, payroll`, without the outcome. */
export function describeCondition(
  condition: Condition,
  rule: PreparedRule,
  node: NodeFacts,
  trace: LayerTrace,
): string {
  const { match } = rule.rule;
  const { facts, request } = trace;
  const { document } = trace.policy;
  switch (condition) {
    case 'wallets':
      return pair(`wallet ${request.wallet}`, match.wallets);
    case 'chainIds':
      return pair(`chain ${facts.chainId ?? 'not named'}`, match.chainIds);
    case 'initiators':
      return pair(`proposed by ${request.initiator}`, match.initiators);
    case 'kinds':
      return pair(`kind ${facts.kind}`, [...(rule.kinds ?? [])]);
    case 'operations':
      return pair(`operation ${node.operation}`, [...(rule.operations ?? [])]);
    case 'fee':
      return `fee at most ${facts.feeMax} wei; the rule is for at most ${rule.feeMax ?? 0n} wei`;
    case 'to':
      return pair(`to ${node.to === undefined ? 'nobody' : addressWords(node.to, document, facts)}`, match.to);
    case 'safes':
      return pair(`acting for ${node.safes.join(', ') || 'no Safe'}`, match.safes);
    case 'selectors':
      return pair(`function ${node.selector ?? 'none that has four bytes'}`, match.selectors);
    case 'calldataHash':
      return `calldata hashes to ${node.calldataHash()}; the rule is for ${match.calldataHash ?? ''}`;
    case 'typeHashes':
      return pair(`type ${node.typeHash ?? 'of no typed data'}`, match.typeHashes);
    case 'nativeValue':
      return valueWords(node, rule);
    case 'assets':
      return pair(
        `moves ${list(moved(rule, node).map((movement) => movementAsset(movement, document)))}`,
        match.assets,
      );
    case 'counterparties':
      return pair(`ends up with ${list(counterparties(rule, node, document, facts))}`, match.counterparties);
    case 'amount':
      return amountCondition(match, document, facts);
    case 'risks':
      return pair(`risks ${list(node.risks.map((risk) => risk.code))}`, match.risks);
    default:
      return condition;
  }
}

/** What the rule looked at: permissions at what provably moves, denials at everything that is touched. */
function moved(rule: PreparedRule, node: NodeFacts): readonly Movement[] {
  return rule.permits ? node.movements : node.touches;
}

function valueWords(node: NodeFacts, rule: PreparedRule): string {
  const { match } = rule.rule;
  const named = match.nativeValue === undefined ? ' (it names neither nativeValue nor a native asset)' : '';
  return `sends ${node.value} wei along; the rule is for at most ${rule.valueMax ?? 0n} wei${named}`;
}

function counterparties(
  rule: PreparedRule,
  node: NodeFacts,
  document: PolicyDocument,
  facts: PayloadFacts,
): readonly string[] {
  return moved(rule, node).map(({ counterparty }) =>
    counterparty === undefined ? 'a contract that does not exist yet' : addressWords(counterparty, document, facts),
  );
}

function movementAsset({ assetKey }: Movement, document: PolicyDocument): string {
  const known = [...document.assets].find(([, asset]) => `${asset.chainId}:${asset.address}` === assetKey);
  return known?.[0] ?? `${assetKey ?? 'nothing we can name'}`;
}

function amountCondition(match: RuleMatch, document: PolicyDocument, facts: PayloadFacts): string {
  const symbol = match.assets?.[0] ?? '';
  const asset = document.assets.get(symbol);
  if (asset === undefined || match.amount === undefined) return 'amount';
  const total = facts.totals.get(`${asset.chainId}:${asset.address}`) ?? 0n;
  const words = (amount: bigint): string => amountWords(amount, asset, symbol);
  return `the payload moves ${words(total)} in total; the rule is for ${rangeWords(match.amount, words)}`;
}

function rangeWords({ min, max }: AmountRange, words: (amount: bigint) => string): string {
  if (min !== undefined && max !== undefined) return `${words(min)} to ${words(max)}`;
  return min === undefined ? `at most ${words(max ?? 0n)}` : `at least ${words(min)}`;
}

/** `1500.25 USDC (1500250000 base units)`, exact. */
function amountWords(amount: bigint, { decimals }: Asset, symbol: string): string {
  const digits = amount.toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return `${whole}${fraction === '' ? '' : `.${fraction}`} ${symbol} (${amount} base units)`;
}

/** The full address, with the label that a list of this policy gives it. */
function addressWords(address: Address, document: PolicyDocument, facts: PayloadFacts): string {
  for (const [name, entries] of document.addressLists) {
    const entry = entries.find((candidate) => candidate.address === address && candidate.chainId === facts.chainId);
    if (entry !== undefined) return `${address} ("${entry.label}" in @${name})`;
  }
  return address;
}

function pair(found: string, wanted: readonly (string | bigint)[] | undefined): string {
  return `${found}; the rule is for ${list(wanted ?? [])}`;
}

function list(values: readonly (string | bigint)[]): string {
  return values.length === 0 ? 'nothing' : values.join(', ');
}
