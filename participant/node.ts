/**
 * Begin here: a participant's node. The composition root puts the parts together, connects them to the network, and
 * answers the key holder's commands. All rules are in the parts.
 */

import type { Members } from '../proto/link/members.ts';
import type { BookEntry, CeremonyStatement } from '../protocol/ceremony/book.ts';
import type { Roster } from '../protocol/ceremony/roster.ts';
import type { Wallet } from '../protocol/ceremony/wallet.ts';
import { toHex } from '../protocol/common/bytes.ts';
import type { Clock, Random } from '../protocol/common/effects.ts';
import type { Address } from '../protocol/payload/address.ts';
import { ApprovalStore } from './approvals/store.ts';
import { Activations } from './ceremonies/activations.ts';
import { Answers } from './ceremonies/answers.ts';
import { BanLifts } from './ceremonies/ban-lifts.ts';
import { Changeover } from './ceremonies/changeover.ts';
import { Cosigner } from './ceremonies/cosign.ts';
import { Exchange } from './ceremonies/exchange.ts';
import { decodeFarewell, encodeFarewell, farewellOf, tell } from './ceremonies/farewell.ts';
import { dealtRoster, nextRosters } from './ceremonies/handover.ts';
import { HeadsWatch } from './ceremonies/heads-watch.ts';
import { InitiatorGate } from './ceremonies/initiator-gate.ts';
import { restoreOwnVerdicts, restoreStarts } from './ceremonies/restore.ts';
import { SealedShares } from './ceremonies/sealed-shares.ts';
import { Sessions } from './ceremonies/sessions.ts';
import { keepContradictions } from './ceremonies/witness.ts';
import { Connection } from './connection.ts';
import type { NodeContext } from './context.ts';
import { Documents } from './documents.ts';
import { EvidenceStore } from './evidence.ts';
import { Frames } from './frames.ts';
import { Governance } from './governance/governance.ts';
import { installPlatformHash } from './hashing.ts';
import type { Home } from './home.ts';
import { Repeats, repeatWords } from './inbox/repeats.ts';
import { ImportedKeys } from './keystore/imported-keys.ts';
import { ClockWatch } from './limits/clock-watch.ts';
import { Limits } from './limits/limits.ts';
import { readNonceSettings } from './limits/nonce-settings.ts';
import { NonceWatch } from './limits/nonces.ts';
import { OwnHistory } from './observe/history.ts';
import type { Look } from './observe/look.ts';
import { Observer } from './observe/observer.ts';
import { recall } from './observe/recall.ts';
import { Offers } from './offers.ts';
import { Pairs } from './pairs/pairs.ts';
import { type Held, Wallets } from './wallets.ts';

export interface NodeOptions {
  readonly home: Home;
  readonly clock: Clock;
  readonly random: Random;
  /** One line for the node's log. */
  readonly note: (code: string, detail: string) => void;
  /** Multiaddrs to listen on, if not those of the roster. */
  readonly listen?: readonly string[] | undefined;
  /** What looks at a payload from outside its bytes before it is judged: a simulation, an external checker. */
  readonly looks?: readonly Look[] | undefined;
}

export class ParticipantNode {
  readonly home: Home;
  readonly observer: Observer;
  readonly answers: Answers;
  readonly pairs: Pairs;
  readonly heads: HeadsWatch;
  readonly context: NodeContext;
  readonly imported: ImportedKeys;
  readonly bans: BanLifts;
  readonly clockWatch: ClockWatch;
  readonly repeats: Repeats;
  readonly #options: NodeOptions;
  readonly #sessions: Sessions;
  readonly #activations: Activations;
  readonly #cosigner: Cosigner;
  readonly #changeover: Changeover;
  readonly #connection: Connection;
  readonly #offers: Offers;
  readonly #history: OwnHistory;
  readonly #frames: Frames;
  #nonces: NonceWatch | undefined;

  constructor(options: NodeOptions) {
    const { home, clock, note, random } = options;
    this.#options = options;
    this.home = home;
    const documents = new Documents(clock);
    documents.attach(home.log);
    for (const content of home.documents) documents.replay(content);
    this.#connection = new Connection({
      home,
      listen: options.listen,
      note,
      onFrame: (from, frame) => this.#frames.take(from, frame),
      onPeer: (member, state) => this.#onPeer(member, state),
      dealtRoster: () => dealtRoster({ book: home.book, clock, roster: home.roster, self: home.self }),
    });
    const members = (): Members => this.#connection.members;
    const exchange = new Exchange({
      book: home.book,
      log: home.log,
      clock,
      members,
      past: home.rosters.past,
      react: (item, entry) => this.#react(item, entry),
      refused: (from, code, message) => note(code, `statement from ${from} refused: ${message}`),
    });
    const wallets = Wallets.open(home.keyshares, home.rosters);
    const { book, policies, roster } = home;
    const approvals = new ApprovalStore({
      node: { book, clock, documents, members, note, policies, roster, wallets },
      log: home.log,
      kept: home.approvals,
      judge: (entry, now) => this.answers.judge(entry, now),
      changed: (entry) => this.#approved(entry),
    });
    this.repeats = new Repeats(roster);
    const { identity, journal, self } = home;
    const shared = { book, clock, exchange, journal, members, note, policies, roster, self };
    const core = { ...shared, signer: identity.statement };
    const limits = new Limits(core, home.settlements);
    this.clockWatch = new ClockWatch({ clock, latest: () => journal.state.ledger.latest });
    const governance = new Governance({
      node: { ...core, random },
      kept: home.governance,
      doubt: () => this.clockWatch.doubt(),
      changed: (what) => this.#governed(what),
    });
    this.context = {
      rosters: home.rosters,
      roster: home.roster,
      self: home.self,
      statementKey: home.identity.statementKey,
      signer: home.identity.statement,
      clock,
      random,
      journal: home.journal,
      book: home.book,
      documents,
      evidence: new EvidenceStore(home.layout.evidence),
      policies: home.policies,
      wallets,
      exchange,
      sealedShares: new SealedShares({
        roster: home.roster,
        log: home.log,
        clock,
        members,
        kept: home.sealedShares,
      }),
      members,
      note,
      approvals,
      limits,
      governance,
      gates: [this.clockWatch, governance, approvals, new InitiatorGate(roster, home.self)],
    };
    this.#offers = new Offers(this.context);
    this.heads = new HeadsWatch(this.context, (why) => this.pairs.overwriteAll(why));
    this.#history = new OwnHistory({
      journal: () => home.journal.state,
      policies: () => [home.policies.common, home.policies.own].flatMap((policy) => policy ?? []),
      wallets: () => this.context.wallets.all().map(({ wallet }): Address => `0x${toHex(wallet.address)}`),
    });
    this.observer = new Observer({ history: this.#history, looks: options.looks ?? [], clock, note });
    this.answers = new Answers(this.context, this.observer, () => this.heads.heldBack());
    this.pairs = new Pairs(this.context, home.identity.hedgeKey);
    this.#activations = new Activations({
      node: this.context,
      keyshares: home.keyshares,
      moved: (held) => this.#moved(held),
      former: () => this.#connection.former,
    });
    this.imported = new ImportedKeys(home.vault);
    this.#sessions = new Sessions({
      node: this.context,
      keyshares: home.keyshares,
      imported: this.imported,
      hedge: home.identity.hedgeKey,
      pairs: this.pairs,
      answers: this.answers,
      heldBack: () => this.heads.heldBack(),
      activations: this.#activations,
      sealedShare: (sessionId) => this.context.sealedShares.of(sessionId),
    });
    this.bans = new BanLifts(this.context, this.pairs, home.banLifts);
    this.#changeover = new Changeover(this.context, {
      isClosed: (proposal) => this.#cosigner.isKept(proposal),
      isBusy: () => this.#sessions.isBusy(),
    });
    this.#cosigner = new Cosigner(
      this.context,
      home,
      () => this.#changeover.consider(),
      () => this.heads.heldBack(),
    );
    this.#frames = new Frames({
      node: this.context,
      answers: this.answers,
      heads: this.heads,
      clockWatch: this.clockWatch,
      bans: this.bans,
      pairs: this.pairs,
      sessions: this.#sessions,
      activations: this.#activations,
      cosigner: this.#cosigner,
      offers: this.#offers,
    });
  }

  /** Connects, and settles what an earlier process left open. */
  async start(): Promise<void> {
    installPlatformHash();
    await this.context.wallets.openChainCodes();
    restoreStarts(this.context);
    await recall(this.#history, this.home, this.#options.random, this.#options.note);
    // Who was left behind knows the roster of its last epoch from statements only.
    this.context.wallets.recall(nextRosters(this.context));
    await this.#watchNonces();
    const begin = await this.#connection.open();
    await restoreOwnVerdicts(this.context);
    // Who must compare its counters first signs nothing before: an older memory would use one of them twice.
    if (this.context.self === 0 || this.heads.heldBack() === undefined) await this.#sessions.settleCrashed();
    // What peers say at once, such as their acknowledgements of a key, must find the runs that wait for it.
    await this.#activations.resume();
    for (const { wallet } of this.context.wallets.all()) await this.#endImport(wallet);
    await this.context.governance.start();
    begin();
    await this.context.exchange.exclusively(() => this.context.limits.noteAll());
    this.#changeover.consider();
  }

  /** Multiaddrs on which this node listens. */
  addresses(): readonly string[] {
    return this.#connection.addresses();
  }

  linkStats(): ReturnType<Connection['stats']> {
    return this.#connection.stats();
  }

  connected(): readonly string[] {
    return this.#connection.connected();
  }

  /** The key holder has confirmed the fingerprint of the roster that is to replace this one. */
  async adopt(next: Roster): Promise<void> {
    const { exchange, rosters, statementKey } = this.context;
    await exchange.exclusively(async () => {
      const fault = rosters.fault(next, statementKey);
      if (fault !== undefined) throw fault;
      await rosters.adopt(next);
    });
    this.#connection.renew();
    this.#changeover.consider();
  }

  /** Resolves when every wallet is in the hands of the successor's parties: stop, advance the home, start anew. */
  get changedOver(): Promise<void> {
    return this.#changeover.due;
  }

  /** What is put aside for those whom the successor leaves behind. */
  farewell(): Uint8Array | undefined {
    const farewell = farewellOf(this.context, this.#activations.notices());
    return farewell === undefined ? undefined : encodeFarewell(farewell);
  }

  /** Leaves the network and overwrites what can be overwritten; the home stays open. */
  async stop(): Promise<void> {
    this.#changeover.stop();
    this.observer.stop();
    this.answers.stop();
    this.context.limits.stop();
    this.context.governance.stop();
    this.#nonces?.stop();
    this.#sessions.stop();
    await this.#connection.close();
    await this.pairs.stop();
    // What was under way is written down before anybody closes the log.
    await this.context.exchange.exclusively(async () => undefined);
    this.context.wallets.wipeChainCodes();
  }

  /** Asks chain nodes about nonces, if the key holder has named some. */
  async #watchNonces(): Promise<void> {
    const settings = await readNonceSettings(this.home.layout.nonces);
    if (settings === undefined) return;
    this.#nonces = new NonceWatch(this.context, settings, () => this.clockWatch.doubt() === undefined);
    this.#nonces.start();
  }

  /** An imported key that has become a wallet waits in this home no longer. */
  async #endImport({ origin, publicKey }: Wallet): Promise<void> {
    if (origin === 'imported') await this.imported.erase(publicKey);
  }

  /** A wallet is in a new epoch: here, at the successor's parties, or without this party. */
  #moved({ wallet }: Held): void {
    const isHere = this.context.wallets.byEpoch(wallet.epochId) !== undefined;
    if (isHere) this.pairs.epochActive(wallet);
    else this.pairs.epochsOver();
    this.#offers.wallet(wallet);
    void this.#endImport(wallet)
      .then(() => this.#sessions.epochActive(wallet))
      .then(() =>
        this.context.exchange.exclusively(async () => {
          await this.answers.reconsider();
          await this.#sessions.considerAll();
        }),
      )
      .catch((error: unknown) => {
        this.#options.note('MOVE_FAILED', error instanceof Error ? error.message : 'unknown');
      });
    this.#changeover.consider();
  }

  async #react(item: CeremonyStatement, entry: BookEntry): Promise<void> {
    this.#history.note(entry, this.context.roster, this.context.self);
    // The own consent to deal for a roster that leaves this party out, or the end of that.
    if (entry.ceremony.proposal.body.ceremony === 'reshare') this.#connection.renew();
    switch (item.kind) {
      case 'proposal':
        await this.answers.consider(entry);
        await this.#facesOf(entry);
        this.#noteRepeat(entry);
        this.#offers.proposed(entry);
        await this.context.approvals.proposed(entry);
        await keepContradictions(this.context, entry);
        break;
      case 'verdict':
        await keepContradictions(this.context, entry);
        await this.heads.remember(item.statement.envelope);
        this.#sessions.recheck(entry);
        await this.#sessions.considerStarts(entry);
        if (item.statement.body.party === this.context.self) this.#offers.named(entry);
        else await this.context.approvals.verdict(entry, item.statement.body.party);
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
        if (item.statement.body.party === this.context.self) this.#offers.named(entry);
        await this.#activations.reconsider();
        this.#changeover.consider();
        break;
    }
    await this.context.limits.note(entry);
  }

  /** Another policy is in force, or something is frozen or free: all that is open is looked at anew. */
  async #governed(what: 'policy' | 'freeze'): Promise<void> {
    const { book } = this.context;
    if (what === 'policy') {
      // Other approvers may connect.
      this.#connection.renew();
      for (const entry of book.entries()) await this.answers.retract(entry);
      await this.context.approvals.policyChanged();
    }
    for (const entry of book.entries()) this.#sessions.recheck(entry);
    await this.answers.reconsider();
    await this.#sessions.considerAll();
  }

  /** Something new is known of what approvers say about it. */
  async #approved({ ceremony: { proposal } }: BookEntry): Promise<void> {
    const { book } = this.context;
    const steps = [
      (entry: BookEntry) => this.answers.retract(entry),
      (entry: BookEntry) => this.answers.consider(entry),
      async (entry: BookEntry) => this.#sessions.recheck(entry),
      (entry: BookEntry) => this.#sessions.considerStarts(entry),
    ];
    for (const step of steps) {
      // Each may have changed what is known of it.
      const entry = book.get(proposal.digest);
      if (entry !== undefined) await step(entry);
    }
  }

  /** Whoever collects what failed attempts leave behind asks again and again. */
  #noteRepeat(entry: BookEntry): void {
    const now = this.context.clock.now();
    const earlier = this.repeats.of(entry, this.context.book.entries(), now);
    if (earlier.length > 0) this.#options.note('REPEATED_INTENT', repeatWords(entry, earlier));
  }

  /** An operator that shows two proposals under one nonce gets neither: both are looked at again. */
  async #facesOf(entry: BookEntry): Promise<void> {
    const other = entry.conflict === undefined ? undefined : this.context.book.get(entry.conflict.digest);
    if (other === undefined) return;
    await this.answers.consider(other);
    this.#sessions.recheck(other);
  }

  #onPeer(member: string, state: 'up' | 'down'): void {
    this.#options.note(state === 'up' ? 'PEER_UP' : 'PEER_DOWN', member);
    const [role, index] = member.split(':');
    if (state === 'down' && role === 'party') this.pairs.disconnected(Number(index));
    if (state === 'down') this.clockWatch.gone(member);
    if (state === 'up') {
      void this.#greet(member).catch((error: unknown) => {
        this.#options.note('GREETING_FAILED', `${member}: ${error instanceof Error ? error.message : 'unknown'}`);
      });
    }
  }

  /** Whoever connects hears what it may have missed. */
  async #greet(member: string): Promise<void> {
    const [role, index] = member.split(':');
    if (role === 'former') return this.#tellFormer(member);
    if (role === 'party') await this.heads.greet(Number(index));
    if (role !== 'operator' && role !== 'approver') await this.#activations.greet(member);
    if (role === 'party') this.pairs.connected(Number(index));
    if (role === 'party') await this.bans.greet(Number(index));
    await this.#offers.greet(member);
    if (role === 'party' || role === 'approver') await this.context.governance.greet(member);
    await this.context.approvals.greet(member);
    await this.context.exchange.sync(member);
    if (role === 'party') await this.context.limits.greet(member);
  }

  /** Whoever was left behind hears why, and nothing else. */
  async #tellFormer(member: string): Promise<void> {
    const kept = await this.home.rosters.farewell();
    const farewell = kept === undefined ? undefined : decodeFarewell(kept);
    if (farewell === undefined) return;
    // Holders that were away at the change of rosters have spoken since.
    const notices = [...farewell.notices, ...this.#activations.notices()];
    await tell(this.#connection.former, { ...farewell, notices }, member);
  }
}
