/**
 * Three key holders and an operator on one machine: real homes (with a weak key derivation), real processes, real
 * libp2p on loopback. The homes are made by the test itself, so it has every key and can play any member.
 */
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createOperatorKeys, type OperatorKeys } from '../../../coordinator/home.ts';
import { homeLayout as operatorLayout } from '../../../coordinator/layout.ts';
import { createIdentity, type Identity } from '../../../participant/keystore/identity.ts';
import { homeLayout } from '../../../participant/keystore/settings.ts';
import { systemRandom } from '../../../participant/randomness.ts';
import { callControl } from '../../../proto/control/call.ts';
import type { JsonValue } from '../../../proto/control/message.ts';
import { createHome } from '../../../proto/rest/directory.ts';
import { HomeLock } from '../../../proto/rest/lock.ts';
import { Vault } from '../../../proto/rest/vault.ts';
import {
  createRoster,
  type Roster,
  type RosterBody,
  sealRoster,
  signRoster,
} from '../../../protocol/ceremony/roster.ts';
import { networkKeyHash, networkKeyText, rosterText } from '../../../protocol/ceremony/roster-file.ts';
import { toHex, utf8 } from '../../../protocol/common/bytes.ts';
import type { Payload } from '../../../protocol/payload/payload.ts';
import { must } from '../../support/must.ts';
import { treasuryPolicy } from '../../support/treasury.ts';
import { Child, eventually, startCli } from './processes.ts';

const PARTICIPANT: string = fileURLToPath(
  new URL('../../../dist/test/crash/support/crashing-participant.js', import.meta.url),
);

export interface Holder {
  readonly index: number;
  readonly home: string;
  readonly log: string;
  readonly identity: Identity;
  readonly port: number;
}

export type Fields = Readonly<Record<string, JsonValue>>;

export interface NetworkOptions {
  readonly policy?: object;
  /** Parties whose node is not started: the test plays them, or nobody does. */
  readonly absent?: readonly number[];
}

export class Network {
  readonly dir: string;
  readonly passphraseFile: string;
  /** The one in force. */
  roster: Roster;
  /** Those before it. */
  readonly past: Roster[] = [];
  readonly networkKey: Uint8Array;
  /** By number, from 1; a roster's indices are theirs only as long as nobody joins or leaves. */
  readonly holders: Holder[];
  readonly operator: OperatorKeys;
  readonly operatorHome: string;
  readonly nodes = new Map<number, Child>();
  coordinator: Child | undefined;
  #payments = 0;

  private constructor(
    base: Pick<Network, 'dir' | 'passphraseFile' | 'roster' | 'networkKey' | 'holders' | 'operator' | 'operatorHome'>,
  ) {
    this.dir = base.dir;
    this.passphraseFile = base.passphraseFile;
    this.roster = base.roster;
    this.networkKey = base.networkKey;
    this.holders = base.holders;
    this.operator = base.operator;
    this.operatorHome = base.operatorHome;
  }

  /** Homes and roster only. */
  static async prepare(): Promise<Network> {
    const dir = await mkdtemp(join(await realpath(tmpdir()), 'keymoot-net-'));
    const passphrase = utf8('weak but long enough');
    const passphraseFile = join(dir, 'passphrase');
    await writeFile(passphraseFile, passphrase, { mode: 0o600 });
    const ports = await freePorts(3);
    const holders: Holder[] = [];
    for (const index of [1, 2, 3]) {
      const home = await createHome(join(dir, `party-${index}`));
      const lock = await HomeLock.acquire(home);
      const vault = await Vault.create(home, passphrase, systemRandom, { weakLogN: 14 });
      const identity = await createIdentity(lock, vault, systemRandom);
      await lock.release();
      holders.push({ index, home, log: join(dir, `party-${index}.log`), identity, port: ports[index - 1] ?? 0 });
    }
    const operatorHome = await createHome(join(dir, 'operator'));
    const lock = await HomeLock.acquire(operatorHome);
    const vault = await Vault.create(operatorHome, passphrase, systemRandom, { weakLogN: 14 });
    const operator = await createOperatorKeys(lock, vault, systemRandom);
    await lock.release();
    const networkKey = systemRandom.bytes(32);
    const body: RosterBody = {
      name: 'crash',
      version: 1,
      threshold: 2,
      parties: holders.map(({ identity, index }) => ({
        index,
        name: `party-${index}`,
        person: `Person ${index}`,
        statementKey: identity.statementKey,
        transportKey: identity.transportKey,
        addresses: [`/ip4/127.0.0.1/tcp/${ports[index - 1] ?? 0}`],
      })),
      operators: [
        {
          name: 'ops',
          person: 'Opal',
          key: operator.statement.publicKey,
          transportKey: operator.transport.publicKey,
        },
      ],
      network: networkKeyHash(networkKey),
      announcement: 0,
    };
    let file = must(createRoster(body));
    for (const { identity, index } of holders) file = signRoster(file, index, identity.statement, identity.transport);
    for (const layout of [...holders.map(({ home }) => homeLayout(home)), operatorLayout(operatorHome)]) {
      await writeFile(layout.roster, rosterText(file), { mode: 0o600 });
      await writeFile(layout.networkKey, networkKeyText(networkKey), { mode: 0o600 });
    }
    const roster = must(sealRoster(file));
    return new Network({ dir, passphraseFile, roster, networkKey, holders, operator, operatorHome });
  }

  /** With processes, all connected, and the treasury policy in force everywhere. */
  static async start({ absent = [], policy = treasuryPolicy() }: NetworkOptions = {}): Promise<Network> {
    const network = await Network.prepare();
    try {
      const present = network.holders.filter(({ index }) => !absent.includes(index));
      await Promise.all([...present.map(({ index }) => network.startParty(index)), network.startCoordinator()]);
      await network.meshed();
      for (const { index } of present) {
        await network.ask(index, 'policy-set', { scope: 'common', text: JSON.stringify(policy) });
      }
      return network;
    } catch (error) {
      await network.stop();
      throw error;
    }
  }

  holder(index: number): Holder {
    const found = this.holders[index - 1];
    if (found === undefined) throw new Error(`no party ${index}`);
    return found;
  }

  async startParty(index: number): Promise<Child> {
    const { home, log } = this.holder(index);
    const child = await Child.start([PARTICIPANT, home, this.passphraseFile], log);
    this.nodes.set(index, child);
    return child;
  }

  async startCoordinator(): Promise<void> {
    const args = ['coordinator', 'run', '--home', this.operatorHome, '--passphrase-file', this.passphraseFile];
    this.coordinator = await startCli(args, join(this.dir, 'operator.log'));
  }

  node(index: number): Child {
    const found = this.nodes.get(index);
    if (found === undefined) throw new Error(`party ${index} does not run`);
    return found;
  }

  async stopParty(index: number, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await this.nodes.get(index)?.stop(signal);
    this.nodes.delete(index);
  }

  async stopCoordinator(): Promise<void> {
    await this.coordinator?.stop();
    this.coordinator = undefined;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.nodes.keys()].map((index) => this.stopParty(index)));
    await this.stopCoordinator();
    await rm(this.dir, { recursive: true, force: true });
  }

  async ask(index: number, method: string, params: Fields = {}): Promise<Fields> {
    const answer = await callControl(homeLayout(this.holder(index).home).control, method, params);
    return answer as Fields;
  }

  async operate(method: string, params: Fields = {}): Promise<Fields> {
    return (await callControl(operatorLayout(this.operatorHome).control, method, params)) as Fields;
  }

  /** Everybody who runs sees everybody else who runs, and may answer. */
  async meshed(): Promise<void> {
    const parties = [...this.nodes.keys()];
    const others = parties.length - 1 + (this.coordinator === undefined ? 0 : 1);
    await eventually('all to be connected', async () => {
      const states = await Promise.all(parties.map((index) => this.ask(index, 'status').catch(() => undefined)));
      const ready = states.every(
        (state) =>
          (state?.['connected'] as readonly string[] | undefined)?.length === others && state?.['heldBack'] === null,
      );
      return ready ? true : undefined;
    });
  }

  /** Proposes a keygen and lets every key holder who runs approve it; returns the ceremony's name. */
  async keygen(wallet: string): Promise<string> {
    const { ceremony } = await this.operate('keygen', { wallet, note: 'a new wallet', detach: true });
    await Promise.all([...this.nodes.keys()].map((index) => this.approve(index, String(ceremony))));
    return String(ceremony);
  }

  async approve(index: number, ceremony: string): Promise<void> {
    const shown = await eventually(`ceremony ${ceremony} in the inbox of party ${index}`, async () => {
      const inbox = (await callControl(homeLayout(this.holder(index).home).control, 'inbox', {})) as readonly Fields[];
      return inbox.some((row) => row['ceremony'] === ceremony)
        ? await this.ask(index, 'show', { ceremony })
        : undefined;
    });
    await this.ask(index, 'approve', { ceremony, digest: String(shown['digest']) });
  }

  /** Makes a wallet that all hold; the pair setups may still be under way. */
  async wallet(name = 'treasury'): Promise<void> {
    const ceremony = await this.keygen(name);
    const result = await this.result(ceremony);
    if (result['ending'] !== 'completed') throw new Error(`the keygen ${JSON.stringify(result)}`);
    await this.holds(name, [...this.nodes.keys()]);
  }

  async holds(name: string, parties: readonly number[]): Promise<void> {
    await eventually(`${name} at ${parties.join()}`, async () => {
      const states = await Promise.all(parties.map((index) => this.ask(index, 'status')));
      const all = states.every((state) => (state['wallets'] as readonly Fields[]).some((row) => row['name'] === name));
      return all ? true : undefined;
    });
  }

  /** Two parties have a pair setup under this wallet: after many restarts a slow machine has many to make. */
  async paired(name: string, a: number, b: number): Promise<void> {
    const ready = async (self: number, peer: number): Promise<boolean> => {
      const wallets = (await this.ask(self, 'status'))['wallets'] as readonly Fields[];
      const pairs = wallets.find((row) => row['name'] === name)?.['pairs'] as readonly Fields[] | undefined;
      return pairs?.some((row) => row['party'] === peer && row['state'] === 'ready') ?? false;
    };
    const look = async (): Promise<true | undefined> => ((await ready(a, b)) && (await ready(b, a)) ? true : undefined);
    await eventually(`the pair setup of parties ${a} and ${b}`, look, 180_000);
  }

  /** Proposes and returns at once. */
  async propose(payload: Payload, changes: Fields = {}): Promise<string> {
    const { bytes, kind } = payload;
    const params = { wallet: 'treasury', note: 'rent', kind, bytes: toHex(bytes), detach: true, ...changes };
    return String((await this.operate('sign', params))['ceremony']);
  }

  /** How a ceremony ended; waits for that. */
  async result(ceremony: string): Promise<Fields> {
    return await eventually(
      `the end of ceremony ${ceremony}`,
      async () => {
        const state = await this.operate('ceremony', { ceremony });
        return state['ending'] === undefined ? undefined : state;
      },
      150_000,
    );
  }

  /** The same where this party was killed meanwhile: if it died before it had answered, it is asked again. */
  async resultAfterKill(victim: number, ceremony: string): Promise<void> {
    const look = async (): Promise<true | undefined> => {
      if ((await this.operate('ceremony', { ceremony }))['ending'] !== undefined) return true;
      const inbox = (await this.ask(victim, 'inbox')) as unknown as readonly Fields[];
      if (inbox.some((row) => row['ceremony'] === ceremony)) await this.approve(victim, ceremony);
      return undefined;
    };
    await eventually(`the end of ceremony ${ceremony}`, look, 240_000);
  }

  /** An account nonce that no payment of this network has used. */
  nextNonce(): bigint {
    this.#payments += 1;
    return BigInt(this.#payments);
  }

  async logText(index: number): Promise<string> {
    return await readFile(this.holder(index).log, 'utf8').catch(() => '');
  }

  async makeDirectory(name: string): Promise<string> {
    const path = join(this.dir, name);
    await mkdir(path, { mode: 0o700 });
    return path;
  }
}

export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer().once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
