/** Renewal and doubt (docs/protocol.md p.1; i.3 30): the setups are overwritten before the next message is acted on. */
import { describe, expect, it } from 'vitest';
import type { PairSetup } from '../../../protocol/threshold/pair-setup/setup.ts';
import { MAX_AGE, RENEWAL_AGE } from '../../../protocol/threshold/pair-setup/store.ts';
import { parseEnvelope } from '../../../protocol/threshold/rounds/envelope.ts';
import { Town } from './town.ts';

async function metTown(): Promise<{ readonly town: Town; readonly setup: PairSetup }> {
  const town = await Town.of(2);
  town.connect(1, 2);
  await town.quiet();
  const setup = town.node(1).pairs.store.lease(town.key.epochId, 2, 0)?.setup;
  if (setup === undefined) throw new Error('no setup');
  return { town, setup };
}

function bothReady(town: Town): boolean {
  return town.state(1, 2) === 'ready' && town.state(2, 1) === 'ready';
}

describe('doubt', () => {
  it('the wall clock went on and the steady one did not: everything goes before the next message is acted on', async () => {
    const { town, setup } = await metTown();
    const seeds = setup.receiverSeeds;
    town.node(1).skew = 4;
    town.node(1).pairs.checkClocks();
    expect(setup.wiped).toBe(false);
    town.node(1).skew = 60;
    // Any message: it is not even of this pair.
    town.deliver(1, 2, {
      kind: 'round',
      envelope: town.node(2).pairs.store.packsFor(town.key.epochId, 1, 0)[0] ?? new Uint8Array(),
    });
    expect(setup.wiped).toBe(true);
    expect(seeds.every((byte) => byte === 0)).toBe(true);
    expect(town.node(1).notes).toContain('PAIR_DOUBT');
    await town.until(() => bothReady(town));
    expect(await town.sign('after the doubt', [2, 1])).toEqual(['signed', 'signed']);
    // The new measure is the clock as it is now.
    const fresh = town.pairEpoch(1, 2);
    await town.pass(120_000);
    expect(town.pairEpoch(1, 2)).toBe(fresh);
  });

  it('before a session begins, too; a peer that began at the same moment may need another attempt', async () => {
    const { town, setup } = await metTown();
    town.node(1).skew = -3600;
    const endings = await town.sign('suspended', [1, 2]);
    expect(setup.wiped).toBe(true);
    for (const ending of endings) expect(['signed', 'open', 'INCONSISTENT pairEpoch']).toContain(ending);
    for (const index of [1, 2]) expect(town.journal(index).state.pairs.banCount(town.key.epochId, 3 - index)).toBe(0);
    expect(await town.sign('again', [1, 2])).toEqual(['signed', 'signed']);
  });

  it('of the higher index: it asks, and the lower one begins although it still has its setup', async () => {
    const { town } = await metTown();
    const before = town.pairEpoch(1, 2);
    town.node(2).skew = 60;
    await town.pass(31_000);
    expect(town.said).toContain('2>1 want');
    await town.until(() => bothReady(town));
    expect(town.pairEpoch(1, 2)).not.toBe(before);
    expect(town.pairEpoch(1, 2)).toBe(town.pairEpoch(2, 1));
  });

  it('another boot of the machine, once', async () => {
    const { town, setup } = await metTown();
    town.node(1).bootId = 'another boot';
    await town.pass(31_000);
    expect(setup.wiped).toBe(true);
    const fresh = town.pairEpoch(1, 2);
    expect(fresh).toBeDefined();
    await town.pass(100_000);
    expect(town.pairEpoch(1, 2)).toBe(fresh);
  });

  it('a run under way goes with the rest', async () => {
    const town = await Town.of(2);
    town.wire = (from, _to, frame) =>
      frame.kind === 'round' && from === 2 && parseEnvelope(frame.envelope)?.round === 5 ? undefined : frame;
    town.connect(1, 2);
    await town.quiet();
    expect(town.state(1, 2)).toBe('making');
    town.wire = (_from, _to, frame) => frame;
    town.node(1).pairs.overwriteAll('a test');
    await town.until(() => bothReady(town));
    expect(town.said.filter((line) => line === '1>2 PS2')).toHaveLength(2);
  });

  it('the pair thread failed: all setups go, another thread makes new ones', async () => {
    const { town, setup } = await metTown();
    town.node(1).failThread(new Error('out of memory'));
    expect(setup.wiped).toBe(true);
    expect(town.node(1).notes).toContain('PAIR_THREAD_FAILED');
    await town.until(() => bothReady(town));
    expect(await town.sign('new thread', [1, 2])).toEqual(['signed', 'signed']);
  });
});

describe('age', () => {
  it('renewed at 20 hours while the old one still serves; nothing new on one of 24 hours', async () => {
    const { town, setup } = await metTown();
    const before = town.pairEpoch(1, 2);
    town.jump(RENEWAL_AGE - 120_000);
    await town.pass(60_000);
    expect(town.pairEpoch(1, 2)).toBe(before);
    await town.pass(120_000);
    expect(bothReady(town)).toBe(true);
    expect(town.pairEpoch(1, 2)).not.toBe(before);
    expect(setup.wiped).toBe(false);
    // The lease of this test is its last session; five minutes later it is overwritten all the same.
    await town.pass(6 * 60_000);
    expect(setup.wiped).toBe(true);
  });

  it('without the peer a setup that is too old is not used', async () => {
    const { town } = await metTown();
    town.disconnect(1, 2);
    town.jump(MAX_AGE);
    expect(town.pairEpoch(1, 2)).toBeUndefined();
    expect(await town.node(1).pairs.ready(town.key.epochId, [], 0)).toBe(true);
  });
});
