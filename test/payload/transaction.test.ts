import { keccak_256 } from '@noble/hashes/sha3.js';
import { type Hex, recoverAddress, serializeTransaction } from 'viem';
import { describe, expect, test } from 'vitest';
import { decode, isIntact } from '../../protocol/payload/payload.ts';
import { decodeRlp, encodeRlp, minimalBytes, type RlpItem } from '../../protocol/payload/rlp.ts';
import { decodeTransaction } from '../../protocol/payload/transaction.ts';
import { bytes, decoded, FRIEND, hex, plainTransaction, refusal, transaction, vectors } from './support/payloads.ts';

interface Eip155Vector {
  readonly rlp: string;
  readonly sender: string;
  readonly transaction: {
    readonly nonce: string;
    readonly value: string;
    readonly gasLimit: string;
    readonly to: string;
  };
}

function listOf(encoded: Uint8Array): readonly RlpItem[] {
  const item = decodeRlp(encoded);
  if (item instanceof Uint8Array) throw new Error('not a list');
  return item;
}

describe('EIP-155 vectors', () => {
  test.each(vectors<Eip155Vector[]>('eip155-vitalik.json'))('sender $sender', async (vector) => {
    const fields = listOf(bytes(vector.rlp));
    const [v, r, s] = fields.slice(6);
    const signature = [v, r, s].map((part) => (part instanceof Uint8Array ? BigInt(hex(part)) : 0n));
    const unsigned = encodeRlp([...fields.slice(0, 6), minimalBytes(1n), new Uint8Array(0), new Uint8Array(0)]);

    const result = decoded(transaction(unsigned));
    expect(result.transaction).toMatchObject({
      type: 'legacy',
      chainId: 1n,
      nonce: BigInt(vector.transaction.nonce),
      gas: BigInt(vector.transaction.gasLimit),
      value: BigInt(vector.transaction.value),
      to: vector.transaction.to,
    });
    const [vValue = 0n, rValue = 0n, sValue = 0n] = signature;
    const recovered = await recoverAddress({
      hash: hex(result.digest) as Hex,
      signature: {
        r: `0x${rValue.toString(16).padStart(64, '0')}`,
        s: `0x${sValue.toString(16).padStart(64, '0')}`,
        yParity: Number(vValue - 37n),
      },
    });
    expect(recovered.toLowerCase()).toBe(`0x${vector.sender}`);
    // The signed original must never be taken for something to sign.
    expect(refusal(transaction(vector.rlp))).toBe('TX_ALREADY_SIGNED');
  });
});

describe('the first three forms', () => {
  const accessList = [{ address: FRIEND, storageKeys: [`0x${'ab'.repeat(32)}`] as Hex[] }] as const;

  test('EIP-1559', () => {
    const payload = plainTransaction({ value: 10n ** 18n, accessList });
    const result = decoded(payload);
    expect(result.transaction).toEqual({
      type: 'eip1559',
      chainId: 1n,
      nonce: 7n,
      gas: 100_000n,
      fees: { kind: 'cap', maxFeePerGas: 30n * 10n ** 9n, maxPriorityFeePerGas: 10n ** 9n },
      to: FRIEND,
      value: 10n ** 18n,
      data: new Uint8Array(0),
      accessList: [{ address: FRIEND, storageKeys: [bytes('ab'.repeat(32))] }],
      blobs: undefined,
      authorizations: [],
    });
    expect(hex(result.digest)).toBe(hex(keccak_256(payload.bytes)));
  });

  test('EIP-2930', () => {
    const unsigned = serializeTransaction({
      type: 'eip2930',
      chainId: 10,
      gasPrice: 5n,
      gas: 21000n,
      to: FRIEND,
      accessList,
    });
    expect(decoded(transaction(unsigned)).transaction).toMatchObject({
      type: 'eip2930',
      chainId: 10n,
      nonce: 0n,
      fees: { kind: 'price', gasPrice: 5n },
      accessList: [{ address: FRIEND }],
    });
  });

  test('legacy', () => {
    const unsigned = serializeTransaction({
      type: 'legacy',
      chainId: 137,
      gasPrice: 5n,
      gas: 21000n,
      to: FRIEND,
      nonce: 1,
    });
    expect(decoded(transaction(unsigned)).transaction).toMatchObject({ type: 'legacy', chainId: 137n, nonce: 1n });
  });

  test('an empty destination creates a contract', () => {
    const result = decoded(plainTransaction({ to: null, data: '0x6001', value: 3n }));
    expect(result.root).toMatchObject({ operation: 'create', to: undefined, selector: undefined, call: undefined });
    expect(result.root.movements).toMatchObject([{ asset: 'native', amount: 3n, counterparty: 'created' }]);
  });
});

/** Fields of an unsigned EIP-1559 transaction, to be changed one by one. */
function fields1559(change: Partial<Record<number, RlpItem>> = {}): Uint8Array {
  const plain = listOf(plainTransaction({ value: 1n, data: '0x01' }).bytes.subarray(1));
  return concat(2, encodeRlp(plain.map((field, i) => change[i] ?? field)));
}

function concat(type: number, body: Uint8Array): Uint8Array {
  return Uint8Array.of(type, ...body);
}

const [CHAIN, NONCE, TIP, CAP, GAS, TO, VALUE, DATA, LIST] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
const EMPTY = new Uint8Array(0);

describe('where decoders disagree about transactions', () => {
  test.each<[string, Partial<Record<number, RlpItem>>, string]>([
    ['value 2^256', { [VALUE]: minimalBytes(1n << 256n) }, 'TX_FIELD_RANGE'],
    ['gas 2^64', { [GAS]: minimalBytes(1n << 64n) }, 'TX_FIELD_RANGE'],
    ['nonce 2^64 - 1', { [NONCE]: minimalBytes((1n << 64n) - 1n) }, 'TX_FIELD_RANGE'],
    ['a nonce the second decoder cannot hold', { [NONCE]: minimalBytes((1n << 64n) - 2n) }, 'SECOND_DECODER_REFUSED'],
    ['fee cap 2^256', { [CAP]: minimalBytes(1n << 256n) }, 'TX_FIELD_RANGE'],
    ['chain id 2^53', { [CHAIN]: minimalBytes(1n << 53n) }, 'TX_FIELD_RANGE'],
    ['chain id 0', { [CHAIN]: EMPTY }, 'TX_NO_CHAIN_ID'],
    ['tip above cap', { [TIP]: minimalBytes(10n ** 12n) }, 'TX_FEE_ORDER'],
    ['nonce with a leading zero', { [NONCE]: Uint8Array.of(0, 7) }, 'TX_FIELD_RANGE'],
    ['nonce written as the byte zero', { [NONCE]: Uint8Array.of(0) }, 'TX_FIELD_RANGE'],
    ['value with leading zeros', { [VALUE]: Uint8Array.of(0, 0, 1) }, 'TX_FIELD_RANGE'],
    ['a list for value', { [VALUE]: [] }, 'RLP_MALFORMED'],
    ['a list for data', { [DATA]: [Uint8Array.of(1)] }, 'RLP_MALFORMED'],
    ['a list for the nonce', { [NONCE]: [] }, 'RLP_MALFORMED'],
    ['a list for the destination', { [TO]: [] }, 'TX_ADDRESS'],
    ['a destination of 19 bytes', { [TO]: new Uint8Array(19).fill(1) }, 'TX_ADDRESS'],
    ['a destination of 21 bytes', { [TO]: new Uint8Array(21).fill(1) }, 'TX_ADDRESS'],
    ['a destination of 32 bytes', { [TO]: new Uint8Array(32).fill(1) }, 'TX_ADDRESS'],
    ['bytes for the access list', { [LIST]: EMPTY }, 'TX_ACCESS_LIST'],
    ['an access entry of one field', { [LIST]: [[bytes(FRIEND)]] }, 'TX_ACCESS_LIST'],
    ['an access entry of three fields', { [LIST]: [[bytes(FRIEND), [], []]] }, 'TX_ACCESS_LIST'],
    ['a short storage key', { [LIST]: [[bytes(FRIEND), [new Uint8Array(31)]]] }, 'TX_ACCESS_LIST'],
    ['a short access address', { [LIST]: [[new Uint8Array(19), []]] }, 'TX_ACCESS_LIST'],
    ['bytes for storage keys', { [LIST]: [[bytes(FRIEND), new Uint8Array(32)]] }, 'TX_ACCESS_LIST'],
  ])('%s', (_, change, code) => {
    expect(refusal(transaction(fields1559(change)))).toBe(code);
  });

  test('the unchanged fields decode, so each refusal above has one cause', () => {
    expect(refusal(transaction(fields1559()))).toBeUndefined();
  });

  test('a nonce up to 2^64 - 2 is fine for the first decoder alone', () => {
    const unsigned = fields1559({ [NONCE]: minimalBytes((1n << 64n) - 2n) });
    expect(decodeTransaction(unsigned).nonce).toBe((1n << 64n) - 2n);
  });

  test('trailing bytes, cut bytes and nothing at all', () => {
    const valid = fields1559();
    expect(refusal(transaction(Uint8Array.of(...valid, 0)))).toBe('RLP_MALFORMED');
    expect(refusal(transaction(valid.subarray(0, -1)))).toBe('RLP_MALFORMED');
    expect(refusal(transaction(new Uint8Array(0)))).toBe('PAYLOAD_EMPTY');
    expect(refusal(transaction(new Uint8Array(4 * 1024 * 1024 + 1)))).toBe('PAYLOAD_TOO_LARGE');
  });

  test('a length longer than necessary', () => {
    // 0xf8 with a one-byte length, although the list is short enough for 0xc0 + length.
    const body = listOf(fields1559().subarray(1)).slice(0, 5).map(encodeRlp);
    const joined = Uint8Array.from(body.flatMap((part) => [...part]));
    expect(joined.length).toBeLessThan(56);
    expect(refusal(transaction(Uint8Array.of(2, 0xf8, joined.length, ...joined)))).toBe('RLP_NOT_CANONICAL');
  });

  test('already signed forms of every type, even with r = s = 0', () => {
    for (const type of [1, 2]) {
      const unsigned = type === 2 ? fields1559() : eip2930();
      const list = listOf(unsigned.subarray(1));
      for (const tail of [
        [EMPTY, EMPTY, EMPTY],
        [Uint8Array.of(1), bytes('11'.repeat(32)), bytes('22'.repeat(32))],
      ]) {
        expect(refusal(transaction(concat(type, encodeRlp([...list, ...tail]))))).toBe('TX_ALREADY_SIGNED');
      }
    }
    const legacy = listOf(legacyBytes());
    const signed = [...legacy.slice(0, 6), Uint8Array.of(37), bytes('11'.repeat(32)), bytes('22'.repeat(32))];
    expect(refusal(transaction(encodeRlp(signed)))).toBe('TX_ALREADY_SIGNED');
    const before155 = [...legacy.slice(0, 6), Uint8Array.of(27), bytes('11'.repeat(32)), bytes('22'.repeat(32))];
    expect(refusal(transaction(encodeRlp(before155)))).toBe('TX_ALREADY_SIGNED');
  });

  test('legacy without a chain is replayable anywhere', () => {
    const fields = listOf(legacyBytes());
    expect(refusal(transaction(encodeRlp(fields.slice(0, 6))))).toBe('TX_NO_CHAIN_ID');
    expect(refusal(transaction(encodeRlp([...fields.slice(0, 6), EMPTY, EMPTY, EMPTY])))).toBe('TX_NO_CHAIN_ID');
  });

  test('wrong field counts', () => {
    const list = listOf(fields1559().subarray(1));
    expect(refusal(transaction(concat(2, encodeRlp(list.slice(0, 8)))))).toBe('TX_FIELD_COUNT');
    expect(refusal(transaction(concat(2, encodeRlp([...list, EMPTY]))))).toBe('TX_FIELD_COUNT');
    expect(refusal(transaction(encodeRlp(listOf(legacyBytes()).slice(0, 7))))).toBe('TX_FIELD_COUNT');
  });

  test('unknown types', () => {
    const list = encodeRlp(listOf(fields1559().subarray(1)));
    for (const type of [0, 5, 0x7f, 0x80, 0xbf]) {
      expect(refusal(transaction(concat(type, list)))).toBe('TX_TYPE_UNSUPPORTED');
    }
  });

  test('a bare hash gets its own sentence', () => {
    for (const fill of [0x00, 0x02, 0x5a, 0xc0, 0xf8, 0xff]) {
      expect(refusal(transaction(new Uint8Array(32).fill(fill)))).toBe('BARE_DIGEST');
    }
  });
});

describe('the bytes that were judged are the bytes that are signed', () => {
  test('a change of the caller’s buffer does not reach the decoded payload', () => {
    const payload = plainTransaction({ value: 1n });
    const result = decoded(payload);
    payload.bytes.fill(0);
    expect(isIntact(result)).toBe(true);
    expect(hex(keccak_256(result.payload.bytes))).toBe(hex(result.digest));
  });

  test('a change of the decoded bytes is seen', () => {
    const result = decoded(plainTransaction({ value: 1n }));
    const last = result.payload.bytes.length - 3;
    result.payload.bytes[last] = (result.payload.bytes[last] ?? 0) ^ 2;
    expect(isIntact(result)).toBe(false);
  });

  test('a buffer that changes between two reads is read once', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(128));
    const source = plainTransaction({ value: 1n }).bytes;
    shared.set(source);
    const result = decoded({ kind: 'evm-transaction', bytes: shared.subarray(0, source.length) });
    expect(result.payload.bytes.buffer).not.toBe(shared.buffer);
    shared.fill(0xff);
    expect(isIntact(result)).toBe(true);
  });

  test('an unknown kind is refused', () => {
    const result = decode({ kind: 'digest' as 'evm-transaction', bytes: new Uint8Array(32) });
    expect(result.ok ? undefined : result.error.code).toBe('UNSUPPORTED_KIND');
  });
});

function eip2930(): Uint8Array {
  return bytes(serializeTransaction({ type: 'eip2930', chainId: 1, gasPrice: 5n, gas: 21000n, to: FRIEND }));
}

function legacyBytes(): Uint8Array {
  return bytes(serializeTransaction({ type: 'legacy', chainId: 1, gasPrice: 5n, gas: 21000n, to: FRIEND, value: 2n }));
}
