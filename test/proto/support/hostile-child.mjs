// A program that breaks the rules of the wire in one way, chosen by `attack`. It uses the transport library without any
// of our guards. `seed` may be that of a listed peer, `networkKey` may be the right one: then it is a hostile member.
import '../../../dist/proto/link/polyfill.js';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { noise } from '@chainsafe/libp2p-noise';
import { yamux } from '@chainsafe/libp2p-yamux';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { preSharedKey } from '@libp2p/pnet';
import { tcp } from '@libp2p/tcp';
import { multiaddr } from '@multiformats/multiaddr';
import { xsalsa20 } from '@noble/ciphers/salsa.js';
import { createLibp2p } from 'libp2p';
import { decodeFrame, encodeFrame } from '../../../dist/proto/codec.js';
import { frameBytes } from '../../../dist/proto/framing.js';
import { networkKeyFile, peerIdOf } from '../../../dist/proto/link/identity.js';

const config = JSON.parse(process.argv[2]);
const bytes = (hex) => new Uint8Array(Buffer.from(hex, 'hex'));
const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
const [, , host, , port] = config.target.split('/');
const PROTOCOL = '/keymoot/link/1';
process.stdin.on('end', () => process.exit(0)).resume();

/** Opens a socket and writes what `next` yields, as fast as the other side takes it, until it is cut off. */
async function pour(next, start, pauseMs = 0) {
  const socket = connect({ host, port: Number(port) });
  let written = 0;
  let isOpen = true;
  const closed = new Promise((resolve) => {
    socket.on('error', () => {});
    socket.on('close', () => {
      isOpen = false;
      resolve();
    });
  });
  if (start) await start(socket);
  while (isOpen && written < config.limit) {
    const chunk = next(written);
    written += chunk.length;
    if (pauseMs > 0) await setTimeout(pauseMs);
    if (!socket.write(chunk)) await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), closed]);
  }
  if (isOpen) socket.destroy();
  return written;
}

/** Encrypts with the network key as pnet does, after exchanging nonces with the other side. */
function withNetworkKey(plain, pauseMs = 0) {
  const nonce = randomBytes(24);
  const key = bytes(config.networkKey);
  return pour(
    (written) => xsalsa20(key, nonce, plain(written), undefined, written / 64),
    async (socket) => {
      socket.write(nonce);
      await new Promise((resolve) => socket.once('data', resolve));
    },
    pauseMs,
  );
}

function muxHeader(type, flags, stream, length) {
  const header = new Uint8Array(12);
  const view = new DataView(header.buffer);
  view.setUint8(1, type);
  view.setUint16(2, flags);
  view.setUint32(4, stream);
  view.setUint32(8, length);
  return header;
}

/** A member's node; `onMuxer` gets the encrypted connection below the muxer. */
async function member(onMuxer) {
  const create = yamux({ streamOptions: { protocol: PROTOCOL } })();
  return createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', bytes(config.seed)),
    transports: [tcp()],
    connectionProtector: preSharedKey({ psk: networkKeyFile(bytes(config.networkKey)) }),
    connectionEncrypters: [noise()],
    streamMuxers: [
      () => ({
        protocol: create.protocol,
        createStreamMuxer: (connection) => {
          const muxer = create.createStreamMuxer(connection);
          onMuxer?.(connection);
          return muxer;
        },
      }),
    ],
    connectionMonitor: { enabled: false },
  });
}

const dial = (node) => node.dial(multiaddr(`${config.target}/p2p/${peerIdOf(bytes(config.targetKey))}`));

/** Greets as an honest peer would and answers the stream to write to; `theirs` is what the node writes to us. */
async function greet(hello = {}) {
  const node = await member();
  let take;
  const incoming = new Promise((resolve) => {
    take = resolve;
  });
  await node.handle(PROTOCOL, (stream) => take(stream));
  const connection = await dial(node);
  connection.addEventListener('close', () => tell({ event: 'cut' }));
  const ours = await connection.newStream(PROTOCOL);
  const plain = { kind: 'hello', version: 1, network: bytes(config.network), software: 'x', nonce: new Uint8Array(32) };
  ours.send(frameBytes(encodeFrame({ ...plain, ...hello })));
  const theirs = await incoming;
  const nonce = await new Promise((resolve) => {
    theirs.addEventListener('message', (event) => {
      const received = event.data.subarray();
      const length = new DataView(received.buffer, received.byteOffset).getUint32(0);
      const frame = decodeFrame(received.subarray(4, 4 + length));
      if (frame.ok && frame.value.kind === 'hello') resolve(frame.value.nonce);
    });
  });
  return { node, connection, ours, theirs, ack: () => ours.send(frameBytes(encodeFrame({ kind: 'ack', nonce }))) };
}

const attacks = {
  /** A stranger's noise. */
  garbage: () => pour(() => randomBytes(65_536)),
  /** A stranger's 0x80: no length that uses them ever ends. */
  varint: () => pour(() => Buffer.alloc(65_536, 0x80)),
  /** The same one byte at a time. */
  slow: () => pour(() => Buffer.alloc(1, 0x80), undefined, 20),
  /** Sockets that say nothing. */
  idle: async () => {
    const sockets = Array.from({ length: 15 }, () => connect({ host, port: Number(port) }));
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.on('connect', resolve))));
    tell({ event: 'idle' });
    await Promise.all(
      sockets.map((socket) => new Promise((resolve) => socket.on('error', () => {}).on('close', resolve))),
    );
    return sockets.length;
  },
  /** Endless length with the right network key. */
  'keyed-varint': () => withNetworkKey(() => Buffer.alloc(512, 0x80), 5),
  /** Endless names with the right network key. */
  'keyed-names': () => withNetworkKey(() => Buffer.from('\x03ls\n'.repeat(128)), 5),
  /** The first one at full speed. */
  'keyed-fast': () => withNetworkKey(() => Buffer.alloc(65_536, 0x80)),
  'mux-oversize': async () => {
    const node = await member((connection) => {
      connection.send(muxHeader(0, 1, 1, 0xffffffff));
      const push = () => {
        while (connection.status === 'open' && connection.send(new Uint8Array(65_536)));
      };
      connection.addEventListener('drain', push);
      connection.addEventListener('close', () => tell({ event: 'cut' }));
      push();
    });
    await dial(node);
  },
  'mux-pings': async () => {
    const node = await member((connection) => {
      connection.addEventListener('close', () => tell({ event: 'cut' }));
      for (let count = 0; count < 10_000 && connection.status === 'open'; count++)
        connection.send(muxHeader(2, 1, 0, count));
    });
    await dial(node);
  },
  'mux-streams': async () => {
    const node = await member((connection) => {
      connection.addEventListener('close', () => tell({ event: 'cut' }));
      for (let count = 0; count < 3_000 && connection.status === 'open'; count++) {
        connection.send(muxHeader(1, 1, 2 * count + 101, 0));
      }
    });
    await dial(node);
  },
  /** Says HELLO and ACK, then `bytes` as they are. */
  raw: async () => {
    const { ours, ack } = await greet();
    ack();
    ours.send(bytes(config.bytes));
  },
  /** No HELLO but something else. */
  'raw-first': async () => {
    const node = await member();
    await node.handle(PROTOCOL, () => {});
    const connection = await dial(node);
    connection.addEventListener('close', () => tell({ event: 'cut' }));
    const ours = await connection.newStream(PROTOCOL);
    ours.send(bytes(config.bytes));
  },
  /** The first 0x80 of the stream never end. */
  'stream-varint': async () => {
    const { ours, ack } = await greet();
    ack();
    while (ours.status === 'open' && ours.send(new Uint8Array(65_536).fill(0x80)));
  },
  version: () => greet({ version: 2 }),
  'foreign-ack': async () => {
    const { ours } = await greet();
    ours.send(frameBytes(encodeFrame({ kind: 'ack', nonce: new Uint8Array(32).fill(1) })));
  },
  /** An accepted peer that stops reading; it goes on saying that it is there. */
  deaf: async () => {
    const { ours, theirs, ack } = await greet();
    theirs.pause();
    ack();
    tell({ event: 'deaf' });
    while (ours.status === 'open') {
      ours.send(frameBytes(encodeFrame({ kind: 'beat' })));
      await setTimeout(1_000);
    }
  },
};

try {
  const result = await attacks[config.attack]();
  tell({ event: 'over', written: typeof result === 'number' ? result : 0 });
} catch (error) {
  tell({ event: 'over', written: 0, reason: String(error) });
}
