import { createHash } from 'node:crypto';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { describe, expect, it } from 'vitest';
import { concat, toHex, utf8 } from '../../protocol/common/bytes.ts';
import { BugError } from '../../protocol/common/errors.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import { referenceCurve } from '../../protocol/threshold/curve/noble.ts';
import { integerToBytes, ORDER } from '../../protocol/threshold/math/scalar.ts';
import { vec } from './support/labels.ts';

const FIELD = 2n ** 256n - 2n ** 32n - 977n;

/** Every operation once, against values fixed by the curve itself. */
function stillWorks(): void {
  const P = curve.base(5n);
  expect(toHex(curve.encode(curve.base(1n)))).toBe(
    '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
  );
  expect(curve.equals(curve.multiply(curve.base(2n), 3n), curve.base(6n))).toBe(true);
  expect(curve.equals(curve.multiplyPublic(curve.base(2n), 3n), curve.base(6n))).toBe(true);
  expect(curve.equals(curve.add(P, curve.base(6n)), curve.base(11n))).toBe(true);
  expect(curve.isIdentity(curve.add(P, curve.negate(P)))).toBe(true);
  expect(curve.decode(curve.encode(P))).toEqual(P);
  expect(curve.liftX(curve.encode(P).subarray(1), true)).toBeDefined();
  // s = (m + r d) / k with k = 1, d = 5, m = 7.
  const r = secp256k1.Point.BASE.x;
  const key = curve.recover(7n, r, (7n + 5n * r) % ORDER, secp256k1.Point.BASE.y % 2n === 1n);
  expect(key).toEqual(P);
}

describe('the library behind the curve', () => {
  it('survives any number of bad points, scalars and signatures', () => {
    const good = curve.encode(curve.base(5n));
    const candidates = Array.from({ length: 50 }, (_, i) => vec(`bad/${i}`));
    const noPoints = candidates.filter((x) => curve.liftX(x, false) === undefined);
    const offCurve = (i: number): Uint8Array => noPoints[i % noPoints.length] ?? good;
    const kinds: readonly ((i: number) => Uint8Array)[] = [
      (i) => concat(Uint8Array.of(2 | (i & 1)), offCurve(i)),
      (i) => concat(Uint8Array.of(2 | (i & 1)), integerToBytes(FIELD + BigInt(i % 900))),
      () => new Uint8Array(33).fill(255),
      () => new Uint8Array(33),
      (i) => good.subarray(0, i % 33),
      (i) => concat(Uint8Array.of([0, 1, 4, 5, 6, 7][i % 6] ?? 0), good.subarray(1)),
      () => concat(Uint8Array.of(4), good.subarray(1), good.subarray(1)),
      () => concat(Uint8Array.of(6), good.subarray(1), good.subarray(1)),
      () => concat(good, Uint8Array.of(0)),
      () => new Uint8Array(70_000),
    ];
    for (let i = 0; i < 100_000; i++) {
      const bytes = kinds[i % kinds.length]?.(i) ?? good;
      if (curve.decode(bytes) !== undefined) throw new Error(`decoded ${toHex(bytes)}`);
    }
    stillWorks();
    for (let i = 0; i < 100_000; i++) {
      const x = i % 3 === 0 ? offCurve(i) : i % 3 === 1 ? integerToBytes(FIELD + BigInt(i % 900)) : good;
      if (curve.liftX(x, i % 2 === 0) !== undefined) throw new Error(`lifted ${toHex(x)}`);
    }
    stillWorks();
    const P = curve.base(5n);
    const minus = curve.negate(P);
    for (let i = 0; i < 5000; i++) {
      if (curve.recover(BigInt(i), 5n, BigInt(i + 1), i % 2 === 0) !== undefined) throw new Error('recovered');
      if (!curve.isIdentity(curve.add(P, minus))) throw new Error('not O');
      if (!curve.isIdentity(curve.multiply(curve.identity, BigInt(i)))) throw new Error('not O');
      if (!curve.isIdentity(curve.base(ORDER)) || !curve.isIdentity(curve.multiplyPublic(P, 0n)))
        throw new Error('not O');
    }
    stillWorks();
  }, 120_000);

  it('never gives O an encoding', () => {
    expect(() => curve.encode(curve.identity)).toThrow(BugError);
  });
});

describe('hash to point', () => {
  /** Written from the text of hash-to-point.ts alone. */
  function reference(message: Uint8Array, dst: string): string {
    const framed = Buffer.alloc(5 + dst.length);
    framed[0] = dst.length;
    framed.write(dst, 1, 'ascii');
    framed.writeUInt32BE(message.length, 1 + dst.length);
    for (let counter = 0; ; counter++) {
      const block = (part: number): string => {
        const tail = Buffer.alloc(5);
        tail.writeUInt32BE(counter);
        tail[4] = part;
        return createHash('sha256').update(framed).update(message).update(tail).digest('hex');
      };
      const x = BigInt(`0x${block(0)}`);
      const square = (x ** 3n + 7n) % FIELD;
      if (x >= FIELD || power(square, (FIELD - 1n) / 2n) !== 1n) continue;
      const prefix = Number.parseInt(block(1).slice(-1), 16) % 2 === 0 ? '02' : '03';
      return prefix + x.toString(16).padStart(64, '0');
    }
  }

  function power(base: bigint, exponent: bigint): bigint {
    let result = 1n;
    for (let square = base, rest = exponent; rest > 0n; rest >>= 1n, square = (square * square) % FIELD) {
      if (rest % 2n === 1n) result = (result * square) % FIELD;
    }
    return result;
  }

  it('is what its text says', () => {
    const seen = new Set<string>();
    for (let i = 0; i < 40; i++) {
      const message = vec(`hash-to-point/${i}`, i);
      const encoded = toHex(curve.encode(curve.hashToPoint(message, 'keymoot/test')));
      expect(encoded).toBe(reference(message, 'keymoot/test'));
      seen.add(encoded.slice(0, 2));
    }
    expect(seen).toEqual(new Set(['02', '03']));
  });

  it('keeps tag and message apart', () => {
    const outputs = [
      ['ab', 'c'],
      ['a', 'bc'],
      ['abc', ''],
      ['', 'abc'],
    ].map(([dst, message]) => toHex(curve.encode(curve.hashToPoint(utf8(message ?? ''), dst ?? ''))));
    expect(new Set(outputs).size).toBe(4);
    expect(() => curve.hashToPoint(utf8('a'), 'x'.repeat(256))).toThrow(BugError);
  });

  it('gives both signs, and any value of the lowest bits of x, equally often', () => {
    const counts = new Map<number, number>();
    const samples = 4000;
    for (let i = 0; i < samples; i++) {
      const encoded = curve.encode(curve.hashToPoint(integerToBytes(BigInt(i)), 'keymoot/spread'));
      const cell = (((encoded[32] ?? 0) & 7) << 1) | ((encoded[0] ?? 0) & 1);
      counts.set(cell, (counts.get(cell) ?? 0) + 1);
    }
    const expected = samples / 16;
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 15 degrees of freedom; fixed inputs, so this either always holds or never.
    expect(counts.size).toBe(16);
    expect(chiSquare).toBeLessThan(37.7);
  });
});

describe('hash to curve', () => {
  /** RFC 9380 J.8.1: message, P.x, P.y. */
  const known: readonly (readonly [string, string, string])[] = [
    [
      '',
      'c1cae290e291aee617ebaef1be6d73861479c48b841eaba9b7b5852ddfeb1346',
      '64fa678e07ae116126f08b022a94af6de15985c996c3a91b64c406a960e51067',
    ],
    [
      'abc',
      '3377e01eab42db296b512293120c6cee72b6ecf9f9205760bd9ff11fb3cb2c4b',
      '7f95890f33efebd1044d382a01b1bee0900fb6116f94688d487c6c7b9c8371f6',
    ],
    [
      'abcdef0123456789',
      'bac54083f293f1fe08e4a70137260aa90783a5cb84d3f35848b324d0674b0e3a',
      '4436476085d4c3c4508b60fcf4389c40176adce756b398bdee27bca19758d828',
    ],
    [
      `q128_${'q'.repeat(128)}`,
      'e2167bc785333a37aa562f021f1e881defb853839babf52a7f72b102e41890e9',
      'f2401dd95cc35867ffed4f367cd564763719fbc6a53e969fb8496a1e6685d873',
    ],
    [
      `a512_${'a'.repeat(512)}`,
      'e3c8d35aaaf0b9b647e88a0a0a7ee5d5bed5ad38238152e4e6fd8c1f8cb7c998',
      '8446eeb6181bf12f56a9d24e262221cc2f0c4725c7e3803024b5888ee5823aa6',
    ],
  ];

  it('gives the known answers of RFC 9380', () => {
    for (const [message, x, y] of known) {
      for (const on of [curve, referenceCurve]) {
        const hashed = on.hashToCurve(utf8(message), 'QUUX-V01-CS02-with-secp256k1_XMD:SHA-256_SSWU_RO_');
        expect(toHex(on.encode(hashed))).toBe((Number.parseInt(y.slice(-1), 16) % 2 === 0 ? '02' : '03') + x);
      }
    }
  });
});
