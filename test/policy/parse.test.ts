import { describe, expect, it } from 'vitest';
import { toHex } from '../../protocol/common/bytes.ts';
import { canonicalText } from '../../protocol/common/canonical-json.ts';
import { checksumAddress } from '../../protocol/payload/address.ts';
import { canonicalPolicy, policyDigest } from '../../protocol/policy/canonical.ts';
import { parsePolicy } from '../../protocol/policy/parse.ts';
import { ALICE, BOB, USDC } from './support/payloads.ts';
import { file, type PolicyFile, parsed } from './support/policies.ts';

const base = file([
  { id: 'pay', effect: 'allow', match: { wallets: ['treasury'], assets: ['USDC'], amount: { max: '10' } } },
]);

/** The text of `base` with one member replaced or, for `undefined`, removed. */
function edited(path: readonly (string | number)[], value: unknown): string {
  const document: unknown = structuredClone(base);
  let at = document as Record<string | number, unknown>;
  for (const step of path.slice(0, -1)) at = at[step] as Record<string | number, unknown>;
  at[path.at(-1) ?? ''] = value;
  return JSON.stringify(document);
}

function problemOf(text: string): { readonly field: string; readonly message: string } {
  const result = parsePolicy(text);
  if (result.ok) throw new Error('the policy was accepted');
  expect(result.error.code).toBe('POLICY_INVALID');
  expect(result.error.message).toMatch(/^[\x20-\x7e]+$/);
  return result.error;
}

const match = (name: string) => ['rules', 0, 'match', name];

const BROKEN: readonly (readonly [path: readonly (string | number)[], value: unknown, field: string])[] = [
  [['schema'], 'keymoot/policy/2', 'schema'],
  [['schema'], undefined, 'schema'],
  [['id'], undefined, 'id'],
  [['id'], 'Has Spaces', 'id'],
  [['id'], 5, 'id'],
  [['version'], 0, 'version'],
  [['version'], -1, 'version'],
  [['version'], 1.5, 'version'],
  [['version'], '01', 'version'],
  [['version'], '1.0', 'version'],
  [['version'], true, 'version'],
  [['version'], 1_000_000_001, 'version'],
  [['effectiveAt'], '2026-01-01', 'effectiveAt'],
  [['effectiveAt'], null, 'effectiveAt'],
  [['unmatched'], 'allow', 'unmatched'],
  [['comment'], 'hello', 'comment'],
  [['wallets'], undefined, 'wallets'],
  [['wallets'], ['treasury'], 'wallets'],
  [['wallets', 'treasury'], { chain: 1 }, 'wallets.treasury.chain'],
  [['wallets', 'treasury'], { chainIds: [0] }, 'wallets.treasury.chainIds[0]'],
  [['wallets', 'treasury'], { chainIds: [] }, 'wallets.treasury.chainIds'],
  [['wallets', 'treasury'], { chainIds: [1, '1'] }, 'wallets.treasury.chainIds[1]'],
  [['wallets', 'treasury'], { chainIds: [1], legacyChainId: 2 }, 'wallets.treasury.legacyChainId'],
  [['addressLists', 'payees', 0, 'address'], '0x12', 'addressLists.payees[0].address'],
  [['addressLists', 'payees', 0, 'address'], `0X${ALICE.slice(2)}`, 'addressLists.payees[0].address'],
  [['addressLists', 'payees', 0, 'address'], ALICE.toUpperCase().replace('X', 'x'), 'addressLists.payees[0].address'],
  [['addressLists', 'payees', 0, 'label'], 'a\u202eb', 'addressLists.payees[0].label'],
  [['addressLists', 'payees', 0, 'label'], undefined, 'addressLists.payees[0].label'],
  [['addressLists', 'payees', 1, 'address'], ALICE, 'addressLists.payees[1].address'],
  [['addressLists', 'payees', 0, 'chainId'], 2 ** 60, 'addressLists.payees[0].chainId'],
  [['assets', 'USDC', 'decimals'], 37, 'assets.USDC.decimals'],
  [['assets', 'USDC', 'address'], 'Native', 'assets.USDC.address'],
  [['rules'], {}, 'rules'],
  [['rules', 1], { id: 'pay', effect: 'deny', match: {} }, 'rules[1].id'],
  [['rules', 0, 'effect'], 'permit', 'rules[0].effect'],
  [['rules', 0, 'match'], undefined, 'rules[0].match'],
  [['rules', 0, 'action'], 'x', 'rules[0].action'],
  [['rules', 0, 'consents'], 0, 'rules[0].consents'],
  [['rules', 0, 'consents'], 256, 'rules[0].consents'],
  [['rules', 0, 'rejections'], 0, 'rules[0].rejections'],
  [['rules', 0, 'note'], 'tab\there', 'rules[0].note'],
  [match('recipient'), '@payees', 'rules[0].match.recipient'],
  [match('wallets'), ['other'], 'rules[0].match.wallets[0]'],
  [match('wallets'), [], 'rules[0].match.wallets'],
  [match('wallets'), 'treasury', 'rules[0].match.wallets'],
  [match('chainIds'), [1], 'rules[0].match.assets[0]'],
  [match('kinds'), ['evm-bytes'], 'rules[0].match.kinds[0]'],
  [match('operations'), ['staticcall'], 'rules[0].match.operations[0]'],
  [match('to'), '@nobody', 'rules[0].match.to'],
  [match('to'), 'payees', 'rules[0].match.to[0]'],
  [match('to'), ['@payees', '@payees'], 'rules[0].match.to[1]'],
  [match('to'), [ALICE], 'rules[0].match.to'],
  [match('safes'), [ALICE], 'rules[0].match.safes'],
  [match('selectors'), ['a9059cbb'], 'rules[0].match.selectors[0]'],
  [match('selectors'), ['0xA9059CBB'], 'rules[0].match.selectors[0]'],
  [match('selectors'), ['transfer(address,uint256)'], 'rules[0].match.selectors[0]'],
  [match('assets'), ['DAI'], 'rules[0].match.assets[0]'],
  [match('assets'), ['USDC', 'ETH'], 'rules[0].match.amount'],
  [match('assets'), undefined, 'rules[0].match.amount'],
  [match('amount'), {}, 'rules[0].match.amount'],
  [match('amount'), { max: 10 }, 'rules[0].match.amount.max'],
  [match('amount'), { max: '-1' }, 'rules[0].match.amount.max'],
  [match('amount'), { max: '1e18' }, 'rules[0].match.amount.max'],
  [match('amount'), { max: '0x10' }, 'rules[0].match.amount.max'],
  [match('amount'), { max: (2n ** 256n).toString() }, 'rules[0].match.amount.max'],
  [match('amount'), { min: '11', max: '10' }, 'rules[0].match.amount.max'],
  [match('nativeValue'), '5', 'rules[0].match.nativeValue'],
  [match('fee'), { max: '5' }, 'rules[0].match.fee.max'],
  [match('calldataHash'), '0x1234', 'rules[0].match.calldataHash'],
  [match('risks'), ['BADLY_SPELLED'], 'rules[0].match.risks[0]'],
];

describe('a policy file is refused', () => {
  it.each(BROKEN)('at %j with %j', (path, value, field) => {
    expect(problemOf(edited(path, value)).field).toBe(field);
  });

  it.each([
    ['an empty file', '', ''],
    ['a list', '[]', ''],
    ['comments', `${JSON.stringify(base)} // mine`, ''],
    ['a trailing comma', '{"schema":"keymoot/policy/1",}', ''],
    ['a key written twice', '{"version":1,"version":2}', ''],
    ['a key with an escape for the terminal', '{"\\u001b[2J":1}', ''],
    ['a key called __proto__', '{"__proto__":{}}', ''],
    [
      'a number beyond 78 digits',
      edited(['version'], 0).replace('"version":0', `"version":1${'0'.repeat(90)}`),
      'version',
    ],
    ['an exponent', edited(['version'], 0).replace('"version":0', '"version":1e3'), 'version'],
    ['minus zero', edited(['version'], 0).replace('"version":0', '"version":-0'), 'version'],
  ])('with %s', (_, text, field) => {
    expect(problemOf(text).field).toBe(field);
  });

  it('with a cap in a deny rule, which would deny the wrong side', () => {
    const deny = (more: object, rule: object = {}) =>
      problemOf(JSON.stringify(file([{ id: 'no', effect: 'deny', match: { ...more }, ...rule }]))).field;
    expect(deny({ nativeValue: { max: '1' } })).toBe('rules[0].match.nativeValue');
    expect(deny({ fee: { totalMax: '1' } })).toBe('rules[0].match.fee');
    expect(deny({}, { consents: 2 })).toBe('rules[0].consents');
    expect(deny({}, { rejections: 2 })).toBe('rules[0].rejections');
  });

  it('with more than the caps', () => {
    const rules = Array.from({ length: 10_001 }, (_, i) => ({ id: `r${i}`, effect: 'deny' as const, match: {} }));
    expect(problemOf(JSON.stringify(file(rules))).field).toBe('rules');
    const address = (i: number) => `0x${i.toString(16).padStart(40, '0')}`;
    const list = Array.from({ length: 4097 }, (_, i) => ({ chainId: 1, address: address(i), label: '' }));
    expect(problemOf(JSON.stringify(file([], { addressLists: { l: list } }))).field).toBe('addressLists.l');
    const selectors = Array.from({ length: 65 }, (_, i) => `0x${i.toString(16).padStart(8, '0')}`);
    expect(problemOf(edited(match('selectors'), selectors)).field).toBe('rules[0].match.selectors');
    expect(problemOf(' '.repeat(4_000_001)).field).toBe('');
  });

  it('with an address whose checksum is wrong in one letter', () => {
    const right = checksumAddress(USDC.replace('c0c0', 'abcd') as typeof USDC);
    const wrong = right.replace(/[a-fA-F]/, (c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase()));
    const path = ['assets', 'USDC', 'address'];
    expect(parsePolicy(edited(path, right)).ok).toBe(true);
    expect(problemOf(edited(path, wrong))).toMatchObject({ field: 'assets.USDC.address' });
  });
});

describe('the digest of a policy', () => {
  const digest = (document: PolicyFile) => toHex(policyDigest(parsed(document)));

  it('hangs on what it says', () => {
    const seen = new Set([digest(base)]);
    for (const [path, value] of [
      [['version'], 2],
      [['id'], 'other'],
      [['expiresAt'], 5],
      [['unmatched'], 'defer'],
      [['wallets', 'treasury'], {}],
      [['addressLists', 'payees', 0, 'label'], 'Alicia'],
      [['assets', 'USDC', 'decimals'], 18],
      [['rules', 0, 'effect'], 'require'],
      [['rules', 0, 'note'], 'why'],
      [['rules', 0, 'consents'], 3],
      [match('amount'), { max: '11' }],
      [match('amount'), { min: '0', max: '10' }],
    ] as const) {
      seen.add(digest(JSON.parse(edited(path, value)) as PolicyFile));
    }
    expect(seen.size).toBe(13);
  });

  it('does not hang on formatting, order or spelling of the same', () => {
    const rules = [
      { id: 'a', effect: 'allow', match: { to: ['@payees', BOB], chainIds: [1, 31337], selectors: ['none'] } },
      { id: 'b', effect: 'deny', match: { to: '@payees' } },
    ] as const;
    const [a, b] = rules;
    const other = [
      { match: { to: ['@payees'] }, effect: 'deny', id: 'b' },
      { ...a, match: { selectors: ['none'], chainIds: ['31337', '1'], to: [checksumAddress(BOB), '@payees'] } },
    ] as const;
    expect(digest(file(other, { version: '1' }))).toBe(digest(file([a, b])));
    const pretty = parsePolicy(JSON.stringify(file(rules), undefined, 4));
    expect(pretty.ok && toHex(policyDigest(pretty.value))).toBe(digest(file(rules)));
  });

  it('is that of its canonical text, which reads back', () => {
    const policy = parsed(base);
    const again = parsePolicy(canonicalText(canonicalPolicy(policy)));
    expect(again.ok && canonicalText(canonicalPolicy(again.value))).toBe(canonicalText(canonicalPolicy(policy)));
    // A known answer, computed apart from this code: a change here changes every adopted policy.
    expect(toHex(policyDigest(policy))).toBe('7374e8f7157589b0d8ea9b2febe88f8aeb020183d477367d3f42cd857d39f803');
  });
});
