import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '../../proto/errors.ts';
import { Deframer, type FrameCaps, frameBytes } from '../../proto/framing.ts';

const caps = (total: number, ofKind: (firstByte: number) => number = () => total): FrameCaps => ({ total, ofKind });

function drain(deframer: Deframer): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (;;) {
    const cut = deframer.next();
    if (!cut.ok) throw cut.error;
    if (cut.value === undefined) return frames;
    frames.push(cut.value);
  }
}

function errorOf(deframer: Deframer): string {
  try {
    drain(deframer);
  } catch (error) {
    if (error instanceof WireError) return error.code;
  }
  return 'NOTHING_REFUSED';
}

describe('frameBytes', () => {
  it('puts a big-endian length in front', () => {
    expect([...frameBytes(new Uint8Array(258))].slice(0, 5)).toEqual([0, 0, 1, 2, 0]);
  });

  it('refuses an empty frame', () => {
    expect(() => frameBytes(new Uint8Array())).toThrow(WireError);
  });
});

describe('Deframer', () => {
  it('cuts frames out of chunks of any size', () => {
    const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 9000 }), { maxLength: 6 });
    fc.assert(
      fc.property(frames, fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1 }), (sent, sizes) => {
        const stream = Buffer.concat(sent.map(frameBytes));
        const deframer = new Deframer(caps(9000));
        const received: Uint8Array[] = [];
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          deframer.feed(new Uint8Array(stream.subarray(at, at + size)));
          at += size;
          received.push(...drain(deframer));
        }
        expect(received).toEqual(sent);
        expect(deframer.waiting).toBe(0);
      }),
    );
  });

  it('takes one byte at a time', () => {
    const deframer = new Deframer(caps(100_000));
    const frame = Uint8Array.from({ length: 70_000 }, (_, index) => index);
    const received: Uint8Array[] = [];
    for (const byte of frameBytes(frame)) {
      deframer.feed(Uint8Array.of(byte));
      received.push(...drain(deframer));
    }
    expect(received).toEqual([frame]);
  });

  it('gives frames memory of their own', () => {
    const deframer = new Deframer(caps(10));
    const chunk = frameBytes(Uint8Array.of(1, 2, 3));
    deframer.feed(chunk);
    const [frame] = drain(deframer);
    chunk.fill(0);
    expect(frame).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('refuses a length of zero', () => {
    const deframer = new Deframer(caps(10));
    deframer.feed(new Uint8Array(4));
    expect(errorOf(deframer)).toBe('FRAME_EMPTY');
  });

  it.each([
    [11, 'just above'],
    [0xffffffff, '4 GiB'],
    [0x80808080, 'bytes 0x80'],
  ])('refuses a claim of %i (%s) on its four bytes alone', (length) => {
    const deframer = new Deframer(caps(10));
    const head = new Uint8Array(4);
    new DataView(head.buffer).setUint32(0, length);
    deframer.feed(head);
    expect(errorOf(deframer)).toBe('FRAME_TOO_LARGE');
  });

  it('refuses by the first byte before it keeps a second one', () => {
    const byKind = caps(1000, (firstByte) => (firstByte === 1 ? 1000 : firstByte === 2 ? 5 : 0));
    const unknown = new Deframer(byKind);
    unknown.feed(Uint8Array.of(0, 0, 0, 9, 7));
    expect(errorOf(unknown)).toBe('FRAME_UNKNOWN_KIND');
    const large = new Deframer(byKind);
    large.feed(Uint8Array.of(0, 0, 0, 6, 2));
    expect(errorOf(large)).toBe('FRAME_TOO_LARGE');
    const allowed = new Deframer(byKind);
    allowed.feed(Uint8Array.of(0, 0, 0, 5, 2, 0, 0, 0, 0));
    expect(drain(allowed)).toHaveLength(1);
  });

  it('applies new caps to what was fed before them and not yet read', () => {
    const deframer = new Deframer(caps(3));
    deframer.feed(frameBytes(Uint8Array.of(1, 2, 3)));
    deframer.feed(frameBytes(new Uint8Array(50)));
    expect(deframer.next()).toEqual({ ok: true, value: Uint8Array.of(1, 2, 3) });
    deframer.setCaps(caps(50));
    expect(deframer.next()).toEqual({ ok: true, value: new Uint8Array(50) });
  });

  it('stays refused, and keeps nothing of what follows', () => {
    const deframer = new Deframer(caps(3));
    deframer.feed(frameBytes(new Uint8Array(4)));
    expect(errorOf(deframer)).toBe('FRAME_TOO_LARGE');
    deframer.feed(frameBytes(Uint8Array.of(1)));
    expect(deframer.waiting).toBe(0);
    expect(errorOf(deframer)).toBe('FRAME_TOO_LARGE');
  });
});
