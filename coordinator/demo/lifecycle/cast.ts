/** Who takes part in the lifecycle of a key: members come and go, and each change has a roster of its own. */
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { field, listOf, memberOf } from '../../../proto/control/answer.ts';
import type { JsonValue } from '../../../proto/control/message.ts';
import type { Chain } from '../chain.ts';
import { WALLET } from '../names.ts';
import { demand } from '../narrator.ts';
import type { Running } from '../processes.ts';
import {
  ask,
  type DemoWallet,
  eventually,
  freePorts,
  type Holder,
  type Member,
  makeMember,
  nodeOf,
  type Theatre,
} from '../stage.ts';
import type { Step } from './report.ts';

/** A roster that all its parties have signed. */
export interface SignedRoster {
  readonly version: number;
  readonly file: string;
  readonly threshold: number;
  /** In order of index. */
  readonly parties: readonly Holder[];
  /** Words that people compare. */
  readonly fingerprint: string;
}

export interface Cast extends Theatre {
  /** Every roster so far; the last is in force. */
  readonly rosters: SignedRoster[];
  /** Running nodes by the name of their key holder. */
  readonly nodes: Map<string, Running>;
  readonly steps: Step[];
}

/** What the parties keep together, and the chain it lives on. */
export interface Estate {
  readonly wallet: DemoWallet;
  readonly chain: Chain;
}

export function currentRoster(cast: Cast): SignedRoster {
  const roster = cast.rosters.at(-1);
  demand(roster !== undefined, 'there is no roster yet');
  return roster;
}

/** The key holder of this name in the roster in force. */
export function holderNamed(cast: Cast, name: string): Holder {
  const found = currentRoster(cast).parties.find((party) => party.name === name);
  demand(found !== undefined, `the roster has no ${name}`);
  return found;
}

/** Makes an identity in a new home. Its index follows from its place in a roster. */
export async function newHolder(cast: Theatre, name: string, person: string): Promise<Holder> {
  const [port = 0] = await freePorts(1);
  const holder: Holder = { ...(await makeMember(cast.dir, name, name, person)), index: 0, port };
  await cast.processes.json([
    ...['participant', 'init', ...identity(holder), '--listen', `/ip4/127.0.0.1/tcp/${port}`],
  ]);
  return holder;
}

export async function newOperator({ operator, processes }: Theatre): Promise<void> {
  await processes.json(['coordinator', 'init', ...identity(operator)]);
}

function identity({ home, name, passphrase, person }: Holder | Theatre['operator']): readonly string[] {
  return ['--home', home, '--name', name, '--person', person, '--passphrase-file', passphrase, '--weak-kdf'];
}

/**
 * Composes the next roster and has every one of its parties sign it.
 *
 * @param operators who joins those of the roster before
 */
export async function composeRoster(
  cast: Cast,
  parties: readonly Holder[],
  threshold: number,
  operators: readonly Member[] = [],
): Promise<SignedRoster> {
  const { dir, networkKey, operator, processes } = cast;
  const previous = cast.rosters.at(-1);
  const version = cast.rosters.length + 1;
  const file = join(dir, `roster-${version}.json`);
  const card = ({ home }: Member): string => join(home, 'card.json');
  const others = previous?.parties ?? [];
  const isKnown = (holder: Holder): boolean => others.some(({ name }) => name === holder.name);
  await processes.json([
    ...['roster', 'create', '--threshold', String(threshold), '--out', file],
    // Who is in the roster before is given by name, a newcomer by its card.
    ...parties.flatMap((holder) => ['--party', isKnown(holder) ? holder.name : card(holder)]),
    ...(previous === undefined
      ? ['--name', 'demo', '--operator', card(operator), '--network-key', networkKey, '--announcement', '0']
      : ['--previous', previous.file]),
    ...(operators.length === 0 ? [] : ['--operator', operator.name]),
    ...operators.flatMap((member) => ['--operator', card(member)]),
  ]);
  // One after the other: each adds a signature to the same file.
  for (const { home, passphrase } of parties) {
    await processes.json(['roster', 'sign', file, '--home', home, '--passphrase-file', passphrase, '--yes']);
  }
  const fingerprint = field(await processes.json(['roster', 'fingerprint', file]), 'words');
  return { version, file, threshold, parties: parties.map((party, i) => ({ ...party, index: i + 1 })), fingerprint };
}

/** Starts a node; `altered` options for Node make it run another program than the product. */
export async function startNode(cast: Cast, holder: Holder, altered: readonly string[] = []): Promise<void> {
  const { nodes, processes } = cast;
  nodes.set(holder.name, await processes.start(`the node of ${holder.name}`, nodeOf(holder), holder.log, altered));
}

export async function stopNode({ nodes }: Cast, name: string): Promise<void> {
  await nodes.get(name)?.stop();
  nodes.delete(name);
}

/** A machine that is gone: no goodbye, and nothing left of its disk. */
export async function destroyNode({ nodes }: Cast, { home, name }: Holder): Promise<void> {
  await nodes.get(name)?.kill();
  nodes.delete(name);
  await rm(home, { recursive: true });
}

/** What a thief has of a home: a copy of every file, and the passphrase that the demo keeps in a file. */
export async function copyHome(cast: Cast, { home, name }: Holder): Promise<Holder> {
  const copy = holderNamed(cast, name);
  const place = `${home}-stolen`;
  await cp(home, place, { recursive: true, filter: (source) => !source.endsWith('control.sock') });
  return { ...copy, home: place, log: `${copy.log}.stolen` };
}

/** Waits until every node that runs is on the roster in force, may answer, and is ready to sign with every other. */
export async function allReady(cast: Cast, parties: readonly Holder[] = currentRoster(cast).parties): Promise<void> {
  const { version, fingerprint } = currentRoster(cast);
  await eventually(`all nodes to be ready under roster version ${version}`, async () => {
    const states = await Promise.all(parties.map((party) => ask(party, 'status').catch(() => undefined)));
    const isReady = (state: JsonValue | undefined): boolean =>
      field(memberOf(state, 'roster'), 'fingerprint') === fingerprint &&
      listOf(memberOf(state, 'connected')).length === parties.length &&
      (memberOf(state, 'heldBack') ?? null) === null &&
      hasPairs(memberOf(state, 'wallets'), parties.length - 1);
    return states.every(isReady) ? true : undefined;
  });
}

/** The node has set up what it needs to sign with so many peers, unless there is no wallet yet. */
function hasPairs(wallets: JsonValue | undefined, peers: number): boolean {
  const wallet = listOf(wallets).find((row) => field(row, 'name') === WALLET);
  if (wallet === undefined) return true;
  return listOf(memberOf(wallet, 'pairs')).filter((pair) => field(pair, 'state') === 'ready').length >= peers;
}
