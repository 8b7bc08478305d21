/**
 * All ceremonies a member knows of, built from statements alone: whoever applies the same statements holds the same
 * book. Participants rebuild theirs from their log after a restart; the coordinator keeps one to show progress.
 */
import { toHex } from '../common/bytes.ts';
import { BugError } from '../common/errors.ts';
import { err, ok, type Result } from '../common/result.ts';
import {
  addOutcome,
  addVerdict,
  addWithdrawal,
  admit,
  type Ceremony,
  type LifecycleError,
  newCeremony,
} from './lifecycle.ts';
import { type Outcome, openOutcome } from './outcome.ts';
import { openProposal, type Proposal } from './proposal.ts';
import { checkStandings } from './quorum.ts';
import type { Roster, RosterBody } from './roster.ts';
import { openStart, type Start } from './start.ts';
import { type Envelope, type StatementError, statementDigest } from './statement.ts';
import { openVerdict, type VerdictStatement } from './verdict-statement.ts';
import { openWithdrawal, type Withdrawal } from './withdrawal.ts';

/**
 * Of one operator: open proposals, and proposals that came within the hour; of one author: statements that came before
 * their proposal. A flood beyond this is dropped, and is at nobody's expense but its author's.
 */
const MAX_OPEN = 1000;
const MAX_ARRIVALS = 1200;
const MAX_ORPHANS = 100;
const HOUR = 3600;
/** Starts of one proposal by one composer; an honest one makes one, and another after a restart at most. */
const MAX_STARTS = 4;

export interface BookEntry {
  readonly ceremony: Ceremony;
  /** Why the proposal may not be taken up, if so; it is then answered by a rejection. */
  readonly inadmissible?: LifecycleError | undefined;
  /** Another proposal by the same operator under the same nonce and attempt: the operator shows two faces. */
  readonly conflict?: Proposal | undefined;
  /** Starts in the order seen; which one counts is decided by the rules, not by arrival. */
  readonly starts: readonly Start[];
}

export type CeremonyStatement =
  | { readonly kind: 'proposal'; readonly statement: Proposal }
  | { readonly kind: 'verdict'; readonly statement: VerdictStatement }
  | { readonly kind: 'start'; readonly statement: Start }
  | { readonly kind: 'withdrawal'; readonly statement: Withdrawal }
  | { readonly kind: 'outcome'; readonly statement: Outcome };

export interface BookError {
  readonly code: 'BOOK_FULL' | 'STATEMENT_UNEXPECTED';
  readonly message: string;
}

export interface News {
  /** What was new; empty if everything was known. The first is the applied one, then orphans it released. */
  readonly fresh: readonly CeremonyStatement[];
  readonly entry: BookEntry | undefined;
}

export class CeremonyBook {
  readonly #roster: Roster;
  readonly #entries = new Map<string, BookEntry>();
  readonly #byNonce = new Map<string, string>();
  /** By operator: when its latest proposals came. */
  readonly #arrivals = new Map<string, readonly number[]>();
  /** By digest, oldest first. */
  readonly #orphans = new Map<string, CeremonyStatement>();
  /** Digest of every statement taken in, with its proposal: it was opened once and need not be again. */
  readonly #seen = new Map<string, string>();

  constructor(roster: Roster) {
    this.#roster = roster;
  }

  get(proposal: Uint8Array): BookEntry | undefined {
    return this.#entries.get(toHex(proposal));
  }

  entries(): readonly BookEntry[] {
    return [...this.#entries.values()];
  }

  /** Replaces the ceremony of an entry, after a rule of the member's own (an accepted start, a local end). */
  update(proposal: Uint8Array, change: (entry: BookEntry) => BookEntry): BookEntry {
    const name = toHex(proposal);
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new BugError('BUG_NO_CEREMONY', 'no ceremony with this proposal');
    const changed = change(entry);
    this.#entries.set(name, changed);
    return changed;
  }

  /** Takes in one statement; opens it by the roster first. Known statements change nothing. */
  apply(envelope: Envelope, now: number): Result<News, StatementError | LifecycleError | BookError> {
    // Every member passes every statement on, so most arrive several times: those cost a hash, not a signature.
    const known = this.#seen.get(toHex(statementDigest(envelope.type, envelope.body)));
    if (known !== undefined) return ok({ fresh: [], entry: this.#entries.get(known) });
    const opened = open(envelope, this.#roster);
    if (!opened.ok) return opened;
    return this.#apply(opened.value, now);
  }

  #apply(item: CeremonyStatement, now: number): Result<News, LifecycleError | BookError> {
    const name = toHex(item.statement.digest);
    const target = toHex(proposalOf(item));
    if (this.#seen.has(name)) return ok({ fresh: [], entry: this.#entries.get(target) });
    if (item.kind === 'proposal') return this.#addProposal(item, now);
    const entry = this.#entries.get(target);
    if (entry === undefined) {
      this.#keepOrphan(name, item);
      return ok({ fresh: [], entry: undefined });
    }
    const changed = addTo(entry, item);
    if (!changed.ok) return changed;
    const { ceremony, starts } = changed.value;
    // A further one where one counts: neither written down nor passed on, else its author could fill every disk.
    if (ceremony === entry.ceremony && starts === entry.starts) return ok({ fresh: [], entry });
    this.#seen.set(name, target);
    this.#entries.set(target, changed.value);
    return ok({ fresh: [item], entry: changed.value });
  }

  #addProposal(item: CeremonyStatement & { kind: 'proposal' }, now: number): Result<News, LifecycleError | BookError> {
    const { statement } = item;
    const name = toHex(statement.digest);
    const { initiator, previous } = statement.body;
    const open = [...this.#entries.values()].filter(({ ceremony: { proposal } }) => {
      return proposal.body.initiator === initiator && proposal.body.expires > now;
    });
    const arrivals = (this.#arrivals.get(initiator) ?? []).filter((time) => Math.abs(now - time) < HOUR);
    if (open.length >= MAX_OPEN || arrivals.length >= MAX_ARRIVALS) {
      return err({ code: 'BOOK_FULL', message: `operator ${initiator} has made too many proposals` });
    }
    this.#arrivals.set(initiator, [...arrivals, now]);
    const before = previous === undefined ? undefined : this.get(previous);
    // What may not be taken up announces nothing, and is no attempt that another could follow.
    const admitted =
      before?.inadmissible === undefined
        ? admit(statement, this.#roster, now, before?.ceremony)
        : err({ ...before.inadmissible, message: `the attempt before it: ${before.inadmissible.message}` });
    const nonce = [statement.body.initiator, toHex(statement.body.nonce), statement.body.attempt].join('/');
    const rival = this.#byNonce.get(nonce);
    this.#byNonce.set(nonce, rival ?? name);
    const conflict = rival === undefined ? undefined : this.#entries.get(rival)?.ceremony.proposal;
    const ceremony = admitted.ok ? admitted.value : newCeremony(statement, now);
    const inadmissible = admitted.ok ? undefined : admitted.error;
    this.#entries.set(name, { ceremony, inadmissible, conflict, starts: [] });
    if (conflict !== undefined) this.update(conflict.digest, (entry) => ({ ...entry, conflict: statement }));
    this.#seen.set(name, name);
    return ok({ fresh: [item, ...this.#release(name, now)], entry: this.#entries.get(name) });
  }

  #keepOrphan(name: string, item: CeremonyStatement): void {
    this.#orphans.set(name, item);
    const author = authorOf(item);
    const own = [...this.#orphans].filter(([, orphan]) => authorOf(orphan) === author);
    const [oldest] = own;
    if (oldest !== undefined && own.length > MAX_ORPHANS) this.#orphans.delete(oldest[0]);
  }

  /** Applies the statements that waited for this proposal. */
  #release(name: string, now: number): readonly CeremonyStatement[] {
    const waiting = [...this.#orphans].filter(([, orphan]) => toHex(proposalOf(orphan)) === name);
    for (const [orphan] of waiting) this.#orphans.delete(orphan);
    return waiting.flatMap(([, orphan]) => {
      const news = this.#apply(orphan, now);
      return news.ok ? news.value.fresh : [];
    });
  }
}

/** Opens an envelope as whichever ceremony statement it is. */
export function open(envelope: Envelope, roster: Roster): Result<CeremonyStatement, StatementError | BookError> {
  switch (envelope.type) {
    case 'keymoot.proposal.v1':
      return tagged('proposal', openProposal(envelope, roster));
    case 'keymoot.verdict.v1':
      return tagged('verdict', openVerdict(envelope, roster));
    case 'keymoot.start.v1':
      return tagged('start', openStart(envelope, roster));
    case 'keymoot.withdrawal.v1':
      return tagged('withdrawal', openWithdrawal(envelope, roster));
    case 'keymoot.outcome.v1':
      return tagged('outcome', openOutcome(envelope, roster));
    case 'keymoot.roster-signature.v1':
    case 'keymoot.close.v1':
    case 'keymoot.heads.v1':
    case 'keymoot.sealed-share.v1':
    case 'keymoot.ban-lift.v1':
    case 'keymoot.approval.v1':
    case 'keymoot.settlement.v1':
    case 'keymoot.policy-version.v1':
    case 'keymoot.policy-veto.v1':
    case 'keymoot.freeze.v1':
    case 'keymoot.thaw.v1':
      return err({ code: 'STATEMENT_UNEXPECTED', message: `a ${envelope.type} statement does not belong here` });
  }
}

/**
 * The outcomes of sessions that could have begun. Any party can sign an outcome, of a session that never was: such a one
 * ends nothing, and silences nobody.
 */
export function reportedOutcomes({ ceremony, starts }: BookEntry, roster: RosterBody): readonly Outcome[] {
  return [...ceremony.outcomes.values()].filter(({ body: { party, sessionId } }) =>
    starts.some((start) => {
      if (toHex(start.body.sessionId) !== toHex(sessionId) || !start.body.signers.includes(party)) return false;
      return start === ceremony.start || checkStandings(ceremony, start, roster).ok;
    }),
  );
}

/** The proposal that a ceremony statement is about; itself, for a proposal. */
export function proposalOf(item: CeremonyStatement): Uint8Array {
  return item.kind === 'proposal' ? item.statement.digest : item.statement.body.proposal;
}

/** `operator:NAME` or `party:INDEX`, whoever signed it. */
function authorOf(item: CeremonyStatement): string {
  switch (item.kind) {
    case 'proposal':
      return `operator:${item.statement.body.initiator}`;
    case 'start':
      return item.statement.body.composer;
    case 'withdrawal':
      return item.statement.body.author;
    case 'verdict':
    case 'outcome':
      return `party:${item.statement.body.party}`;
  }
}

function tagged<K extends CeremonyStatement['kind'], S>(
  kind: K,
  opened: Result<S, StatementError>,
): Result<{ readonly kind: K; readonly statement: S }, StatementError> {
  return opened.ok ? ok({ kind, statement: opened.value }) : opened;
}

function addTo(
  entry: BookEntry,
  item: Exclude<CeremonyStatement, { kind: 'proposal' }>,
): Result<BookEntry, LifecycleError> {
  switch (item.kind) {
    case 'verdict': {
      const ceremony = addVerdict(entry.ceremony, item.statement);
      return ceremony.ok ? ok({ ...entry, ceremony: ceremony.value }) : ceremony;
    }
    case 'withdrawal': {
      const ceremony = addWithdrawal(entry.ceremony, item.statement);
      return ceremony.ok ? ok({ ...entry, ceremony: ceremony.value }) : ceremony;
    }
    case 'outcome':
      return ok({ ...entry, ceremony: addOutcome(entry.ceremony, item.statement) });
    case 'start':
      if (entry.starts.filter((start) => start.body.composer === item.statement.body.composer).length >= MAX_STARTS)
        return ok(entry);
      return ok({ ...entry, starts: [...entry.starts, item.statement] });
  }
}
