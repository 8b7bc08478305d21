/**
 * Begin here: a participant's node. The composition root puts the parts together, connects them to the network, and
 * answers the key holder's commands. All rules are in the parts.
 */

import type { FrameMessage } from '../proto/codec.ts';
import { Members } from '../proto/link/members.ts';
import { type Link, openLink } from '../proto/link/node.ts';
import type { BookEntry, CeremonyStatement } from '../protocol/ceremony/book.ts';
import { members as rosterMembers } from '../protocol/ceremony/roster.ts';
import { parseEnvelope as parseStatement } from '../protocol/ceremony/statement.ts';
import { WALLET_SCHEMA, type Wallet } from '../protocol/ceremony/wallet.ts';
import { equalBytes, toHex } from '../protocol/common/bytes.ts';
import { canonicalBytes, type Json, parseCanonical } from '../protocol/common/canonical-json.ts';
import type { Clock, Random } from '../protocol/common/effects.ts';
import { BugError } from '../protocol/common/errors.ts';
import { PAIR } from '../protocol/threshold/pair-setup/messages.ts';
import { parseEnvelope } from '../protocol/threshold/rounds/envelope.ts';
import { Activations } from './ceremonies/activations.ts';
import { Answers } from './ceremonies/answers.ts';
import { Cosigner } from './ceremonies/cosign.ts';
import { Exchange } from './ceremonies/exchange.ts';
import { HeadsWatch } from './ceremonies/heads-watch.ts';
import { Sessions } from './ceremonies/sessions.ts';
import { type NodeContext, SOFTWARE } from './context.ts';
import { Documents } from './documents.ts';
import { installPlatformHash } from './hashing.ts';
import type { Home } from './home.ts';
import { Pairs } from './pairs/pairs.ts';
import { Wallets } from './wallets.ts';

export interface NodeOptions {
  readonly home: Home;
  readonly clock: Clock;
  readonly random: Random;
  /** One line for the node's log. */
  readonly note: (code: string, detail: string) => void;
  /** Multiaddrs to listen on, if not those of the roster. */
  readonly listen?: readonly string[] | undefined;
}

export class ParticipantNode {
  readonly home: Home;
  readonly answers: Answers;
  readonly pairs: Pairs;
  readonly heads: HeadsWatch;
  readonly context: NodeContext;
  readonly #options: NodeOptions;
  readonly #sessions: Sessions;
  readonly #activations: Activations;
  readonly #cosigner: Cosigner;
  #link: Link | undefined;
  #members: Members | undefined;

  constructor(options: NodeOptions) {
    const { home, clock, note, random } = options;
    this.#options = options;
    this.home = home;
    const documents = new Documents(clock);
    documents.attach(home.log);
    for (const content of home.documents) documents.replay(content);
    const members = (): Members => this.#connectedMembers();
    const exchange = new Exchange({
      book: home.book,
      log: home.log,
      clock,
      members,
      react: (item, entry) => this.#react(item, entry),
      refused: (from, code, message) => note(code, `statement from ${from} refused: ${message}`),
    });
    this.context = {
      roster: home.roster,
      self: home.self.index,
      signer: home.identity.statement,
      clock,
      random,
      journal: home.journal,
      book: home.book,
      documents,
      policies: home.policies,
      wallets: Wallets.open(home.keyshares, home.roster),
      exchange,
      members,
      note,
    };
    this.heads = new HeadsWatch(this.context);
    this.answers = new Answers(this.context, () => this.heads.heldBack());
    this.pairs = new Pairs(this.context, home.identity.hedgeKey);
    this.#activations = new Activations(this.context, home.keyshares, (wallet) => this.pairs.epochActive(wallet));
    this.#sessions = new Sessions({
      node: this.context,
      keyshares: home.keyshares,
      hedge: home.identity.hedgeKey,
      pairs: this.pairs,
      answers: this.answers,
      activations: this.#activations,
    });
    this.#cosigner = new Cosigner(this.context, home);
  }

  /** Connects, and settles what an earlier process left open. */
  async start(): Promise<void> {
    installPlatformHash();
    const { home, listen, note } = this.#options;
    await this.context.wallets.openChainCodes();
    this.#restoreStarts();
    let begin: () => void = () => undefined;
    // Peers may connect before the link is handed to us; they are heard when everything is in place.
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const keys = new Map([...rosterMembers(home.roster)].filter(([name]) => name !== `party:${home.self.index}`));
    this.#link = await openLink({
      transportSeed: home.identity.transportSeed.use((seed) => seed.slice()),
      listen: listen ?? home.self.addresses,
      peers: [...keys.values()],
      networkKey: home.networkKey,
      hello: { network: home.roster.network, software: SOFTWARE },
      onFrame: async (from, frame) => {
        await begun;
        await this.#onFrame(this.#nameOf(from), frame);
      },
      onPeer: (peer, state) => void begun.then(() => this.#onPeer(this.#nameOf(peer), state)),
      log: (event) => note(event.code, event.detail),
    });
    const transportKeys = new Map([...keys].map(([name, member]) => [name, member.transportKey]));
    this.#members = new Members(this.#link, transportKeys, (member, code) => note(code, `nothing reaches ${member}`));
    await this.#restoreOwnVerdicts();
    await this.#sessions.settleCrashed();
    // What peers say at once, such as their acknowledgements of a key, must find the runs that wait for it.
    await this.#activations.resume();
    begin();
  }

  /** Multiaddrs on which this node listens. */
  addresses(): readonly string[] {
    return this.#link?.addresses() ?? [];
  }

  linkStats(): ReturnType<Link['stats']> | undefined {
    return this.#link?.stats();
  }

  connected(): readonly string[] {
    return this.#members?.connected() ?? [];
  }

  async stop(): Promise<void> {
    await this.#link?.stop();
    await this.pairs.stop();
    this.context.wallets.wipeChainCodes();
    await this.home.close();
  }

  async #react(item: CeremonyStatement, entry: BookEntry): Promise<void> {
    switch (item.kind) {
      case 'proposal':
        await this.answers.consider(entry);
        await this.#facesOf(entry);
        break;
      case 'verdict':
        await this.heads.remember(item.statement.envelope);
        this.#sessions.recheck(entry);
        await this.#sessions.considerStarts(entry);
        if (item.statement.body.party === this.context.self) this.#offerDocuments(entry);
        break;
      case 'start':
        await this.#sessions.considerStarts(entry);
        break;
      case 'withdrawal':
        this.#sessions.recheck(entry);
        break;
      case 'outcome':
        await this.heads.remember(item.statement.envelope);
        this.#sessions.peerEnded(item.statement);
        if (item.statement.body.party === this.context.self) this.#offerDocuments(entry);
        break;
    }
  }

  /** An operator that shows two proposals under one nonce gets neither: both are looked at again. */
  async #facesOf(entry: BookEntry): Promise<void> {
    const other = entry.conflict === undefined ? undefined : this.context.book.get(entry.conflict.digest);
    if (other === undefined) return;
    await this.answers.consider(other);
    this.#sessions.recheck(other);
  }

  async #onFrame(from: string | undefined, frame: FrameMessage): Promise<void> {
    if (from === undefined) return;
    switch (frame.kind) {
      case 'statement':
        return this.#onStatement(frame.envelope, from);
      case 'round':
        return this.#onRound(frame.envelope, from);
      case 'document':
        return this.#onDocument(frame.content);
      case 'transcript':
        if (from.startsWith('operator:')) await this.#cosigner.receive(frame.entries, from);
        return;
      case 'want':
        // Not awaited: while this runs nothing more is read from that member, not even what it must do to take these.
        for (const digest of frame.digests) {
          const [role, index] = from.split(':');
          if (role === 'party') this.pairs.asked(digest, Number(index));
          void this.#sendDocument(from, this.context.documents.get(digest));
        }
        return;
      case 'progress':
        return;
    }
  }

  async #onStatement(bytes: Uint8Array, from: string): Promise<void> {
    const envelope = parseStatement(bytes);
    if (!envelope.ok || envelope.value.type !== 'keymoot.heads.v1') {
      await this.context.exchange.receive(bytes, from);
      return;
    }
    if (this.heads.receive(envelope.value, from))
      await this.context.exchange.exclusively(() => this.answers.considerAll());
  }

  #onRound(bytes: Uint8Array, from: string): void {
    const envelope = parseEnvelope(bytes);
    if (envelope === undefined) return;
    if (envelope.type === PAIR) {
      // Before a run has authenticated anything, who may open or occupy it is decided by the connection.
      if (from === `party:${envelope.from}`) this.pairs.deliver(bytes, envelope);
    } else this.#sessions.deliver(bytes, envelope, from);
  }

  /** The only documents a participant takes from others are wallets; their certificates speak for themselves. */
  async #onDocument(content: Uint8Array): Promise<void> {
    const json = parseCanonical(content);
    if (!json.ok || !isWallet(json.value)) return;
    const { value } = json;
    await this.context.exchange.exclusively(() => this.#activations.adopt(value));
  }

  #onPeer(member: string | undefined, state: 'up' | 'down'): void {
    if (member === undefined) return;
    this.#options.note(state === 'up' ? 'PEER_UP' : 'PEER_DOWN', member);
    const [role, index] = member.split(':');
    if (state === 'down' && role === 'party') this.pairs.disconnected(Number(index));
    if (state === 'up') {
      void this.#greet(member).catch((error: unknown) => {
        this.#options.note('GREETING_FAILED', `${member}: ${error instanceof Error ? error.message : 'unknown'}`);
      });
    }
  }

  /** Whoever connects hears what it may have missed. */
  async #greet(member: string): Promise<void> {
    const [role, index] = member.split(':');
    if (role === 'party') {
      await this.heads.greet(Number(index));
      await this.#activations.greet(member);
      this.pairs.connected(Number(index));
    }
    for (const wallet of this.context.wallets.list()) await this.#sendDocument(member, wallet.document);
    await this.context.exchange.sync(member);
    if (role === 'operator') {
      for (const entry of this.context.book.entries()) await this.#sendDocuments(entry, member);
    }
  }

  /** Not awaited: an operator that does not read must not hold up what is said by everybody else. */
  #offerDocuments(entry: BookEntry): void {
    void this.#sendDocuments(entry).catch((error: unknown) => {
      this.#options.note('DOCUMENTS_NOT_SENT', error instanceof Error ? error.message : 'unknown');
    });
  }

  /** What an own verdict or outcome names by digest goes to the operators, who archive it. */
  async #sendDocuments(entry: BookEntry, only?: string): Promise<void> {
    const { self, documents, members } = this.context;
    const verdict = entry.ceremony.verdicts.get(self)?.body;
    const outcome = entry.ceremony.outcomes.get(self)?.body;
    const digests = [
      verdict?.inputs,
      verdict?.commonPolicy?.digest,
      verdict?.ownPolicy?.digest,
      outcome?.key?.certificate,
    ];
    const operators = members()
      .connected()
      .filter((member) => member.startsWith('operator:'));
    for (const digest of digests) {
      const document = digest === undefined ? undefined : documents.get(digest);
      for (const member of only === undefined ? operators : [only]) await this.#sendDocument(member, document);
    }
  }

  async #sendDocument(member: string, document: Json | undefined): Promise<void> {
    if (document === undefined) return;
    await this.context.members().send(member, { kind: 'document', content: canonicalBytes(document) });
  }

  /** A start that an earlier process accepted stays accepted: its consents are spent. */
  #restoreStarts(): void {
    const { book, journal } = this.context;
    for (const { ceremony, starts } of book.entries()) {
      const row = journal.state.sessionOf(ceremony.proposal.digest, ceremony.proposal.body.attempt);
      const start = row && starts.find((item) => equalBytes(item.body.sessionId, row.started.sessionId));
      if (start === undefined) continue;
      book.update(ceremony.proposal.digest, (entry) => ({ ...entry, ceremony: { ...entry.ceremony, start } }));
    }
  }

  /** Verdicts that were in the journal but not yet in the log when the last process ended leave now. */
  async #restoreOwnVerdicts(): Promise<void> {
    const { book, exchange, journal, self } = this.context;
    await exchange.exclusively(async () => {
      for (const { ceremony } of book.entries()) {
        const { digest, body } = ceremony.proposal;
        const given = journal.state.verdict(digest, body.attempt);
        if (given?.statement !== undefined && !ceremony.verdicts.has(self)) await exchange.restore(given.statement);
      }
    });
  }

  #connectedMembers(): Members {
    if (this.#members === undefined) throw new BugError('BUG_NOT_STARTED', 'the node speaks before it is connected');
    return this.#members;
  }

  #nameOf(transportKey: Uint8Array): string | undefined {
    const wanted = toHex(transportKey);
    for (const [name, member] of rosterMembers(this.home.roster))
      if (toHex(member.transportKey) === wanted) return name;
    return undefined;
  }
}

function isWallet(document: Json): boolean {
  return (
    typeof document === 'object' &&
    !Array.isArray(document) &&
    (document as { readonly [key: string]: Json })['schema'] === WALLET_SCHEMA
  );
}

/** For status screens: the wallets of a node with the state of their pair setups. */
export function walletRows(
  node: ParticipantNode,
): readonly { readonly wallet: Wallet; readonly pairs: ReturnType<Pairs['status']> }[] {
  return node.context.wallets.list().map((wallet) => ({ wallet, pairs: node.pairs.status(wallet) }));
}
