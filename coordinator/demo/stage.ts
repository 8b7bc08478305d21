/** Who takes part in the demo, where everything lies, and how its members are spoken to. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Address } from 'viem';
import { callControl } from '../../proto/control/call.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { TransportError } from '../../protocol/common/errors.ts';
import type { DemoChain } from './chain.ts';
import type { Narrator } from './narrator.ts';
import type { Processes, Running } from './processes.ts';
import type { Refused, Signed } from './report.ts';

/** Anybody with a home: a key holder's node, or the coordinator. */
export interface Member {
  readonly name: string;
  readonly person: string;
  readonly home: string;
  readonly passphrase: string;
  readonly log: string;
}

export interface Holder extends Member {
  readonly index: number;
  readonly port: number;
}

/** The wallet that the parties made. */
export interface DemoWallet {
  readonly name: string;
  readonly address: Address;
  /** 33 bytes, hex with 0x. */
  readonly publicKey: string;
}

/** What every story has: a directory, processes, an operator with its coordinator, and somebody who tells it. */
export interface Theatre {
  readonly dir: string;
  /** Whether the directory outlives the demo. */
  readonly kept: boolean;
  readonly networkKey: string;
  readonly operator: Member;
  readonly processes: Processes;
  readonly narrator: Narrator;
  readonly refused: Refused[];
  /** Every transcript, in the order in which the ceremonies ended. */
  readonly transcripts: string[];
  coordinator: Running | undefined;
  chain: DemoChain | undefined;
}

export interface Stage extends Theatre {
  readonly roster: string;
  readonly holders: readonly [Holder, Holder, Holder];
  readonly signed: Signed[];
  /** Words that everybody compared. */
  fingerprint: string;
}

const PEOPLE = [
  ['ada', 'Ada Lindqvist'],
  ['ben', 'Ben Okafor'],
  ['cleo', 'Cleo Marchetti'],
] as const;

/** Longest wait for something that other processes bring about, in milliseconds. */
const DEADLINE = 120_000;
const POLL = 50;

/** Lays out the directory: a home, a passphrase and a log for each member; nothing is made in the homes yet. */
export async function setStage(dir: string, kept: boolean, processes: Processes, narrator: Narrator): Promise<Stage> {
  const ports = await freePorts(PEOPLE.length);
  const theatre = await openTheatre(dir, kept, processes, narrator);
  const holder = async (i: 0 | 1 | 2): Promise<Holder> => {
    const [name, person] = PEOPLE[i];
    return { ...(await makeMember(dir, `participant-${i + 1}`, name, person)), index: i + 1, port: ports[i] ?? 0 };
  };
  return {
    ...theatre,
    roster: join(dir, 'roster.json'),
    holders: [await holder(0), await holder(1), await holder(2)],
    signed: [],
    fingerprint: '',
  };
}

export async function openTheatre(
  dir: string,
  kept: boolean,
  processes: Processes,
  narrator: Narrator,
): Promise<Theatre> {
  for (const name of ['passphrases', 'logs', 'policies', 'payloads']) await mkdir(join(dir, name), { mode: 0o700 });
  return {
    dir,
    kept,
    networkKey: join(dir, 'network.key'),
    operator: await makeMember(dir, 'coordinator', 'ops', 'Opal Reyes'),
    processes,
    narrator,
    refused: [],
    transcripts: [],
    coordinator: undefined,
    chain: undefined,
  };
}

/** A place for a home, a passphrase and a log; nothing is made in the home yet. */
export async function makeMember(dir: string, home: string, name: string, person: string): Promise<Member> {
  const passphrase = join(dir, 'passphrases', home);
  await writeFile(passphrase, `${randomBytes(16).toString('hex')}\n`, { mode: 0o600 });
  return { name, person, home: join(dir, home), passphrase, log: join(dir, 'logs', `${home}.log`) };
}

export function nodeOf(holder: Member): readonly string[] {
  return ['participant', 'run', '--home', holder.home, '--passphrase-file', holder.passphrase];
}

export async function startCoordinator(stage: Theatre): Promise<void> {
  const { operator, processes } = stage;
  const args = ['coordinator', 'run', '--home', operator.home, '--passphrase-file', operator.passphrase];
  stage.coordinator = await processes.start('the coordinator', args, operator.log);
}

export async function stopCoordinator(stage: Theatre): Promise<void> {
  await stage.coordinator?.stop();
  stage.coordinator = undefined;
}

/** A payload or policy as a file that the commands take. */
export async function writeJson(
  stage: Pick<Theatre, 'dir'>,
  folder: 'payloads' | 'policies',
  name: string,
  value: object,
): Promise<string> {
  const path = join(stage.dir, folder, `${name}.json`);
  await writeFile(path, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600 });
  return path;
}

/** Asks a member over the socket that its owner's commands use. */
export async function ask(member: Member, method: string, params: JsonValue = {}): Promise<JsonValue> {
  return await callControl(join(member.home, 'control.sock'), method, params);
}

/** What a node or the coordinator wrote to its log so far. */
export async function logOf(member: Member): Promise<string> {
  return await readFile(member.log, 'utf8').catch(() => '');
}

/**
 * Looks again and again until `look` finds something.
 * @throws {TransportError} `DEMO_TIMEOUT`, if it does not within two minutes
 */
export async function eventually<T>(what: string, look: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + DEADLINE;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new TransportError('DEMO_TIMEOUT', `waited two minutes in vain for ${what}`);
    await delay(POLL);
  }
}

/** Handed out already, perhaps to a node that does not listen yet. */
const given = new Set<number>();

/** Ports that were free a moment ago, all different, and no two calls give the same. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((done, fail) => {
          const server = createServer();
          server.once('error', fail);
          server.listen(0, '127.0.0.1', () => done(server));
        }),
    ),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise<void>((done) => void server.close(() => done()))));
  if (ports.some((port) => given.has(port))) return await freePorts(count);
  for (const port of ports) given.add(port);
  return ports;
}
