/**
 * Entries of the address book. A counterparty signs its own addresses by a key that says nothing else, so that nobody on
 * the way, operators and admins included, can put another address under its name.
 */
import { fromHex, toHex } from '../common/bytes.ts';
import { canonicalBytes, type Json } from '../common/canonical-json.ts';
import type { Counterparty, PolicyDocument } from '../policy/schema.ts';
import { type Signer, verify } from './ed25519.ts';
import { signedBytes } from './statement.ts';
import type { VerdictReason } from './verdict-statement.ts';

export type UnsignedEntry = Omit<Counterparty, 'signature' | 'identity'>;

/** Signs the addresses of `name` with its identity, which becomes part of the entry. Addresses are put in order. */
export function signEntry(name: string, entry: UnsignedEntry, identity: Signer): Counterparty {
  const addresses = [...entry.addresses].sort((a, b) => compare(a.chainId, b.chainId) || compare(a.address, b.address));
  const unsigned = { ...entry, addresses, identity: `0x${toHex(identity.publicKey)}` as const };
  return { ...unsigned, signature: `0x${toHex(identity.sign(entryMessage(name, unsigned)))}` };
}

/** What an identity signs: every field of the entry, and the name under which the book has it. */
export function entryMessage(name: string, entry: Omit<Counterparty, 'signature'>): Uint8Array {
  const body: Json = {
    addresses: entry.addresses.map(({ address, chainId, kind }) => ({ address, chainId: String(chainId), kind })),
    created: String(entry.created),
    ...(entry.expires === undefined ? {} : { expires: String(entry.expires) }),
    identity: entry.identity,
    label: entry.label,
    name,
    version: String(entry.version),
  };
  return signedBytes('keymoot.address-entry.v1', canonicalBytes(body));
}

export function isEntrySigned(name: string, entry: Counterparty): boolean {
  const key = fromHex(entry.identity.slice(2));
  const signature = fromHex(entry.signature.slice(2));
  return key !== undefined && signature !== undefined && verify(key, entryMessage(name, entry), signature);
}

/** The first entry that whom it names has not signed. */
export function entryFault({ counterparties }: PolicyDocument): VerdictReason | undefined {
  for (const [name, entry] of counterparties ?? []) {
    if (isEntrySigned(name, entry)) continue;
    const detail = `the entry "${name}" of the address book is not signed by the identity it names`;
    return { code: 'ENTRY_SIGNATURE', detail };
  }
  return undefined;
}

function compare<T extends bigint | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
