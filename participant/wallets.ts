/** The wallets this party holds a share of, by the names their keygens gave them. */
import type { Roster } from '../protocol/ceremony/roster.ts';
import { openWallet, type Wallet } from '../protocol/ceremony/wallet.ts';
import { equalBytes } from '../protocol/common/bytes.ts';
import { canonicalBytes, type Json, parseCanonical } from '../protocol/common/canonical-json.ts';
import { Refusal } from '../protocol/common/errors.ts';
import { decodeKeyshare, type Keyshare } from '../protocol/threshold/keygen/keyshare.ts';
import type { Keyshares } from './keystore/keyshares.ts';

export class Wallets {
  readonly #keyshares: Keyshares;
  readonly #roster: Roster;
  readonly #wallets: Wallet[] = [];

  private constructor(keyshares: Keyshares, roster: Roster) {
    this.#keyshares = keyshares;
    this.#roster = roster;
  }

  /** Checks every stored certificate against the pinned roster again. Fails with `WALLET_INVALID`. */
  static open(keyshares: Keyshares, roster: Roster): Wallets {
    const wallets = new Wallets(keyshares, roster);
    for (const record of keyshares.list()) {
      if (record.state !== 'active' || record.certificate === undefined) continue;
      const document = parseCanonical(record.certificate);
      const wallet = document.ok ? openWallet(document.value, roster) : document;
      if (!wallet.ok) throw new Refusal('WALLET_INVALID', `a stored wallet is not valid: ${wallet.error}`);
      wallets.#wallets.push(wallet.value);
    }
    return wallets;
  }

  list(): readonly Wallet[] {
    return this.#wallets;
  }

  byId(walletId: Uint8Array): Wallet | undefined {
    return this.#wallets.find((wallet) => equalBytes(wallet.walletId, walletId));
  }

  byName(name: string): Wallet | undefined {
    return this.#wallets.find((wallet) => wallet.name === name);
  }

  byEpoch(epochId: Uint8Array): Wallet | undefined {
    return this.#wallets.find((wallet) => equalBytes(wallet.epochId, epochId));
  }

  /** Marks a prepared key active under its wallet document; durable when it resolves. */
  async activate(document: Json): Promise<Wallet> {
    const wallet = openWallet(document, this.#roster);
    if (!wallet.ok) throw new Refusal('WALLET_INVALID', wallet.error);
    await this.#keyshares.activate(wallet.value.epochId, canonicalBytes(document));
    if (this.byEpoch(wallet.value.epochId) === undefined) this.#wallets.push(wallet.value);
    return wallet.value;
  }

  /** The share of an epoch, out of the vault; the caller wipes it. */
  async keyshare(epochId: Uint8Array): Promise<Keyshare> {
    const { keyshare } = await this.#keyshares.load(epochId);
    const decoded = keyshare.use((bytes) => decodeKeyshare(bytes));
    keyshare.wipe();
    if (!decoded.ok) throw new Refusal('KEY_SHARE_INVALID', `a stored key share is not valid: ${decoded.error}`);
    return decoded.value;
  }
}
