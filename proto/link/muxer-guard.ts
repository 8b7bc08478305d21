import type { MessageStream, StreamMuxerFactory } from '@libp2p/interface';
import { WireError } from '../errors.ts';
import { MUXER_ANSWERS_BURST, MUXER_ANSWERS_PER_SECOND, MUXER_BACKLOG_BYTES, WINDOW_BYTES } from '../limits.ts';
import { Bucket } from './bucket.ts';

// The muxer (yamux) buffers a data frame until it is whole, whatever length its header claims, and answers every ping
// and every new stream, whether or not the other side reads the answers. This guard sees the bytes first.

/** version(1) type(1) flags(2) stream(4) length(4), big-endian. */
const HEADER_BYTES = 12;
const TYPE_DATA = 0;
const TYPE_PING = 2;
const FLAG_SYN = 1;

/** Follows the frames of one connection. `push` answers the first reason to end it. */
export class MuxerWatch {
  readonly #header = new Uint8Array(HEADER_BYTES);
  #filled = 0;
  #skip = 0;
  readonly #answers: Bucket;

  constructor(now: number) {
    this.#answers = new Bucket(MUXER_ANSWERS_BURST, MUXER_ANSWERS_PER_SECOND, now);
  }

  push(chunk: Uint8Array, now: number): WireError | undefined {
    let at = 0;
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - at);
        this.#skip -= skipped;
        at += skipped;
        continue;
      }
      const taken = Math.min(HEADER_BYTES - this.#filled, chunk.length - at);
      this.#header.set(chunk.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
      if (this.#filled < HEADER_BYTES) return undefined;
      this.#filled = 0;
      const error = this.#check(now);
      if (error !== undefined) return error;
    }
    return undefined;
  }

  #check(now: number): WireError | undefined {
    const view = new DataView(this.#header.buffer);
    const type = view.getUint8(1);
    const isSyn = (view.getUint16(2) & FLAG_SYN) !== 0;
    const length = view.getUint32(8);
    if (type === TYPE_DATA) {
      if (length > WINDOW_BYTES) return new WireError('MUXER_OVERSIZE', `a muxer frame that claims ${length} bytes`);
      this.#skip = length;
    }
    // The first flag of a ping asks for an answer; on a stream it opens it, and is answered with a window or a reset.
    if (isSyn && (type !== TYPE_PING || view.getUint32(4) === 0) && !this.#answers.take(1, now)) {
      return new WireError('MUXER_FLOOD', 'too many pings or new streams');
    }
    return undefined;
  }
}

function watch(connection: MessageStream): void {
  const watcher = new MuxerWatch(performance.now());
  let ended = false;
  connection.addEventListener('message', (event) => {
    if (ended) {
      event.stopImmediatePropagation();
      return;
    }
    const now = performance.now();
    const chunks: Iterable<Uint8Array> = event.data instanceof Uint8Array ? [event.data] : event.data;
    let error: WireError | undefined;
    for (const chunk of chunks) error ??= watcher.push(chunk, now);
    if (connection.writeBufferLength > MUXER_BACKLOG_BYTES) {
      error ??= new WireError('MUXER_BACKLOG', 'it sends and does not read our answers');
    }
    if (error === undefined) return;
    ended = true;
    event.stopImmediatePropagation();
    const reason = error;
    // Not now: the session that has to be told this reason may be about to be made.
    setImmediate(() => connection.abort(reason));
  });
}

/** The same muxer, behind a guard that ends a connection before the muxer has to store what it cannot. */
export function guardMuxer<C>(create: (components: C) => StreamMuxerFactory): (components: C) => StreamMuxerFactory {
  return (components) => {
    const inner = create(components);
    return {
      protocol: inner.protocol,
      createStreamMuxer: (connection) => {
        // Listeners run in the order they were added: this one precedes the muxer's.
        watch(connection);
        return inner.createStreamMuxer(connection);
      },
    };
  };
}
