/** What of a policy concerns one wallet on one chain. */
import type { Address } from '../payload/address.ts';
import type { AddressRef, PolicyDocument, RuleMatch } from '../policy/schema.ts';

export function permittingRules({ rules }: PolicyDocument, wallet: string): readonly RuleMatch[] {
  return rules.flatMap(({ effect, match }) => {
    return effect !== 'deny' && (match.wallets === undefined || match.wallets.includes(wallet)) ? [match] : [];
  });
}

/** Plain addresses, those of lists on this chain, and those of the address book. */
export function addressesOf(
  { addressLists, counterparties }: PolicyDocument,
  refs: readonly AddressRef[] | undefined,
  chainId: bigint,
): readonly Address[] {
  const book = [...(counterparties ?? [])];
  return (refs ?? []).flatMap((ref): readonly Address[] => {
    if (!ref.startsWith('@')) return [`0x${ref.slice(2)}`];
    const name = ref.slice(1);
    const entries = book.filter(([entry]) => name === 'book' || entry === name).flatMap(([, entry]) => entry.addresses);
    return [...(addressLists.get(name) ?? []), ...entries].flatMap((entry) => {
      return entry.chainId === chainId ? [entry.address] : [];
    });
  });
}
