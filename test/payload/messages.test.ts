/** Messages and authorizations: known answers from outside, and every form that is no form. */
import { keccak_256 } from '@noble/hashes/sha3.js';
import fc from 'fast-check';
import { hashMessage, recoverAddress, recoverMessageAddress } from 'viem';
import { privateKeyToAddress, sign } from 'viem/accounts';
import { describe, expect, test } from 'vitest';
import { canonicalText } from '../../protocol/common/canonical-json.ts';
import { payloadFromInspectJson } from '../../protocol/payload/inspect-json.ts';
import { decode, type Payload } from '../../protocol/payload/payload.ts';
import { encodeRlp, minimalBytes } from '../../protocol/payload/rlp.ts';
import {
  type RecoverableSignature,
  signatureBytes,
  signedAuthorization,
  signedTransaction,
} from '../../protocol/payload/signed-transaction.ts';
import { bytes, decoded, hex, plainTransaction, refusal, safeTx, TOKEN, vectors } from './support/payloads.ts';

const KEY = hex(keccak_256(new TextEncoder().encode('a test key'))) as `0x${string}`;

async function signature(payload: Payload): Promise<RecoverableSignature> {
  const { r, s, yParity = 0 } = await sign({ hash: hex(decoded(payload).digest) as `0x${string}`, privateKey: KEY });
  return { r: bytes(r), s: bytes(s), recid: yParity };
}

function written(text: string): Payload {
  return { kind: 'evm-message', bytes: new TextEncoder().encode(text) };
}

function message(encoding: 'text' | 'hex', text: string): Payload {
  return written(canonicalText({ encoding, message: text }));
}

function file(value: object): Payload {
  const payload = payloadFromInspectJson(JSON.stringify(value));
  if (!payload.ok) throw new Error(`${payload.error.code}: ${payload.error.message}`);
  return payload.value;
}

describe('a message', () => {
  test.each([
    ['hello', '0x50b2c43fd39106bafbba0da34fc430e1f91e3c96ea2acee2bc34119f92b37750'],
    ['Some data', '0x1da44b586eb0729ff70a73c326926f6ed5a25f5b056e7f47fbc6e58d86871655'],
  ])('%s has the digest that other software prints', (text, digest) => {
    expect(hex(decoded(message('text', text)).digest)).toBe(digest);
  });

  test.each([
    '',
    'a',
    'ünïcödé ☃ 𝒳',
    'line\nbreak\ttab "quote" \\',
    `${'x'.repeat(31)}`,
    'x'.repeat(5000),
    '\u202e\u0000',
  ])('of the text %j is hashed as UTF-8, and is signed as wallets sign', async (text) => {
    const payload = file({ kind: 'evm-message', encoding: 'text', message: text });
    const result = decoded(payload);
    expect(hex(result.digest)).toBe(hashMessage(text));
    expect(result.message).toEqual({ encoding: 'text', text, bytes: new TextEncoder().encode(text) });
    expect([result.chainId, result.transaction, result.typedData]).toEqual([undefined, undefined, undefined]);
    expect(result.calls.map(({ path, operation, from, to }) => [path, operation, from, to])).toEqual([
      ['0', 'authorize', 'wallet', undefined],
    ]);
    const bytes65 = hex(signatureBytes(await signature(payload))) as `0x${string}`;
    expect(await recoverMessageAddress({ message: text, signature: bytes65 })).toBe(privateKeyToAddress(KEY));
  });

  test('says whether it is text or bytes, and that changes what is signed', () => {
    const text = decoded(message('text', '0x1234'));
    const raw = decoded(message('hex', '0x1234'));
    expect(hex(text.digest)).toBe(hashMessage('0x1234'));
    expect(hex(raw.digest)).toBe(hashMessage({ raw: '0x1234' }));
    expect(raw.message).toEqual({ encoding: 'hex', text: undefined, bytes: bytes('1234') });
  });

  test('of any text and any bytes agrees with the second decoder', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 80 }), fc.uint8Array({ maxLength: 80 }), (text, raw) => {
        const plain = decode(message('text', text));
        const isHash = new TextEncoder().encode(text).length === 32;
        expect(plain.ok ? hex(plain.value.digest) : plain.error.code).toBe(
          isHash ? 'OPAQUE_MESSAGE' : hashMessage(text),
        );
        const other = decode(message('hex', hex(raw)));
        expect(other.ok ? hex(other.value.digest) : other.error.code).toBe(
          raw.length === 32 ? 'OPAQUE_MESSAGE' : hashMessage({ raw: hex(raw) as `0x${string}` }),
        );
      }),
    );
  });

  test.each([
    ['32 bytes', message('hex', `0x${'5a'.repeat(32)}`), 'OPAQUE_MESSAGE'],
    // A Safe transaction whose hash is printable can be found by trying.
    ['a text of 32 bytes', message('text', 'x'.repeat(32)), 'OPAQUE_MESSAGE'],
    ['a text of 32 bytes in 16 letters', message('text', 'ü'.repeat(16)), 'OPAQUE_MESSAGE'],
    ['nothing', written(''), 'PAYLOAD_EMPTY'],
    ['no JSON', written('hello'), 'MESSAGE_MALFORMED'],
    ['a list', written('["text","hello"]'), 'MESSAGE_MALFORMED'],
    ['no encoding', written('{"message":"hello"}'), 'MESSAGE_MALFORMED'],
    ['no message', written('{"encoding":"text"}'), 'MESSAGE_MALFORMED'],
    ['another encoding', written('{"encoding":"utf8","message":"hello"}'), 'MESSAGE_MALFORMED'],
    ['an encoding that is no string', written('{"encoding":1,"message":"hello"}'), 'MESSAGE_MALFORMED'],
    ['a number', written('{"encoding":"text","message":5}'), 'MESSAGE_MALFORMED'],
    ['more fields', written('{"encoding":"text","message":"a","note":"b"}'), 'MESSAGE_MALFORMED'],
    ['a field twice', written('{"encoding":"text","message":"a","message":"b"}'), 'MESSAGE_MALFORMED'],
    ['white space', written('{"encoding": "text","message":"a"}'), 'MESSAGE_MALFORMED'],
    ['another order', written('{"message":"a","encoding":"text"}'), 'MESSAGE_MALFORMED'],
    ['something behind it', written('{"encoding":"text","message":"a"} '), 'MESSAGE_MALFORMED'],
    ['UTF-8 that is not escaped', written('{"encoding":"text","message":"ü"}'), 'MESSAGE_MALFORMED'],
    ['half a surrogate pair', written('{"encoding":"text","message":"\\ud800"}'), 'MESSAGE_MALFORMED'],
    ['an escape that need not be', written('{"encoding":"text","message":"\\u0061"}'), 'MESSAGE_MALFORMED'],
    ['bytes that are no text', { kind: 'evm-message' as const, bytes: Uint8Array.of(0xff, 0xfe) }, 'MESSAGE_MALFORMED'],
    ['hex in capitals', written('{"encoding":"hex","message":"0xAB"}'), 'MESSAGE_MALFORMED'],
    ['hex without 0x', written('{"encoding":"hex","message":"ab"}'), 'MESSAGE_MALFORMED'],
    ['half a byte', written('{"encoding":"hex","message":"0xabc"}'), 'MESSAGE_MALFORMED'],
    ['no hex', written('{"encoding":"hex","message":"0xzz"}'), 'MESSAGE_MALFORMED'],
    ['a transaction', { ...plainTransaction(), kind: 'evm-message' as const }, 'MESSAGE_MALFORMED'],
    ['typed data', { ...safeTx(), kind: 'evm-message' as const }, 'MESSAGE_MALFORMED'],
  ])('%s is refused', (_, payload, code) => {
    expect(refusal(payload)).toBe(code);
  });

  test('cannot be put on chain', async () => {
    const payload = message('text', 'hello');
    const signed = await signature(payload);
    expect(() => signedTransaction(decoded(payload), signed)).toThrow(/Only a transaction/);
    expect(() => signedAuthorization(decoded(payload), signed)).toThrow(/Only an authorization/);
  });
});

interface Vector {
  readonly privateKey: `0x${string}`;
  readonly authorization: { readonly chainId: number; readonly address: `0x${string}`; readonly nonce: number };
  readonly hash: string;
  readonly signature: `0x${string}`;
}

describe('an authorization', () => {
  const VECTOR = vectors<Vector>('eip7702-authorization.metamask.json');
  const { address, chainId, nonce } = VECTOR.authorization;

  function authorization(fields: object = {}): Payload {
    return file({ kind: 'evm-authorization', chainId, address, nonce, ...fields });
  }

  function raw(first: number, ...fields: readonly Uint8Array[]): Payload {
    return { kind: 'evm-authorization', bytes: Uint8Array.from([first, ...encodeRlp(fields)]) };
  }

  test('has the digest and the signature of the vector', async () => {
    const payload = authorization();
    const result = decoded(payload);
    expect(hex(result.digest)).toBe(VECTOR.hash);
    expect(result.authorization).toEqual({ chainId: 8545n, address, nonce: 1n });
    expect(result.chainId).toBe(8545n);
    expect(result.calls).toHaveLength(1);
    expect(result.root).toMatchObject({
      operation: 'authorize',
      from: 'wallet',
      to: address,
      controlChange: { area: 'code', account: 'wallet' },
      digest: result.digest,
    });
    const { r, s, yParity = 0 } = await sign({ hash: VECTOR.hash as `0x${string}`, privateKey: VECTOR.privateKey });
    const made = { r: bytes(r), s: bytes(s), recid: yParity };
    expect(hex(signatureBytes(made))).toBe(VECTOR.signature);
    expect(signedAuthorization(result, made)).toEqual({
      chainId: '8545',
      address,
      nonce: '1',
      yParity: `${yParity}`,
      r,
      s,
    });
    expect(await recoverAddress({ hash: hex(result.digest) as `0x${string}`, signature: VECTOR.signature })).toBe(
      privateKeyToAddress(VECTOR.privateKey),
    );
  });

  test('numbers may be written as numbers, decimal or hex', () => {
    for (const [chain, count] of [
      [8545, 1],
      ['8545', '1'],
      ['0x2161', '0x1'],
    ]) {
      expect(hex(decoded(authorization({ chainId: chain, nonce: count })).digest)).toBe(VECTOR.hash);
    }
  });

  test('for chain 0 is valid on every chain and says so', () => {
    const result = decoded(authorization({ chainId: 0, nonce: 0 }));
    expect(result.chainId).toBeUndefined();
    expect(result.authorization).toEqual({ chainId: 0n, address, nonce: 0n });
  });

  const [one, two] = [minimalBytes(1n), minimalBytes(2n)];
  const delegate = bytes(TOKEN);
  const whole = raw(5, one, delegate, two).bytes;
  test.each([
    ['another first byte', raw(4, one, delegate, two), 'AUTHORIZATION_MALFORMED'],
    ['no first byte', { kind: 'evm-authorization' as const, bytes: whole.slice(1) }, 'AUTHORIZATION_MALFORMED'],
    ['a byte less', { kind: 'evm-authorization' as const, bytes: whole.slice(0, -1) }, 'RLP_MALFORMED'],
    ['a byte more', { kind: 'evm-authorization' as const, bytes: Uint8Array.from([...whole, 0]) }, 'RLP_MALFORMED'],
    ['two fields', raw(5, one, delegate), 'AUTHORIZATION_MALFORMED'],
    ['four fields', raw(5, one, delegate, two, two), 'AUTHORIZATION_MALFORMED'],
    [
      'a signature',
      raw(5, one, delegate, two, one, bytes('11'.repeat(32)), bytes('22'.repeat(32))),
      'TX_ALREADY_SIGNED',
    ],
    ['no delegate', raw(5, one, new Uint8Array(0), two), 'AUTHORIZATION_MALFORMED'],
    ['a short delegate', raw(5, one, delegate.slice(1), two), 'AUTHORIZATION_MALFORMED'],
    ['a leading zero', raw(5, bytes('0001'), delegate, two), 'TX_FIELD_RANGE'],
    ['a chain of 2^53', raw(5, minimalBytes(1n << 53n), delegate, two), 'TX_FIELD_RANGE'],
    ['a nonce of 2^64 - 1', raw(5, one, delegate, minimalBytes((1n << 64n) - 1n)), 'TX_FIELD_RANGE'],
    // A chain would take it; the second decoder cannot hold it.
    ['a nonce of 2^64 - 2', raw(5, one, delegate, minimalBytes((1n << 64n) - 2n)), 'SECOND_DECODER_REFUSED'],
    [
      'a long form of a length',
      { kind: 'evm-authorization' as const, bytes: Uint8Array.of(5, 0xf8, 3, 1, 1, 1) },
      'RLP_NOT_CANONICAL',
    ],
    [
      'a bare hash',
      { kind: 'evm-authorization' as const, bytes: new Uint8Array(32).fill(0x5a) },
      'AUTHORIZATION_MALFORMED',
    ],
  ])('%s is refused', (_, payload, code) => {
    expect(refusal(payload)).toBe(code);
  });

  test.each([
    [{ chainId: '01' }, 'INSPECT_JSON'],
    [{ chainId: -1 }, 'INSPECT_JSON'],
    [{ chainId: 1.5 }, 'INSPECT_JSON'],
    [{ chainId: 2 ** 53 }, 'INSPECT_JSON'],
    [{ chainId: `${2n ** 53n}` }, 'INSPECT_JSON'],
    [{ nonce: `${2n ** 64n - 1n}` }, 'INSPECT_JSON'],
    [{ nonce: null }, 'INSPECT_JSON'],
    [{ address: '0x1234' }, 'INSPECT_JSON'],
    [{ address: '0x1234567890ABCDEF123456789012345678901234' }, 'ADDRESS_CHECKSUM'],
    [{ r: '0x11' }, 'INSPECT_JSON'],
    [{ nonce: undefined }, 'INSPECT_JSON'],
  ])('a file with %j is refused', (fields, code) => {
    const text = JSON.stringify({ kind: 'evm-authorization', chainId, address, nonce, ...fields });
    const payload = payloadFromInspectJson(text);
    expect(payload.ok ? undefined : payload.error.code).toBe(code);
  });
});
