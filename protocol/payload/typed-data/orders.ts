/** Seaport orders: what the offerer gives, what comes back to the offerer itself, and what goes to others. */

import { toHex } from '../../common/bytes.ts';
import { type Address, ZERO_ADDRESS } from '../address.ts';
import type { Movement } from '../calldata/call.ts';
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

/** Below this an amount counts as nothing: wei, and units of a token of which one or two decimals are known. */
const DUST_NATIVE = 10n ** 12n;
const DUST_TOKEN = 1000n;

/**
 * Whether anything that counts comes back to the offerer: at the worst time of the order, and only what exceeds the
 * same asset among what is given. What a token is worth nobody here knows; the screen names it.
 */
export function hasReturn({ gives, receives }: OrderFacts): boolean {
  const key = (item: OrderItem): string => `${item.itemType} ${item.asset} ${isNft(item) ? item.identifier : ''}`;
  const net = new Map<string, { item: OrderItem; amount: bigint }>();
  const add = (item: OrderItem, amount: bigint): void => {
    net.set(key(item), { item, amount: (net.get(key(item))?.amount ?? 0n) + amount });
  };
  for (const item of receives) add(item, least(item));
  for (const item of gives) if (net.has(key(item))) add(item, -most(item));
  return [...net.values()].some(({ item, amount }) => amount >= (isNft(item) ? 1n : dust(item)));
}

function dust({ itemType }: OrderItem): bigint {
  return itemType === 'native' ? DUST_NATIVE : DUST_TOKEN;
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
