/**
 * What a payload uses up, and what each limit makes of it. A spend holds no judgement: it is taken from the payload
 * once, kept with the consent, and valued by whatever limits the policies of a later day contain. So a new limit counts
 * what was signed before it, and a new version of a policy resets nothing.
 */
import { array, decimal, integer, literal, object, optional, problem, type Reader, text } from '../common/schema.ts';
import type { Address } from '../payload/address.ts';
import { type Decoded, PAYLOAD_KINDS } from '../payload/payload.ts';
import type { PayloadFacts } from './facts.ts';
import { MAX_CHAIN_ID, MAX_NAME, MAX_TIME, MAX_UINT256 } from './limits.ts';
import type { Request } from './match.ts';
import type { MatchedKind } from './schema.ts';

export interface Spend {
  readonly wallet: string;
  /** The address that signs. */
  readonly account: Address;
  readonly initiator: string;
  /** `undefined`: the payload names none, and counts on every chain. */
  readonly chainId: bigint | undefined;
  readonly kind: MatchedKind;
  /** Wei: the most that can be paid for gas. */
  readonly fee: bigint;
  /** Added up by asset, counterparty and selector, in the order of first appearance. Calls that move nothing, too. */
  readonly moves: readonly Move[];
  readonly place: Place;
}

export interface Move {
  /** As `assetKey` writes it; `none`: a call that moves nothing; `unknown`: any. */
  readonly asset: string;
  /** `undefined`: unknown. */
  readonly amount: bigint | undefined;
  /** `undefined`: unknown, or a contract that is made by the call. */
  readonly counterparty: Address | undefined;
  /** `0x` and eight hex digits, `none` without calldata, or the operation where there is no selector. */
  readonly selector: string;
}

/**
 * Where the signature is used up. `account` and `safe`: when this nonce is. `until`: it is void from this second on.
 * `none`: nothing on a chain ends it, it says what it says.
 */
export type Place =
  | { readonly kind: 'account'; readonly account: Address; readonly chainId: bigint; readonly nonce: bigint }
  | { readonly kind: 'safe'; readonly safe: Address; readonly chainId: bigint | undefined; readonly nonce: bigint }
  | { readonly kind: 'until'; readonly at: number }
  | { readonly kind: 'none' };

/** A place that is used up in order, nonce by nonce. */
export type UsedPlace = Extract<Place, { readonly nonce: bigint }>;

/** Lines of a spend; what has more is kept by asset alone, and what has more assets than this as one unknown. */
export const MAX_MOVES = 1000;
/** Where sums stop, the most that 78 digits write: more than any limit can be. */
export const MAX_SUM: bigint = 10n ** 78n - 1n;
const NOTHING = 'none';
/** Asset or selector of what was added up beyond telling apart. */
export const UNKNOWN_ASSET = 'unknown';

/** Once for a payload. `facts` may come from either layer: what depends on a policy, the chain it lends, is left out. */
export function spendOf(decoded: Decoded, facts: PayloadFacts, request: Request): Spend {
  return {
    wallet: request.wallet,
    account: request.address,
    initiator: request.initiator,
    chainId: decoded.chainId,
    kind: facts.kind,
    fee: summed(facts.feeMax, 0n),
    moves: movesOf(facts, decoded.chainId),
    place: placeOf(decoded, request.address),
  };
}

function movesOf(facts: PayloadFacts, chainId: bigint | undefined): readonly Move[] {
  const moves = new Map<string, Move>();
  const byAsset = new Map<string, Move>();
  for (const node of facts.nodes) {
    const selector = node.selector ?? node.operation;
    const nothing = { assetKey: NOTHING, counterparty: node.to, amount: 0n };
    for (const moved of node.movements.length === 0 ? [nothing] : node.movements) {
      const asset = plainKey(moved.assetKey, chainId);
      const { amount, counterparty } = moved;
      addTo(byAsset, asset, { asset, amount, counterparty: undefined, selector: UNKNOWN_ASSET });
      if (byAsset.size > MAX_MOVES) return [{ ...UNKNOWN_MOVE }];
      if (moves.size > MAX_MOVES) continue;
      addTo(moves, `${asset}/${counterparty ?? '?'}/${selector}`, { asset, amount, counterparty, selector });
    }
  }
  return [...(moves.size > MAX_MOVES ? byAsset : moves).values()];
}

const UNKNOWN_MOVE: Move = {
  asset: UNKNOWN_ASSET,
  amount: undefined,
  counterparty: undefined,
  selector: UNKNOWN_ASSET,
};

function addTo(moves: Map<string, Move>, name: string, move: Move): void {
  const known = moves.get(name);
  if (known === undefined) {
    moves.set(name, move);
    return;
  }
  const isKnown = known.amount !== undefined && move.amount !== undefined;
  const amount = isKnown ? summed(known.amount ?? 0n, move.amount ?? 0n) : undefined;
  moves.set(name, { ...known, amount });
}

export function summed(a: bigint, b: bigint): bigint {
  return a + b < MAX_SUM ? a + b : MAX_SUM;
}

/** A chain that only a policy lends to a payload without one is not written down: policies change. */
function plainKey(key: string | undefined, chainId: bigint | undefined): string {
  if (key === undefined) return UNKNOWN_ASSET;
  return chainId === undefined && key !== NOTHING ? `?${key.slice(key.indexOf(':'))}` : key;
}

function placeOf({ transaction, authorization, safeTx, typedData }: Decoded, account: Address): Place {
  const used = transaction ?? authorization;
  if (used !== undefined) return { kind: 'account', account, chainId: used.chainId, nonce: used.nonce };
  if (safeTx !== undefined) {
    return { kind: 'safe', safe: safeTx.safe, chainId: safeTx.chainId, nonce: safeTx.nonce };
  }
  const meaning = typedData?.meaning;
  if (meaning === undefined || meaning.safeMessage !== undefined) return { kind: 'none' };
  const ends = [meaning.deadline, ...meaning.orders.map((order) => order.endTime)].filter((at) => at !== undefined);
  // A permit without a deadline can be used for ever, so it is charged for ever.
  if (ends.length === 0) return { kind: 'until', at: MAX_TIME };
  return { kind: 'until', at: Math.max(...ends.map((at) => Math.min(Number(at), MAX_TIME))) };
}

const ADDRESS: Reader<Address> = (value, field) => {
  if (typeof value === 'string' && /^0x[0-9a-f]{40}$/.test(value)) return `0x${value.slice(2)}`;
  return problem(field, 'must be an address in lower case');
};
const WALLET_NAME: Reader<string> = text({ min: 1, max: MAX_NAME, pattern: /^[\x21-\x7e]+$/ });
const UINT256 = decimal(MAX_UINT256);
const CHAIN = decimal(MAX_CHAIN_ID);

const PLACES: { readonly [K in Place['kind']]: Reader<Place> } = {
  account: object({ kind: literal('account'), account: ADDRESS, chainId: CHAIN, nonce: UINT256 }),
  safe: object({
    kind: literal('safe'),
    safe: ADDRESS,
    chainId: optional(CHAIN),
    nonce: UINT256,
  }),
  until: object({ kind: literal('until'), at: integer({ max: MAX_TIME }) }),
  none: object({ kind: literal('none') }),
};

/** Reads a place as it is written with decimal strings; members that are `undefined` are absent there. */
const PLACE: Reader<Place> = (value, field) => {
  const kind = typeof value === 'object' && 'kind' in value ? value['kind'] : undefined;
  switch (kind) {
    case 'account':
    case 'safe':
    case 'until':
    case 'none':
      return PLACES[kind](value, field);
    default:
      return problem(field, 'is not a known place');
  }
};

export const USED_PLACE: Reader<UsedPlace> = (value, field) => {
  const place = PLACE(value, field);
  return 'nonce' in place ? place : problem(field, 'must be a nonce of an account or of a Safe');
};

/** Reads a spend; as `PLACE`. */
export const SPEND: Reader<Spend> = object<Spend>({
  wallet: WALLET_NAME,
  account: ADDRESS,
  initiator: WALLET_NAME,
  chainId: optional(CHAIN),
  kind: literal(...PAYLOAD_KINDS),
  fee: decimal(MAX_SUM),
  moves: array(
    object<Move>({
      asset: text({ min: 1, max: 80, pattern: /^[\x21-\x7e]+$/ }),
      amount: optional(decimal(MAX_SUM)),
      counterparty: optional(ADDRESS),
      selector: text({ min: 1, max: 20, pattern: /^[\x21-\x7e]+$/ }),
    }),
    { max: MAX_MOVES },
  ),
  place: PLACE,
});
