/** Clear signing: what a descriptor is bound to, what it may say, and that it hides nothing. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { encodeFunctionData, type Hex, parseAbi } from 'viem';
import { expect, describe as group, test } from 'vitest';
import { fromHex } from '../../protocol/common/bytes.ts';
import { type Address, checksumAddress } from '../../protocol/payload/address.ts';
import type { Call } from '../../protocol/payload/calldata/call.ts';
import { KNOWN_FUNCTIONS } from '../../protocol/payload/calldata/table.ts';
import { callText, clearCall, clearDocument } from '../../protocol/payload/clear-signing/clear.ts';
import { interpret } from '../../protocol/payload/clear-signing/interpret.ts';
import { type JsonMap, listOf, mapOf } from '../../protocol/payload/clear-signing/json-access.ts';
import { merged } from '../../protocol/payload/clear-signing/merge.ts';
import { parseNamedSignature, selectorOf } from '../../protocol/payload/clear-signing/named-signature.ts';
import { ownFormats } from '../../protocol/payload/clear-signing/own.ts';
import { parsePath, pathText, type Roots, type Typed, valuesAt } from '../../protocol/payload/clear-signing/path.ts';
import {
  allDescriptors,
  descriptorOf,
  formatsOf,
  REGISTRY_ABOUT,
} from '../../protocol/payload/clear-signing/registry.ts';
import type { ClearText } from '../../protocol/payload/clear-signing/text.ts';
import { assess } from '../../protocol/payload/risk/assess.ts';
import { describe } from '../../protocol/payload/words/describe.ts';
import { knownContract } from '../../protocol/payload/words/known-contracts.ts';
import { Draws, encodedCall } from './support/clear-cases.ts';
import { clearContext } from './support/clear-peer.ts';
import { calling, decoded, FRIEND, SAFE, safeTx, TOKEN } from './support/payloads.ts';
import { permit, permitSingle, reading } from './support/typed-documents.ts';

const AAVE_V3: Address = '0x87870bca3f3fd6335c3f4ce8392d69350b4fa4e2';
const USDC: Address = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';

function callOf(to: Address, data: string, change: Partial<Call> = {}): Call {
  const bytes = fromHex(data.slice(2)) ?? new Uint8Array();
  const base = {
    path: '0',
    operation: 'call',
    from: 'wallet',
    value: 0n,
    call: undefined,
    movements: [],
    children: [],
  } as const;
  return { ...base, to, data: bytes, selector: data.slice(2, 10), ...change };
}

const SUPPLY = encodeFunctionData({
  abi: parseAbi(['function supply(address asset, uint256 amount, address onBehalfOf, uint16 referralCode)']),
  args: [USDC, 5_000_000n, FRIEND, 0],
});

const file = JSON.parse(
  readFileSync(new URL('../../protocol/payload/clear-signing/data/registry.json', import.meta.url), 'utf8'),
) as { readonly descriptors: JsonMap };

group('the pinned registry', () => {
  test('is what its SHA-256 says', () => {
    const hash = createHash('sha256').update(JSON.stringify(file.descriptors)).digest('hex');
    expect(REGISTRY_ABOUT.sha256).toBe(hash);
    expect(REGISTRY_ABOUT.commit).toMatch(/^[0-9a-f]{40}$/);
    expect(REGISTRY_ABOUT.licence).toBe('CC0-1.0');
    expect(allDescriptors().length).toBe(306);
  });

  test('resolves all that its descriptors include, and can read every signature', () => {
    for (const id of allDescriptors()) {
      const document = merged(id, file.descriptors);
      if (document === undefined) throw new Error(id);
      const descriptor = descriptorOf(id, document);
      if (document['context'] !== undefined && id.includes('/calldata-') && !id.startsWith('ercs/')) {
        expect(formatsOf(descriptor).length, id).toBeGreaterThan(0);
      }
    }
  });
});

test('the contracts that we know by name are those of the registry', () => {
  const names = { Safe: 'Safe', SafeL2: 'Safe L2', SafeProxyFactory: 'Safe proxy factory' };
  for (const [theirs, ours] of Object.entries(names)) {
    for (const version of ['1.3.0', '1.4.1', '1.5.0']) {
      const document = mapOf(file.descriptors[`registry/safe/calldata-${theirs}-${version}.json`]);
      const found = listOf(mapOf(mapOf(document['context'])['contract'])['deployments']).map((deployment) => {
        return knownContract(`0x${String(mapOf(deployment)['address']).slice(2).toLowerCase()}`);
      });
      const expected = ours === 'Safe proxy factory' ? `${ours} ${version}` : `${ours} ${version} singleton`;
      expect([...new Set(found)], `${theirs} ${version}`).toEqual([expected]);
    }
  }
});

group('binding', () => {
  test('a descriptor speaks of exactly its contract on its chain', () => {
    const text = clearCall(callOf(AAVE_V3, SUPPLY), clearContext(1n));
    expect(text).toMatchObject({ source: 'registry', intent: 'Supply' });
    expect(text?.owner).toContain('Aave');
    expect(text?.rows[0]).toMatchObject({ label: 'Amount to supply', value: '5 USDC (5000000 units)' });
    expect(clearCall(callOf(AAVE_V3, SUPPLY), clearContext(5n))).toBeUndefined();
    expect(clearCall(callOf(TOKEN, SUPPLY), clearContext(1n))).toBeUndefined();
    expect(clearCall(callOf(AAVE_V3, SUPPLY), { ...clearContext(1n), chainId: undefined })).toBeUndefined();
  });

  test('never of a delegatecall or a creation', () => {
    expect(clearCall(callOf(AAVE_V3, SUPPLY, { operation: 'delegatecall' }), clearContext(1n))).toBeUndefined();
    expect(
      clearCall(callOf(AAVE_V3, SUPPLY, { operation: 'create', to: undefined }), clearContext(1n)),
    ).toBeUndefined();
  });

  test.each<[string, string]>([
    ['bytes after the arguments', `${SUPPLY}00`],
    ['arguments cut short', SUPPLY.slice(0, -2)],
    [
      'an address with dirty bits',
      SUPPLY.replace(`${'0'.repeat(24)}${USDC.slice(2)}`, `01${'0'.repeat(22)}${USDC.slice(2)}`),
    ],
  ])('not of data that is not canonical: %s', (_, data) => {
    expect(clearCall(callOf(AAVE_V3, data), clearContext(1n))).toBeUndefined();
  });

  test('a document needs contract, chain, every domain field and the very type', () => {
    const usdc = { name: 'USD Coin', version: '2', chainId: 1, verifyingContract: USDC };
    const words = (domain: Record<string, unknown>): ClearText | undefined =>
      clearDocument(reading(permit({}, domain)).typedData, clearContext(1n));
    expect(words(usdc)).toMatchObject({ source: 'registry' });
    expect(words({ ...usdc, version: '1' })).toBeUndefined();
    expect(words({ ...usdc, name: 'USD Coin ' })).toBeUndefined();
    expect(words({ ...usdc, chainId: 137 })).toBeUndefined();
    expect(words({ ...usdc, verifyingContract: TOKEN })).toBeUndefined();
    const { version: _, ...without } = usdc;
    expect(words(without)).toBeUndefined();
    expect(clearDocument(reading(permitSingle()).typedData, clearContext(1n))).toMatchObject({ source: 'registry' });
  });
});

const FIELD = { path: 'amount', label: 'Amount', format: 'raw' };

function text(field: JsonMap, more: JsonMap = {}): ReturnType<typeof interpret> {
  const roots: Roots = {
    data: struct([
      ['amount', 'uint256', { kind: 'number', value: 1_500_000n }],
      ['token', 'uint256', { kind: 'number', value: BigInt(USDC) | (1n << 200n) }],
      ['blob', 'bytes', { kind: 'bytes', value: fromHex(`0102${USDC.slice(2)}`) ?? new Uint8Array() }],
      ['note', 'string', { kind: 'text', value: 'pay\u202e \x1b[2J "x"' }],
      ['list', 'address[]', { kind: 'list', items: [addressValue(FRIEND), addressValue(TOKEN)] }],
    ]),
    container: struct([['to', 'address', { kind: 'address', value: USDC }]]),
    descriptor: { metadata: { constants: { max: '0x100', word: 'Much' }, enums: { kinds: { '7': 'seven' } } } },
  };
  return interpret({ intent: 'Do', fields: [field], ...more }, roots, clearContext(1n));
}

function addressValue(value: Address): Typed['value'] {
  return { kind: 'address', value };
}

function struct(fields: readonly (readonly [string, string, Typed['value']])[]): Typed {
  return { type: '', value: { kind: 'struct', fields: fields.map(([name, type, value]) => ({ name, type, value })) } };
}

group('formats', () => {
  test.each<[JsonMap, string, string]>([
    [{ format: 'raw' }, 'Amount', '1500000'],
    [{ format: 'tokenAmount', params: { tokenPath: '@.to' } }, 'Amount', '1.5 USDC (1500000 units)'],
    [{ format: 'tokenAmount', params: { tokenPath: 'blob.[-20:]' } }, 'Amount', '1.5 USDC (1500000 units)'],
    [
      {
        format: 'tokenAmount',
        params: { tokenPath: '@.to', threshold: '$.metadata.constants.max', message: '$.metadata.constants.word' },
      },
      'Amount',
      'Much USDC (1500000 units)',
    ],
    [
      { format: 'tokenAmount', params: { token: USDC, nativeCurrencyAddress: [USDC] } },
      'Amount',
      '0.0000000000015 ETH (1500000 wei)',
    ],
    [{ format: 'amount' }, 'Amount', '0.0000000000015 ETH (1500000 wei)'],
    [{ format: 'date', params: { encoding: 'timestamp' } }, 'Amount', '1970-01-18 08:40:00 UTC (1500000)'],
    [{ format: 'date', params: { encoding: 'blockheight' } }, 'Amount', 'block 1500000'],
    [{ format: 'duration' }, 'Amount', '17 days 08:40:00 (1500000 seconds)'],
    [{ format: 'unit', params: { base: '%', decimals: 4 } }, 'Amount', '150 % (1500000)'],
    [
      { format: 'nftName', params: { collectionPath: '@.to' } },
      'Amount',
      `token number 1500000 of ${checksumAddress(USDC)}`,
    ],
    [{ path: '@.to', format: 'tokenTicker' }, 'Amount', `USDC, token ${checksumAddress(USDC)}`],
    [{ path: 'list.[-1]', format: 'addressName' }, 'Amount', checksumAddress(TOKEN)],
    [{ path: 'note', format: 'raw' }, 'Amount', '"pay\\u{202e} \\u{1b}[2J \\"x\\""'],
    [
      { path: 'blob', format: 'calldata', params: { calleePath: '@.to' } },
      'Amount',
      `0x0102${USDC.slice(2)} to ${checksumAddress(USDC)}`,
    ],
    [{ format: 'a format of the future' }, 'Amount', '1500000'],
  ])('%j', (field, label, value) => {
    expect(text({ ...FIELD, ...field })?.rows).toMatchObject([{ label, value }]);
  });

  test.each<[string, JsonMap]>([
    ['a token that is no address', { format: 'tokenAmount', params: { tokenPath: 'token' } }],
    ['no token at all', { format: 'tokenAmount' }],
    ['a token of another chain', { format: 'tokenAmount', params: { token: USDC, chainId: 10 } }],
    ['a number that the list does not name', { format: 'enum', params: { $ref: '$.metadata.enums.kinds' } }],
    ['a list that does not exist', { format: 'enum', params: { $ref: '$.metadata.enums.nothing' } }],
    ['an amount of a text', { path: 'note', format: 'amount' }],
    ['an address of a number above all of them', { path: 'token', format: 'addressName' }],
    ['a date beyond the calendar', { path: 'token', format: 'date' }],
    ['decimals that are none', { format: 'unit', params: { decimals: -1 } }],
  ])('no label where a value does not fit: %s', (_, field) => {
    const [row] = text({ ...FIELD, ...field })?.rows ?? [];
    expect(row?.label).toMatch(/ \(raw\)$/);
    expect(row?.format).toBe('raw');
  });

  test.each<[string, JsonMap, JsonMap]>([
    ['a path that leads nowhere', { path: 'other' }, {}],
    ['an item that is not there', { path: 'list.[2]' }, {}],
    ['a slice outside the value', { path: 'blob.[-40:]' }, {}],
    ['a path that cannot be read', { path: 'list.[1:2:3]' }, {}],
    ['a value that must match and does not', { visible: { mustMatch: [1] } }, {}],
    ['no label', { label: 7 }, {}],
    ['no intent', {}, { intent: 7 }],
    ['a definition that is not there', { $ref: '$.display.definitions.none' }, {}],
  ])('no words at all: %s', (_, field, format) => {
    expect(text({ ...FIELD, ...field }, format)).toBeUndefined();
  });

  test('rules of visibility', () => {
    expect(text({ ...FIELD, visible: 'never' })?.rows).toEqual([]);
    expect(text({ ...FIELD, visible: 'optional' })?.rows.length).toBe(1);
    expect(text({ ...FIELD, visible: { ifNotIn: ['1500000'] } })?.rows).toEqual([]);
    expect(text({ ...FIELD, visible: { ifNotIn: [0] } })?.rows.length).toBe(1);
    expect(text({ ...FIELD, visible: { mustMatch: [1_500_000] } })?.rows).toEqual([]);
  });

  test('sentences hold only if every part of them is always shown', () => {
    const sentence = (field: JsonMap, template: string): string | undefined =>
      text({ ...FIELD, ...field }, { interpolatedIntent: template })?.sentence;
    expect(sentence({}, 'Pay {amount}, {{really}}')).toBe('Pay 1500000, {really}');
    expect(sentence({ path: '#.amount' }, 'Pay {amount}')).toBe('Pay 1500000');
    expect(sentence({ visible: 'optional' }, 'Pay {amount}')).toBeUndefined();
    expect(sentence({}, 'Pay {other}')).toBeUndefined();
    expect(sentence({}, 'Pay {amount(}')).toBeUndefined();
    expect(sentence({ path: 'list.[]', format: 'addressName' }, 'To {list}')).toBe(
      `To ${checksumAddress(FRIEND)}, ${checksumAddress(TOKEN)}`,
    );
    expect(sentence({}, 'Pay \u202e{amount}')).toBe('Pay \\u{202e}1500000');
  });

  test('paths', () => {
    for (const path of ['a.b.[].c', '@.value', '$.metadata.constants.x', 'a.[-1].b.[1:]']) {
      expect(pathText(parsePath(path))).toBe(path);
    }
    expect(pathText(parsePath('#.a[0].b'))).toBe('a.[0].b');
    const data = struct([['n', 'uint32', { kind: 'number', value: 0x01020304n }]]);
    const slice = valuesAt(parsePath('n.[-2:]'), { data, container: data, descriptor: {} });
    expect(slice).toEqual([{ type: 'slice', value: { kind: 'bytes', value: Uint8Array.of(3, 4) } }]);
  });
});

group('our own descriptors', () => {
  test('each is of a function that we know, with its names in order, and says something of any valid call', () => {
    const seen = new Set<string>();
    for (const [i, format] of ownFormats().entries()) {
      const { canonical } = format.signature;
      expect(seen.has(canonical), canonical).toBe(false);
      seen.add(canonical);
      expect(KNOWN_FUNCTIONS.get(selectorOf(format.signature))?.canonical, canonical).toBe(canonical);
      const data = encodedCall(format, new Draws(i + 1));
      const words = callText(format, callOf(TOKEN, data), clearContext(1n), 'own');
      expect(words, canonical).toBeDefined();
      expect(
        words?.rows.filter(({ label }) => label.endsWith('(raw)') && !/deadline|xpir|operation|valid|^eta/.test(label)),
      ).toEqual([]);
    }
    expect(seen.size).toBeGreaterThan(120);
  });

  test.each([
    'addOwnerWithThreshold',
    'enableModule',
    'setGuard',
    'setModuleGuard',
    'setFallbackHandler',
    'upgradeTo',
    'multiSend',
    'permit',
    'deposit',
  ])('%s', (name) => {
    expect(ownFormats().some(({ signature }) => signature.canonical.startsWith(`${name}(`))).toBe(true);
  });

  test('signatures with tuples', () => {
    const { canonical, parameters } = parseNamedSignature('f((address a, (uint256 b, bytes c)[] d) e, uint[2] g)');
    expect(canonical).toBe('f((address,(uint256,bytes)[]),uint256[2])');
    expect(parameters[0]?.members[1]).toMatchObject({ name: 'd', type: '(uint256,bytes)[]' });
    for (const bad of ['f', 'f(', 'f(uint256', 'f(uint256))', '(uint256)', 'f(,)', 'f(uint256 a b)']) {
      expect(() => parseNamedSignature(bad)).toThrow();
    }
  });
});

test('no data makes it throw: it has words or it has none', () => {
  const formats = allDescriptors().flatMap((id) => {
    const document = merged(id, file.descriptors);
    return document === undefined ? [] : formatsOf(descriptorOf(id, document));
  });
  const all = [...ownFormats(), ...formats];
  fc.assert(
    fc.property(fc.nat(), fc.uint8Array({ maxLength: 300 }), fc.nat(), fc.boolean(), (at, noise, seed, valid) => {
      const format = all[at % all.length];
      if (format === undefined) return;
      const call = encodedCall(format, new Draws(seed));
      const bytes = fromHex(call.slice(2)) ?? new Uint8Array();
      for (const [i, byte] of noise.entries()) {
        if (!valid && 4 + i * 7 < bytes.length) bytes[4 + i * 7] = byte;
      }
      const words = callText(format, { ...callOf(TOKEN, call), data: bytes }, clearContext(1n), 'own');
      for (const { label, value } of words?.rows ?? []) expect(`${label}${value}`).toMatch(/^[\x20-\x7e]*$/);
    }),
    { numRuns: 400 },
  );
});

group('on the screen', () => {
  const screen = (payload: Parameters<typeof decoded>[0]): string => describe(assess(decoded(payload))).join('\n');

  test('words are an addition: target, selector, data and risks stay', () => {
    const lines = screen(calling(AAVE_V3, SUPPLY));
    expect(lines).toContain('In words: Supply  [');
    expect(lines).toContain('registry description of this call');
    expect(lines).toContain(checksumAddress(AAVE_V3));
    expect(lines).toMatch(/RISKS: [1-9]/);
    expect(lines).toContain('!! CANNOT READ THIS CALL');
    expect(lines).toContain(`data: ${SUPPLY}`);
  });

  test('what a descriptor hides is shown all the same', () => {
    const all = screen(safeTx({ to: SAFE, data: addOwner(FRIEND) }));
    expect(all).toContain("In words: ADD AN OWNER to a Safe  [by the function's name alone]");
    expect(all).toContain(`owner (address): ${checksumAddress(FRIEND)}`);
    expect(all).toContain('Safe nonce 3; operation 0 = call');
  });
});

function addOwner(owner: Address): Hex {
  return encodeFunctionData({
    abi: parseAbi(['function addOwnerWithThreshold(address owner, uint256 threshold)']),
    args: [owner, 2n],
  });
}
