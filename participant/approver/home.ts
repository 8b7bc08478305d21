/**
 * Everything of an approver that lies on disk: its keys, the pinned roster, the policy it judges by, and a log of what
 * it was asked and what it said. It holds no share of any key.
 */
import { readFileIfPresent } from '../../proto/rest/atomic-file.ts';
import { HomeLock } from '../../proto/rest/lock.ts';
import { type LogRecord, RecordLog } from '../../proto/rest/record-log.ts';
import { Vault } from '../../proto/rest/vault.ts';
import { CeremonyBook } from '../../protocol/ceremony/book.ts';
import type { Roster } from '../../protocol/ceremony/roster.ts';
import { readNetworkKey, readRoster } from '../../protocol/ceremony/roster-file.ts';
import { parseEnvelope } from '../../protocol/ceremony/statement.ts';
import type { Random } from '../../protocol/common/effects.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { parsePolicy } from '../../protocol/policy/parse.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import { type Identity, loadIdentity, wipeIdentity } from '../keystore/identity.ts';
import { type ApproverLayout, approverLayout } from './layout.ts';
import { type Profile, readProfile } from './profile.ts';

/** Kinds of the records in an approver's log. */
export const LOG_STATEMENT = 'statement';
/** A wallet, or the keys below it: what participants sent or a request carried. */
export const LOG_DOCUMENT = 'document';
/** Text of a policy that this approver has adopted; the last one is in force. */
export const LOG_POLICY = 'policy';
/** A version that waits, as it was announced; the record's time is when it was first seen. */
export const LOG_ANNOUNCED = 'announced';
/** Vetoes against versions, as they came. */
export const LOG_VETO = 'veto';
/** Own statements. */
export const LOG_DECISION = 'decision';
/** Type and body of an own statement that waits for a signature made by another program, as canonical JSON. */
export const LOG_DRAFT = 'draft';

export interface ApproverHome {
  readonly layout: ApproverLayout;
  readonly profile: Profile;
  readonly identity: Identity;
  readonly roster: Roster;
  /** 32 bytes; undefined on a device that is never connected. */
  readonly networkKey: Uint8Array | undefined;
  /** The one in force; undefined if none was adopted. */
  readonly policy: Policy | undefined;
  readonly log: RecordLog;
  /** Rebuilt from the log, each statement under the time at which it came. */
  readonly book: CeremonyBook;
  readonly documents: readonly Uint8Array[];
  readonly announced: readonly LogRecord[];
  readonly vetoes: readonly Uint8Array[];
  readonly decisions: readonly Uint8Array[];
  readonly drafts: readonly Uint8Array[];
  close(): Promise<void>;
}

/** Opens a joined home; the process owns it until `close`. */
export async function openApproverHome(path: string, passphrase: Uint8Array, random: Random): Promise<ApproverHome> {
  const lock = await HomeLock.acquire(path);
  try {
    const layout = approverLayout(lock.home);
    const profile = await readProfile(lock.home);
    const vault = await Vault.open(lock.home, passphrase, random);
    const identity = await loadIdentity(lock.home, vault);
    vault.wipe();
    const roster = await pinnedRoster(layout);
    const book = new CeremonyBook(roster);
    const kept = new Map<string, Uint8Array[]>();
    const announced: LogRecord[] = [];
    const log = await RecordLog.open({
      path: layout.log,
      id: random.bytes(16),
      replay(record) {
        const { at, bytes, kind } = record;
        const envelope = kind === LOG_STATEMENT ? parseEnvelope(bytes) : undefined;
        // Of a roster that was replaced: it does not belong into this book any more.
        if (envelope?.ok) book.apply(envelope.value, at);
        if (kind === LOG_ANNOUNCED) announced.push(record);
        else if (kind !== LOG_STATEMENT) kept.set(kind, [...(kept.get(kind) ?? []), bytes]);
      },
    });
    return {
      layout,
      profile,
      identity,
      roster,
      networkKey: await pinnedNetworkKey(layout, roster),
      policy: policyOf(kept.get(LOG_POLICY)?.at(-1), layout),
      log,
      book,
      documents: kept.get(LOG_DOCUMENT) ?? [],
      announced,
      vetoes: kept.get(LOG_VETO) ?? [],
      decisions: kept.get(LOG_DECISION) ?? [],
      drafts: kept.get(LOG_DRAFT) ?? [],
      async close() {
        await log.close();
        wipeIdentity(identity);
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** Fails with `ROSTER_MISSING`, or with what is wrong with the file. */
export async function pinnedRoster(layout: ApproverLayout): Promise<Roster> {
  const file = await readFileIfPresent(layout.roster);
  if (file === undefined) {
    throw new InvalidArgument('ROSTER_MISSING', '--home', 'this home has joined no roster yet; run join first');
  }
  const roster = readRoster(new TextDecoder().decode(file));
  if (!roster.ok) throw new InvalidArgument(roster.error.code, layout.roster, roster.error.message);
  return roster.value;
}

async function pinnedNetworkKey(layout: ApproverLayout, roster: Roster): Promise<Uint8Array | undefined> {
  const file = await readFileIfPresent(layout.networkKey);
  if (file === undefined) return undefined;
  const key = readNetworkKey(new TextDecoder().decode(file), roster);
  if (key !== undefined) return key;
  throw new InvalidArgument('NETWORK_KEY_WRONG', layout.networkKey, 'this is not the key whose hash is in the roster');
}

function policyOf(text: Uint8Array | undefined, layout: ApproverLayout): Policy | undefined {
  if (text === undefined) return undefined;
  const policy = parsePolicy(new TextDecoder().decode(text));
  if (policy.ok) return policy.value;
  throw new Refusal('POLICY_INVALID', `the policy in ${layout.log} is not readable: ${policy.error.message}`);
}
