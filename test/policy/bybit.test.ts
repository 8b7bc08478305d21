/**
 * The attack this project exists for, against policies: the payload that was signed in February 2025 (its shape on a
 * test chain, and the transaction itself) and the payload that the signers thought they saw.
 */
import { readFileSync } from 'node:fs';
import { keccak256 } from 'viem';
import { describe, expect, it } from 'vitest';
import { type Address, parseAddress } from '../../protocol/payload/address.ts';
import type { Assessment } from '../../protocol/payload/risk/assess.ts';
import { judge } from '../../protocol/policy/judge.ts';
import { safeTx, typedData } from './support/payloads.ts';
import { codes, file, input, parsed, policyOf, type RuleFile } from './support/policies.ts';

interface SafeRecord {
  readonly safe: string;
  readonly to: string;
  readonly value: string;
  readonly data: `0x${string}` | null;
  readonly operation: 0 | 1;
}

interface TypedData {
  readonly domain: { readonly verifyingContract: string };
  readonly message: { readonly to: string; readonly data: `0x${string}` };
}

function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8')) as T;
}

const shapes = vectors<{ readonly modeA: { readonly typedData: TypedData; readonly shownByCompromisedUI: TypedData } }>(
  'bybit-shapes',
);
const chain = vectors<{ readonly results: readonly SafeRecord[] }>('bybit-safe-tx-71');

function lower(text: string): Address {
  const address = parseAddress(text);
  if (address === undefined || address === 'checksum') throw new Error(`not an address: ${text}`);
  return address;
}

const SAFE = lower(shapes.modeA.typedData.domain.verifyingContract);
const HOT = lower(shapes.modeA.shownByCompromisedUI.message.to);
const TROJAN = lower(shapes.modeA.typedData.message.to);
const signed = typedData(shapes.modeA.typedData);
const shown = typedData(shapes.modeA.shownByCompromisedUI);

const kinds = ['evm-typed-data'];
const everything = { kinds, operations: ['call', 'delegatecall', 'create'], nativeValue: { max: '1'.padEnd(30, '0') } };

/** Refills of the hot wallet from the cold Safe, as a careful treasury would write it. */
function treasury(more: readonly RuleFile[] = [], safe = SAFE, hot = HOT) {
  const refill: RuleFile = {
    id: 'refill',
    effect: 'require',
    match: {
      wallets: ['treasury'],
      kinds,
      safes: '@cold',
      selectors: ['none'],
      assets: ['ETH'],
      counterparties: '@warm',
      amount: { max: '40000000000000000000000' },
    },
    consents: 3,
  };
  const chainId = 31337;
  const addressLists = {
    cold: [{ chainId, address: safe, label: 'Cold Safe' }],
    warm: [{ chainId, address: hot, label: 'Warm wallet' }],
  };
  return parsed(file([refill, ...more], { addressLists }));
}

describe('the payload that was signed', () => {
  it('is denied by a treasury policy, for every reason that was there to see', () => {
    const verdict = judge(input(signed, treasury()));
    expect(verdict.decision).toBe('deny');
    expect(codes(verdict)).toEqual([
      'DEFAULT_DENY',
      'DELEGATECALL',
      'DELEGATECALL_UNTRUSTED',
      'SELECTOR_CONTEXT_MISMATCH',
    ]);
    expect(verdict.reasons[0]?.detail).toContain('a delegatecall of transfer(address,uint256)');
    expect(verdict.risks).toEqual(['DELEGATECALL', 'DELEGATECALL_UNTRUSTED', 'SELECTOR_CONTEXT_MISMATCH']);
  });

  it.each([['allow'], ['require']] as const)('is denied even by a policy that says %s to every call', (effect) => {
    const verdict = judge(input(signed, policyOf([{ id: 'all', effect, match: everything }])));
    expect(codes(verdict)).toEqual(['DELEGATECALL', 'DELEGATECALL_UNTRUSTED', 'SELECTOR_CONTEXT_MISMATCH']);
  });

  it('is denied even if a rule accepts its codes without pinning code and function', () => {
    const risks = ['DELEGATECALL', 'DELEGATECALL_UNTRUSTED', 'SELECTOR_CONTEXT_MISMATCH'];
    for (const effect of ['allow', 'require'] as const) {
      const verdict = judge(input(signed, policyOf([{ id: 'all', effect, match: { ...everything, risks } }])));
      expect(codes(verdict)).toEqual(['DELEGATECALL_UNTRUSTED', 'SELECTOR_CONTEXT_MISMATCH']);
    }
  });

  it('takes a rule that spells the attack out, a hand at every consenting party, and all parties', () => {
    const risks = ['DELEGATECALL', 'DELEGATECALL_UNTRUSTED', 'SELECTOR_CONTEXT_MISMATCH'];
    const calldataHash = keccak256(shapes.modeA.typedData.message.data);
    const match = { kinds, operations: ['delegatecall'], to: [TROJAN], chainIds: [31337], calldataHash, risks };
    const verdict = judge(input(signed, policyOf([{ id: 'folly', effect: 'require', match }])));
    expect(verdict).toMatchObject({ decision: 'require', consents: 4, rejections: 1 });
  });
});

describe('the payload that was shown', () => {
  it('passes the same treasury policy', () => {
    expect(judge(input(shown, treasury()))).toMatchObject({
      decision: 'require',
      consents: 3,
      reasons: [],
      risks: [],
      rules: [{ policy: 'common', id: 'refill', effect: 'require', leaf: '0' }],
    });
  });

  it('does not pass to another receiver', () => {
    const policy = treasury([], SAFE, TROJAN);
    expect(codes(judge(input(shown, policy)))).toEqual(['DEFAULT_DENY']);
  });
});

describe('the transaction itself, whose Safe predates chain ids in signatures', () => {
  const [malicious, benign] = chain.results.map(({ safe, to, value, data, operation }): Assessment => {
    const call = { to: lower(to), value: BigInt(value), data: data ?? ('0x' as const), operation };
    return safeTx({ safe: lower(safe), legacy: true, ...call });
  });
  const [first, second] = chain.results;
  const bybit = lower(first?.safe ?? '');
  const warm = lower(second?.to ?? '');
  const legacy: RuleFile = {
    id: 'legacy-refill',
    effect: 'require',
    match: {
      kinds,
      safes: '@cold',
      to: '@warm',
      selectors: ['none'],
      assets: ['ETH'],
      amount: { max: '30000000000000000000000' },
      risks: ['NO_CHAIN_BINDING'],
    },
  };
  const policy = parsed({
    ...file([legacy]),
    wallets: { treasury: { chainIds: [31337], legacyChainId: 31337 } },
    addressLists: {
      cold: [{ chainId: 31337, address: bybit, label: 'Cold Safe 1' }],
      warm: [{ chainId: 31337, address: warm, label: 'Warm wallet' }],
    },
  });

  it('is denied, and its twin needs all parties', () => {
    if (malicious === undefined || benign === undefined) throw new Error('vectors are incomplete');
    expect(codes(judge(input(malicious, policy)))).toContain('DELEGATECALL_UNTRUSTED');
    expect(codes(judge(input(malicious, policy)))).toContain('NO_CHAIN_BINDING');
    expect(judge(input(benign, policy))).toMatchObject({ decision: 'require', consents: 4, reasons: [] });
    const unaware = parsed({ ...file([legacy]), addressLists: { cold: [], warm: [] } });
    expect(codes(judge(input(benign, unaware)))).toContain('WRONG_CHAIN');
  });
});
