/** The labels of address lists, for screens. They never decide anything: rules go by addresses. */
import type { Address } from '../payload/address.ts';
import type { AddressLabel, AddressNames } from '../payload/words/names.ts';
import type { Policy } from './prepare.ts';

/** Names from the policies that a party has adopted; the same label in two of them is said once. */
export function addressNames(policies: readonly Policy[]): AddressNames {
  const byAddress = new Map<Address, AddressLabel[]>();
  for (const { document } of policies) {
    for (const [list, entries] of document.addressLists) {
      for (const { address, chainId, label } of entries) {
        const labels = byAddress.get(address) ?? [];
        byAddress.set(address, labels);
        const same = (other: AddressLabel): boolean => other.label === label && other.chainId === chainId;
        if (!labels.some(same)) labels.push({ label, list, chainId });
      }
    }
  }
  return (chainId, address) =>
    (byAddress.get(address) ?? []).filter((entry) => chainId === undefined || entry.chainId === chainId);
}
