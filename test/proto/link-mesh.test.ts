import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { keyOf, LinkProcesses } from './support/link-process.ts';

const processes = new LinkProcesses();
afterEach(() => processes.end());

const MiB = 1024 * 1024;

function sha256(number: number, length: number): string {
  const content = Buffer.alloc(length, number & 0xff);
  content.writeUInt32BE(number);
  return createHash('sha256').update(content).digest('hex');
}

describe('nodes in processes of their own', () => {
  it('carries large documents both ways, whole', async () => {
    const [one, two] = await processes.mesh(3);
    if (one === undefined || two === undefined) throw new Error('no nodes');
    const length = MiB - 16;
    const sent = await Promise.all([
      one.run('send', { to: keyOf(2), kind: 'document', count: 5, length }),
      two.run('send', { to: keyOf(1), kind: 'document', count: 5, length, first: 100 }),
    ]);
    expect(sent.map(({ event }) => event)).toEqual(['done', 'done']);
    for (const [node, first] of [
      [two, 0],
      [one, 100],
    ] as const) {
      const last = sha256(first + 4, length);
      await node.waitFor('the last document', ({ digest }) => digest === last);
      const digests = node.events.filter(({ event }) => event === 'frame').map(({ digest }) => digest);
      expect(digests).toEqual([0, 1, 2, 3, 4].map((number) => sha256(first + number, length)));
    }
  });

  it('keeps the order of frames of all sizes, also when the reader is slow', async () => {
    const [one, two] = await processes.mesh(2);
    if (one === undefined || two === undefined) throw new Error('no nodes');
    await two.run('slow', { milliseconds: 1 });
    const rounds = one.run('send', { to: keyOf(2), kind: 'round', count: 300, length: 40_000 });
    const statements = one.run('flood', { to: keyOf(2), kind: 'statement', count: 300, length: 600 });
    expect([(await rounds).event, (await statements)['codes']]).toEqual(['done', { TAKEN: 300 }]);
    const frames = (): (readonly [unknown, unknown])[] =>
      two.events.filter(({ event }) => event === 'frame').map(({ kind, tag }) => [kind, tag] as const);
    await two.waitFor('all frames', () => frames().length === 600);
    for (const wanted of ['round', 'statement']) {
      const tags = frames()
        .filter(([kind]) => kind === wanted)
        .map(([, tag]) => Number.parseInt(String(tag), 16));
      expect(tags).toEqual(Array.from({ length: 300 }, (_, number) => number));
    }
  });

  it('finds a peer again that was killed and started anew', async () => {
    const [one, two, three] = await processes.mesh(3);
    if (one === undefined || two === undefined || three === undefined) throw new Error('no nodes');
    const [address] = await two.ready();
    two.signal('SIGKILL');
    await Promise.all([one, three].map((node) => node.waitForPeer(keyOf(2), 'down')));
    const before = [one.events.length, three.events.length];
    const peers = [
      { key: keyOf(1), addresses: await one.ready() },
      { key: keyOf(3), addresses: await three.ready() },
    ];
    const again = processes.node(2, { listen: [address], peers });
    await Promise.all([one, three].map((node, at) => node.waitForPeer(keyOf(2), 'up', before[at])));
    for (const node of [one, three]) {
      expect((await node.run('send', { to: keyOf(2), kind: 'statement', count: 1, length: 10 })).event).toBe('done');
    }
    await again.waitFor('both frames', () => again.events.filter(({ event }) => event === 'frame').length === 2);
  });

  it('is not told of frames that cannot be sent', async () => {
    const one = processes.node(1, { peers: [{ key: keyOf(2), addresses: ['/ip4/127.0.0.1/tcp/9'] }] });
    await one.ready();
    const send = (to: number): Promise<unknown> =>
      one.run('send', { to: keyOf(to), kind: 'statement', count: 1, length: 10 }).then(({ code }) => code);
    expect(await Promise.all([send(2), send(3)])).toEqual(['PEER_UNREACHABLE', 'PEER_UNKNOWN']);
  });

  it('connects to peers that have no address, and nobody twice', async () => {
    const [low, high] = keyOf(1) < keyOf(2) ? [1, 2] : [2, 1];
    for (const dialler of [low, high]) {
      const other = dialler === low ? high : low;
      const listening = processes.node(other, { peers: [{ key: keyOf(dialler), addresses: [] }] });
      const addresses = await listening.ready();
      const dialling = processes.node(dialler, { listen: [], peers: [{ key: keyOf(other), addresses }] });
      await Promise.all([listening.waitForPeer(keyOf(dialler), 'up'), dialling.waitForPeer(keyOf(other), 'up')]);
      await dialling.run('send', { to: keyOf(other), kind: 'statement', count: 1, length: 10 });
      await listening.waitFor('a frame', ({ event }) => event === 'frame');
      const changes = [listening, dialling].map((node) => node.events.filter(({ event }) => event === 'peer').length);
      expect(changes).toEqual([1, 1]);
      await processes.end();
    }
  });

  it('gives up a peer that has stopped without closing, and takes it back', async () => {
    const [one, two] = await processes.mesh(2);
    if (one === undefined || two === undefined) throw new Error('no nodes');
    two.signal('SIGSTOP');
    await one.waitForPeer(keyOf(2), 'down');
    const before = one.events.length;
    two.signal('SIGCONT');
    await one.waitForPeer(keyOf(2), 'up', before);
    expect(one.events.some((event) => event['code'] === 'PEER_SILENT')).toBe(true);
  });

  it('ends sessions with peers that leave the list, and stops cleanly', async () => {
    const [one, two, three] = await processes.mesh(3);
    if (one === undefined || two === undefined || three === undefined) throw new Error('no nodes');
    await one.run('peers', { peers: [{ key: keyOf(3), addresses: await three.ready() }] });
    await Promise.all([one.waitForPeer(keyOf(2), 'down'), two.waitForPeer(keyOf(1), 'down')]);
    expect((await one.run('stats'))['connected']).toEqual([keyOf(3)]);
    expect((await one.run('stop')).event).toBe('done');
    await three.waitForPeer(keyOf(1), 'down');
  });
});
