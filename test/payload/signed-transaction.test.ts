import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import fc from 'fast-check';
import {
  type Hex,
  parseTransaction,
  recoverAddress,
  recoverTransactionAddress,
  serializeTransaction,
  type TransactionSerializable,
} from 'viem';
import { privateKeyToAddress } from 'viem/accounts';
import { describe, expect, test } from 'vitest';
import type { Decoded } from '../../protocol/payload/payload.ts';
import {
  type RecoverableSignature,
  signatureBytes,
  signedTransaction,
} from '../../protocol/payload/signed-transaction.ts';
import { bytes, decoded, FRIEND, hex, plainTransaction, safeTx, transaction, word } from './support/payloads.ts';

const KEY = keccak_256(new TextEncoder().encode('a test key'));
const ADDRESS = privateKeyToAddress(hex(KEY) as Hex);

function sign(payload: Decoded): RecoverableSignature {
  const compact = secp256k1.sign(payload.digest, KEY, { prehash: false, format: 'recovered' });
  const signature = secp256k1.Signature.fromBytes(compact, 'recovered');
  return made(signature.r, signature.s, signature.recovery ?? 0);
}

function made(r: bigint, s: bigint, recid: number): RecoverableSignature {
  return { r: bytes(word(r)), s: bytes(word(s)), recid };
}

const accessList = [{ address: FRIEND, storageKeys: [`0x${'ab'.repeat(32)}`] as Hex[] }] as const;
const FORMS: readonly TransactionSerializable[] = [
  { type: 'legacy', chainId: 1, gasPrice: 7n, gas: 21000n, to: FRIEND, value: 5n },
  { type: 'legacy', chainId: 9_007_199_254_740_991, gasPrice: 7n, gas: 21000n, to: FRIEND },
  { type: 'eip2930', chainId: 10, gasPrice: 7n, gas: 21000n, to: FRIEND, accessList },
  {
    type: 'eip1559',
    chainId: 1,
    maxFeePerGas: 7n,
    maxPriorityFeePerGas: 7n,
    gas: 1n,
    to: FRIEND,
    nonce: 3,
    data: '0xab',
  },
  { type: 'eip1559', chainId: 31337, maxFeePerGas: 7n, gas: 1n, data: '0x6001' },
];

describe('signed transactions', () => {
  test.each(FORMS.map((form) => [form.type, form.chainId, form] as const))('%s on chain %s', async (_, __, form) => {
    const payload = decoded(transaction(serializeTransaction(form)));
    const { raw, hash } = signedTransaction(payload, sign(payload));
    const serialized = hex(raw) as Parameters<typeof recoverTransactionAddress>[0]['serializedTransaction'];
    expect(await recoverTransactionAddress({ serializedTransaction: serialized })).toBe(ADDRESS);
    expect(hex(hash)).toBe(hex(keccak_256(raw)));
    expect(parseTransaction(serialized)).toMatchObject({ type: form.type, chainId: form.chainId });
  });

  test('both parities and short integers of the signature', () => {
    const payload = decoded(plainTransaction());
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: 1n << 250n }),
        fc.bigInt({ min: 1n, max: 1n << 250n }),
        fc.constantFrom(0, 1),
        (r, s, recid) => {
          const { raw } = signedTransaction(payload, made(r, s, recid));
          const parsed = parseTransaction(hex(raw) as Hex) as { r?: string; s?: string; yParity?: number };
          expect([BigInt(parsed.r ?? 0), BigInt(parsed.s ?? 0), parsed.yParity]).toEqual([r, s, recid]);
        },
      ),
      { numRuns: 200 },
    );
  });

  test('misuse is told to the caller', () => {
    const order = secp256k1.Point.CURVE().n;
    const payload = decoded(plainTransaction());
    for (const signature of [
      made(0n, 1n, 0),
      made(order, 1n, 0),
      made(1n, 0n, 0),
      made(1n, order / 2n + 1n, 0),
      made(1n, 1n, 2),
      { r: new Uint8Array(31).fill(1), s: new Uint8Array(32).fill(1), recid: 0 },
      { r: new Uint8Array(32).fill(1), s: new Uint8Array(33).fill(1), recid: 0 },
    ]) {
      expect(() => signedTransaction(payload, signature)).toThrow(/must be/);
      expect(() => signatureBytes(signature)).toThrow(/must be/);
    }
    expect(() => signedTransaction(decoded(safeTx()), made(1n, 1n, 0))).toThrow(/Only a transaction/);
  });
});

describe('Safe signatures', () => {
  test('65 bytes that recover to the owner', async () => {
    const payload = decoded(safeTx({ value: '1' }));
    const signature = signatureBytes(sign(payload));
    expect(signature).toHaveLength(65);
    expect(await recoverAddress({ hash: hex(payload.digest) as Hex, signature: hex(signature) as Hex })).toBe(ADDRESS);
  });
});
