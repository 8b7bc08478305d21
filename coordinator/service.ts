/**
 * Begin here: the coordinator. It proposes, passes statements on, names the signers once the parties agree, archives
 * what happened. It holds no share, decides nothing, and is trusted for nothing but to keep things moving.
 */
import type { FrameMessage } from '../proto/codec.ts';
import type { BookEntry } from '../protocol/ceremony/book.ts';
import type { Proposal } from '../protocol/ceremony/proposal.ts';
import type { Roster } from '../protocol/ceremony/roster.ts';
import type { Wallet } from '../protocol/ceremony/wallet.ts';
import { signWithdrawal } from '../protocol/ceremony/withdrawal.ts';
import { equalBytes } from '../protocol/common/bytes.ts';
import { canonicalBytes } from '../protocol/common/canonical-json.ts';
import type { Clock, Random } from '../protocol/common/effects.ts';
import { Refusal } from '../protocol/common/errors.ts';
import type { Payload } from '../protocol/payload/payload.ts';
import type { AskedAccount } from './collect/accounts.ts';
import { Collection } from './collect/collection.ts';
import { indicesOf } from './collect/gather.ts';
import { Conductor } from './conductor.ts';
import { Connection } from './connection.ts';
import { type Frozen, sendFreeze } from './freeze.ts';
import type { Home } from './home.ts';
import { proposeKeygen, proposeSigning, type Wish } from './propose.ts';
import {
  type ImportWish,
  nextGeneration,
  proposeExport,
  proposeImport,
  proposeReshare,
  type ReshareWish,
} from './propose-change.ts';
import type { Result } from './result.ts';
import { Timers } from './timers.ts';
import type { Progress, Watch } from './watches.ts';

/** A transcript of the old roster that is not there by then does not keep the coordinator from the new one. */
const ARCHIVE_GRACE = 30_000;

export interface ServiceOptions {
  readonly home: Home;
  readonly clock: Clock;
  readonly random: Random;
  readonly note: (code: string, detail: string) => void;
}

export class CoordinatorService {
  readonly home: Home;
  readonly collection: Collection;
  /** Resolves when the adopted successor is to be put in force: all wallets are held by its parties. */
  readonly succeeded: Promise<void>;
  readonly #options: ServiceOptions;
  readonly #conductor: Conductor;
  readonly #connection: Connection;
  readonly #timers: Timers;
  #succeed: () => void = () => undefined;
  #grace: 'none' | 'running' | 'over' = 'none';

  constructor(options: ServiceOptions) {
    const { clock, home, note, random } = options;
    this.#options = options;
    this.home = home;
    this.#timers = new Timers(clock);
    this.succeeded = new Promise<void>((resolve) => {
      this.#succeed = resolve;
    });
    this.collection = new Collection(home.roster);
    if (home.rosters.successor !== undefined) this.collection.learnRoster(home.rosters.successor);
    for (const record of home.records) {
      if (record.kind === 'document') this.collection.addDocument(record.bytes, 'log');
      if (record.kind === 'round') this.collection.addRound(record.bytes);
    }
    this.#connection = new Connection({
      home,
      note,
      onFrame: (from, frame) => this.#onFrame(from, frame),
      onPeer: (member, state) => this.#onPeer(member, state),
    });
    this.#conductor = new Conductor({
      home,
      clock,
      random,
      collection: this.collection,
      members: () => this.#connection.members,
      settled: () => this.#considerSuccession(),
      note,
    });
  }

  async start(): Promise<void> {
    const begin = await this.#connection.open();
    await this.#conductor.takeUpEarlier();
    begin();
    this.#considerSuccession();
  }

  async stop(): Promise<void> {
    await this.#disconnect();
    await this.home.close();
  }

  /** Puts the adopted successor in force and @returns the home under it. This service is of no use any more. */
  async succeedTo(): Promise<Home> {
    await this.#disconnect();
    this.#conductor.abandon('ROSTER_SUPERSEDED', 'the roster under which it was proposed has been replaced');
    await this.home.rosters.advance();
    return await this.home.reopen();
  }

  connected(): readonly string[] {
    return this.#connection.connected();
  }

  /** A wallet in its newest epoch, held by the parties of the roster in force. */
  wallet(name: string): Wallet {
    const wallet = this.collection.wallets().find((candidate) => candidate.name === name);
    if (wallet === undefined) throw new Refusal('UNKNOWN_WALLET', `no party has shown a wallet named ${name} yet`);
    if (equalBytes(this.rosterOf(wallet), this.home.roster.digest)) return wallet;
    throw new Refusal(
      'WALLET_MOVED',
      `the parties of the next roster hold ${name} already; wait for it to be in force`,
    );
  }

  /**
   * Digest of the roster whose parties hold a wallet in this epoch. Where a successor changes neither the parties nor
   * the threshold, only the reshare itself tells the two apart.
   */
  rosterOf(wallet: Wallet): Uint8Array {
    for (const { ceremony, starts } of this.home.book.entries()) {
      const { body } = ceremony.proposal;
      if (body.ceremony !== 'reshare' || body.next === undefined) continue;
      if (starts.some((start) => equalBytes(start.body.digest, wallet.epoch.cfgHash))) return body.next.digest;
    }
    return wallet.roster;
  }

  async adopt(next: Roster): Promise<void> {
    await this.home.rosters.adopt(next, this.home.keys.statement.publicKey);
    this.collection.learnRoster(next);
    this.#connection.renew();
    this.#considerSuccession();
  }

  async proposeKeygen(wallet: string, exportable: boolean, wish: Wish): Promise<Proposal> {
    return await this.#conductor.propose(proposeKeygen(this.#conductor.proposer(), wallet, exportable, wish));
  }

  async proposeSigning(name: string, payload: Payload, wish: Wish, asked?: AskedAccount): Promise<Proposal> {
    const wallet = this.wallet(name);
    const account = this.collection.accounts.of(wallet, asked);
    return await this.#conductor.propose(proposeSigning(this.#conductor.proposer(), wallet, account, payload, wish));
  }

  /** New shares: for the parties of the adopted successor, or, in a refresh, for those of this roster. */
  async proposeReshare(name: string, asked: ReshareWish, wish: Wish): Promise<Proposal> {
    const wallet = this.wallet(name);
    const { roster, rosters } = this.home;
    const setting = {
      roster,
      next: asked.refresh ? undefined : rosters.successor,
      connected: indicesOf('party', this.connected()),
      gen: nextGeneration(this.collection.epochs(), this.home.book.entries(), wallet.walletId),
    };
    return await this.#conductor.propose(proposeReshare(this.#conductor.proposer(), wallet, setting, asked, wish));
  }

  async proposeImport(name: string, asked: ImportWish, wish: Wish): Promise<Proposal> {
    return await this.#conductor.propose(
      proposeImport(this.#conductor.proposer(), this.home.roster, name, asked, wish),
    );
  }

  async proposeExport(name: string, recipient: Uint8Array, wish: Wish): Promise<Proposal> {
    const { roster } = this.home;
    const proposer = this.#conductor.proposer();
    return await this.#conductor.propose(proposeExport(proposer, roster, this.wallet(name), recipient, wish));
  }

  /** The sealed shares that the outcomes of an export name, as their parties signed them. */
  sealedShares(entry: BookEntry): readonly Uint8Array[] {
    return [...entry.ceremony.outcomes.values()].flatMap(({ body: { exported, party } }) => {
      const share = exported === undefined ? undefined : this.#conductor.sealedShares.named(party, exported);
      return share === undefined ? [] : [share.envelope.bytes];
    });
  }

  /** Takes an own proposal back; it ends at every party that hears of it before its last round. */
  async cancel(entry: BookEntry, reason: string): Promise<void> {
    const { clock, home } = this.#options;
    const { body, digest } = entry.ceremony.proposal;
    const author = `operator:${home.self.name}`;
    const withdrawal = { proposal: digest, attempt: body.attempt, author, reason, created: clock.now() };
    const statement = signWithdrawal(withdrawal, home.keys.statement);
    await this.#conductor.exclusively(() => this.#conductor.publish(statement));
  }

  /** Stops a wallet, or all of them, at every party that hears of it. */
  async freeze(wallet: string | undefined, reason: string): Promise<Frozen> {
    const walletId = wallet === undefined ? new Uint8Array() : this.wallet(wallet).walletId;
    return await sendFreeze(this.#options, this.#connection.members, walletId, reason);
  }

  /** Follows a ceremony to its end, through later attempts too. `changed` is called whenever something moved. */
  async finished(
    proposal: Uint8Array,
    changed: () => void,
    signal: AbortSignal,
  ): Promise<{ readonly proposal: Uint8Array; readonly result: Result }> {
    const { watches } = this.#conductor;
    for (let current = proposal; ; ) {
      const done = await watches.settled(current, changed, signal);
      const { next } = watches.of(current);
      if (next === undefined) return { proposal: current, result: done };
      current = next;
    }
  }

  /** What is known of a ceremony besides the book. */
  followed(
    proposal: Uint8Array,
  ): Pick<Watch, 'result' | 'next' | 'waiting'> & { readonly progress: readonly Progress[] } {
    const { next, progress, result, waiting } = this.#conductor.watches.of(proposal);
    return { progress: [...progress.values()], result, next, waiting };
  }

  async #disconnect(): Promise<void> {
    this.#timers.cancelAll();
    this.#conductor.stop();
    await this.#connection.close();
  }

  /**
   * The successor is in force once its parties hold every wallet. What is still to be archived under the old roster
   * comes first: its parties close transcripts as members of that roster only.
   */
  #considerSuccession(): void {
    const { successor } = this.home.rosters;
    const wallets = this.collection.wallets();
    if (successor === undefined || wallets.length === 0) return;
    if (!wallets.every((wallet) => equalBytes(this.rosterOf(wallet), successor.digest))) return;
    if (!this.#conductor.isBusy || this.#grace === 'over') this.#succeed();
    else if (this.#grace === 'none') {
      this.#grace = 'running';
      this.#timers.after(ARCHIVE_GRACE, () => {
        this.#grace = 'over';
        this.#considerSuccession();
      });
    }
  }

  async #onFrame(from: string, frame: FrameMessage): Promise<void> {
    const { clock, home } = this.#options;
    switch (frame.kind) {
      case 'statement':
        await this.#conductor.receive(frame.envelope, from);
        return;
      case 'document':
        if (this.collection.addDocument(frame.content, from)) {
          await home.log.append({ at: clock.now(), kind: 'document', bytes: frame.content });
          await this.#conductor.documentCame(frame.content);
          this.#considerSuccession();
        }
        return;
      case 'round':
        if (this.collection.addRound(frame.envelope))
          await home.log.append({ at: clock.now(), kind: 'round', bytes: frame.envelope });
        return;
      case 'progress':
        this.#onProgress(from, frame);
        return;
      case 'transcript':
      case 'want':
        return;
    }
  }

  #onProgress(from: string, frame: FrameMessage & { readonly kind: 'progress' }): void {
    if (from.startsWith('operator:') || this.home.book.get(frame.ceremony) === undefined) return;
    const { stage, step, steps } = frame;
    this.#conductor.watches.of(frame.ceremony).progress.set(from, { member: from, stage, step, steps });
    this.#conductor.watches.changed(frame.ceremony);
  }

  #onPeer(member: string, state: 'up' | 'down'): void {
    this.#options.note(state === 'up' ? 'PEER_UP' : 'PEER_DOWN', member);
    this.#conductor.later(async () => {
      if (state === 'up') await this.#sync(member);
      await this.#conductor.stepAll();
    });
  }

  /** A member that comes back hears what is still open, and which epochs there are: a removed party may hear it here only. */
  async #sync(member: string): Promise<void> {
    const now = this.#options.clock.now();
    const { members } = this.#connection;
    for (const { document } of this.collection.wallets()) {
      await members.send(member, { kind: 'document', content: canonicalBytes(document) });
    }
    for (const { ceremony, starts } of this.home.book.entries()) {
      const { digest, body } = ceremony.proposal;
      if (body.expires <= now || this.#conductor.watches.of(digest).result !== undefined) continue;
      const statements = [
        ceremony.proposal,
        ...ceremony.verdicts.values(),
        ...ceremony.withdrawals.values(),
        ...starts,
      ];
      for (const { envelope } of statements) {
        await members.send(member, { kind: 'statement', envelope: envelope.bytes });
      }
    }
  }
}
