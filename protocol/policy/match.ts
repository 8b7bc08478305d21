/**
 * Whether one rule matches one node. Every condition has one of four outcomes and fits into two bits, in two words: what
 * hangs on the payload as a whole, compared once, and what hangs on the node.
 */
import type { Address } from '../payload/address.ts';
import type { AddressSet } from './addresses.ts';
import { matchArgs, type PreparedArg } from './args.ts';
import type { Movement, NodeFacts, PayloadFacts } from './facts.ts';
import { FREE, member, NO, OUTCOMES, type Outcome, truth, UNKNOWN, worse, YES } from './outcome.ts';
import type { PreparedRule } from './prepare.ts';
import type { AmountRange, GasCaps, TxType } from './schema.ts';
import { isWithin } from './times.ts';

/** Where the two bits of each condition are, in the order of evaluation. */
const PAYLOAD_PLACES = {
  wallets: 0,
  chainIds: 2,
  initiators: 4,
  kinds: 6,
  fee: 8,
  txTypes: 10,
  gas: 12,
  time: 14,
} as const;

const NODE_PLACES = {
  operations: 0,
  to: 2,
  safes: 4,
  selectors: 6,
  args: 8,
  calldataHash: 10,
  nativeValue: 12,
  assets: 14,
  counterparties: 16,
  amount: 18,
  risks: 20,
  typeHashes: 22,
} as const;

type PayloadCondition = keyof typeof PAYLOAD_PLACES;
type NodeCondition = keyof typeof NODE_PLACES;
export type Condition = PayloadCondition | NodeCondition;

const PAYLOAD_CONDITIONS = Object.keys(PAYLOAD_PLACES) as PayloadCondition[];
export const CONDITIONS: readonly Condition[] = [
  ...PAYLOAD_CONDITIONS,
  ...(Object.keys(NODE_PLACES) as NodeCondition[]),
];

/** The lower bit of every condition. */
const LOW = 0x55555555;
/** The upper bit: set in `no` and `unknown`. */
const HIGH = 0xaaaaaaaa;

/** Who asks for what, and when; the same for all nodes of a payload. */
export interface Request {
  readonly wallet: string;
  /** Of the wallet; rules name wallets by name, the explanation shows both. */
  readonly address: Address;
  readonly initiator: string;
  /** Unix seconds. */
  readonly now: number;
}

/** How one rule compares with one node: the conditions on the payload as a whole, and those on the node. */
export interface Words {
  readonly payload: number;
  readonly node: number;
}

/** The conditions of a rule that do not depend on the node. */
export function matchPayload(rule: PreparedRule, facts: PayloadFacts, request: Request): number {
  return (
    at(PAYLOAD_PLACES.wallets, member(rule.wallets, request.wallet)) |
    at(PAYLOAD_PLACES.chainIds, member(rule.chainIds, facts.chainId)) |
    at(PAYLOAD_PLACES.initiators, member(rule.initiators, request.initiator)) |
    at(PAYLOAD_PLACES.kinds, member(rule.kinds, facts.kind)) |
    at(PAYLOAD_PLACES.fee, atMost(facts.feeMax, rule.feeMax)) |
    at(PAYLOAD_PLACES.txTypes, rule.txTypes === undefined ? FREE : truth(isOfType(rule.txTypes, facts))) |
    at(PAYLOAD_PLACES.gas, rule.gas === undefined ? FREE : withinGas(rule.gas, facts)) |
    at(PAYLOAD_PLACES.time, rule.time === undefined ? FREE : truth(isWithin(rule.time, request.now)))
  );
}

/** The conditions of a rule on one node. */
export function matchNode(rule: PreparedRule, node: NodeFacts, facts: PayloadFacts, request: Request): number {
  const { args, to } = rule;
  // A denial keeps striking an address whose entry in the book has ended.
  const now = rule.permits ? request.now : 0;
  return (
    at(NODE_PLACES.operations, member(rule.operations, node.operation)) |
    at(NODE_PLACES.to, to === undefined ? FREE : node.to === undefined ? NO : addressIn(to, facts, node.to, now)) |
    at(NODE_PLACES.safes, acting(rule, node, facts, now)) |
    at(NODE_PLACES.selectors, rule.selectors === undefined ? FREE : truth(selected(rule, node))) |
    at(NODE_PLACES.args, args === undefined ? FREE : argsOf(args, node, facts, request, now)) |
    at(
      NODE_PLACES.calldataHash,
      rule.calldataHash === undefined ? FREE : truth(node.calldataHash() === rule.calldataHash),
    ) |
    at(NODE_PLACES.typeHashes, rule.typeHashes === undefined ? FREE : truth(ofType(rule, node))) |
    at(NODE_PLACES.nativeValue, atMost(node.value, rule.valueMax)) |
    (rule.permits ? everyMovement(rule, node, facts, now) : someMovement(rule, node, facts)) |
    at(NODE_PLACES.risks, rule.permits || rule.risks.size === 0 ? FREE : truth(carriesRisk(rule, node)))
  );
}

/** No node of this payload can match, whatever it is. */
export function isRuledOut(payload: number): boolean {
  return ((payload >>> 1) & ~payload & LOW) !== 0;
}

/** Whether the conditions add up to a match; doubt keeps a permission away and a denial in force. */
export function matches(rule: PreparedRule, payload: number, node: number): boolean {
  return rule.permits ? ((payload | node) & HIGH) === 0 : !isRuledOut(payload) && !isRuledOut(node);
}

/** How many conditions keep a permission from matching. */
export function failures({ payload, node }: Words): number {
  return bitsSet(payload & HIGH) + bitsSet(node & HIGH);
}

function bitsSet(word: number): number {
  let count = 0;
  for (let left = word; left !== 0; left &= left - 1) count++;
  return count;
}

export function outcomeOf(words: Words, condition: Condition): Outcome {
  const bits = isOfPayload(condition)
    ? words.payload >>> PAYLOAD_PLACES[condition]
    : words.node >>> NODE_PLACES[condition];
  return OUTCOMES[bits & 3] ?? 'unknown';
}

function isOfPayload(condition: Condition): condition is PayloadCondition {
  return Object.hasOwn(PAYLOAD_PLACES, condition);
}

function argsOf(
  args: readonly PreparedArg[],
  node: NodeFacts,
  { chainId }: PayloadFacts,
  { wallet, address }: Request,
  now: number,
): number {
  return matchArgs(args, node.call.call?.args, { wallet, address, chainId, now });
}

/** What is no transaction is of none of these types. */
function isOfType(types: ReadonlySet<TxType>, { txType }: PayloadFacts): boolean {
  return txType !== undefined && types.has(txType);
}

/** What somebody else sends uses no gas of ours; what an account executes by itself does not say in these terms. */
function withinGas({ limitMax, maxFeePerGasMax }: GasCaps, { gas }: PayloadFacts): number {
  if (gas === 'none') return YES;
  if (gas === 'unknown') return UNKNOWN;
  return worse(atMost(gas.limit, limitMax), atMost(gas.maxFeePerGas, maxFeePerGasMax));
}

/** A permission speaks for all that moves: each movement must be of its assets and to its counterparties. */
function everyMovement(rule: PreparedRule, node: NodeFacts, facts: PayloadFacts, now: number): number {
  const { assets, counterparties, amount } = rule;
  if (assets === undefined && counterparties === undefined) return 0;
  const start = node.modelled ? truth(node.movements.length > 0) : UNKNOWN;
  let ofAssets = assets === undefined ? FREE : start;
  let toThem = counterparties === undefined ? FREE : start;
  for (const movement of node.movements) {
    ofAssets = worse(ofAssets, member(assets, movement.assetKey));
    if (counterparties !== undefined)
      toThem = worse(toThem, addressIn(counterparties, facts, movement.counterparty, now));
  }
  const inRange = amount === undefined ? FREE : worse(start, truth(totalWithin(rule, facts)));
  return at(NODE_PLACES.assets, ofAssets) | at(NODE_PLACES.counterparties, toThem) | at(NODE_PLACES.amount, inRange);
}

/** A denial strikes if any one movement fits all it names; an amount also if only the sum of the payload does. */
function someMovement(rule: PreparedRule, node: NodeFacts, facts: PayloadFacts): number {
  const { assets, counterparties, amount } = rule;
  let fitting: readonly Movement[] = node.touches;
  let doubt = node.opaque;
  /** Keeps what passes `test`, and returns the outcome of this condition. */
  const narrow = (test: (movement: Movement) => number): number => {
    const judged = fitting.map((movement) => ({ movement, outcome: test(movement) }));
    fitting = judged.flatMap(({ movement, outcome }) => (outcome === NO ? [] : [movement]));
    if (judged.some(({ outcome }) => outcome === YES)) return YES;
    doubt ||= fitting.length > 0;
    return doubt ? UNKNOWN : NO;
  };
  // In this order, since each condition looks only at the movements that the one before has left.
  const ofAssets = assets === undefined ? FREE : narrow((movement) => member(assets, movement.assetKey));
  const toThem =
    counterparties === undefined ? FREE : narrow((movement) => addressIn(counterparties, facts, movement.counterparty));
  const together = amount !== undefined && totalWithin(rule, facts);
  const hits = (movement: Movement): number =>
    movement.amount === undefined ? UNKNOWN : truth(together || within(amount, movement.amount));
  const inRange = amount === undefined ? FREE : narrow(hits);
  return at(NODE_PLACES.assets, ofAssets) | at(NODE_PLACES.counterparties, toThem) | at(NODE_PLACES.amount, inRange);
}

/** All the accounts it acts for: a permission must know each, a denial any. */
function acting(rule: PreparedRule, node: NodeFacts, facts: PayloadFacts, now: number): number {
  const { safes } = rule;
  if (safes === undefined) return FREE;
  const outcomes = node.safes.map((safe) => addressIn(safes, facts, safe, now));
  if (rule.permits) return outcomes.reduce(worse, truth(outcomes.length > 0));
  if (outcomes.includes(YES)) return YES;
  return outcomes.includes(UNKNOWN) ? UNKNOWN : NO;
}

/** Whether what the whole payload moves of the asset of this rule lies in its range. */
function totalWithin({ assets, amount }: PreparedRule, facts: PayloadFacts): boolean {
  for (const key of assets ?? []) {
    const total = facts.totals.get(key);
    if (total !== undefined && within(amount, total)) return true;
  }
  return false;
}

function within(range: AmountRange | undefined, amount: bigint): boolean {
  if (range?.min !== undefined && amount < range.min) return false;
  return range?.max === undefined || amount <= range.max;
}

function selected(rule: PreparedRule, node: NodeFacts): boolean {
  return node.selector !== undefined && rule.selectors?.has(node.selector) === true;
}

function ofType(rule: PreparedRule, node: NodeFacts): boolean {
  return node.typeHash !== undefined && rule.typeHashes?.has(node.typeHash) === true;
}

function carriesRisk(rule: PreparedRule, node: NodeFacts): boolean {
  return node.risks.some((risk) => rule.risks.has(risk.code));
}

/** A contract that is only being created has an address that no list can know. */
function addressIn(set: AddressSet, facts: PayloadFacts, value: Address | undefined, now: number = 0): number {
  const found = value === undefined ? undefined : set.has(facts.chainId, value, now);
  return found === undefined ? UNKNOWN : truth(found);
}

function atMost(value: bigint, max: bigint | undefined): number {
  return max === undefined ? FREE : truth(value <= max);
}

function at(place: number, outcome: number): number {
  return outcome << place;
}
