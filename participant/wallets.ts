/** The wallets this party holds a share of, by the names their keygens gave them, and the keys derived below them. */
import type { Roster } from '../protocol/ceremony/roster.ts';
import { openWallet, type Wallet } from '../protocol/ceremony/wallet.ts';
import { equalBytes, toHex } from '../protocol/common/bytes.ts';
import { canonicalBytes, type Json, parseCanonical } from '../protocol/common/canonical-json.ts';
import { Refusal } from '../protocol/common/errors.ts';
import { err, ok, type Result } from '../protocol/common/result.ts';
import { type DerivedKey, deriveKey, formatPath } from '../protocol/threshold/derivation.ts';
import type { Epoch } from '../protocol/threshold/keygen/epoch.ts';
import {
  answerProposal,
  currentGeneration,
  type GenerationProblem,
  maySign,
} from '../protocol/threshold/keygen/generations.ts';
import { decodeKeyshare, type Keyshare, wipeKeyshare } from '../protocol/threshold/keygen/keyshare.ts';
import { Secret } from '../protocol/threshold/secret.ts';
import type { EpochConfig } from '../protocol/threshold/session-id.ts';
import type { EpochFacts } from './keystore/key-record.ts';
import type { Keyshares } from './keystore/keyshares.ts';
import type { Rosters } from './rosters.ts';

/** Derived keys that are kept at hand; each can be derived again. */
const MAX_DERIVED = 10_000;

/** What a person is told; anything else is a request under an epoch that is over. */
const EPOCH_WORDS: { readonly [K in GenerationProblem]?: string } = {
  EPOCH_FROZEN:
    'this party has acknowledged that the key goes to a group without one of its present holders: the old epoch signs no more',
  EPOCH_NOT_ACTIVE: 'the new shares of this wallet are not acknowledged by all yet',
};

const GENERATION_WORDS: { readonly [K in GenerationProblem]?: string } = {
  GENERATION_NOT_ABOVE: 'its generation is not above every one that this party has acknowledged for the wallet',
  PARENT_NOT_CURRENT: 'it does not follow the epoch that this party is in',
};

/** A wallet in its newest epoch, and the roster whose parties hold that. */
export interface Held {
  readonly wallet: Wallet;
  readonly roster: Roster;
}

export class Wallets {
  readonly #keyshares: Keyshares;
  readonly #rosters: Rosters;
  /** One a wallet, of the highest generation that is active here. */
  readonly #held = new Map<string, Held>();
  /** By epoch: certified ones in which this party holds no share of its own. */
  readonly #seen = new Map<string, Held>();
  /** By epoch. A chain code signs nothing, but it is not for anybody else: it stays in the vault and in memory. */
  readonly #chainCodes = new Map<string, Secret<Uint8Array>>();
  readonly #derived = new Map<string, DerivedKey>();

  private constructor(keyshares: Keyshares, rosters: Rosters) {
    this.#keyshares = keyshares;
    this.#rosters = rosters;
  }

  /** Checks every stored certificate against the known rosters again. Fails with `WALLET_INVALID`. */
  static open(keyshares: Keyshares, rosters: Rosters): Wallets {
    const wallets = new Wallets(keyshares, rosters);
    for (const record of keyshares.list()) {
      const isCurrent = keyshares.current(record.walletId) === record;
      if (!isCurrent || record.certificate === undefined) continue;
      const document = parseCanonical(record.certificate);
      const held = document.ok ? wallets.read(document.value) : document;
      if (!held.ok) throw new Refusal('WALLET_INVALID', `a stored wallet is not valid: ${held.error}`);
      wallets.#held.set(toHex(record.walletId), held.value);
    }
    wallets.recall([]);
    return wallets;
  }

  /**
   * Reads the stored epochs in which this party holds no share of its own.
   *
   * @param others rosters that are not adopted here: an epoch that went on without this party is under one of them
   */
  recall(others: readonly Roster[]): void {
    for (const record of this.#keyshares.list()) {
      const document = record.certificate === undefined ? undefined : parseCanonical(record.certificate);
      const held = document?.ok === true && record.state !== 'active' ? this.read(document.value, others) : undefined;
      if (held?.ok === true) this.#seen.set(toHex(record.epochId), held.value);
    }
  }

  /**
   * Reads a wallet document under whichever roster it belongs to; the error is a plain sentence.
   *
   * @param others rosters that are neither in force nor adopted here: where a wallet went that left this party behind
   */
  read(document: Json, others: readonly Roster[] = []): Result<Held, string> {
    let problem = '';
    for (const roster of [...this.#rosters.all(), ...others]) {
      const wallet = openWallet(document, roster);
      if (wallet.ok) return ok({ wallet: wallet.value, roster });
      problem ||= wallet.error;
    }
    return err(problem);
  }

  /** The wallets that this party holds under its roster, and may sign with. */
  list(): readonly Wallet[] {
    return this.all().flatMap(({ roster, wallet }) =>
      roster === this.#rosters.current && !this.hasLeft(wallet.walletId) ? [wallet] : [],
    );
  }

  /** Also those that have moved on to the successor, or are left behind with another party. */
  all(): readonly Held[] {
    return [...this.#held.values()];
  }

  /** Epochs that this party knows of and holds no share of its own in. */
  seen(): readonly Held[] {
    return [...this.#seen.values()];
  }

  /** Any epoch that is certified here, with a share of this party or without. */
  known(epochId: Uint8Array): Held | undefined {
    const held = [...this.#held.values()].find(({ wallet }) => equalBytes(wallet.epochId, epochId));
    return held ?? this.#seen.get(toHex(epochId));
  }

  epochBySid(sid: Uint8Array): Epoch | undefined {
    const all = [...this.#held.values(), ...this.#seen.values()];
    return all.find(({ wallet }) => equalBytes(wallet.epoch.sid, sid))?.wallet.epoch;
  }

  /** Notes an epoch in which this party holds no share; durable when it resolves. */
  async follow(held: Held, facts: EpochFacts): Promise<void> {
    await this.#keyshares.follow(facts, canonicalBytes(held.wallet.document));
    this.#seen.set(toHex(held.wallet.epochId), held);
    await this.openChainCodes();
  }

  /** Why the result of this configuration could not be acknowledged here; undefined if it could. */
  generationFault(config: EpochConfig): Refusal | undefined {
    const answer = answerProposal(this.#keyshares.generations(config.walletId), config);
    if (answer.kind === 'join') return undefined;
    if (answer.kind === 'certificate') {
      return new Refusal(
        'WRONG_EPOCH',
        'this party is in a later epoch of the wallet than the one that would be reshared',
      );
    }
    return new Refusal(
      answer.problem,
      GENERATION_WORDS[answer.problem] ?? 'it does not follow what this party has acknowledged',
    );
  }

  /** Whether the wallet went on to a generation without this party. */
  hasLeft(walletId: Uint8Array): boolean {
    const now = currentGeneration(this.#keyshares.generations(walletId));
    return now !== undefined && now.gen > (this.#keyshares.current(walletId)?.gen ?? 0);
  }

  /** Why no session of this wallet may start, or go on to its next message; undefined if it may. */
  hindrance(wallet: Wallet): Refusal | undefined {
    const allowed = maySign(this.#keyshares.generations(wallet.walletId), wallet.epochId);
    if (allowed.ok) return undefined;
    const words = EPOCH_WORDS[allowed.error];
    return new Refusal(
      words === undefined ? 'WRONG_EPOCH' : allowed.error,
      words ?? 'this epoch of the wallet signs no more',
    );
  }

  byId(walletId: Uint8Array): Wallet | undefined {
    return this.list().find((wallet) => equalBytes(wallet.walletId, walletId));
  }

  byName(name: string): Wallet | undefined {
    return this.list().find((wallet) => wallet.name === name);
  }

  byEpoch(epochId: Uint8Array): Wallet | undefined {
    return this.list().find((wallet) => equalBytes(wallet.epochId, epochId));
  }

  /** Marks a prepared key active under its wallet document; durable when it resolves. */
  async activate(document: Json): Promise<Held> {
    const held = this.read(document);
    if (!held.ok) throw new Refusal('WALLET_INVALID', held.error);
    const { wallet } = held.value;
    await this.#keyshares.activate(wallet.epochId, canonicalBytes(document));
    const name = toHex(wallet.walletId);
    if ((this.#held.get(name)?.wallet.epoch.config.gen ?? 0) < wallet.epoch.config.gen)
      this.#held.set(name, held.value);
    await this.openChainCodes();
    return held.value;
  }

  /** Takes the chain codes of all wallets out of the vault, so that the keys of paths can be derived from now on. */
  async openChainCodes(): Promise<void> {
    for (const [epoch, chainCode] of this.#chainCodes) {
      if (this.list().some(({ epochId }) => toHex(epochId) === epoch)) continue;
      chainCode.wipe();
      this.#chainCodes.delete(epoch);
    }
    for (const { epochId } of this.list()) {
      const name = toHex(epochId);
      if (this.#chainCodes.has(name)) continue;
      const keyshare = await this.keyshare(epochId);
      this.#chainCodes.set(name, new Secret(keyshare.chainCode.use((bytes) => bytes.slice())));
      wipeKeyshare(keyshare);
    }
  }

  /** Hex of a wallet's chain code, for the key holder who gives it to an auditor. Fails with `UNKNOWN_WALLET`. */
  chainCode(name: string): string {
    const wallet = this.byName(name);
    const chainCode = wallet && this.#chainCodes.get(toHex(wallet.epochId));
    if (chainCode === undefined) throw new Refusal('UNKNOWN_WALLET', 'this party holds no wallet of this name');
    return chainCode.use(toHex);
  }

  wipeChainCodes(): void {
    for (const chainCode of this.#chainCodes.values()) chainCode.wipe();
    this.#chainCodes.clear();
    this.#derived.clear();
  }

  /**
   * The key of a path of this wallet, `m` included. Fails with `CHILD_INVALID`, and with `DERIVATION_UNAVAILABLE` before
   * `openChainCodes`.
   */
  derive(wallet: Wallet, path: readonly number[]): Result<DerivedKey, Refusal> {
    const epoch = toHex(wallet.epochId);
    const name = `${epoch}/${formatPath(path)}`;
    const known = this.#derived.get(name);
    if (known !== undefined) return ok(known);
    const chainCode = this.#chainCodes.get(epoch);
    if (chainCode === undefined) {
      return err(new Refusal('DERIVATION_UNAVAILABLE', 'the chain code of this wallet is not at hand'));
    }
    const derived = chainCode.use((bytes) =>
      deriveKey({ publicKey: wallet.publicKey, chainCode: bytes.slice() }, path),
    );
    if (!derived.ok) return derived;
    if (this.#derived.size >= MAX_DERIVED) this.#derived.clear();
    this.#derived.set(name, derived.value);
    return derived;
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
