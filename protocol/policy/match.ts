/**
 * Whether one rule matches one node. Every condition has one of four outcomes and fits into two bits, so that the whole
 * judgement of a large batch is one array of numbers, kept for the explanation and hashed for the auditor.
 *
 * Doubt works against the payload: an unknown condition keeps a permitting rule from matching and does not keep a deny
 * rule from matching.
 */
import type { Address } from '../payload/address.ts';
import type { Movement, NodeFacts, PayloadFacts } from './facts.ts';
import type { AddressSet, PreparedRule } from './prepare.ts';
import type { AmountRange } from './schema.ts';

/** Where the two bits of each condition are, in the order of evaluation. */
const PLACES = {
  wallets: 0,
  chainIds: 2,
  initiators: 4,
  kinds: 6,
  fee: 8,
  operations: 10,
  to: 12,
  safes: 14,
  selectors: 16,
  calldataHash: 18,
  nativeValue: 20,
  assets: 22,
  counterparties: 24,
  amount: 26,
  risks: 28,
  typeHashes: 30,
} as const;

export type Condition = keyof typeof PLACES;

export const CONDITIONS: readonly Condition[] = Object.keys(PLACES) as Condition[];

/** `free`: the rule has no such condition. */
export type Outcome = 'free' | 'yes' | 'no' | 'unknown';

const OUTCOMES: readonly Outcome[] = ['free', 'yes', 'no', 'unknown'];
const FREE = 0;
const YES = 1;
const NO = 2;
const UNKNOWN = 3;
/** The lower bit of every condition. */
const LOW = 0x55555555;
/** The upper bit: set in `no` and `unknown`. */
const HIGH = 0xaaaaaaaa;

/** Who asks for what; the same for all nodes of a payload. */
export interface Request {
  readonly wallet: string;
  /** Of the wallet; rules name wallets by name, the explanation shows both. */
  readonly address: Address;
  readonly initiator: string;
}

/** The conditions of a rule that do not depend on the node, as bits. */
export function matchPayload(rule: PreparedRule, facts: PayloadFacts, request: Request): number {
  return (
    at(PLACES.wallets, member(rule.wallets, request.wallet)) |
    at(PLACES.chainIds, member(rule.chainIds, facts.chainId)) |
    at(PLACES.initiators, member(rule.initiators, request.initiator)) |
    at(PLACES.kinds, member(rule.kinds, facts.kind)) |
    at(PLACES.fee, atMost(facts.feeMax, rule.feeMax))
  );
}

/** All conditions of a rule on one node; `payloadBits` come from `matchPayload` of the same rule. */
export function matchNode(rule: PreparedRule, payloadBits: number, node: NodeFacts, facts: PayloadFacts): number {
  return (
    payloadBits |
    at(PLACES.operations, member(rule.operations, node.operation)) |
    at(PLACES.to, rule.to === undefined ? FREE : node.to === undefined ? NO : addressIn(rule.to, facts, node.to)) |
    at(PLACES.safes, acting(rule, node, facts)) |
    at(PLACES.selectors, rule.selectors === undefined ? FREE : truth(selected(rule, node))) |
    at(PLACES.calldataHash, rule.calldataHash === undefined ? FREE : truth(node.calldataHash() === rule.calldataHash)) |
    at(PLACES.typeHashes, rule.typeHashes === undefined ? FREE : truth(ofType(rule, node))) |
    at(PLACES.nativeValue, atMost(node.value, rule.valueMax)) |
    (rule.permits ? everyMovement(rule, node, facts) : someMovement(rule, node, facts)) |
    at(PLACES.risks, rule.permits || rule.risks.size === 0 ? FREE : truth(carriesRisk(rule, node)))
  );
}

/** Whether the conditions add up to a match; doubt keeps a permission away and a denial in force. */
export function matches(rule: PreparedRule, bits: number): boolean {
  return rule.permits ? (bits & HIGH) === 0 : ((bits >>> 1) & ~bits & LOW) === 0;
}

export function outcomeOf(bits: number, condition: Condition): Outcome {
  return OUTCOMES[(bits >>> PLACES[condition]) & 3] ?? 'unknown';
}

/** A permission speaks for all that moves: each movement must be of its assets and to its counterparties. */
function everyMovement(rule: PreparedRule, node: NodeFacts, facts: PayloadFacts): number {
  const { assets, counterparties, amount } = rule;
  if (assets === undefined && counterparties === undefined) return 0;
  const start = node.modelled ? truth(node.movements.length > 0) : UNKNOWN;
  let ofAssets = assets === undefined ? FREE : start;
  let toThem = counterparties === undefined ? FREE : start;
  for (const movement of node.movements) {
    ofAssets = worse(ofAssets, member(assets, movement.assetKey));
    if (counterparties !== undefined) toThem = worse(toThem, addressIn(counterparties, facts, movement.counterparty));
  }
  const inRange = amount === undefined ? FREE : worse(start, truth(totalWithin(rule, facts)));
  return at(PLACES.assets, ofAssets) | at(PLACES.counterparties, toThem) | at(PLACES.amount, inRange);
}

/** For a permission: one certain no decides, then one doubt. */
function worse(a: number, b: number): number {
  if (a === NO || b === NO) return NO;
  return Math.max(a, b);
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
  return at(PLACES.assets, ofAssets) | at(PLACES.counterparties, toThem) | at(PLACES.amount, inRange);
}

/** All the accounts it acts for: a permission must know each, a denial any. */
function acting(rule: PreparedRule, node: NodeFacts, facts: PayloadFacts): number {
  const { safes } = rule;
  if (safes === undefined) return FREE;
  const outcomes = node.safes.map((safe) => addressIn(safes, facts, safe));
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

/** `undefined` as value means that the payload does not say. */
function member<T>(set: ReadonlySet<T> | undefined, value: T | undefined): number {
  if (set === undefined) return FREE;
  return value === undefined ? UNKNOWN : truth(set.has(value));
}

/** A contract that is only being created has an address that no list can know. */
function addressIn(set: AddressSet, facts: PayloadFacts, value: Address | undefined): number {
  const found = value === undefined ? undefined : set.has(facts.chainId, value);
  return found === undefined ? UNKNOWN : truth(found);
}

function atMost(value: bigint, max: bigint | undefined): number {
  return max === undefined ? FREE : truth(value <= max);
}

function truth(holds: boolean): number {
  return holds ? YES : NO;
}

function at(place: number, outcome: number): number {
  return outcome << place;
}
