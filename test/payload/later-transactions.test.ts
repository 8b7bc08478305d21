/** EIP-4844 and EIP-7702 transactions, as an encoder of other people writes them and as nobody may write them. */
import { Common, Hardfork, Mainnet } from '@ethereumjs/common';
import { createBlob4844Tx, createEOACode7702Tx } from '@ethereumjs/tx';
import type { EOACode7702AuthorizationList, KZG } from '@ethereumjs/util';
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { keccak_256 } from '@noble/hashes/sha3.js';
import fc from 'fast-check';
import { type Hex, serializeTransaction } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import { describe, expect, test } from 'vitest';
import { authorizationDigest } from '../../protocol/payload/authorization.ts';
import type { Decoded } from '../../protocol/payload/payload.ts';
import { decodeRlp, encodeRlp, minimalBytes, type RlpItem } from '../../protocol/payload/rlp.ts';
import { type RecoverableSignature, signedTransaction } from '../../protocol/payload/signed-transaction.ts';
import { totalFeeCap } from '../../protocol/payload/transaction.ts';
import { bytes, decoded, FRIEND, hex, refusal, TOKEN, transaction, transfer, word } from './support/payloads.ts';

/** Encodings alone need no KZG, but this library does not start without one. */
const kzg = {} as KZG;
const common = new Common({ chain: Mainnet, hardfork: Hardfork.Prague, customCrypto: { kzg } });

const KEY = keccak_256(new TextEncoder().encode('a test key'));
const OTHER = privateKeyToAccount(`0x${'11'.repeat(32)}`);
const ORDER = secp256k1.Point.Fn.ORDER;
const BLOB = `0x01${'ab'.repeat(31)}` as const;

const FIELDS = {
  chainId: 1n,
  nonce: 7n,
  maxFeePerGas: 30n,
  maxPriorityFeePerGas: 2n,
  gasLimit: 90_000n,
  to: FRIEND as `0x${string}`,
  value: 5n,
  data: transfer(),
} as const;

function blobTransaction(fields: object = {}): ReturnType<typeof createBlob4844Tx> {
  return createBlob4844Tx({ ...FIELDS, maxFeePerBlobGas: 3n, blobVersionedHashes: [BLOB], ...fields }, { common });
}

interface Tuple {
  readonly chainId: bigint;
  readonly address: `0x${string}`;
  readonly nonce: bigint;
}

const TUPLE: Tuple = { chainId: 1n, address: TOKEN, nonce: 4n };

/** A tuple that OTHER has signed, by viem. */
async function authorized({ chainId, address, nonce }: Tuple = TUPLE): Promise<readonly RlpItem[]> {
  const signed = await OTHER.signAuthorization({ chainId: Number(chainId), address, nonce: Number(nonce) });
  return tuple({ chainId, address, nonce }, BigInt(signed.yParity ?? 0), BigInt(signed.r), BigInt(signed.s));
}

function tuple({ chainId, address, nonce }: Tuple, yParity: bigint, r: bigint, s: bigint): readonly RlpItem[] {
  return [minimalBytes(chainId), bytes(address), minimalBytes(nonce), ...[yParity, r, s].map(minimalBytes)];
}

function sign(payload: Decoded): RecoverableSignature {
  const compact = secp256k1.sign(payload.digest, KEY, { prehash: false, format: 'recovered' });
  const { r, s, recovery = 0 } = secp256k1.Signature.fromBytes(compact, 'recovered');
  return { r: bytes(word(r)), s: bytes(word(s)), recid: recovery };
}

function list(raw: Uint8Array): RlpItem[] {
  const item = decodeRlp(raw.subarray(1));
  if (item instanceof Uint8Array) throw new Error('no list');
  return [...item];
}

/** The transaction with some fields (by position) replaced. */
function edited(raw: Uint8Array, changes: Readonly<Record<number, RlpItem>>): ReturnType<typeof transaction> {
  const fields = list(raw).map((field, i) => changes[i] ?? field);
  return typed(raw[0] ?? 0, fields);
}

function typed(type: number, fields: readonly RlpItem[]): ReturnType<typeof transaction> {
  return transaction(Uint8Array.from([type, ...encodeRlp(fields)]));
}

const EMPTY = new Uint8Array(0);

describe('EIP-4844', () => {
  test('is read as the other encoder meant it, and signed as it signs', () => {
    const other = blobTransaction({ accessList: [{ address: TOKEN, storageKeys: [`0x${'cd'.repeat(32)}`] }] });
    const payload = decoded(transaction(other.getMessageToSign()));
    expect(payload.transaction).toMatchObject({
      type: 'eip4844',
      chainId: 1n,
      nonce: 7n,
      gas: 90_000n,
      fees: { maxFeePerGas: 30n, maxPriorityFeePerGas: 2n },
      to: FRIEND,
      value: 5n,
      blobs: { hashes: [bytes(BLOB)], maxFeePerBlobGas: 3n },
    });
    expect(payload.transaction && totalFeeCap(payload.transaction)).toBe(90_000n * 30n + 131_072n * 3n);
    expect(hex(payload.digest)).toBe(hex(other.getHashedMessageToSign()));
    const signature = sign(payload);
    const signed = other.addSignature(BigInt(signature.recid), signature.r, signature.s);
    const { raw, hash } = signedTransaction(payload, signature);
    expect([hex(raw), hex(hash)]).toEqual([hex(signed.serialize()), hex(signed.hash())]);
  });

  test('one to nine blobs', () => {
    const blobs = (count: number): string[] =>
      Array.from({ length: count }, (_, i) => `0x01${word(BigInt(i)).slice(2)}`);
    const raw = blobTransaction().getMessageToSign();
    for (const count of [0, 1, 6, 9, 10]) {
      const code = refusal(edited(raw, { 10: blobs(count).map(bytes) }));
      expect([count, code]).toEqual([count, count >= 1 && count <= 9 ? undefined : 'TX_BLOBS']);
    }
  });

  const raw = blobTransaction().getMessageToSign();
  const signed = blobTransaction().sign(KEY).serialize();
  test.each([
    ['a hash of another version', edited(raw, { 10: [bytes(`02${'ab'.repeat(31)}`)] }), 'TX_BLOBS'],
    ['a hash of version 0', edited(raw, { 10: [bytes(`00${'ab'.repeat(31)}`)] }), 'TX_BLOBS'],
    ['a short hash', edited(raw, { 10: [bytes(`01${'ab'.repeat(30)}`)] }), 'TX_BLOBS'],
    ['a list for a hash', edited(raw, { 10: [[bytes(BLOB)]] }), 'TX_BLOBS'],
    ['a hash for the list', edited(raw, { 10: bytes(BLOB) }), 'TX_BLOBS'],
    ['no destination', edited(raw, { 5: EMPTY }), 'TX_NO_DESTINATION'],
    ['a short destination', edited(raw, { 5: bytes('22'.repeat(19)) }), 'TX_ADDRESS'],
    ['a price with a leading zero', edited(raw, { 9: bytes('0003') }), 'TX_FIELD_RANGE'],
    ['a price of 33 bytes', edited(raw, { 9: bytes(`01${'00'.repeat(32)}`) }), 'TX_FIELD_RANGE'],
    ['chain 0', edited(raw, { 0: EMPTY }), 'TX_NO_CHAIN_ID'],
    ['a tip above the cap', edited(raw, { 2: bytes('ff') }), 'TX_FEE_ORDER'],
    ['a signature', transaction(signed), 'TX_ALREADY_SIGNED'],
    ['the blobs beside it', typed(3, [list(signed), [EMPTY], [EMPTY], [EMPTY]]), 'TX_FIELD_COUNT'],
    [
      'the blobs beside it, with cell proofs',
      typed(3, [list(signed), bytes('01'), [EMPTY], [EMPTY], [EMPTY]]),
      'TX_FIELD_COUNT',
    ],
    ['a field too few', typed(3, list(raw).slice(0, 10)), 'TX_FIELD_COUNT'],
    ['the type of EIP-7702', typed(4, list(raw)), 'TX_FIELD_COUNT'],
    ['the type of EIP-1559', typed(2, list(raw)), 'TX_FIELD_COUNT'],
    ['a byte less', transaction(raw.slice(0, -1)), 'RLP_MALFORMED'],
    ['a byte more', transaction(Uint8Array.from([...raw, 0])), 'RLP_MALFORMED'],
  ])('%s is refused', (_, payload, code) => {
    expect(refusal(payload)).toBe(code);
  });
});

describe('EIP-7702', () => {
  async function delegating(tuples: readonly (readonly RlpItem[])[] = []): Promise<Uint8Array> {
    const authorizationList: EOACode7702AuthorizationList = [
      {
        chainId: '0x1',
        address: TOKEN,
        nonce: '0x4',
        yParity: '0x0',
        r: `0x${'11'.repeat(32)}`,
        s: `0x${'22'.repeat(32)}`,
      },
    ];
    const raw = createEOACode7702Tx({ ...FIELDS, authorizationList }, { common }).getMessageToSign();
    return edited(raw, { 9: tuples.length > 0 ? tuples : [await authorized()] }).bytes;
  }

  test('is read as it was meant, each authorization a node below the call', async () => {
    const raw = await delegating([await authorized(), await authorized({ ...TUPLE, chainId: 0n, nonce: 0n })]);
    const payload = decoded(transaction(raw));
    const authority = OTHER.address.toLowerCase();
    expect(payload.transaction).toMatchObject({
      type: 'eip7702',
      to: FRIEND,
      authorizations: [
        { chainId: 1n, address: TOKEN, nonce: 4n, authority },
        { chainId: 0n, address: TOKEN, nonce: 0n, authority },
      ],
    });
    expect(payload.calls.map(({ path, operation, from, to }) => [path, operation, from, to])).toEqual([
      ['0', 'call', 'wallet', FRIEND],
      ['0.0', 'authorize', authority, TOKEN],
      ['0.1', 'authorize', authority, TOKEN],
    ]);
    expect(payload.calls[1]?.controlChange).toEqual({ area: 'code', account: authority });
    expect(payload.leaves.map(({ path }) => path)).toEqual(['0', '0.0', '0.1']);
    const [first] = payload.transaction?.authorizations ?? [];
    expect(first && hex(authorizationDigest(first))).toBe(hex(payload.calls[1]?.digest ?? EMPTY));
  });

  test('is signed as the other encoder signs', async () => {
    const authorizationList: EOACode7702AuthorizationList = [
      { chainId: '0x1', address: TOKEN, nonce: '0x4', ...(await signedHex()) },
    ];
    const other = createEOACode7702Tx({ ...FIELDS, authorizationList }, { common });
    const payload = decoded(transaction(other.getMessageToSign()));
    expect(hex(payload.digest)).toBe(hex(other.getHashedMessageToSign()));
    const signature = sign(payload);
    const signed = other.addSignature(BigInt(signature.recid), signature.r, signature.s);
    const { raw, hash } = signedTransaction(payload, signature);
    expect([hex(raw), hex(hash)]).toEqual([hex(signed.serialize()), hex(signed.hash())]);
  });

  async function signedHex(): Promise<{ yParity: Hex; r: Hex; s: Hex }> {
    const { yParity = 0, r, s } = await OTHER.signAuthorization({ chainId: 1, address: TOKEN, nonce: 4 });
    return { yParity: `0x${yParity}`, r, s };
  }

  test('both recoveries name the account that signed, for any key', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.bigInt(0n, 1_000_000n),
        async (seed, nonce) => {
          const account = privateKeyToAccount(hex(keccak_256(seed)) as `0x${string}`);
          const {
            yParity = 0,
            r,
            s,
          } = await account.signAuthorization({ chainId: 1, address: TOKEN, nonce: Number(nonce) });
          const item = tuple({ ...TUPLE, nonce }, BigInt(yParity), BigInt(r), BigInt(s));
          const { transaction: tx } = decoded(transaction(await delegating([item])));
          expect(tx?.authorizations[0]?.authority).toBe(account.address.toLowerCase());
        },
      ),
      { numRuns: 20 },
    );
  });

  test('what no chain would apply is refused', async () => {
    const good = await authorized();
    const change = (at: number, value: RlpItem): readonly RlpItem[] =>
      good.map((field, i) => (i === at ? value : field));
    const high = minimalBytes(ORDER - 5n);
    const cases: readonly (readonly [string, readonly (readonly RlpItem[])[], string])[] = [
      ['for another chain', [await authorized({ ...TUPLE, chainId: 2n })], 'TX_AUTHORIZATION'],
      ['parity 2', [change(3, bytes('02'))], 'TX_FIELD_RANGE'],
      ['r is 0', [change(4, EMPTY)], 'TX_AUTHORIZATION'],
      ['r is the order', [change(4, minimalBytes(ORDER))], 'TX_AUTHORIZATION'],
      ['s is 0', [change(5, EMPTY)], 'TX_AUTHORIZATION'],
      ['s is high', [change(5, high)], 'TX_AUTHORIZATION'],
      ['r is no x of a point', [change(4, bytes('05'))], 'TX_AUTHORIZATION'],
      ['r has a leading zero', [change(4, bytes(`00${'11'.repeat(31)}`))], 'TX_FIELD_RANGE'],
      ['a short delegate', [change(1, bytes('33'.repeat(19)))], 'AUTHORIZATION_MALFORMED'],
      ['nonce 2^64 - 1', [change(2, bytes('ff'.repeat(8)))], 'TX_FIELD_RANGE'],
      ['five fields', [good.slice(0, 5)], 'TX_AUTHORIZATION'],
      ['seven fields', [[...good, EMPTY]], 'TX_AUTHORIZATION'],
      ['65 of them', Array.from({ length: 65 }, () => good), 'TX_AUTHORIZATION'],
      ['a bad one behind a good one', [good, change(5, high)], 'TX_AUTHORIZATION'],
    ];
    for (const [name, tuples, code] of cases) {
      expect([name, refusal(transaction(await delegating(tuples)))]).toEqual([name, code]);
    }
    const raw = await delegating();
    expect(refusal(edited(raw, { 9: [] }))).toBe('TX_AUTHORIZATION');
    expect(refusal(edited(raw, { 9: EMPTY }))).toBe('TX_AUTHORIZATION');
    expect(refusal(edited(raw, { 9: [bytes('01')] }))).toBe('TX_AUTHORIZATION');
    expect(refusal(edited(raw, { 5: EMPTY }))).toBe('TX_NO_DESTINATION');
    expect(refusal(typed(4, [...list(raw), EMPTY, bytes('11'.repeat(32)), bytes('22'.repeat(32))]))).toBe(
      'TX_ALREADY_SIGNED',
    );
    expect(refusal(typed(4, list(raw).slice(0, 9)))).toBe('TX_FIELD_COUNT');
    expect(refusal(typed(3, list(raw)))).toBe('TX_FIELD_COUNT');
    expect(refusal(transaction(raw.slice(0, -1)))).toBe('RLP_MALFORMED');
    expect(refusal(transaction(Uint8Array.from([...raw, 0x80])))).toBe('RLP_MALFORMED');
  });

  test('a list that a library leaves empty is refused', () => {
    const empty = serializeTransaction({ type: 'eip7702', chainId: 1, to: FRIEND, gas: 21000n, authorizationList: [] });
    expect(refusal(transaction(empty))).toBe('TX_AUTHORIZATION');
  });
});
