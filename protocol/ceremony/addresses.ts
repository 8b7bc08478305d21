/**
 * Which keys lie below a wallet, as one party tells it: an unsigned document, since only parties can derive keys. No
 * decision rests on it. An operator names an address in a proposal, and every party derives it again for itself.
 */
import { toHex } from '../common/bytes.ts';
import type { Json } from '../common/canonical-json.ts';
import { err, ok, type Result } from '../common/result.ts';
import { array, bytes, integer, literal, object, type Reader, read } from '../common/schema.ts';
import { addressOfClaimed } from './address.ts';
import { describeProblem } from './statement.ts';

export const ADDRESSES_SCHEMA = 'keymoot.addresses.v1';
/** Keys in one document. */
export const MAX_ADDRESSES = 1000;

export interface DerivedAddress {
  readonly path: readonly number[];
  /** 33 bytes. */
  readonly key: Uint8Array;
  /** 20 bytes. */
  readonly address: Uint8Array;
}

export interface Addresses {
  readonly walletId: Uint8Array;
  readonly derived: readonly DerivedAddress[];
}

export function addressesDocument(
  walletId: Uint8Array,
  derived: readonly { readonly path: readonly number[]; readonly publicKey: Uint8Array }[],
): Json {
  return {
    derived: derived.map(({ path, publicKey }) => ({ key: toHex(publicKey), path: path.map(String) })),
    schema: ADDRESSES_SCHEMA,
    walletId: toHex(walletId),
  };
}

/** Reads such a document; the error is a plain sentence. */
export function readAddresses(document: Json): Result<Addresses, string> {
  const shape = read(ADDRESSES, document);
  if (!shape.ok) return err(`the addresses document: ${describeProblem(shape.error)}`);
  const derived: DerivedAddress[] = [];
  for (const { path, key } of shape.value.derived) {
    const address = addressOfClaimed(key);
    if (address === undefined) return err('the addresses document names a key that is no point');
    derived.push({ path, key, address });
  }
  return ok({ walletId: shape.value.walletId, derived });
}

type Claimed = Omit<DerivedAddress, 'address'>;

interface AddressesShape {
  readonly derived: readonly Claimed[];
  readonly schema: string;
  readonly walletId: Uint8Array;
}

const ADDRESSES: Reader<AddressesShape> = object<AddressesShape>({
  derived: array(
    object<Claimed>({
      key: bytes({ length: 33 }),
      path: array(integer({ max: 2 ** 31 - 1 }), { min: 1, max: 10 }),
    }),
    { max: MAX_ADDRESSES },
  ),
  schema: literal(ADDRESSES_SCHEMA),
  walletId: bytes({ length: 32 }),
});
