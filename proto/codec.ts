import protobuf from 'protobufjs/minimal.js';
import { WireError, type WireResult } from './errors.ts';
import type { FrameCaps } from './framing.ts';
import { keymoot } from './gen/frames.js';
import {
  DIGEST_BYTES,
  FRAME_BYTES,
  FRAME_BYTES_TOTAL,
  type FrameKind,
  PARTY_MAX,
  SOFTWARE_CHARS,
  STAGE_CHARS,
  WANT_DIGESTS,
} from './limits.ts';

/** What programs send each other. All byte fields are non-empty; digests, nonces and ceremony names have 32 bytes. */
export type FrameMessage =
  | { readonly kind: 'statement'; readonly envelope: Uint8Array }
  | { readonly kind: 'document'; readonly content: Uint8Array }
  | { readonly kind: 'round'; readonly envelope: Uint8Array }
  | { readonly kind: 'transcript'; readonly ceremony: Uint8Array; readonly entries: Uint8Array }
  | { readonly kind: 'want'; readonly digests: readonly Uint8Array[] }
  | {
      readonly kind: 'progress';
      readonly ceremony: Uint8Array;
      /** 1 to 255. */
      readonly party: number;
      /** 1 to 64 printable ASCII characters. */
      readonly stage: string;
      /** 0 to `steps`. */
      readonly step: number;
      /** 1 to 2^32 - 1. */
      readonly steps: number;
    };

/** What a link says for itself; it never reaches a program. */
export type LinkFrame =
  | {
      readonly kind: 'hello';
      /** 1 to 2^32 - 1. */
      readonly version: number;
      readonly network: Uint8Array;
      /** 1 to 64 printable ASCII characters. */
      readonly software: string;
      readonly nonce: Uint8Array;
    }
  | { readonly kind: 'ack'; readonly nonce: Uint8Array }
  | { readonly kind: 'beat' };

export type WireFrame = FrameMessage | LinkFrame;

const KIND_BY_FIRST_BYTE: ReadonlyMap<number, FrameKind> = new Map(
  // Field number of the kind in frames.proto, shifted, with wire type 2 (length-delimited).
  (['hello', 'ack', 'beat', 'statement', 'document', 'round', 'transcript', 'want', 'progress'] as const).map(
    (kind, index): [number, FrameKind] => [((index + 1) << 3) | 2, kind],
  ),
);

/** Caps of a direction whose HELLO has not been accepted: nothing but a HELLO. */
export const CAPS_BEFORE_HELLO: FrameCaps = {
  total: FRAME_BYTES.hello,
  ofKind: (firstByte) => (KIND_BY_FIRST_BYTE.get(firstByte) === 'hello' ? FRAME_BYTES.hello : 0),
};

/** Caps of an accepted direction. */
export const CAPS_AFTER_HELLO: FrameCaps = {
  total: FRAME_BYTES_TOTAL,
  ofKind: (firstByte) => {
    const kind = KIND_BY_FIRST_BYTE.get(firstByte);
    return kind === undefined || kind === 'hello' ? 0 : FRAME_BYTES[kind];
  },
};

function refuse(what: string): never {
  throw new WireError('FRAME_OUT_OF_RANGE', what);
}

function bytes(value: Uint8Array, name: string, length?: number): Uint8Array {
  if (!(value instanceof Uint8Array)) refuse(`${name} is not bytes`);
  if (length === undefined ? value.length === 0 : value.length !== length) refuse(`${name} has ${value.length} bytes`);
  return value;
}

function integer(value: number, name: string, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) refuse(`${name} is not in ${least}..${most}`);
  return value;
}

function text(value: string, name: string, most: number): string {
  if (typeof value !== 'string' || value.length > most || !/^[\x20-\x7e]+$/.test(value)) {
    refuse(`${name} is not 1 to ${most} printable ASCII characters`);
  }
  return value;
}

/** The protobuf object of a frame, every field checked: the encoder behind it truncates and coerces without a word. */
function checked(frame: WireFrame): keymoot.v1.Frame.$Properties {
  switch (frame.kind) {
    case 'hello':
      return {
        hello: {
          version: integer(frame.version, 'version', 1, 0xffffffff),
          network: bytes(frame.network, 'network', DIGEST_BYTES),
          software: text(frame.software, 'software', SOFTWARE_CHARS),
          nonce: bytes(frame.nonce, 'nonce', DIGEST_BYTES),
        },
      };
    case 'ack':
      return { ack: { nonce: bytes(frame.nonce, 'nonce', DIGEST_BYTES) } };
    case 'beat':
      return { beat: {} };
    case 'statement':
      return { statement: { envelope: bytes(frame.envelope, 'envelope') } };
    case 'document':
      return { document: { content: bytes(frame.content, 'content') } };
    case 'round':
      return { round: { envelope: bytes(frame.envelope, 'envelope') } };
    case 'transcript':
      return {
        transcript: {
          ceremony: bytes(frame.ceremony, 'ceremony', DIGEST_BYTES),
          entries: bytes(frame.entries, 'entries'),
        },
      };
    case 'want':
      integer(frame.digests.length, 'number of digests', 1, WANT_DIGESTS);
      return { want: { digests: frame.digests.map((digest) => bytes(digest, 'digest', DIGEST_BYTES)) } };
    case 'progress':
      return {
        progress: {
          ceremony: bytes(frame.ceremony, 'ceremony', DIGEST_BYTES),
          party: integer(frame.party, 'party', 1, PARTY_MAX),
          stage: text(frame.stage, 'stage', STAGE_CHARS),
          step: integer(frame.step, 'step', 0, frame.steps),
          steps: integer(frame.steps, 'steps', 1, 0xffffffff),
        },
      };
    default:
      return refuse('no such kind of frame');
  }
}

/**
 * The one encoding of a frame, without its length prefix.
 * @throws WireError `FRAME_OUT_OF_RANGE` for a field outside its range, `FRAME_TOO_LARGE` beyond the cap of its kind
 */
export function encodeFrame(frame: WireFrame): Uint8Array {
  // The writer answers a slice of memory it shares with others.
  const encoded = new Uint8Array(keymoot.v1.Frame.encode(checked(frame)).finish());
  if (encoded.length > FRAME_BYTES[frame.kind]) {
    throw new WireError(
      'FRAME_TOO_LARGE',
      `a ${frame.kind} of ${encoded.length} bytes, at most ${FRAME_BYTES[frame.kind]}`,
    );
  }
  return encoded;
}

/** True if the frame is one known kind and exactly as long as it says, so that nothing else can be behind its body. */
function isOneBody(frame: Uint8Array, kind: FrameKind): boolean {
  if (frame.length > FRAME_BYTES[kind]) return false;
  let length = 0;
  for (let index = 1; index <= 4; index++) {
    const byte = frame[index];
    if (byte === undefined) return false;
    length += (byte & 0x7f) * 2 ** (7 * (index - 1));
    if (byte < 0x80) return length === frame.length - 1 - index;
  }
  return false;
}

function read(frame: Uint8Array): WireFrame | undefined {
  const reader = protobuf.Reader.create(frame);
  // Otherwise a frame of unknown fields becomes as many small arrays. The comparison below still refuses them.
  reader.discardUnknown = true;
  const { hello, ack, beat, statement, document, round, transcript, want, progress } = keymoot.v1.Frame.decode(reader);
  const copy = (value: Uint8Array | null | undefined): Uint8Array => new Uint8Array(value ?? []);
  if (hello) {
    const { version, network, software, nonce } = hello;
    return {
      kind: 'hello',
      version: version ?? 0,
      network: copy(network),
      software: software ?? '',
      nonce: copy(nonce),
    };
  }
  if (ack) return { kind: 'ack', nonce: copy(ack.nonce) };
  if (beat) return { kind: 'beat' };
  if (statement) return { kind: 'statement', envelope: copy(statement.envelope) };
  if (document) return { kind: 'document', content: copy(document.content) };
  if (round) return { kind: 'round', envelope: copy(round.envelope) };
  if (transcript) {
    return { kind: 'transcript', ceremony: copy(transcript.ceremony), entries: copy(transcript.entries) };
  }
  if (want) return { kind: 'want', digests: (want.digests ?? []).map(copy) };
  if (progress) {
    const { ceremony, party, stage, step, steps } = progress;
    return {
      kind: 'progress',
      ceremony: copy(ceremony),
      party: party ?? 0,
      stage: stage ?? '',
      step: step ?? 0,
      steps: steps ?? 0,
    };
  }
  return undefined;
}

/**
 * Reads one frame. Accepted is only what `encodeFrame` would have written: the bytes are decoded, encoded again and
 * compared. Nothing in the answer shares memory with the input. Errors: `FRAME_UNKNOWN_KIND`, `FRAME_TOO_LARGE`,
 * `FRAME_MALFORMED` (not one protobuf body), `FRAME_OUT_OF_RANGE`, `FRAME_NOT_CANONICAL`.
 */
export function decodeFrame(frame: Uint8Array): WireResult<WireFrame> {
  const kind = KIND_BY_FIRST_BYTE.get(frame[0] ?? 0);
  const fail = (error: WireError): WireResult<never> => ({ ok: false, error });
  if (kind === undefined) return fail(new WireError('FRAME_UNKNOWN_KIND', 'no frame begins with this byte'));
  if (frame.length > FRAME_BYTES[kind])
    return fail(new WireError('FRAME_TOO_LARGE', `a ${kind} of ${frame.length} bytes`));
  if (!isOneBody(frame, kind)) return fail(new WireError('FRAME_MALFORMED', `not exactly one ${kind}`));
  let value: WireFrame | undefined;
  try {
    value = read(frame);
  } catch (cause) {
    return fail(new WireError('FRAME_MALFORMED', `not a ${kind}`, { cause }));
  }
  if (value === undefined) return fail(new WireError('FRAME_MALFORMED', `not a ${kind}`));
  try {
    if (Buffer.compare(encodeFrame(value), frame) === 0) return { ok: true, value };
    return fail(new WireError('FRAME_NOT_CANONICAL', `a ${kind} that was not written the one way`));
  } catch (cause) {
    if (cause instanceof WireError) return fail(cause);
    throw cause;
  }
}
