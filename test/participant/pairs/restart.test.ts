/** Two processes meet, part, restart and sign at once (docs/protocol.md p.6, i.3 25, 26, 36). */
import { describe, expect, it } from 'vitest';
import { parseEnvelope } from '../../../protocol/threshold/rounds/envelope.ts';
import { Town } from './town.ts';

const round = (envelope: Uint8Array): number => parseEnvelope(envelope)?.round ?? 0;

describe('two nodes that meet', () => {
  it('make one setup and both hold it ready; a session uses it', async () => {
    const town = await Town.of(2);
    town.connect(1, 2);
    await town.until(() => town.state(1, 2) === 'ready' && town.state(2, 1) === 'ready');
    expect(town.clock.time).toBe(0);
    expect(town.pairEpoch(1, 2)).toBe(town.pairEpoch(2, 1));
    expect(town.said.filter((line) => line.endsWith('PS2'))).toEqual(['1>2 PS2']);
    expect(await town.sign('first', [1, 2])).toEqual(['signed', 'signed']);
  });

  it('after a connection that broke the setup stays, unless the peer has lost it', async () => {
    const town = await Town.of(2);
    town.connect(1, 2);
    await town.quiet();
    const before = town.pairEpoch(1, 2);
    town.disconnect(1, 2);
    expect(town.state(1, 2)).toBe('none');
    town.connect(2, 1);
    await town.pass(1_000);
    expect([town.pairEpoch(1, 2), town.pairEpoch(2, 1)]).toEqual([before, before]);
    expect(town.said.filter((line) => line.endsWith('PS2'))).toHaveLength(1);
  });
});

describe('a node is killed and signs as soon as it is back', () => {
  for (const killed of [1, 2]) {
    for (const order of [
      [1, 2],
      [2, 1],
    ]) {
      it(`node ${killed} restarts, ${order.join(' before ')} connects and begins: signed, not INCONSISTENT`, async () => {
        const town = await Town.of(2);
        town.connect(1, 2);
        await town.quiet();
        const before = town.pairEpoch(1, 2);
        await town.restart(killed);
        const [first = 0, second = 0] = order;
        town.connect(first, second);
        expect(await town.sign('after', order)).toEqual(['signed', 'signed']);
        // The setup of the process that is gone was not used.
        expect(town.pairEpoch(1, 2)).not.toBe(before);
        expect(town.pairEpoch(1, 2)).toBe(town.pairEpoch(2, 1));
        expect(town.said.filter((line) => line.endsWith('PS2'))).toHaveLength(2);
      });
    }
  }

  for (const killed of [1, 2]) {
    it(`node ${killed} killed at every step of a run (25): a second run heals it, and nobody is blamed`, async () => {
      for (const [from, step] of [
        [1, 2],
        [2, 3],
        [1, 4],
        [1, 6],
      ] as const) {
        const town = await Town.of(2);
        let isDead = false;
        // Once this message has left nothing arrives at the killed side or leaves it.
        town.wire = (sender, to, frame) => {
          const isCut = isDead && (sender === killed || to === killed);
          if (frame.kind === 'round' && sender === from && round(frame.envelope) === step) isDead = true;
          return isCut ? undefined : frame;
        };
        town.connect(1, 2);
        await town.quiet();
        town.wire = (_from, _to, frame) => frame;
        await town.restart(killed);
        town.connect(2, 1);
        const endings = await town.sign('healed', [2, 1]);
        expect(endings, `${killed} killed after PS${step} of ${from}`).toEqual(['signed', 'signed']);
        for (const index of [1, 2]) {
          const { pairs } = town.journal(index).state;
          expect([pairs.failCount(town.key.epochId, 3 - index), pairs.banCount(town.key.epochId, 3 - index)]).toEqual([
            0, 0,
          ]);
        }
      }
    });
  }
});

describe('two views of one pair', () => {
  it('a run that one side has left behind is not used by the other (its PACK never came)', async () => {
    const town = await Town.of(2);
    // Node 1 never hears PS5 and PS6: node 2 is PREPARED alone.
    town.wire = (from, _to, frame) =>
      frame.kind === 'round' && from === 2 && round(frame.envelope) >= 5 ? undefined : frame;
    town.connect(1, 2);
    await town.quiet();
    expect([town.state(1, 2), town.state(2, 1)]).toEqual(['making', 'none']);
    const left = town.pairEpoch(2, 1);
    expect(left).toBeDefined();
    town.wire = (_from, _to, frame) => frame;
    expect(await town.sign('later', [2, 1])).toEqual(['signed', 'signed']);
    expect(town.pairEpoch(2, 1)).not.toBe(left);
  });

  it('a lost PACK: an OTE that names the setup makes it ACTIVE', async () => {
    const town = await Town.of(2);
    let lost = 0;
    town.wire = (from, _to, frame) => {
      if (frame.kind !== 'round' || from !== 2 || round(frame.envelope) !== 6) return frame;
      lost += 1;
      return undefined;
    };
    town.connect(1, 2);
    await town.quiet();
    const { store } = town.node(1).pairs;
    const { epochId } = town.key;
    expect([lost, store.isReady(epochId, 2, 0), store.has(epochId, 2, 0)]).toEqual([1, false, true]);
    const lease = store.lease(epochId, 2, 0);
    expect(store.activate(epochId, 2, lease?.setup.pairEpoch ?? new Uint8Array(0), 0)).toBe(true);
    expect(store.isReady(epochId, 2, 0)).toBe(true);
  });

  it('an OTE that names an unknown setup (36): INCONSISTENT before C1, nobody banned, a new setup, then signed', async () => {
    const town = await Town.of(2);
    town.connect(1, 2);
    await town.quiet();
    const before = town.pairEpoch(1, 2);
    // As if node 1 had been replaced behind the back of node 2: it has another setup than the one node 2 will name.
    const { store } = town.node(1).pairs;
    const other = await Town.of(2);
    other.connect(1, 2);
    await other.quiet();
    const strange = other.node(1).pairs.store.lease(other.key.epochId, 2, 0)?.setup;
    if (strange === undefined) throw new Error('no setup');
    store.overwrite(town.key.epochId, 2);
    store.prepare({ setup: strange, pack: new Uint8Array(0), active: true }, 0);
    expect(await town.sign('crossed', [1, 2])).toContain('INCONSISTENT pairEpoch');
    for (const index of [1, 2]) expect(town.journal(index).state.pairs.banCount(town.key.epochId, 3 - index)).toBe(0);
    await town.until(() => town.state(1, 2) === 'ready' && town.state(2, 1) === 'ready');
    expect(town.pairEpoch(1, 2)).not.toBe(before);
    expect(await town.sign('again', [1, 2])).toEqual(['signed', 'signed']);
  });

  it('a PS1 of an old run said again by the peer costs an answer, and the setup in use stays', async () => {
    const town = await Town.of(2);
    const hellos: Uint8Array[] = [];
    town.wire = (from, _to, frame) => {
      if (frame.kind === 'round' && from === 1 && round(frame.envelope) === 1) hellos.push(frame.envelope);
      return frame;
    };
    town.connect(1, 2);
    await town.quiet();
    const before = town.pairEpoch(2, 1);
    const [hello] = hellos;
    if (hello === undefined) throw new Error('no PS1');
    town.deliver(2, 1, { kind: 'round', envelope: hello });
    await town.quiet();
    expect(town.pairEpoch(2, 1)).toBe(before);
    expect(town.said.filter((line) => line === '1>2 PS2')).toHaveLength(1);
  });

  it('the higher index asks while the lower one still waits for its PACK: one new run, not two', async () => {
    const town = await Town.of(2);
    town.connect(1, 2);
    await town.quiet();
    await town.restart(2);
    const slow: [number, number, Parameters<Town['deliver']>[2]][] = [];
    // PS5 of node 2 is held up until after node 1 would have given up waiting for a PACK.
    town.wire = (from, to, frame) => {
      if (frame.kind !== 'round' || from !== 2 || round(frame.envelope) !== 5) return frame;
      slow.push([to, from, frame]);
      return undefined;
    };
    town.connect(1, 2);
    void town.node(2).pairs.ready(town.key.epochId, [1], 60_000);
    await town.quiet();
    expect(slow).toHaveLength(1);
    await town.pass(1_000);
    expect(slow).toHaveLength(1);
    town.wire = (_from, _to, frame) => frame;
    for (const [to, from, frame] of slow) town.deliver(to, from, frame);
    expect(await town.sign('held up', [2, 1])).toEqual(['signed', 'signed']);
    expect(town.said.filter((line) => line === '1>2 PS2')).toHaveLength(2);
  });
});
