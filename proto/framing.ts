import { WireError, type WireResult } from './errors.ts';

/** Bytes of the length in front of every frame: unsigned, big-endian. */
export const LENGTH_BYTES = 4;

/** A frame's memory starts this small and doubles as bytes really arrive: a claimed length costs its sender as much as us. */
const FIRST_ALLOCATION = 4096;

/** What a reader accepts at the moment. */
export interface FrameCaps {
  /** Most bytes any frame may have. Checked on the length alone. */
  readonly total: number;
  /** Most bytes of a frame with this first byte, 0 if there is no such frame. Checked before a second byte is kept. */
  readonly ofKind: (firstByte: number) => number;
}

/** Puts the length before a frame. */
export function frameBytes(frame: Uint8Array): Uint8Array {
  if (frame.length === 0) throw new WireError('FRAME_EMPTY', 'a frame has at least one byte');
  const framed = new Uint8Array(LENGTH_BYTES + frame.length);
  new DataView(framed.buffer).setUint32(0, frame.length);
  framed.set(frame, LENGTH_BYTES);
  return framed;
}

/**
 * Cuts a byte stream back into frames. Chunks are given with `feed` and frames taken with `next`, one by one, so that a
 * frame can change the caps for those behind it. Memory: what was fed and not yet taken, and twice the unfinished frame.
 * The first violation is final: every later `next` answers it again.
 */
export class Deframer {
  #caps: FrameCaps;
  readonly #chunks: Uint8Array[] = [];
  #offset = 0;
  #waiting = 0;
  readonly #head = new Uint8Array(LENGTH_BYTES);
  #headFilled = 0;
  #length = 0;
  #body: Uint8Array | undefined;
  #bodyFilled = 0;
  #error: WireError | undefined;

  constructor(caps: FrameCaps) {
    this.#caps = caps;
  }

  /** Bytes that were fed and not yet looked at. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Applies to frames whose length has not been read yet. */
  setCaps(caps: FrameCaps): void {
    this.#caps = caps;
  }

  /** Takes a chunk, without copying it: the caller gives it away. */
  feed(chunk: Uint8Array): void {
    if (chunk.length === 0 || this.#error !== undefined) return;
    this.#chunks.push(chunk);
    this.#waiting += chunk.length;
  }

  /** The next whole frame in memory of its own, or undefined if more bytes are needed. */
  next(): WireResult<Uint8Array | undefined> {
    if (this.#error !== undefined) return { ok: false, error: this.#error };
    while (this.#waiting > 0) {
      const error = this.#body === undefined ? this.#readHead() : this.#readBody(this.#body);
      if (error !== undefined) return this.#fail(error);
      if (this.#body !== undefined && this.#bodyFilled === this.#length) {
        const frame = this.#body;
        this.#body = undefined;
        this.#headFilled = 0;
        return { ok: true, value: frame };
      }
    }
    return { ok: true, value: undefined };
  }

  #readHead(): WireError | undefined {
    this.#headFilled += this.#take(this.#head, this.#headFilled, LENGTH_BYTES);
    if (this.#headFilled < LENGTH_BYTES) return undefined;
    this.#length = new DataView(this.#head.buffer).getUint32(0);
    if (this.#length === 0) return new WireError('FRAME_EMPTY', 'a frame of length zero');
    if (this.#length > this.#caps.total) {
      return new WireError('FRAME_TOO_LARGE', `a frame of ${this.#length} bytes, at most ${this.#caps.total} now`);
    }
    this.#body = new Uint8Array(Math.min(this.#length, FIRST_ALLOCATION));
    this.#bodyFilled = 0;
    return undefined;
  }

  #readBody(body: Uint8Array): WireError | undefined {
    if (this.#bodyFilled === 0) {
      this.#bodyFilled = this.#take(body, 0, 1);
      const cap = this.#caps.ofKind(body[0] ?? 0);
      if (cap === 0) return new WireError('FRAME_UNKNOWN_KIND', `no frame begins with byte ${body[0] ?? 0} here`);
      if (this.#length > cap) {
        return new WireError('FRAME_TOO_LARGE', `a frame of ${this.#length} bytes, at most ${cap} of its kind`);
      }
      return undefined;
    }
    let target = body;
    if (this.#bodyFilled === body.length) {
      target = new Uint8Array(Math.min(this.#length, body.length * 2));
      target.set(body);
      this.#body = target;
    }
    this.#bodyFilled += this.#take(target, this.#bodyFilled, target.length);
    return undefined;
  }

  /** Moves waiting bytes into `target` from `start` to before `end`; answers how many there were. */
  #take(target: Uint8Array, start: number, end: number): number {
    const chunk = this.#chunks[0];
    if (chunk === undefined) return 0;
    const count = Math.min(end - start, chunk.length - this.#offset);
    target.set(chunk.subarray(this.#offset, this.#offset + count), start);
    this.#offset += count;
    this.#waiting -= count;
    if (this.#offset === chunk.length) {
      this.#chunks.shift();
      this.#offset = 0;
    }
    return count;
  }

  #fail(error: WireError): WireResult<never> {
    this.#error = error;
    this.#chunks.length = 0;
    this.#waiting = 0;
    this.#body = undefined;
    return { ok: false, error };
  }
}
