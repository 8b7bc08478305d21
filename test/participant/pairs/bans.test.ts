/** Failed setups, bans and their lifts at the level of a node (docs/protocol.md p.5, d.7; i.3 24, 27, 28, 32). */
import { cp } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { MAX_PAIR_FAILS } from '../../../participant/journal/pair-book.ts';
import type { FrameMessage } from '../../../proto/codec.ts';
import { type Disk, type DiskFile, nodeDisk } from '../../../proto/rest/disk.ts';
import { parseEnvelope } from '../../../protocol/threshold/rounds/envelope.ts';
import { temporaryHome } from '../../proto/rest/temporary.ts';
import { resigned } from '../../threshold/support/pair-network.ts';
import { id } from '../journal/samples.ts';
import { Town } from './town.ts';

const STATEMENTS = [id(1), id(2)] as const;

function roundOf(frame: FrameMessage): number {
  return frame.kind === 'round' ? (parseEnvelope(frame.envelope)?.round ?? 0) : 0;
}

/** Node 2 answers with a mirror extension that is wrong by one bit of th. */
function cheat(town: Town): void {
  town.wire = (from, _to, frame) => {
    if (frame.kind !== 'round' || from !== 2 || roundOf(frame) !== 3) return frame;
    const envelope = resigned(town.identity(2), frame.envelope, (body) => {
      const last = body.length - 1;
      body[last] = (body[last] ?? 0) ^ 1;
      return body;
    });
    return { ...frame, envelope };
  };
}

function lift(town: Town, index: number, counter = 1): Promise<string> {
  const order = { epochId: town.key.epochId, peer: 3 - index, counter, statements: STATEMENTS };
  return town
    .node(index)
    .pairs.liftBan(order)
    .then((done) => (done.ok ? 'lifted' : done.error.code));
}

async function ban(town: Town, index: number, count = 1): Promise<void> {
  const { epochId } = town.key;
  // As the signing machine does it: the setups first, then the record.
  town.node(index).pairs.store.burn(epochId, 3 - index);
  await town.journal(index).record({
    type: 'ban',
    epochId,
    peer: 3 - index,
    identityKey: town.identity(3 - index).publicKey,
    check: 'C1',
    failure: 'LEAK',
    count,
    software: '',
  });
}

/** A disk on which nothing more can be written from some time on. */
function fillingDisk(isFull: () => boolean): Disk {
  const filling = (file: DiskFile): DiskFile => ({
    size: () => file.size(),
    read: (position, length) => file.read(position, length),
    write: async (bytes, position) => {
      if (isFull()) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
      await file.write(bytes, position);
    },
    truncate: (size) => file.truncate(size),
    sync: () => file.sync(),
    close: () => file.close(),
  });
  return {
    ...nodeDisk,
    createFile: async (path) => filling(await nodeDisk.createFile(path)),
    openFile: async (path) => filling(await nodeDisk.openFile(path)),
  };
}

describe('failed setups', () => {
  it('are counted before anything else happens; after the sixteenth the pair is refused until its holder resets it', async () => {
    const town = await Town.of(2);
    const { epochId } = town.key;
    const { pairs } = town.journal(1).state;
    for (let n = 1; n < MAX_PAIR_FAILS; n++)
      await town.journal(1).record({ type: 'pair-fail', epochId, peer: 2, check: 'P3' });
    cheat(town);
    town.connect(1, 2);
    await town.quiet();
    expect(pairs.failCount(epochId, 2)).toBe(MAX_PAIR_FAILS);
    expect(town.node(1).notes).toEqual(['PAIR_SETUP']);
    expect(town.state(1, 2)).toBe('banned');
    const said = town.said.length;
    await town.pass(200_000);
    // Node 2 may ask and begin as often as it likes; node 1 says nothing any more, also after a restart.
    expect(town.said.slice(said).filter((line) => line.startsWith('1>2'))).toEqual([]);
    await town.restart(1);
    town.connect(1, 2);
    await town.pass(10_000);
    expect(town.state(1, 2)).toBe('banned');
    expect(town.said.slice(said).filter((line) => line.startsWith('1>2'))).toEqual([]);
    town.wire = (_from, _to, frame) => frame;
    await town.node(1).pairs.resetFailures(epochId, 2);
    await town.until(() => town.state(1, 2) === 'ready');
    // Node 2 has failed nobody: only the one who found it counts.
    expect(town.journal(2).state.pairs.failCount(epochId, 1)).toBe(0);
  });

  it('a failure that cannot be written: nothing leaves towards the peer any more', async () => {
    let isFull = false;
    const town = await Town.of(2, { node: 1, disk: fillingDisk(() => isFull) });
    cheat(town);
    isFull = true;
    town.connect(1, 2);
    await town.quiet();
    expect(town.journal(1).state.pairs.failCount(town.key.epochId, 2)).toBe(0);
    expect(town.node(1).notes).toContain('PAIR_RECORD_FAILED');
    expect(town.state(1, 2)).toBe('banned');
    const said = town.said.length;
    town.wire = (_from, _to, frame) => frame;
    await town.pass(120_000);
    expect(town.said.slice(said).filter((line) => line.startsWith('1>2'))).toEqual([]);
  });
});

describe('a ban', () => {
  it('burns both directions at once, and no setup with the peer comes in before or after it is on disk (27, 28)', async () => {
    const town = await Town.of(2);
    town.connect(1, 2);
    await town.quiet();
    const { epochId } = town.key;
    const { store } = town.node(1).pairs;
    const setup = store.lease(epochId, 2, 0)?.setup;
    // C1 has failed, the ban is not on disk: nothing is said to the peer, and nothing of the setup is left.
    store.burn(epochId, 2);
    const said = town.said.length;
    expect(setup?.wiped).toBe(true);
    expect(await town.node(1).pairs.ready(epochId, [], 0)).toBe(true);
    town.disconnect(1, 2);
    town.connect(2, 1);
    await town.pass(100_000);
    expect(town.said.slice(said).filter((line) => line.startsWith('1>2'))).toEqual([]);
    // Killed in between: no ban, but another Delta and another pairEpoch.
    const before = town.pairEpoch(2, 1);
    await town.restart(1);
    town.connect(1, 2);
    await town.until(() => town.state(1, 2) === 'ready' && town.state(2, 1) === 'ready');
    expect(town.pairEpoch(1, 2)).not.toBe(before);
    // Killed afterwards: the ban is there, and PS1 is refused.
    await ban(town, 1);
    await town.restart(1);
    const then = town.said.length;
    town.connect(2, 1);
    await town.pass(100_000);
    expect(town.state(1, 2)).toBe('banned');
    expect(town.said.slice(then).filter((line) => line.startsWith('1>2'))).toEqual([]);
    expect(town.journal(1).state.pairs.ban(epochId, 2)?.identityKey).toEqual(town.identity(2).publicKey);
  });

  it('is lifted when both have recorded it: only one gives ctr INCONSISTENT; a second ban stays (32)', async () => {
    const town = await Town.of(2);
    town.connect(1, 2);
    await town.quiet();
    const { epochId } = town.key;
    const delta = town.node(1).pairs.store.lease(epochId, 2, 0)?.setup.sender.delta.slice();
    await ban(town, 1);
    expect(await lift(town, 1, 2)).toBe('BAN_COUNT_WRONG');
    expect(await lift(town, 1)).toBe('lifted');
    await town.pass(3_000);
    expect(town.node(1).notes).toContain('PAIR_INCONSISTENT');
    expect([town.state(1, 2) === 'ready', town.pairEpoch(1, 2)]).toEqual([false, undefined]);
    expect(await lift(town, 2)).toBe('lifted');
    await town.until(() => town.state(1, 2) === 'ready' && town.state(2, 1) === 'ready');
    expect(town.node(1).pairs.store.lease(epochId, 2, town.clock.time)?.setup.sender.delta).not.toEqual(delta);
    expect(await town.sign('lifted', [1, 2])).toEqual(['signed', 'signed']);
    for (const index of [1, 2]) expect(town.journal(index).state.pairs.liftedCount(epochId, 3 - index)).toBe(1);
    // It holds over a restart: the counter is part of the next setup.
    await town.restart(2);
    town.connect(1, 2);
    expect(await town.sign('after a restart', [1, 2])).toEqual(['signed', 'signed']);
    await ban(town, 1, 2);
    for (const index of [1, 2]) expect(await lift(town, index, 2)).toBe('BAN_PERMANENT');
    expect(town.state(1, 2)).toBe('banned');
  });

  it('a directory restored from before the ban or the lift: the old Delta is not used, the counters tell (29)', async () => {
    const town = await Town.of(2);
    const copy = await temporaryHome();
    await cp(town.node(1).opened.home, copy, { recursive: true });
    town.connect(1, 2);
    await town.quiet();
    const { epochId } = town.key;
    const delta = town.node(1).pairs.store.lease(epochId, 2, 0)?.setup.sender.delta.slice();
    const before = town.pairEpoch(2, 1);
    await ban(town, 1);
    await town.restart(1, copy);
    town.connect(1, 2);
    await town.until(() => town.state(1, 2) === 'ready' && town.state(2, 1) === 'ready');
    // The ban is forgotten here (the comparison of counters sees to that), but what was guessed about is gone.
    expect(town.pairEpoch(2, 1)).not.toBe(before);
    expect(town.node(1).pairs.store.lease(epochId, 2, town.clock.time)?.setup.sender.delta).not.toEqual(delta);
    town.node(1).pairs.overwriteAll('a peer knows a higher counter');
    expect(town.pairEpoch(1, 2)).toBeUndefined();
    // A lift that only the peer remembers: nothing comes about.
    expect(await lift(town, 2)).toBe('lifted');
    await town.pass(10_000);
    expect(town.state(1, 2)).not.toBe('ready');
    expect(town.node(1).notes).toContain('PAIR_INCONSISTENT');
    for (const index of [1, 2]) expect(town.journal(index).state.pairs.failCount(epochId, 3 - index)).toBe(0);
  });

  it('of one pair leaves the others', async () => {
    const town = await Town.of(3);
    for (const [a, b] of [
      [1, 2],
      [1, 3],
      [2, 3],
    ] as const)
      town.connect(a, b);
    await town.until(() => [1, 2].every((index) => town.state(index, 3) === 'ready'));
    await ban(town, 1);
    await town.quiet();
    expect([town.state(1, 2), town.state(1, 3), town.state(2, 3)]).toEqual(['banned', 'ready', 'ready']);
    expect(await town.sign('the others', [3, 1])).toEqual(['signed', 'signed']);
  });
});
