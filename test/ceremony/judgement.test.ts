import { describe, expect, test } from 'vitest';
import { inputsJson } from '../../protocol/ceremony/inputs.ts';
import { type JudgementContext, judgeProposal } from '../../protocol/ceremony/judgement.ts';
import type { SignProposal } from '../../protocol/ceremony/proposal.ts';
import { keygenPlan } from '../../protocol/ceremony/run-plan.ts';
import type { Wallet } from '../../protocol/ceremony/wallet.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { decode, type Payload } from '../../protocol/payload/payload.ts';
import { must, policyFrom } from '../support/must.ts';
import { ETHER, OWN_POLICY, PAYEE, transfer, treasuryPolicy, trojan } from '../support/treasury.ts';
import { vec } from '../threshold/support/labels.ts';
import { keygenBody, NOW, propose, ROSTER, signingBody } from './support/members.ts';

const COMMON = policyFrom(treasuryPolicy());
const OWN = policyFrom(OWN_POLICY);

const [WALLET_ID, EPOCH, ADDRESS] = [vec('wallet'), vec('epoch'), vec('address').slice(0, 20)];
/** The parts of a wallet that a judgement looks at. */
const WALLET = {
  name: 'treasury',
  walletId: WALLET_ID,
  epochId: EPOCH,
  roster: ROSTER.digest,
  address: ADDRESS,
} as Wallet;

function judged(payload: Payload, body: Partial<SignProposal> = {}, context: Partial<JudgementContext> = {}) {
  const named = { wallet: 'treasury', walletId: WALLET_ID, epochId: EPOCH, address: ADDRESS, payload };
  return judgeProposal(propose(signingBody({ ...named, ...body })), {
    roster: ROSTER,
    wallet: WALLET,
    common: COMMON,
    inputs: { now: NOW },
    ledger: 'uncounted',
    ...context,
  });
}

const codes = (judgement: { readonly reasons: readonly { readonly code: string }[] }): readonly string[] =>
  judgement.reasons.map((reason) => reason.code);

describe('a signing', () => {
  test('that a rule allows is allowed, and names digest, tree and rule', () => {
    const judgement = judged(transfer());
    expect(judgement).toMatchObject({
      judgement: 'allow',
      consents: 2,
      rejections: 1,
      rules: ['common/small'],
      reasons: [],
    });
    expect(toHex(judgement.reading?.digest ?? new Uint8Array())).toBe(toHex(must(decode(transfer())).digest));
    expect(judgement.reading?.tree).toHaveLength(32);
  });

  test('takes the strictest verdict of both policies', () => {
    const large = transfer(5n * ETHER);
    expect(judged(large)).toMatchObject({ judgement: 'require', consents: 3 });
    const veto = policyFrom({
      ...OWN_POLICY,
      rules: [{ id: 'never', effect: 'deny', match: { wallets: ['treasury'], assets: ['ETH'], amount: { min: '1' } } }],
    });
    expect(judged(transfer()).judgement).toBe('allow');
    expect(judged(transfer(), {}, { own: OWN }).judgement).toBe('allow');
    const narrowed = judged(transfer(), {}, { own: veto });
    expect(narrowed.judgement).toBe('deny');
    expect(narrowed.rules).toContain('own/never');
    // An own policy never widens.
    const lax = policyFrom({ ...treasuryPolicy(), id: 'own' });
    expect(judged(transfer(50n * ETHER), {}, { own: lax }).judgement).toBe('deny');
  });

  test.each([
    ['UNKNOWN_WALLET', {}, { wallet: undefined }],
    ['UNKNOWN_WALLET', { walletId: vec('other') }, {}],
    ['UNKNOWN_WALLET', { wallet: 'spare' }, {}],
    ['WRONG_EPOCH', { epochId: vec('other') }, {}],
    ['WRONG_ADDRESS', { address: new Uint8Array(20) }, {}],
    ['DERIVATION_UNAVAILABLE', { path: [7] }, {}],
  ] as const)('is denied with %s, and its payload is not even read', (code, body, context) => {
    const judgement = judged(transfer(), body, context);
    expect(judgement).toMatchObject({ judgement: 'deny', rejections: 1 });
    expect(codes(judgement)).toEqual([code]);
    expect(judgement.reading).toBeUndefined();
  });

  test('without a common policy is denied, but shown', () => {
    const judgement = judged(transfer(), {}, { common: undefined, own: OWN });
    expect(judgement.judgement).toBe('deny');
    expect(codes(judgement)).toEqual(['NO_COMMON_POLICY']);
    expect(judgement.decoded).toBeDefined();
  });

  test.each([
    ['nothing', new Uint8Array()],
    ['noise', vec('noise', 120)],
    ['a bare digest', vec('digest')],
    ['a transaction with a byte more', Uint8Array.of(...transfer().bytes, 0)],
    ['a transaction with a byte less', transfer().bytes.subarray(1)],
  ])('of %s is denied: there is nothing to consent to', (_, bytes) => {
    const judgement = judged({ kind: 'evm-transaction', bytes });
    expect(judgement.judgement).toBe('deny');
    expect(judgement.reading).toBeUndefined();
    expect(codes(judgement).length).toBeGreaterThan(0);
  });

  test('that no rule speaks of is denied', () => {
    expect(judged(transfer(1n, `0x${'99'.repeat(20)}`)).judgement).toBe('deny');
    expect(judged(transfer(11n * ETHER, PAYEE)).judgement).toBe('deny');
  });

  test('of a hidden delegatecall is denied and called by its name', () => {
    const judgement = judged(trojan());
    expect(judgement.judgement).toBe('deny');
    expect(judgement.risks).toContain('DELEGATECALL');
  });

  test('reasons fit their statement', () => {
    for (const { code, detail } of [
      ...judged(trojan()).reasons,
      ...judged({ kind: 'evm-transaction', bytes: vec('n') }).reasons,
    ]) {
      expect(code).toMatch(/^[A-Z][A-Z0-9_]*$/);
      expect(detail.length).toBeLessThanOrEqual(400);
    }
  });
});

test('a keygen is decided by hand by all, over its configuration', () => {
  const body = keygenBody();
  const proposal = propose(body);
  const judgement = judgeProposal(proposal, {
    roster: ROSTER,
    common: COMMON,
    inputs: { now: NOW },
    ledger: 'uncounted',
  });
  expect(judgement).toMatchObject({ judgement: 'require', consents: 3, rejections: 1 });
  expect(judgement.reading).toEqual({ digest: keygenPlan(ROSTER, proposal.digest, body).cfgHash });
});

test('the recorded inputs say when, and nothing else', () => {
  expect(inputsJson({ now: NOW })).toEqual({ now: String(NOW), schema: 'keymoot.inputs.v1' });
});
