import { setTimeout } from 'node:timers/promises';
import type { Stream } from '@libp2p/interface';
import { CAPS_AFTER_HELLO, CAPS_BEFORE_HELLO, decodeFrame, type WireFrame } from '../codec.ts';
import { WireError } from '../errors.ts';
import { Deframer, LENGTH_BYTES } from '../framing.ts';
import { BYTES_BURST, BYTES_PER_SECOND, FRAMES_BURST, FRAMES_PER_SECOND } from '../limits.ts';
import { Bucket } from './bucket.ts';

interface ReaderEvents {
  /** One frame and its size on the wire. Nothing more is read until it settles; a rejection ends the reader. */
  readonly frame: (frame: WireFrame, bytes: number) => void | Promise<void>;
  /** Called once: the stream is over, or what came over it was refused. */
  readonly ended: (error: WireError) => void;
}

function asWireError(error: unknown): WireError {
  return error instanceof WireError ? error : new WireError('READER_FAILED', 'a frame could not be handled');
}

/** Reads the frames of one stream, one at a time, and holds the sender back while one is being handled. */
export class Reader {
  readonly #stream: Stream;
  readonly #events: ReaderEvents;
  readonly #deframer = new Deframer(CAPS_BEFORE_HELLO);
  readonly #frames = new Bucket(FRAMES_BURST, FRAMES_PER_SECOND, performance.now());
  readonly #bytes = new Bucket(BYTES_BURST, BYTES_PER_SECOND, performance.now());
  #heardAt: number = performance.now();
  #isBusy = false;
  #isPaused = false;
  #isResuming = false;
  #isEnded = false;

  constructor(stream: Stream, events: ReaderEvents) {
    this.#stream = stream;
    this.#events = events;
    stream.addEventListener('message', (event) => {
      const chunks: Iterable<Uint8Array> = event.data instanceof Uint8Array ? [event.data] : event.data;
      this.#receive(chunks);
    });
    const onEnd = (): void => this.#end(new WireError('PEER_CLOSED', 'the peer has closed its stream'));
    stream.addEventListener('remoteCloseWrite', onEnd);
    stream.addEventListener('close', onEnd);
  }

  /** Milliseconds since the sender was last heard. A sender that is held back counts as heard. */
  silence(now: number): number {
    return this.#isBusy ? 0 : now - this.#heardAt;
  }

  /** Time in which this process could not listen is not the sender's silence. */
  forgive(milliseconds: number): void {
    this.#heardAt += milliseconds;
  }

  /** From now on every kind of frame but another HELLO is read. */
  accept(): void {
    this.#deframer.setCaps(CAPS_AFTER_HELLO);
  }

  stop(): void {
    this.#isEnded = true;
  }

  #receive(chunks: Iterable<Uint8Array>): void {
    if (this.#isEnded) return;
    this.#heardAt = performance.now();
    for (const chunk of chunks) this.#deframer.feed(chunk);
    if (this.#isBusy) this.#pause();
    else this.#pump().catch((error: unknown) => this.#end(asWireError(error)));
  }

  async #pump(): Promise<void> {
    this.#isBusy = true;
    try {
      while (!this.#isEnded) {
        const cut = this.#deframer.next();
        if (!cut.ok) throw cut.error;
        if (cut.value === undefined) break;
        const decoded = decodeFrame(cut.value);
        if (!decoded.ok) throw decoded.error;
        await this.#handle(decoded.value, LENGTH_BYTES + cut.value.length);
      }
    } finally {
      this.#isBusy = false;
    }
    this.#heardAt = performance.now();
    this.#resume();
  }

  async #handle(frame: WireFrame, bytes: number): Promise<void> {
    const now = performance.now();
    const wait = Math.max(this.#frames.owe(1, now), this.#bytes.owe(bytes, now));
    if (wait > 0) {
      this.#pause();
      await setTimeout(wait);
      if (this.#isEnded) return;
    }
    await this.#events.frame(frame, bytes);
  }

  // pause() inside the events of resume() would be undone by the rest of resume(): the library would go on granting
  // window to the sender and then end the stream because its buffer is full.

  #pause(): void {
    if (this.#isPaused || this.#isResuming || this.#stream.status !== 'open') return;
    this.#isPaused = true;
    try {
      this.#stream.pause();
    } catch {
      // It is closing; its close event follows.
    }
  }

  #resume(): void {
    if (!this.#isPaused || this.#isEnded) return;
    this.#isPaused = false;
    this.#isResuming = true;
    try {
      this.#stream.resume();
    } catch {
      // It is closing; its close event follows.
    }
    this.#isResuming = false;
    if (this.#isBusy) this.#pause();
  }

  #end(error: WireError): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#events.ended(error);
  }
}
