/**
 * Begin here: the coordinator. It proposes, passes statements on, names the signers once the parties agree, archives
 * what happened. It holds no share, decides nothing, and is trusted for nothing but to keep things moving.
 */

import type { FrameMessage } from '../proto/codec.ts';
import { Members } from '../proto/link/members.ts';
import { type Link, openLink } from '../proto/link/node.ts';
import type { BookEntry, CeremonyStatement } from '../protocol/ceremony/book.ts';
import { standings } from '../protocol/ceremony/lifecycle.ts';
import type { Proposal } from '../protocol/ceremony/proposal.ts';
import { members as rosterMembers } from '../protocol/ceremony/roster.ts';
import { keygenSessionId, signSessionId } from '../protocol/ceremony/session-binding.ts';
import { type Start, signStart } from '../protocol/ceremony/start.ts';
import { parseEnvelope, type Statement, shortName } from '../protocol/ceremony/statement.ts';
import type { Wallet } from '../protocol/ceremony/wallet.ts';
import { signWithdrawal } from '../protocol/ceremony/withdrawal.ts';
import { equalBytes, toHex } from '../protocol/common/bytes.ts';
import type { Clock, Random } from '../protocol/common/effects.ts';
import { BugError, Refusal } from '../protocol/common/errors.ts';
import type { Payload } from '../protocol/payload/payload.ts';
import { Archive } from './archive/archive.ts';
import { Collection } from './collect/collection.ts';
import { gather } from './collect/gather.ts';
import { type Home, LOG_STATEMENT } from './home.ts';
import { type Proposer, proposeAgain, proposeKeygen, proposeSigning, type Wish } from './propose.ts';
import type { Result } from './result.ts';

/** What this software calls itself to its peers: a claim. */
const SOFTWARE = 'keymoot 0.1.0';
/** After the quorum stands, or somebody rejected, the others have this long to be heard; milliseconds. */
const PATIENCE = 1_500;
/** Longer than any session may take at the parties. */
const SESSION_PATIENCE = 120_000;
/** Causes that another attempt can cure. */
const RETRYABLE: ReadonlySet<string> = new Set([
  'BENIGN',
  'RESTART',
  'INCONSISTENT',
  'GROUP',
  'CRASH',
  'NO_PAIR_SETUP',
]);

export interface ServiceOptions {
  readonly home: Home;
  readonly clock: Clock;
  readonly random: Random;
  readonly note: (code: string, detail: string) => void;
}

/** What people watch; nothing rests on it. */
export interface Progress {
  readonly party: number;
  readonly stage: string;
  readonly step: number;
  readonly steps: number;
}

/** A ceremony that this coordinator follows. */
interface Watch {
  readonly patience: { over: boolean; cancel: (() => void) | undefined };
  readonly progress: Map<number, Progress>;
  readonly listeners: Set<() => void>;
  finishing: boolean;
  result: Result | undefined;
  next: Uint8Array | undefined;
}

export class CoordinatorService {
  readonly home: Home;
  readonly collection: Collection;
  readonly #options: ServiceOptions;
  readonly #archive: Archive;
  readonly #watches = new Map<string, Watch>();
  #link: Link | undefined;
  #members: Members | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ServiceOptions) {
    const { home, clock, note } = options;
    this.#options = options;
    this.home = home;
    this.collection = new Collection(home.roster);
    for (const record of home.records) {
      if (record.kind === 'document') this.collection.addDocument(record.bytes);
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
      hello: { network: home.roster.digest, software: SOFTWARE },
      onFrame: async (from, frame) => {
        await begun;
        await this.#onFrame(this.#nameOf(from), frame);
      },
      onPeer: (peer, state) => void begun.then(() => this.#onPeer(this.#nameOf(peer), state)),
      log: (event) => note(event.code, event.detail),
    });
    const transportKeys = new Map([...keys].map(([name, member]) => [name, member.transportKey]));
    this.#members = new Members(this.#link, transportKeys, (member, code) => note(code, `nothing reaches ${member}`));
    begin();
  }

  async stop(): Promise<void> {
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

  async proposeSigning(wallet: string, payload: Payload, wish: Wish): Promise<Proposal> {
    return await this.#propose(proposeSigning(this.#proposer(), this.wallet(wallet), payload, wish));
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
      const watch = this.#watch(current);
      const done = await this.#settled(watch, changed, signal);
      if (watch.next === undefined) return { proposal: current, result: done };
      current = watch.next;
    }
  }

  /** What is known of a ceremony besides the book. */
  followed(proposal: Uint8Array): {
    readonly progress: readonly Progress[];
    readonly result: Result | undefined;
    readonly next: Uint8Array | undefined;
  } {
    const { next, progress, result } = this.#watch(proposal);
    return { progress: [...progress.values()].sort((a, b) => a.party - b.party), result, next };
  }

  #settled(watch: Watch, changed: () => void, signal: AbortSignal): Promise<Result> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        changed();
        if (watch.result === undefined) return;
        watch.listeners.delete(look);
        resolve(watch.result);
      };
      signal.addEventListener('abort', () => {
        watch.listeners.delete(look);
        reject(new Refusal('NOT_WAITED', 'the command went away; the ceremony goes on'));
      });
      watch.listeners.add(look);
      look();
    });
  }

  async #propose(proposal: Proposal): Promise<Proposal> {
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
    this.#changed(digest);
  }

  /** Looks at a ceremony of this operator and does what is next. */
  async #step(entry: BookEntry): Promise<void> {
    const { clock, home } = this.#options;
    const { ceremony } = entry;
    if (ceremony.proposal.body.initiator !== home.self.name) return;
    const watch = this.#watch(ceremony.proposal.digest);
    if (watch.finishing) return;
    if (ceremony.start !== undefined) {
      const signers = ceremony.start.body.signers;
      if (signers.every((signer) => ceremony.outcomes.has(signer))) this.#finish(entry, watch);
      return;
    }
    const connected = new Set(
      this.connected().flatMap((member) => (member.startsWith('party:') ? [Number(member.split(':')[1])] : [])),
    );
    const step = gather(entry, home.roster, { now: clock.now(), connected, patienceOver: watch.patience.over });
    if (step.kind === 'start') return this.#begin(entry, step.signers, step.digest);
    const unanswered = [...connected].some((party) => !ceremony.verdicts.has(party));
    if (step.kind === 'ended' && (!unanswered || watch.patience.over)) {
      this.#finish(entry, watch, step);
    } else if (step.kind === 'ended' || ceremony.verdicts.size > 0) {
      watch.patience.cancel ??= clock.after(PATIENCE, () => this.#patienceOver(ceremony.proposal.digest));
    }
  }

  #patienceOver(proposal: Uint8Array): void {
    this.#watch(proposal).patience.over = true;
    this.#later(async () => {
      const entry = this.home.book.get(proposal);
      if (entry !== undefined) await this.#step(entry);
    });
  }

  async #begin(entry: BookEntry, signers: readonly number[], digest: Uint8Array): Promise<void> {
    const { clock, home } = this.#options;
    const { proposal } = entry.ceremony;
    const sessionId = this.#sessionId(entry, signers, digest);
    const start: Start = signStart(
      {
        proposal: proposal.digest,
        attempt: proposal.body.attempt,
        composer: `operator:${home.self.name}`,
        created: clock.now(),
        signers,
        standings: standings(entry.ceremony, home.roster),
        digest,
        sessionId,
      },
      home.keys.statement,
    );
    home.book.update(proposal.digest, (known) => ({ ...known, ceremony: { ...known.ceremony, start } }));
    await this.#publish(start);
    clock.after(SESSION_PATIENCE, () => this.#sessionOver(proposal.digest));
  }

  #sessionOver(proposal: Uint8Array): void {
    const entry = this.home.book.get(proposal);
    const watch = this.#watch(proposal);
    if (entry !== undefined && !watch.finishing) this.#finish(entry, watch);
  }

  #sessionId(entry: BookEntry, signers: readonly number[], digest: Uint8Array): Uint8Array {
    const { roster } = this.home;
    const { proposal, verdicts } = entry.ceremony;
    const { body } = proposal;
    const consents = [...verdicts.values()]
      .filter((verdict) => verdict.body.decision === 'consent' && !entry.ceremony.equivocations.has(verdict.body.party))
      .sort((a, b) => a.body.party - b.body.party);
    if (body.ceremony === 'keygen') return keygenSessionId(roster, proposal, digest, consents);
    const { publicKey } = this.wallet(body.wallet);
    return signSessionId(roster, { digest: proposal.digest, body }, publicKey, signers, digest, consents);
  }

  /** Archives in the background; then the ceremony has its result, or a further attempt. */
  #finish(entry: BookEntry, watch: Watch, why?: { readonly code: string; readonly message: string }): void {
    watch.finishing = true;
    watch.patience.cancel?.();
    const { digest } = entry.ceremony.proposal;
    void this.#archive
      .archive(entry)
      .catch((error: unknown) => {
        this.#options.note('ARCHIVE_FAILED', error instanceof Error ? error.message : 'unknown');
        return undefined;
      })
      .then(async (archived) => {
        const known = this.home.book.get(digest) ?? entry;
        const result = { ...endingOf(known, why), ...(archived === undefined ? {} : { transcript: archived.path }) };
        watch.next = result.ending === 'aborted' ? await this.#retry(known) : undefined;
        watch.result = result;
        this.#changed(digest);
      });
  }

  async #retry(entry: BookEntry): Promise<Uint8Array | undefined> {
    const aborts = [...entry.ceremony.outcomes.values()].flatMap((outcome) => outcome.body.abort ?? []);
    if (aborts.length === 0 || !aborts.every((abort) => RETRYABLE.has(abort.failure))) return undefined;
    const again = proposeAgain(this.#proposer(), entry.ceremony.proposal);
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
        if (this.collection.addDocument(frame.content))
          await home.log.append({ at: clock.now(), kind: 'document', bytes: frame.content });
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
    this.#watch(frame.ceremony).progress.set(party, { party, stage, step, steps });
    this.#changed(frame.ceremony);
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
      if (ceremony.proposal.body.expires <= now || this.#watch(ceremony.proposal.digest).result !== undefined) continue;
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

  #watch(proposal: Uint8Array): Watch {
    const name = toHex(proposal);
    const known = this.#watches.get(name);
    if (known !== undefined) return known;
    const made: Watch = {
      patience: { over: false, cancel: undefined },
      progress: new Map(),
      listeners: new Set(),
      finishing: false,
      result: undefined,
      next: undefined,
    };
    this.#watches.set(name, made);
    return made;
  }

  #changed(proposal: Uint8Array): void {
    for (const look of [...this.#watch(proposal).listeners]) look();
  }

  #connectedMembers(): Members {
    if (this.#members === undefined)
      throw new BugError('BUG_NOT_STARTED', 'the coordinator speaks before it is connected');
    return this.#members;
  }

  #nameOf(transportKey: Uint8Array): string | undefined {
    for (const [name, member] of rosterMembers(this.home.roster))
      if (equalBytes(member.transportKey, transportKey)) return name;
    return undefined;
  }
}

function endingOf(entry: BookEntry, why: { readonly code: string; readonly message: string } | undefined): Result {
  const { outcomes, start } = entry.ceremony;
  if (start === undefined) return { ending: 'refused', code: why?.code, message: why?.message };
  const done = start.body.signers.every((signer) => {
    const outcome = outcomes.get(signer)?.body;
    return outcome?.signature !== undefined || outcome?.key !== undefined;
  });
  if (done) return { ending: 'completed' };
  const abort = [...outcomes.values()].find((outcome) => outcome.body.abort !== undefined)?.body.abort;
  return {
    ending: 'aborted',
    code: abort?.failure ?? 'SILENT',
    message: abort === undefined ? 'a signer never said how it ended' : `check ${abort.check}`,
  };
}
