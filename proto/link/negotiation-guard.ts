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

/** Reads a varint of at most two bytes; a RangeError asks for more bytes. Counts the lengths it has read. */
export function boundedLengthDecoder(): (bytes: Bytes) => number {
  let names = 0;
  return (bytes) => {
    const [first = 0, second = 0] = bytes.subarray();
    if (first >= 0x80 && bytes.byteLength < NEGOTIATION_LENGTH_BYTES) throw new RangeError('the length goes on');
    if (first >= 0x80 && second >= 0x80) throw new WireError('NEGOTIATION_LENGTH', 'a name with an endless length');
    names += 1;
    if (names > NEGOTIATION_NAMES) throw new WireError('NEGOTIATION_NAMES', 'too many names');
    return first >= 0x80 ? (first & 0x7f) + (second << 7) : first;
  };
}

function bounded<T extends UpgraderOptions>(options: T): T {
  const bounds = { lengthDecoder: boundedLengthDecoder(), maxBufferSize: NEGOTIATION_BYTES };
  return { ...options, ...bounds };
}

class GuardedUpgrader implements Upgrader {
  readonly #inner: Upgrader;
  readonly #log: QuietLog;

  constructor(inner: Upgrader, log: QuietLog) {
    this.#inner = inner;
    this.#log = log;
  }

  upgradeOutbound(connection: MultiaddrConnection, options: UpgraderOptions): Promise<Connection> {
    return this.#inner.upgradeOutbound(connection, bounded(options));
  }

  async upgradeInbound(connection: MultiaddrConnection, options: UpgraderOptions): Promise<void> {
    try {
      await this.#inner.upgradeInbound(connection, bounded(options));
    } catch (error) {
      const reason = error instanceof Error ? error.name : 'unknown';
      this.#log.tell('INBOUND_FAILED', 'outside', `${connection.remoteAddr.toString()} did not get in (${reason})`);
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
