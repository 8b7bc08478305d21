import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeFrame } from '../../proto/codec.ts';
import { frameBytes } from '../../proto/framing.ts';
import { QUEUE_BYTES } from '../../proto/limits.ts';
import { keyOf, type LinkProcess, LinkProcesses } from './support/link-process.ts';

const processes = new LinkProcesses();
const MiB = 1024 * 1024;
/** Members 10 to 49 are listed by node 1 and have no address. Each test takes another one, so that none is held back. */
const MEMBERS = Array.from({ length: 40 }, (_, index) => 10 + index);
const numbers = MEMBERS.values();

let one: LinkProcess;
let two: LinkProcess;
let address: string;

beforeAll(async () => {
  const [first, second] = await processes.mesh(2);
  if (first === undefined || second === undefined) throw new Error('no nodes');
  [one, two] = [first, second];
  const members = MEMBERS.map((number) => ({ key: keyOf(number), addresses: [] as string[] }));
  await one.run('peers', { peers: [{ key: keyOf(2), addresses: await two.ready() }, ...members] });
  address = (await one.ready())[0] ?? '';
});

afterAll(() => processes.end());

interface Attacker {
  readonly process: LinkProcess;
  readonly key: string;
}

function attack(name: string, options: Readonly<Record<string, unknown>> = {}): Attacker {
  const number = numbers.next().value ?? 0;
  const target = { target: address, targetKey: keyOf(1), limit: 64 * MiB };
  return { process: processes.hostile(number, { ...target, attack: name, ...options }), key: keyOf(number) };
}

const isOver = ({ event }: { readonly event: string }): boolean => event === 'over';
const isCut = ({ event }: { readonly event: string }): boolean => event === 'cut' || event === 'over';

/** The honest session has not been touched, and still works. */
async function expectUnharmed(): Promise<void> {
  expect((await two.run('ask', { to: keyOf(1), count: 20 })).event).toBe('done');
  expect(two.events.filter(({ event }) => event === 'peer')).toHaveLength(1);
  expect(one.events.filter(({ event, peer }) => event === 'peer' && peer === keyOf(2))).toHaveLength(1);
}

describe('a stranger', () => {
  it.each(['garbage', 'varint', 'slow'])('does not stop two nodes with %s', async (name) => {
    const strangers = [1, 2, 3].map(() => attack(name, { networkKey: '00'.repeat(32) }));
    const asked = two.run('ask', { to: keyOf(1), count: 200 });
    const ends = await Promise.all(strangers.map(({ process }) => process.waitFor('its end', isOver)));
    for (const { written } of ends) expect(written).toBeLessThan(16 * MiB);
    expect((await asked).event).toBe('done');
    // Under the wrong key anything may come out; it is never a name.
    await one.waitFor('a refusal', ({ code }) => /^(?:INBOUND_FAILED|NEGOTIATION_[A-Z]+)$/.test(String(code)));
    await expectUnharmed();
  });

  it('does not keep peers out with sockets that say nothing', async () => {
    const { process } = attack('idle');
    await process.waitFor('its sockets', ({ event }) => event === 'idle');
    const number = numbers.next().value ?? 0;
    const late = processes.node(number, { listen: [], peers: [{ key: keyOf(1), addresses: [address] }] });
    await late.waitForPeer(keyOf(1), 'up');
    await process.waitFor('its end', isOver);
    await expectUnharmed();
  });
});

describe('a member', () => {
  it.each([
    ['keyed-varint', 'NEGOTIATION_LENGTH'],
    ['keyed-names', 'NEGOTIATION_NAMES'],
  ])('does not stop two nodes with %s before it has proved who it is: %s', async (name, code) => {
    const members = [attack(name), attack(name)];
    const asked = two.run('ask', { to: keyOf(1), count: 200 });
    // Cut off at the first bytes that break the rule, not by a timeout.
    await one.waitForLog(code);
    await Promise.all(members.map(({ process }) => process.waitFor('its end', isOver)));
    expect((await asked).event).toBe('done');
    await expectUnharmed();
  });

  it('does not stop two nodes by sending faster than it may', async () => {
    const members = [attack('keyed-fast'), attack('keyed-fast')];
    const asked = two.run('ask', { to: keyOf(1), count: 200 });
    const ends = await Promise.all(members.map(({ process }) => process.waitFor('its end', isOver)));
    for (const { written } of ends) expect(written).toBeLessThan(16 * MiB);
    expect((await asked).event).toBe('done');
    await expectUnharmed();
  });

  it.each([
    ['mux-oversize', 'MUXER_OVERSIZE'],
    ['mux-pings', 'MUXER_FLOOD'],
    ['mux-streams', 'MUXER_FLOOD'],
    ['version', 'VERSION_UNSUPPORTED'],
    ['foreign-ack', 'ACK_WRONG'],
    ['stream-varint', 'FRAME_TOO_LARGE'],
  ])('loses its own session by %s, with %s', async (name, code) => {
    const before = one.events.length;
    const member = attack(name);
    await one.waitForLog(code, before);
    await member.process.waitFor('its end', isCut);
    await expectUnharmed();
  });

  it.each<[string, string, Uint8Array]>([
    ['a frame beyond its cap', 'FRAME_TOO_LARGE', Uint8Array.of(0, 16, 0, 0, 0x22)],
    ['a claim of 4 GiB', 'FRAME_TOO_LARGE', Uint8Array.of(255, 255, 255, 255)],
    ['an empty frame', 'FRAME_EMPTY', new Uint8Array(4)],
    ['a frame of no kind', 'FRAME_UNKNOWN_KIND', Uint8Array.of(0, 0, 0, 2, 0x7a, 0)],
    ['a second HELLO', 'FRAME_UNKNOWN_KIND', Uint8Array.of(0, 0, 0, 2, 0x0a, 0)],
    ['a second ACK', 'FRAME_UNEXPECTED', frameBytes(encodeFrame({ kind: 'ack', nonce: new Uint8Array(32) }))],
    ['a malformed frame', 'FRAME_MALFORMED', Uint8Array.of(0, 0, 0, 3, 0x22, 7, 1)],
    ['a frame written another way', 'FRAME_NOT_CANONICAL', Uint8Array.of(0, 0, 0, 7, 0x22, 5, 0x0a, 0x82, 0, 1, 1)],
  ])('loses its own session by %s', async (_name, code, bytes) => {
    const before = one.events.length;
    const { process, key } = attack('raw', { bytes: Buffer.from(bytes).toString('hex') });
    await one.waitForPeer(key, 'up', before);
    await one.waitForLog(code, before);
    await one.waitForPeer(key, 'down', before);
    await process.waitFor('being cut', isCut);
    await expectUnharmed();
  });

  it.each<[string, string, Uint8Array]>([
    ['a statement', 'FRAME_UNKNOWN_KIND', frameBytes(encodeFrame({ kind: 'statement', envelope: Uint8Array.of(1) }))],
    ['5 KiB', 'FRAME_TOO_LARGE', Uint8Array.of(0, 0, 20, 0)],
  ])('is never up when it begins with %s', async (_name, code, bytes) => {
    const before = one.events.length;
    const { key } = attack('raw-first', { bytes: Buffer.from(bytes).toString('hex') });
    await one.waitForLog(code, before);
    expect(one.events.some(({ event, peer }) => event === 'peer' && peer === key)).toBe(false);
    await expectUnharmed();
  });

  it('that never reads costs a bounded amount of memory', async () => {
    const { process, key } = attack('deaf');
    await one.waitForPeer(key, 'up');
    await process.waitFor('silence', ({ event }) => event === 'deaf');
    const before = Number((await one.run('memory'))['used']);
    const flood = one.run('flood', { to: key, kind: 'document', count: 400, length: MiB - 16 });
    await one.waitFor('400 MiB offered', ({ event }) => event === 'flooded');
    const after = Number((await one.run('memory'))['used']);
    expect(after - before).toBeLessThan(QUEUE_BYTES + 16 * MiB);
    await expectUnharmed();
    // It is given up in the end, and whoever waits is told.
    const codes = (await flood)['codes'] as Readonly<Record<string, number>>;
    expect(codes['QUEUE_FULL']).toBeGreaterThan(300);
    expect(Object.values(codes).reduce((sum, count) => sum + count, 0)).toBe(400);
  });
});
