/** Approvers as processes of their own, beside a network: homes made by the program, decisions made by its commands. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { approverLayout } from '../../participant/approver/layout.ts';
import { callControl } from '../../proto/control/call.ts';
import { networkKeyText, rosterText } from '../../protocol/ceremony/roster-file.ts';
import type { Fields, Network } from '../crash/support/network.ts';
import { type Child, eventually, type Finished, runCli, startCli } from '../crash/support/processes.ts';
import { ETHER, treasuryPolicy } from './treasury.ts';

const execute = promisify(execFile);

export interface DeviceOptions {
  readonly name: string;
  readonly person: string;
  /** Signs with a key of ssh-keygen instead of one of its own. */
  readonly ssh?: boolean;
}

export class Device {
  readonly name: string;
  readonly home: string;
  /** What the policy lists it by. */
  readonly entry: Readonly<Record<string, object>>;
  /** Private key file of an SSH approver. */
  readonly sshKey: string | undefined;
  readonly #network: Network;
  #child: Child | undefined;

  private constructor(
    network: Network,
    name: string,
    home: string,
    entry: Device['entry'],
    sshKey: string | undefined,
  ) {
    this.#network = network;
    this.name = name;
    this.home = home;
    this.entry = entry;
    this.sshKey = sshKey;
  }

  /** `approver init`. */
  static async make(network: Network, { name, person, ssh = false }: DeviceOptions): Promise<Device> {
    const home = join(network.dir, `approver-${name}`);
    const sshKey = ssh ? join(network.dir, `${name}.key`) : undefined;
    if (sshKey !== undefined) await execute('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', sshKey]);
    const made = await runCli([
      ...['approver', 'init', '--home', home, '--name', name, '--person', person, '--device', `phone of ${person}`],
      ...['--weak-kdf', '--json', '--passphrase-file', network.passphraseFile],
      ...(sshKey === undefined ? [] : ['--ssh-key', `${sshKey}.pub`]),
    ]);
    if (made.code !== 0) throw new Error(made.stderr + made.stdout);
    return new Device(network, name, home, JSON.parse(made.stdout) as Device['entry'], sshKey);
  }

  /** `approver join`; without a network key it is a device that works by files. */
  async join(policy: object, isConnected = true): Promise<void> {
    const { dir, networkKey, roster } = this.#network;
    const [rosterFile, keyFile, policyFile] = ['roster.json', 'network.key', 'policy.json'].map((name) =>
      join(dir, `${this.name}-${name}`),
    ) as [string, string, string];
    await writeFile(rosterFile, rosterText(roster.file));
    await writeFile(keyFile, networkKeyText(networkKey), { mode: 0o600 });
    await writeFile(policyFile, JSON.stringify(policy));
    const key = isConnected ? ['--network-key', keyFile] : [];
    const joined = await this.run('join', [rosterFile, '--policy', policyFile, ...key, '--yes']);
    if (joined.code !== 0) throw new Error(joined.stderr + joined.stdout);
  }

  /** `approver run`, until all parties that run hear it. */
  async start(): Promise<void> {
    const args = ['approver', 'run', '--home', this.home, '--passphrase-file', this.#network.passphraseFile];
    this.#child = await startCli(args, join(this.#network.dir, `approver-${this.name}.log`));
    await eventually(`${this.name} to be connected`, async () => {
      const { connected } = await this.ask('status');
      return (connected as readonly string[]).length === this.#network.nodes.size ? true : undefined;
    });
  }

  async stop(): Promise<void> {
    await this.#child?.stop();
    this.#child = undefined;
  }

  /** Runs one command of this home to its end. */
  async run(command: string, args: readonly string[]): Promise<Finished> {
    const home = ['--home', this.home, '--json'];
    const passphrase = this.#child === undefined ? ['--passphrase-file', this.#network.passphraseFile] : [];
    return await runCli(['approver', command, ...args, ...home, ...passphrase]);
  }

  async ask(method: string, params: Fields = {}): Promise<Fields> {
    return (await callControl(approverLayout(this.home).control, method, params)) as Fields;
  }

  /** Waits until the running program has been told of a proposal. */
  async sees(ceremony: string): Promise<Fields> {
    return await eventually(`ceremony ${ceremony} at ${this.name}`, async () => {
      const rows = (await this.ask('inbox')) as unknown as readonly Fields[];
      return rows.find((row) => row['ceremony'] === ceremony);
    });
  }

  /** With `ssh-keygen`, as a person would. Returns the path of the signature. */
  async signFile(bytes: string, namespace: string): Promise<string> {
    if (this.sshKey === undefined) throw new Error('not an SSH approver');
    await execute('ssh-keygen', ['-q', '-Y', 'sign', '-n', namespace, '-f', this.sshKey, bytes]);
    return `${bytes}.sig`;
  }
}

/** The treasury policy, but above one ether so many people of finance approve; above ten one of them and key holders. */
export function financePolicy(devices: readonly Device[], quorum = 2): object {
  const base = treasuryPolicy() as { readonly rules: readonly { readonly id: string; readonly match: object }[] };
  const large = base.rules.find(({ id }) => id === 'large');
  const amount = { min: String(10n * ETHER + 1n), max: String(20n * ETHER) };
  const hands = { groups: [{ group: 'finance', quorum: 1 }] };
  const require = { groups: [{ group: 'finance', quorum }], holder: false, ttlSec: 3600 };
  return {
    ...base,
    approvers: Object.fromEntries(devices.flatMap(({ entry }) => Object.entries(entry))),
    groups: { finance: devices.map(({ name }) => name) },
    rules: [
      ...base.rules.map((rule) => (rule.id === 'large' ? { ...rule, consents: 2, require } : rule)),
      { ...large, id: 'huge', match: { ...large?.match, amount }, consents: 2, require: hands },
    ],
  };
}

export async function textOf(path: string): Promise<string> {
  return await readFile(path, 'utf8');
}
