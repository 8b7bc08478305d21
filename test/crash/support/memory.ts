/** What a home remembers, read from copies of its files so that nothing is touched. */
import { copyFile, mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeRecord } from '../../../participant/journal/record-codec.ts';
import type { JournalRecord } from '../../../participant/journal/records.ts';
import { homeLayout } from '../../../participant/keystore/settings.ts';
import { AppendLog } from '../../../proto/rest/append-log.ts';
import { type LogRecord, RecordLog } from '../../../proto/rest/record-log.ts';
import { CeremonyBook } from '../../../protocol/ceremony/book.ts';
import type { Roster } from '../../../protocol/ceremony/roster.ts';
import { readRoster } from '../../../protocol/ceremony/roster-file.ts';
import { parseEnvelope } from '../../../protocol/ceremony/statement.ts';
import { toHex } from '../../../protocol/common/bytes.ts';
import { must } from '../../support/must.ts';

export async function journalOf(home: string): Promise<readonly JournalRecord[]> {
  const records: JournalRecord[] = [];
  await onCopy(homeLayout(home).journal, async (path) => {
    const replay = (payload: Uint8Array): void => void records.push(must(decodeRecord(payload)));
    await (await AppendLog.open({ path, id: new Uint8Array(16), replay })).close();
  });
  return records;
}

export async function logOf(path: string): Promise<readonly LogRecord[]> {
  const records: LogRecord[] = [];
  await onCopy(path, async (copy) => {
    const replay = (record: LogRecord): void => void records.push(record);
    await (await RecordLog.open({ path: copy, id: new Uint8Array(16), replay })).close();
  });
  return records;
}

/**
 * The logs of a home, each with the roster of its time.
 *
 * @param rosters all that there were
 */
export async function logsOf(home: string, rosters: readonly Roster[]): Promise<readonly PastLog[]> {
  const { log, roster: path, rosters: past } = homeLayout(home);
  const present = must(readRoster(await readFile(path, 'utf8')));
  const logs: PastLog[] = [{ roster: present, records: await logOf(log) }];
  for (const name of await readdir(past).catch((): readonly string[] => [])) {
    const roster = rosters.find(({ digest }) => name === `${toHex(digest)}.log`);
    if (roster !== undefined) logs.push({ roster, records: await logOf(join(past, name)) });
  }
  return logs;
}

export interface PastLog {
  readonly roster: Roster;
  readonly records: readonly LogRecord[];
}

/** The ceremonies as the statements in a log tell them. */
export function bookOf(roster: Roster, records: readonly LogRecord[]): CeremonyBook {
  const book = new CeremonyBook(roster);
  for (const { at, bytes, kind } of records) {
    if (kind === 'statement') book.apply(must(parseEnvelope(bytes)), at);
  }
  return book;
}

async function onCopy(path: string, use: (copy: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(await realpath(tmpdir()), 'keymoot-copy-'));
  try {
    const copy = join(dir, 'copy');
    await copyFile(path, copy);
    await use(copy);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
