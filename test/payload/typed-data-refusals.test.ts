/**
 * Documents about which libraries disagree, or which one of them takes for something that is not there. Each differs in
 * one thing from a document that is accepted, and each is refused.
 */
import { describe, expect, test } from 'vitest';
import { decode } from '../../protocol/payload/payload.ts';
import { canonicalizeTypedData } from '../../protocol/payload/typed-data.ts';
import { FRIEND, hex, SAFE } from './support/payloads.ts';
import { canonical, type TypedDocumentText, typedDocument, typesOf } from './support/typed-documents.ts';

const DOMAIN = { name: 'Test', version: '1', chainId: '1', verifyingContract: SAFE };
const TYPE =
  'Thing(uint256 amount,uint8 small,int16 sign,bool flag,address to,bytes data,bytes4 four,string note,uint256[2] pair,Part[] parts)Part(address who,uint64 share)';
const MESSAGE = {
  amount: '5',
  small: '255',
  sign: '-32768',
  flag: true,
  to: FRIEND,
  data: '0xabcd',
  four: '0x01020304',
  note: 'Grüße, 世界 🙂',
  pair: ['1', '2'],
  parts: [{ who: FRIEND, share: '1' }],
};
const BASE = typedDocument(TYPE, MESSAGE, DOMAIN);

function code(document: unknown): string | undefined {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  const result = canonicalizeTypedData(text);
  return result.ok ? undefined : result.error.code;
}

function withMessage(change: Record<string, unknown>): TypedDocumentText {
  return { ...BASE, message: { ...MESSAGE, ...change } };
}

function withTypes(change: Record<string, unknown>): unknown {
  return { ...BASE, types: { ...BASE.types, ...change } };
}

/** A document of one field `a` of the given type. */
function field(type: string, value: unknown): TypedDocumentText {
  return typedDocument(`One(${type} a)`, { a: value }, DOMAIN);
}

const DOMAIN_LIST = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
];

test('the document that all others are made from is accepted', () => {
  expect(code(BASE)).toBeUndefined();
  expect(code(withTypes({ EIP712Domain: DOMAIN_LIST }))).toBeUndefined();
});

describe('values', () => {
  test.each<[string, unknown, string]>([
    ['an extra field, shown and not signed', withMessage({ memo: 'refund' }), 'TYPED_DATA_SHAPE'],
    ['a missing field', { ...BASE, message: { ...MESSAGE, amount: undefined } }, 'TYPED_DATA_SHAPE'],
    ['an extra field deep inside', withMessage({ parts: [{ who: FRIEND, share: '1', x: '1' }] }), 'TYPED_DATA_SHAPE'],
    ['a missing field deep inside', withMessage({ parts: [{ who: FRIEND }] }), 'TYPED_DATA_SHAPE'],
    ['an empty amount', withMessage({ amount: '' }), 'TYPED_DATA_VALUE'],
    ['true as an amount', withMessage({ amount: true }), 'TYPED_DATA_VALUE'],
    ['a list as an amount', withMessage({ amount: [5] }), 'TYPED_DATA_VALUE'],
    ['null', withMessage({ amount: null }), 'TYPED_DATA_VALUE'],
    ['an object as an amount', withMessage({ amount: {} }), 'TYPED_DATA_VALUE'],
    ['a JSON number above 2^53', JSON.stringify(BASE).replace('"5"', '9007199254740993'), 'TYPED_DATA_VALUE'],
    ['a fraction', withMessage({ amount: 0.5 }), 'TYPED_DATA_VALUE'],
    ['an exponent', JSON.stringify(BASE).replace('"5"', '5e0'), 'TYPED_DATA_VALUE'],
    ['a sign on an unsigned number', withMessage({ amount: '-5' }), 'TYPED_DATA_VALUE'],
    ['plus', withMessage({ amount: '+5' }), 'TYPED_DATA_VALUE'],
    ['minus zero', withMessage({ sign: '-0' }), 'TYPED_DATA_VALUE'],
    ['a leading zero', withMessage({ amount: '05' }), 'TYPED_DATA_VALUE'],
    ['digits of another script', withMessage({ amount: '٥' }), 'TYPED_DATA_VALUE'],
    ['2^256', withMessage({ amount: (1n << 256n).toString() }), 'TYPED_DATA_VALUE'],
    ['256 in eight bits', withMessage({ small: '256' }), 'TYPED_DATA_VALUE'],
    ['32768 in sixteen signed bits', withMessage({ sign: '32768' }), 'TYPED_DATA_VALUE'],
    ['-32769 in sixteen signed bits', withMessage({ sign: '-32769' }), 'TYPED_DATA_VALUE'],
    ['0x in a signed number', withMessage({ sign: '0xffff' }), 'TYPED_DATA_VALUE'],
    ['a number for a truth value', withMessage({ flag: 1 }), 'TYPED_DATA_VALUE'],
    ['a text for a truth value', withMessage({ flag: 'false' }), 'TYPED_DATA_VALUE'],
    ['odd hex', withMessage({ data: '0xabc' }), 'TYPED_DATA_VALUE'],
    ['text for bytes', withMessage({ data: 'hello' }), 'TYPED_DATA_VALUE'],
    ['a list for bytes', withMessage({ data: [1, 2] }), 'TYPED_DATA_VALUE'],
    ['bytes without 0x', withMessage({ data: 'abcd' }), 'TYPED_DATA_VALUE'],
    ['fixed bytes that are short', withMessage({ four: '0x010203' }), 'TYPED_DATA_VALUE'],
    ['fixed bytes that are long', withMessage({ four: '0x0102030400' }), 'TYPED_DATA_VALUE'],
    ['a number for fixed bytes', withMessage({ four: 16909060 }), 'TYPED_DATA_VALUE'],
    ['a number for a text', withMessage({ note: 5 }), 'TYPED_DATA_VALUE'],
    ['half a surrogate pair', JSON.stringify(BASE).replace('Gr', '\\ud800'), 'TYPED_DATA_JSON'],
    ['a fixed list that is short', withMessage({ pair: ['1'] }), 'TYPED_DATA_SHAPE'],
    ['a fixed list that is long', withMessage({ pair: ['1', '2', '3'] }), 'TYPED_DATA_SHAPE'],
    ['an object for a list', withMessage({ pair: { 0: '1', 1: '2' } }), 'TYPED_DATA_SHAPE'],
    ['a list for a struct', withMessage({ parts: [[FRIEND, '1']] }), 'TYPED_DATA_SHAPE'],
    ['null for a struct', withMessage({ parts: [null] }), 'TYPED_DATA_SHAPE'],
    ['a name for an address', withMessage({ to: 'vitalik.eth' }), 'TYPED_DATA_VALUE'],
    ['an address of 32 bytes', withMessage({ to: `0x${'00'.repeat(12)}${FRIEND.slice(2)}` }), 'TYPED_DATA_VALUE'],
    ['a key twice', JSON.stringify(BASE).replace('"flag":true', '"flag":true,"flag":false'), 'TYPED_DATA_JSON'],
    ['a type twice', JSON.stringify(BASE).replace('"types":{', '"types":{"Part":[],'), 'TYPED_DATA_JSON'],
    ['a comment', `${JSON.stringify(BASE)}//`, 'TYPED_DATA_JSON'],
  ])('%s', (_, document, expected) => {
    expect(code(document)).toBe(expected);
  });
});

describe('types', () => {
  const part = BASE.types['Part'] ?? [];
  const list = (type: string): unknown => withTypes({ Part: [...part, { name: 'x', type }] });

  test.each<[string, unknown]>([
    ['an unused type', withTypes({ Other: part })],
    ['an undefined type', list('Nobody')],
    ['a type that contains itself', list('Part')],
    ['a type that contains itself in a list', list('Part[]')],
    ['a type that contains its user', list('Thing')],
    ['a type without fields', withTypes({ Part: [] })],
    ['two fields of one name', withTypes({ Part: [...part, part[0]] })],
    ['a domain inside', list('EIP712Domain')],
    ['a number without size', list('uint')],
    ['a number of no size', list('uint0')],
    ['a number of an odd size', list('uint12')],
    ['a number too large', list('uint264')],
    ['a size with a leading zero', list('uint08')],
    ['fixed bytes of no size', list('bytes0')],
    ['fixed bytes too large', list('bytes33')],
    ['byte', list('byte')],
    ['function', list('function')],
    ['a mapping', list('mapping(address => uint256)')],
    ['a tuple', list('(uint256)')],
    ['a list of no items', list('uint8[0]')],
    ['a list length with a leading zero', list('uint8[01]')],
    ['a list length in hex', list('uint8[0x2]')],
    ['a negative list length', list('uint8[-1]')],
    ['a bracket too many', list('uint8[]]')],
    ['a space in a type', list('uint8 []')],
    ['another script in a type', list('uint８')],
    ['an empty type', list('')],
    ['a field without a name', withTypes({ Part: [...part, { name: '', type: 'bool' }] })],
    ['a field named like a declaration', withTypes({ Part: [{ name: 'a,uint256 b', type: 'bool' }] })],
    ['a field with a bracket', withTypes({ Part: [{ name: 'a)', type: 'bool' }] })],
    ['a field with $', withTypes({ Part: [{ name: '$a', type: 'bool' }] })],
    ['a field named __proto__', JSON.stringify(withTypes({ Part: [{ name: '__proto__', type: 'bool' }] }))],
    ['a field named constructor', withTypes({ Part: [{ name: 'constructor', type: 'bool' }] })],
    ['a field with a third key', withTypes({ Part: part.map((each) => ({ ...each, indexed: true })) })],
    ['a field without a type', withTypes({ Part: [{ name: 'a' }] })],
    ['a field that is a text', withTypes({ Part: ['address who'] })],
    ['a type that is an object', withTypes({ Part: { who: 'address' } })],
  ])('%s', (_, document) => {
    expect(code(document)).toBe('TYPED_DATA_TYPES');
  });

  test.each(['uint7', 'uint256', 'bytes33', 'bytes', 'address', 'bool', 'string', 'A:B', 'A B', '1A', 'toString', 'Ä'])(
    'a struct named %s',
    (name) => {
      const types = { Thing: [{ name: 'a', type: name }], [name]: part };
      const message = { a: { who: FRIEND, share: '1' } };
      expect(code({ domain: DOMAIN, primaryType: 'Thing', types, message })).toBe('TYPED_DATA_TYPES');
    },
  );

  test.each<[string, unknown]>([
    ['no such type', { ...BASE, primaryType: 'Nothing' }],
    ['a list', { ...BASE, primaryType: 'Thing[]' }],
    ['an atom', { ...BASE, primaryType: 'uint256' }],
    ['empty', { ...BASE, primaryType: '' }],
  ])('a primary type that is %s', (_, document) => {
    expect(code(document)).toBe('TYPED_DATA_TYPES');
  });
});

describe('domains', () => {
  const list = (fields: readonly unknown[]): unknown => withTypes({ EIP712Domain: fields });
  const swapped = [DOMAIN_LIST[1], DOMAIN_LIST[0], DOMAIN_LIST[2], DOMAIN_LIST[3]];
  test.each<[string, unknown, string]>([
    ['that is empty', { ...BASE, domain: {} }, 'TYPED_DATA_DOMAIN'],
    ['that is missing', { ...BASE, domain: undefined }, 'TYPED_DATA_SHAPE'],
    ['that is null', { ...BASE, domain: null }, 'TYPED_DATA_SHAPE'],
    ['with a field of its own', { ...BASE, domain: { ...DOMAIN, origin: 'x' } }, 'TYPED_DATA_DOMAIN'],
    ['that has more than the list', list(DOMAIN_LIST.slice(0, 3)), 'TYPED_DATA_DOMAIN'],
    ['that has less than the list', list([...DOMAIN_LIST, { name: 'salt', type: 'bytes32' }]), 'TYPED_DATA_DOMAIN'],
    ['whose list is out of order', list(swapped), 'TYPED_DATA_TYPES'],
    ['whose list has a field of its own', list([...DOMAIN_LIST, { name: 'x', type: 'bool' }]), 'TYPED_DATA_TYPES'],
    [
      'whose chain id is a text in the list',
      list(DOMAIN_LIST.map((each) => (each.name === 'chainId' ? { name: 'chainId', type: 'string' } : each))),
      'TYPED_DATA_TYPES',
    ],
    ['whose list is empty', list([]), 'TYPED_DATA_TYPES'],
    ['of chain 0', { ...BASE, domain: { ...DOMAIN, chainId: '0' } }, 'TYPED_DATA_DOMAIN'],
    ['of a chain above 2^53', { ...BASE, domain: { ...DOMAIN, chainId: '9007199254740992' } }, 'TYPED_DATA_DOMAIN'],
    ['of a chain by name', { ...BASE, domain: { ...DOMAIN, chainId: 'mainnet' } }, 'TYPED_DATA_VALUE'],
    ['with a short salt', { ...BASE, domain: { ...DOMAIN, salt: '0x00' } }, 'TYPED_DATA_VALUE'],
    ['with a number for its version', { ...BASE, domain: { ...DOMAIN, version: 1 } }, 'TYPED_DATA_VALUE'],
    ['alone', { ...BASE, primaryType: 'EIP712Domain' }, 'UNSUPPORTED_TYPED_DATA'],
  ])('a domain %s', (_, document, expected) => {
    expect(code(document)).toBe(expected);
  });
});

describe('limits', () => {
  const many = (count: number): string => Array.from({ length: count }, (_, i) => `bool f${i}`).join(',');
  test.each<[string, unknown]>([
    [
      '8193 values',
      field(
        'uint8[]',
        Array.from({ length: 8193 }, () => '1'),
      ),
    ],
    ['65 fields', { ...BASE, types: typesOf(`Thing(${many(65)})`) }],
    ['65 types', { ...BASE, types: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`T${i}`, []])) }],
    [
      '8192 characters of types',
      { ...BASE, types: typesOf(`Thing(${many(64)},${many(64)})`.replace(/f/g, 'f'.repeat(60))) },
    ],
    ['lists nested 33 deep', field(`uint8${'[]'.repeat(33)}`, [])],
    ['values nested 25 deep', field(`uint8${'[1]'.repeat(24)}`, nested(24))],
    ['too many structs of a long type', structs()],
  ])('%s', (_, document) => {
    expect(code(document)).toBe('TYPED_DATA_LIMIT');
  });

  test('values nested 24 deep and 8192 values are read', () => {
    expect(code(field(`uint8${'[1]'.repeat(23)}`, nested(23)))).toBeUndefined();
    expect(
      code(
        field(
          'uint8[]',
          Array.from({ length: 8187 }, () => '1'),
        ),
      ),
    ).toBeUndefined();
  });

  function nested(levels: number): unknown {
    return levels === 0 ? '1' : [nested(levels - 1)];
  }

  function structs(): TypedDocumentText {
    const names = Array.from({ length: 20 }, (_, i) => `${'f'.repeat(50)}${i}`);
    const long = names.map((name) => `bool ${name}`).join(',');
    const all = Array.from({ length: 1000 }, () => ({ a: true }));
    const message = { all, ...Object.fromEntries(names.map((name) => [name, true])) };
    return typedDocument(`Many(One[] all,${long})One(bool a)`, message, DOMAIN);
  }
});

describe('payload bytes other than the canonical ones', () => {
  const text = new TextDecoder().decode(canonical(BASE));
  const code8 = (changed: string): string | undefined => {
    expect(changed).not.toBe(text);
    const result = decode({ kind: 'evm-typed-data', bytes: new TextEncoder().encode(changed) });
    return result.ok ? undefined : result.error.code;
  };

  test('the canonical ones are read, in ASCII', () => {
    expect(decode({ kind: 'evm-typed-data', bytes: new TextEncoder().encode(text) }).ok).toBe(true);
    expect(text).toMatch(/^[\x20-\x7e]*$/);
    expect(text).toContain('Gr\\u00fc\\u00dfe, \\u4e16\\u754c \\ud83d\\ude42');
  });

  test.each<[string, string, string]>([
    ['a number', text.replace('"amount":"5"', '"amount":5'), 'TYPED_DATA_NOT_CANONICAL'],
    ['a 0x number', text.replace('"amount":"5"', '"amount":"0x5"'), 'TYPED_DATA_NOT_CANONICAL'],
    ['upper-case hex', text.replace('0xabcd', '0xABCD'), 'TYPED_DATA_NOT_CANONICAL'],
    ['upper-case escapes', text.replace('\\u00fc', '\\u00FC'), 'TYPED_DATA_NOT_CANONICAL'],
    ['an escaped letter', text.replace('"Test"', '"\\u0054est"'), 'TYPED_DATA_NOT_CANONICAL'],
    ['characters outside ASCII', text.replace('\\u4e16', '世'), 'TYPED_DATA_NOT_CANONICAL'],
    ['an escaped slash', text.replace('Gr', '\\/'), 'TYPED_DATA_NOT_CANONICAL'],
    ['white space', text.replace(':', ': '), 'TYPED_DATA_NOT_CANONICAL'],
    ['no domain type', text.replace(/"EIP712Domain":\[.*?\],/, ''), 'TYPED_DATA_NOT_CANONICAL'],
    [
      'members in another order',
      `{"primaryType":"Thing",${text.slice(1).replace('"primaryType":"Thing",', '')}`,
      'TYPED_DATA_NOT_CANONICAL',
    ],
    ['cut short', text.slice(0, -1), 'TYPED_DATA_JSON'],
    ['twice', `${text}${text}`, 'TYPED_DATA_JSON'],
    ['bytes of NUL behind', `${text}\0`, 'TYPED_DATA_JSON'],
    ['a byte order mark', `\uFEFF${text}`, 'TYPED_DATA_JSON'],
  ])('%s', (_, changed, expected) => {
    expect(code8(changed)).toBe(expected);
  });

  test('a text is signed as it is, not normalised', () => {
    const digests = ['é', 'e\u0301'].map((note) => {
      const result = decode({ kind: 'evm-typed-data', bytes: canonical(withMessage({ note })) });
      return result.ok ? hex(result.value.digest) : undefined;
    });
    expect(new Set(digests).size).toBe(2);
  });
});
