import { onTestFinished } from 'vitest';
import type { ClaimRequest } from '../../../participant/journal/claim.ts';
import { Journal } from '../../../participant/journal/journal.ts';
import type { Disk } from '../../../proto/rest/disk.ts';
import { HomeLock } from '../../../proto/rest/lock.ts';
import { Refusal } from '../../../protocol/common/errors.ts';
import type { Result } from '../../../protocol/common/result.ts';
import { counterRandom, temporaryHome } from '../../proto/rest/temporary.ts';

/** 32 bytes that differ for every number. */
export function id(value: number): Uint8Array {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(28, value);
  return bytes;
}

export const EPOCH: Uint8Array = id(0xe0);
export const WALLET: Uint8Array = id(0xa0);

export interface Opened {
  readonly home: string;
  readonly lock: HomeLock;
  readonly journal: Journal;
}

export async function openJournal(given?: string, disk?: Disk, seed = 1): Promise<Opened> {
  const home = given ?? (await temporaryHome());
  const lock = await HomeLock.acquire(home);
  onTestFinished(() => lock.release());
  const options = { random: counterRandom(seed), ...(disk === undefined ? {} : { disk }) };
  try {
    const journal = await Journal.open(lock, options);
    onTestFinished(() => journal.close());
    return { home, lock, journal };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** The same home in a "later process". */
export async function reopenJournal(opened: Opened): Promise<Opened> {
  await opened.journal.close();
  await opened.lock.release();
  return await openJournal(opened.home);
}

/** Consents to attempt `attempt` of proposal `proposal`; the statement digest is 1000 + proposal. */
export async function consent(journal: Journal, proposal: number, attempt = 1): Promise<void> {
  const counter = await journal.nextCounter();
  const body = id(1000 + proposal);
  await journal.record({ type: 'verdict-given', proposal: id(proposal), attempt, decision: 'consent', body, counter });
}

/** A claim by party 1 of session `session` for proposal `proposal`, with signers 1 and 2. */
export function claimOf(session: number, proposal: number, changes: Partial<ClaimRequest> = {}): ClaimRequest {
  return {
    sessionId: id(session),
    proposal: id(proposal),
    attempt: 1,
    epochId: EPOCH,
    walletId: WALLET,
    path: [],
    signers: [1, 2],
    digest: id(5000 + proposal),
    replaces: false,
    self: 1,
    consent: id(1000 + proposal),
    ...changes,
  };
}

export function unwrap<T>(result: Result<T, Refusal>): T {
  if (!result.ok) throw result.error;
  return result.value;
}

export function refusalOf<T>(result: Result<T, Refusal>): string {
  return result.ok ? 'none' : result.error.code;
}

export async function thrownRefusal(action: Promise<unknown>): Promise<string> {
  try {
    await action;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
  return 'none';
}
