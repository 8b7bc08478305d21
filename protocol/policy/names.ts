/** What policies call addresses, for screens. Names never decide anything: rules go by addresses. */
import type { Address } from '../payload/address.ts';
import type { AddressLabel, AddressNames } from '../payload/words/names.ts';
import type { Policy } from './prepare.ts';

/**
 * Names from the policies that a party has adopted; the same label in two of them is said once. An address in the address
 * book is called what its own entry says and nothing else: no list may rename it.
 *
 * @param now Unix seconds; from its end on an entry of the book names nothing. Absent: entries do not expire
 */
export function addressNames(policies: readonly Policy[], now?: number): AddressNames {
  const byAddress = new Map<Address, AddressLabel[]>();
  const add = (address: Address, found: AddressLabel): void => {
    const labels = byAddress.get(address) ?? [];
    byAddress.set(address, labels);
    if (!labels.some((other) => other.label === found.label && other.chainId === found.chainId)) labels.push(found);
  };
  for (const { document } of policies) {
    for (const [name, { addresses, expires, identity, label }] of document.counterparties ?? []) {
      if (now !== undefined && expires !== undefined && expires <= now) continue;
      for (const { address, chainId } of addresses) add(address, { label, list: name, chainId, identity });
    }
  }
  const booked = new Set([...byAddress].flatMap(([address, labels]) => labels.map((of) => `${of.chainId}:${address}`)));
  for (const { document } of policies) {
    for (const [list, entries] of document.addressLists) {
      for (const { address, chainId, label } of entries) {
        if (!booked.has(`${chainId}:${address}`)) add(address, { label, list, chainId });
      }
    }
  }
  return (chainId, address) =>
    (byAddress.get(address) ?? []).filter((entry) => chainId === undefined || entry.chainId === chainId);
}
