/**
 * The derived addresses that parties have shown, by wallet and path. A coordinator has no chain code and can derive
 * none; it names one in a proposal, and every party derives it again before it answers.
 */
import { readAddresses } from '../../protocol/ceremony/addresses.ts';
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import type { Wallet } from '../../protocol/ceremony/wallet.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import type { Json } from '../../protocol/common/canonical-json.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import { formatPath } from '../../protocol/threshold/derivation.ts';

/** Addresses of one wallet that are kept; more can be given by hand. */
const MAX_ACCOUNTS = 10_000;

export interface Account {
  readonly path: readonly number[];
  /** 20 bytes. */
  readonly address: Uint8Array;
  /** Whether parties show different addresses for this path. */
  readonly disputed: boolean;
}

/** What an operator asks to sign with; the address only if no party has shown it. */
export interface AskedAccount {
  readonly path: readonly number[];
  readonly address?: Uint8Array | undefined;
}

export class Accounts {
  /** By wallet id, then by path, then by address in hex. */
  readonly #known = new Map<string, Map<string, { path: readonly number[]; addresses: Map<string, Uint8Array> }>>();

  /** Takes in what one party shows. */
  addDocument(document: Json): void {
    const addresses = readAddresses(document);
    if (!addresses.ok) return;
    for (const { path, address } of addresses.value.derived) this.#add(addresses.value.walletId, path, address);
  }

  /** Every account of a wallet that was shown, by path. */
  list(walletId: Uint8Array): readonly Account[] {
    const rows = [...(this.#known.get(toHex(walletId))?.values() ?? [])];
    return rows
      .flatMap(({ path, addresses }) =>
        [...addresses.values()].map((address) => ({ path, address, disputed: addresses.size > 1 })),
      )
      .sort((a, b) => comparePaths(a.path, b.path));
  }

  /** The account that an operator asks for; the root key's if none. Refused with `ADDRESS_UNKNOWN`, `ADDRESS_DISPUTED`. */
  of(wallet: Wallet, asked: AskedAccount = { path: [] }): Omit<Account, 'disputed'> {
    const { path, address } = asked;
    if (address !== undefined) return { path, address };
    return { path, address: path.length === 0 ? wallet.address : this.#address(wallet.walletId, path) };
  }

  #address(walletId: Uint8Array, path: readonly number[]): Uint8Array {
    const shown = this.list(walletId).filter((account) => formatPath(account.path) === formatPath(path));
    const [only] = shown;
    if (only === undefined) {
      const words = `no party has shown the address of ${formatPath(path)}; give it with --address, as \`keymoot participant wallets --derive ${path.join('/')}\` prints it`;
      throw new Refusal('ADDRESS_UNKNOWN', words);
    }
    if (only.disputed) {
      const words = `the parties show different addresses for ${formatPath(path)}; find out why before any of them is used`;
      throw new Refusal('ADDRESS_DISPUTED', words);
    }
    return only.address;
  }

  #add(walletId: Uint8Array, path: readonly number[], address: Uint8Array): void {
    const wallet = this.#known.get(toHex(walletId)) ?? new Map<string, never>();
    this.#known.set(toHex(walletId), wallet);
    const name = formatPath(path);
    if (wallet.size >= MAX_ACCOUNTS && !wallet.has(name)) return;
    const row = wallet.get(name) ?? { path, addresses: new Map<string, Uint8Array>() };
    row.addresses.set(toHex(address), address);
    wallet.set(name, row);
  }
}

/** Paths that this wallet has signed for, with how often, out of the ceremonies this coordinator knows. */
export function usedPaths(entries: readonly BookEntry[], walletId: Uint8Array): ReadonlyMap<string, number> {
  const used = new Map<string, number>();
  for (const { ceremony } of entries) {
    const { body } = ceremony.proposal;
    if (body.ceremony !== 'sign' || toHex(body.walletId) !== toHex(walletId)) continue;
    if (![...ceremony.outcomes.values()].some((outcome) => outcome.body.signature !== undefined)) continue;
    const path = formatPath(body.path);
    used.set(path, (used.get(path) ?? 0) + 1);
  }
  return used;
}

function comparePaths(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
