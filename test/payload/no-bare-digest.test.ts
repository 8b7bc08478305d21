import { keccak_256 } from '@noble/hashes/sha3.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { payloadFromInspectJson } from '../../protocol/payload/inspect-json.ts';
import { decode, PAYLOAD_KINDS, type PayloadKind } from '../../protocol/payload/payload.ts';
import { bytes, hex, plainTransaction, safeTxDocument } from './support/payloads.ts';

const HASH = hex(keccak_256(Uint8Array.of(1, 2, 3)));

function code(text: string): string | undefined {
  const payload = payloadFromInspectJson(text);
  if (!payload.ok) return payload.error.code;
  const result = decode(payload.value);
  return result.ok ? undefined : result.error.code;
}

describe('no form of a payload takes a bare hash', () => {
  test('there are exactly these kinds', () => {
    expect(PAYLOAD_KINDS).toEqual(['evm-transaction', 'evm-typed-data', 'evm-message', 'evm-authorization']);
  });

  test.each([
    ['a kind of its own', { kind: 'digest', digest: HASH }],
    ['a raw kind', { kind: 'raw', unsigned: HASH }],
    ['a hash beside a transaction', { kind: 'evm-transaction', unsigned: hex(plainTransaction().bytes), digest: HASH }],
    ['a hash for a transaction', { kind: 'evm-transaction', digest: HASH }],
    ['a hash as a transaction', { kind: 'evm-transaction', unsigned: HASH }],
    ['a hash as a transaction without prefix', { kind: 'evm-transaction', unsigned: HASH.slice(2) }],
    ['a hash as typed data', { kind: 'evm-typed-data', typedData: HASH }],
    ['a struct hash for a message', { kind: 'evm-typed-data', typedData: { ...safeTxDocument(), message: HASH } }],
    ['a domain separator for a domain', { kind: 'evm-typed-data', typedData: { ...safeTxDocument(), domain: HASH } }],
    ['a message', { kind: 'evm-message', encoding: 'hex', message: HASH }],
    ['a text message of 32 letters', { kind: 'evm-message', encoding: 'text', message: HASH.slice(2, 34) }],
    ['an authorization by its hash', { kind: 'evm-authorization', digest: HASH }],
    ['an authorization with a hash', { kind: 'evm-authorization', chainId: 1, address: HASH, nonce: 0 }],
    ['a preimage that is a hash', { kind: 'evm-message', encoding: 'hex', message: HASH, preimages: [HASH] }],
    ['a kind of the prototype', { kind: 'toString', unsigned: HASH }],
  ])('%s', (_, file) => {
    expect(code(JSON.stringify(file))).toBeDefined();
  });

  test('a hash alone, in any spelling', () => {
    for (const text of [HASH, HASH.slice(2), `"${HASH}"`, HASH.toUpperCase(), ` ${HASH}\n`])
      expect(code(text)).toBeDefined();
    expect(code(HASH)).toBe('BARE_DIGEST');
  });

  test('no hash decodes under any kind', () => {
    const kinds = fc.constantFrom<PayloadKind>(...PAYLOAD_KINDS);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), kinds, (seed, kind) => {
        const hash = keccak_256(seed);
        expect(decode({ kind, bytes: hash }).ok).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('payload files', () => {
  const unsigned = hex(plainTransaction().bytes);

  test('a transaction, as an object and as bare hex', () => {
    for (const text of [unsigned, `  ${unsigned}\n`, JSON.stringify({ kind: 'evm-transaction', unsigned })]) {
      const payload = payloadFromInspectJson(text);
      expect(payload.ok && [payload.value.kind, hex(payload.value.bytes)]).toEqual(['evm-transaction', unsigned]);
    }
    const upper = payloadFromInspectJson(`0x${unsigned.slice(2).toUpperCase()}`);
    expect(upper.ok && hex(upper.value.bytes)).toBe(unsigned);
  });

  test('typed data becomes its canonical bytes', () => {
    const payload = payloadFromInspectJson(JSON.stringify({ kind: 'evm-typed-data', typedData: safeTxDocument() }));
    expect(payload.ok && payload.value.kind).toBe('evm-typed-data');
    expect(payload.ok && decode(payload.value).ok).toBe(true);
  });

  test.each([
    ['', 'PAYLOAD_EMPTY'],
    [' \n', 'PAYLOAD_EMPTY'],
    ['0x', 'PAYLOAD_EMPTY'],
    ['0x0', 'INSPECT_JSON'],
    ['0xzz', 'INSPECT_JSON'],
    ['[]', 'INSPECT_JSON'],
    ['null', 'INSPECT_JSON'],
    ['{}', 'INSPECT_JSON'],
    ['{"kind":1}', 'INSPECT_JSON'],
    ['{"kind":"evm-transaction"}', 'INSPECT_JSON'],
    ['{"kind":"evm-transaction","unsigned":5}', 'INSPECT_JSON'],
    ['{"kind":"evm-transaction","unsigned":"0x02","note":"x"}', 'INSPECT_JSON'],
    ['{"kind":"evm-transaction","unsigned":"0x02","unsigned":"0x03"}', 'INSPECT_JSON'],
    ['{"kind":"evm-typed-data","typedData":"{}"}', 'TYPED_DATA_SHAPE'],
    ['x'.repeat(9_000_000), 'PAYLOAD_TOO_LARGE'],
    [`0x${'00'.repeat(4 * 1024 * 1024 + 1)}`, 'PAYLOAD_TOO_LARGE'],
  ])('%.40s is refused with %s', (text, expected) => {
    expect(code(text)).toBe(expected);
  });

  test('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ maxLength: 300 }), fc.json()), (text) => {
        expect(typeof code(text)).toBe('string');
      }),
    );
    expect(bytes(unsigned).length).toBeGreaterThan(0);
  });
});
