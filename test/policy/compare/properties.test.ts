/**
 * What is called a narrowing lets nothing more through: for random versions and random changes of them, every payload,
 * initiator, time and usage is judged at least as strictly, and whoever satisfies the new obligations has satisfied the
 * old ones.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Assessment, assess } from '../../../protocol/payload/risk/assess.ts';
import { canonicalObservations } from '../../../protocol/payload/risk/observed.ts';
import { policyDigest } from '../../../protocol/policy/canonical.ts';
import { comparePolicies } from '../../../protocol/policy/compare/compare.ts';
import { judge } from '../../../protocol/policy/judge.ts';
import { parsePolicy } from '../../../protocol/policy/parse.ts';
import type { Policy } from '../../../protocol/policy/prepare.ts';
import type { LedgerView, Obligations, Verdict } from '../../../protocol/policy/verdict.ts';
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
  WALLET,
} from '../support/payloads.ts';
import { type Draft, edited, entryFile, policyFrom, rich, SIZE } from '../support/versions.ts';

const ACME = `0x${'ac'.repeat(20)}` as const;
const chainId = Number(CHAIN);
const NOW = 1_800_000_000;

const PLAIN: readonly Assessment[] = [
  transaction({ to: ALICE, value: 3n }),
  transaction({ to: ACME, value: 30n }),
  transaction({ to: MALLORY, value: 0n }),
  transaction({ to: ALICE, value: 3n, chainId: 1n }),
  transaction({ to: USDC, data: calldata('transfer', ALICE, 5n) }),
  transaction({ to: USDC, data: calldata('transfer', MALLORY, 50n) }),
  transaction({ to: USDC, data: calldata('approve', BOB, 2n ** 256n - 1n) }),
  transaction({ to: BOB, data: '0xdeadbeef' }),
  transaction({ data: '0x6001' }),
  transaction({ to: SAFE, data: execTransaction({ to: USDC, data: calldata('transfer', ALICE, 5n) }) }),
  safeTx({ to: ALICE, value: 3n }),
  safeTx({ to: ALICE, value: 3n, legacy: true }),
  safeTx({ to: SAFE, data: calldata('changeThreshold', 1n) }),
  safeTx({
    to: MULTISEND,
    operation: 1,
    data: multiSend([
      { to: USDC, data: calldata('transfer', ALICE, 5n) },
      { to: BOB, value: 1n },
    ]),
  }),
];
const SEEN = canonicalObservations([
  { code: 'FIRST_SEEN_DESTINATION', path: '0', detail: 'own history: new' },
  { code: 'NONCE_REUSE', path: '0', detail: 'own history: again' },
]);
const PAYLOADS = PLAIN.flatMap((payload) => [payload, assess(payload.decoded, { wallet: WALLET, observed: SEEN })]);

const some = <T>(...values: readonly T[]): fc.Arbitrary<T[]> =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: values.length });
function seldom(values: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: values });
}

const ADDRESSES = some<string>('@payees', '@safes', '@batch', '@acme', '@book', ALICE, MALLORY, USDC);
const RISKS = some(
  'DELEGATECALL',
  'DELEGATECALL_UNTRUSTED',
  'BATCH',
  'UNDECODED',
  'SAFE_SELF_CHANGE',
  'FIRST_SEEN_DESTINATION',
  'NONCE_REUSE',
);
const ACCEPTED = [
  ...['BATCH', 'DELEGATECALL', 'DELEGATECALL_UNTRUSTED', 'FIRST_SEEN_DESTINATION', 'NONCE_REUSE', 'SAFE_SELF_CHANGE'],
  ...['UNDECODED', 'UNLIMITED_APPROVAL'],
];
const TIMES = fc.constantFrom(
  [{ days: [0, 1, 2, 3, 4, 5, 6], from: '00:00', to: '24:00' }],
  [{ days: [5], from: '08:00', to: '09:00' }],
);

/** One value for each field of a match; a change puts another one there or takes it away. */
const FIELDS: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  wallets: some('treasury', 'ops'),
  initiators: some('olivia', 'peter'),
  kinds: some('evm-transaction', 'evm-typed-data'),
  operations: some('call', 'delegatecall', 'create'),
  to: ADDRESSES,
  counterparties: ADDRESSES,
  safes: fc.constantFrom(['@safes'], [MALLORY]),
  selectors: some('none', '0xa9059cbb', '0x095ea7b3', '0x694e80c3', '0xdeadbeef'),
  risks: RISKS,
  nativeValue: fc.constantFrom({ max: '0' }, { max: '3' }, { max: '1000' }),
  fee: fc.constantFrom({ totalMax: '1' }, { totalMax: '100000000000000' }, { totalMax: '1000000000000000' }),
  gas: fc.constantFrom({ limitMax: '100000' }, { maxFeePerGasMax: '1' }),
  txTypes: some('eip1559', 'legacy'),
  args: fc.constantFrom(
    [{ arg: 'amount', op: 'lte', value: '5' }],
    [{ arg: 'amount', op: 'lt', value: '51' }],
    [{ arg: 'to', op: 'inList', value: '@payees' }],
    [
      { arg: '1', op: 'in', value: ['5', '50'] },
      { arg: 'to', op: 'ne', value: MALLORY },
    ],
    [{ arg: 'to', op: 'eqWallet', value: 'ops' }],
  ),
  time: TIMES,
};
/** Few conditions a rule: with many nothing would ever be permitted, and nothing proven. */
const MATCH = fc.record(Object.fromEntries(Object.entries(FIELDS).map(([name, values]) => [name, seldom(values)])));
const OBLIGATION = fc.record({
  groups: fc.constantFrom(
    undefined,
    [{ group: 'finance', quorum: 1 }],
    [{ group: 'finance', quorum: 2 }],
    [{ group: 'board', quorum: 1 }],
  ),
  delaySec: fc.constantFrom(undefined, 60, 600),
  ttlSec: fc.constantFrom(undefined, 600, 86_400),
});
const COUNTS = fc.record({
  consents: fc.constantFrom(undefined, 2, 3, 4),
  rejections: fc.constantFrom(undefined, 1, 2, 4),
});

/** Plain addresses need chains, caps are none of a denial; a rule that is still no good makes the case a miss. */
const RULE = fc
  .tuple(
    fc.constantFrom('allow', 'allow', 'require', 'require', 'require', 'deny'),
    MATCH,
    fc.constantFrom(true, true, false),
    OBLIGATION,
    COUNTS,
    fc.boolean(),
  )
  .map(([effect, match, wide, obligation, counts, asks]): Draft => {
    const base = wide
      ? {
          kinds: ['evm-transaction', 'evm-typed-data'],
          operations: ['call', 'delegatecall'],
          nativeValue: { max: '1000' },
          ...(asks ? { risks: ACCEPTED } : {}),
        }
      : {};
    if (effect !== 'deny') {
      const require = effect === 'require' && asks ? { require: obligation } : {};
      return { effect, match: { chainIds: [chainId, 1], ...base, ...match }, ...require, ...counts };
    }
    const { fee: _, gas: __, nativeValue: ___, ...rest } = match;
    return { effect, match: rest };
  });
const LIMIT = fc
  .record({
    measure: fc.constantFrom('amount', 'count', 'fee', 'outstanding'),
    windowSec: fc.constantFrom(3600, 86_400),
    max: fc.constantFrom('1', '4', '40', '100000000000000'),
    per: fc.constantFrom(undefined, ['wallet'], ['wallet', 'initiator'], ['counterparty', 'wallet'], ['selector']),
    match: fc.constantFrom(
      undefined,
      { wallets: ['treasury'] },
      { counterparties: ['@payees'] },
      { kinds: ['evm-transaction'] },
    ),
    onExceed: fc.constantFrom(undefined, 'deny', { require: { holder: true } }),
  })
  .map((limit): Draft => {
    if (limit.measure === 'outstanding') return { ...limit, windowSec: undefined };
    return limit.measure === 'amount' ? { ...limit, asset: 'ETH' } : limit;
  });
/** Matches nothing, and makes functions and addresses familiar: else every change that names one would widen. */
const KNOWN: Draft = {
  id: 'known',
  effect: 'require',
  match: {
    initiators: ['nobody'],
    chainIds: [chainId, 1],
    to: [USDC, SAFE, BOB, MALLORY, ALICE],
    selectors: ['0xa9059cbb', '0x095ea7b3', '0x694e80c3', '0x8d80ff0a', '0xdeadbeef'],
  },
  consents: 4,
  require: { groups: [{ group: 'finance', quorum: 3 }], delaySec: 600, ttlSec: 60 },
};
const VERSION = fc
  .record({
    rules: fc.array(RULE, { minLength: 1, maxLength: 4 }),
    limits: fc.array(LIMIT, { maxLength: 2 }),
    flows: fc.constantFrom(undefined, undefined, [{ from: 'middle', to: 'external' }]),
    hardDeny: fc.constantFrom(undefined, undefined, ['NONCE_REUSE']),
  })
  .map(
    ({ rules, limits, ...more }): Draft => ({
      ...rich(),
      ...more,
      rules: [...rules.map((rule, i) => ({ ...rule, id: `r${i}` })), KNOWN],
      limits: limits.map((limit, i) => ({ ...limit, id: `l${i}` })),
    }),
  );

/** A change of one thing; `pick` says which rule or limit. */
type Change = (draft: Draft) => void;
const items = (draft: Draft, name: string): Draft[] => draft[name] as Draft[];
const pickOf = (draft: Draft, name: string, pick: number): Draft => {
  const list = items(draft, name);
  return list[pick % Math.max(1, list.length)] ?? {};
};
const PICK = fc.nat({ max: 3 });
/** The narrowings that are none: a pin accepts what nothing accepted, and excuses what nobody can count. */
const PIN = fc.tuple(PICK, fc.constantFrom([USDC], [SAFE], [BOB], ['@batch'])).map(
  ([pick, to]): Change =>
    (draft) => {
      const rule = pickOf(draft, 'rules', pick);
      const selectors = ['0xa9059cbb', '0x095ea7b3', '0x694e80c3', '0x8d80ff0a', '0xdeadbeef'];
      const match = rule['match'] as Draft | undefined;
      if (match !== undefined) Object.assign(match, { to, selectors });
    },
);
const CHANGE: fc.Arbitrary<Change> = fc.oneof(
  { weight: 3, arbitrary: PIN },
  {
    weight: 6,
    arbitrary: fc
      .constantFrom(...Object.keys(FIELDS))
      .chain((name) =>
        fc.tuple(
          fc.constant(name),
          PICK,
          fc.option(FIELDS[name] ?? fc.constant(undefined), { nil: undefined, freq: 2 }),
        ),
      )
      .map(
        ([name, pick, value]): Change =>
          (draft) => {
            const match = pickOf(draft, 'rules', pick)['match'] as Draft | undefined;
            if (match === undefined) return;
            // Half of the sets lose a value instead of being another one.
            const before = match[name];
            match[name] = value === undefined && Array.isArray(before) && before.length > 1 ? before.slice(1) : value;
          },
      ),
  },
  {
    weight: 2,
    arbitrary: PICK.map(
      (pick): Change =>
        (draft) =>
          void items(draft, 'rules').splice(pick, 1),
    ),
  },
  {
    weight: 2,
    arbitrary: RULE.map(
      (rule): Change =>
        (draft) =>
          void items(draft, 'rules').push({ ...rule, id: 'new' }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(PICK, OBLIGATION).map(
      ([pick, require]): Change =>
        (draft) =>
          Object.assign(pickOf(draft, 'rules', pick), { effect: 'require', require }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(PICK, COUNTS).map(
      ([pick, counts]): Change =>
        (draft) =>
          Object.assign(pickOf(draft, 'rules', pick), counts),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(PICK, fc.constantFrom('allow', 'require', 'deny')).map(
      ([pick, effect]): Change =>
        (draft) =>
          Object.assign(pickOf(draft, 'rules', pick), { effect }),
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(PICK, LIMIT).map(
      ([pick, limit]): Change =>
        (draft) =>
          Object.assign(pickOf(draft, 'limits', pick), limit),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(PICK, fc.constantFrom('1', '3', '5')).map(
      ([pick, max]): Change =>
        (draft) =>
          Object.assign(pickOf(draft, 'limits', pick), { max }),
    ),
  },
  {
    weight: 1,
    arbitrary: PICK.map(
      (pick): Change =>
        (draft) =>
          void items(draft, 'limits').splice(pick, 1),
    ),
  },
  {
    weight: 1,
    arbitrary: LIMIT.map(
      (limit): Change =>
        (draft) =>
          void items(draft, 'limits').push({ ...limit, id: 'new' }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Change>(
      (draft) => void (draft['addressLists'] as { payees: unknown[] }).payees.pop(),
      (draft) =>
        void (draft['addressLists'] as { payees: unknown[] }).payees.push({ chainId, address: MALLORY, label: 'M' }),
      (draft) => void (draft['addressLists'] as { payees: unknown[] }).payees.shift(),
      (draft) => (draft['counterparties'] = { acme: entryFile('acme', 2, [ACME], { expires: NOW + 5 }) }),
      (draft) => (draft['counterparties'] = { acme: entryFile('acme', 2, [BOB]) }),
      (draft) => (draft['hardDeny'] = ['NONCE_REUSE', 'BATCH']),
      (draft) => (draft['hardDeny'] = undefined),
      (draft) => (draft['flows'] = [{ from: 'middle', to: 'hot' }]),
      (draft) => (draft['flows'] = undefined),
      (draft) => (draft['effectiveAt'] = NOW - 5),
      (draft) => (draft['expiresAt'] = NOW + 5),
      (draft) => (draft['expiresAt'] = undefined),
      (draft) => (draft['groups'] = { finance: ['ada', 'ben'], board: ['ada', 'dan'] }),
      (draft) => (draft['groups'] = { finance: ['ada', 'ben', 'cem', 'dan'], board: ['ada', 'dan'] }),
      (draft) => Object.assign((draft['wallets'] as { treasury: object }).treasury, { class: 'cold' }),
      (draft) => Object.assign((draft['wallets'] as { treasury: object }).treasury, { class: 'hot' }),
      (draft) => Object.assign((draft['wallets'] as { treasury: object }).treasury, { chainIds: [chainId] }),
      (draft) => Object.assign((draft['wallets'] as { treasury: object }).treasury, { legacyChainId: undefined }),
      (draft) => Object.assign((draft['wallets'] as { ops: object }).ops, { accounts: [ALICE] }),
    ),
  },
);
const PAIR = fc.tuple(VERSION, fc.array(CHANGE, { minLength: 1, maxLength: 2 }));

function pairOf([version, changes]: [Draft, readonly Change[]]): readonly [Policy, Policy] | undefined {
  const [old, next] = [version, edited(version, (draft) => changes.map((change) => change(draft)))].map((file) =>
    parsePolicy(JSON.stringify(file)),
  );
  return old?.ok === true && next?.ok === true ? [old.value, next.value] : undefined;
}

const STRICT = { allow: 0, require: 1, deny: 2 };

/** The same history under both: a count that looks back longer, or at more, has seen at least as much. */
function ledger(base: bigint, more: bigint): LedgerView {
  return ({ limit }) => ({ used: (limit === 'l0' ? base : 0n) + more, entries: 1 });
}

/** Whether people who satisfy `next` under the new version satisfy `old` under the old one. */
function covers(next: Obligations, old: Obligations, [before, after]: readonly [Policy, Policy]): boolean {
  return (
    (next.holder || !old.holder) &&
    next.delaySec >= old.delaySec &&
    old.groups.every(({ group, quorum }) =>
      next.groups.some((other) => {
        const members = before.document.groups?.get(group) ?? [];
        const isWithin = (after.document.groups?.get(other.group) ?? []).every((name) => members.includes(name));
        return other.group === group && other.quorum >= quorum && isWithin && next.ttlSec <= old.ttlSec;
      }),
    )
  );
}

test('a narrowing lets nothing more through', () => {
  let narrowed = 0;
  let bit = 0;
  const judgements = fc.record({
    initiator: fc.constantFrom('olivia', 'peter'),
    wallet: fc.constantFrom('treasury', 'ops'),
    now: fc.constantFrom(NOW - 10, NOW, NOW + 10),
    used: fc.constantFrom(0n, 2n, 39n),
    more: fc.constantFrom(0n, 1n),
  });
  fc.assert(
    fc.property(PAIR, judgements, (made, { initiator, now, more, used, wallet }) => {
      const pair = pairOf(made);
      if (pair === undefined) return;
      const [old, next] = pair;
      const { direction } = comparePolicies(old, next, SIZE);
      if (direction !== 'narrows') return;
      narrowed += 1;
      const under = (common: Policy, assessment: Assessment, view: LedgerView): Verdict =>
        judge({ assessment, wallet: { name: wallet, address: WALLET, ...SIZE }, initiator, now, common, ledger: view });
      for (const payload of PAYLOADS) {
        const before = under(old, payload, ledger(used, 0n));
        const after = under(next, payload, ledger(used, more));
        if (before.decision !== 'deny') bit += 1;
        if (after.decision === 'deny') continue;
        expect(STRICT[after.decision]).toBeGreaterThanOrEqual(STRICT[before.decision]);
        expect(after.consents).toBeGreaterThanOrEqual(before.consents);
        expect(after.rejections).toBeLessThanOrEqual(before.rejections);
        expect(covers(after.obligations, before.obligations, pair)).toBe(true);
      }
    }),
    { numRuns: 1500 },
  );
  // A generator that makes nothing but denials or widenings would prove nothing.
  expect(narrowed).toBeGreaterThan(200);
  expect(bit).toBeGreaterThan(300);
}, 240_000);

test('same is equal digests and nothing else', () => {
  fc.assert(
    fc.property(PAIR, (made) => {
      const pair = pairOf(made);
      if (pair === undefined) return;
      const [old, next] = pair;
      const again = policyFrom(JSON.parse(JSON.stringify(made[0])) as Draft);
      expect(comparePolicies(old, again).direction).toBe('same');
      expect(comparePolicies(old, next).direction === 'same').toBe(
        Buffer.compare(policyDigest(old), policyDigest(next)) === 0,
      );
    }),
    { numRuns: 200 },
  );
});
