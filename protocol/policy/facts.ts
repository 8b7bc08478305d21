/** What rules ask about, taken from an assessment once for all rules. */
import { toHex, utf8 } from '../common/bytes.ts';
import type { Address } from '../payload/address.ts';
import type { AbiValue } from '../payload/calldata/abi.ts';
import type { Call } from '../payload/calldata/call.ts';
import { keccak256 } from '../payload/keccak.ts';
import type { Decoded } from '../payload/payload.ts';
import type { Assessment } from '../payload/risk/assess.ts';
import type { Risk } from '../payload/risk/codes.ts';
import { feeCap, type TransactionType, totalFeeCap } from '../payload/transaction.ts';
import { assetKey } from './prepare.ts';
import type { MatchedKind, MatchedOperation, SelectorMatch, TxType } from './schema.ts';

export interface PayloadFacts {
  readonly kind: MatchedKind;
  /** `undefined`: the payload names none, so it may be valid on several. */
  readonly chainId: bigint | undefined;
  /** A message that is no hash: no chain looks at it, so none is missing. */
  readonly offChain: boolean;
  /** Wei that can be paid for gas and blobs; 0 where somebody else sends what is signed, and pays for it. */
  readonly feeMax: bigint;
  /** `undefined`: no transaction. */
  readonly txType: TxType | undefined;
  /** `none`: somebody else sends what is signed. `unknown`: an account executes it and does not say in these terms. */
  readonly gas: { readonly limit: bigint; readonly maxFeePerGas: bigint } | 'none' | 'unknown';
  /** Every call of the tree, wrappers before what they wrap. */
  readonly nodes: readonly NodeFacts[];
  /** All movements of the payload added up, by `assetKey`. */
  readonly totals: ReadonlyMap<string, bigint>;
}

export interface NodeFacts {
  readonly call: Call;
  readonly path: string;
  readonly operation: MatchedOperation;
  readonly to: Address | undefined;
  /** Accounts on whose behalf the node acts: the Safe that executes it, and the one that it makes execute. */
  readonly safes: readonly Address[];
  /** Wei. */
  readonly value: bigint;
  /** `undefined`: one to three bytes of calldata, or a creation. */
  readonly selector: SelectorMatch | undefined;
  /** What a permission speaks for. */
  readonly movements: readonly Movement[];
  /** Whether `movements` is everything the node does to money. */
  readonly modelled: boolean;
  /** What a denial looks at: the movements or, where the effect is not modelled, every address that the call names. */
  readonly touches: readonly Movement[];
  /** Nobody here can tell what it does to money, and no calls inside it do instead. */
  readonly unread: boolean;
  /** The node runs code or data that nobody here can read. */
  readonly opaque: boolean;
  /** Keccak-256 of the calldata, or of `authorize` the digest that is signed, as `0x` hex; computed when a rule asks. */
  calldataHash(): string;
  /** EIP-712 type hash as `0x` hex; `undefined` for all but typed data whose signature itself is what counts. */
  readonly typeHash: string | undefined;
  readonly risks: readonly Risk[];
}

/** One asset and one counterparty; a field is `undefined` where it cannot be known. */
export interface Movement {
  readonly assetKey: string | undefined;
  readonly counterparty: Address | undefined;
  readonly amount: bigint | undefined;
}

/** `chainId` is the payload's, or the one that the wallet's scope lends a payload without chain. */
export function payloadFacts(assessment: Assessment, chainId: bigint | undefined): PayloadFacts {
  const { decoded, risks } = assessment;
  const paths = new Set(decoded.calls.map((call) => call.path));
  const byPath = new Map<string, Risk[]>();
  for (const risk of risks) {
    // A finding about no call in particular belongs to the outermost one, so that none gets lost.
    const path = paths.has(risk.path) ? risk.path : decoded.root.path;
    const known = byPath.get(path);
    if (known === undefined) byPath.set(path, [risk]);
    else known.push(risk);
  }
  const nodes = decoded.calls.map((call) => nodeFacts(call, decoded, chainId, byPath.get(call.path) ?? []));
  const offChain = decoded.message !== undefined && decoded.safeTx === undefined;
  return {
    kind: decoded.payload.kind,
    chainId,
    offChain,
    feeMax: feeMax(decoded),
    ...envelope(decoded),
    nodes,
    totals: totalsOf(nodes),
  };
}

const TYPES: Readonly<Record<TransactionType, TxType>> = {
  legacy: 'legacy',
  eip2930: 'access-list',
  eip1559: 'eip1559',
  eip4844: 'blob',
  eip7702: 'eip7702',
};

function envelope({ transaction, typedData }: Decoded): Pick<PayloadFacts, 'txType' | 'gas'> {
  if (transaction !== undefined) {
    const { fees, gas, type } = transaction;
    return { txType: TYPES[type], gas: { limit: gas, maxFeePerGas: feeCap(fees) } };
  }
  return { txType: undefined, gas: typedData?.meaning?.operation === undefined ? 'none' : 'unknown' };
}

/** An operation of a smart account pays by itself, other typed data is paid for by whoever uses it. */
function feeMax({ transaction, typedData }: Decoded): bigint {
  return transaction === undefined ? (typedData?.meaning?.operation?.feeMax ?? 0n) : totalFeeCap(transaction);
}

function nodeFacts(call: Call, decoded: Decoded, chainId: bigint | undefined, risks: readonly Risk[]): NodeFacts {
  const movements = movementsOf(call, chainId);
  const modelled = isModelled(call);
  let hash: string | undefined;
  return {
    call,
    path: call.path,
    operation: call.operation,
    to: call.to,
    safes: safesOf(call),
    value: call.value,
    selector: selectorOf(call),
    movements,
    modelled,
    touches: modelled ? movements : [...movements, ...named(call, chainId)],
    unread: !modelled && !isText(call, decoded) && (call.children.length === 0 || call.closed === true),
    opaque: isOpaque(call) && !isText(call, decoded),
    calldataHash: () => (hash ??= `0x${toHex(call.digest ?? keccak256(call.data))}`),
    typeHash: typeHashOf(call, decoded),
    risks,
  };
}

/** A text says all it says; what some reader of it may do is not in the payload. */
function isText(call: Call, { message, root }: Decoded): boolean {
  return call === root && message?.encoding === 'text';
}

/** Types that nobody here understands have a hash, too, by which a policy can name them. */
function typeHashOf(call: Call, { root, typedData }: Decoded): string | undefined {
  if (call !== root || call.operation !== 'authorize' || typedData === undefined) return undefined;
  return `0x${toHex(keccak256(utf8(typedData.encodedType)))}`;
}

/** A plain call without value still touches its target, with nothing. */
function movementsOf(call: Call, chainId: bigint | undefined): readonly Movement[] {
  const movements = call.movements.map(({ asset, amount, counterparty }) => ({
    assetKey: assetKey(chainId, asset),
    counterparty: counterparty === 'created' ? undefined : counterparty,
    amount,
  }));
  if (movements.length > 0 || call.operation !== 'call' || call.data.length > 0) return movements;
  return [{ assetKey: assetKey(chainId, 'native'), counterparty: call.to, amount: 0n }];
}

/** The target and every address among the arguments, any of which may end up with something. */
function named(call: Call, chainId: bigint | undefined): readonly Movement[] {
  const addresses = new Set<Address>();
  const collect = (value: AbiValue): void => {
    if (typeof value === 'string') addresses.add(value);
    else if (Array.isArray(value)) value.forEach(collect);
  };
  if (call.to !== undefined) addresses.add(call.to);
  for (const { value } of call.call?.args ?? []) collect(value);
  const key = call.to === undefined ? undefined : assetKey(chainId, call.to);
  return [...addresses].map((counterparty) => ({ assetKey: key, counterparty, amount: undefined }));
}

/** What a signature lets others take is listed whole or not at all. */
function isModelled(call: Call): boolean {
  if (call.closed === true) return false;
  if (call.operation === 'authorize') return call.movements.length > 0;
  if (call.operation !== 'call') return false;
  return call.data.length === 0 || call.movements.some(({ asset }) => asset !== 'native');
}

function safesOf(call: Call): readonly Address[] {
  const result: Address[] = [];
  if (call.from !== 'wallet') result.push(call.from);
  if (call.to !== undefined && call.to !== call.from && call.children.some(({ from }) => from === call.to)) {
    result.push(call.to);
  }
  return result;
}

function selectorOf(call: Call): SelectorMatch | undefined {
  if (call.selector !== undefined) return `0x${call.selector}`;
  const isCall = call.operation === 'call' || call.operation === 'delegatecall';
  return isCall && call.data.length === 0 ? 'none' : undefined;
}

function isOpaque(call: Call): boolean {
  if (call.operation === 'create' || call.closed === true) return true;
  if (call.operation === 'delegatecall') return call.children.length === 0;
  if (call.operation === 'authorize') return call.call === undefined && call.children.length === 0;
  return call.data.length > 0 && call.call === undefined;
}

function totalsOf(nodes: readonly NodeFacts[]): ReadonlyMap<string, bigint> {
  const totals = new Map<string, bigint>();
  for (const { movements } of nodes) {
    for (const { assetKey: key, amount } of movements) {
      if (key !== undefined && amount !== undefined) totals.set(key, (totals.get(key) ?? 0n) + amount);
    }
  }
  return totals;
}
