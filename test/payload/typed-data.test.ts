import { keccak_256 } from '@noble/hashes/sha3.js';
import { hashTypedData, type TypedDataDefinition } from 'viem';
import { describe, expect, test } from 'vitest';
import { decode } from '../../protocol/payload/payload.ts';
import {
  CHAIN_BOUND_DOMAIN_TYPE_HASH,
  LEGACY_DOMAIN_TYPE_HASH,
  SAFE_TX_TYPE_HASH,
  safeDomainSeparator,
  safeTxStructHash,
} from '../../protocol/payload/safe-tx.ts';
import { canonicalizeTypedData } from '../../protocol/payload/typed-data.ts';
import { decoded, FRIEND, hex, refusal, risks, SAFE, safeTx, safeTxDocument, vectors } from './support/payloads.ts';

interface BybitRecord {
  readonly to: string;
  readonly value: string;
  readonly data: string | null;
  readonly operation: number;
  readonly safeTxGas: number;
  readonly baseGas: number;
  readonly gasPrice: string;
  readonly gasToken: string;
  readonly refundReceiver: string;
  readonly nonce: number;
  readonly safe: string;
  readonly safeTxHash: string;
}

const MESSAGE_KEYS = [
  'to',
  'value',
  'operation',
  'safeTxGas',
  'baseGas',
  'gasPrice',
  'gasToken',
  'refundReceiver',
  'nonce',
] as const;

function bybit(record: BybitRecord) {
  const message = Object.fromEntries(MESSAGE_KEYS.map((key) => [key, record[key]]));
  return safeTx({ ...message, data: record.data ?? '0x' }, { verifyingContract: record.safe });
}

describe('Bybit, 21 February 2025', () => {
  const [executed, shown] = vectors<{ readonly results: BybitRecord[] }>('bybit-safe-tx-71.json').results;

  test('both recorded hashes come out, in the domain of Safe 1.1.1', () => {
    if (executed === undefined || shown === undefined) throw new Error('the vector has two records');
    expect(hex(decoded(bybit(executed)).digest)).toBe(executed.safeTxHash);
    expect(executed.safeTxHash).toBe('0xb3476d061aeb8fc1d605a873c483a2402d88a68a9cdd1a8b47655dd55ba004f8');
    expect(hex(decoded(bybit(shown)).digest)).toBe(shown.safeTxHash);
    expect(shown.safeTxHash).toBe('0x9d89e67333f99c136537be74029c44592985a4855172f4c2d0d942029868f98e');
  });

  test('domain separator and struct hash as published', () => {
    if (executed === undefined) throw new Error('the vector has two records');
    const tx = decoded(bybit(executed)).safeTx;
    if (tx === undefined) throw new Error('a SafeTx');
    expect(hex(safeDomainSeparator(tx))).toBe('0xb3ded2bdbff5db1a87f6d551fa256e9f2bd6517a3bb84f4c2ea863fb3a559622');
    expect(hex(safeTxStructHash(tx))).toBe('0xea68fc75e93bf7286b1257680ca8e2033bfadd8e1cb8a23f3ca18f1031ecf1e0');
  });

  test('what was executed is not what was shown, and says so', () => {
    if (executed === undefined || shown === undefined) throw new Error('the vector has two records');
    expect(risks(bybit(executed))).toEqual([
      'NO_CHAIN_BINDING@0',
      'DELEGATECALL@0',
      'DELEGATECALL_UNTRUSTED@0',
      'SELECTOR_CONTEXT_MISMATCH@0',
    ]);
    expect(risks(bybit(shown))).toEqual(['NO_CHAIN_BINDING@0']);
  });
});

describe('SafeTx hashing', () => {
  test('type hashes are those of the written types', () => {
    const safeTxType =
      'SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)';
    const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);
    expect(hex(keccak_256(ascii(safeTxType)))).toBe(`0x${SAFE_TX_TYPE_HASH}`);
    expect(hex(keccak_256(ascii('EIP712Domain(uint256 chainId,address verifyingContract)')))).toBe(
      `0x${CHAIN_BOUND_DOMAIN_TYPE_HASH}`,
    );
    expect(hex(keccak_256(ascii('EIP712Domain(address verifyingContract)')))).toBe(`0x${LEGACY_DOMAIN_TYPE_HASH}`);
  });

  test('a Safe of 1.3 or later, against the digest that the contract itself returned', () => {
    const { modeA } = vectors<{
      readonly modeA: {
        readonly typedData: unknown;
        readonly digest: string;
        readonly shownByCompromisedUI: unknown;
        readonly shownHash: string;
      };
    }>('bybit-shapes.json');
    for (const [document, digest] of [
      [modeA.typedData, modeA.digest],
      [modeA.shownByCompromisedUI, modeA.shownHash],
    ]) {
      const canonical = canonicalizeTypedData(JSON.stringify(document));
      if (!canonical.ok) throw new Error(canonical.error.message);
      expect(hex(decoded({ kind: 'evm-typed-data', bytes: canonical.value }).digest)).toBe(digest);
    }
  });

  test('every field has its own place: all values differ, and the digest is the one viem computes', () => {
    const numbers = { value: '1', safeTxGas: '2', baseGas: '3', gasPrice: '4', nonce: '5' };
    const gasToken = `0x${'a1'.repeat(20)}`;
    const refundReceiver = `0x${'b2'.repeat(20)}`;
    const document = safeTxDocument({ ...numbers, operation: 1, data: '0xc3', gasToken, refundReceiver });
    const theirs = Object.fromEntries(Object.entries(numbers).map(([key, value]) => [key, BigInt(value)]));
    const viemDigest = hashTypedData({
      ...document,
      message: { ...document.message, ...theirs },
    } as unknown as TypedDataDefinition);
    const result = decoded(safeTx(document.message));
    expect(result.safeTx).toMatchObject({ gasToken, refundReceiver, baseGas: 3n, gasPrice: 4n, nonce: 5n });
    expect(hex(result.digest)).toBe(viemDigest);
  });

  test('the largest values hash as viem hashes them', () => {
    const max = ((1n << 256n) - 1n).toString();
    const message = {
      value: max,
      safeTxGas: max,
      baseGas: max,
      gasPrice: max,
      nonce: max,
      data: `0x${'ab'.repeat(100)}`,
    };
    const document = safeTxDocument(message);
    const numbers = ['value', 'safeTxGas', 'baseGas', 'gasPrice', 'nonce'];
    const theirs = { ...document.message, ...Object.fromEntries(numbers.map((key) => [key, BigInt(max)])) };
    const viemDigest = hashTypedData({ ...document, message: theirs } as unknown as TypedDataDefinition);
    expect(hex(decoded(safeTx(message)).digest)).toBe(viemDigest);
  });
});

function code(document: unknown): string | undefined {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  const canonical = canonicalizeTypedData(text);
  return canonical.ok ? undefined : canonical.error.code;
}

function without(document: Record<string, unknown>, key: string): Record<string, unknown> {
  return Object.fromEntries(Object.entries(document).filter(([name]) => name !== key));
}

describe('what a person may hand in', () => {
  test.each<[string, Record<string, unknown>]>([
    ['numbers', { value: 5, operation: 1, nonce: 0 }],
    ['decimal strings', { value: '5', operation: '1', nonce: '0' }],
    ['0x strings', { value: '0x5', operation: '0x1', nonce: '0x0' }],
  ])('%s', (_, change) => {
    expect(hex(safeTx(change).bytes)).toBe(hex(safeTx({ value: '5', operation: 1, nonce: 0 }).bytes));
  });

  test('upper-case hex data and checksummed or lower-case addresses are one canonical document', () => {
    const lower = safeTx({ to: '0x96221423681a6d52e184d440a8efcebb105c7242', data: '0xabcd' });
    const mixed = safeTx({ to: '0x96221423681A6d52E184D440a8eFCEbB105C7242', data: '0xABcd' });
    expect(hex(mixed.bytes)).toBe(hex(lower.bytes));
  });

  test('the domain type may be left out, the order of keys is free', () => {
    const document = safeTxDocument();
    const { SafeTx } = document['types'] as Record<string, unknown>;
    const reordered = {
      message: Object.fromEntries(Object.entries(document.message).reverse()),
      domain: { verifyingContract: SAFE, chainId: '1' },
      primaryType: 'SafeTx',
      types: { SafeTx },
    };
    const canonical = canonicalizeTypedData(JSON.stringify(reordered));
    expect(canonical.ok && hex(canonical.value)).toBe(hex(safeTx().bytes));
  });
});

describe('typed data is refused', () => {
  const base = safeTxDocument();
  const types = base['types'] as { readonly EIP712Domain: object[]; readonly SafeTx: { name: string; type: string }[] };
  const renamed = types.SafeTx.map((field) => (field.name === 'baseGas' ? { ...field, name: 'dataGas' } : field));

  test.each<[string, unknown, string]>([
    ['an extra message field', safeTxDocument({ note: 'harmless' }), 'TYPED_DATA_SHAPE'],
    ['a missing message field', { ...base, message: without(base.message, 'nonce') }, 'TYPED_DATA_SHAPE'],
    [
      'a renamed message field',
      { ...base, message: { ...without(base.message, 'nonce'), Nonce: 1 } },
      'TYPED_DATA_SHAPE',
    ],
    ['a message that is a list', { ...base, message: [] }, 'TYPED_DATA_SHAPE'],
    ['an extra member of the document', { ...base, metadata: {} }, 'TYPED_DATA_SHAPE'],
    ['no primary type', without(base, 'primaryType'), 'TYPED_DATA_SHAPE'],
    ['a primary type that is no string', { ...base, primaryType: ['SafeTx'] }, 'TYPED_DATA_SHAPE'],
    ['a primary type that is not defined', { ...base, primaryType: 'Permit' }, 'TYPED_DATA_TYPES'],
    ['a domain and no message', { ...base, primaryType: 'EIP712Domain' }, 'UNSUPPORTED_TYPED_DATA'],
    ['a primary type of the prototype', { ...base, primaryType: 'constructor' }, 'TYPED_DATA_TYPES'],
    ['an unused type', { ...base, types: { ...types, Person: [] } }, 'TYPED_DATA_TYPES'],
    ['a reordered type', { ...base, types: { ...types, SafeTx: [...types.SafeTx].reverse() } }, 'TYPED_DATA_TYPES'],
    [
      'a type with a field more',
      { ...base, types: { ...types, SafeTx: [...types.SafeTx, { name: 'x', type: 'bool' }] } },
      'TYPED_DATA_TYPES',
    ],
    ['a type with a field less', { ...base, types: { ...types, SafeTx: types.SafeTx.slice(1) } }, 'TYPED_DATA_TYPES'],
    [
      'the type of Safe 0.1.0 for a message of today',
      { ...base, types: { ...types, SafeTx: renamed } },
      'TYPED_DATA_SHAPE',
    ],
    [
      'a wider operation',
      {
        ...base,
        types: {
          ...types,
          SafeTx: types.SafeTx.map((field) => ({
            ...field,
            type: field.name === 'operation' ? 'uint256' : field.type,
          })),
        },
      },
      'TYPED_DATA_TYPES',
    ],
    [
      'a type entry with a third key',
      { ...base, types: { ...types, SafeTx: types.SafeTx.map((field) => ({ ...field, note: '' })) } },
      'TYPED_DATA_TYPES',
    ],
    ['no SafeTx type', { ...base, types: { EIP712Domain: types.EIP712Domain } }, 'TYPED_DATA_TYPES'],
    [
      'a domain type with fewer fields than the domain',
      { ...base, types: { ...types, EIP712Domain: types.EIP712Domain.slice(1) } },
      'TYPED_DATA_DOMAIN',
    ],
    [
      'a domain type with more fields',
      { ...base, types: { ...types, EIP712Domain: [{ name: 'name', type: 'string' }, ...types.EIP712Domain] } },
      'TYPED_DATA_DOMAIN',
    ],
    [
      'a reordered domain type',
      { ...base, types: { ...types, EIP712Domain: [...types.EIP712Domain].reverse() } },
      'TYPED_DATA_TYPES',
    ],
    [
      'a domain with a salt',
      { ...base, domain: { ...base.domain, salt: `0x${'00'.repeat(32)}` } },
      'TYPED_DATA_DOMAIN',
    ],
    ['a domain with a name', { ...base, domain: { ...base.domain, name: 'Safe' } }, 'TYPED_DATA_DOMAIN'],
    ['a domain without contract', { ...base, domain: { chainId: 1 } }, 'TYPED_DATA_DOMAIN'],
    ['an empty domain', { ...base, domain: {} }, 'TYPED_DATA_DOMAIN'],
    ['chain id 0', { ...base, domain: { chainId: 0, verifyingContract: SAFE } }, 'TYPED_DATA_DOMAIN'],
    ['no domain', without(base, 'domain'), 'TYPED_DATA_SHAPE'],
    ['a wrong checksum', safeTxDocument({ to: '0x96221423681a6d52E184D440a8eFCEbB105C7242' }), 'ADDRESS_CHECKSUM'],
    [
      'an all upper-case address',
      safeTxDocument({ to: '0x96221423681A6D52E184D440A8EFCEBB105C7242' }),
      'ADDRESS_CHECKSUM',
    ],
    ['a short address', safeTxDocument({ to: '0x22' }), 'TYPED_DATA_VALUE'],
    ['an address without prefix', safeTxDocument({ to: FRIEND.slice(2) }), 'TYPED_DATA_VALUE'],
    ['an address with 0X', safeTxDocument({ to: FRIEND.replace('0x', '0X') }), 'TYPED_DATA_VALUE'],
    ['operation 2', safeTxDocument({ operation: 2 }), 'OPERATION_INVALID'],
    ['operation 257', safeTxDocument({ operation: 257 }), 'OPERATION_INVALID'],
    ['operation 0x101', safeTxDocument({ operation: '0x101' }), 'OPERATION_INVALID'],
    ['operation 2^256 - 255', safeTxDocument({ operation: `${(1n << 256n) - 255n}` }), 'OPERATION_INVALID'],
    ['an empty number', safeTxDocument({ value: '' }), 'TYPED_DATA_VALUE'],
    ['a boolean number', safeTxDocument({ value: true }), 'TYPED_DATA_VALUE'],
    ['a list as a number', safeTxDocument({ value: [5] }), 'TYPED_DATA_VALUE'],
    ['a null number', safeTxDocument({ value: null }), 'TYPED_DATA_VALUE'],
    ['a negative number', safeTxDocument({ value: -1 }), 'TYPED_DATA_VALUE'],
    ['a fraction', safeTxDocument({ value: 1.5 }), 'TYPED_DATA_VALUE'],
    ['an exponent', safeTxDocument({ value: '1e18' }), 'TYPED_DATA_VALUE'],
    ['a leading zero', safeTxDocument({ value: '05' }), 'TYPED_DATA_VALUE'],
    ['a leading zero in hex', safeTxDocument({ value: '0x05' }), 'TYPED_DATA_VALUE'],
    ['a space', safeTxDocument({ value: ' 5' }), 'TYPED_DATA_VALUE'],
    ['a line break', safeTxDocument({ value: '5\n' }), 'TYPED_DATA_VALUE'],
    ['2^256', safeTxDocument({ value: (1n << 256n).toString() }), 'TYPED_DATA_VALUE'],
    [
      'a JSON number above 2^53',
      JSON.stringify(base).replace('"value":"0"', '"value":9007199254740993'),
      'TYPED_DATA_VALUE',
    ],
    ['odd hex', safeTxDocument({ data: '0xabc' }), 'TYPED_DATA_VALUE'],
    ['text as data', safeTxDocument({ data: 'hello' }), 'TYPED_DATA_VALUE'],
    ['null as data', safeTxDocument({ data: null }), 'TYPED_DATA_VALUE'],
    ['bytes as a list', safeTxDocument({ data: [1, 2] }), 'TYPED_DATA_VALUE'],
    ['a key written twice', JSON.stringify(base).replace('"nonce":3', '"nonce":3,"nonce":4'), 'TYPED_DATA_JSON'],
    ['a document written twice', `${JSON.stringify(base)}${JSON.stringify(base)}`, 'TYPED_DATA_JSON'],
    ['no JSON', 'SafeTx', 'TYPED_DATA_JSON'],
    ['a string', '"SafeTx"', 'TYPED_DATA_SHAPE'],
    ['too much text', ' '.repeat(400_000), 'TYPED_DATA_JSON'],
  ])('%s', (_, document, expected) => {
    expect(code(document)).toBe(expected);
  });

  test('the unchanged document is accepted, so each refusal above has one cause', () => {
    expect(code(base)).toBeUndefined();
  });
});

describe('payload bytes have one form', () => {
  const canonical = new TextDecoder().decode(safeTx().bytes);

  test('the canonical form has sorted keys, decimal strings and nothing else', () => {
    expect(canonical.startsWith('{"domain":{"chainId":"1","verifyingContract":"0x1db9')).toBe(true);
    expect(canonical).toContain('"message":{"baseGas":"0","data":"0x","gasPrice":"0"');
  });

  test.each<[string, string]>([
    ['white space', `${canonical} `],
    ['a leading line break', `\n${canonical}`],
    ['a number instead of a string', canonical.replace('"nonce":"3"', '"nonce":3')],
    ['a 0x number', canonical.replace('"nonce":"3"', '"nonce":"0x3"')],
    ['a checksummed address', canonical.replace(SAFE, '0x1Db92e2EeBC8E0c075a02BeA49a2935BcD2dFCF4')],
    [
      'keys in another order',
      canonical
        .replace('"chainId":"1","verifyingContract"', '"verifyingContract"')
        .replace(`"${SAFE}"`, `"${SAFE}","chainId":"1"`),
    ],
    ['an escape for a plain letter', canonical.replace('SafeTx"', 'Safe\\u0054x"')],
    ['upper-case data', canonical.replace('"data":"0x"', '"data":"0xAB"')],
  ])('%s is refused', (_, text) => {
    const bytes = new TextEncoder().encode(text);
    expect(refusal({ kind: 'evm-typed-data', bytes })).toBe('TYPED_DATA_NOT_CANONICAL');
  });

  test('bytes outside ASCII, a byte order mark and overlong UTF-8 are refused', () => {
    for (const prefix of [[0xef, 0xbb, 0xbf], [0xc0, 0xa0], [0xff], [0x80]]) {
      const bytes = Uint8Array.of(...prefix, ...safeTx().bytes);
      expect(refusal({ kind: 'evm-typed-data', bytes })).toBe('TYPED_DATA_JSON');
    }
  });

  test('a transaction given as typed data, and the other way round, is refused', () => {
    expect(refusal({ kind: 'evm-transaction', bytes: safeTx().bytes })).toBe('TX_TYPE_UNSUPPORTED');
    expect(decode({ kind: 'evm-typed-data', bytes: new Uint8Array(32) }).ok).toBe(false);
  });
});
