import { randomBytes } from 'node:crypto';
import type { Connection, Stream } from '@libp2p/interface';
import { encodeFrame, type FrameMessage, type WireFrame } from '../codec.ts';
import { WireError } from '../errors.ts';
import { frameBytes } from '../framing.ts';
import { BEAT_MS, DIGEST_BYTES, HELLO_MS, SILENCE_MS, WIRE_VERSION } from '../limits.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

/** Name of the one protocol of a connection. Every stream of it carries this; none is negotiated (docs/wire.md). */
export const LINK_PROTOCOL = '/keymoot/link/1';

/** A connection that was refused is closed this gently, so that the other side can read why. */
const FAREWELL_MS = 1_000;

/** What this node says of itself. */
export interface SessionHello {
  readonly network: Uint8Array;
  readonly software: string;
}

export interface SessionEvents {
  /** The peer's HELLO is right: is there room for this session, or is a better one up? */
  readonly mayAccept: (session: Session) => boolean;
  /** Both sides have accepted each other. */
  readonly up: (session: Session) => void;
  readonly frame: (frame: FrameMessage) => void | Promise<void>;
  /** Called once, whatever the reason. */
  readonly ended: (session: Session, error: WireError) => void;
  readonly counted: (sent: number, received: number) => void;
}

/**
 * One authenticated connection to one peer. Each side opens one stream and writes only to that. First a HELLO goes each
 * way, then an ACK that repeats the other side's nonce; whoever has seen both is up. Anything else ends the session.
 */
export class Session {
  readonly #connection: Connection;
  readonly #hello: SessionHello;
  readonly #events: SessionEvents;
  readonly #nonce: Uint8Array = new Uint8Array(randomBytes(DIGEST_BYTES));
  #state: 'hello' | 'ack' | 'up' | 'ended' = 'hello';
  readonly #opened: Promise<Writer>;
  #writer: Writer | undefined;
  #wroteAt: number = performance.now();
  #reader: Reader | undefined;
  readonly #deadline: NodeJS.Timeout;

  constructor(connection: Connection, hello: SessionHello, events: SessionEvents) {
    this.#connection = connection;
    this.#hello = hello;
    this.#events = events;
    this.#deadline = setTimeout(() => this.end(new WireError('HELLO_TIMEOUT', 'no HELLO and ACK in time')), HELLO_MS);
    connection.addEventListener('close', (event) => {
      const error = event.error instanceof WireError ? event.error : new WireError('PEER_CLOSED', 'connection closed');
      this.end(error);
    });
    this.#opened = this.#open();
    this.#opened.catch((cause: unknown) => {
      this.end(cause instanceof WireError ? cause : new WireError('STREAM_FAILED', 'no stream to the peer', { cause }));
    });
  }

  get isOurDial(): boolean {
    return this.#connection.direction === 'outbound';
  }

  get connectionId(): string {
    return this.#connection.id;
  }

  /** Takes the stream the peer has opened. A second one is refused. */
  take(stream: Stream): void {
    if (this.#reader !== undefined || this.#state === 'ended') {
      stream.abort(new WireError('STREAM_SECOND', 'one stream a direction'));
      return;
    }
    this.#reader = new Reader(stream, {
      frame: (frame, bytes) => this.#receive(frame, bytes),
      ended: (error) => this.end(error),
    });
  }

  /** Writes a frame with its length. Resolves when the transport has taken it; see Writer for rejections. */
  async write(framed: Uint8Array): Promise<void> {
    if (this.#writer === undefined || this.#state === 'ended') throw new WireError('PEER_LOST', 'the session is over');
    try {
      await this.#writer.write(framed);
    } catch (error) {
      if (error instanceof WireError) this.end(error);
      throw error;
    }
    this.#wroteAt = performance.now();
    this.#events.counted(framed.length, 0);
  }

  /** To be called often. `isIdle`: nothing waits to be written. */
  tick(now: number, isIdle: boolean): void {
    if (this.#state !== 'up') return;
    if ((this.#reader?.silence(now) ?? 0) > SILENCE_MS) {
      this.end(new WireError('PEER_SILENT', 'nothing was heard from it'));
    } else if (isIdle && now - this.#wroteAt >= BEAT_MS) {
      this.#wroteAt = now;
      this.#say({ kind: 'beat' });
    }
  }

  forgive(milliseconds: number): void {
    this.#reader?.forgive(milliseconds);
  }

  end(error: WireError): void {
    if (this.#state === 'ended') return;
    const isRefusal = this.#state === 'hello';
    this.#state = 'ended';
    clearTimeout(this.#deadline);
    this.#reader?.stop();
    if (isRefusal) this.#farewell().catch(() => this.#connection.abort(error));
    else this.#connection.abort(error);
    this.#events.ended(this, error);
  }

  async #open(): Promise<Writer> {
    const signal = AbortSignal.timeout(HELLO_MS);
    const stream = await this.#connection.newStream(LINK_PROTOCOL, { signal });
    const writer = new Writer(stream);
    stream.addEventListener('close', () => this.end(new WireError('PEER_CLOSED', 'the peer has closed our stream')));
    const hello = { kind: 'hello', version: WIRE_VERSION, ...this.#hello, nonce: this.#nonce } as const;
    await writer.write(frameBytes(encodeFrame(hello)));
    this.#writer = writer;
    return writer;
  }

  /** Closes once our own HELLO is out, so that the other side can see what does not fit as well. */
  async #farewell(): Promise<void> {
    const signal = AbortSignal.timeout(FAREWELL_MS);
    await this.#opened;
    await this.#connection.close({ signal });
  }

  #say(frame: WireFrame): void {
    this.write(frameBytes(encodeFrame(frame))).catch(() => {});
  }

  #receive(frame: WireFrame, bytes: number): void | Promise<void> {
    switch (this.#state) {
      case 'hello':
        return this.#receiveHello(frame);
      case 'ack':
        return this.#receiveAck(frame);
      case 'up':
        this.#events.counted(0, bytes);
        if (frame.kind === 'beat') return undefined;
        if (frame.kind === 'hello' || frame.kind === 'ack') {
          throw new WireError('FRAME_UNEXPECTED', `a second ${frame.kind}`);
        }
        return this.#events.frame(frame);
      default:
        return undefined;
    }
  }

  async #receiveHello(frame: WireFrame): Promise<void> {
    if (frame.kind !== 'hello') throw new WireError('FRAME_UNEXPECTED', `a ${frame.kind} before HELLO`);
    if (frame.version !== WIRE_VERSION) {
      throw new WireError('VERSION_UNSUPPORTED', `it speaks version ${frame.version}, we speak ${WIRE_VERSION}`);
    }
    if (Buffer.compare(frame.network, this.#hello.network) !== 0) {
      const theirs = Buffer.from(frame.network).toString('hex');
      throw new WireError('WRONG_NETWORK', `it belongs to another network, ${theirs} (software ${frame.software})`);
    }
    if (!this.#events.mayAccept(this)) throw new WireError('SESSION_DUPLICATE', 'another session is up');
    await this.#opened;
    if (this.#state !== 'hello') return;
    this.#state = 'ack';
    this.#reader?.accept();
    this.#say({ kind: 'ack', nonce: frame.nonce });
  }

  #receiveAck(frame: WireFrame): void {
    if (frame.kind !== 'ack') throw new WireError('FRAME_UNEXPECTED', `a ${frame.kind} before ACK`);
    if (Buffer.compare(frame.nonce, this.#nonce) !== 0) throw new WireError('ACK_WRONG', 'an ACK of another HELLO');
    this.#state = 'up';
    clearTimeout(this.#deadline);
    this.#events.up(this);
  }
}
