/** What key holders wrote down by hand, as far as it vouches for anything: what a strange address is measured against. */
import type { Address } from '../payload/address.ts';
import { AddressIndex } from '../payload/risk/address-index.ts';
import type { Familiar, WalletClass } from '../payload/risk/unusual.ts';
import type { Policy } from './prepare.ts';
import type { AddressRef, PolicyDocument } from './schema.ts';

/**
 * Familiar are the assets, the addresses and functions that permissions name, and every address list but those that
 * serve denials only. Own wallets are familiar on every chain.
 */
export function familiarOf(policies: readonly Policy[], wallets: readonly Address[]): Familiar {
  const addresses = new AddressIndex();
  const labels = new Map<Address, string>();
  const listed = new Set<string>();
  const own = new Set(wallets);
  const selectors = new Set<string>();
  for (const address of wallets) {
    addresses.add(address);
    labels.set(address, 'an own wallet');
  }
  for (const { document } of policies) {
    for (const { address, chainId, label } of vouchedFor(document)) {
      listed.add(`${chainId}:${address}`);
      addresses.add(address);
      if (label !== '' && !labels.has(address)) labels.set(address, label);
    }
    for (const { effect, match } of document.rules) {
      if (effect === 'deny') continue;
      for (const selector of match.selectors ?? []) if (selector !== 'none') selectors.add(selector.slice(2));
    }
  }
  return {
    addresses,
    selectors,
    isListed: (chainId, address) => own.has(address) || listed.has(`${chainId ?? '?'}:${address}`),
    labelOf: (address) => labels.get(address),
  };
}

/** The strictest class that a policy gives the wallet. */
export function walletClassOf(policies: readonly Policy[], wallet: string): WalletClass | undefined {
  const given = policies.flatMap(({ document }) => document.wallets.get(wallet)?.class ?? []);
  return (['cold', 'middle', 'hot'] as const).find((name) => given.includes(name));
}

interface Vouched {
  readonly chainId: bigint;
  readonly address: Address;
  readonly label: string;
}

function vouchedFor(document: PolicyDocument): readonly Vouched[] {
  const permitted = new Set<string>();
  const denied = new Set<string>();
  const plain: Vouched[] = [];
  for (const { effect, match } of document.rules) {
    for (const ref of [...(match.to ?? []), ...(match.counterparties ?? []), ...(match.safes ?? [])]) {
      if (ref.startsWith('@')) (effect === 'deny' ? denied : permitted).add(ref.slice(1));
      else if (effect !== 'deny') plain.push(...onChains(ref, match.chainIds));
    }
  }
  const lists = [...document.addressLists].filter(([name]) => permitted.has(name) || !denied.has(name));
  const assets = [...document.assets].flatMap(([symbol, { address, chainId }]): readonly Vouched[] => {
    return address === 'native' ? [] : [{ address, chainId, label: symbol }];
  });
  return [...assets, ...lists.flatMap(([, list]) => list), ...plain];
}

/** A permission with a plain address names its chains (check.ts). */
function onChains(ref: AddressRef, chainIds: readonly bigint[] | undefined): readonly Vouched[] {
  return (chainIds ?? []).map((chainId) => ({ address: `0x${ref.slice(2)}`, chainId, label: '' }));
}
