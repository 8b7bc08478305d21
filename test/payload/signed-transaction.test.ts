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
import { safeSignature, signedTransaction } from '../../protocol/payload/signed-transaction.ts';
import { decoded, FRIEND, hex, plainTransaction, safeTx, transaction } from './support/payloads.ts';

const KEY = keccak_256(new TextEncoder().encode('a test key'));
const ADDRESS = privateKeyToAddress(hex(KEY) as Hex);

function sign(payload: Decoded): { readonly r: bigint; readonly s: bigint; readonly recid: number } {
  const compact = secp256k1.sign(payload.digest, KEY, { prehash: false, format: 'recovered' });
  const signature = secp256k1.Signature.fromBytes(compact, 'recovered');
  return { r: signature.r, s: signature.s, recid: signature.recovery ?? 0 };
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
          const { raw } = signedTransaction(payload, { r, s, recid });
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
      { r: 0n, s: 1n, recid: 0 },
      { r: order, s: 1n, recid: 0 },
      { r: 1n, s: 0n, recid: 0 },
      { r: 1n, s: order / 2n + 1n, recid: 0 },
      { r: 1n, s: 1n, recid: 2 },
    ]) {
      expect(() => signedTransaction(payload, signature)).toThrow(/must be/);
      expect(() => safeSignature(signature)).toThrow(/must be/);
    }
    expect(() => signedTransaction(decoded(safeTx()), { r: 1n, s: 1n, recid: 0 })).toThrow(/Only a transaction/);
  });
});

describe('Safe signatures', () => {
  test('65 bytes that recover to the owner', async () => {
    const payload = decoded(safeTx({ value: '1' }));
    const signature = safeSignature(sign(payload));
    expect(signature).toHaveLength(65);
    expect(await recoverAddress({ hash: hex(payload.digest) as Hex, signature: hex(signature) as Hex })).toBe(ADDRESS);
  });
});
