/** Any well-formed document: our hash is viem's; any change to its bytes is refused or gives another hash. */
import fc from 'fast-check';
import { hashTypedData, type TypedDataDefinition } from 'viem';
import { expect, test } from 'vitest';
import { decode } from '../../protocol/payload/payload.ts';
import { canonicalizeTypedData, readTypedData } from '../../protocol/payload/typed-data.ts';
import { hex } from './support/payloads.ts';
import type { TypedDocumentText } from './support/typed-documents.ts';

type Types = Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>;

const INTEGERS = Array.from({ length: 32 }, (_, i) => 8 * (i + 1)).flatMap((bits) => [`uint${bits}`, `int${bits}`]);
const FIXED = Array.from({ length: 32 }, (_, i) => `bytes${i + 1}`);
const atom = fc.constantFrom('bool', 'address', 'string', 'bytes', ...INTEGERS, ...FIXED);
const suffix = fc.constantFrom('', '', '', '[]', '[1]', '[2]', '[][2]', '[2][]');
const fieldName = fc.constantFrom('a', 'b', 'c', '_d', 'E1', 'length', 'name', 'type');

/** Structs that use only those after them, so nothing is recursive; those the first does not reach are dropped. */
const types: fc.Arbitrary<Types> = fc.integer({ min: 1, max: 4 }).chain((count) => {
  const names = ['Zebra', 'Apple', 'Monkey', 'Aa1'].slice(0, count);
  const structs = names.map((_, i) => {
    const later = names.slice(i + 1);
    const base = later.length === 0 ? atom : fc.oneof({ weight: 2, arbitrary: atom }, fc.constantFrom(...later));
    const field = fc.record({ name: fieldName, type: fc.tuple(base, suffix).map((parts) => parts.join('')) });
    return fc.uniqueArray(field, { minLength: 1, maxLength: 4, selector: ({ name }) => name });
  });
  return fc.tuple(...structs).map((lists) => {
    const all: Types = Object.fromEntries(lists.map((list, i) => [names[i] ?? '', list]));
    const reached = new Set<string>(['Zebra']);
    for (const name of names) {
      if (!reached.has(name)) continue;
      for (const { type } of all[name] ?? []) reached.add(type.split('[')[0] ?? '');
    }
    return Object.fromEntries(Object.entries(all).filter(([name]) => reached.has(name)));
  });
});

const hexOf = (min: number, max: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((bytes) => hex(bytes));

/** Values in the canonical form. */
function arbitraryValue(type: string, all: Types): fc.Arbitrary<unknown> {
  const list = /^(.*)\[(\d*)\]$/.exec(type);
  if (list !== null) {
    const length = list[2] === '' ? { maxLength: 3 } : { minLength: Number(list[2]), maxLength: Number(list[2]) };
    return fc.array(arbitraryValue(list[1] ?? '', all), length);
  }
  const struct = all[type];
  if (struct !== undefined) {
    return fc.record(Object.fromEntries(struct.map(({ name, type: inner }) => [name, arbitraryValue(inner, all)])));
  }
  if (type === 'bool') return fc.boolean();
  if (type === 'address') return hexOf(20, 20);
  if (type === 'string') return fc.string({ unit: 'grapheme', maxLength: 20 });
  if (type === 'bytes') return hexOf(0, 40);
  const [, kind = '', digits = ''] = /^([a-z]+)(\d+)$/.exec(type) ?? [];
  if (kind === 'bytes') return hexOf(Number(digits), Number(digits));
  const bits = BigInt(digits);
  const [min, max] = kind === 'uint' ? [0n, (1n << bits) - 1n] : [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n];
  return fc.bigInt({ min, max }).map(String);
}

const DOMAIN_TYPES: Types = {
  EIP712Domain: [
    { name: 'name', type: 'string' },
    { name: 'version', type: 'string' },
    { name: 'chainId', type: 'uint48' },
    { name: 'verifyingContract', type: 'address' },
    { name: 'salt', type: 'bytes32' },
  ],
};

const domain = fc
  .subarray([...(DOMAIN_TYPES['EIP712Domain'] ?? [])], { minLength: 1 })
  .chain((fields) =>
    fc.record(
      Object.fromEntries(
        fields.map(({ name, type }) => [
          name,
          name === 'chainId' ? fc.integer({ min: 1 }).map(String) : arbitraryValue(type, DOMAIN_TYPES),
        ]),
      ),
    ),
  );

const document: fc.Arbitrary<TypedDocumentText> = fc.tuple(types, domain).chain(([all, domainValues]) =>
  arbitraryValue('Zebra', all).map((message) => ({
    domain: domainValues,
    message: message as Readonly<Record<string, unknown>>,
    primaryType: 'Zebra',
    types: all,
  })),
);

/** As viem wants it: numbers as bigint. Written apart from the second reading of the product. */
function forViem(value: unknown, type: string, all: Types): unknown {
  const item = /^(.*)\[\d*\]$/.exec(type)?.[1];
  if (item !== undefined) return (value as readonly unknown[]).map((each) => forViem(each, item, all));
  const struct = all[type];
  if (struct !== undefined) {
    const values = value as Readonly<Record<string, unknown>>;
    return Object.fromEntries(struct.map((field) => [field.name, forViem(values[field.name], field.type, all)]));
  }
  return /^u?int/.test(type) ? BigInt(value as string) : value;
}

function canonicalBytes(value: unknown): Uint8Array {
  const result = canonicalizeTypedData(JSON.stringify(value));
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
}

test('our digest is that of viem, and the bytes come back as they are', () => {
  fc.assert(
    fc.property(document, (each) => {
      const bytes = canonicalBytes(each);
      const theirs = hashTypedData({
        ...each,
        domain: each.domain,
        message: forViem(each.message, 'Zebra', each.types),
      } as unknown as TypedDataDefinition);
      expect(hex(readTypedData(bytes).digest)).toBe(theirs);
      expect(hex(canonicalBytes(JSON.parse(new TextDecoder().decode(bytes))))).toBe(hex(bytes));
    }),
    { numRuns: 300 },
  );
});

test('the looser forms of tools give the same bytes', () => {
  const shuffled = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shuffled);
    if (typeof value === 'string' && /^0x[0-9a-f]*$/.test(value) && value.length !== 42) {
      return `0x${value.slice(2).toUpperCase()}`;
    }
    if (typeof value === 'string' && /^\d{1,15}$/.test(value) && String(Number(value)) === value) return Number(value);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).reverse();
    return Object.fromEntries(entries.map(([key, item]) => [key, key === 'types' ? item : shuffled(item)]));
  };
  // Texts that look like numbers or hex stay what they are, so they are left out here.
  const texts = (value: unknown): boolean =>
    Array.isArray(value) || (typeof value === 'object' && value !== null)
      ? Object.values(value).some(texts)
      : value === 'string' || value === 'string[]';
  fc.assert(
    fc.property(document, (each) => {
      fc.pre(
        !texts(
          Object.values(each.types)
            .flat()
            .map(({ type }) => type.split('[')[0]),
        ),
      );
      fc.pre(!('name' in each.domain) && !('version' in each.domain));
      expect(hex(canonicalBytes(shuffled(each)))).toBe(hex(canonicalBytes(each)));
    }),
    { numRuns: 150 },
  );
});

test('one changed, missing or added byte is refused or is another document', () => {
  const change = fc.record({
    at: fc.nat(),
    byte: fc.integer({ min: 0x20, max: 0x7e }),
    kind: fc.constantFrom('replace', 'insert', 'remove'),
  });
  fc.assert(
    fc.property(document, change, (each, { at, byte, kind }) => {
      const bytes = canonicalBytes(each);
      const i = at % bytes.length;
      const rest = bytes.subarray(kind === 'insert' ? i : i + 1);
      const middle = kind === 'remove' ? [] : [byte];
      const changed = Uint8Array.from([...bytes.subarray(0, i), ...middle, ...rest]);
      if (hex(changed) === hex(bytes)) return;
      const result = decode({ kind: 'evm-typed-data', bytes: changed });
      if (!result.ok) return;
      expect(hex(result.value.digest)).not.toBe(hex(readTypedData(bytes).digest));
    }),
    { numRuns: 600 },
  );
});

test('any change of a value or a type is refused or is another document', () => {
  const spoilt = [
    null,
    true,
    false,
    '',
    '0',
    '1',
    '-1',
    '0x',
    '0x00',
    5,
    1.5,
    [],
    {},
    'x',
    '00',
    '1e3',
    `0x${'11'.repeat(32)}`,
  ];
  fc.assert(
    fc.property(document, fc.nat(), fc.constantFrom(...spoilt), (each, at, value) => {
      const copy = structuredClone(each) as unknown as Record<string, unknown>;
      const places: (() => void)[] = [];
      const collect = (node: unknown): void => {
        if (typeof node !== 'object' || node === null) return;
        const holder = node as Record<string, unknown>;
        for (const key of Object.keys(holder)) {
          places.push(() => {
            holder[key] = value;
          });
          collect(holder[key]);
        }
      };
      collect(copy);
      places[at % places.length]?.();
      const before = canonicalBytes(each);
      const after = canonicalizeTypedData(JSON.stringify(copy));
      if (!after.ok || hex(after.value) === hex(before)) return;
      expect(hex(readTypedData(after.value).digest)).not.toBe(hex(readTypedData(before).digest));
    }),
    { numRuns: 600 },
  );
});

test('no bytes at all make it throw', () => {
  const text = fc.string({ unit: fc.constantFrom(...'{}[]",:0x1aeE712SafeTxdomainmessagetypesprimaryType'.split('')) });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        text.map((each) => new TextEncoder().encode(each)),
      ),
      (bytes) => {
        expect(decode({ kind: 'evm-typed-data', bytes }).ok).toBe(false);
      },
    ),
    { numRuns: 300 },
  );
});
