/** Sets of addresses that rules and limits name: written out, by list, or by entries of the address book. */
import type { Address } from '../payload/address.ts';
import type { AddressRef, PolicyDocument } from './schema.ts';

/** Name of all entries of the address book together. */
export const BOOK = 'book';

/** Addresses with the second from which each is void; `Infinity` for those of lists. */
export interface AddressList {
  readonly byChain: ReadonlyMap<bigint, ReadonlyMap<Address, number>>;
  /** On whatever chain, the latest end of each. */
  readonly anywhere: ReadonlyMap<Address, number>;
}

/** Addresses written in the rule (their chains are the rule's) and those of lists (each with its chain). */
export class AddressSet {
  readonly plain: ReadonlySet<Address>;
  readonly lists: readonly AddressList[];

  constructor(plain: ReadonlySet<Address>, lists: readonly AddressList[]) {
    this.plain = plain;
    this.lists = lists;
  }

  /**
   * `undefined`: the answer hangs on the chain, which the payload does not name. `now`, in Unix seconds, leaves out what
   * has expired; without it everything counts.
   */
  has(chainId: bigint | undefined, address: Address, now: number = 0): boolean | undefined {
    if (this.plain.has(address)) return true;
    const inForce = (until: number | undefined): boolean => until !== undefined && now < until;
    if (chainId !== undefined) return this.lists.some((list) => inForce(list.byChain.get(chainId)?.get(address)));
    return this.lists.some((list) => inForce(list.anywhere.get(address))) ? undefined : false;
  }
}

/** Makes sets from references; only such as check.ts let through. */
export function addressSets(document: PolicyDocument): (refs: readonly AddressRef[]) => AddressSet {
  const lists = new Map<string, AddressList>();
  for (const [name, list] of document.addressLists) {
    lists.set(name, addressList(list.map(({ chainId, address }) => ({ chainId, address, until: Infinity }))));
  }
  const book: Entry[] = [];
  for (const [name, { addresses, expires }] of document.counterparties ?? []) {
    const entries = addresses.map(({ chainId, address }) => ({ chainId, address, until: expires ?? Infinity }));
    lists.set(name, addressList(entries));
    book.push(...entries);
  }
  lists.set(BOOK, addressList(book));
  return (refs) => {
    const plain = new Set<Address>();
    const named: AddressList[] = [];
    for (const ref of refs) {
      const list = ref.startsWith('@') ? lists.get(ref.slice(1)) : undefined;
      if (list !== undefined) named.push(list);
      else plain.add(`0x${ref.slice(2)}`);
    }
    return new AddressSet(plain, named);
  };
}

interface Entry {
  readonly chainId: bigint;
  readonly address: Address;
  readonly until: number;
}

function addressList(entries: readonly Entry[]): AddressList {
  const byChain = new Map<bigint, Map<Address, number>>();
  const anywhere = new Map<Address, number>();
  for (const { chainId, address, until } of entries) {
    const addresses = byChain.get(chainId) ?? new Map<Address, number>();
    byChain.set(chainId, addresses.set(address, Math.max(until, addresses.get(address) ?? 0)));
    anywhere.set(address, Math.max(until, anywhere.get(address) ?? 0));
  }
  return { byChain, anywhere };
}
