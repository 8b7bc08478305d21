import type { Stream } from '@libp2p/interface';
import { WireError } from '../errors.ts';
import { SLICE_BYTES, STALL_MS } from '../limits.ts';

/**
 * Waits until the stream takes bytes again. The stream's own `onDrain()` answers at once for ever after the first time,
 * so the event itself is awaited.
 */
function drained(stream: Stream): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: WireError): void => {
      clearTimeout(timer);
      stream.removeEventListener('drain', onDrain);
      stream.removeEventListener('close', onClose);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onDrain = (): void => settle();
    const onClose = (): void => settle(new WireError('PEER_LOST', 'the stream was closed'));
    const timer = setTimeout(() => settle(new WireError('PEER_STALLED', 'the peer has stopped reading')), STALL_MS);
    stream.addEventListener('drain', onDrain);
    stream.addEventListener('close', onClose);
  });
}

/** Writes framed bytes to a stream in order, in slices: what the transport has not taken yet stays with the caller. */
export class Writer {
  readonly #stream: Stream;
  #tail: Promise<void> = Promise.resolve();

  constructor(stream: Stream) {
    this.#stream = stream;
  }

  /** Resolves when the transport has taken all of it. Rejects with `PEER_LOST` or `PEER_STALLED`. */
  write(framed: Uint8Array): Promise<void> {
    const written = this.#tail.then(() => this.#write(framed));
    this.#tail = written.catch(() => {});
    return written;
  }

  async #write(framed: Uint8Array): Promise<void> {
    for (let at = 0; at < framed.length; at += SLICE_BYTES) {
      while (this.#stream.writableNeedsDrain && this.#stream.status === 'open') await drained(this.#stream);
      if (this.#stream.status !== 'open') throw new WireError('PEER_LOST', 'the stream is closed');
      try {
        this.#stream.send(framed.subarray(at, at + SLICE_BYTES));
      } catch (cause) {
        throw new WireError('PEER_LOST', 'the stream did not take the bytes', { cause });
      }
    }
  }
}
