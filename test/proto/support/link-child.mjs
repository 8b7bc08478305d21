// One node in a process of its own, driven by lines of JSON: commands on stdin, events on stdout.
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { openLink } from '../../../dist/proto/link/node.js';

const config = JSON.parse(process.argv[2]);
const bytes = (hex) => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (value) => Buffer.from(value).toString('hex');
const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`);
const toPeers = (peers) => peers.map(({ key, addresses }) => ({ transportKey: bytes(key), addresses }));

let handlingMs = 0;
let answered = () => {};

const link = await openLink({
  transportSeed: bytes(config.seed),
  listen: config.listen,
  peers: toPeers(config.peers),
  networkKey: bytes(config.networkKey),
  hello: { network: bytes(config.network), software: 'test child' },
  onFrame: async (from, frame) => {
    const content = frame.envelope ?? frame.content ?? frame.entries ?? new Uint8Array();
    const digest = createHash('sha256').update(content).digest('hex');
    if (frame.kind === 'round' && content[0] === 2) {
      answered();
      return;
    }
    tell({
      event: 'frame',
      from: hex(from),
      kind: frame.kind,
      bytes: content.length,
      digest,
      tag: hex(content.subarray(0, 4)),
    });
    if (handlingMs > 0) await setTimeout(handlingMs);
    // "Answer me": what one party asks of another while a third one misbehaves.
    if (frame.kind === 'round' && content[0] === 1) {
      const envelope = new Uint8Array(content);
      envelope[0] = 2;
      await link.send(from, { kind: 'round', envelope });
    }
  },
  onPeer: (peer, state) => tell({ event: 'peer', peer: hex(peer), state }),
  log: ({ code, detail }) => tell({ event: 'log', code, detail }),
});

/** Content that begins with its number and is otherwise determined by it. */
function content(number, length) {
  const result = Buffer.alloc(length, number & 0xff);
  result.writeUInt32BE(number);
  return new Uint8Array(result);
}

function frame(kind, number, length) {
  return kind === 'document' ? { kind, content: content(number, length) } : { kind, envelope: content(number, length) };
}

const commands = {
  /** Sends `count` frames, each after the one before was taken. */
  async send({ to, kind, count, length, first = 0 }) {
    for (let number = first; number < first + count; number++) await link.send(bytes(to), frame(kind, number, length));
    return {};
  },
  /** Asks another node `count` questions, each after the answer to the one before. */
  async ask({ to, count }) {
    for (let number = 0; number < count; number++) {
      const answer = new Promise((resolve) => {
        answered = resolve;
      });
      await link.send(bytes(to), { kind: 'round', envelope: Uint8Array.of(1, 0, 0, 0) });
      await answer;
    }
    return {};
  },
  /** Sends without waiting; answers how often each code came back. */
  async flood({ to, kind, count, length }) {
    const codes = {};
    const counted = async (number) => {
      const code = await link.send(bytes(to), frame(kind, number, length)).then(
        () => 'TAKEN',
        (error) => error.code,
      );
      codes[code] = (codes[code] ?? 0) + 1;
    };
    const done = [];
    for (let number = 0; number < count; number++) {
      done.push(counted(number));
      // Let the transport work, as a program that computes between messages would.
      if (number % 16 === 0) await setTimeout(1);
    }
    tell({ event: 'flooded' });
    await Promise.all(done);
    return { codes };
  },
  peers: ({ peers }) => {
    link.setPeers(toPeers(peers));
    return {};
  },
  slow: ({ milliseconds }) => {
    handlingMs = milliseconds;
    return {};
  },
  stats: () => ({ ...link.stats(), connected: link.connected().map(hex) }),
  /** What is kept, without what only waits for the collector. */
  memory: () => {
    globalThis.gc();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return { used: heapUsed + arrayBuffers };
  },
  stop: async () => {
    await link.stop();
    return {};
  },
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, name, ...options } = JSON.parse(line);
  Promise.resolve()
    .then(() => commands[name](options))
    .then(
      (result) => tell({ event: 'done', id, ...result }),
      (error) => tell({ event: 'failed', id, code: error.code ?? String(error) }),
    );
});
process.stdin.on('end', () => process.exit(0));

tell({ event: 'ready', addresses: link.addresses() });
