import { createPublicKey, verify as nodeVerify } from 'node:crypto';
import { ED25519_TORSION_SUBGROUP, ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isAcceptableKey, signerFromSeed, signerFromTransfer, verify } from '../../protocol/ceremony/ed25519.ts';
import { concat, toHex, utf8 } from '../../protocol/common/bytes.ts';
import { bytes } from '../threshold/support/labels.ts';

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const MESSAGE = utf8('the message');

/** Tests 1 to 3 of RFC 8032, section 7.1: seed, public key, message, signature. */
const RFC_8032 = [
  [
    '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    '',
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  ],
  [
    '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    '72',
    '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  ],
  [
    'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    'af82',
    '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  ],
] as const;

function little(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

function number(encoded: Uint8Array): bigint {
  return encoded.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** What OpenSSL says, asked directly. */
function openssl(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key]);
    return nodeVerify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), signature);
  } catch {
    return false;
  }
}

function challenge(r: Uint8Array, key: Uint8Array, message: Uint8Array): bigint {
  return number(sha512(concat(r, key, message))) % L;
}

describe('the one Ed25519', () => {
  test.each(RFC_8032)('RFC 8032: seed %s', (seed, key, message, signature) => {
    const signer = signerFromSeed(bytes(seed));
    expect(toHex(signer.publicKey)).toBe(key);
    expect(toHex(signer.sign(bytes(message)))).toBe(signature);
    expect(verify(bytes(key), bytes(message), bytes(signature))).toBe(true);
    expect(verify(bytes(key), concat(bytes(message), Uint8Array.of(0)), bytes(signature))).toBe(false);
    expect(toHex(signerFromTransfer(signer.transferable()).publicKey)).toBe(key);
  });

  test('all eight points of small order are refused as keys, with either sign bit', () => {
    expect(ED25519_TORSION_SUBGROUP).toHaveLength(8);
    for (const encoded of ED25519_TORSION_SUBGROUP) {
      const key = bytes(encoded);
      expect(isAcceptableKey(key), encoded).toBe(false);
      const flipped = key.slice();
      flipped[31] = (flipped[31] ?? 0) ^ 0x80;
      expect(isAcceptableKey(flipped), `${encoded}, other sign`).toBe(false);
    }
  });

  test('the key 01 00…00, under which anything verifies elsewhere, verifies nothing', () => {
    const key = little(1n);
    const signature = concat(little(1n), little(0n)); // R = identity, S = 0
    expect(openssl(key, MESSAGE, signature)).toBe(true); // why it must be refused
    expect(verify(key, MESSAGE, signature)).toBe(false);
    expect(isAcceptableKey(key)).toBe(false);
  });

  test('y coordinates of p and above are no keys', () => {
    for (let y = P; y < 2n ** 255n; y++) {
      expect(isAcceptableKey(little(y)), y.toString()).toBe(false);
      expect(isAcceptableKey(little(y | (1n << 255n))), y.toString()).toBe(false);
    }
  });

  test('keys of other lengths and points off the curve are no keys', () => {
    const { publicKey } = signerFromSeed(little(5n));
    expect(isAcceptableKey(publicKey)).toBe(true);
    expect(isAcceptableKey(publicKey.subarray(1))).toBe(false);
    expect(isAcceptableKey(concat(publicKey, Uint8Array.of(0)))).toBe(false);
    expect(isAcceptableKey(new Uint8Array())).toBe(false);
  });

  test('a key that OpenSSL cannot decompress never verifies', () => {
    let unusable = 0;
    for (let y = 2n; y < 40n; y++) {
      const key = little(y);
      let onCurve = true;
      try {
        ed25519.Point.fromBytes(key);
      } catch {
        onCurve = false;
      }
      if (onCurve) continue;
      unusable += 1;
      expect(verify(key, MESSAGE, signerFromSeed(little(5n)).sign(MESSAGE))).toBe(false);
    }
    expect(unusable).toBeGreaterThan(5);
  });

  test('S + L, S = L and every larger S are refused', () => {
    const signer = signerFromSeed(little(9n));
    const signature = signer.sign(MESSAGE);
    const s = number(signature.subarray(32));
    const withS = (value: bigint): Uint8Array => concat(signature.subarray(0, 32), little(value));
    expect(verify(signer.publicKey, MESSAGE, withS(s))).toBe(true);
    for (const value of [s + L, L, L + 1n, 2n ** 253n, 2n ** 256n - 1n]) {
      expect(verify(signer.publicKey, MESSAGE, withS(value)), value.toString()).toBe(false);
      expect(openssl(signer.publicKey, MESSAGE, withS(value))).toBe(false);
    }
  });

  test('an R that is not canonical is refused', () => {
    const seed = little(11n);
    const { publicKey } = signerFromSeed(seed);
    const secret = ed25519.utils.getExtendedPublicKey(seed).scalar;
    // With R = identity, S = k·a makes a valid equation; the identity has the second spelling y = p + 1.
    for (const [r, expected] of [
      [little(1n), true],
      [little(P + 1n), false],
    ] as const) {
      const s = (challenge(r, publicKey, MESSAGE) * secret) % L;
      const signature = concat(r, little(s));
      expect(verify(publicKey, MESSAGE, signature)).toBe(expected);
      expect(openssl(publicKey, MESSAGE, signature)).toBe(expected);
    }
  });

  test('signatures under a key of mixed order: our opinion is that of node:crypto, not the cofactored one', () => {
    const torsion = ed25519.Point.fromHex(ED25519_TORSION_SUBGROUP[1] ?? '');
    const a = 123456789n;
    const key = ed25519.Point.BASE.multiply(a).add(torsion).toBytes();
    expect(isAcceptableKey(key)).toBe(true);
    const opinions = { ours: 0, cofactored: 0 };
    for (let i = 1n; i <= 64n; i++) {
      const message = little(i);
      const r = ed25519.Point.BASE.multiply(1000n + i).toBytes();
      const k = challenge(r, key, message);
      const signature = concat(r, little((1000n + i + k * a) % L));
      const ours = verify(key, message, signature);
      expect(ours).toBe(openssl(key, message, signature));
      expect(ours).toBe(k % 8n === 0n);
      if (ours) opinions.ours += 1;
      if (ed25519.verify(signature, message, key, { zip215: true })) opinions.cofactored += 1;
    }
    expect(opinions.cofactored).toBe(64);
    expect(opinions.ours).toBeLessThan(32);
  });

  test('canonical input: the same opinion as node:crypto, whatever bit is flipped', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ maxLength: 80 }),
        fc.integer({ min: 0, max: 64 * 8 - 1 }),
        (seed, message, bit) => {
          const signer = signerFromSeed(seed);
          const signature = signer.sign(message);
          if (!verify(signer.publicKey, message, signature)) return false;
          const flipped = signature.slice();
          flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          return !verify(signer.publicKey, message, flipped) && !openssl(signer.publicKey, message, flipped);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('signatures of other lengths are refused', () => {
    const signer = signerFromSeed(little(3n));
    const signature = signer.sign(MESSAGE);
    for (const other of [new Uint8Array(), signature.subarray(1), concat(signature, Uint8Array.of(0))]) {
      expect(verify(signer.publicKey, MESSAGE, other)).toBe(false);
    }
  });
});
