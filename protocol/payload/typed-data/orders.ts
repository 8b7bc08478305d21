/** Seaport orders: what the offerer gives, what comes back to the offerer itself, and what goes to others. */

import { toHex } from '../../common/bytes.ts';
import { type Address, ZERO_ADDRESS } from '../address.ts';
import type { Movement } from '../calldata/call.ts';
import { tokenFacts } from '../words/tokens.ts';
import { addressField, bytesField, numberField, structsField } from './fields.ts';
import type { KnownTyped, OrderFacts, OrderItem, TypedField } from './reading.ts';

type Fields = readonly TypedField[];

const ITEM_TYPES = ['native', 'erc20', 'erc721', 'erc1155', 'erc721-any', 'erc1155-any'] as const;

/** The orders of a document; those that fill up the tree of a bulk order and hold nothing are left out. */
export function ordersOf(known: KnownTyped, message: Fields): readonly OrderFacts[] {
  if (known === 'seaport-order') return [orderOf(message)];
  if (known !== 'seaport-bulk-order') return [];
  const orders = structsField(message, 'tree').map(orderOf);
  return orders.filter(({ gives, receives, others }) => gives.length + receives.length + others.length > 0);
}

/**
 * What the market may take, or nothing where any NFT of a collection would do: no movement stands for that, and half a
 * list would look like the whole. Of bulk orders all can be filled, so they add up.
 */
export function orderMovements(orders: readonly OrderFacts[], market: Address): readonly Movement[] {
  const items = orders.flatMap(({ offerer, gives }) => gives.map((item) => ({ offerer, item })));
  if (!items.every(({ item }) => EXACT.has(item.itemType))) return [];
  return items.map(({ offerer, item }) => ({
    kind: 'approve',
    asset: item.asset,
    amount: most(item),
    counterparty: market,
    owner: offerer,
    ...(isNft(item) ? { tokenId: item.identifier } : {}),
  }));
}

const EXACT: ReadonlySet<OrderItem['itemType']> = new Set(['native', 'erc20', 'erc721', 'erc1155'] as const);

/** No conduit (Seaport takes the items itself), or the one of OpenSea. */
const KNOWN_CONDUITS: ReadonlySet<string> = new Set([
  '0'.repeat(64),
  '0000007b02230091a7ed01230072f7006a004d60a8d4e71d599b8104250f0000',
]);

export function isKnownConduit(conduitKey: Uint8Array): boolean {
  return KNOWN_CONDUITS.has(toHex(conduitKey));
}

function orderOf(fields: Fields): OrderFacts {
  const offerer = addressField(fields, 'offerer');
  const consideration = structsField(fields, 'consideration').map((item) => ({
    ...itemOf(item),
    recipient: addressField(item, 'recipient'),
  }));
  return {
    offerer,
    gives: structsField(fields, 'offer').map(itemOf),
    receives: consideration.filter(({ recipient }) => recipient === offerer),
    others: consideration.filter(({ recipient }) => recipient !== offerer),
    zone: addressField(fields, 'zone'),
    conduitKey: bytesField(fields, 'conduitKey'),
    startTime: numberField(fields, 'startTime'),
    endTime: numberField(fields, 'endTime'),
  };
}

function itemOf(fields: Fields): OrderItem {
  const itemType = ITEM_TYPES[Number(numberField(fields, 'itemType'))] ?? 'unknown';
  const token = addressField(fields, 'token');
  return {
    itemType,
    asset: itemType === 'native' && token === ZERO_ADDRESS ? 'native' : token,
    identifier: numberField(fields, 'identifierOrCriteria'),
    startAmount: numberField(fields, 'startAmount'),
    endAmount: numberField(fields, 'endAmount'),
  };
}

/** Below a thousandth of a coin, or of a token that follows one, an amount counts as nothing. */
const LEAST_COIN_DECIMALS = 3;
const COIN_DECIMALS = 18;

/**
 * Whether anything that counts comes back to the offerer: at the worst time of the order, and only what exceeds the same
 * asset among what is given. What anybody can make does not count: tokens that are not pinned, and an NFT for an NFT. Of
 * pinned tokens it is one whole one, or a thousandth of ether and bitcoin in their many forms. That is no price: nobody
 * here knows prices, so a bad bargain passes, and the screen names both sides.
 */
export function hasReturn({ gives, receives }: OrderFacts, chainId: bigint | undefined): boolean {
  const key = (item: OrderItem): string => `${item.itemType} ${item.asset} ${isNft(item) ? item.identifier : ''}`;
  const net = new Map<string, { item: OrderItem; amount: bigint }>();
  const add = (item: OrderItem, amount: bigint): void => {
    net.set(key(item), { item, amount: (net.get(key(item))?.amount ?? 0n) + amount });
  };
  for (const item of receives) add(item, least(item));
  for (const item of gives) if (net.has(key(item))) add(item, -most(item));
  const bids = !gives.some(isNft);
  return [...net.values()].some(({ item, amount }) => {
    if (isNft(item)) return bids && amount >= 1n;
    const floor = floorOf(item, chainId);
    return floor !== undefined && amount >= floor;
  });
}

/** `undefined`: nobody here knows the token, so no amount of it counts. */
function floorOf({ asset, itemType }: OrderItem, chainId: bigint | undefined): bigint | undefined {
  if (itemType === 'native') return 10n ** BigInt(COIN_DECIMALS - LEAST_COIN_DECIMALS);
  const token = asset === 'native' ? undefined : tokenFacts(chainId, asset);
  if (token === undefined || itemType !== 'erc20') return undefined;
  const { decimals, symbol } = token;
  return 10n ** BigInt(/ETH|BTC/.test(symbol) ? Math.max(0, decimals - LEAST_COIN_DECIMALS) : decimals);
}

function isNft({ itemType }: OrderItem): boolean {
  return itemType !== 'native' && itemType !== 'erc20';
}

function least({ startAmount, endAmount }: OrderItem): bigint {
  return startAmount < endAmount ? startAmount : endAmount;
}

function most({ startAmount, endAmount }: OrderItem): bigint {
  return startAmount > endAmount ? startAmount : endAmount;
}
