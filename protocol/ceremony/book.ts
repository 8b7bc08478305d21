/**
 * All ceremonies a member knows of, built from statements alone: whoever applies the same statements holds the same
 * book. Participants rebuild theirs from their log after a restart; the coordinator keeps one to show progress.
 */
import { equalBytes, toHex } from '../common/bytes.ts';
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
import type { Roster } from './roster.ts';
import { openStart, type Start } from './start.ts';
import type { Envelope, StatementError } from './statement.ts';
import { openVerdict, type VerdictStatement } from './verdict-statement.ts';
import { openWithdrawal, type Withdrawal } from './withdrawal.ts';

/** Open ceremonies and statements that came before their proposal: a flood beyond this is dropped, not stored. */
const MAX_OPEN = 1000;
const MAX_ORPHANS = 1000;

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
  /** By digest, oldest first. */
  readonly #orphans = new Map<string, CeremonyStatement>();
  readonly #seen = new Set<string>();

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
      this.#orphans.set(name, item);
      const [oldest] = this.#orphans.size > MAX_ORPHANS ? this.#orphans.keys() : [];
      if (oldest !== undefined) this.#orphans.delete(oldest);
      return ok({ fresh: [], entry: undefined });
    }
    const changed = addTo(entry, item);
    if (!changed.ok) return changed;
    this.#seen.add(name);
    this.#entries.set(target, changed.value);
    return ok({ fresh: [item], entry: changed.value });
  }

  #addProposal(item: CeremonyStatement & { kind: 'proposal' }, now: number): Result<News, LifecycleError | BookError> {
    const { statement } = item;
    const name = toHex(statement.digest);
    const open = [...this.#entries.values()].filter((entry) => entry.ceremony.proposal.body.expires > now);
    if (open.length >= MAX_OPEN) return err({ code: 'BOOK_FULL', message: `${MAX_OPEN} proposals are open already` });
    const { previous } = statement.body;
    const before = previous === undefined ? undefined : this.get(previous)?.ceremony;
    const admitted = admit(statement, this.#roster, now, before);
    const nonce = [statement.body.initiator, toHex(statement.body.nonce), statement.body.attempt].join('/');
    const rival = this.#byNonce.get(nonce);
    this.#byNonce.set(nonce, rival ?? name);
    const conflict = rival === undefined ? undefined : this.#entries.get(rival)?.ceremony.proposal;
    const ceremony = admitted.ok ? admitted.value : newCeremony(statement);
    const inadmissible = admitted.ok ? undefined : admitted.error;
    this.#entries.set(name, { ceremony, inadmissible, conflict, starts: [] });
    if (conflict !== undefined) this.update(conflict.digest, (entry) => ({ ...entry, conflict: statement }));
    this.#seen.add(name);
    return ok({ fresh: [item, ...this.#release(name, now)], entry: this.#entries.get(name) });
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
      return err({ code: 'STATEMENT_UNEXPECTED', message: `a ${envelope.type} statement does not belong here` });
  }
}

/** The proposal that a ceremony statement is about; itself, for a proposal. */
export function proposalOf(item: CeremonyStatement): Uint8Array {
  return item.kind === 'proposal' ? item.statement.digest : item.statement.body.proposal;
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
      if (entry.starts.some((start) => equalBytes(start.digest, item.statement.digest))) return ok(entry);
      return ok({ ...entry, starts: [...entry.starts, item.statement] });
  }
}
