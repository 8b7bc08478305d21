/** The address book: no address of somebody else, and none that could be taken for another one at a glance. */
import { problem } from '../common/schema.ts';
import type { Address } from '../payload/address.ts';
import { looksLike } from '../payload/risk/address-index.ts';
import type { PolicyDocument } from './schema.ts';

export function checkBook(policy: PolicyDocument): void {
  const { counterparties, wallets } = policy;
  if (counterparties === undefined) return;
  const own = new Map(
    [...wallets].flatMap(([name, { accounts }]) => (accounts ?? []).map((at) => [at, name] as const)),
  );
  const index = new LookAlikes();
  const owners = new Map<string, string>();
  for (const [name, { addresses, created, expires }] of counterparties) {
    const field = `counterparties.${name}`;
    if (expires !== undefined && expires <= created) problem(`${field}.expires`, 'must be later than created');
    for (const [i, { address, chainId }] of addresses.entries()) {
      const at = `${field}.addresses[${i}].address`;
      const wallet = own.get(address);
      if (wallet !== undefined) problem(at, `is an account of the own wallet "${wallet}"`);
      const other = owners.get(`${chainId}:${address}`);
      if (other !== undefined) problem(at, `is an address of counterparty "${other}" already`);
      owners.set(`${chainId}:${address}`, name);
      index.compare(address, at, (found) => `of counterparty "${found}"`);
      index.add(address, name);
    }
  }
  // The book is indexed; everything else is held against it.
  for (const [list, entries] of policy.addressLists) {
    for (const { address } of entries) index.compare(address, `addressLists.${list}`, inBook);
  }
  for (const [account, name] of own) index.compare(account, `wallets.${name}.accounts`, inBook);
  for (const [symbol, { address }] of policy.assets) {
    if (address !== 'native') index.compare(address, `assets.${symbol}.address`, inBook);
  }
}

function inBook(name: string): string {
  return `of counterparty "${name}" in the address book`;
}

const END_DIGITS = 4;
const START = 2;
/** Far more than lists of real addresses come to; what is beyond was made to be slow. */
const MAX_COMPARISONS = 500_000;

/** Book addresses by what two that look alike must share: four digits at one end, or all digits but outer zeros. */
class LookAlikes {
  readonly #byEnd = new Map<string, Map<Address, string>>();
  #comparisons = 0;

  add(address: Address, name: string): void {
    for (const end of endsOf(address)) {
      const known = this.#byEnd.get(end) ?? new Map<Address, string>();
      this.#byEnd.set(end, known.set(address, name));
    }
  }

  compare(address: Address, field: string, words: (name: string) => string): void {
    for (const end of endsOf(address)) {
      for (const [known, name] of this.#byEnd.get(end) ?? []) {
        if (++this.#comparisons > MAX_COMPARISONS) problem(field, 'begins or ends like too many addresses of the book');
        if (looksLike(known, address)) {
          problem(field, `${address} looks like ${known} ${words(name)}; people would take one for the other`);
        }
      }
    }
  }
}

function endsOf(address: Address): readonly string[] {
  const digits = address.slice(START);
  const core = digits.replace(/^0+/, '').replace(/0+$/, '');
  return [`^${digits.slice(0, END_DIGITS)}`, `${digits.slice(-END_DIGITS)}$`, core];
}
