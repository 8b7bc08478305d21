/**
 * Begin here: the coordinator. It proposes, passes statements on, names the signers once the parties agree, archives
 * what happened. It holds no share, decides nothing, and is trusted for nothing but to keep things moving.
 */

import type { FrameMessage } from '../proto/codec.ts';
import { Members } from '../proto/link/members.ts';
import { type Link, openLink } from '../proto/link/node.ts';
import type { BookEntry, CeremonyStatement } from '../protocol/ceremony/book.ts';
import type { Quorum } from '../protocol/ceremony/lifecycle.ts';
import type { Proposal } from '../protocol/ceremony/proposal.ts';
import { members as rosterMembers } from '../protocol/ceremony/roster.ts';
import type { Start } from '../protocol/ceremony/start.ts';
import { parseEnvelope, type Statement, shortName } from '../protocol/ceremony/statement.ts';
import type { Wallet } from '../protocol/ceremony/wallet.ts';
import { signWithdrawal } from '../protocol/ceremony/withdrawal.ts';
import { equalBytes, toHex } from '../protocol/common/bytes.ts';
import type { Clock, Random } from '../protocol/common/effects.ts';
import { BugError, Refusal } from '../protocol/common/errors.ts';
import type { Payload } from '../protocol/payload/payload.ts';
import { Archive } from './archive/archive.ts';
import type { AskedAccount } from './collect/accounts.ts';
import { Collection } from './collect/collection.ts';
import { composeStart } from './collect/compose-start.ts';
import { gather, partiesAmong } from './collect/gather.ts';
import { restingOn, withGrounds } from './collect/grounds.ts';
import { type Home, LOG_STATEMENT } from './home.ts';
import { type Proposer, proposeAgain, proposeKeygen, proposeSigning, type Wish } from './propose.ts';
import { endingOf, isCurable, type Result, type Why } from './result.ts';
import { Timers } from './timers.ts';
import { type Progress, type Watch, Watches } from './watches.ts';

/** What this software calls itself to its peers: a claim. */
const SOFTWARE = 'keymoot 0.1.0';
/** After the quorum stands, or somebody rejected, the others have this long to be heard; milliseconds. */
const PATIENCE = 1_500;
/** Longer than any session may take at the parties. */
const SESSION_PATIENCE = 120_000;
/** Times that a transcript is tried to be closed, and the pause between them in milliseconds. */
const ARCHIVE_ATTEMPTS = 40;
const ARCHIVE_PAUSE = 3_000;

export interface ServiceOptions {
  readonly home: Home;
  readonly clock: Clock;
  readonly random: Random;
  readonly note: (code: string, detail: string) => void;
}

export class CoordinatorService {
  readonly home: Home;
  readonly collection: Collection;
  readonly #options: ServiceOptions;
  readonly #archive: Archive;
  readonly #watches = new Watches();
  /** Proposals of this coordinator's own making. Any others under its key are somebody else's doing. */
  readonly #own = new Set<string>();
  readonly #timers: Timers;
  #link: Link | undefined;
  #members: Members | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ServiceOptions) {
    const { home, clock, note } = options;
    this.#options = options;
    this.home = home;
    this.#timers = new Timers(clock);
    this.collection = new Collection(home.roster);
    for (const record of home.records) {
      if (record.kind === 'document') this.collection.addDocument(record.bytes, 'log');
      if (record.kind === 'round') this.collection.addRound(record.bytes);
    }
    this.#archive = new Archive({
      roster: home.roster,
      operator: home.self.name,
      signer: home.keys.statement,
      clock,
      collection: this.collection,
      members: () => this.#connectedMembers(),
      directory: home.layout.transcripts,
      note,
    });
  }

  async start(): Promise<void> {
    const { home, note } = this.#options;
    const keys = new Map([...rosterMembers(home.roster)].filter(([name]) => name !== `operator:${home.self.name}`));
    let begin: () => void = () => undefined;
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    this.#link = await openLink({
      transportSeed: home.keys.transportSeed.use((seed) => seed.slice()),
      listen: [],
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
    await this.#takeUpEarlier();
    begin();
  }

  async stop(): Promise<void> {
    this.#timers.cancelAll();
    await this.#link?.stop();
    await this.home.close();
  }

  connected(): readonly string[] {
    return this.#members?.connected() ?? [];
  }

  wallet(name: string): Wallet {
    const wallet = this.collection.wallets().find((candidate) => candidate.name === name);
    if (wallet !== undefined) return wallet;
    throw new Refusal('UNKNOWN_WALLET', `no party has shown a wallet named ${name} yet`);
  }

  async proposeKeygen(wallet: string, wish: Wish): Promise<Proposal> {
    return await this.#propose(proposeKeygen(this.#proposer(), wallet, wish));
  }

  async proposeSigning(name: string, payload: Payload, wish: Wish, asked?: AskedAccount): Promise<Proposal> {
    const wallet = this.wallet(name);
    const account = this.collection.accounts.of(wallet, asked);
    return await this.#propose(proposeSigning(this.#proposer(), wallet, account, payload, wish));
  }

  /** Takes an own proposal back; it ends at every party that hears of it before its last round. */
  async cancel(entry: BookEntry, reason: string): Promise<void> {
    const { clock, home } = this.#options;
    const { body, digest } = entry.ceremony.proposal;
    const author = `operator:${home.self.name}`;
    const withdrawal = { proposal: digest, attempt: body.attempt, author, reason, created: clock.now() };
    await this.#exclusively(() => this.#publish(signWithdrawal(withdrawal, home.keys.statement)));
  }

  /** Follows a ceremony to its end, through later attempts too. `changed` is called whenever something moved. */
  async finished(
    proposal: Uint8Array,
    changed: () => void,
    signal: AbortSignal,
  ): Promise<{ readonly proposal: Uint8Array; readonly result: Result }> {
    for (let current = proposal; ; ) {
      const done = await this.#watches.settled(current, changed, signal);
      const { next } = this.#watches.of(current);
      if (next === undefined) return { proposal: current, result: done };
      current = next;
    }
  }

  /** What is known of a ceremony besides the book. */
  followed(proposal: Uint8Array): {
    readonly progress: readonly Progress[];
    readonly result: Result | undefined;
    readonly next: Uint8Array | undefined;
  } {
    const { next, progress, result } = this.#watches.of(proposal);
    return { progress: [...progress.values()].sort((a, b) => a.party - b.party), result, next };
  }

  async #propose(proposal: Proposal): Promise<Proposal> {
    this.#own.add(toHex(proposal.digest));
    await this.#exclusively(() => this.#publish(proposal));
    return proposal;
  }

  #proposer(): Proposer {
    const { clock, home, random } = this.#options;
    return { rosterDigest: home.roster.digest, operator: home.self.name, signer: home.keys.statement, clock, random };
  }

  /** For actions that nobody waits for. */
  #later(action: () => Promise<void>): void {
    this.#exclusively(action).catch((error: unknown) => {
      this.#options.note('COORDINATOR_FAILED', error instanceof Error ? error.message : 'unknown');
    });
  }

  async #exclusively<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(action);
    this.#turn = done.catch(() => undefined);
    return await done;
  }

  async #publish(statement: Statement<unknown>): Promise<void> {
    if (!(await this.#take(statement.envelope.bytes, undefined))) {
      throw new BugError('BUG_OWN_STATEMENT', `an own ${statement.type} statement was not accepted`);
    }
  }

  async #take(bytes: Uint8Array, from: string | undefined): Promise<boolean> {
    const { clock, home, note } = this.#options;
    const envelope = parseEnvelope(bytes);
    if (!envelope.ok) return false;
    if (envelope.value.type === 'keymoot.close.v1') {
      this.#archive.receiveClose(envelope.value);
      return true;
    }
    const now = clock.now();
    const news = home.book.apply(envelope.value, now);
    if (!news.ok) {
      note(news.error.code, `statement from ${from ?? 'self'} refused: ${news.error.message}`);
      return false;
    }
    for (const item of news.value.fresh) {
      const fresh = item.statement.envelope.bytes;
      await home.log.append({ at: now, kind: LOG_STATEMENT, bytes: fresh });
      if (item.kind === 'proposal') this.#noticeMisuse(item.statement);
      void this.#connectedMembers().sendAll({ kind: 'statement', envelope: fresh }, (member) => member !== from);
    }
    for (const item of news.value.fresh) await this.#react(item);
    return true;
  }

  async #react(item: CeremonyStatement): Promise<void> {
    const digest = item.kind === 'proposal' ? item.statement.digest : item.statement.body.proposal;
    const entry = this.home.book.get(digest);
    if (entry === undefined) return;
    await this.#step(entry);
    if (entry.conflict !== undefined) {
      const other = this.home.book.get(entry.conflict.digest);
      if (other !== undefined) await this.#step(other);
    }
    this.#watches.changed(digest);
  }

  /** Looks at a ceremony of this operator and does what is next. */
  async #step(seen: BookEntry): Promise<void> {
    const { clock, home } = this.#options;
    const { body, digest } = seen.ceremony.proposal;
    if (body.initiator !== home.self.name) return;
    const watch = this.#watches.of(digest);
    if (watch.finishing) return;
    const entry = this.#withStart(seen);
    const { ceremony } = entry;
    if (ceremony.start !== undefined) {
      const signers = ceremony.start.body.signers;
      if (signers.every((signer) => ceremony.outcomes.has(signer))) this.#finish(entry, watch);
      return;
    }
    const connected = partiesAmong(this.connected());
    const isOwn = this.#own.has(toHex(digest));
    const shown = withGrounds(entry, this.collection);
    const step = gather(shown, home.roster, { now: clock.now(), connected, patienceOver: watch.patience.over });
    if (step.kind === 'start' && isOwn) return this.#begin(shown, step.signers, step.quorum);
    // What others did under this operator's key is archived once it is over, but nobody is asked to go on with it.
    const unanswered = !isOwn || [...connected].some((party) => !ceremony.verdicts.has(party));
    if (step.kind === 'ended' && (!unanswered || watch.patience.over)) {
      this.#finish(entry, watch, step);
    } else if (step.kind === 'ended' || ceremony.verdicts.size > 0) {
      watch.patience.cancel ??= this.#timers.after(PATIENCE, () => this.#patienceOver(digest));
    }
    watch.expiry ??= this.#timers.after((body.expires - clock.now()) * 1000 + PATIENCE, () =>
      this.#patienceOver(digest),
    );
  }

  /** An entry with the start that its outcomes name: after a restart, or if somebody else composed it. */
  #withStart(entry: BookEntry, fallback?: Start): BookEntry {
    const { ceremony, starts } = entry;
    if (ceremony.start !== undefined) return entry;
    const named = starts.find((start) =>
      [...ceremony.outcomes.values()].some(({ body }) => equalBytes(body.sessionId, start.body.sessionId)),
    );
    const start = named ?? fallback;
    if (start === undefined) return entry;
    return this.home.book.update(ceremony.proposal.digest, (known) => ({
      ...known,
      ceremony: { ...known.ceremony, start },
    }));
  }

  /** What an earlier process of this coordinator began or archived is not begun or archived again. */
  async #takeUpEarlier(): Promise<void> {
    const { clock, home } = this.#options;
    for (const entry of home.book.entries()) {
      const { digest, body } = entry.ceremony.proposal;
      this.#own.add(toHex(digest));
      if (body.initiator !== home.self.name) continue;
      const transcript = await this.#archive.kept(digest);
      if (transcript === undefined) {
        const started = entry.starts.findLast((start) => start.body.composer === `operator:${home.self.name}`);
        if (this.#withStart(entry, started).ceremony.start === undefined) continue;
        this.#timers.after(SESSION_PATIENCE, () => this.#sessionOver(digest));
        continue;
      }
      const known = this.#withStart(entry);
      const view = { now: clock.now(), connected: new Set<number>(), patienceOver: true };
      const step = known.ceremony.start === undefined ? gather(known, home.roster, view) : undefined;
      const why = step?.kind === 'ended' ? step : undefined;
      const watch = this.#watches.of(digest);
      watch.finishing = true;
      watch.result = { ...endingOf(known, why), transcript };
    }
  }

  /** The operator should know when its key signs what its coordinator did not propose. */
  #noticeMisuse({ body, digest }: Proposal): void {
    const { home, note } = this.#options;
    if (body.initiator !== home.self.name || this.#own.has(toHex(digest))) return;
    note('OPERATOR_KEY_MISUSED', `${shortName(digest)} is signed with this operator's key, but was not proposed here`);
  }

  #patienceOver(proposal: Uint8Array): void {
    this.#watches.of(proposal).patience.over = true;
    this.#later(async () => {
      const entry = this.home.book.get(proposal);
      if (entry !== undefined) await this.#step(entry);
    });
  }

  async #begin(entry: BookEntry, signers: readonly number[], quorum: Quorum): Promise<void> {
    const { clock, home } = this.#options;
    const { proposal } = entry.ceremony;
    const start = composeStart(entry, signers, quorum, {
      roster: home.roster,
      operator: home.self.name,
      signer: home.keys.statement,
      now: clock.now(),
      publicKeyOf: (wallet) => this.wallet(wallet).publicKey,
    });
    home.book.update(proposal.digest, (known) => ({ ...known, ceremony: { ...known.ceremony, start } }));
    await this.#publish(start);
    this.#timers.after(SESSION_PATIENCE, () => this.#sessionOver(proposal.digest));
  }

  #sessionOver(proposal: Uint8Array): void {
    const entry = this.home.book.get(proposal);
    const watch = this.#watches.of(proposal);
    if (entry !== undefined && !watch.finishing) this.#finish(entry, watch);
  }

  /** Archives in the background; then the ceremony has its result, or a further attempt. */
  #finish(entry: BookEntry, watch: Watch, why?: Why): void {
    watch.finishing = true;
    watch.patience.cancel?.();
    watch.expiry?.();
    void this.#settle(entry, watch, why, 1);
  }

  /** A transcript that cannot be closed yet, because too few parties are there, is tried again for a while. */
  async #settle(entry: BookEntry, watch: Watch, why: Why | undefined, attempt: number): Promise<void> {
    const { digest } = entry.ceremony.proposal;
    const known = this.home.book.get(digest) ?? entry;
    const archived = await this.#archive.archive(known).catch((error: unknown) => {
      this.#options.note('ARCHIVE_FAILED', error instanceof Error ? error.message : 'unknown');
      return undefined;
    });
    const result = { ...endingOf(known, why), ...(archived === undefined ? {} : { transcript: archived.path }) };
    if (attempt === 1 && result.ending === 'aborted') {
      watch.next = await this.#retry(known).catch((error: unknown) => {
        this.#options.note('RETRY_FAILED', error instanceof Error ? error.message : 'unknown');
        return undefined;
      });
    }
    watch.result = result;
    this.#watches.changed(digest);
    if (archived !== undefined || attempt >= ARCHIVE_ATTEMPTS) return;
    this.#timers.after(ARCHIVE_PAUSE, () => void this.#settle(known, watch, why, attempt + 1));
  }

  async #retry(entry: BookEntry): Promise<Uint8Array | undefined> {
    const again = isCurable(entry) ? proposeAgain(this.#proposer(), entry.ceremony.proposal) : undefined;
    if (again === undefined) return undefined;
    this.#options.note('ATTEMPT_REPEATED', `${shortName(entry.ceremony.proposal.digest)} is tried again`);
    await this.#propose(again);
    return again.digest;
  }

  async #onFrame(from: string | undefined, frame: FrameMessage): Promise<void> {
    if (from === undefined) return;
    const { clock, home } = this.#options;
    switch (frame.kind) {
      case 'statement':
        await this.#exclusively(() => this.#take(frame.envelope, from));
        return;
      case 'document':
        if (this.collection.addDocument(frame.content, from)) {
          await home.log.append({ at: clock.now(), kind: 'document', bytes: frame.content });
          await this.#exclusively(async () => {
            for (const entry of restingOn(home.book.entries(), frame.content)) await this.#step(entry);
          });
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
    if (from !== `party:${frame.party}` || this.home.book.get(frame.ceremony) === undefined) return;
    const { party, stage, step, steps } = frame;
    this.#watches.of(frame.ceremony).progress.set(party, { party, stage, step, steps });
    this.#watches.changed(frame.ceremony);
  }

  #onPeer(member: string | undefined, state: 'up' | 'down'): void {
    if (member === undefined) return;
    this.#options.note(state === 'up' ? 'PEER_UP' : 'PEER_DOWN', member);
    this.#later(async () => {
      if (state === 'up') await this.#sync(member);
      for (const entry of this.home.book.entries()) await this.#step(entry);
    });
  }

  /** A member that comes back hears what is still open. */
  async #sync(member: string): Promise<void> {
    const now = this.#options.clock.now();
    for (const { ceremony, starts } of this.home.book.entries()) {
      if (ceremony.proposal.body.expires <= now || this.#watches.of(ceremony.proposal.digest).result !== undefined)
        continue;
      const statements = [
        ceremony.proposal,
        ...ceremony.verdicts.values(),
        ...ceremony.withdrawals.values(),
        ...starts,
      ];
      for (const { envelope } of statements) {
        await this.#connectedMembers().send(member, { kind: 'statement', envelope: envelope.bytes });
      }
    }
  }

  #connectedMembers(): Members {
    if (this.#members === undefined) throw new BugError('BUG_NOT_STARTED', 'the coordinator is not connected yet');
    return this.#members;
  }

  #nameOf(transportKey: Uint8Array): string | undefined {
    const known = [...rosterMembers(this.home.roster)];
    return known.find(([, member]) => equalBytes(member.transportKey, transportKey))?.[0];
  }
}
