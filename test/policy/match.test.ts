import { keccak256 } from 'viem';
import { describe, expect, it } from 'vitest';
import { assess } from '../../protocol/payload/risk/assess.ts';
import { judge } from '../../protocol/policy/judge.ts';
import { decoded } from '../payload/support/payloads.ts';
import { typedPayload, userOperation } from '../payload/support/typed-documents.ts';
import {
  ALICE,
  BOB,
  CHAIN,
  calldata,
  execTransaction,
  MALLORY,
  MULTISEND,
  multiSend,
  SAFE,
  safeTx,
  transaction,
  USDC,
} from './support/payloads.ts';
import { codes, file, input, judged, NOW, parsed, policyOf } from './support/policies.ts';

const payUsdc = (amount: bigint, to = ALICE) => transaction({ to: USDC, data: calldata('transfer', to, amount) });
const payEth = (value: bigint, to = ALICE) => transaction({ to, value });

/** What one match field lets through: the rule is otherwise the same, and it is the only one. */
const FIELDS = [
  { field: 'wallets', match: { wallets: ['treasury'] }, yes: payUsdc(1n), no: undefined },
  { field: 'chainIds', match: { chainIds: [31337] }, yes: payUsdc(1n), no: undefined },
  { field: 'initiators', match: { initiators: ['olivia'] }, yes: payUsdc(1n), no: undefined },
  { field: 'kinds', match: { kinds: ['evm-transaction'] }, yes: payUsdc(1n), no: safeTx({ to: USDC }) },
  { field: 'kinds (absent)', match: {}, yes: payUsdc(1n), no: safeTx({ to: ALICE }) },
  {
    field: 'kinds (typed data)',
    match: { kinds: ['evm-typed-data'] },
    yes: safeTx({ to: ALICE }),
    no: transaction({ to: ALICE }),
  },
  {
    field: 'operations (absent)',
    match: { kinds: ['evm-typed-data'], risks: ['DELEGATECALL', 'BATCH'] },
    yes: safeTx({ to: ALICE }),
    no: safeTx({ to: MULTISEND, data: multiSend([]), operation: 1 }),
  },
  {
    field: 'operations',
    match: { kinds: ['evm-typed-data'], operations: ['delegatecall'], risks: ['DELEGATECALL', 'BATCH'] },
    yes: safeTx({ to: MULTISEND, data: multiSend([]), operation: 1 }),
    no: safeTx({ to: ALICE }),
  },
  { field: 'to (list)', match: { to: '@payees' }, yes: transaction({ to: BOB }), no: transaction({ to: MALLORY }) },
  {
    field: 'to (addresses)',
    match: { to: [USDC, ALICE], chainIds: [31337] },
    yes: payUsdc(1n),
    no: transaction({ to: BOB }),
  },
  { field: 'counterparties', match: { counterparties: '@payees' }, yes: payUsdc(1n, BOB), no: payUsdc(1n, MALLORY) },
  {
    field: 'counterparties (spender)',
    match: { counterparties: '@payees' },
    yes: transaction({ to: USDC, data: calldata('approve', ALICE, 1n) }),
    no: transaction({ to: USDC, data: calldata('approve', MALLORY, 1n) }),
  },
  {
    field: 'selectors',
    match: { selectors: ['0xa9059cbb'] },
    yes: payUsdc(1n),
    no: transaction({ to: USDC, data: calldata('approve', ALICE, 1n) }),
  },
  { field: 'selectors (none)', match: { selectors: ['none'] }, yes: transaction({ to: ALICE }), no: payUsdc(1n) },
  {
    field: 'assets',
    match: { assets: ['USDC'] },
    yes: payUsdc(1n),
    no: transaction({ to: BOB, data: calldata('transfer', ALICE, 1n) }),
  },
  { field: 'assets (native)', match: { assets: ['ETH'] }, yes: payEth(5n), no: payUsdc(1n) },
  { field: 'nativeValue', match: { nativeValue: { max: '10' } }, yes: payEth(10n), no: payEth(11n) },
  { field: 'nativeValue (absent)', match: {}, yes: payEth(0n), no: payEth(1n) },
  {
    field: 'fee',
    match: { fee: { totalMax: '100000000000000' } },
    yes: transaction({ to: ALICE, gas: 100_000n, maxFeePerGas: 1_000_000_000n }),
    no: transaction({ to: ALICE, gas: 100_000n, maxFeePerGas: 1_000_000_001n }),
  },
  {
    field: 'safes',
    match: { kinds: ['evm-typed-data'], safes: '@safes' },
    yes: safeTx({}),
    no: safeTx({ safe: MALLORY }),
  },
  {
    field: 'calldataHash',
    match: { calldataHash: keccak256(calldata('transfer', ALICE, 7n)) },
    yes: payUsdc(7n),
    no: payUsdc(8n),
  },
] as const;

describe('a match field', () => {
  for (const { field, match, yes, no } of FIELDS) {
    it(`${field} lets through what it names`, () => {
      expect(judged(yes, [{ id: 'r', effect: 'allow', match }])).toMatchObject({ decision: 'allow', reasons: [] });
    });
    if (no === undefined) continue;
    it(`${field} keeps out the rest`, () => {
      const verdict = judged(no, [{ id: 'r', effect: 'allow', match }]);
      expect(verdict.decision).toBe('deny');
      expect(codes(verdict)).toContain('DEFAULT_DENY');
    });
    // Caps are refused in deny rules, and what is absent narrows permissions only.
    if ('nativeValue' in match || 'fee' in match || field.includes('absent')) continue;
    it(`${field} in a deny rule denies exactly what it names`, () => {
      const kinds = ['evm-transaction', 'evm-typed-data'];
      const all = { kinds, operations: ['call', 'delegatecall'], nativeValue: { max: '100' } };
      const rules = [
        { id: 'all', effect: 'allow', match: { ...all, risks: ['DELEGATECALL', 'BATCH'] } },
        { id: 'no', effect: 'deny', match: { ...match, risks: undefined } },
      ] as const;
      expect(codes(judged(yes, rules))).toContain('DENIED_BY_RULE');
      expect(codes(judged(no, rules))).not.toContain('DENIED_BY_RULE');
    });
  }

  it('wallets, chainIds and initiators keep out what they do not name', () => {
    const payment = payUsdc(1n);
    const wallets = { wallets: { treasury: {}, payroll: {} } };
    const rule = (match: object) => policyOf([{ id: 'r', effect: 'allow', match: { ...match } }], wallets);
    expect(codes(judge(input(payment, rule({ wallets: ['payroll'] }))))).toEqual(['DEFAULT_DENY']);
    expect(codes(judge(input(payment, rule({ chainIds: [1] }))))).toEqual(['DEFAULT_DENY']);
    expect(codes(judge(input(payment, rule({ initiators: ['peter'] }))))).toEqual([
      'UNKNOWN_INITIATOR',
      'DEFAULT_DENY',
    ]);
  });
});

describe('an amount', () => {
  const LIMIT = 1_000_000n;
  const range = (amount: object) => [
    { id: 'r', effect: 'allow' as const, match: { assets: ['USDC'], counterparties: '@payees', amount } },
  ];

  it.each([
    [LIMIT - 1n, 'allow'],
    [LIMIT, 'allow'],
    [LIMIT + 1n, 'deny'],
    [2n ** 256n - 1n, 'deny'],
  ])('of %s against max 1000000: %s', (amount, decision) => {
    expect(judged(payUsdc(amount), range({ max: LIMIT.toString() })).decision).toBe(decision);
  });

  it.each([
    [LIMIT - 1n, 'deny'],
    [LIMIT, 'allow'],
    [LIMIT + 1n, 'allow'],
  ])('of %s against min 1000000: %s', (amount, decision) => {
    expect(judged(payUsdc(amount), range({ min: LIMIT.toString() })).decision).toBe(decision);
  });

  it('is compared with the sum over a batch, so splitting does not pass a cap', () => {
    const half = { to: USDC, data: calldata('transfer', ALICE, LIMIT / 2n) };
    const rest = { to: USDC, data: calldata('transfer', BOB, LIMIT / 2n + 1n) };
    const kinds = ['evm-typed-data'];
    const batch = { operations: ['delegatecall'], to: '@batch', risks: ['DELEGATECALL', 'BATCH'] };
    const rules = [
      { id: 'batch', effect: 'allow', match: { kinds, ...batch } },
      { id: 'pay', effect: 'allow', match: { kinds, assets: ['USDC'], amount: { max: LIMIT.toString() } } },
    ] as const;
    const send = (calls: readonly (typeof half)[]) =>
      judged(safeTx({ to: MULTISEND, data: multiSend(calls), operation: 1 }), rules);
    expect(send([half]).decision).toBe('allow');
    expect(send([half, half]).decision).toBe('allow');
    const split = send([half, rest]);
    expect(split.reasons.map(({ code, leaf }) => [code, leaf])).toEqual([
      ['DEFAULT_DENY', '0.0'],
      ['DEFAULT_DENY', '0.1'],
    ]);
  });

  it('in a deny rule strikes a single movement as well as the sum', () => {
    const rules = (amount: object) =>
      [
        { id: 'all', effect: 'allow', match: {} },
        { id: 'no', effect: 'deny', match: { assets: ['USDC'], amount } },
      ] as const;
    expect(judged(payUsdc(LIMIT), rules({ min: (LIMIT + 1n).toString() })).decision).toBe('allow');
    expect(codes(judged(payUsdc(LIMIT), rules({ min: LIMIT.toString() })))).toEqual(['DENIED_BY_RULE']);
    expect(codes(judged(payUsdc(3n), rules({ max: '3' })))).toEqual(['DENIED_BY_RULE']);
  });
});

describe('money beside the point', () => {
  it('value sent along with a token call needs to be named', () => {
    const both = transaction({ to: USDC, value: 1n, data: calldata('transfer', ALICE, 1n) });
    const token = { assets: ['USDC'], counterparties: '@payees' };
    expect(judged(both, [{ id: 'r', effect: 'allow', match: token }]).decision).toBe('deny');
    const capped = { to: [USDC], chainIds: [31337], nativeValue: { max: '1' } };
    expect(judged(both, [{ id: 'r', effect: 'allow', match: capped }]).decision).toBe('allow');
  });

  it('calldata that is not understood is no plain payment to a payee', () => {
    const match = { assets: ['ETH'], counterparties: '@payees', risks: ['BATCH'] };
    expect(judged(payEth(1n), [{ id: 'r', effect: 'allow', match }]).decision).toBe('allow');
    const hidden = transaction({ to: ALICE, value: 1n, data: multiSend([]) });
    expect(codes(judged(hidden, [{ id: 'r', effect: 'allow', match }]))).toContain('DEFAULT_DENY');
  });

  it('a denial of a counterparty finds it behind functions whose movements are not modelled', () => {
    const nft = transaction({ to: BOB, data: calldata('safeTransferFrom', ALICE, MALLORY, 1n) });
    const rules = [
      { id: 'all', effect: 'allow', match: { risks: ['TRANSFER_FROM_OTHER'] } },
      { id: 'no', effect: 'deny', match: { counterparties: [MALLORY] } },
    ] as const;
    expect(codes(judged(nft, rules))).toEqual(['DENIED_BY_RULE']);
  });

  it('a denial of a counterparty holds when nobody can tell who it is', () => {
    const unknown = '0xdeadbeef';
    const data = keccak256(unknown);
    const rules = [
      {
        id: 'pin',
        effect: 'require',
        match: { to: [BOB], chainIds: [31337], calldataHash: data, risks: ['UNDECODED'] },
      },
    ] as const;
    const call = transaction({ to: BOB, data: unknown });
    expect(judged(call, rules).decision).toBe('require');
    const denied = [...rules, { id: 'no', effect: 'deny', match: { counterparties: [MALLORY] } }] as const;
    expect(codes(judged(call, denied))).toEqual(['DENIED_BY_RULE']);
  });
});

describe('every call of a payload is judged', () => {
  const EXEC = '0x6a761202';
  const outer = { id: 'outer', effect: 'allow', match: { safes: '@safes', to: '@safes', selectors: [EXEC] } } as const;
  const inner = {
    id: 'inner',
    effect: 'require',
    match: { safes: '@safes', assets: ['USDC'], counterparties: '@payees' },
  } as const;
  const call = (to: `0x${string}`) =>
    transaction({ to: SAFE, data: execTransaction({ to: USDC, data: calldata('transfer', to, 1n) }) });

  it('the outer call and what it executes both need a rule', () => {
    expect(judged(call(ALICE), [outer, inner])).toMatchObject({ decision: 'require', reasons: [] });
    expect(judged(call(ALICE), [outer]).reasons).toMatchObject([{ code: 'DEFAULT_DENY', leaf: '0.0' }]);
    expect(judged(call(ALICE), [inner]).reasons).toMatchObject([{ code: 'DEFAULT_DENY', leaf: '0' }]);
    expect(judged(call(MALLORY), [outer, inner]).reasons).toMatchObject([{ code: 'DEFAULT_DENY', leaf: '0.0' }]);
  });

  it('a call of one Safe to another acts for both', () => {
    const data = execTransaction({ to: USDC, data: calldata('transfer', ALICE, 1n) });
    const nested = safeTx({ safe: SAFE, to: BOB, data });
    const kinds = ['evm-typed-data'];
    const rule = (safes: readonly string[]) =>
      ({ id: 'r', effect: 'allow', match: { kinds, safes, chainIds: [31337] } }) as const;
    expect(judged(nested, [rule([SAFE, BOB])]).decision).toBe('allow');
    expect(judged(nested, [rule([SAFE])]).reasons).toMatchObject([{ leaf: '0' }, { leaf: '0.0' }]);
    expect(judged(nested, [rule([BOB])]).reasons).toMatchObject([{ leaf: '0' }]);
  });
});

describe('the frame of a judgement', () => {
  const any = { id: 'any', effect: 'allow', match: {} } as const;
  const payment = transaction({ to: ALICE });

  it('names a wallet, a chain and a time outside the policy', () => {
    const policy = policyOf([any]);
    const wallet = { ...input(payment, policy).wallet, name: 'other' };
    expect(codes(judge(input(payment, policy, { wallet })))).toEqual(['UNKNOWN_WALLET']);
    const elsewhere = transaction({ to: ALICE, chainId: 1n });
    expect(codes(judge(input(elsewhere, policy)))).toEqual(['WRONG_CHAIN']);
  });

  it.each([
    [NOW - 1, ['POLICY_NOT_EFFECTIVE']],
    [NOW, []],
    [NOW + 9, []],
    [NOW + 10, ['POLICY_EXPIRED']],
  ])('at %s', (now, expected) => {
    const policy = policyOf([any], { effectiveAt: NOW, expiresAt: String(NOW + 10) });
    expect(codes(judge(input(payment, policy, { now })))).toEqual(expected);
  });

  it('an empty policy denies', () => {
    expect(codes(judged(payment, []))).toEqual(['DEFAULT_DENY']);
  });

  it('a payload without a chain is judged only by a wallet that admits it', () => {
    const legacy = safeTx({ legacy: true, value: 5n });
    const match = {
      kinds: ['evm-typed-data'],
      safes: '@safes',
      to: '@payees',
      selectors: ['none'],
      assets: ['ETH'],
      risks: ['NO_CHAIN_BINDING'],
    };
    const rules = [{ id: 'r', effect: 'require', match }] as const;
    expect(codes(judged(legacy, rules))).toContain('WRONG_CHAIN');
    const wallets = { treasury: { chainIds: [31337], legacyChainId: Number(CHAIN) } };
    const policy = parsed({ ...file(rules), wallets });
    expect(judge(input(legacy, policy))).toMatchObject({ decision: 'require', consents: 4, reasons: [] });
  });

  it.each([
    [{ now: Number.NaN }],
    [{ now: -1 }],
    [{ now: 0.5 }],
    [{ wallet: { name: 'treasury', address: SAFE, threshold: 3, parties: 2 } }],
    [{ wallet: { name: 'treasury', address: SAFE, threshold: 0, parties: 2 } }],
    [{ wallet: { name: 'treasury', address: SAFE, threshold: 2, parties: 256 } }],
  ])('refuses to judge with nonsense: %j', (more) => {
    expect(codes(judge(input(payment, policyOf([any]), more)))).toEqual(['JUDGE_INPUT']);
  });
});

describe('the fee of an operation of a smart account', () => {
  // Nobody but the submitter knows what its gas costs, and the account pays whatever it says.
  it.each([
    ['within the cap', '1', ['USER_OPERATION']],
    ['above the cap', '1000000', ['DEFAULT_DENY', 'USER_OPERATION']],
  ])('%s', (_, preVerificationGas, expected) => {
    const rule = {
      id: 'operations',
      effect: 'require',
      match: { kinds: ['evm-typed-data'], operations: ['authorize'], fee: { totalMax: '1000' } },
    } as const;
    const document = userOperation('0x', { preVerificationGas });
    const payload = typedPayload({ ...document, domain: { ...document.domain, chainId: 31337 } });
    expect(codes(judged(assess(decoded(payload)), [rule]))).toEqual(expected);
  });
});
