/** Policies about signatures that execute nothing: typed data, messages, authorizations. */
import { keccak256, stringToBytes } from 'viem';
import { describe, expect, it } from 'vitest';
import { payloadFromInspectJson } from '../../protocol/payload/inspect-json.ts';
import type { Assessment } from '../../protocol/payload/risk/assess.ts';
import { parsePolicy } from '../../protocol/policy/parse.ts';
import { ALICE, assessed, CHAIN, MALLORY, SAFE, safeTx, typedData, USDC } from './support/payloads.ts';
import { codes, file, judged, type RuleFile } from './support/policies.ts';

const PERMIT = 'Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)';
const PERMIT_HASH = keccak256(stringToBytes(PERMIT));
const chainIds = [Number(CHAIN)];
const kinds = ['evm-typed-data'];
const operations = ['authorize'];

function read(value: object): Assessment {
  const payload = payloadFromInspectJson(JSON.stringify(value));
  if (!payload.ok) throw new Error(payload.error.message);
  return assessed(payload.value);
}

function permit(value: bigint, spender: string = ALICE): Assessment {
  const field = (name: string, type: string): object => ({ name, type });
  return typedData({
    domain: { name: 'USD Coin', version: '2', chainId: CHAIN.toString(), verifyingContract: USDC },
    primaryType: 'Permit',
    types: {
      Permit: [
        field('owner', 'address'),
        field('spender', 'address'),
        field('value', 'uint256'),
        field('nonce', 'uint256'),
        field('deadline', 'uint256'),
      ],
    },
    message: { owner: `0x${'11'.repeat(20)}`, spender, value: value.toString(), nonce: '0', deadline: '1800000000' },
  });
}

function vote(): Assessment {
  return typedData({
    domain: { name: 'poll', chainId: CHAIN.toString(), verifyingContract: SAFE },
    primaryType: 'Vote',
    types: { Vote: [{ name: 'choice', type: 'uint8' }] },
    message: { choice: '1' },
  });
}

const authorization = (fields: object = {}): Assessment =>
  read({ kind: 'evm-authorization', chainId: Number(CHAIN), address: SAFE, nonce: 1, ...fields });
const message = (text: string, encoding = 'text'): Assessment => read({ kind: 'evm-message', encoding, message: text });

function decision(assessment: Assessment, ...rules: readonly RuleFile[]): string {
  return judged(assessment, rules).decision;
}

describe('a permit', () => {
  const risks = ['PERMIT_SIG', 'DOMAIN_MISMATCH', 'LONG_DEADLINE'];
  const match = { kinds, operations, assets: ['USDC'], counterparties: '@payees', amount: { max: '1000' }, risks };
  const rule: RuleFile = { id: 'permits', effect: 'require', match };

  it('is judged by what it lets the spender take', () => {
    expect(decision(permit(1000n), rule)).toBe('require');
    expect(decision(permit(1001n), rule)).toBe('deny');
    expect(decision(permit(1n, MALLORY), rule)).toBe('deny');
    const large: RuleFile = { id: 'large', effect: 'deny', match: { assets: ['USDC'], amount: { min: '500' } } };
    expect(codes(judged(permit(600n), [rule, large]))).toContain('DENIED_BY_RULE');
    expect(decision(permit(400n), rule, large)).toBe('require');
  });

  it('needs its kind and its operation named', () => {
    const { kinds: _, ...anyKind } = match;
    const { operations: __, ...called } = match;
    expect(decision(permit(1n), { ...rule, match: anyKind })).toBe('deny');
    expect(decision(permit(1n), { ...rule, match: called })).toBe('deny');
  });

  it('has a type that a rule may name', () => {
    const typed = { ...match, typeHashes: [PERMIT_HASH] };
    expect(decision(permit(1n), { ...rule, match: typed })).toBe('require');
    const other = { ...match, typeHashes: [keccak256(stringToBytes('Permit(address owner)'))] };
    expect(decision(permit(1n), { ...rule, match: other })).toBe('deny');
    const never: RuleFile = { id: 'no-permits', effect: 'deny', match: { typeHashes: [PERMIT_HASH] } };
    expect(codes(judged(permit(1n), [rule, never]))).toContain('DENIED_BY_RULE');
    expect(decision(vote(), never)).toBe('deny');
    expect(codes(judged(vote(), [never]))).not.toContain('DENIED_BY_RULE');
  });
});

describe('typed data of a type that nobody knows', () => {
  const risks = ['UNKNOWN_TYPED_DATA', 'DOMAIN_MISMATCH'];
  const pins = {
    kinds,
    operations,
    chainIds,
    to: [SAFE],
    typeHashes: [keccak256(stringToBytes('Vote(uint8 choice)'))],
  };

  it.each([
    ['contract and type', { ...pins, risks }, 'require'],
    ['the type alone', { ...pins, to: undefined, risks }, 'deny'],
    ['the contract alone', { ...pins, typeHashes: undefined, risks }, 'deny'],
    ['another type', { ...pins, typeHashes: [PERMIT_HASH], risks }, 'deny'],
    ['no risk', pins, 'deny'],
    ['the digest alone', { kinds, operations, calldataHash: hex(vote().decoded.digest), risks }, 'require'],
  ])('is permitted by a rule that names %s: %s', (_, match, expected) => {
    expect(decision(vote(), { id: 'votes', effect: 'require', match })).toBe(expected);
    expect(decision(vote(), { id: 'votes', effect: 'allow', match })).toBe('deny');
  });
});

describe('an authorization', () => {
  const match = { kinds: ['evm-authorization'], operations, chainIds, to: [SAFE], risks: ['EIP7702_AUTH'] };
  const rule: RuleFile = { id: 'delegate', effect: 'require', match };

  it('is pinned by its delegate, and takes everybody', () => {
    expect(judged(authorization(), [rule])).toMatchObject({ decision: 'require', consents: 4 });
    expect(decision(authorization({ address: ALICE }), rule)).toBe('deny');
    expect(decision(authorization({ chainId: 1 }), rule)).toBe('deny');
    expect(decision(authorization(), { ...rule, match: { ...match, to: undefined } })).toBe('deny');
    expect(decision(authorization(), { ...rule, match: { ...match, operations: ['authorize', 'call'] } })).toBe('deny');
  });

  it('for every chain is denied unless the wallet says which one it means', () => {
    expect(codes(judged(authorization({ chainId: 0 }), [rule]))).toContain('WRONG_CHAIN');
  });

  it('runs foreign code, so a denial of payments cannot be ruled out', () => {
    const never: RuleFile = { id: 'never', effect: 'deny', match: { counterparties: [MALLORY] } };
    expect(codes(judged(authorization(), [rule, never]))).toContain('DENIED_BY_RULE');
  });
});

describe('a message', () => {
  const match = { kinds: ['evm-message'], operations, risks: ['MESSAGE_SIG'] };
  const rule: RuleFile = { id: 'talk', effect: 'allow', match };
  const never: RuleFile = { id: 'never', effect: 'deny', match: { counterparties: [MALLORY] } };

  it('of text needs no chain and moves nothing', () => {
    expect(judged(message('hello'), [rule, never])).toMatchObject({ decision: 'allow', reasons: [] });
    expect(decision(message('hello'), { ...rule, match: { ...match, chainIds } })).toBe('deny');
    expect(decision(message('hello'), { ...rule, match: { ...match, to: '@safes' } })).toBe('deny');
    expect(decision(message('hello'))).toBe('deny');
  });

  it('of bytes cannot be read, so a denial cannot be ruled out', () => {
    const raw = { ...rule, effect: 'require', match: { ...match, risks: ['MESSAGE_SIG', 'RAW_MESSAGE'] } } as const;
    expect(codes(judged(message('0x00ff', 'hex'), [raw, never]))).toContain('DENIED_BY_RULE');
    const pinned = { ...raw, match: { ...raw.match, calldataHash: hex(message('0x00ff', 'hex').decoded.digest) } };
    expect(decision(message('0x00ff', 'hex'), pinned)).toBe('require');
    expect(decision(message('0x00fe', 'hex'), pinned)).toBe('deny');
  });

  it('that hides a Safe transaction is judged by that transaction, too', () => {
    const inner = safeTx({ to: ALICE, value: 5n }).decoded;
    const opened = assessed({
      ...message(`0x${'00'.repeat(31)}`, 'hex').decoded.payload,
      bytes: new TextEncoder().encode(`{"encoding":"hex","message":"${hex(inner.digest)}"}`),
      preimages: [inner.payload.bytes],
    });
    const approval = { kinds: ['evm-message'], operations, to: '@safes', risks: ['MESSAGE_SIG', 'RAW_MESSAGE'] };
    const outer: RuleFile = { id: 'by-message', effect: 'require', match: approval };
    expect(codes(judged(opened, [outer]))).toEqual(['DEFAULT_DENY']);
    const payment = { kinds: ['evm-message'], safes: '@safes', assets: ['ETH'], counterparties: '@payees' };
    const inside: RuleFile = { id: 'payment', effect: 'allow', match: { ...payment, amount: { max: '5' } } };
    expect(judged(opened, [outer, inside])).toMatchObject({ decision: 'require', consents: 4 });
    expect(codes(judged(opened, [rule, inside]))).toContain('RAW_MESSAGE');
  });
});

it.each([['0x1234'], [PERMIT_HASH.toUpperCase()], ['Permit'], [5]])(
  'a type hash is 32 bytes in lower-case hex, and not %j',
  (value) => {
    const text = JSON.stringify(file([{ id: 'r', effect: 'deny', match: { typeHashes: [value] } }]));
    expect(parsePolicy(text)).toMatchObject({ ok: false, error: { field: 'rules[0].match.typeHashes[0]' } });
  },
);

function hex(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes).toString('hex')}`;
}
