import { afterEach, describe, expect, it } from 'vitest';
import { keyOf, type LinkProcess, LinkProcesses } from './support/link-process.ts';

const processes = new LinkProcesses();
afterEach(() => processes.end());

/** Node 1 listens and lists node 2; node 2 dials it, set up in another way. */
async function meet(options: Readonly<Record<string, unknown>>, number = 2): Promise<[LinkProcess, LinkProcess]> {
  const one = processes.node(1, { peers: [{ key: keyOf(2), addresses: [] }] });
  const peers = [{ key: keyOf(1), addresses: await one.ready() }];
  const other = processes.node(number, { listen: [], peers, ...options });
  await other.ready();
  return [one, other];
}

function peerEvents(...nodes: LinkProcess[]): number {
  return nodes.flatMap(({ events }) => events).filter(({ event }) => event === 'peer').length;
}

describe('a node refuses', () => {
  it('a peer that is not in its list', async () => {
    const [one, other] = await meet({}, 3);
    await one.waitForLog('PEER_UNLISTED');
    await other.waitFor('its end', ({ code }) => code === 'DIAL_FAILED' || code === 'PEER_CLOSED');
    expect(peerEvents(one, other)).toBe(0);
  });

  it('a peer with another network key', async () => {
    const [one, other] = await meet({ networkKey: '00'.repeat(32) });
    await Promise.all([one.waitForLog('INBOUND_FAILED'), other.waitForLog('DIAL_FAILED')]);
    expect(peerEvents(one, other)).toBe(0);
  });

  it('a peer of another network, and both are told', async () => {
    const [one, other] = await meet({ network: 'aa'.repeat(32) });
    const [ours, theirs] = await Promise.all([one.waitForLog('WRONG_NETWORK'), other.waitForLog('WRONG_NETWORK')]);
    expect([ours['detail'], theirs['detail']]).toEqual([
      expect.stringContaining('aa'.repeat(32)),
      expect.stringContaining('2e'.repeat(32)),
    ]);
    expect(peerEvents(one, other)).toBe(0);
  });

  it('another identity at the address of a peer', async () => {
    const one = processes.node(1);
    const other = processes.node(2, { peers: [{ key: keyOf(3), addresses: await one.ready() }], listen: [] });
    await other.waitForLog('DIAL_FAILED');
    expect(peerEvents(one, other)).toBe(0);
  });

  it('keys and addresses it cannot use', async () => {
    const { openLink } = await import('../../proto/link/node.ts');
    const options = {
      transportSeed: new Uint8Array(32),
      listen: [],
      peers: [],
      networkKey: new Uint8Array(32),
      hello: { network: new Uint8Array(32), software: 'test' },
      onFrame: () => {},
      onPeer: () => {},
      log: () => {},
    };
    await expect(openLink({ ...options, transportSeed: new Uint8Array(31) })).rejects.toMatchObject({
      code: 'KEY_INVALID',
    });
    await expect(openLink({ ...options, networkKey: new Uint8Array(33) })).rejects.toMatchObject({
      code: 'KEY_INVALID',
    });
    const hello = { network: new Uint8Array(31), software: 'test' };
    await expect(openLink({ ...options, hello })).rejects.toMatchObject({ code: 'FRAME_OUT_OF_RANGE' });
    const listen = ['/ip4/203.0.113.1/tcp/4100'];
    await expect(openLink({ ...options, listen })).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
  });
});
