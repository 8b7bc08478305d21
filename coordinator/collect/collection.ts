/**
 * What the coordinator keeps beside statements, for the archive: documents by digest, and round broadcasts by the
 * session they belong to. Both are checked before they are kept; neither is trusted.
 */
import { verify } from '../../protocol/ceremony/ed25519.ts';
import type { Roster } from '../../protocol/ceremony/roster.ts';
import { keygenPids } from '../../protocol/ceremony/session-binding.ts';
import { openWallet, WALLET_SCHEMA, type Wallet } from '../../protocol/ceremony/wallet.ts';
import { equalBytes, toHex } from '../../protocol/common/bytes.ts';
import { type Json, parseCanonical } from '../../protocol/common/canonical-json.ts';
import { documentDigest } from '../../protocol/common/document.ts';
import { type ParsedEnvelope, parseEnvelope, verifyEnvelope } from '../../protocol/threshold/rounds/envelope.ts';

/** Enough for years; an operator's machine is not filled by one misbehaving party. */
const MAX_DOCUMENTS = 20_000;
const MAX_ROUNDS = 4_000;

export class Collection {
  readonly #roster: Roster;
  readonly #documents = new Map<string, Json>();
  readonly #wallets: Wallet[] = [];
  /** By session id or derived sid, then by envelope hash. */
  readonly #rounds = new Map<string, Map<string, ParsedEnvelope>>();
  #roundCount = 0;

  constructor(roster: Roster) {
    this.#roster = roster;
  }

  /** @returns whether it was new */
  addDocument(bytes: Uint8Array): boolean {
    const content = parseCanonical(bytes);
    if (!content.ok) return false;
    const name = toHex(documentDigest(content.value));
    if (this.#documents.has(name) || this.#documents.size >= MAX_DOCUMENTS) return false;
    this.#documents.set(name, content.value);
    if (schemaOf(content.value) === WALLET_SCHEMA) this.#addWallet(content.value);
    return true;
  }

  document(digest: Uint8Array): Json | undefined {
    return this.#documents.get(toHex(digest));
  }

  wallets(): readonly Wallet[] {
    return this.#wallets;
  }

  /** Keeps a broadcast that a party of the roster signed. @returns whether it was new */
  addRound(bytes: Uint8Array): boolean {
    const envelope = parseEnvelope(bytes);
    if (envelope === undefined || envelope.to !== 0 || this.#roundCount >= MAX_ROUNDS) return false;
    if (!this.#isSignedByParty(envelope)) return false;
    const sid = toHex(envelope.sid);
    const known = this.#rounds.get(sid) ?? new Map<string, ParsedEnvelope>();
    this.#rounds.set(sid, known);
    const name = toHex(envelope.eh);
    if (known.has(name)) return false;
    known.set(name, envelope);
    this.#roundCount += 1;
    return true;
  }

  /** Broadcasts under any of these sids; ends their keeping. */
  rounds(sids: readonly Uint8Array[]): readonly ParsedEnvelope[] {
    return sids.flatMap((sid) => [...(this.#rounds.get(toHex(sid))?.values() ?? [])]);
  }

  forget(sids: readonly Uint8Array[]): void {
    for (const sid of sids) {
      this.#roundCount -= this.#rounds.get(toHex(sid))?.size ?? 0;
      this.#rounds.delete(toHex(sid));
    }
  }

  #addWallet(document: Json): void {
    const wallet = openWallet(document, this.#roster);
    if (!wallet.ok || this.#wallets.some((known) => equalBytes(known.epochId, wallet.value.epochId))) return;
    this.#wallets.push(wallet.value);
  }

  /** Round messages name a party by index, those of a keygen by pid; one of the two must have signed. */
  #isSignedByParty(envelope: ParsedEnvelope): boolean {
    const pids = keygenPids(this.#roster);
    return this.#roster.parties.some((party) => {
      const isNamed = party.index === envelope.from || pids.get(party.index) === envelope.from;
      return isNamed && verifyEnvelope(envelope, party.statementKey, verify);
    });
  }
}

function schemaOf(document: Json): Json | undefined {
  if (typeof document !== 'object' || Array.isArray(document)) return undefined;
  return (document as { readonly [key: string]: Json })['schema'];
}
