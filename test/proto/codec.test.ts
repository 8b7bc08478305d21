import fc from 'fast-check';
import protobuf from 'protobufjs/minimal.js';
import { describe, expect, it } from 'vitest';
import { CAPS_AFTER_HELLO, CAPS_BEFORE_HELLO, decodeFrame, encodeFrame, type WireFrame } from '../../proto/codec.ts';
import { WireError } from '../../proto/errors.ts';
import { FRAME_BYTES, type FrameKind, WANT_DIGESTS } from '../../proto/limits.ts';

const digest = new Uint8Array(32).fill(7);

const samples: { readonly [K in FrameKind]: WireFrame & { readonly kind: K } } = {
  hello: { kind: 'hello', version: 1, network: digest, software: 'keymoot 0.1.0', nonce: digest },
  ack: { kind: 'ack', nonce: digest },
  beat: { kind: 'beat' },
  statement: { kind: 'statement', envelope: Uint8Array.of(1, 2, 3) },
  document: { kind: 'document', content: Uint8Array.of(4) },
  round: { kind: 'round', envelope: Uint8Array.of(5, 6) },
  transcript: { kind: 'transcript', ceremony: digest, entries: Uint8Array.of(8, 9) },
  want: { kind: 'want', digests: [digest, new Uint8Array(32)] },
  progress: { kind: 'progress', ceremony: digest, party: 255, stage: 'keygen/round-3', step: 0, steps: 4 },
};

const digests = fc.uint8Array({ minLength: 32, maxLength: 32 });
const content = fc.uint8Array({ minLength: 1, maxLength: 300 });
const ascii = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map(String.fromCharCode),
  minLength: 1,
  maxLength: 64,
});
const frames: fc.Arbitrary<WireFrame> = fc.oneof(
  fc.record({
    kind: fc.constant('hello' as const),
    version: fc.integer({ min: 1, max: 0xffffffff }),
    network: digests,
    software: ascii,
    nonce: digests,
  }),
  fc.record({ kind: fc.constant('ack' as const), nonce: digests }),
  fc.constant({ kind: 'beat' as const }),
  fc.record({ kind: fc.constant('statement' as const), envelope: content }),
  fc.record({ kind: fc.constant('document' as const), content }),
  fc.record({ kind: fc.constant('round' as const), envelope: content }),
  fc.record({ kind: fc.constant('transcript' as const), ceremony: digests, entries: content }),
  fc.record({ kind: fc.constant('want' as const), digests: fc.array(digests, { minLength: 1, maxLength: 5 }) }),
  fc
    .record({
      ceremony: digests,
      party: fc.integer({ min: 1, max: 255 }),
      stage: ascii,
      steps: fc.integer({ min: 1, max: 0xffffffff }),
    })
    .chain((fixed) => fc.nat(fixed.steps).map((step) => ({ kind: 'progress' as const, ...fixed, step }))),
);

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return error instanceof WireError ? error.code : 'NOT_A_WIRE_ERROR';
  }
  return 'NOTHING_THROWN';
}

function refusal(bytes: Uint8Array): string {
  const decoded = decodeFrame(bytes);
  return decoded.ok ? 'ACCEPTED' : decoded.error.code;
}

/** A frame around hand-written body bytes. */
function wrap(field: number, body: Uint8Array): Uint8Array {
  return new Uint8Array(
    protobuf.Writer.create()
      .uint32((field << 3) | 2)
      .bytes(body)
      .finish(),
  );
}

/** A progress body (field 9) of hand-written fields. */
function progress(write: (writer: protobuf.Writer) => protobuf.Writer): Uint8Array {
  return wrap(9, write(protobuf.Writer.create()).finish());
}

const concat = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

describe('encodeFrame', () => {
  it.each(Object.values(samples))('writes $kind and reads it back', (frame) => {
    expect(decodeFrame(encodeFrame(frame))).toEqual({ ok: true, value: frame });
  });

  it('reads back every frame it can write', () => {
    fc.assert(
      fc.property(frames, (frame) => {
        expect(decodeFrame(encodeFrame(frame))).toEqual({ ok: true, value: frame });
      }),
    );
  });

  it('writes a statement in these bytes', () => {
    expect([...encodeFrame(samples.statement)]).toEqual([0x22, 5, 0x0a, 3, 1, 2, 3]);
  });

  it.each([
    ['a negative integer', -1],
    ['a fraction', 1.5],
    ['2^32', 2 ** 32],
    ['2^40', 2 ** 40],
    ['2^53 + 1', 2 ** 53 + 1],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a numeric string', '3' as unknown as number],
    ['a BigInt', 3n as unknown as number],
  ])('refuses %s instead of coercing it', (_name, value) => {
    const broken = { ...samples.progress, steps: value };
    expect(codeOf(() => encodeFrame(broken))).toBe('FRAME_OUT_OF_RANGE');
    expect(codeOf(() => encodeFrame({ ...samples.hello, version: value }))).toBe('FRAME_OUT_OF_RANGE');
  });

  it.each<[string, WireFrame]>([
    ['party 0', { ...samples.progress, party: 0 }],
    ['party 256', { ...samples.progress, party: 256 }],
    ['a step beyond the steps', { ...samples.progress, step: 5 }],
    ['an empty stage', { ...samples.progress, stage: '' }],
    ['a long stage', { ...samples.progress, stage: 'x'.repeat(65) }],
    ['a line break', { ...samples.progress, stage: 'a\nb' }],
    ['text that is not ASCII', { ...samples.hello, software: 'kéymoot' }],
    ['a lone surrogate', { ...samples.hello, software: '\ud800' }],
    ['a short digest', { ...samples.want, digests: [new Uint8Array(31)] }],
    ['no digests', { ...samples.want, digests: [] }],
    ['too many digests', { ...samples.want, digests: Array.from({ length: WANT_DIGESTS + 1 }, () => digest) }],
    ['an empty envelope', { ...samples.statement, envelope: new Uint8Array() }],
    ['text as bytes', { ...samples.document, content: 'AAAA' as unknown as Uint8Array }],
    ['a list as bytes', { ...samples.document, content: [1, 2] as unknown as Uint8Array }],
    ['an unknown kind', { kind: 'gossip' } as unknown as WireFrame],
  ])('refuses %s', (_name, frame) => {
    expect(codeOf(() => encodeFrame(frame))).toBe('FRAME_OUT_OF_RANGE');
  });

  it('fills each kind up to its limit and not beyond', () => {
    const room = FRAME_BYTES.statement - 8;
    expect(encodeFrame({ kind: 'statement', envelope: new Uint8Array(room) }).length).toBe(FRAME_BYTES.statement);
    expect(codeOf(() => encodeFrame({ kind: 'statement', envelope: new Uint8Array(room + 1) }))).toBe(
      'FRAME_TOO_LARGE',
    );
    expect(codeOf(() => encodeFrame({ kind: 'round', envelope: new Uint8Array(FRAME_BYTES.round) }))).toBe(
      'FRAME_TOO_LARGE',
    );
  });
});

describe('decodeFrame', () => {
  it('copies: later changes of the input do not show', () => {
    const bytes = encodeFrame(samples.document);
    const decoded = decodeFrame(bytes);
    bytes.fill(0);
    expect(decoded).toEqual({ ok: true, value: samples.document });
  });

  it.each<[string, string, Uint8Array]>([
    ['nothing', 'FRAME_UNKNOWN_KIND', new Uint8Array()],
    ['a field that does not exist', 'FRAME_UNKNOWN_KIND', wrap(15, Uint8Array.of(1))],
    ['a body of the wrong wire type', 'FRAME_UNKNOWN_KIND', Uint8Array.of(0x20, 5)],
    ['a truncated body', 'FRAME_MALFORMED', encodeFrame(samples.statement).subarray(0, 6)],
    ['bytes behind the body', 'FRAME_MALFORMED', concat(encodeFrame(samples.statement), Uint8Array.of(0))],
    ['two bodies', 'FRAME_MALFORMED', concat(encodeFrame(samples.beat), encodeFrame(samples.beat))],
    [
      'a second body of another kind',
      'FRAME_MALFORMED',
      concat(encodeFrame(samples.ack), encodeFrame(samples.statement)),
    ],
    [
      'a length of the body in more bytes than needed',
      'FRAME_NOT_CANONICAL',
      Uint8Array.of(0x22, 0x85, 0, 0x0a, 3, 1, 2, 3),
    ],
    ['an endless length of the body', 'FRAME_MALFORMED', new Uint8Array(64).fill(0x80).fill(0x22, 0, 1)],
    ['a field that claims more than there is', 'FRAME_MALFORMED', wrap(4, Uint8Array.of(0x0a, 0xff, 0xff, 0x7f, 1))],
    ['a group that is never closed', 'FRAME_MALFORMED', wrap(4, Uint8Array.of(0x2b))],
    ['a missing field', 'FRAME_OUT_OF_RANGE', wrap(4, new Uint8Array())],
    [
      'invalid UTF-8',
      'FRAME_MALFORMED',
      progress((w) =>
        w.uint32(10).bytes(digest).uint32(16).uint32(1).uint32(26).bytes(Uint8Array.of(0xff)).uint32(40).uint32(1),
      ),
    ],
    ['a statement beyond its cap', 'FRAME_TOO_LARGE', wrap(4, new Uint8Array(FRAME_BYTES.statement))],
  ])('refuses %s', (_name, code, bytes) => {
    expect(refusal(bytes)).toBe(code);
  });

  const stage = (w: protobuf.Writer): protobuf.Writer => w.uint32(26).string('x');
  const head = (w: protobuf.Writer): protobuf.Writer => w.uint32(10).bytes(digest).uint32(16).uint32(1);

  it.each<[string, Uint8Array]>([
    [
      'a number in more bytes than needed',
      progress((w) =>
        stage(w.uint32(10).bytes(digest).uint32(16).raw(Uint8Array.of(0x81, 0)))
          .uint32(40)
          .uint32(1),
      ),
    ],
    [
      'a number beyond 32 bits',
      progress((w) =>
        stage(
          w
            .uint32(10)
            .bytes(digest)
            .uint32(16)
            .raw(Uint8Array.of(0x81, 0x80, 0x80, 0x80, 0x10)),
        )
          .uint32(40)
          .uint32(1),
      ),
    ],
    ['a field twice', progress((w) => stage(head(w)).uint32(40).uint32(2).uint32(40).uint32(1))],
    [
      'fields in another order',
      progress((w) => stage(w.uint32(16).uint32(1).uint32(10).bytes(digest)).uint32(40).uint32(1)),
    ],
    ['a default written out', progress((w) => stage(head(w)).uint32(32).uint32(0).uint32(40).uint32(1))],
    ['an unknown field', progress((w) => stage(head(w)).uint32(40).uint32(1).uint32(48).uint32(9))],
    [
      'a field of the wrong wire type',
      progress((w) => stage(head(w)).uint32(40).uint32(1).uint32(42).bytes(Uint8Array.of(1))),
    ],
    ['an unknown group', progress((w) => stage(head(w)).uint32(40).uint32(1).uint32(51).uint32(52))],
  ])('refuses %s', (_name, bytes) => {
    expect(refusal(bytes)).toBe('FRAME_NOT_CANONICAL');
  });

  it('has one encoding a frame: a changed byte is refused or means something else', () => {
    fc.assert(
      fc.property(frames, fc.nat(), fc.integer({ min: 1, max: 255 }), (frame, position, flip) => {
        const bytes = encodeFrame(frame);
        const at = position % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ flip;
        const decoded = decodeFrame(bytes);
        expect(decoded.ok ? encodeFrame(decoded.value) : bytes).toEqual(bytes);
      }),
      { numRuns: 2000 },
    );
  });

  it('answers any bytes with a frame that encodes to them or a WireError', () => {
    const start = fc.constantFrom(...[1, 2, 3, 4, 5, 6, 7, 8, 9].map((field) => (field << 3) | 2));
    const noise = fc.tuple(start, fc.uint8Array({ maxLength: 200 }));
    fc.assert(
      fc.property(noise, ([first, rest]) => {
        // The length of the body is made right, so that the inner decoder is reached.
        const decoded = decodeFrame(wrap(first >>> 3, rest));
        const bytes = wrap(first >>> 3, rest);
        expect(decoded.ok ? encodeFrame(decoded.value) : bytes).toEqual(bytes);
        expect(decoded.ok || decoded.error instanceof WireError).toBe(true);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('caps', () => {
  it('let only a HELLO through at first, and no second one later', () => {
    const first = (kind: FrameKind): number => encodeFrame(samples[kind])[0] ?? 0;
    for (const kind of Object.keys(samples) as FrameKind[]) {
      expect(CAPS_BEFORE_HELLO.ofKind(first(kind))).toBe(kind === 'hello' ? FRAME_BYTES.hello : 0);
      expect(CAPS_AFTER_HELLO.ofKind(first(kind))).toBe(kind === 'hello' ? 0 : FRAME_BYTES[kind]);
    }
    expect(CAPS_AFTER_HELLO.ofKind(0)).toBe(0);
  });
});
