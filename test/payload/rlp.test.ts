import fc from 'fast-check';
import { type Hex, toRlp } from 'viem';
import { describe, expect, test } from 'vitest';
import { decodeRlp, encodeRlp, minimalBytes, type RlpItem } from '../../protocol/payload/rlp.ts';
import { bytes, hex, vectors } from './support/payloads.ts';

type Value = string | number | readonly Value[];
type Suite = Record<string, { readonly in: Value; readonly out: string }>;
const suite = vectors<{ readonly valid: Suite; readonly invalid: Suite }>('ethereum-tests.rlp.json');

function item(value: Value): RlpItem {
  if (typeof value === 'number') return minimalBytes(BigInt(value));
  if (typeof value !== 'string') return value.map(item);
  if (value.startsWith('#')) return minimalBytes(BigInt(value.slice(1)));
  return Uint8Array.from(value, (character) => character.charCodeAt(0));
}

function hexTree(value: RlpItem): unknown {
  return value instanceof Uint8Array ? hex(value) : value.map(hexTree);
}

describe('RLP against the vectors of ethereum/tests', () => {
  test.each(Object.entries(suite.valid))('%s', (_, { in: value, out }) => {
    expect(hex(encodeRlp(item(value)))).toBe(out);
    expect(hexTree(decodeRlp(bytes(out)))).toEqual(hexTree(item(value)));
  });

  test.each(Object.entries(suite.invalid))('refuses %s', (_, { out }) => {
    expect(() => decodeRlp(bytes(out))).toThrow(/RLP/);
  });
});

describe('RLP', () => {
  const tree: fc.Arbitrary<RlpItem> = fc.letrec<{ item: RlpItem }>((tie) => ({
    item: fc.oneof({ maxDepth: 4 }, fc.uint8Array({ maxLength: 80 }), fc.array(tie('item'), { maxLength: 6 })),
  })).item;

  test('writes what viem writes and reads it back', () => {
    fc.assert(
      fc.property(tree, (value) => {
        const encoded = encodeRlp(value);
        expect(hex(encoded)).toBe(toRlp(hexTree(value) as Hex));
        expect(hexTree(decodeRlp(encoded))).toEqual(hexTree(value));
      }),
    );
  });

  test('every byte string has at most one reading: what decodes encodes back to itself', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (input) => {
        let value: RlpItem;
        try {
          value = decodeRlp(input);
        } catch {
          return;
        }
        expect(hex(encodeRlp(value))).toBe(hex(input));
      }),
      { numRuns: 5000 },
    );
  });

  test('deep nesting is refused, not an exhausted stack', () => {
    let nested: Uint8Array = Uint8Array.of(0xc0);
    for (let i = 0; i < 30; i++) nested = encodeRlp([decodeRlpShallow(nested)]);
    expect(() => decodeRlp(nested)).toThrow(/too deeply/);
  });

  /** Lists as they are, without our own depth limit. */
  function decodeRlpShallow(encoded: Uint8Array): RlpItem {
    return encoded.length === 1 ? [] : [decodeRlpShallow(encoded.subarray(1))];
  }
});
