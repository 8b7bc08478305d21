/** How a network gets its next roster: newcomers with homes of their own, everybody's signature, everybody's adoption. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createIdentity } from '../../../participant/keystore/identity.ts';
import { homeLayout } from '../../../participant/keystore/settings.ts';
import { systemRandom } from '../../../participant/randomness.ts';
import { createHome } from '../../../proto/rest/directory.ts';
import { HomeLock } from '../../../proto/rest/lock.ts';
import { Vault } from '../../../proto/rest/vault.ts';
import {
  createRoster,
  type Party,
  type Roster,
  type RosterBody,
  sealRoster,
  signRoster,
} from '../../../protocol/ceremony/roster.ts';
import { networkKeyText, rosterText } from '../../../protocol/ceremony/roster-file.ts';
import { utf8 } from '../../../protocol/common/bytes.ts';
import { must } from '../../support/must.ts';
import { type Fields, freePorts, type Holder, type Network } from './network.ts';
import { payment } from './payments.ts';
import { eventually } from './processes.ts';

/** A further holder of the network, with an identity and no roster yet. */
export async function newcomer(network: Network): Promise<Holder> {
  const index = network.holders.length + 1;
  const home = await createHome(join(network.dir, `party-${index}`));
  const lock = await HomeLock.acquire(home);
  const vault = await Vault.create(home, utf8('weak but long enough'), systemRandom, { weakLogN: 14 });
  const identity = await createIdentity(lock, vault, systemRandom);
  await lock.release();
  const [port = 0] = await freePorts(1);
  const holder: Holder = { index, home, log: join(network.dir, `party-${index}.log`), identity, port };
  network.holders.push(holder);
  return holder;
}

/** The roster that follows the present one, signed by all its parties. The order gives the indices. */
export function compose(network: Network, holders: readonly number[], changes: Partial<RosterBody> = {}): Roster {
  const parties = holders.map((id, i): Party => {
    const { identity, port } = network.holder(id);
    return {
      index: i + 1,
      name: `party-${id}`,
      person: `Person ${id}`,
      statementKey: identity.statementKey,
      transportKey: identity.transportKey,
      addresses: [`/ip4/127.0.0.1/tcp/${port}`],
    };
  });
  const { announcement, name, operators, threshold, version } = network.roster;
  const body: RosterBody = {
    ...{ announcement, name, operators, threshold, network: network.roster.network },
    version: version + 1,
    previous: network.roster.digest,
    parties,
    ...changes,
  };
  let file = must(createRoster(body));
  for (const [i, id] of holders.entries()) {
    const { identity } = network.holder(id);
    file = signRoster(file, i + 1, identity.statement, identity.transport);
  }
  return must(sealRoster(file));
}

/** Who stays adopts on the running node, who joins gets a home that is a guest, the coordinator follows. */
export async function adopt(network: Network, next: Roster, holders: readonly number[]): Promise<void> {
  const text = rosterText(next.file);
  for (const id of holders) {
    if (network.nodes.has(id)) await network.ask(id, 'adopt', { roster: text });
    else await joinAsGuest(network, next, id);
  }
  await network.operate('adopt', { roster: text });
}

async function joinAsGuest(network: Network, next: Roster, id: number): Promise<void> {
  const layout = homeLayout(network.holder(id).home);
  await writeFile(layout.networkKey, networkKeyText(network.networkKey), { mode: 0o600 });
  await writeFile(layout.successor, rosterText(next.file), { mode: 0o600 });
  await writeFile(layout.roster, rosterText(network.roster.file), { mode: 0o600 });
  await network.startParty(id);
}

/** Proposes a reshare, refresh or not, and lets these holders approve it; returns its name. */
export async function propose(network: Network, approving: readonly number[], changes: Fields = {}): Promise<string> {
  const params = { wallet: 'treasury', note: 'new shares', detach: true, ...changes };
  const ceremony = String((await network.operate('reshare', params))['ceremony']);
  await Promise.all(approving.map((id) => network.approve(id, ceremony)));
  return ceremony;
}

/** All these nodes, and the coordinator, live under the next roster and reach each other. */
export async function changedOver(network: Network, next: Roster, holders: readonly number[]): Promise<void> {
  const isThere = (state: { readonly [name: string]: unknown } | undefined): boolean =>
    (state?.['roster'] as { readonly version?: number } | undefined)?.version === next.version;
  await eventually(`all to live under version ${next.version}`, async () => {
    const states = await Promise.all(holders.map((id) => network.ask(id, 'status').catch(() => undefined)));
    const operator = await network.operate('status').catch(() => undefined);
    return states.every(isThere) && isThere(operator) ? true : undefined;
  });
  network.past.push(network.roster);
  network.roster = next;
  await eventually('all to be connected', async () => {
    const states = await Promise.all(holders.map((id) => network.ask(id, 'status').catch(() => undefined)));
    const all = states.every((state) => {
      const connected = (state?.['connected'] as readonly string[] | undefined) ?? [];
      return connected.length === holders.length && state?.['heldBack'] === null;
    });
    return all ? true : undefined;
  });
}

/** Every two of these have a pair setup in the present epoch. */
export async function allPaired(network: Network, holders: readonly number[], wallet = 'treasury'): Promise<void> {
  const look = async (): Promise<true | undefined> => {
    const states = await Promise.all(holders.map((id) => network.ask(id, 'status').catch(() => undefined)));
    const ready = states.every((state) => {
      const rows = (state?.['wallets'] ?? []) as readonly Fields[];
      const pairs = rows.find((row) => row['name'] === wallet)?.['pairs'] as readonly Fields[] | undefined;
      return pairs?.every((pair) => pair['state'] === 'ready') ?? false;
    });
    return ready ? true : undefined;
  };
  await eventually('all pair setups', look, 180_000);
}

/** Signs something; a session may begin in the moment in which its pair setup is made anew, so it is tried again. */
export async function signs(network: Network, holders: readonly number[]): Promise<Fields> {
  await allPaired(network, holders);
  for (let attempt = 1; ; attempt++) {
    const result = await network.result(await network.propose(payment({ nonce: network.nextNonce() })));
    if (result['ending'] === 'completed' || attempt === 4) return result;
  }
}
