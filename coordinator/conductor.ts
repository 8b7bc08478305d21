/**
 * What is next in each ceremony: statements in, the next statement out. Starts what the parties have agreed on, has it
 * archived when it is over, tries again what another attempt can cure. One statement is worked on at a time.
 */
import type { Members } from '../proto/link/members.ts';
import type { BookEntry, CeremonyStatement } from '../protocol/ceremony/book.ts';
import { type Proposal, readProposal } from '../protocol/ceremony/proposal.ts';
import type { Quorum } from '../protocol/ceremony/quorum.ts';
import type { Roster } from '../protocol/ceremony/roster.ts';
import type { Start } from '../protocol/ceremony/start.ts';
import { type Envelope, parseEnvelope, type Statement, shortName } from '../protocol/ceremony/statement.ts';
import { equalBytes, fromHex, toHex } from '../protocol/common/bytes.ts';
import type { Clock, Random } from '../protocol/common/effects.ts';
import { BugError, Refusal } from '../protocol/common/errors.ts';
import { Admission } from './admission.ts';
import { Archive } from './archive/archive.ts';
import { Approved } from './collect/approved.ts';
import type { Collection } from './collect/collection.ts';
import { composeStart } from './collect/compose-start.ts';
import { type GatherStep, gather, indicesOf } from './collect/gather.ts';
import { restingOn, withGrounds } from './collect/grounds.ts';
import { SealedShares } from './collect/sealed-shares.ts';
import { type Home, LOG_STATEMENT } from './home.ts';
import { type Proposer, proposeAgain } from './propose.ts';
import { endingOf, isCurable, type Why } from './result.ts';
import { Timers } from './timers.ts';
import { type Watch, Watches } from './watches.ts';

/** After the quorum stands, or somebody rejected, the others have this long to be heard; milliseconds. */
const PATIENCE = 1_500;
/** Longer than any session may take at the parties. */
const SESSION_PATIENCE = 120_000;
/** Times that a transcript is tried to be closed, and the pause between them in milliseconds. */
const ARCHIVE_ATTEMPTS = 40;
const ARCHIVE_PAUSE = 3_000;
/** So many of them wait for evidence that an outcome names: it may still be on its way. */
const EVIDENCE_ATTEMPTS = 3;

export interface ConductorOptions {
  readonly home: Home;
  readonly clock: Clock;
  readonly random: Random;
  readonly collection: Collection;
  readonly members: () => Members;
  /** Told after every ceremony that has its result. */
  readonly settled: () => void;
  readonly note: (code: string, detail: string) => void;
}

export class Conductor {
  readonly watches: Watches = new Watches();
  readonly sealedShares: SealedShares;
  readonly #options: ConductorOptions;
  readonly #archive: Archive;
  readonly #approved: Approved;
  /** Proposals of this coordinator's own making. Any others under its key are somebody else's doing. */
  readonly #own = new Set<string>();
  readonly #admission = new Admission();
  readonly #timers: Timers;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ConductorOptions) {
    const { clock, collection, home, members, note } = options;
    this.#options = options;
    this.#timers = new Timers(clock);
    this.sealedShares = new SealedShares(home.roster);
    this.#approved = new Approved(home.roster, collection, note);
    this.#archive = new Archive({
      roster: home.roster,
      operator: home.self.name,
      signer: home.keys.statement,
      clock,
      collection,
      members,
      directory: home.layout.transcripts,
      note,
    });
  }

  stop(): void {
    this.#timers.cancelAll();
  }

  /** Publishes a proposal of this coordinator's own. */
  async propose(proposal: Proposal): Promise<Proposal> {
    this.#own.add(toHex(proposal.digest));
    await this.exclusively(() => this.publish(proposal));
    return proposal;
  }

  proposer(): Proposer {
    const { clock, home, random } = this.#options;
    return { rosterDigest: home.roster.digest, operator: home.self.name, signer: home.keys.statement, clock, random };
  }

  /** For actions that nobody waits for. */
  later(action: () => Promise<void>): void {
    this.exclusively(action).catch((error: unknown) => {
      this.#options.note('COORDINATOR_FAILED', error instanceof Error ? error.message : 'unknown');
    });
  }

  async exclusively<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(action);
    this.#turn = done.catch(() => undefined);
    return await done;
  }

  async publish(statement: Statement<unknown>): Promise<void> {
    if (!(await this.#take(statement.envelope.bytes, undefined))) {
      throw new BugError('BUG_OWN_STATEMENT', `an own ${statement.type} statement was not accepted`);
    }
  }

  /** A statement that a member sent. */
  async receive(bytes: Uint8Array, from: string): Promise<void> {
    await this.exclusively(() => this.#take(bytes, from));
  }

  /** A document came that some verdict may have waited for. */
  async documentCame(content: Uint8Array): Promise<void> {
    await this.exclusively(async () => {
      for (const entry of restingOn(this.#options.home.book.entries(), content)) await this.#step(entry);
    });
  }

  /** Somebody came or went. */
  async stepAll(): Promise<void> {
    for (const entry of this.#options.home.book.entries()) await this.#step(entry);
  }

  /** A ceremony of this coordinator is being archived, or is to be archived soon. */
  get isBusy(): boolean {
    const { book, self } = this.#options.home;
    return book.entries().some(({ ceremony: { proposal, start } }) => {
      const { finishing, result } = this.watches.of(proposal.digest);
      const isStarted = start !== undefined || finishing;
      return proposal.body.initiator === self.name && isStarted && result?.transcript === undefined;
    });
  }

  /** Ends the wait of whoever follows a ceremony that can have no end any more. */
  abandon(code: string, message: string): void {
    for (const { ceremony } of this.#options.home.book.entries()) {
      const { digest } = ceremony.proposal;
      const watch = this.watches.of(digest);
      if (watch.result !== undefined) continue;
      watch.finishing = true;
      watch.result = { ending: ceremony.start === undefined ? 'refused' : 'aborted', code, message };
      this.watches.changed(digest);
    }
  }

  async #take(bytes: Uint8Array, from: string | undefined): Promise<boolean> {
    const { clock, home, members, note } = this.#options;
    const envelope = parseEnvelope(bytes);
    if (!envelope.ok) return false;
    if (envelope.value.type === 'keymoot.close.v1') {
      this.#archive.receiveClose(envelope.value);
      return true;
    }
    const now = clock.now();
    if (envelope.value.type === 'keymoot.sealed-share.v1') {
      if (!this.sealedShares.add(envelope.value)) return false;
      await home.log.append({ at: now, kind: 'sealed-share', bytes });
      return true;
    }
    if (from !== undefined && isOfPrevious(envelope.value, home.roster)) return false;
    const news = home.book.apply(envelope.value, now);
    if (!news.ok) {
      note(news.error.code, `statement from ${from ?? 'self'} refused: ${news.error.message}`);
      return false;
    }
    for (const item of news.value.fresh) {
      const fresh = item.statement.envelope.bytes;
      await home.log.append({ at: now, kind: LOG_STATEMENT, bytes: fresh });
      if (item.kind === 'proposal') this.#notice(item.statement);
      void members().sendAll({ kind: 'statement', envelope: fresh }, (member) => member !== from);
    }
    for (const item of news.value.fresh) await this.#react(item);
    return true;
  }

  async #react(item: CeremonyStatement): Promise<void> {
    const { book } = this.#options.home;
    const digest = item.kind === 'proposal' ? item.statement.digest : item.statement.body.proposal;
    const entry = book.get(digest);
    if (entry === undefined) return;
    await this.#step(entry);
    if (entry.conflict !== undefined) {
      const other = book.get(entry.conflict.digest);
      if (other !== undefined) await this.#step(other);
    }
    this.watches.changed(digest);
  }

  /** Looks at a ceremony of this operator and does what is next. */
  async #step(seen: BookEntry): Promise<void> {
    const { clock, collection, home, members } = this.#options;
    const { body, digest } = seen.ceremony.proposal;
    if (body.initiator !== home.self.name) return;
    const watch = this.watches.of(digest);
    if (watch.finishing) return;
    const entry = this.#withStart(seen);
    const { ceremony } = entry;
    if (ceremony.start !== undefined) {
      const signers = ceremony.start.body.signers;
      if (signers.every((signer) => ceremony.outcomes.has(signer))) this.#finish(entry, watch);
      return;
    }
    const connected = indicesOf('party', members().connected());
    const joining = indicesOf('joining', members().connected());
    const isOwn = this.#own.has(toHex(digest));
    const shown = this.#approved.only(withGrounds(entry, collection));
    const view = { now: clock.now(), connected, joining, patienceOver: watch.patience.over };
    const step = gather(shown, home.roster, view);
    if (step.kind === 'start' && isOwn) {
      if (this.#admission.enter(toHex(digest))) return this.#beginOrLeave(shown, step.signers, step.quorum);
      this.#waits(digest, watch, { because: 'other ceremonies that were ready before it run first' });
    }
    // What others did under this operator's key is archived once it is over, but nobody is asked to go on with it.
    const unanswered = !isOwn || [...connected].some((party) => !ceremony.verdicts.has(party));
    if (step.kind === 'ended' && (!unanswered || watch.patience.over)) {
      this.#finish(entry, watch, step);
    } else if (step.kind === 'ended' || ceremony.verdicts.size > 0) {
      watch.patience.cancel ??= this.#timers.after(PATIENCE, () => this.#patienceOver(digest));
    }
    if (step.kind === 'wait') this.#waits(digest, watch, step);
    watch.expiry ??= this.#timers.after((body.expires - clock.now()) * 1000 + PATIENCE, () =>
      this.#patienceOver(digest),
    );
  }

  #waits(
    proposal: Uint8Array,
    watch: Watch,
    step: Pick<GatherStep & { readonly kind: 'wait' }, 'because' | 'until'>,
  ): void {
    const { clock } = this.#options;
    if (watch.waiting?.because !== step.because) {
      watch.waiting = { because: step.because, until: step.until };
      this.watches.changed(proposal);
    }
    if (step.until === undefined || watch.alarm !== undefined) return;
    // The parties count by their own clocks, which may be a little behind.
    watch.alarm = this.#timers.after((step.until - clock.now()) * 1000 + PATIENCE, () => {
      watch.alarm = undefined;
      this.#patienceOver(proposal);
    });
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
    return this.#options.home.book.update(ceremony.proposal.digest, (known) => ({
      ...known,
      ceremony: { ...known.ceremony, start },
    }));
  }

  /** What an earlier process of this coordinator began or archived is not begun or archived again. */
  async takeUpEarlier(): Promise<void> {
    const { clock, home } = this.#options;
    for (const record of home.records) {
      const envelope = record.kind === 'sealed-share' ? parseEnvelope(record.bytes) : undefined;
      if (envelope?.ok) this.sealedShares.add(envelope.value);
    }
    for (const entry of home.book.entries()) {
      const { digest, body } = entry.ceremony.proposal;
      this.#own.add(toHex(digest));
      this.#learnFrom(entry.ceremony.proposal);
      if (body.initiator !== home.self.name) continue;
      const transcript = await this.#archive.kept(digest);
      if (transcript === undefined) {
        const started = entry.starts.findLast((start) => start.body.composer === `operator:${home.self.name}`);
        if (this.#withStart(entry, started).ceremony.start === undefined) continue;
        this.#timers.after(SESSION_PATIENCE, () => this.#sessionOver(digest));
        continue;
      }
      const known = this.#withStart(entry);
      const none = new Set<number>();
      const view = { now: clock.now(), connected: none, joining: none, patienceOver: true };
      const step = known.ceremony.start === undefined ? gather(known, home.roster, view) : undefined;
      const why = step?.kind === 'ended' ? step : undefined;
      const watch = this.watches.of(digest);
      watch.finishing = true;
      watch.result = { ...endingOf(known, why), transcript };
    }
  }

  /** The operator should know when its key signs what its coordinator did not propose. */
  #notice(proposal: Proposal): void {
    const { home, note } = this.#options;
    const { body, digest } = proposal;
    this.#learnFrom(proposal);
    if (body.initiator !== home.self.name || this.#own.has(toHex(digest))) return;
    note('OPERATOR_KEY_MISUSED', `${shortName(digest)} is signed with this operator's key, but was not proposed here`);
  }

  /** What the parties of the next roster say in a reshare belongs into its transcript. */
  #learnFrom({ body }: Proposal): void {
    if (body.ceremony === 'reshare' && body.next !== undefined) this.#options.collection.learnRoster(body.next);
  }

  #patienceOver(proposal: Uint8Array): void {
    this.watches.of(proposal).patience.over = true;
    this.later(async () => {
      const entry = this.#options.home.book.get(proposal);
      if (entry !== undefined) await this.#step(entry);
    });
  }

  async #beginOrLeave(entry: BookEntry, signers: readonly number[], quorum: Quorum): Promise<void> {
    try {
      await this.#begin(entry, signers, quorum);
    } catch (error) {
      this.#makeRoom(entry.ceremony.proposal.digest);
      throw error;
    }
  }

  async #begin(entry: BookEntry, signers: readonly number[], quorum: Quorum): Promise<void> {
    const { clock, collection, home } = this.#options;
    const { proposal } = entry.ceremony;
    const start = composeStart(entry, signers, quorum, {
      roster: home.roster,
      operator: home.self.name,
      signer: home.keys.statement,
      now: clock.now(),
      walletOf(epochId) {
        const wallet = collection.epoch(epochId);
        if (wallet !== undefined) return wallet;
        throw new Refusal('UNKNOWN_WALLET', 'no party has shown the wallet in the epoch that the proposal names');
      },
    });
    home.book.update(proposal.digest, (known) => ({ ...known, ceremony: { ...known.ceremony, start } }));
    this.watches.of(proposal.digest).waiting = undefined;
    await this.publish(start);
    this.#timers.after(SESSION_PATIENCE, () => this.#sessionOver(proposal.digest));
  }

  #sessionOver(proposal: Uint8Array): void {
    const entry = this.#options.home.book.get(proposal);
    const watch = this.watches.of(proposal);
    if (entry !== undefined && !watch.finishing) this.#finish(entry, watch);
  }

  /** Archives in the background; then the ceremony has its result, or a further attempt. */
  #finish(entry: BookEntry, watch: Watch, why?: Why): void {
    watch.finishing = true;
    watch.patience.cancel?.();
    watch.expiry?.();
    watch.alarm?.();
    void this.#settle(entry, watch, why, 1);
  }

  /** A transcript that cannot be closed yet, because too few parties are there, is tried again for a while. */
  async #settle(entry: BookEntry, watch: Watch, why: Why | undefined, attempt: number): Promise<void> {
    const { home, note, settled } = this.#options;
    const { digest } = entry.ceremony.proposal;
    const known = home.book.get(digest) ?? entry;
    const archived = await this.#archive.archive(known, attempt <= EVIDENCE_ATTEMPTS).catch((error: unknown) => {
      note('ARCHIVE_FAILED', error instanceof Error ? error.message : 'unknown');
      return undefined;
    });
    const result = {
      ...endingOf(known, why),
      ...(archived === undefined ? {} : { transcript: archived.path, proven: archived.proven }),
    };
    if (attempt === 1 && result.ending === 'aborted') {
      watch.next = await this.#retry(known).catch((error: unknown) => {
        note('RETRY_FAILED', error instanceof Error ? error.message : 'unknown');
        return undefined;
      });
    }
    watch.result = result;
    this.watches.changed(digest);
    settled();
    if (attempt === 1) this.#makeRoom(digest);
    if (archived !== undefined || attempt >= ARCHIVE_ATTEMPTS) return;
    this.#timers.after(ARCHIVE_PAUSE, () => void this.#settle(known, watch, why, attempt + 1));
  }

  /** A ceremony has had its turn: whoever waits longest begins, unless it has ended while it waited. */
  #makeRoom(proposal: Uint8Array): void {
    this.#admission.leave(toHex(proposal));
    this.later(async () => {
      for (let name = this.#admission.next(); name !== undefined; name = this.#admission.next()) {
        const entry = this.#options.home.book.get(fromHex(name) ?? new Uint8Array(0));
        if (entry !== undefined) await this.#step(entry);
      }
    });
  }

  async #retry(entry: BookEntry): Promise<Uint8Array | undefined> {
    const again = isCurable(entry) ? proposeAgain(this.proposer(), entry.ceremony.proposal) : undefined;
    if (again === undefined) return undefined;
    this.#options.note('ATTEMPT_REPEATED', `${shortName(entry.ceremony.proposal.digest)} is tried again`);
    await this.propose(again);
    return again.digest;
  }
}

/** Said under the roster before this one, by a member that has not changed over yet. */
function isOfPrevious(envelope: Envelope, { previous }: Roster): boolean {
  if (previous === undefined || envelope.type !== 'keymoot.proposal.v1') return false;
  const proposal = readProposal(envelope);
  return proposal.ok && equalBytes(proposal.value.body.roster, previous);
}
