// The polyfill precedes everything that loads libp2p.
import './polyfill.ts';

import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { preSharedKey } from '@libp2p/pnet';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p, type Libp2p } from 'libp2p';
import { encodeFrame, type FrameMessage } from '../codec.ts';
import { WireError } from '../errors.ts';
import { frameBytes } from '../framing.ts';
import * as limits from '../limits.ts';
import { createGate } from './gate.ts';
import { networkKeyFile, peerIdOf, transportKeyOf } from './identity.ts';
import { LoopWatch } from './loop-watch.ts';
import { guardMuxer } from './muxer-guard.ts';
import { guardTransport } from './negotiation-guard.ts';
import { Peer, type PeerContext } from './peer.ts';
import { type LinkEvent, QuietLog } from './quiet-log.ts';
import { LINK_PROTOCOL } from './session.ts';
import { silentLogger } from './silent-logger.ts';

/** A party or coordinator this node talks to. */
export interface LinkPeer {
  /** Its Ed25519 transport key, 32 bytes, from the roster. */
  readonly transportKey: Uint8Array;
  /** Multiaddrs without `/p2p/…`. Empty: it is never dialled and has to dial us. */
  readonly addresses: readonly string[];
}

export interface LinkOptions {
  /** 32-byte Ed25519 seed of this node's transport identity. */
  readonly transportSeed: Uint8Array;
  /** Multiaddrs such as `/ip4/0.0.0.0/tcp/4100`. Empty: this node only dials. */
  readonly listen: readonly string[];
  readonly peers: readonly LinkPeer[];
  /** 32 bytes every member of the network has; without them a connection does not get as far as a handshake. */
  readonly networkKey: Uint8Array;
  readonly hello: {
    /** 32 bytes both sides must share: the hash of the network key, which outlives a change of the roster. */
    readonly network: Uint8Array;
    /** 1 to 64 printable ASCII characters, a claim. */
    readonly software: string;
  };
  /**
   * Called with each frame of an accepted peer, in the order it sent them, one at a time for each peer: while it runs
   * nothing more is read from that peer. It should not wait for a `send` to that same peer to be taken.
   */
  readonly onFrame: (from: Uint8Array, frame: FrameMessage) => void | Promise<void>;
  /** `up` precedes the first frame of a session. A session that replaces another one is told as `down`, then `up`. */
  readonly onPeer: (peer: Uint8Array, state: 'up' | 'down') => void;
  readonly log: (event: LinkEvent) => void;
}

export interface LinkStats {
  /** Frames and their lengths, of accepted sessions, since the start. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Longest time since the start in which this process answered nobody, milliseconds. */
  readonly longestLoopBlockMs: number;
  /** The same of the last 10 to 20 seconds. */
  readonly recentLoopBlockMs: number;
}

/** The connections of one node to all its peers. */
export interface Link {
  /** Where this node listens: multiaddrs without `/p2p/…`. */
  addresses(): readonly string[];
  /**
   * Resolves when the transport has taken the whole frame, not when it has arrived: frames of a connection that breaks
   * may be lost, never duplicated and never out of order. Rejects with a WireError: `PEER_UNKNOWN`, `PEER_UNREACHABLE`
   * (no session within 10 s), `PEER_LOST` (the session ended while this frame was being written), `QUEUE_FULL`,
   * `LINK_CLOSED`, or what `encodeFrame` refuses.
   */
  send(to: Uint8Array, frame: FrameMessage): Promise<void>;
  /** Transport keys of the peers whose session is up. */
  connected(): readonly Uint8Array[];
  /** Replaces the list of peers: sessions with peers no longer in it end, the others stay. */
  setPeers(peers: readonly LinkPeer[]): void;
  stats(): LinkStats;
  stop(): Promise<void>;
}

/** How often beats and silences are looked at. */
const TICK_MS = 500;

async function createNode(options: LinkOptions, peers: ReadonlyMap<string, Peer>, log: QuietLog): Promise<Libp2p> {
  // The muxer gives every stream this protocol name, on both sides, instead of negotiating one: the negotiation of the
  // library can be made to run for ever by a member.
  const streamOptions = {
    protocol: LINK_PROTOCOL,
    maxStreamWindowSize: limits.WINDOW_BYTES,
    maxReadBufferLength: limits.READ_BUFFER_BYTES,
    maxWriteBufferLength: limits.WINDOW_BYTES,
  };
  return createLibp2p({
    start: false,
    privateKey: await generateKeyPairFromSeed('Ed25519', options.transportSeed),
    addresses: { listen: [...options.listen] },
    transports: [guardTransport(tcp({ maxConnections: limits.SOCKETS }), log)],
    connectionProtector: preSharedKey({ psk: networkKeyFile(options.networkKey) }),
    connectionEncrypters: [noise()],
    streamMuxers: [
      guardMuxer(yamux({ maxInboundStreams: limits.STREAMS, maxOutboundStreams: limits.STREAMS, streamOptions })),
    ],
    connectionGater: createGate((peerId) => peers.has(peerId), log),
    connectionManager: {
      maxConnections: limits.CONNECTIONS,
      maxIncomingPendingConnections: limits.CONNECTIONS_PENDING,
      inboundConnectionThreshold: limits.CONNECTIONS_PER_SECOND,
      inboundUpgradeTimeout: limits.UPGRADE_MS,
      dialTimeout: limits.DIAL_MS,
      reconnectRetries: 0,
    },
    // It would ask over a stream of its own; beats do its work.
    connectionMonitor: { enabled: false },
    logger: silentLogger,
  });
}

/**
 * Joins the network: listens, dials, and keeps one session with each listed peer.
 * @throws WireError `KEY_INVALID` for keys of a wrong length, `LISTEN_FAILED` if an address cannot be listened on
 */
export async function openLink(options: LinkOptions): Promise<Link> {
  const ownKey = transportKeyOf(options.transportSeed);
  // Checks the greeting before anyone is greeted.
  encodeFrame({ kind: 'hello', version: limits.WIRE_VERSION, ...options.hello, nonce: new Uint8Array(32) });
  const log = new QuietLog(options.log);
  const peers = new Map<string, Peer>();
  const counts = { sent: 0, received: 0 };
  const node = await createNode(options, peers, log);

  const context: PeerContext = {
    ownKey,
    isListening: options.listen.length > 0,
    hello: { network: new Uint8Array(options.hello.network), software: options.hello.software },
    log,
    dial: async (peerId, addresses) => {
      const targets = addresses.map((address) => multiaddr(`${address}/p2p/${peerId}`));
      await node.dial(targets, { signal: AbortSignal.timeout(limits.DIAL_MS), force: true });
    },
    onFrame: options.onFrame,
    onPeer: options.onPeer,
    counted: (sent, received) => {
      counts.sent += sent;
      counts.received += received;
    },
  };

  function setPeers(list: readonly LinkPeer[]): void {
    const wanted = new Map(list.map((peer) => [peerIdOf(peer.transportKey), peer]));
    for (const [id, peer] of peers) {
      if (wanted.has(id)) continue;
      peers.delete(id);
      peer.remove(new WireError('PEER_UNKNOWN', 'it is no longer in the list of peers'));
    }
    for (const [id, { transportKey, addresses }] of wanted) {
      if (Buffer.compare(transportKey, ownKey) === 0) continue;
      const peer = peers.get(id) ?? new Peer(id, new Uint8Array(transportKey), context);
      peers.set(id, peer);
      peer.setAddresses(addresses);
    }
  }

  node.addEventListener('connection:open', ({ detail: connection }) => {
    const peer = peers.get(connection.remotePeer.toString());
    if (peer === undefined) connection.abort(new WireError('PEER_UNLISTED', 'not in the list of peers'));
    else peer.connected(connection);
  });
  await node.handle(
    LINK_PROTOCOL,
    (stream, connection) => {
      const peer = peers.get(connection.remotePeer.toString());
      if (peer === undefined) stream.abort(new WireError('PEER_UNLISTED', 'not in the list of peers'));
      else peer.streamed(connection, stream);
    },
    { maxInboundStreams: limits.STREAMS, maxOutboundStreams: limits.STREAMS },
  );
  try {
    await node.start();
  } catch (cause) {
    await node.stop();
    throw new WireError('LISTEN_FAILED', `cannot listen on ${options.listen.join(', ')}`, { cause });
  }
  setPeers(options.peers);

  const loop = new LoopWatch();
  let lastTick = performance.now();
  const ticker = setInterval(() => {
    const now = performance.now();
    const late = Math.max(0, now - lastTick - TICK_MS);
    lastTick = now;
    loop.tick(now);
    for (const peer of peers.values()) peer.tick(now, late);
  }, TICK_MS);
  let stopping: Promise<void> | undefined;

  async function stop(): Promise<void> {
    clearInterval(ticker);
    loop.stop();
    const closed = new WireError('LINK_CLOSED', 'the link is closed');
    for (const peer of peers.values()) peer.remove(closed);
    peers.clear();
    await node.stop();
  }

  function enqueue(to: Uint8Array, frame: FrameMessage): Promise<void> {
    const framed = frameBytes(encodeFrame(frame));
    if (stopping !== undefined) throw new WireError('LINK_CLOSED', 'the link is closed');
    const peer = peers.get(peerIdOf(to));
    if (peer === undefined) throw new WireError('PEER_UNKNOWN', 'not in the list of peers');
    return peer.outbound.push(framed);
  }

  // Not an async function: one that waits would keep the caller's frame in memory beside the queued copy.
  function send(to: Uint8Array, frame: FrameMessage): Promise<void> {
    try {
      return enqueue(to, frame);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new WireError('FRAME_OUT_OF_RANGE', 'not a frame'));
    }
  }

  return {
    addresses: () => node.getMultiaddrs().map((address) => address.toString().replace(/\/p2p\/[^/]+$/, '')),
    send,
    connected: () => [...peers.values()].filter((peer) => peer.isUp).map((peer) => new Uint8Array(peer.key)),
    setPeers: (list) => {
      if (stopping === undefined) setPeers(list);
    },
    stats: () => ({
      bytesSent: counts.sent,
      bytesReceived: counts.received,
      longestLoopBlockMs: loop.longest,
      recentLoopBlockMs: loop.recent,
    }),
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
  };
}
