/**
 * The short ways of typed data: what is remembered of known types, and of the document that was brought into its form
 * last, changes no answer.
 */
import fc from 'fast-check';
import { hashTypedData, numberToHex, type TypedDataDefinition } from 'viem';
import { describe, expect, test } from 'vitest';
import { parseStrictJson, type StrictJson } from '../../protocol/common/strict-json.ts';
import { decode } from '../../protocol/payload/payload.ts';
import { knownTable } from '../../protocol/payload/typed-data/known-tables.ts';
import { pinnedTypes, SAFE_TX_TYPE } from '../../protocol/payload/typed-data/pinned.ts';
import { flatDigest } from '../../protocol/payload/typed-data/second-flat.ts';
import { readTypes } from '../../protocol/payload/typed-data/types.ts';
import { canonicalizeTypedData, readTypedData } from '../../protocol/payload/typed-data.ts';
import { numberWord } from '../../protocol/payload/word.ts';
import { hex, SAFE, safeTxDocument } from './support/payloads.ts';
import { canonical, permit, typesOf } from './support/typed-documents.ts';

const hexOf = (min: number, max: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((bytes) => hex(bytes));

/** A flat type with a value of it. */
const field = fc.oneof(
  fc.tuple(fc.constant('bool'), fc.boolean()),
  fc.tuple(fc.constant('address'), hexOf(20, 20)),
  fc.tuple(fc.constant('string'), fc.string({ unit: 'grapheme', maxLength: 40 })),
  fc.tuple(fc.constant('bytes'), hexOf(0, 200)),
  fc.integer({ min: 1, max: 32 }).chain((size) => fc.tuple(fc.constant(`bytes${size}`), hexOf(size, size))),
  fc.integer({ min: 1, max: 32 }).chain((size) => {
    const bits = BigInt(8 * size);
    return fc.tuple(fc.constant(`uint${bits}`), fc.bigInt({ min: 0n, max: (1n << bits) - 1n }));
  }),
  fc.integer({ min: 1, max: 32 }).chain((size) => {
    const half = 1n << BigInt(8 * size - 1);
    return fc.tuple(fc.constant(`int${8 * size}`), fc.bigInt({ min: -half, max: half - 1n }));
  }),
);

const DOMAIN = [
  { name: 'name', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
];
const DOMAIN_VALUES = { name: 'A', chainId: 5n, verifyingContract: SAFE };

describe('the second reading of a flat document', () => {
  test("has the digest of viem's hashTypedData", () => {
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 12 }), (fields) => {
        const types = { EIP712Domain: DOMAIN, Flat: fields.map(([type], i) => ({ name: `f${i}`, type })) };
        const message = Object.fromEntries(fields.map(([, value], i) => [`f${i}`, value]));
        const document = { types, primaryType: 'Flat', domain: DOMAIN_VALUES, message };
        expect(flatDigest(document)).toBe(hashTypedData(document as unknown as TypedDataDefinition));
      }),
      { numRuns: 150 },
    );
  });

  test('is not used for structs and lists, nor without the type of the domain', () => {
    const digest = (types: Readonly<Record<string, readonly { name: string; type: string }[]>>): string | undefined =>
      flatDigest({ types, primaryType: 'A', domain: DOMAIN_VALUES, message: { a: [1n] } });
    expect(digest({ EIP712Domain: DOMAIN, A: [{ name: 'a', type: 'uint8[]' }] })).toBeUndefined();
    expect(digest({ EIP712Domain: DOMAIN, A: [{ name: 'a', type: 'B' }], B: [{ name: 'b', type: 'bool' }] })).toBe(
      undefined,
    );
    expect(digest({ A: [{ name: 'a', type: 'uint8' }] })).toBeUndefined();
    // Even if a struct had the name of a plain type, nobody would take it for one.
    expect(digest({ EIP712Domain: DOMAIN, A: [{ name: 'a', type: 'bool' }], bool: [] })).toBeUndefined();
  });

  test('throws for a value outside its type, as viem does', () => {
    const types = { EIP712Domain: DOMAIN, A: [{ name: 'a', type: 'uint8' }] };
    const digest = (a: unknown) => () => flatDigest({ types, primaryType: 'A', domain: DOMAIN_VALUES, message: { a } });
    expect(digest(255n)).not.toThrow();
    for (const value of [256n, -1n, undefined, 'x']) expect(digest(value), String(value)).toThrow();
  });
});

function json(value: unknown): StrictJson {
  const parsed = parseStrictJson(JSON.stringify(value));
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

const PRIMARY_TYPES = ['SafeTx', 'SafeMessage', 'Permit', 'PermitSingle', 'PermitBatch', 'OrderComponents', 'SafeOp'];

describe('the table of a known type', () => {
  test.each(PRIMARY_TYPES)('of %s is what reading it says', (primaryType) => {
    const encoded = pinnedTypes(primaryType);
    expect(encoded.length).toBeGreaterThan(0);
    for (const encodedType of encoded) {
      for (const types of [typesOf(encodedType), { EIP712Domain: DOMAIN, ...typesOf(encodedType) }]) {
        expect(knownTable(json(types), primaryType)).toEqual(readTypes(json(types), primaryType));
      }
    }
  });

  test('is not found for the same with any change', () => {
    const types: { [name: string]: readonly unknown[] } = { ...typesOf(SAFE_TX_TYPE) };
    const [first, second, ...rest] = types['SafeTx'] ?? [];
    const changed: readonly (readonly unknown[])[] = [
      [second, first, ...rest],
      [first, ...rest],
      [first, second, ...rest, { name: 'more', type: 'bool' }],
      [{ name: 'to', type: 'uint160' }, second, ...rest],
      [{ name: 'too', type: 'address' }, second, ...rest],
      [{ name: 'to', type: 'address', more: 'x' }, second, ...rest],
      [{ name: 'to' }, second, ...rest],
      [7, second, ...rest],
    ];
    for (const SafeTx of changed) expect(knownTable(json({ SafeTx }), 'SafeTx')).toBeUndefined();
    expect(knownTable(json({ ...types, Other: types['SafeTx'] }), 'SafeTx')).toBeUndefined();
    expect(knownTable(json({}), 'SafeTx')).toBeUndefined();
    expect(knownTable(json(types), 'Permit')).toBeUndefined();
    expect(knownTable(json([]), 'SafeTx')).toBeUndefined();
  });

  test('does not let a list of the domain pass that is none', () => {
    const types = { EIP712Domain: [], ...typesOf(SAFE_TX_TYPE) };
    expect(() => knownTable(json(types), 'SafeTx')).toThrow();
    expect(() => readTypes(json(types), 'SafeTx')).toThrow();
  });
});

describe('the document that was written last', () => {
  test('decodes to what its bytes decode to by themselves', () => {
    for (const document of [safeTxDocument(), permit()]) {
      const bytes = canonical(document);
      const handed = readTypedData(bytes);
      expect(readTypedData(bytes)).toEqual(handed);
    }
  });

  test('is used once, so that nobody can change what another decode says', () => {
    const bytes = canonical(safeTxDocument({ data: '0x11223344' }));
    const first = readTypedData(bytes);
    first.safeTx?.data.fill(0xff);
    expect(hex(readTypedData(bytes).safeTx?.data ?? new Uint8Array())).toBe('0x11223344');
  });

  test('is not used for other bytes, in the same memory or not', () => {
    const bytes = canonical(safeTxDocument({ nonce: '5' }));
    const at = new TextDecoder().decode(bytes).indexOf('"nonce":"5"') + 9;
    bytes[at] = 0x36;
    expect(readTypedData(bytes).safeTx?.nonce).toBe(6n);
    canonical(safeTxDocument({ nonce: '5' }));
    bytes[at] = 0x78;
    expect(decode({ kind: 'evm-typed-data', bytes })).toMatchObject({ ok: false });
  });

  test('is the last one that was not refused', () => {
    const bytes = canonical(safeTxDocument());
    expect(canonicalizeTypedData('{}')).toMatchObject({ ok: false });
    expect(readTypedData(bytes).safeTx?.safe).toBe(SAFE);
  });
});

test('a number in a word is what viem makes of it, and none that does not fit is taken', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }), fc.nat(255), (value, shift) => {
      const number = value >> BigInt(shift);
      expect(hex(numberWord(number))).toBe(numberToHex(number, { size: 32 }));
    }),
  );
  expect(hex(numberWord((1n << 256n) - 1n))).toBe(`0x${'ff'.repeat(32)}`);
  for (const outside of [-1n, 1n << 256n]) expect(() => numberWord(outside)).toThrow(RangeError);
});

test('types that documents share cannot be changed through one of them', () => {
  const { types } = readTypedData(canonical(safeTxDocument())).typedData;
  const shared = types as { readonly [name: string]: readonly { name: string }[] };
  const [first] = shared['SafeTx'] ?? [];
  for (const part of [shared, shared['SafeTx'], shared['EIP712Domain'], first])
    expect(Object.isFrozen(part)).toBe(true);
});
