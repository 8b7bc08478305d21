/** The verification at the end of signing against Wycheproof, node:crypto and the reference curve. */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from '../../protocol/common/bytes.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import type { Point } from '../../protocol/threshold/curve/curve.ts';
import { invertScalar, mod, ORDER, scalarFromHash } from '../../protocol/threshold/math/scalar.ts';
import { combineNonce, combineShares, verifies } from '../../protocol/threshold/sign/combine.ts';
import { readDer } from './support/der.ts';

interface Wycheproof {
  readonly testGroups: readonly {
    readonly publicKey: { readonly uncompressed: string };
    readonly tests: readonly {
      readonly tcId: number;
      readonly msg: string;
      readonly sig: string;
      readonly result: 'valid' | 'invalid';
    }[];
  }[];
}

const file = new URL('../vectors/wycheproof.ecdsa_secp256k1_sha256_test.json', import.meta.url);
const wycheproof = JSON.parse(readFileSync(file, 'utf8')) as Wycheproof;
const SPKI = '3056301006072a8648ce3d020106052b8104000a034200';

function hex(text: string): Uint8Array {
  const bytes = fromHex(text);
  if (bytes === undefined) throw new Error('no hex');
  return bytes;
}

function nodeKey(uncompressed: string): KeyObject {
  return createPublicKey({ key: Buffer.from(SPKI + uncompressed, 'hex'), format: 'der', type: 'spki' });
}

function point(uncompressed: string): Point {
  const decoded = curve.decode(hex(`02${uncompressed.slice(2, 66)}`));
  if (decoded === undefined) throw new Error('no point');
  const odd = Number.parseInt(uncompressed.slice(-1), 16) % 2 === 1;
  return odd ? curve.negate(decoded) : decoded;
}

function digestOf(message: Uint8Array): bigint {
  return scalarFromHash(new Uint8Array(createHash('sha256').update(message).digest()));
}

/** A signature without the parity of its nonce point: one of both must recover the key. */
function accepts(key: Point, m: bigint, r: bigint, s: bigint): boolean {
  if (r < 1n || r >= ORDER || s < 1n || s >= ORDER) return false;
  return verifies(key, m, r, s, false) || verifies(key, m, r, s, true);
}

/** Whether the nonce point's x coordinate was q or more: no Ethereum signature, and S7 refuses it before. */
function wrapsAround(uncompressed: string, m: bigint, r: bigint, s: bigint): boolean {
  const w = invertScalar(s);
  const nonce = secp256k1.Point.BASE.multiplyUnsafe(mod(m * w)).add(
    secp256k1.Point.fromHex(uncompressed).multiplyUnsafe(mod(r * w)),
  );
  return nonce.x >= ORDER && nonce.x % ORDER === r;
}

describe('Wycheproof, ECDSA over secp256k1 with SHA-256', () => {
  const cases = wycheproof.testGroups.flatMap(({ publicKey, tests }) =>
    tests.map((entry) => ({ ...entry, key: publicKey.uncompressed })),
  );

  it('has the same answer for every signature', () => {
    expect(cases.length).toBe(476);
    const wrapped: number[] = [];
    for (const { tcId, key, msg, sig, result } of cases) {
      const message = hex(msg);
      const m = digestOf(message);
      const parsed = readDer(hex(sig));
      const own = parsed !== undefined && accepts(point(key), m, parsed.r, parsed.s);
      if (result === 'valid' && !own && parsed !== undefined && wrapsAround(key, m, parsed.r, parsed.s)) {
        wrapped.push(tcId);
        continue;
      }
      expect({ tcId, valid: own }).toEqual({ tcId, valid: result === 'valid' });
      expect({ tcId, valid: verify('sha256', message, nodeKey(key), hex(sig)) }).toEqual({ tcId, valid: own });
    }
    // Valid by the standard, and impossible here.
    expect(wrapped.length).toBeLessThan(5);
  });
});

describe('against node:crypto and the reference curve', () => {
  it('accepts what node:crypto signs, and nothing else', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
    const uncompressed = publicKey.export({ format: 'der', type: 'spki' }).subarray(-65).toString('hex');
    const key = point(uncompressed);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.bigInt({ min: 1n, max: ORDER - 1n }), (message, change) => {
        const parsed = readDer(sign('sha256', message, privateKey));
        if (parsed === undefined) throw new Error('no DER');
        const { r, s } = parsed;
        const m = digestOf(message);
        expect(accepts(key, m, r, s)).toBe(true);
        expect(accepts(key, m, r, ORDER - s)).toBe(true);
        expect([false, true].filter((odd) => verifies(key, m, r, s, odd))).toHaveLength(1);
        expect(accepts(key, mod(m + change), r, s)).toBe(false);
        expect(accepts(curve.add(key, curve.base(change)), m, r, s)).toBe(false);
        if (mod(s + change) !== 0n && mod(2n * s + change) !== 0n) {
          expect(accepts(key, m, r, mod(s + change))).toBe(false);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('signatures of the last step pass both, with the recovery bit', () => {
    const positive = fc.bigInt({ min: 1n, max: ORDER - 1n });
    const scalar = fc.oneof(positive, fc.constantFrom(1n, 2n, ORDER - 1n));
    fc.assert(
      fc.property(scalar, scalar, scalar, fc.uint8Array({ maxLength: 40 }), (x, k, phi, message) => {
        const nonce = combineNonce([curve.base(k)]);
        if (nonce === undefined) throw new Error('no nonce');
        const m = digestOf(message);
        const share = { u: mod(k * phi), w: mod(m * phi + nonce.r * x * phi) };
        const key = curve.base(x);
        const combined = combineShares(key, m, nonce, [share]);
        if (!combined.ok) {
          expect(mod(m + nonce.r * x)).toBe(0n);
          return;
        }
        const { r, s, recid } = combined.signature;
        const compact = new Uint8Array([...r, ...s]);
        const raw = secp256k1.Point.fromHex(toHex(curve.encode(key)));
        expect(secp256k1.verify(compact, message, raw.toBytes())).toBe(true);
        const node = { key: nodeKey(raw.toHex(false)), dsaEncoding: 'ieee-p1363' } as const;
        expect(verify('sha256', message, node, compact)).toBe(true);
        const recovered = new secp256k1.Signature(BigInt(`0x${toHex(r)}`), BigInt(`0x${toHex(s)}`), recid);
        const hashed = new Uint8Array(createHash('sha256').update(message).digest());
        expect(recovered.recoverPublicKey(hashed).equals(raw)).toBe(true);
        expect(combineShares(curve.base(x + 1n), m, nonce, [share]).ok).toBe(false);
      }),
      { numRuns: 25 },
    );
  });
});
