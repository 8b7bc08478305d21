/** What key holders wrote down by hand, as far as it vouches for anything: what a strange address is measured against. */
import type { Address } from '../payload/address.ts';
import { AddressIndex } from '../payload/risk/address-index.ts';
import type { Familiar, WalletClass } from '../payload/risk/unusual.ts';
import type { Policy } from './prepare.ts';
import type { AddressRef, PolicyDocument } from './schema.ts';

interface Kept {
  readonly policies: readonly Policy[];
  readonly wallets: string;
  /** An entry of the address book expires at `until`; from `from` on none has. */
  readonly from: number;
  readonly until: number;
  readonly familiar: Familiar;
}

/** Policies and wallets change seldom, and thousands of entries take milliseconds to index. */
let latest: Kept | undefined;

/**
 * Familiar are the assets, the addresses and functions that permissions name, every address list but those that serve
 * denials only, and the address book as far as it has not expired. Own wallets and their accounts are familiar on every
 * chain.
 *
 * @param now Unix seconds
 */
export function familiarOf(policies: readonly Policy[], wallets: readonly Address[], now: number): Familiar {
  const names = wallets.join();
  const isSame =
    latest?.wallets === names &&
    latest.policies.length === policies.length &&
    latest.policies.every((policy, i) => policy === policies[i]) &&
    latest.from <= now &&
    now < latest.until;
  if (latest !== undefined && isSame) return latest.familiar;
  const ends = policies.flatMap(({ document }) =>
    [...(document.counterparties?.values() ?? [])].flatMap(({ expires }) => expires ?? []),
  );
  latest = {
    policies: [...policies],
    wallets: names,
    from: Math.max(0, ...ends.filter((end) => end <= now)),
    until: Math.min(Number.POSITIVE_INFINITY, ...ends.filter((end) => end > now)),
    familiar: build(policies, wallets, now),
  };
  return latest.familiar;
}

function build(policies: readonly Policy[], wallets: readonly Address[], now: number): Familiar {
  const addresses = new AddressIndex();
  const labels = new Map<Address, string>();
  const listed = new Set<string>();
  const accounts = policies.flatMap(({ document }) =>
    [...document.wallets.values()].flatMap((scope) => scope.accounts ?? []),
  );
  const own = new Set([...wallets, ...accounts]);
  const selectors = new Set<string>();
  for (const address of own) {
    addresses.add(address);
    labels.set(address, 'an own wallet');
  }
  for (const { document } of policies) {
    for (const { address, chainId, label } of vouchedFor(document, now)) {
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

/** @param now Unix seconds; absent: expired entries of the address book, too */
export function vouchedFor(document: PolicyDocument, now?: number): readonly Vouched[] {
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
  const book = [...(document.counterparties?.values() ?? [])].flatMap(({ addresses, expires, label }) => {
    if (now !== undefined && expires !== undefined && expires <= now) return [];
    return addresses.map(({ address, chainId }): Vouched => ({ address, chainId, label }));
  });
  // The book first: its labels are those of whom they name.
  return [...assets, ...book, ...lists.flatMap(([, list]) => list), ...plain];
}

/** A permission with a plain address names its chains (check.ts). */
function onChains(ref: AddressRef, chainIds: readonly bigint[] | undefined): readonly Vouched[] {
  return (chainIds ?? []).map((chainId) => ({ address: `0x${ref.slice(2)}`, chainId, label: '' }));
}
