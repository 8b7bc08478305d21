import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WireError } from '../../proto/errors.ts';
import { QUEUE_BYTES, QUEUE_FRAMES, SEND_WAIT_MS } from '../../proto/limits.ts';
import { Outbound } from '../../proto/link/outbound.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const codeOf = (sent: Promise<void>): Promise<string> =>
  sent.then(
    () => 'TAKEN',
    (error: unknown) => (error instanceof WireError ? error.code : 'NOT_A_WIRE_ERROR'),
  );

/** A session that takes frames when it is told to. */
class Session {
  readonly written: number[] = [];
  readonly #open: (() => void)[] = [];
  isBroken = false;

  readonly write = async (framed: Uint8Array): Promise<void> => {
    if (this.isBroken) throw new WireError('PEER_LOST', 'broken');
    this.written.push(framed[0] ?? -1);
    await new Promise<void>((resolve) => {
      this.#open.push(resolve);
    });
  };

  take(): void {
    this.#open.shift()?.();
  }
}

async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

describe('Outbound', () => {
  it('keeps frames for a session that comes in time, in order, one at a time', async () => {
    const outbound = new Outbound();
    const codes = [1, 2, 3].map((number) => codeOf(outbound.push(Uint8Array.of(number))));
    await vi.advanceTimersByTimeAsync(SEND_WAIT_MS - 1);
    const session = new Session();
    outbound.attach(session.write);
    expect(outbound.isIdle).toBe(false);
    for (const expected of [[1], [1, 2], [1, 2, 3]]) {
      await settle();
      expect(session.written).toEqual(expected);
      session.take();
    }
    expect(await Promise.all(codes)).toEqual(['TAKEN', 'TAKEN', 'TAKEN']);
    await settle();
    expect(outbound.isIdle).toBe(true);
  });

  it('gives up each frame after its own time', async () => {
    const outbound = new Outbound();
    const first = codeOf(outbound.push(Uint8Array.of(1)));
    await vi.advanceTimersByTimeAsync(SEND_WAIT_MS / 2);
    const second = codeOf(outbound.push(Uint8Array.of(2)));
    await vi.advanceTimersByTimeAsync(SEND_WAIT_MS / 2 + 2);
    expect(await first).toBe('PEER_UNREACHABLE');
    const session = new Session();
    outbound.attach(session.write);
    await settle();
    session.take();
    expect([await second, session.written]).toEqual(['TAKEN', [2]]);
  });

  it('does not write a frame twice: what was begun is lost with its session, the rest waits for the next', async () => {
    const outbound = new Outbound();
    const broken = new Session();
    broken.isBroken = true;
    outbound.attach(broken.write);
    const codes = [1, 2].map((number) => codeOf(outbound.push(Uint8Array.of(number))));
    await settle();
    outbound.detach();
    const session = new Session();
    outbound.attach(session.write);
    await settle();
    session.take();
    expect(await Promise.all(codes)).toEqual(['PEER_LOST', 'TAKEN']);
    expect(session.written).toEqual([2]);
  });

  it('is bounded in frames and in bytes', async () => {
    const frames = new Outbound();
    const kept = Array.from({ length: QUEUE_FRAMES }, () => codeOf(frames.push(Uint8Array.of(1))));
    expect(await codeOf(frames.push(Uint8Array.of(1)))).toBe('QUEUE_FULL');
    const bytes = new Outbound();
    kept.push(codeOf(bytes.push(new Uint8Array(QUEUE_BYTES))));
    expect(await codeOf(bytes.push(Uint8Array.of(1)))).toBe('QUEUE_FULL');
    const closed = new WireError('LINK_CLOSED', 'closed');
    frames.close(closed);
    bytes.close(closed);
    expect(new Set(await Promise.all(kept))).toEqual(new Set(['LINK_CLOSED']));
    expect(await codeOf(frames.push(Uint8Array.of(1)))).toBe('LINK_CLOSED');
  });
});
