/** Hand-overs of the treasury from one group to the next, with somebody killed in each. */
import { readdir } from 'node:fs/promises';
import { expect } from 'vitest';
import type { Roster } from '../../../protocol/ceremony/roster.ts';
import { toHex } from '../../../protocol/common/bytes.ts';
import { treasuryPolicy } from '../../support/treasury.ts';
import type { StepOrder } from './killing-disk.ts';
import type { Network } from './network.ts';
import { eventually } from './processes.ts';
import { type HeldRecord, highest, shown, snapshotOf, widest } from './shares.ts';
import { adopt, changedOver, compose, newcomer, signs } from './succession.ts';

export type Shape = 'replace' | 'add' | 'remove';
export type Role = 'stays and deals' | 'stays' | 'leaves and deals' | 'leaves' | 'joins';

/** Whom a shape has, by the part played in it. */
export const ROLES: { readonly [S in Shape]: readonly Role[] } = {
  replace: ['stays and deals', 'stays', 'leaves and deals', 'joins'],
  add: ['stays and deals', 'stays', 'joins'],
  remove: ['stays and deals', 'stays', 'leaves'],
};

interface Plan {
  readonly shape: Shape;
  readonly next: Roster;
  /** Numbers of homes, in the order of the next roster. */
  readonly nextMembers: readonly number[];
  readonly cast: { readonly [R in Role]?: number };
}

export interface Kill {
  readonly role: Role;
  /** The durable step after which it died. */
  readonly step: string;
}

export interface Handover {
  readonly shape: Shape;
  readonly kills: readonly Kill[];
  readonly moved: boolean;
  /** Nothing could be signed before the hand-over was repeated: somebody had frozen the epoch. */
  readonly frozen: boolean;
}

interface Course {
  readonly ceremony: string;
  /** By number of the home: after which step. */
  readonly died: ReadonlyMap<number, string>;
  readonly moved: boolean;
}

const THRESHOLD = 2;

export class Handovers {
  readonly network: Network;
  /** Numbers of the homes of the present parties, in the order of their indices. */
  members: readonly number[] = [1, 2, 3];
  /** Adopted, and not in force yet. */
  #plan: Plan | undefined;
  ceremonies = 0;

  constructor(network: Network) {
    this.network = network;
  }

  /** One hand-over; who plays these roles dies on the way, and comes back at once. */
  async killedAt(shape: Shape, roles: readonly Role[], order: StepOrder): Promise<Handover> {
    const { network } = this;
    const plan = await this.#prepared(shape);
    const victims = new Map(roles.flatMap((role) => (plan.cast[role] === undefined ? [] : [[plan.cast[role], role]])));
    for (const id of victims.keys()) await network.node(id).tell(order);
    const { died, moved } = await this.#handOver(plan, [...victims.keys()]);
    const left = [...victims.keys()].filter((id) => network.nodes.has(id) && !died.has(id));
    for (const id of left) await network.node(id).tell({ step: Number.MAX_SAFE_INTEGER });
    const kills = [...died].flatMap(([id, step]) => ({ role: victims.get(id) ?? 'stays', step }));
    const frozen = !moved && !(await this.#signs());
    if (frozen) await this.complete(shape);
    return { shape, kills, moved, frozen };
  }

  /** One hand-over in which nobody dies. */
  async complete(shape: Shape): Promise<void> {
    const plan = await this.#prepared(shape);
    const { ceremony, moved } = await this.#handOver(plan, []);
    const state = moved ? {} : await this.network.operate('ceremony', { ceremony });
    expect(moved, JSON.stringify(state)).toBe(true);
  }

  async #handOver(plan: Plan, victims: readonly number[]): Promise<Course> {
    const { network } = this;
    this.ceremonies += 1;
    const watch = this.#watch(plan);
    try {
      const dealers = [2, 3];
      const approving = this.members.filter((id, i) => plan.nextMembers.includes(id) || dealers.includes(i + 1));
      const params = { wallet: 'treasury', note: 'new shares', detach: true, dealers };
      const ceremony = String((await network.operate('reshare', params))['ceremony']);
      // A victim may die while it answers.
      await Promise.allSettled(approving.map((id) => network.approve(id, ceremony)));
      const died = new Map<number, string>();
      const revive = async (): Promise<void> => {
        for (const id of victims.filter((victim) => !died.has(victim) && !network.node(victim).isAlive)) {
          await watch.look();
          died.set(id, await this.#lastStep(id));
          await network.startParty(id);
          await watch.look();
        }
      };
      const look = async (): Promise<true | undefined> => {
        await revive();
        for (const id of approving.filter((victim) => died.has(victim))) await this.#askAgain(id, ceremony);
        return (await this.#isOver(plan, ceremony)) ? true : undefined;
      };
      await eventually(`the end of hand-over ${ceremony}`, look, 300_000);
      const moved = await this.#isHeldByAll(plan.nextMembers);
      // What comes after the change of rosters counts, too: the last notices, the shares that are erased.
      const left = victims.filter((id) => !died.has(id)).map((id) => network.node(id).ended(2_500));
      await Promise.all(left);
      await revive();
      if (moved) await this.#arrived(plan);
      return { ceremony, died, moved };
    } finally {
      await watch.stop();
    }
  }

  async #lastStep(id: number): Promise<string> {
    const lines = (await this.network.logText(id)).split('\n');
    return /KILLED after (.*)/.exec(lines.findLast((line) => line.includes('KILLED after')) ?? '')?.[1] ?? 'unknown';
  }

  /** Who died before it had answered. */
  async #askAgain(id: number, ceremony: string): Promise<void> {
    const { network } = this;
    const inbox = (await network.ask(id, 'inbox').catch(() => [])) as readonly { readonly ceremony?: string }[];
    if (inbox.some((row) => row.ceremony === ceremony)) await network.approve(id, ceremony);
  }

  /** The ceremony came to nothing, or everybody lives under the next roster. */
  async #isOver({ next, nextMembers }: Plan, ceremony: string): Promise<boolean> {
    const { network } = this;
    const under = await Promise.all(nextMembers.map((id) => this.#versionOf(id)));
    if (under.every((version) => version === next.version)) return true;
    const state = await network.operate('ceremony', { ceremony }).catch(() => undefined);
    return (
      state?.['ending'] !== undefined && state['ending'] !== 'completed' && !(await this.#isHeldByAll(nextMembers))
    );
  }

  async #versionOf(id: number): Promise<unknown> {
    const state = await this.network.ask(id, 'status').catch(() => undefined);
    return (state?.['roster'] as { readonly version?: number } | undefined)?.version;
  }

  /** All parties of the next roster have a share of one epoch that is not the present one: it will be theirs. */
  async #isHeldByAll(nextMembers: readonly number[]): Promise<boolean> {
    const records = await snapshotOf(this.network, [...new Set([...this.members, ...nextMembers])]);
    return epochsHeldBy(records, nextMembers).some((epoch) => epoch !== this.#epoch);
  }

  #epoch = '';

  /** The next group is in force, whole, and alone. */
  async #arrived({ next, nextMembers }: Plan): Promise<void> {
    const { network } = this;
    await changedOver(network, next, nextMembers);
    const left = this.members.filter((id) => !nextMembers.includes(id));
    const all = [...new Set([...this.members, ...nextMembers])];
    await eventually('the old shares to be gone', async () => {
      const shares = (await snapshotOf(network, all)).filter(({ record }) => record.state !== 'followed');
      return shares.every(({ holder, record }) => nextMembers.includes(holder) && record.state === 'active') &&
        new Set(shares.map(({ record }) => toHex(record.epochId))).size === 1 &&
        shares.length === nextMembers.length
        ? true
        : undefined;
    });
    for (const id of left) {
      expect((await network.ask(id, 'status'))['wallets']).toEqual([]);
      await network.stopParty(id);
    }
    for (const id of nextMembers) {
      if (this.members.includes(id)) continue;
      await network.ask(id, 'policy-set', { scope: 'common', text: JSON.stringify(treasuryPolicy()) });
    }
    await checkNoHalves(network, all);
    this.members = nextMembers;
    this.#plan = undefined;
    expect(await this.#signs()).toBe(true);
  }

  /** Whether the address signs; if not, because a party has frozen the epoch that was to be left. */
  async #signs(): Promise<boolean> {
    const result = await signs(this.network, this.members);
    if (result['ending'] === 'completed') return true;
    const records = await snapshotOf(this.network, this.members);
    const isOnTheWay = records.some(({ record }) => record.state === 'prepared');
    expect(isOnTheWay && JSON.stringify(result).includes('EPOCH_FROZEN'), JSON.stringify(result)).toBe(true);
    return false;
  }

  /** The next roster adopted by all of its parties, its newcomer a guest; the one of the last attempt if it is still open. */
  async #prepared(shape: Shape): Promise<Plan> {
    if (this.#plan?.shape === shape) return this.#plan;
    const { network } = this;
    if (this.#plan !== undefined) await this.complete(this.#plan.shape);
    if (shape === 'remove' && this.members.length === 3) await this.complete('add');
    if (shape !== 'remove' && this.members.length === 4) await this.complete('remove');
    this.#epoch = highest(await snapshotOf(network, this.members)).epoch;
    const [a = 0, b = 0, c = 0, d = 0] = this.members;
    const joins = shape === 'remove' ? 0 : (await newcomer(network)).index;
    const nextMembers = { replace: [joins, b, a], add: [c, joins, a, b], remove: [b, c, a] }[shape];
    const cast = {
      replace: { 'stays and deals': b, stays: a, 'leaves and deals': c, joins },
      add: { 'stays and deals': b, stays: a, joins },
      remove: { 'stays and deals': b, stays: a, leaves: d },
    }[shape];
    const next = compose(network, nextMembers);
    await adopt(network, next, nextMembers);
    this.#plan = { shape, next, nextMembers, cast };
    return this.#plan;
  }

  /** Looks at the disks all the time: at every moment there is a quorum. */
  #watch({ nextMembers }: Plan): { look(): Promise<void>; stop(): Promise<void> } {
    const ids = [...new Set([...this.members, ...nextMembers])];
    const look = async (): Promise<void> => {
      const records = await snapshotOf(this.network, ids);
      expect(widest(records), shown(records)).toBeGreaterThanOrEqual(THRESHOLD);
      // Where an epoch is certified, every one of its holders has a share of it.
      const { epoch, holders } = highest(records);
      const size = records.find(({ record }) => toHex(record.epochId) === epoch)?.record.holders;
      expect(holders.length, shown(records)).toBe(size);
    };
    let isOn = true;
    let problem: Error | undefined;
    const watching = (async () => {
      while (isOn && problem === undefined) {
        await look().catch((error: unknown) => {
          problem = error instanceof Error ? error : new Error(String(error));
        });
        await new Promise((resolve) => {
          setTimeout(resolve, 100);
        });
      }
    })();
    return {
      look,
      async stop() {
        isOn = false;
        await watching;
        if (problem !== undefined) throw problem;
      },
    };
  }
}

/** Epochs of which all these homes hold a share. */
function epochsHeldBy(records: readonly HeldRecord[], ids: readonly number[]): readonly string[] {
  const isShare = ({ record }: HeldRecord): boolean => record.state === 'active' || record.state === 'prepared';
  const epochs = new Set(records.filter(isShare).map(({ record }) => toHex(record.epochId)));
  return [...epochs].filter((epoch) =>
    ids.every((id) =>
      records.some((item) => item.holder === id && isShare(item) && toHex(item.record.epochId) === epoch),
    ),
  );
}

/** Nothing lies about that a dead process had begun to write, and no change of rosters is half done. */
async function checkNoHalves(network: Network, ids: readonly number[]): Promise<void> {
  for (const id of ids) {
    const names = await readdir(network.holder(id).home, { recursive: true });
    expect(names.filter((name) => name.includes('.tmp-') || name.endsWith('successor.json'))).toEqual([]);
  }
}
