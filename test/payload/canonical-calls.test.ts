/** The other half of strictness: everything that has the canonical form is read, with the values that went in. */
import fc from 'fast-check';
import { encodeAbiParameters, type Hex, parseAbiParameters } from 'viem';
import { describe, expect, test } from 'vitest';
import { type AbiType, type AbiValue, decodeArguments, isText } from '../../protocol/payload/calldata/abi.ts';
import { parseSignature, typeText } from '../../protocol/payload/calldata/signature.ts';
import { KNOWN_FUNCTIONS } from '../../protocol/payload/calldata/table.ts';
import { bytes, hex } from './support/payloads.ts';

/** A value of a type, as we hold it. */
function anyValue(type: AbiType): fc.Arbitrary<AbiValue> {
  switch (type.kind) {
    case 'uint':
      return fc.bigInt({ min: 0n, max: (1n << BigInt(type.bits)) - 1n });
    case 'operation':
      return fc.constantFrom(0n, 1n);
    case 'bool':
      return fc.boolean();
    case 'address':
      return fc.uint8Array({ minLength: 20, maxLength: 20 }).map((value) => hex(value) as Hex);
    case 'fixed':
      return fc.uint8Array({ minLength: type.size, maxLength: type.size });
    case 'bytes':
      return fc.uint8Array({ maxLength: 100 });
    case 'int':
      return fc.bigInt({ min: -(1n << BigInt(type.bits - 1)), max: (1n << BigInt(type.bits - 1)) - 1n });
    case 'string':
      return fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => ({ text }));
    case 'array':
      return fc.array(anyValue(type.item), { minLength: type.length ?? 0, maxLength: type.length ?? 4 });
    case 'tuple':
      return fc.tuple(...type.fields.map(anyValue));
  }
}

/** The same value as viem takes it. */
function foreign(type: AbiType, value: AbiValue): unknown {
  if (value instanceof Uint8Array) return hex(value);
  if ((type.kind === 'uint' || type.kind === 'int') && type.bits <= 48) return Number(value);
  if (typeof value === 'object' && isText(value)) return value.text;
  if (type.kind === 'operation') return Number(value);
  if (type.kind === 'array' && Array.isArray(value)) return value.map((item: AbiValue) => foreign(type.item, item));
  if (type.kind === 'tuple' && Array.isArray(value)) {
    return type.fields.map((field, i) => foreign(field, value[i] as AbiValue));
  }
  return value;
}

function encoded(types: readonly AbiType[], values: readonly AbiValue[]): Uint8Array {
  if (types.length === 0) return new Uint8Array(0);
  const parameters = parseAbiParameters(types.map(typeText).join(',')) as readonly { type: string }[];
  return bytes(
    encodeAbiParameters(
      parameters,
      types.map((type, i) => foreign(type, values[i] as AbiValue)),
    ),
  );
}

describe('canonical arguments of every known function', () => {
  const signatures = [
    ...KNOWN_FUNCTIONS.values(),
    // Types that no known function has yet.
    parseSignature('numbers(int8 a, int256 b, int24[] c)'),
    parseSignature('texts(string a, string[] b, (string c, uint8 d) e)'),
    parseSignature('fixed(uint256[2] a, bytes[3] b, (address c, int16[2] d)[2] e, string[2][] f)'),
  ];
  const functions = signatures.map(({ canonical, parameters }) => ({
    canonical,
    types: parameters.map(({ type }) => type),
  }));

  test.each(functions)('$canonical', ({ types }) => {
    fc.assert(
      fc.property(fc.tuple(...types.map(anyValue)), (values) => {
        expect(decodeArguments(types, encoded(types, values))).toEqual(values);
      }),
      { numRuns: 15 },
    );
  });

  test('and any flipped bit gives other values or a refusal', () => {
    const withTypes = functions.filter(({ types }) => types.length > 0);
    const sample = fc
      .constantFrom(...withTypes)
      .chain(({ types }) =>
        fc.record({ types: fc.constant(types), values: fc.tuple(...types.map(anyValue)), bit: fc.nat() }),
      );
    fc.assert(
      fc.property(sample, ({ types, values, bit }) => {
        const data = encoded(types, values);
        const at = Math.floor(bit / 8) % data.length;
        data[at] = (data[at] ?? 0) ^ (1 << (bit % 8));
        expect(reading(types, data)).not.toEqual(values);
      }),
      { numRuns: 1000 },
    );
  });
});

function reading(types: readonly AbiType[], data: Uint8Array): readonly AbiValue[] | undefined {
  try {
    return decodeArguments(types, data);
  } catch {
    return undefined;
  }
}
