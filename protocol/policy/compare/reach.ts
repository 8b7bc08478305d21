/** Which addresses the references of a policy stand for, as plain sets that two policies can be compared by. */
import type { AddressRef, PolicyDocument } from '../schema.ts';

/**
 * `CHAIN:ADDRESS`, or `*:ADDRESS` for one on every chain, with the second from which on it is reached no more (an entry
 * of the address book that expires) or infinity.
 */
export type Reach = ReadonlyMap<string, number>;

/** Of one policy; what the same references reach is computed once. */
export class Reaches {
  readonly #document: PolicyDocument;
  readonly #known = new Map<string, Reach>();

  constructor(document: PolicyDocument) {
    this.#document = document;
  }

  /** All wallets with their own addresses, as text. */
  get accounts(): string {
    return [...this.#document.wallets].map(([name, { accounts = [] }]) => `${name}=${accounts.join()}`).join(';');
  }

  /** @param chainIds of the rule: a plain address is meant for these; absent: for all */
  of(refs: readonly AddressRef[], chainIds: readonly bigint[] | undefined): Reach {
    const name = `${refs.join()}|${refs.every((ref) => ref.startsWith('@')) ? '' : (chainIds?.join() ?? '*')}`;
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const reach = new Map<string, number>();
    const add = (key: string, until: number): void => {
      reach.set(key, Math.max(until, reach.get(key) ?? 0));
    };
    for (const ref of refs) {
      if (ref.startsWith('@')) for (const [key, until] of this.list(ref.slice(1))) add(key, until);
      else for (const chainId of chainIds ?? ['*']) add(`${chainId}:${ref}`, Number.POSITIVE_INFINITY);
    }
    this.#known.set(name, reach);
    return reach;
  }

  /** What `@name` stands for; nothing if there is no such list or counterparty. */
  list(name: string): Reach {
    const { addressLists, counterparties } = this.#document;
    const listed = (addressLists.get(name) ?? []).map(
      ({ address, chainId }) => [`${chainId}:${address}`, Number.POSITIVE_INFINITY] as const,
    );
    const entries = [...(counterparties ?? [])].filter(([entry]) => name === 'book' || entry === name);
    const booked = entries.flatMap(([, { addresses, expires }]) =>
      addresses.map(({ address, chainId }) => [`${chainId}:${address}`, expires ?? Number.POSITIVE_INFINITY] as const),
    );
    return new Map([...listed, ...booked]);
  }
}

const COMPARED = new WeakMap<Reach, WeakMap<Reach, boolean>>();

/** Whether all that `inner` reaches is reached by `outer`, as long at least. */
export function reachesAll(outer: Reach, inner: Reach): boolean {
  const row = COMPARED.get(outer) ?? new WeakMap<Reach, boolean>();
  COMPARED.set(outer, row);
  const known = row.get(inner);
  if (known !== undefined) return known;
  const found = [...inner].every(([key, until]) => untilOf(outer, key) >= until);
  row.set(inner, found);
  return found;
}

/** Whether no address is reached by both. */
export function reachNothingTogether(a: Reach, b: Reach): boolean {
  const [few, many] = a.size <= b.size ? [a, b] : [b, a];
  const byAddress = new Set([...many.keys()].map(addressOf));
  // Two chains of one address count as meeting: payloads without a chain are on both.
  return [...few.keys()].every((key) => !byAddress.has(addressOf(key)));
}

function untilOf(reach: Reach, key: string): number {
  return Math.max(reach.get(key) ?? 0, reach.get(`*:${addressOf(key)}`) ?? 0);
}

function addressOf(key: string): string {
  return key.slice(key.indexOf(':') + 1);
}
