/**
 * What the coordinator keeps beside statements, for the archive: documents by digest, and the round broadcasts of each
 * party. Both are checked before they are kept; neither is trusted. Of each party only so much is kept, the newest:
 * one that sends a flood pushes out nothing but its own.
 */

import { ADDRESSES_SCHEMA } from '../../protocol/ceremony/addresses.ts';
import { verify } from '../../protocol/ceremony/ed25519.ts';
import type { Party, Roster } from '../../protocol/ceremony/roster.ts';
import { openWallet, WALLET_SCHEMA, type Wallet } from '../../protocol/ceremony/wallet.ts';
import { equalBytes, toHex } from '../../protocol/common/bytes.ts';
import { type Json, parseCanonical } from '../../protocol/common/canonical-json.ts';
import { documentDigest } from '../../protocol/common/document.ts';
import { type ParsedEnvelope, parseEnvelope, verifyEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { Accounts } from './accounts.ts';

/** Inputs, policies and wallets of a thousand ceremonies, for each member that sends them. */
const MAX_DOCUMENTS = 4_000;
/** Broadcasts of a few hundred sessions. */
const MAX_ROUNDS = 1_000;

export class Collection {
  /** Derived addresses, as parties show them. */
  readonly accounts: Accounts = new Accounts();
  /** The current one first, then those that may follow it. */
  readonly #rosters: Roster[];
  /** By the member that sent them first, then by digest. */
  readonly #documents = new Map<string, Map<string, Json>>();
  readonly #wallets: Wallet[] = [];
  /** By the statement key of the party that signed them, then by envelope hash. */
  readonly #rounds = new Map<string, Map<string, Uint8Array>>();

  constructor(roster: Roster) {
    this.#rosters = [roster];
  }

  /** From now on also takes what the parties of a roster say that may follow the current one. */
  learnRoster(next: Roster): void {
    if (this.#rosters.some((known) => equalBytes(known.digest, next.digest))) return;
    this.#rosters.push(next);
    for (const documents of this.#documents.values()) {
      for (const document of documents.values()) if (schemaOf(document) === WALLET_SCHEMA) this.#addWallet(document);
    }
  }

  /** @returns whether it was new */
  addDocument(bytes: Uint8Array, from: string): boolean {
    const content = parseCanonical(bytes);
    if (!content.ok) return false;
    const digest = documentDigest(content.value);
    const isNew = this.document(digest) === undefined;
    if (this.#documents.get(from)?.has(toHex(digest)) === true) return false;
    // Under each that sends it: else one that was quicker could push it out again by a flood of its own.
    keepNewest(this.#documents, from, toHex(digest), content.value, MAX_DOCUMENTS);
    if (schemaOf(content.value) === WALLET_SCHEMA) this.#addWallet(content.value);
    if (schemaOf(content.value) === ADDRESSES_SCHEMA) this.accounts.addDocument(content.value);
    return isNew;
  }

  document(digest: Uint8Array): Json | undefined {
    const name = toHex(digest);
    for (const documents of this.#documents.values()) {
      const found = documents.get(name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Every epoch of every wallet that was shown. */
  epochs(): readonly Wallet[] {
    return this.#wallets;
  }

  /** The wallets in their newest epoch, by name and in order of arrival. */
  wallets(): readonly Wallet[] {
    const newest = new Map<string, Wallet>();
    for (const wallet of this.#wallets) {
      const id = toHex(wallet.walletId);
      if (wallet.gen > (newest.get(id)?.gen ?? 0)) newest.set(id, wallet);
    }
    return [...newest.values()];
  }

  epoch(epochId: Uint8Array): Wallet | undefined {
    return this.#wallets.find((wallet) => equalBytes(wallet.epochId, epochId));
  }

  /** Keeps a broadcast that a party of a known roster signed. @returns whether it was new */
  addRound(bytes: Uint8Array): boolean {
    const envelope = parseEnvelope(bytes);
    if (envelope === undefined || envelope.to !== 0) return false;
    const name = toHex(envelope.eh);
    const author = this.#authorOf(envelope);
    if (author === undefined || this.#rounds.get(toHex(author))?.has(name) === true) return false;
    keepNewest(this.#rounds, toHex(author), name, envelope.bytes, MAX_ROUNDS);
    return true;
  }

  /** Round messages name their author by index, those of a run by pid: whose key fits is tried, likely ones first. */
  #authorOf(envelope: ParsedEnvelope): Uint8Array | undefined {
    const parties = this.#rosters.flatMap((roster) => roster.parties);
    const likely = (party: Party): boolean => party.index === envelope.from;
    const keys = [...parties.filter(likely), ...parties].map((party) => party.statementKey);
    const tried = new Map(keys.map((key) => [toHex(key), key]));
    return [...tried.values()].find((key) => verifyEnvelope(envelope, key, verify));
  }

  /** Every broadcast at hand; which of them belong to a session is for select-rounds.ts to say. */
  rounds(): readonly Uint8Array[] {
    return [...this.#rounds.values()].flatMap((rounds) => [...rounds.values()]);
  }

  #addWallet(document: Json): void {
    for (const roster of this.#rosters) {
      const wallet = openWallet(document, roster);
      if (!wallet.ok) continue;
      if (this.epoch(wallet.value.epochId) === undefined) this.#wallets.push(wallet.value);
      return;
    }
  }
}

/** A map remembers the order of insertion: its first key is the oldest. */
function keepNewest<K, V>(shelves: Map<K, Map<string, V>>, shelf: K, name: string, value: V, most: number): void {
  const items = shelves.get(shelf) ?? new Map<string, V>();
  shelves.set(shelf, items);
  items.set(name, value);
  for (const oldest of items.keys()) {
    if (items.size <= most) break;
    items.delete(oldest);
  }
}

function schemaOf(document: Json): Json | undefined {
  if (typeof document !== 'object' || Array.isArray(document)) return undefined;
  return (document as { readonly [key: string]: Json })['schema'];
}
