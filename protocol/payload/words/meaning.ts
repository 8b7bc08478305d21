/** What a signed document is good for, and until when, where its type is one that is known. */
import { checksumAddress } from '../address.ts';
import type { Meaning, OrderFacts, OrderItem } from '../typed-data/reading.ts';
import { nativeAmount, tokenAmount } from './amounts.ts';
import type { AddressBook } from './names.ts';
import { dateWords } from './times.ts';
import { coinOf, tokenFacts } from './tokens.ts';

export function meaningLines(meaning: Meaning, chainId: bigint | undefined, book: AddressBook): readonly string[] {
  const { allowances, deadline, delegatee, orders } = meaning;
  const lasting = allowances.flatMap(({ expires }) =>
    expires === undefined ? [] : [until('What it allows lasts', expires)],
  );
  return [
    ...(delegatee === undefined ? [] : ['', 'WHO GETS THE VOTING POWER', `  ${book.shown(delegatee)}`]),
    ...orders.flatMap((order) => orderLines(order, chainId, book)),
    '',
    'FOR HOW LONG',
    ...new Set(lasting),
    ...orders.map(({ endTime }) => until('The order can be taken', endTime)),
    ...(orders.length > 0 && deadline === undefined
      ? []
      : [
          deadline === undefined
            ? '  !! The signature can be used FOR EVER.'
            : until('The signature can be used', deadline),
        ]),
  ];
}

function until(what: string, seconds: bigint): string {
  const date = dateWords(seconds);
  return date === undefined ? `  !! ${what} FOR EVER (until ${seconds}).` : `  ${what} until ${date} (${seconds}).`;
}

function orderLines(order: OrderFacts, chainId: bigint | undefined, book: AddressBook): readonly string[] {
  const { gives, offerer, others, receives } = order;
  const back = receives.length === 0 ? ['  !! NOTHING'] : receives.map((item) => `  ${itemWords(item, chainId)}`);
  return [
    '',
    `WHAT THE ORDER GIVES, from ${book.shown(offerer)}`,
    ...gives.map((item) => `  ${itemWords(item, chainId)}`),
    'WHAT COMES BACK TO IT',
    ...back,
    ...(others.length === 0 ? [] : ['WHAT GOES TO OTHERS']),
    ...others.map((item) => `  ${itemWords(item, chainId)} to ${book.shown(item.recipient)}`),
  ];
}

/** Amounts of an order may change with time, from the first to the last second. */
function itemWords(item: OrderItem, chainId: bigint | undefined): string {
  const { endAmount, startAmount } = item;
  const first = partWords(item, startAmount, chainId);
  return startAmount === endAmount ? first : `${first} at first, ${partWords(item, endAmount, chainId)} at last`;
}

function partWords({ asset, identifier, itemType }: OrderItem, amount: bigint, chainId: bigint | undefined): string {
  if (asset === 'native') return nativeAmount(amount, coinOf(chainId));
  const token = `token ${checksumAddress(asset)}`;
  switch (itemType) {
    case 'erc20': {
      const facts = tokenFacts(chainId, asset);
      return facts === undefined
        ? `${amount} units of ${token} (decimals unknown)`
        : `${tokenAmount(amount, facts)} of ${token}`;
    }
    case 'erc721-any':
    case 'erc1155-any':
      return `${amount} of ANY number of ${token} that the list ${identifier} has (0: any at all)`;
    case 'erc721':
    case 'erc1155':
      return `NFT number ${identifier} of ${token}, ${amount} of it`;
    default:
      return `${amount} of ${token}, number ${identifier}, of an unknown kind`;
  }
}
