/** The building blocks: what one call costs, in microseconds. */
import { signerFromSeed, verify } from '../protocol/ceremony/ed25519.ts';
import { BugError } from '../protocol/common/errors.ts';
import { curve } from '../protocol/threshold/curve/accelerated.ts';
import { H } from '../protocol/threshold/hash.ts';
import { hotBlock, midstate } from '../protocol/threshold/hot-hash.ts';
import { integerFromBytes, mod } from '../protocol/threshold/math/scalar.ts';
import { compress } from '../protocol/threshold/sha256-block.ts';
import { type Bench, timedEach } from './bench.ts';
import { random } from './parties.ts';
import { measurement } from './report.ts';

/** Different inputs, so that no cache of one value is measured. */
const INPUTS = 64;

export const primitiveBench: Bench = {
  names: ['primitive/'],
  async run({ record, wanted }) {
    for (const [what, call] of primitives()) {
      const name = `primitive/${what}`;
      if (wanted(name)) record(measurement(name, {}, 'us', timedEach(call)));
    }
  },
};

function primitives(): readonly (readonly [string, (i: number) => unknown])[] {
  const scalars = inputs(() => mod(integerFromBytes(random.bytes(32))));
  const points = inputs((i) => curve.base(scalars(i)));
  const encoded = inputs((i) => curve.encode(points(i)));
  const messages = inputs(() => random.bytes(70));
  const long = random.bytes(40_000);
  const sid = random.bytes(32);
  const state = midstate('ote/prg', sid);
  const block = hotBlock(11);
  const out = new Int32Array(8);
  const signer = signerFromSeed(random.bytes(32));
  const signature = signer.sign(long);
  return [
    ['curve-base', (i) => curve.base(scalars(i))],
    ['curve-multiply', (i) => curve.multiply(points(i), scalars(i + 1))],
    ['curve-multiply-public', (i) => curve.multiplyPublic(points(i), scalars(i + 1))],
    ['curve-add', (i) => curve.add(points(i), points(i + 1))],
    ['curve-encode', (i) => curve.encode(points(i))],
    ['curve-decode', (i) => curve.decode(encoded(i))],
    ['curve-hash-to-point', (i) => curve.hashToPoint(messages(i), 'keymoot/bench')],
    ['curve-hash-to-curve', (i) => curve.hashToCurve(messages(i), 'keymoot/bench')],
    ['hash-70-bytes', (i) => H('ote/u', sid, messages(i))],
    ['hash-40000-bytes', () => H('ote/u', sid, long)],
    ['hash-hot', () => compress(state, block, out)],
    ['ed25519-sign-40000-bytes', () => signer.sign(long)],
    ['ed25519-verify-40000-bytes', () => verify(signer.publicKey, long, signature)],
  ];
}

function inputs<T>(make: (i: number) => T): (i: number) => T {
  const made = Array.from({ length: INPUTS }, (_, i) => make(i));
  return (i) => {
    const input = made[i % INPUTS];
    if (input === undefined) throw new BugError('BENCH_INPUT', 'there is no such input');
    return input;
  };
}
