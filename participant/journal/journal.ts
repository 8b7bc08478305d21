/**
 * The participant's durable memory. Whatever must not be forgotten is recorded here before the message that depends on
 * it leaves (docs/protocol.md d.6). One writer: the home lock is held. No resume: sessions that an opening finds
 * unfinished are marked aborted, and what they released stays released.
 */
import { basename, dirname } from 'node:path';
import { AppendLog } from '../../proto/rest/append-log.ts';
import { readFileIfPresent, writeFileAtomic } from '../../proto/rest/atomic-file.ts';
import { type Disk, nodeDisk } from '../../proto/rest/disk.ts';
import { StoreError } from '../../proto/rest/errors.ts';
import type { HomeLock } from '../../proto/rest/lock.ts';
import { equalBytes, toHex, utf8 } from '../../protocol/common/bytes.ts';
import type { Random } from '../../protocol/common/effects.ts';
import { BugError, type Refusal } from '../../protocol/common/errors.ts';
import { err, ok, type Result } from '../../protocol/common/result.ts';
import { homeLayout } from '../keystore/settings.ts';
import { decodeRecord, encodeRecord } from './record-codec.ts';
import type { JournalRecord, PlainRecord } from './records.ts';
import { JournalState, type SessionRow } from './state.ts';

export interface JournalOptions {
  /** Names a new journal; no secret. */
  readonly random: Random;
  readonly disk?: Disk;
}

/** One record to write and what the caller gets once it is durable. */
export interface Change<T> {
  readonly record: JournalRecord;
  readonly value: T;
}

export class Journal {
  /** Reflects durable records only. */
  readonly state: JournalState;
  /** Sessions that the last process left open and that this opening marked aborted. */
  readonly crashed: readonly SessionRow[];
  /** Bytes of a record that the last process could not finish writing; 0 normally. */
  readonly tornBytes: number;
  readonly #log: AppendLog;
  readonly #lock: HomeLock;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(log: AppendLog, lock: HomeLock, state: JournalState) {
    this.#log = log;
    this.#lock = lock;
    this.state = state;
    this.crashed = state.openSessions();
    this.tornBytes = log.tornBytes;
  }

  /**
   * Opens or creates the journal of a locked home and replays it. Fails with `JOURNAL_CORRUPT`, `HOME_CORRUPT` (the
   * journal is gone, is another one, or is younger than the rest of the home), `HOME_LOST`, `WRITE_FAILED`.
   */
  static async open(lock: HomeLock, options: JournalOptions): Promise<Journal> {
    lock.assertHeld();
    const { journal: path, journalId } = homeLayout(lock.home);
    const disk = options.disk ?? nodeDisk;
    const known = await readFileIfPresent(journalId, disk);
    // A journal that is merely missing would be forgotten history, never a fresh start.
    if (known !== undefined && !(await isThere(path, disk))) throw damagedHome(`${path} is gone`);
    const state = new JournalState();
    const log = await AppendLog.open({
      path,
      id: options.random.bytes(16),
      disk,
      replay: (payload, offset) => replayRecord(state, payload, path, offset),
    });
    try {
      const name = utf8(`${toHex(log.id)}\n`);
      if (known === undefined) await writeFileAtomic(journalId, name, disk);
      else if (!equalBytes(known, name)) throw damagedHome(`${path} is not the journal of this home`);
      const journal = new Journal(log, lock, state);
      await journal.#begin();
      return journal;
    } catch (error) {
      await log.close();
      throw error;
    }
  }

  /** 32 bytes that name the whole history so far. */
  get head(): Uint8Array {
    return this.#log.head;
  }

  /** Durable when it resolves. Throws the `Refusal` of a record that may not follow what is written. */
  async record(record: PlainRecord): Promise<void> {
    const done = await this.update(() => ok({ record, value: undefined }));
    if (!done.ok) throw done.error;
  }

  /** Reserves the next statement counter; durable when it resolves. */
  async nextCounter(): Promise<number> {
    const done = await this.update((state) => {
      const value = state.counter + 1;
      return ok({ record: { type: 'counter', value }, value });
    });
    if (!done.ok) throw done.error;
    return done.value;
  }

  /**
   * Check and write as one step: `decide` sees the state after every earlier change and before any later one, and what
   * it returns is durable when this resolves. A refusal writes nothing.
   */
  async update<T>(decide: (state: JournalState) => Result<Change<T>, Refusal>): Promise<Result<T, Refusal>> {
    const done = this.#turn.then(() => this.#change(decide));
    this.#turn = done.catch(() => undefined);
    return await done;
  }

  /** Waits for pending changes and closes the file. */
  async close(): Promise<void> {
    await this.#turn;
    await this.#log.close();
  }

  async #change<T>(decide: (state: JournalState) => Result<Change<T>, Refusal>): Promise<Result<T, Refusal>> {
    this.#lock.assertHeld();
    const decided = decide(this.state);
    if (!decided.ok) return decided;
    const { record, value } = decided.value;
    const refusal = this.state.check(record);
    if (refusal !== undefined) return err(refusal);
    const payload = encodeRecord(record);
    // A record that could not be read back would make the whole journal unreadable at the next opening.
    const readable = decodeRecord(payload);
    if (!readable.ok)
      throw new BugError('RECORD_MALFORMED', `A ${record.type} record is malformed: ${readable.error}.`);
    await this.#log.append(payload);
    this.state.apply(readable.value);
    return ok(value);
  }

  async #begin(): Promise<void> {
    const opened = await this.update(() =>
      ok({ record: { type: 'opened', fencing: this.#lock.epoch }, value: undefined }),
    );
    if (!opened.ok) throw damagedHome(`${this.#log.path} is younger than the rest of its home`);
    for (const row of this.crashed) {
      const { sessionId } = row.started;
      const record = { type: 'session-ended', sessionId, outcome: 'aborted', reason: 'CRASH' } as const;
      const ended = await this.update(() => ok({ record, value: undefined }));
      if (!ended.ok) throw ended.error;
    }
  }
}

async function isThere(path: string, disk: Disk): Promise<boolean> {
  const entries = await disk.list(dirname(path));
  return entries.some((entry) => entry.name === basename(path));
}

function damagedHome(what: string): StoreError {
  return new StoreError('HOME_CORRUPT', `${what}. Restore the home as a whole, or move to a new identity.`);
}

function replayRecord(state: JournalState, payload: Uint8Array, path: string, offset: number): void {
  const record = decodeRecord(payload);
  const problem = record.ok ? state.check(record.value)?.message : record.error;
  if (!record.ok || problem !== undefined) {
    throw new StoreError('JOURNAL_CORRUPT', `${path} holds an impossible record at offset ${offset}: ${problem ?? ''}`);
  }
  state.apply(record.value);
}
