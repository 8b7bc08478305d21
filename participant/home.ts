/**
 * Everything of a participant that lies on disk, opened together under the home lock: identity, rosters, network key,
 * key shares, policies, journal and log. Nothing here talks to anybody.
 */

import { readFileIfPresent } from '../proto/rest/atomic-file.ts';
import { type Disk, nodeDisk } from '../proto/rest/disk.ts';
import { HomeLock } from '../proto/rest/lock.ts';
import { RecordLog } from '../proto/rest/record-log.ts';
import { Vault } from '../proto/rest/vault.ts';
import { CeremonyBook } from '../protocol/ceremony/book.ts';
import type { Party, Roster } from '../protocol/ceremony/roster.ts';
import { partyByKey } from '../protocol/ceremony/roster-change.ts';
import { readNetworkKey } from '../protocol/ceremony/roster-file.ts';
import { parseEnvelope } from '../protocol/ceremony/statement.ts';
import type { Random } from '../protocol/common/effects.ts';
import { InvalidArgument, Refusal } from '../protocol/common/errors.ts';
import { LOG_DOCUMENT } from './documents.ts';
import { Journal } from './journal/journal.ts';
import { type Identity, loadIdentity, wipeIdentity } from './keystore/identity.ts';
import { Keyshares } from './keystore/keyshares.ts';
import { type HomeLayout, homeLayout } from './keystore/settings.ts';
import { LOG_SETTLEMENT } from './limits/settlements.ts';
import { Policies } from './policies.ts';
import { Rosters } from './rosters.ts';

export interface Home {
  readonly layout: HomeLayout;
  readonly identity: Identity;
  readonly rosters: Rosters;
  /** The roster this home lives under. */
  readonly roster: Roster;
  /** Own party index in it; 0 for a guest, which has a place in the adopted successor only. */
  readonly self: number;
  /** This party as the roster lists it, or the successor if it is a guest. */
  readonly own: Party;
  /** 32 bytes. */
  readonly networkKey: Uint8Array;
  readonly vault: Vault;
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
  /** Envelopes of the shares this party has sealed in exports. */
  readonly sealedShares: readonly Uint8Array[];
  /** Envelopes of ban lifts, own ones and those of peers. */
  readonly banLifts: readonly Uint8Array[];
  /** Envelopes of settlements, own ones and those of peers. */
  readonly settlements: readonly Uint8Array[];
  /** Envelopes of what approvers have said. */
  readonly approvals: readonly Uint8Array[];
  /** Envelopes of vetoes of policy versions, of freezes and thaws, own ones and those of others. */
  readonly governance: readonly Uint8Array[];
  /** The same home after `rosters.advance`, with a log of its own; this one is of no further use. */
  reopen(): Promise<Home>;
  close(): Promise<void>;
}

export interface HomeOptions {
  readonly passphrase: Uint8Array;
  readonly random: Random;
  /** For crash tests: the disk under everything that changes. */
  readonly disk?: Disk;
}

/** Kind of the log records that hold a statement envelope. */
export const LOG_STATEMENT = 'statement';
/** Kind of the log records that hold the salts of an own outcome's unicast hashes. */
export const LOG_SALTS = 'salts';
/** Kind of the log records that hold an own sealed share of an export. */
export const LOG_SEALED_SHARE = 'sealed-share';
/** Kind of the log records that hold one half of a lifted ban, own ones and those of peers. */
export const LOG_BAN_LIFT = 'ban-lift';
/** Kind of the log records that hold what an approver said. */
export const LOG_APPROVAL = 'approval';
/** Kind of the log records that hold a veto of a policy version, a freeze or a thaw. */
export const LOG_GOVERNANCE = 'governance';
/** Kind of the log records that hold an own close: a party closes each transcript once, restarts included. */
export const LOG_CLOSE = 'close';

/** What does not change with the roster. */
interface Holdings {
  readonly lock: HomeLock;
  readonly disk: Disk;
  readonly random: Random;
  readonly layout: HomeLayout;
  readonly vault: Vault;
  readonly identity: Identity;
  readonly journal: Journal;
  readonly keyshares: Keyshares;
  readonly policies: Policies;
}

/** Opens a joined home; the process owns it until `close`. */
export async function openHome(path: string, options: HomeOptions): Promise<Home> {
  const { disk = nodeDisk, passphrase, random } = options;
  const lock = await HomeLock.acquire(path, disk);
  try {
    const layout = homeLayout(lock.home);
    const vault = await Vault.open(lock.home, passphrase, random, { disk });
    const identity = await loadIdentity(lock.home, vault);
    // Whether this home has a place anywhere is found out before its journal notes an opening.
    const rosters = await Rosters.open(layout, disk);
    placeOf(rosters, identity);
    const journal = await Journal.open(lock, { random, disk });
    const keyshares = await Keyshares.open(lock, vault);
    const policies = await Policies.open(layout, journal);
    return await openUnder(rosters, { lock, disk, random, layout, vault, identity, journal, keyshares, policies });
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function openUnder(rosters: Rosters, holdings: Holdings): Promise<Home> {
  const { disk, identity, journal, keyshares, layout, lock, policies, random, vault } = holdings;
  await rosters.settle();
  const roster = rosters.current;
  const { own, self } = placeOf(rosters, identity);
  const book = new CeremonyBook(roster);
  const documents: Uint8Array[] = [];
  const kept = new Map<string, Uint8Array[]>();
  const log = await RecordLog.open({
    path: layout.log,
    id: random.bytes(16),
    disk,
    replay: (record) => {
      const envelope = record.kind === LOG_STATEMENT ? parseEnvelope(record.bytes) : undefined;
      if (envelope?.ok) book.apply(envelope.value, record.at);
      if (record.kind === LOG_DOCUMENT) documents.push(record.bytes);
      else if (record.kind !== LOG_STATEMENT) kept.set(record.kind, [...(kept.get(record.kind) ?? []), record.bytes]);
    },
  });
  return {
    layout,
    identity,
    rosters,
    roster,
    self,
    own,
    networkKey: await pinnedNetworkKey(layout, roster),
    vault,
    keyshares,
    journal,
    policies,
    log,
    book,
    documents,
    closes: kept.get(LOG_CLOSE) ?? [],
    sealedShares: kept.get(LOG_SEALED_SHARE) ?? [],
    banLifts: kept.get(LOG_BAN_LIFT) ?? [],
    settlements: kept.get(LOG_SETTLEMENT) ?? [],
    approvals: kept.get(LOG_APPROVAL) ?? [],
    governance: kept.get(LOG_GOVERNANCE) ?? [],
    async reopen() {
      await log.close();
      return await openUnder(rosters, holdings);
    },
    async close() {
      await log.close();
      await journal.close();
      wipeIdentity(identity);
      vault.wipe();
      await lock.release();
    },
  };
}

/** The own place: in the current roster, or, of a guest, in the successor. */
function placeOf(rosters: Rosters, identity: Identity): { readonly self: number; readonly own: Party } {
  const party = partyByKey(rosters.current, identity.statementKey);
  if (party !== undefined) return { self: party.index, own: party };
  const place = rosters.successor === undefined ? undefined : partyByKey(rosters.successor, identity.statementKey);
  if (place !== undefined) return { self: 0, own: place };
  throw new Refusal('NOT_A_PARTY', "the pinned roster does not list this participant's key");
}

async function pinnedNetworkKey(layout: HomeLayout, roster: Roster): Promise<Uint8Array> {
  const file = await readFileIfPresent(layout.networkKey);
  const key = file === undefined ? undefined : readNetworkKey(new TextDecoder().decode(file), roster);
  if (key !== undefined) return key;
  throw new InvalidArgument('NETWORK_KEY_WRONG', layout.networkKey, 'this is not the key whose hash is in the roster');
}
