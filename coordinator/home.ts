/** Everything of a coordinator that lies on disk: its two keys, its rosters, its log. It holds no share. */
import { readFileIfPresent } from '../proto/rest/atomic-file.ts';
import { HomeLock } from '../proto/rest/lock.ts';
import { type LogRecord, RecordLog } from '../proto/rest/record-log.ts';
import { Vault } from '../proto/rest/vault.ts';
import { CeremonyBook } from '../protocol/ceremony/book.ts';
import { type Signer, signerFromSeed } from '../protocol/ceremony/ed25519.ts';
import type { Operator, Roster } from '../protocol/ceremony/roster.ts';
import { readNetworkKey } from '../protocol/ceremony/roster-file.ts';
import { parseEnvelope } from '../protocol/ceremony/statement.ts';
import { concat } from '../protocol/common/bytes.ts';
import type { Random } from '../protocol/common/effects.ts';
import { InvalidArgument, Refusal } from '../protocol/common/errors.ts';
import { Secret } from '../protocol/threshold/secret.ts';
import { type HomeLayout, homeLayout } from './layout.ts';
import { operatorWith, Rosters } from './rosters.ts';

export interface OperatorKeys {
  readonly transportSeed: Secret<Uint8Array>;
  readonly transport: Signer;
  readonly statement: Signer;
}

const SEALED_KIND = 'identity';
const SEALED_ID = 'operator';
const SEED = 32;

/** Makes and seals the operator's keys. Fails with `IDENTITY_EXISTS`. */
export async function createOperatorKeys(lock: HomeLock, vault: Vault, random: Random): Promise<OperatorKeys> {
  lock.assertHeld();
  if (await vault.has(SEALED_KIND, SEALED_ID)) {
    throw new InvalidArgument('IDENTITY_EXISTS', '--home', `${lock.home} has keys already; they are never replaced`);
  }
  const seeds = concat(random.bytes(SEED), random.bytes(SEED));
  await vault.seal(SEALED_KIND, SEALED_ID, seeds);
  return keysFrom(seeds);
}

async function loadOperatorKeys(vault: Vault): Promise<OperatorKeys> {
  return keysFrom(await vault.open(SEALED_KIND, SEALED_ID));
}

function keysFrom(seeds: Uint8Array): OperatorKeys {
  const transportSeed = seeds.slice(0, SEED);
  const statementSeed = seeds.slice(SEED);
  seeds.fill(0);
  const keys = {
    transportSeed: new Secret(transportSeed),
    transport: signerFromSeed(transportSeed),
    statement: signerFromSeed(statementSeed),
  };
  statementSeed.fill(0);
  return keys;
}

export interface Home {
  readonly layout: HomeLayout;
  readonly keys: OperatorKeys;
  readonly rosters: Rosters;
  /** In force when the home was opened. */
  readonly roster: Roster;
  readonly self: Operator;
  readonly networkKey: Uint8Array;
  readonly book: CeremonyBook;
  /** Log records that are no statements: documents and rounds, as they came. */
  readonly records: readonly LogRecord[];
  readonly log: RecordLog;
  /** The same home under the roster that is in force now, with a log of its own; this one is of no use any more. */
  reopen(): Promise<Home>;
  close(): Promise<void>;
}

export const LOG_STATEMENT = 'statement';

/** Opens a joined home; the process owns it until `close`. */
export async function openHome(path: string, passphrase: Uint8Array, random: Random): Promise<Home> {
  const lock = await HomeLock.acquire(path);
  try {
    const vault = await Vault.open(lock.home, passphrase, random);
    const keys = await loadOperatorKeys(vault);
    vault.wipe();
    return await open(lock, keys, random);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function open(lock: HomeLock, keys: OperatorKeys, random: Random): Promise<Home> {
  const layout = homeLayout(lock.home);
  const rosters = await Rosters.open(layout);
  const roster = rosters.current;
  const self = operatorWith(roster, keys.statement.publicKey);
  if (self === undefined) throw new Refusal('NOT_AN_OPERATOR', "the pinned roster does not list this operator's key");
  const book = new CeremonyBook(roster);
  const records: LogRecord[] = [];
  const log = await RecordLog.open({
    path: layout.log,
    id: random.bytes(16),
    replay(record) {
      if (record.kind !== LOG_STATEMENT) records.push(record);
      const envelope = record.kind === LOG_STATEMENT ? parseEnvelope(record.bytes) : undefined;
      if (envelope?.ok) book.apply(envelope.value, record.at);
    },
  });
  return {
    layout,
    keys,
    rosters,
    roster,
    self,
    networkKey: await pinnedNetworkKey(layout, roster),
    book,
    records,
    log,
    async reopen() {
      await log.close();
      return await open(lock, keys, random);
    },
    async close() {
      await log.close();
      keys.transportSeed.wipe();
      await lock.release();
    },
  };
}

async function pinnedNetworkKey(layout: HomeLayout, roster: Roster): Promise<Uint8Array> {
  const file = await readFileIfPresent(layout.networkKey);
  const key = file === undefined ? undefined : readNetworkKey(new TextDecoder().decode(file), roster);
  if (key !== undefined) return key;
  throw new InvalidArgument('NETWORK_KEY_WRONG', layout.networkKey, 'this is not the key whose hash is in the roster');
}
