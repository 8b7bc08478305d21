import { describe, expect, it } from 'vitest';
import type { Assessment } from '../../protocol/payload/risk/assess.ts';
import { judge } from '../../protocol/policy/judge.ts';
import type { Verdict } from '../../protocol/policy/verdict.ts';
import {
  ALICE,
  BOB,
  calldata,
  MALLORY,
  MULTISEND,
  multiSend,
  SAFE,
  safeTx,
  transaction,
  USDC,
  WALLET,
} from './support/payloads.ts';
import { codes, input, policyOf, type RuleFile } from './support/policies.ts';

const DESK = BOB;
/** Permits everything that can be permitted, so that flows alone decide. */
const anything: RuleFile = {
  id: 'any',
  effect: 'allow',
  match: {
    kinds: ['evm-transaction', 'evm-typed-data'],
    operations: ['call', 'delegatecall', 'authorize'],
    nativeValue: { max: '1000' },
    risks: ['BATCH', 'DELEGATECALL', 'UNLIMITED_APPROVAL', 'TRANSFER_FROM_OTHER'],
  },
};

interface Scene {
  readonly flows: readonly { readonly from: string; readonly to: string }[];
  readonly treasury?: string;
  readonly rules?: readonly RuleFile[];
}

function under({ flows, treasury, rules = [anything] }: Scene, payload: Assessment): Verdict {
  const wallets = {
    treasury: { ...(treasury === undefined ? {} : { class: treasury }), accounts: [SAFE] },
    desk: { class: 'middle', accounts: [DESK] },
  };
  return judge(input(payload, policyOf(rules, { wallets, flows })));
}

const pay = (to: typeof ALICE) => transaction({ to, value: 5n });

describe('flows', () => {
  it.each([
    ['no edge at all', [], ALICE, false],
    ['an edge to outside', [{ from: 'treasury', to: 'external' }], ALICE, true],
    ['an edge to another wallet only', [{ from: 'treasury', to: 'desk' }], ALICE, false],
    ['an edge to that wallet', [{ from: 'treasury', to: 'desk' }], DESK, true],
    ['an edge to its class', [{ from: 'treasury', to: 'middle' }], DESK, true],
    ['an edge to another class', [{ from: 'treasury', to: 'cold' }], DESK, false],
    ['an edge from the class of the wallet', [{ from: 'hot', to: 'desk' }], DESK, true],
    ['an edge the other way', [{ from: 'desk', to: 'hot' }], DESK, false],
    ['an edge to outside does not lead to a wallet', [{ from: 'treasury', to: 'external' }], DESK, false],
  ])('%s', (_, flows, to, allowed) => {
    const verdict = under({ flows, treasury: 'hot' }, pay(to));
    expect(codes(verdict)).toEqual(allowed ? [] : ['FLOW_FORBIDDEN']);
    expect(verdict.trace.layers[0]?.flows).toEqual([
      { leaf: '0', from: 'treasury', to: to === DESK ? 'desk' : 'external', allowed },
    ]);
  });

  it('within one wallet are none', () => {
    expect(under({ flows: [] }, pay(WALLET)).decision).toBe('allow');
    expect(under({ flows: [] }, pay(SAFE)).decision).toBe('allow');
    expect(under({ flows: [] }, safeTx({ to: WALLET, value: 3n })).decision).toBe('allow');
  });

  it('count what others may take, and whose it is', () => {
    const out = [{ from: 'treasury', to: 'external' }];
    expect(codes(under({ flows: [] }, transaction({ to: USDC, data: calldata('approve', ALICE, 5n) })))).toEqual([
      'FLOW_FORBIDDEN',
    ]);
    const taken = transaction({ to: USDC, data: calldata('transferFrom', DESK, ALICE, 5n) });
    expect(codes(under({ flows: out }, taken))).toEqual(['FLOW_FORBIDDEN']);
    expect(under({ flows: [{ from: 'desk', to: 'external' }] }, taken).decision).toBe('allow');
    // What comes in from a stranger leaves nobody here.
    const collected = transaction({ to: USDC, data: calldata('transferFrom', MALLORY, WALLET, 5n) });
    expect(under({ flows: [] }, collected).decision).toBe('allow');
  });

  it('look at every call of a batch', () => {
    const batch = (...to: (typeof ALICE)[]) =>
      safeTx({ to: MULTISEND, operation: 1, data: multiSend(to.map((each) => ({ to: each, value: 1n }))) });
    const flows = [{ from: 'treasury', to: 'desk' }];
    expect(codes(under({ flows }, batch(DESK, DESK)))).toEqual([]);
    const verdict = under({ flows }, batch(DESK, ALICE));
    expect(codes(verdict)).toEqual(['FLOW_FORBIDDEN']);
    expect(verdict.reasons[0]).toMatchObject({
      leaf: '0.1',
      detail: 'no flow: value would move from treasury to external',
    });
  });

  it('never lead out of a cold wallet, whatever an edge of another name says', () => {
    const verdict = under({ flows: [{ from: 'hot', to: 'external' }], treasury: 'cold' }, pay(ALICE));
    expect(codes(verdict)).toEqual(['FLOW_FORBIDDEN']);
    expect(under({ flows: [{ from: 'cold', to: 'middle' }], treasury: 'cold' }, pay(DESK)).decision).toBe('allow');
  });

  it('refuse what nobody can read, unless every permission pins it and asks people', () => {
    const blind = transaction({ to: ALICE, data: '0xdeadbeef' });
    const pinned: RuleFile = {
      id: 'pinned',
      effect: 'require',
      match: { chainIds: [31337], to: [ALICE], selectors: ['0xdeadbeef'], risks: ['UNDECODED'] },
    };
    const flows: Scene['flows'] = [];
    expect(codes(under({ flows, rules: [pinned] }, blind))).toEqual([]);
    expect(codes(under({ flows, rules: [pinned, anything] }, blind))).toEqual(['FLOW_FORBIDDEN']);
    expect(codes(under({ flows, rules: [{ ...pinned, effect: 'allow' }] }, blind))).toContain('FLOW_FORBIDDEN');
    // Without flows the same call is a matter of rules alone.
    expect(judge(input(blind, policyOf([pinned, anything]))).decision).toBe('require');
  });
});
