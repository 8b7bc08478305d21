/**
 * How statements come in and go out. What is new is written to the log, applied to the book, forwarded once to every
 * other member, so that no coordinator can hide a proposal or the strictest party, and then handed to the node's own
 * rules. One statement at a time.
 */

import type { Members } from '../../proto/link/members.ts';
import type { RecordLog } from '../../proto/rest/record-log.ts';
import { type BookEntry, type CeremonyBook, type CeremonyStatement, open } from '../../protocol/ceremony/book.ts';
import { readProposal } from '../../protocol/ceremony/proposal.ts';
import type { Roster } from '../../protocol/ceremony/roster.ts';
import { type Envelope, parseEnvelope, type Statement } from '../../protocol/ceremony/statement.ts';
import { equalBytes } from '../../protocol/common/bytes.ts';
import type { Clock } from '../../protocol/common/effects.ts';
import { BugError } from '../../protocol/common/errors.ts';
import { LOG_STATEMENT } from '../home.ts';

export interface ExchangeOptions {
  readonly book: CeremonyBook;
  readonly log: RecordLog;
  readonly clock: Clock;
  readonly members: () => Members;
  /** Rosters that this node has left: others may still live under them and repeat what was said there. */
  readonly past: readonly Roster[];
  /** Reacts to one new statement, own ones included. */
  readonly react: (item: CeremonyStatement, entry: BookEntry) => Promise<void>;
  /** A refused statement: worth a line in the log, no answer to whoever sent it. */
  readonly refused: (from: string, code: string, message: string) => void;
}

/** Statements of ended ceremonies are not sent again to members that reconnect. */
const SYNC_AFTER_EXPIRY = 600;

export class Exchange {
  readonly #options: ExchangeOptions;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  /** Runs `action` when everything before it is done; all changes to ceremonies happen inside. */
  async exclusively<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(action);
    this.#turn = done.catch(() => undefined);
    return await done;
  }

  /** A statement that another member sent, its own or somebody else's. */
  async receive(bytes: Uint8Array, from: string): Promise<void> {
    const envelope = parseEnvelope(bytes);
    if (!envelope.ok) {
      this.#options.refused(from, envelope.error.code, envelope.error.message);
      return;
    }
    await this.exclusively(() => this.#take(envelope.value, from));
  }

  /** Publishes an own statement; call it inside `exclusively`. Durable before it leaves. */
  async publish(statement: Statement<unknown>): Promise<void> {
    const taken = await this.#take(statement.envelope, undefined);
    if (!taken) throw new BugError('BUG_OWN_STATEMENT', `an own ${statement.type} statement was not accepted`);
  }

  /** Writes something into the log that no other member is to see; durable when it resolves. */
  async keep(kind: string, bytes: Uint8Array): Promise<void> {
    await this.#options.log.append({ at: this.#options.clock.now(), kind, bytes });
  }

  /** Takes up a statement that the journal kept but the log had not yet when the process ended. */
  async restore(bytes: Uint8Array): Promise<void> {
    const envelope = parseEnvelope(bytes);
    if (envelope.ok) await this.#take(envelope.value, undefined);
  }

  /** Sends a member everything about ceremonies that may still be open. */
  async sync(member: string): Promise<void> {
    const { book, clock, members } = this.#options;
    for (const entry of book.entries()) {
      if (entry.ceremony.proposal.body.expires + SYNC_AFTER_EXPIRY < clock.now()) continue;
      for (const envelope of statementsOf(entry)) {
        await members().send(member, { kind: 'statement', envelope: envelope.bytes });
      }
    }
  }

  async #take(envelope: Envelope, from: string | undefined): Promise<boolean> {
    const { book, clock, log, members } = this.#options;
    const { past } = this.#options;
    if (from !== undefined && isOf(envelope, past)) return false;
    const now = clock.now();
    const news = book.apply(envelope, now);
    if (!news.ok) {
      if (from !== undefined && past.some((roster) => open(envelope, roster).ok)) return false;
      this.#options.refused(from ?? 'self', news.error.code, news.error.message);
      return false;
    }
    for (const item of news.value.fresh) {
      const { bytes } = item.statement.envelope;
      await log.append({ at: now, kind: LOG_STATEMENT, bytes });
      // Not awaited: a slow member must not hold up the others, and frames to one member keep their order anyway.
      void members().sendAll({ kind: 'statement', envelope: bytes }, (member) => member !== from);
    }
    for (const item of news.value.fresh) {
      const entry = book.get(item.kind === 'proposal' ? item.statement.digest : item.statement.body.proposal);
      if (entry !== undefined) await this.#options.react(item, entry);
    }
    return true;
  }
}

/** A proposal names its roster; it would be taken for one to reject. */
function isOf(envelope: Envelope, past: readonly Roster[]): boolean {
  if (past.length === 0 || envelope.type !== 'keymoot.proposal.v1') return false;
  const proposal = readProposal(envelope);
  return proposal.ok && past.some(({ digest }) => equalBytes(digest, proposal.value.body.roster));
}

export function statementsOf(entry: BookEntry): readonly Envelope[] {
  const { ceremony } = entry;
  return [
    ceremony.proposal,
    ...ceremony.verdicts.values(),
    ...ceremony.equivocations.values(),
    ...ceremony.withdrawals.values(),
    ...entry.starts,
    ...ceremony.outcomes.values(),
  ].map((statement) => statement.envelope);
}
