/** Everything of a coordinator that lies on disk: its two keys, the pinned roster, its log. It holds no share. */
import { join } from 'node:path';
import { readFileIfPresent } from '../proto/rest/atomic-file.ts';
import { HomeLock } from '../proto/rest/lock.ts';
import { type LogRecord, RecordLog } from '../proto/rest/record-log.ts';
import { Vault } from '../proto/rest/vault.ts';
import { CeremonyBook } from '../protocol/ceremony/book.ts';
import { type Signer, signerFromSeed } from '../protocol/ceremony/ed25519.ts';
import type { Operator, Roster } from '../protocol/ceremony/roster.ts';
import { readNetworkKey, readRoster } from '../protocol/ceremony/roster-file.ts';
import { parseEnvelope } from '../protocol/ceremony/statement.ts';
import { concat, equalBytes } from '../protocol/common/bytes.ts';
import type { Random } from '../protocol/common/effects.ts';
import { InvalidArgument, Refusal } from '../protocol/common/errors.ts';
import { Secret } from '../protocol/threshold/secret.ts';

export interface HomeLayout {
  readonly home: string;
  readonly card: string;
  readonly roster: string;
  readonly networkKey: string;
  readonly log: string;
  readonly control: string;
  /** Directory of finished transcripts. */
  readonly transcripts: string;
}

export function homeLayout(home: string): HomeLayout {
  return {
    home,
    card: join(home, 'card.json'),
    roster: join(home, 'roster.json'),
    networkKey: join(home, 'network.key'),
    log: join(home, 'log'),
    control: join(home, 'control.sock'),
    transcripts: join(home, 'transcripts'),
  };
}

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
  readonly roster: Roster;
  readonly self: Operator;
  readonly networkKey: Uint8Array;
  readonly book: CeremonyBook;
  /** Log records that are no statements: documents and rounds, as they came. */
  readonly records: readonly LogRecord[];
  readonly log: RecordLog;
  close(): Promise<void>;
}

export const LOG_STATEMENT = 'statement';

/** Opens a joined home; the process owns it until `close`. */
export async function openHome(path: string, passphrase: Uint8Array, random: Random): Promise<Home> {
  const lock = await HomeLock.acquire(path);
  try {
    const layout = homeLayout(lock.home);
    const vault = await Vault.open(lock.home, passphrase, random);
    const keys = await loadOperatorKeys(vault);
    vault.wipe();
    const roster = await pinnedRoster(layout);
    const self = roster.operators.find((operator) => equalBytes(operator.key, keys.statement.publicKey));
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
      roster,
      self,
      networkKey: await pinnedNetworkKey(layout, roster),
      book,
      records,
      log,
      async close() {
        await log.close();
        keys.transportSeed.wipe();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function pinnedRoster(layout: HomeLayout): Promise<Roster> {
  const file = await readFileIfPresent(layout.roster);
  if (file === undefined)
    throw new InvalidArgument('ROSTER_MISSING', '--home', 'this home has joined no roster yet; run join first');
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
