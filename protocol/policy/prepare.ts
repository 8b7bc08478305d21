/** A policy made ready for judging: every condition becomes a set lookup, so that length of lists costs nothing. */
import type { Json } from '../common/canonical-json.ts';
import type { Address } from '../payload/address.ts';
import type {
  AddressRef,
  AmountRange,
  Asset,
  Limit,
  ListedAddress,
  MatchedKind,
  MatchedOperation,
  PolicyDocument,
  Rule,
  RuleMatch,
  SelectorMatch,
} from './schema.ts';

/** Only parse.ts makes one. */
export interface Policy {
  readonly document: PolicyDocument;
  /** Statements of admins that came with the file, unverified; no part of the digest. */
  readonly signatures: readonly Json[];
  /** In the order of `document.rules`: by id. */
  readonly rules: readonly PreparedRule[];
  /** In the order of `document.limits`: by id. */
  readonly limits: readonly PreparedLimit[];
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
  readonly risks: ReadonlySet<string>;
  /** Names an exact target and what is called there. Only then may it accept a critical risk. */
  readonly pinned: boolean;
}

/** Addresses written in the rule (their chains are the rule's) and those of lists (each with its chain). */
export class AddressSet {
  readonly #plain: ReadonlySet<Address>;
  readonly #lists: readonly ReadonlyMap<bigint, ReadonlySet<Address>>[];

  constructor(plain: ReadonlySet<Address>, lists: readonly ReadonlyMap<bigint, ReadonlySet<Address>>[]) {
    this.#plain = plain;
    this.#lists = lists;
  }

  /** `undefined`: the answer hangs on the chain, which the payload does not name. */
  has(chainId: bigint | undefined, address: Address): boolean | undefined {
    if (this.#plain.has(address)) return true;
    if (chainId !== undefined) return this.#lists.some((list) => list.get(chainId)?.has(address) === true);
    const somewhere = this.#lists.some((list) => [...list.values()].some((addresses) => addresses.has(address)));
    return somewhere ? undefined : false;
  }
}

export function assetKey(chainId: bigint | undefined, address: Address | 'native'): string {
  return `${chainId ?? '?'}:${address}`;
}

export function preparePolicy(document: PolicyDocument, signatures: readonly Json[] = []): Policy {
  const lists = new Map([...document.addressLists].map(([name, list]) => [name, byChain(list)] as const));
  const sets = (refs: readonly AddressRef[] | undefined): AddressSet | undefined => refs && addressSet(refs, lists);
  return {
    document,
    signatures,
    rules: document.rules.map((rule) => prepareRule(rule, document.assets, sets)),
    limits: (document.limits ?? []).map((limit) => prepareLimit(limit, document.assets, sets)),
  };
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

type Lists = ReadonlyMap<string, ReadonlyMap<bigint, ReadonlySet<Address>>>;

function prepareRule(
  rule: Rule,
  declared: ReadonlyMap<string, Asset>,
  sets: (refs: readonly AddressRef[] | undefined) => AddressSet | undefined,
): PreparedRule {
  const { match } = rule;
  const permits = rule.effect !== 'deny';
  const assets = match.assets?.flatMap((symbol) => declared.get(symbol) ?? []);
  return {
    rule,
    permits,
    wallets: match.wallets && new Set(match.wallets),
    chainIds: match.chainIds && new Set(match.chainIds),
    initiators: match.initiators && new Set(match.initiators),
    kinds: narrowed(match.kinds, permits, 'evm-transaction'),
    operations: narrowed(match.operations, permits, 'call'),
    to: sets(match.to),
    safes: sets(match.safes),
    counterparties: sets(match.counterparties),
    selectors: match.selectors && new Set(match.selectors),
    calldataHash: match.calldataHash,
    typeHashes: match.typeHashes && new Set(match.typeHashes),
    assets: assets && new Set(assets.map((asset) => assetKey(asset.chainId, asset.address))),
    amount: match.amount,
    valueMax: match.nativeValue?.max ?? (permits && !namesNative(assets) ? 0n : undefined),
    feeMax: match.fee?.totalMax,
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

function byChain(list: readonly ListedAddress[]): ReadonlyMap<bigint, ReadonlySet<Address>> {
  const result = new Map<bigint, Set<Address>>();
  for (const { chainId, address } of list) {
    const addresses = result.get(chainId) ?? new Set();
    result.set(chainId, addresses.add(address));
  }
  return result;
}

function addressSet(refs: readonly AddressRef[], lists: Lists): AddressSet {
  const plain = new Set<Address>();
  const named: ReadonlyMap<bigint, ReadonlySet<Address>>[] = [];
  for (const ref of refs) {
    const list = ref.startsWith('@') ? lists.get(ref.slice(1)) : undefined;
    if (list !== undefined) named.push(list);
    else plain.add(`0x${ref.slice(2)}`);
  }
  return new AddressSet(plain, named);
}
