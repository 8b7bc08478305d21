import { WireError } from '../errors.ts';
import { QUEUE_BYTES, QUEUE_FRAMES, SEND_WAIT_MS } from '../limits.ts';

interface Entry {
  readonly framed: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: WireError) => void;
  /** While no session is up: when it is given up. */
  deadline: number;
}

type Write = (framed: Uint8Array) => Promise<void>;

/**
 * Frames for one peer, in order. They wait here, in a bounded queue, for a session and for a transport that takes them;
 * a frame leaves the queue when its writing begins and is not written a second time if that fails.
 */
export class Outbound {
  readonly #entries: Entry[] = [];
  #bytes = 0;
  #write: Write | undefined;
  #isWriting = false;
  #timer: NodeJS.Timeout | undefined;
  #closed: WireError | undefined;

  get isIdle(): boolean {
    return this.#entries.length === 0 && !this.#isWriting;
  }

  push(framed: Uint8Array): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    const isFull = this.#entries.length >= QUEUE_FRAMES || this.#bytes + framed.length > QUEUE_BYTES;
    if (isFull) return Promise.reject(new WireError('QUEUE_FULL', 'too much waits for this peer already'));
    return new Promise((resolve, reject) => {
      this.#entries.push({ framed, resolve, reject, deadline: performance.now() + SEND_WAIT_MS });
      this.#bytes += framed.length;
      if (this.#write === undefined) this.#expire();
      else this.#start();
    });
  }

  /** A session is up. */
  attach(write: Write): void {
    this.#write = write;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#start();
  }

  /** The session is over: what waits gets the usual time to see another one. */
  detach(): void {
    this.#write = undefined;
    const deadline = performance.now() + SEND_WAIT_MS;
    for (const entry of this.#entries) entry.deadline = deadline;
    this.#expire();
  }

  close(error: WireError): void {
    this.#closed = error;
    this.#write = undefined;
    clearTimeout(this.#timer);
    for (const entry of this.#entries.splice(0)) entry.reject(error);
    this.#bytes = 0;
  }

  #start(): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    this.#pump()
      .catch(() => {}) // every failure is answered to the sender of its frame
      .finally(() => {
        this.#isWriting = false;
        if (this.#write !== undefined && this.#entries.length > 0) this.#start();
      });
  }

  async #pump(): Promise<void> {
    for (;;) {
      const write = this.#write;
      const entry = write === undefined ? undefined : this.#shift();
      if (write === undefined || entry === undefined) break;
      try {
        await write(entry.framed);
        entry.resolve();
      } catch (error) {
        const isKnown = error instanceof WireError;
        entry.reject(isKnown ? error : new WireError('PEER_LOST', 'the frame could not be written'));
        // The session that failed is about to be detached; without this the next frame would be tried on it too.
        if (this.#write === write) this.#write = undefined;
      }
    }
  }

  #shift(): Entry | undefined {
    const entry = this.#entries.shift();
    if (entry !== undefined) this.#bytes -= entry.framed.length;
    return entry;
  }

  /** Gives up what has waited too long and comes back for the rest. */
  #expire(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const now = performance.now();
    for (let first = this.#entries[0]; first !== undefined; first = this.#entries[0]) {
      if (first.deadline > now) {
        this.#timer = setTimeout(() => this.#expire(), first.deadline - now + 1);
        return;
      }
      this.#shift();
      first.reject(new WireError('PEER_UNREACHABLE', `no session within ${SEND_WAIT_MS / 1000} s`));
    }
  }
}
