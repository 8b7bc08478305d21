import {
  type Connection,
  type MultiaddrConnection,
  type Transport,
  transportSymbol,
  type Upgrader,
  type UpgraderOptions,
} from '@libp2p/interface';
import { WireError } from '../errors.ts';
import { NEGOTIATION_BYTES, NEGOTIATION_LENGTH_BYTES, NEGOTIATION_NAMES } from '../limits.ts';
import type { QuietLog } from './quiet-log.ts';

// Before encryption the two sides name it to each other (multistream-select). The library reads those names with a
// length prefix of any length, one byte at a time, without going back to the event loop, and answers any number of
// names. Whoever holds the network key could stop a node with it. The reader takes its limits from the options of the
// connection upgrade, so they are put there.

interface Bytes {
  readonly byteLength: number;
  subarray(): Uint8Array;
}

/** The bounds of one negotiation, in the form in which the library takes them. */
export class NegotiationBounds {
  #names = 0;
  /** Set once they were overstepped. */
  violation: WireError | undefined;

  options(): { readonly maxBufferSize: number; readonly lengthDecoder: (bytes: Bytes) => number } {
    return { maxBufferSize: NEGOTIATION_BYTES, lengthDecoder: (bytes) => this.#length(bytes) };
  }

  /** Reads a varint of at most two bytes; a RangeError asks for more bytes. Counts the lengths it has read. */
  #length(bytes: Bytes): number {
    const [first = 0, second = 0] = bytes.subarray();
    if (first >= 0x80 && bytes.byteLength < NEGOTIATION_LENGTH_BYTES) throw new RangeError('the length goes on');
    if (first >= 0x80 && second >= 0x80) this.#fail(new WireError('NEGOTIATION_LENGTH', 'a name of endless length'));
    this.#names += 1;
    if (this.#names > NEGOTIATION_NAMES) this.#fail(new WireError('NEGOTIATION_NAMES', 'no end of names'));
    return first >= 0x80 ? (first & 0x7f) + (second << 7) : first;
  }

  #fail(violation: WireError): never {
    this.violation = violation;
    throw violation;
  }
}

class GuardedUpgrader implements Upgrader {
  readonly #inner: Upgrader;
  readonly #log: QuietLog;

  constructor(inner: Upgrader, log: QuietLog) {
    this.#inner = inner;
    this.#log = log;
  }

  upgradeOutbound(connection: MultiaddrConnection, options: UpgraderOptions): Promise<Connection> {
    const bounds = new NegotiationBounds().options();
    return this.#inner.upgradeOutbound(connection, { ...options, ...bounds });
  }

  async upgradeInbound(connection: MultiaddrConnection, options: UpgraderOptions): Promise<void> {
    const bounds = new NegotiationBounds();
    try {
      await this.#inner.upgradeInbound(connection, { ...options, ...bounds.options() });
    } catch (error) {
      const reason = bounds.violation?.message ?? (error instanceof Error ? error.name : 'unknown');
      const code = bounds.violation?.code ?? 'INBOUND_FAILED';
      this.#log.tell(code, 'outside', `${connection.remoteAddr.toString()} did not get in (${reason})`);
      throw error;
    }
  }

  createInboundAbortSignal(signal: AbortSignal): ReturnType<Upgrader['createInboundAbortSignal']> {
    return this.#inner.createInboundAbortSignal(signal);
  }

  getStreamMuxers(): ReturnType<Upgrader['getStreamMuxers']> {
    return this.#inner.getStreamMuxers();
  }

  getConnectionEncrypters(): ReturnType<Upgrader['getConnectionEncrypters']> {
    return this.#inner.getConnectionEncrypters();
  }
}

/** The same transport, with bounds on what is read before encryption and a log line for those who do not get in. */
export function guardTransport<C>(create: (components: C) => Transport, log: QuietLog): (components: C) => Transport {
  return (components) => {
    const inner = create(components);
    return {
      [Symbol.toStringTag]: inner[Symbol.toStringTag],
      [transportSymbol]: true,
      dial: (address, options) =>
        inner.dial(address, { ...options, upgrader: new GuardedUpgrader(options.upgrader, log) }),
      createListener: (options) =>
        inner.createListener({ ...options, upgrader: new GuardedUpgrader(options.upgrader, log) }),
      listenFilter: (addresses) => inner.listenFilter(addresses),
      dialFilter: (addresses) => inner.dialFilter(addresses),
    };
  };
}
