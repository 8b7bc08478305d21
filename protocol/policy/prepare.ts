/** A policy made ready for judging: every condition becomes a set lookup, so that length of lists costs nothing. */
import type { Json } from '../common/canonical-json.ts';
import type { Address } from '../payload/address.ts';
import { AddressSet, addressSets } from './addresses.ts';
import { type PreparedArg, prepareArg } from './args.ts';
import { PER_STEP } from './budget.ts';
import { type PreparedFlows, prepareFlows } from './flows.ts';
import { obligationsOf } from './obligations.ts';
import type {
  AddressRef,
  AmountRange,
  Asset,
  GasCaps,
  Limit,
  MatchedKind,
  MatchedOperation,
  PolicyDocument,
  Rule,
  RuleMatch,
  SelectorMatch,
  TxType,
} from './schema.ts';
import { type PreparedWindow, prepareWindow } from './times.ts';
import type { Obligations } from './verdict.ts';

/** Only parse.ts makes one. */
export interface Policy {
  readonly document: PolicyDocument;
  /** Statements of admins that came with the file, unverified; no part of the digest. */
  readonly signatures: readonly Json[];
  /** In the order of `document.rules`: by id. */
  readonly rules: readonly PreparedRule[];
  /** In the order of `document.limits`: by id. */
  readonly limits: readonly PreparedLimit[];
  /** Indices of the rules that name a selector, ascending. */
  readonly bySelector: ReadonlyMap<SelectorMatch, readonly number[]>;
  /** Indices of the rules that name none. */
  readonly anySelector: readonly number[];
  readonly flows: PreparedFlows | undefined;
  /** Operators for whom some permission is open; `undefined`: anybody. */
  readonly openTo: ReadonlySet<string> | undefined;
}

export interface PreparedLimit {
  readonly limit: Limit;
  /** As `assetKey` writes it; set for measure `amount`. */
  readonly asset: string | undefined;
  readonly counterparties: AddressSet | undefined;
}

export interface PreparedRule {
  readonly rule: Rule;
  /** Whether the rule is an allow or require rule; then what is absent narrows (docs/policy.md). */
  readonly permits: boolean;
  readonly wallets: ReadonlySet<string> | undefined;
  readonly chainIds: ReadonlySet<bigint> | undefined;
  readonly initiators: ReadonlySet<string> | undefined;
  readonly kinds: ReadonlySet<MatchedKind> | undefined;
  readonly operations: ReadonlySet<MatchedOperation> | undefined;
  readonly to: AddressSet | undefined;
  readonly safes: AddressSet | undefined;
  readonly counterparties: AddressSet | undefined;
  readonly selectors: ReadonlySet<SelectorMatch> | undefined;
  readonly calldataHash: string | undefined;
  readonly typeHashes: ReadonlySet<string> | undefined;
  /** Keys made by `assetKey`. */
  readonly assets: ReadonlySet<string> | undefined;
  readonly amount: AmountRange | undefined;
  /** Wei that may go along with the call; absent: no limit. */
  readonly valueMax: bigint | undefined;
  readonly feeMax: bigint | undefined;
  readonly txTypes: ReadonlySet<TxType> | undefined;
  readonly gas: GasCaps | undefined;
  readonly time: readonly PreparedWindow[] | undefined;
  readonly args: readonly PreparedArg[] | undefined;
  /** Of a require rule. */
  readonly obligations: Obligations | undefined;
  /** What a comparison costs beyond the usual, and for each movement: lists and conditions to look up. */
  readonly weight: number;
  readonly weightOfMove: number;
  readonly risks: ReadonlySet<string>;
  /** Names an exact target and what is called there. Only then may it accept a critical risk. */
  readonly pinned: boolean;
}

export function assetKey(chainId: bigint | undefined, address: Address | 'native'): string {
  return `${chainId ?? '?'}:${address}`;
}

export function preparePolicy(document: PolicyDocument, signatures: readonly Json[] = []): Policy {
  const makeSet = addressSets(document);
  const sets = (refs: readonly AddressRef[] | undefined): AddressSet | undefined => refs && makeSet(refs);
  const rules = document.rules.map((rule) => prepareRule(rule, document, sets));
  return {
    document,
    signatures,
    rules,
    limits: (document.limits ?? []).map((limit) => prepareLimit(limit, document.assets, sets)),
    flows: prepareFlows(document),
    ...indexed(rules),
    openTo: openTo(rules),
  };
}

/** Rules by what they may match; a node is compared with those of its selector and those that name none. */
function indexed(rules: readonly PreparedRule[]): Pick<Policy, 'bySelector' | 'anySelector'> {
  const bySelector = new Map<SelectorMatch, number[]>();
  const anySelector: number[] = [];
  for (const [r, { selectors }] of rules.entries()) {
    if (selectors === undefined) anySelector.push(r);
    for (const selector of selectors ?? []) {
      const known = bySelector.get(selector);
      if (known === undefined) bySelector.set(selector, [r]);
      else known.push(r);
    }
  }
  return { bySelector, anySelector };
}

function openTo(rules: readonly PreparedRule[]): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  for (const { initiators, permits } of rules) {
    if (permits && initiators === undefined) return undefined;
    if (permits) for (const name of initiators ?? []) names.add(name);
  }
  return names;
}

function prepareLimit(
  limit: Limit,
  declared: ReadonlyMap<string, Asset>,
  sets: (refs: readonly AddressRef[] | undefined) => AddressSet | undefined,
): PreparedLimit {
  const asset = limit.asset === undefined ? undefined : declared.get(limit.asset);
  return {
    limit,
    asset: asset && assetKey(asset.chainId, asset.address),
    counterparties: sets(limit.match?.counterparties),
  };
}

function prepareRule(
  rule: Rule,
  document: PolicyDocument,
  sets: (refs: readonly AddressRef[] | undefined) => AddressSet | undefined,
): PreparedRule {
  const { match } = rule;
  const permits = rule.effect !== 'deny';
  const args = match.args?.map((arg) =>
    prepareArg(arg, document, (refs) => sets(refs) ?? new AddressSet(new Set(), [])),
  );
  const [to, safes, counterparties] = [sets(match.to), sets(match.safes), sets(match.counterparties)];
  const assets = match.assets?.flatMap((symbol) => document.assets.get(symbol) ?? []);
  return {
    rule,
    permits,
    wallets: match.wallets && new Set(match.wallets),
    chainIds: match.chainIds && new Set(match.chainIds),
    initiators: match.initiators && new Set(match.initiators),
    kinds: narrowed(match.kinds, permits, 'evm-transaction'),
    operations: narrowed(match.operations, permits, 'call'),
    to,
    safes,
    counterparties,
    selectors: match.selectors && new Set(match.selectors),
    calldataHash: match.calldataHash,
    typeHashes: match.typeHashes && new Set(match.typeHashes),
    assets: assets && new Set(assets.map((asset) => assetKey(asset.chainId, asset.address))),
    amount: match.amount,
    valueMax: match.nativeValue?.max ?? (permits && !namesNative(assets) ? 0n : undefined),
    feeMax: match.fee?.totalMax,
    txTypes: match.txTypes && new Set(match.txTypes),
    gas: match.gas,
    time: match.time?.map(prepareWindow),
    args,
    obligations: rule.effect === 'require' ? obligationsOf(rule.require) : undefined,
    weight: 2 * PER_STEP * (args?.length ?? 0) + (to?.lists.length ?? 0) + (safes?.lists.length ?? 0),
    weightOfMove: assets || counterparties ? 1 + (counterparties?.lists.length ?? 0) : 0,
    risks: new Set(match.risks),
    pinned: isPinned(match),
  };
}

/** What a permitting rule does not name it does not permit; a deny rule without the field covers everything. */
function narrowed<T>(values: readonly T[] | undefined, permits: boolean, usual: T): ReadonlySet<T> | undefined {
  if (values !== undefined) return new Set(values);
  return permits ? new Set([usual]) : undefined;
}

/**
 * `to` with `selectors`, `typeHashes` or `calldataHash`. A creation has no `to`, and a signature may have none, so there
 * `calldataHash` stands alone. Of a signature over no typed data `to` says all there is: the delegate of an authorization,
 * or the Safe whose transaction a message is, which is judged by itself.
 */
function isPinned({ to, selectors, calldataHash, kinds, operations = [], typeHashes }: RuleMatch): boolean {
  const only = (...names: readonly MatchedOperation[]): boolean =>
    operations.length > 0 && operations.every((operation) => names.includes(operation));
  if (calldataHash !== undefined) return to !== undefined || only('create', 'authorize');
  if (to === undefined) return false;
  return (
    selectors !== undefined || typeHashes !== undefined || (only('authorize') && !kinds?.includes('evm-typed-data'))
  );
}

function namesNative(assets: readonly Asset[] | undefined): boolean {
  return assets?.some((asset) => asset.address === 'native') === true;
}
