/** One condition of a rule against one node, in words: what the payload has, then what the rule wants. */
import { toHex } from '../common/bytes.ts';
import type { Address } from '../payload/address.ts';
import { type AbiValue, isText } from '../payload/calldata/abi.ts';
import { argumentAt, matchArg, type PreparedArg } from './args.ts';
import type { Movement, NodeFacts, PayloadFacts } from './facts.ts';
import type { Condition } from './match.ts';
import { OUTCOMES } from './outcome.ts';
import type { Policy, PreparedRule } from './prepare.ts';
import type { AmountRange, Asset, PolicyDocument, RuleMatch, TimeWindow } from './schema.ts';
import { dayOf } from './times.ts';
import type { LayerTrace, LimitLine } from './verdict.ts';

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
    case 'txTypes':
      return pair(facts.txType === undefined ? 'no transaction' : `transaction of type ${facts.txType}`, match.txTypes);
    case 'gas':
      return gasWords(rule.gas, facts);
    case 'time':
      return pair(`judged on ${timeWords(request.now)}`, match.time?.map(windowWords));
    case 'args':
      return (rule.args ?? []).map((arg) => argWords(arg, node, trace)).join('; ');
  }
}

function gasWords(gas: PreparedRule['gas'], facts: PayloadFacts): string {
  const wanted = [
    ...(gas?.limitMax === undefined ? [] : [`at most ${gas.limitMax} units`]),
    ...(gas?.maxFeePerGasMax === undefined ? [] : [`at most ${gas.maxFeePerGasMax} wei a unit`]),
  ];
  if (facts.gas === 'none') return pair('pays for no gas', wanted);
  if (facts.gas === 'unknown') return pair('gas that is not known', wanted);
  return pair(`gas: ${facts.gas.limit} units at up to ${facts.gas.maxFeePerGas} wei`, wanted);
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

function timeWords(now: number): string {
  const minute = Math.floor((now % 86_400) / 60);
  const two = (value: number): string => value.toString().padStart(2, '0');
  return `${DAYS[dayOf(now)]} ${two(Math.floor(minute / 60))}:${two(minute % 60)} UTC`;
}

function windowWords({ days, from, to }: TimeWindow): string {
  return `${days.map((day) => DAYS[day]).join('/')} ${from}-${to} UTC`;
}

/** `argument amount is 5, wanted lte 10: yes`. */
function argWords(arg: PreparedArg, node: NodeFacts, { facts, request }: LayerTrace): string {
  const args = node.call.call?.args;
  const { wallet, address } = request;
  const outcome = matchArg(arg, args, { wallet, address, chainId: facts.chainId, now: request.now });
  const value = argumentAt(arg.path, args);
  const { op, value: wanted } = arg.condition;
  const values = typeof wanted === 'string' ? wanted : wanted.join(', ');
  const found = value === undefined ? 'is not there' : `is ${shown(value)}`;
  return `argument ${arg.condition.arg} ${found}, wanted ${op} ${values}: ${OUTCOMES[outcome] ?? 'unknown'}`;
}

const MAX_SHOWN = 80;

function shown(value: AbiValue): string {
  if (value instanceof Uint8Array) {
    const text = `0x${toHex(value.slice(0, MAX_SHOWN / 2))}`;
    return value.length > MAX_SHOWN / 2 ? `${text}... (${value.length} bytes)` : text;
  }
  if (typeof value !== 'object') return value.toString();
  if (isText(value)) return JSON.stringify(value.text.slice(0, MAX_SHOWN));
  return `a list of ${value.length}`;
}

/** What a limit came to, in the units of its asset. */
export function limitWords(line: LimitLine, { document }: Policy): string {
  const limit = document.limits?.find(({ id }) => id === line.limit);
  const symbol = limit?.asset ?? '';
  const asset = document.assets.get(symbol);
  const unit = limit?.measure === 'fee' ? ' wei' : '';
  const words = (amount: bigint): string =>
    asset === undefined ? `${amount}${unit}` : amountWords(amount, asset, symbol);
  const what = `limit "${line.limit}" (${line.bucket})`;
  const within = limit?.windowSec === undefined ? '' : ` in ${limit.windowSec} s`;
  const sources = {
    ledger: `${words(line.used)} used by ${line.entries} before, this adds ${words(line.charge)}`,
    itself: `this is ${words(line.charge)}`,
    uncounted: `what was used before is not counted here, this adds ${words(line.charge)}`,
  };
  return `${line.exceeded ? 'exceeded' : 'within'}: ${what}: ${sources[line.source]}; at most ${words(line.max)}${within}`;
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

/** The full address, with the label that a list of this policy or the address book gives it. */
function addressWords(address: Address, document: PolicyDocument, facts: PayloadFacts): string {
  const label = labelsOf(document).get(`${facts.chainId ?? '?'}:${address}`);
  return label === undefined ? address : `${address} (${label})`;
}

const LABELS = new WeakMap<PolicyDocument, ReadonlyMap<string, string>>();

/** By chain and address. The address book goes before lists: its labels are signed by whom they name. */
function labelsOf(document: PolicyDocument): ReadonlyMap<string, string> {
  const known = LABELS.get(document);
  if (known !== undefined) return known;
  const labels = new Map<string, string>();
  const add = (key: string, label: string): void => {
    if (!labels.has(key)) labels.set(key, label);
  };
  for (const [name, { addresses, label }] of document.counterparties ?? []) {
    for (const { address, chainId } of addresses)
      add(`${chainId}:${address}`, `"${label}", @${name} in the address book`);
  }
  for (const [name, entries] of document.addressLists) {
    for (const { address, chainId, label } of entries) add(`${chainId}:${address}`, `"${label}" in @${name}`);
  }
  LABELS.set(document, labels);
  return labels;
}

function pair(found: string, wanted: readonly (string | bigint)[] | undefined): string {
  return `${found}; the rule is for ${list(wanted ?? [])}`;
}

function list(values: readonly (string | bigint)[]): string {
  return values.length === 0 ? 'nothing' : values.join(', ');
}
