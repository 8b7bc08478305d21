/** Builds the history of a node that starts: from the logs of the rosters it has left, then from the present one. */
import { access } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { RecordLog } from '../../proto/rest/record-log.ts';
import { type BookEntry, CeremonyBook } from '../../protocol/ceremony/book.ts';
import type { Roster } from '../../protocol/ceremony/roster.ts';
import { partyByKey } from '../../protocol/ceremony/roster-change.ts';
import { parseEnvelope } from '../../protocol/ceremony/statement.ts';
import type { Random } from '../../protocol/common/effects.ts';
import { type Home, LOG_STATEMENT } from '../home.ts';
import { pastLogPath } from '../keystore/settings.ts';
import type { OwnHistory } from './history.ts';

/** Of the rosters before the present one, so many are remembered. */
const MAX_PAST = 8;
/** Ceremonies between two breaths of the event loop. */
const AT_ONCE = 25;

/**
 * The home holds its lock, so nobody writes to these logs. A past log that cannot be read leaves less familiar, which
 * only adds risks.
 */
export async function recall(
  history: OwnHistory,
  home: Home,
  random: Random,
  note: (code: string, detail: string) => void,
): Promise<void> {
  for (const roster of home.rosters.past.slice(-MAX_PAST)) {
    const entries = await entriesUnder(home, roster, random).catch((error: unknown): readonly BookEntry[] => {
      note('PAST_LOG_UNREADABLE', error instanceof Error ? error.message : 'unknown');
      return [];
    });
    const self = partyByKey(roster, home.identity.statementKey)?.index ?? 0;
    await noteAll(history, entries, roster, self);
  }
  await noteAll(history, home.book.entries(), home.roster, home.self);
}

async function noteAll(
  history: OwnHistory,
  entries: readonly BookEntry[],
  roster: Roster,
  self: number,
): Promise<void> {
  for (const [i, entry] of entries.entries()) {
    if (i % AT_ONCE === AT_ONCE - 1) await setImmediate();
    history.note(entry, roster, self);
  }
}

async function entriesUnder(home: Home, roster: Roster, random: Random): Promise<readonly BookEntry[]> {
  const path = pastLogPath(home.layout, roster.digest);
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (!exists) return [];
  const book = new CeremonyBook(roster);
  const log = await RecordLog.open({
    path,
    id: random.bytes(16),
    replay: ({ at, bytes, kind }) => {
      const envelope = kind === LOG_STATEMENT ? parseEnvelope(bytes) : undefined;
      if (envelope?.ok) book.apply(envelope.value, at);
    },
  });
  await log.close();
  return book.entries();
}
