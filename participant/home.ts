/**
 * Everything of a participant that lies on disk, opened together under the home lock: identity, roster, network key,
 * key shares, policies, journal and log. Nothing here talks to anybody.
 */

import { readFileIfPresent } from '../proto/rest/atomic-file.ts';
import type { Disk } from '../proto/rest/disk.ts';
import { HomeLock } from '../proto/rest/lock.ts';
import { RecordLog } from '../proto/rest/record-log.ts';
import { Vault } from '../proto/rest/vault.ts';
import { CeremonyBook } from '../protocol/ceremony/book.ts';
import type { Party, Roster } from '../protocol/ceremony/roster.ts';
import { readNetworkKey, readRoster } from '../protocol/ceremony/roster-file.ts';
import { parseEnvelope } from '../protocol/ceremony/statement.ts';
import { equalBytes } from '../protocol/common/bytes.ts';
import type { Random } from '../protocol/common/effects.ts';
import { InvalidArgument, Refusal } from '../protocol/common/errors.ts';
import { LOG_DOCUMENT } from './documents.ts';
import { Journal } from './journal/journal.ts';
import { type Identity, loadIdentity, wipeIdentity } from './keystore/identity.ts';
import { Keyshares } from './keystore/keyshares.ts';
import { type HomeLayout, homeLayout } from './keystore/settings.ts';
import { Policies } from './policies.ts';

export interface Home {
  readonly layout: HomeLayout;
  readonly identity: Identity;
  readonly roster: Roster;
  readonly self: Party;
  /** 32 bytes. */
  readonly networkKey: Uint8Array;
  readonly keyshares: Keyshares;
  readonly journal: Journal;
  readonly policies: Policies;
  readonly log: RecordLog;
  /** Rebuilt from the log, each statement under the time at which it came. */
  readonly book: CeremonyBook;
  /** Canonical bytes of the documents in the log. */
  readonly documents: readonly Uint8Array[];
  /** Envelopes of the closes this party has signed. */
  readonly closes: readonly Uint8Array[];
  close(): Promise<void>;
}

export interface HomeOptions {
  readonly passphrase: Uint8Array;
  readonly random: Random;
  /** For crash tests: the disk under journal and log. */
  readonly disk?: Disk;
}

/** Kind of the log records that hold a statement envelope. */
export const LOG_STATEMENT = 'statement';
/** Kind of the log records that hold the salts of an own outcome's unicast hashes. */
export const LOG_SALTS = 'salts';
/** Kind of the log records that hold an own close: a party closes each transcript once, restarts included. */
export const LOG_CLOSE = 'close';

/** Opens a joined home; the process owns it until `close`. */
export async function openHome(path: string, options: HomeOptions): Promise<Home> {
  const lock = await HomeLock.acquire(path);
  try {
    const layout = homeLayout(lock.home);
    const vault = await Vault.open(lock.home, options.passphrase, options.random);
    const identity = await loadIdentity(lock.home, vault);
    const roster = await readPinnedRoster(layout);
    const self = roster.parties.find((party) => equalBytes(party.statementKey, identity.statementKey));
    if (self === undefined) throw new Refusal('NOT_A_PARTY', "the pinned roster does not list this participant's key");
    const disk = options.disk === undefined ? {} : { disk: options.disk };
    const journal = await Journal.open(lock, { random: options.random, ...disk });
    const book = new CeremonyBook(roster);
    const documents: Uint8Array[] = [];
    const closes: Uint8Array[] = [];
    const log = await RecordLog.open({
      path: layout.log,
      id: options.random.bytes(16),
      ...disk,
      replay: (record) => {
        const envelope = record.kind === LOG_STATEMENT ? parseEnvelope(record.bytes) : undefined;
        if (envelope?.ok) book.apply(envelope.value, record.at);
        if (record.kind === LOG_DOCUMENT) documents.push(record.bytes);
        if (record.kind === LOG_CLOSE) closes.push(record.bytes);
      },
    });
    return {
      layout,
      identity,
      roster,
      self,
      networkKey: await pinnedNetworkKey(layout, roster),
      keyshares: await Keyshares.open(lock, vault),
      journal,
      policies: await Policies.open(layout, journal),
      log,
      book,
      documents,
      closes,
      async close() {
        await log.close();
        await journal.close();
        wipeIdentity(identity);
        vault.wipe();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** The roster this home has joined; all signatures are checked again at each start. */
export async function readPinnedRoster(layout: HomeLayout): Promise<Roster> {
  const file = await readFileIfPresent(layout.roster);
  if (file === undefined) {
    throw new InvalidArgument('ROSTER_MISSING', '--home', 'this home has joined no roster yet; run join first');
  }
  const roster = readRoster(new TextDecoder().decode(file));
  if (!roster.ok) throw new InvalidArgument(roster.error.code, layout.roster, roster.error.message);
  return roster.value;
}

async function pinnedNetworkKey(layout: HomeLayout, roster: Roster): Promise<Uint8Array> {
  const file = await readFileIfPresent(layout.networkKey);
  const key = file === undefined ? undefined : readNetworkKey(new TextDecoder().decode(file), roster);
  if (key !== undefined) return key;
  throw new InvalidArgument('NETWORK_KEY_WRONG', layout.networkKey, 'this is not the key whose hash is in the roster');
}
