/** The addresses below this party's wallets: what operators are shown of them, and what the key holder asks for. */
import type { JsonValue } from '../proto/control/message.ts';
import { addressOf } from '../protocol/ceremony/address.ts';
import { addressesDocument } from '../protocol/ceremony/addresses.ts';
import type { Wallet } from '../protocol/ceremony/wallet.ts';
import { equalBytes, toHex } from '../protocol/common/bytes.ts';
import type { Json } from '../protocol/common/canonical-json.ts';
import { checksumAddress } from '../protocol/payload/address.ts';
import { type DerivedKey, formatPath } from '../protocol/threshold/derivation.ts';
import type { NodeContext } from './context.ts';

/** Operators are shown the first addresses of `m/0`, and whatever has signed; others they must be told by hand. */
const SHOWN = 20;

/** What goes to an operator, so that it can name an address by its path. */
export function shownAddresses(node: NodeContext, wallet: Wallet): Json {
  const paths = [
    ...Array.from({ length: SHOWN }, (_, i) => [0, i]),
    ...usedPaths(node, wallet).map(({ path }) => path),
  ];
  const unique = new Map(paths.filter((path) => path.length > 0).map((path) => [formatPath(path), path]));
  return addressesDocument(wallet.walletId, derived(node, wallet, [...unique.values()]));
}

/** For the key holder: root address, addresses that have signed, and those of the paths asked for. */
export function walletRow(
  node: NodeContext,
  wallet: Wallet,
  paths: readonly (readonly number[])[],
): { readonly [name: string]: JsonValue } {
  const used = usedPaths(node, wallet);
  const signed = (path: readonly number[]): number => used.find((row) => same(row.path, path))?.signed ?? 0;
  const asked = new Map([...used.map(({ path }) => path), ...paths].map((path) => [formatPath(path), path]));
  asked.delete(formatPath([]));
  return {
    name: wallet.name,
    walletId: toHex(wallet.walletId),
    epoch: toHex(wallet.epochId),
    address: checksumAddress(`0x${toHex(wallet.address)}`),
    publicKey: toHex(wallet.publicKey),
    signed: signed([]),
    derived: derived(node, wallet, [...asked.values()]).map(({ path, publicKey }) => ({
      path: formatPath(path),
      address: checksumAddress(`0x${toHex(addressOf(publicKey))}`),
      publicKey: toHex(publicKey),
      signed: signed(path),
    })),
  };
}

/** Paths with released sessions, and how many. */
function usedPaths(
  { journal }: NodeContext,
  wallet: Wallet,
): readonly { readonly path: readonly number[]; readonly signed: number }[] {
  const used = new Map<string, { readonly path: readonly number[]; readonly signed: number }>();
  for (const { started } of journal.state.releasedSessions()) {
    if (!equalBytes(started.walletId, wallet.walletId)) continue;
    const name = formatPath(started.path);
    used.set(name, { path: started.path, signed: (used.get(name)?.signed ?? 0) + 1 });
  }
  return [...used.values()];
}

/** A path without a key, of which there is one in 2^127, is left out. */
function derived(
  { wallets }: NodeContext,
  wallet: Wallet,
  paths: readonly (readonly number[])[],
): readonly DerivedKey[] {
  return paths.flatMap((path) => {
    const key = wallets.derive(wallet, path);
    return key.ok ? [key.value] : [];
  });
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return formatPath(a) === formatPath(b);
}
