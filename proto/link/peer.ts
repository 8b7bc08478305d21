import type { Connection, Stream } from '@libp2p/interface';
import type { FrameMessage } from '../codec.ts';
import { WireError } from '../errors.ts';
import { GREETINGS_PER_PEER } from '../limits.ts';
import { Outbound } from './outbound.ts';
import type { QuietLog } from './quiet-log.ts';
import { Redial } from './redial.ts';
import { Session, type SessionHello } from './session.ts';

/** What a peer needs from its surroundings. */
export interface PeerContext {
  readonly ownKey: Uint8Array;
  readonly isListening: boolean;
  readonly hello: SessionHello;
  readonly log: QuietLog;
  readonly dial: (peerId: string, addresses: readonly string[]) => Promise<void>;
  readonly onFrame: (from: Uint8Array, frame: FrameMessage) => void | Promise<void>;
  readonly onPeer: (peer: Uint8Array, state: 'up' | 'down') => void;
  readonly counted: (sent: number, received: number) => void;
}

/** After these nothing changes until a person does something. */
const REFUSALS: ReadonlySet<string> = new Set(['WRONG_NETWORK', 'VERSION_UNSUPPORTED']);

/**
 * One listed peer: its session, the frames that wait for it, and the dialling. At most one session is up. Of two
 * sessions dialled by the same side the newer one stays (the older one is a leftover of a dead process); of two dialled
 * by different sides the one dialled by the side with the lower key. Both sides decide alike, so nothing flaps.
 */
export class Peer {
  readonly id: string;
  readonly key: Uint8Array;
  readonly outbound: Outbound = new Outbound();
  readonly #context: PeerContext;
  readonly #isOursToDial: boolean;
  readonly #redial: Redial;
  #addresses: readonly string[] = [];
  #current: Session | undefined;
  readonly #greeting = new Set<Session>();
  #isRemoved = false;

  constructor(id: string, key: Uint8Array, context: PeerContext) {
    this.id = id;
    this.key = key;
    this.#context = context;
    this.#isOursToDial = Buffer.compare(context.ownKey, key) < 0;
    this.#redial = new Redial(() => this.#dial(), this.#isOursToDial || !context.isListening);
  }

  get isUp(): boolean {
    return this.#current !== undefined;
  }

  setAddresses(addresses: readonly string[]): void {
    this.#addresses = [...addresses];
    this.#seek(false);
  }

  /** A connection whose other side has proved to be this peer. */
  connected(connection: Connection): void {
    if (this.#isRemoved || this.#greeting.size >= GREETINGS_PER_PEER) {
      connection.abort(new WireError('SESSION_DUPLICATE', 'too many unfinished sessions'));
      return;
    }
    this.#redial.rest(false);
    const session = new Session(connection, this.#context.hello, {
      mayAccept: (candidate) => this.#current === undefined || this.#isBetter(candidate, this.#current),
      up: (candidate) => this.#up(candidate),
      frame: (frame) => this.#frame(frame),
      ended: (ended, error) => this.#ended(ended, error),
      counted: this.#context.counted,
    });
    this.#greeting.add(session);
  }

  /** A stream the peer has opened on one of its connections. */
  streamed(connection: Connection, stream: Stream): void {
    for (const session of [this.#current, ...this.#greeting]) {
      if (session?.connectionId !== connection.id) continue;
      session.take(stream);
      return;
    }
    stream.abort(new WireError('STREAM_STRAY', 'a stream without a session'));
  }

  tick(now: number, forgiven: number): void {
    this.#current?.forgive(forgiven);
    this.#current?.tick(now, this.outbound.isIdle);
  }

  remove(error: WireError): void {
    this.#isRemoved = true;
    this.#redial.stop();
    this.outbound.close(error);
    for (const session of [this.#current, ...this.#greeting]) session?.end(error);
  }

  #isBetter(candidate: Session, current: Session): boolean {
    return candidate.isOurDial === current.isOurDial || candidate.isOurDial === this.#isOursToDial;
  }

  #up(session: Session): void {
    const previous = this.#current;
    if (previous !== undefined && !this.#isBetter(session, previous)) {
      session.end(new WireError('SESSION_DUPLICATE', 'another session is up'));
      return;
    }
    previous?.end(new WireError('SESSION_REPLACED', 'the peer has connected anew'));
    this.#greeting.delete(session);
    this.#current = session;
    this.#redial.rest(true);
    this.#tell('up');
    this.outbound.attach((framed) => session.write(framed));
  }

  async #frame(frame: FrameMessage): Promise<void> {
    try {
      await this.#context.onFrame(this.key, frame);
    } catch (error) {
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
      this.#context.log.tell('HANDLER_FAILED', this.id, `a ${frame.kind} was not handled (${reason})`);
    }
  }

  #ended(session: Session, error: WireError): void {
    this.#greeting.delete(session);
    if (!this.#isRemoved) this.#context.log.tell(error.code, this.id, error.message);
    if (this.#current === session) {
      this.#current = undefined;
      this.outbound.detach();
      this.#tell('down');
    }
    this.#seek(REFUSALS.has(error.code));
  }

  #tell(state: 'up' | 'down'): void {
    try {
      this.#context.onPeer(this.key, state);
    } catch (error) {
      const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown';
      this.#context.log.tell('HANDLER_FAILED', this.id, `"${state}" was not handled (${reason})`);
    }
  }

  #seek(isRefused: boolean): void {
    if (this.#isRemoved || this.#addresses.length === 0 || this.isUp || this.#greeting.size > 0) return;
    this.#redial.want(isRefused);
  }

  async #dial(): Promise<void> {
    try {
      await this.#context.dial(this.id, this.#addresses);
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown';
      this.#context.log.tell('DIAL_FAILED', this.id, reason);
    }
  }
}
