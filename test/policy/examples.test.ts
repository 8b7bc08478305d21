/** The policies of docs/examples parse, and do what docs/policy.md says about them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Address, ZERO_ADDRESS } from '../../protocol/payload/address.ts';
import type { Assessment } from '../../protocol/payload/risk/assess.ts';
import { judge } from '../../protocol/policy/judge.ts';
import { parsePolicy } from '../../protocol/policy/parse.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import { calldata, MALLORY, multiSend, safeTx, transaction, WALLET } from './support/payloads.ts';
import { codes, NOW } from './support/policies.ts';

function text(path: string): string {
  return readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8');
}

function policyFrom(source: string): Policy {
  const policy = parsePolicy(source);
  if (!policy.ok) throw new Error(`${policy.error.field}: ${policy.error.message}`);
  return policy.value;
}

const treasury = policyFrom(text('examples/policies/treasury.json'));
const operations = policyFrom(text('examples/policies/operations.json'));

function listed(policy: Policy, list: string, index = 0): Address {
  return policy.document.addressLists.get(list)?.[index]?.address ?? ZERO_ADDRESS;
}

function judgedBy(common: Policy, assessment: Assessment, name: string, initiator = 'olivia') {
  const wallet = { name, address: WALLET, threshold: 2, parties: 3 };
  return judge({ assessment, wallet, initiator, now: NOW, common, ledger: 'uncounted' });
}

const ETHER = 10n ** 18n;
const safe = listed(treasury, 'safes');
const destination = listed(treasury, 'destinations');
const usdc = '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48';

describe('the treasury example', () => {
  const by = (parts: Parameters<typeof safeTx>[0]) =>
    judgedBy(treasury, safeTx({ safe, chainId: 1n, ...parts }), 'treasury');

  it.each([
    [500n * ETHER, 'require', 2],
    [500n * ETHER + 1n, 'require', 3],
    [40_000n * ETHER, 'require', 3],
    [40_000n * ETHER + 1n, 'deny', 3],
  ])('%s wei to a destination: %s by %s', (value, decision, consents) => {
    expect(by({ to: destination, value })).toMatchObject({ decision, consents });
  });

  it('refuses strangers, blocked addresses, allowances and foreign code', () => {
    expect(codes(by({ to: MALLORY, value: 1n }))).toEqual(['DEFAULT_DENY']);
    expect(codes(by({ to: listed(treasury, 'blocked'), value: 1n }))).toEqual(['DENIED_BY_RULE', 'DEFAULT_DENY']);
    const approve = by({ to: usdc, data: calldata('approve', destination, 1n) });
    expect(codes(approve)).toEqual(['DENIED_BY_RULE', 'DEFAULT_DENY']);
    expect(approve.reasons[0]?.detail).toContain('deny rule "never-approve" matches; its note: The cold Safe');
    const trojan = by({ to: MALLORY, data: calldata('transfer', MALLORY, 0n), operation: 1 });
    expect(codes(trojan)).toEqual([
      'DENIED_BY_RULE',
      'DEFAULT_DENY',
      'DELEGATECALL',
      'DELEGATECALL_UNTRUSTED',
      'SELECTOR_CONTEXT_MISMATCH',
    ]);
    expect(trojan.reasons[0]?.detail).toContain('"never-blocked" cannot be ruled out, because of counterparties');
  });

  it('looks into batches', () => {
    const pay = (to: Address, amount = 1000n) => ({ to: usdc, data: calldata('transfer', to, amount) }) as const;
    const batch = (...calls: readonly ReturnType<typeof pay>[]) =>
      by({ to: listed(treasury, 'batch', 0), data: multiSend(calls), operation: 1 });
    expect(batch(pay(destination), pay(destination))).toMatchObject({ decision: 'require', consents: 3 });
    const half = pay(destination, 1_500_000_000_000n);
    expect(codes(batch(half, half))).toEqual(['DEFAULT_DENY', 'DEFAULT_DENY']);
    expect(batch(pay(destination), pay(MALLORY)).reasons).toMatchObject([{ code: 'DEFAULT_DENY', leaf: '0.1' }]);
  });

  it('lets no plain transaction of the owner key through', () => {
    const tx = transaction({ to: destination, value: 1n, chainId: 1n });
    expect(codes(judgedBy(treasury, tx, 'treasury'))).toEqual(['DEFAULT_DENY']);
  });
});

describe('the operations example', () => {
  const payee = listed(operations, 'payees');
  const pay = (amount: bigint, to: Address = payee) =>
    transaction({ to: usdc, data: calldata('transfer', to, amount), chainId: 1n });
  const by = (assessment: Assessment, initiator = 'payout-bot') =>
    judgedBy(operations, assessment, 'payouts', initiator).decision;

  it('lets the program pay small amounts to payees, and nothing else', () => {
    expect(by(pay(1_000_000_000n))).toBe('allow');
    expect(by(pay(1_000_000_001n))).toBe('require');
    expect(by(pay(50_000_000_001n))).toBe('deny');
    expect(by(pay(1n), 'olivia')).toBe('deny');
    expect(by(pay(1n, MALLORY))).toBe('deny');
    expect(by(transaction({ to: payee, value: 2n * ETHER, chainId: 1n }))).toBe('require');
    expect(by(transaction({ to: payee, value: 1n, chainId: 8453n, maxFeePerGas: 10n ** 12n }))).toBe('deny');
    expect(by(transaction({ to: usdc, data: calldata('approve', payee, 1n), chainId: 1n }))).toBe('deny');
  });
});

describe('docs/policy.md', () => {
  it('shows only policies and rules that parse', () => {
    const blocks = [...text('policy.md').matchAll(/```json\n(?<body>[\s\S]*?)\n```/g)].map(
      (m) => m.groups?.['body'] ?? '',
    );
    const whole = blocks.filter((block) => block.includes('"schema"'));
    expect(whole.length).toBeGreaterThan(1);
    for (const block of whole) policyFrom(block);
  });
});
