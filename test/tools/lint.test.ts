/** Each finding of the linter appears for the mistake it names, and a policy without the mistake has none. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { LintCode } from '../../protocol/policy/lint/finding.ts';
import { lintPolicy } from '../../protocol/policy/lint/lint.ts';
import { parsePolicy } from '../../protocol/policy/parse.ts';
import { repository } from './support.ts';

type Fields = Readonly<Record<string, unknown>>;
interface PolicyFile {
  readonly rules: readonly Fields[];
  readonly limits: readonly Fields[];
  readonly wallets: Readonly<Record<string, Fields>>;
  readonly addressLists: Readonly<Record<string, readonly Fields[]>>;
  readonly assets: Fields;
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly approvers: Fields;
  readonly admin: Fields;
  readonly flows: readonly Fields[];
}

function starter(name: string): PolicyFile {
  return JSON.parse(readFileSync(repository(`starter/${name}.json`), 'utf8')) as PolicyFile;
}

function found(file: object): readonly string[] {
  const policy = parsePolicy(JSON.stringify(file));
  if (!policy.ok) throw new Error(`${policy.error.field}: ${policy.error.message}`);
  return lintPolicy(policy.value, { threshold: 2, parties: 3 }).map(({ code, where }) => `${code} ${where}`);
}

const operations = starter('operations');
const treasury = starter('treasury');

function without(file: object, name: string): object {
  return Object.fromEntries(Object.entries(file).filter(([key]) => key !== name));
}

/** The policy with one rule changed in its conditions. */
function withMatch(file: PolicyFile, id: string, change: Fields, drop: readonly string[] = []): object {
  const rules = file.rules.map((rule) => {
    if (rule['id'] !== id) return rule;
    const match = Object.entries({ ...(rule['match'] as Fields), ...change }).filter(([key]) => !drop.includes(key));
    return { ...rule, match: Object.fromEntries(match) };
  });
  return { ...file, rules };
}

function withRule(file: PolicyFile, rule: Fields): object {
  return { ...file, rules: [...file.rules, rule] };
}

const small = operations.rules.find(({ id }) => id === 'token-small')?.['match'] as Fields;

const MISTAKES: readonly (readonly [LintCode, string, string, object])[] = [
  [
    'LINT_UNREACHABLE',
    'an authorization that is to be a call',
    'rules.extra',
    withRule(operations, { id: 'extra', effect: 'require', match: { kinds: ['evm-authorization'] } }),
  ],
  [
    'LINT_UNREACHABLE',
    'a chain that its wallet does not sign for',
    'rules.extra',
    withRule(operations, {
      id: 'extra',
      effect: 'require',
      match: { ...small, wallets: ['operations'], chainIds: [10], assets: undefined, amount: undefined },
    }),
  ],
  [
    'LINT_UNREACHABLE',
    'an amount above the limit',
    'rules.token-large',
    withMatch(operations, 'token-large', { amount: { min: '50000000001' } }),
  ],
  [
    'LINT_SHADOWED',
    'a permission that is denied whole',
    'rules.token-small',
    withRule(operations, { id: 'stop', effect: 'deny', match: { selectors: ['0xa9059cbb'] } }),
  ],
  [
    'LINT_SHADOWED',
    'a permission inside a stricter one',
    'rules.tiny',
    withRule(operations, { id: 'tiny', effect: 'allow', match: { ...small, amount: { max: '1' } }, consents: 2 }),
  ],
  [
    'LINT_WIDE_SELECTOR',
    'no function',
    'rules.token-small.match',
    withMatch(operations, 'token-small', {}, ['selectors']),
  ],
  [
    'LINT_WIDE_TARGET',
    'no contract',
    'rules.extra.match',
    withRule(operations, {
      id: 'extra',
      effect: 'require',
      match: { selectors: ['0xa9059cbb'], fee: { totalMax: '1' } },
      consents: 3,
    }),
  ],
  ['LINT_NO_FEE_CAP', 'no cap on gas', 'rules.coin.match', withMatch(operations, 'coin', {}, ['fee', 'gas'])],
  [
    'LINT_ALLOW_NO_LIMIT',
    'only a limit on fees',
    'rules.token-small',
    {
      ...operations,
      limits: operations.limits.filter(({ measure }) => measure === 'fee' || measure === 'outstanding'),
    },
  ],
  [
    'LINT_NO_OUTSTANDING',
    'nothing on open nonces',
    'limits',
    { ...operations, limits: operations.limits.filter(({ measure }) => measure !== 'outstanding') },
  ],
  [
    'LINT_LIMIT_SPLIT',
    'a limit for each receiver only',
    'limits.each',
    {
      ...operations,
      limits: [
        ...operations.limits.filter(({ asset }) => asset !== 'USDC'),
        { id: 'each', measure: 'amount', asset: 'USDC', windowSec: 86400, max: '1', per: ['counterparty', 'wallet'] },
      ],
    },
  ],
  [
    'LINT_COLD_EXTERNAL',
    'no flows, and a strange receiver',
    'rules.coin-refill',
    {
      ...(without(treasury, 'flows') as PolicyFile),
      wallets: { treasury: treasury.wallets['treasury'] },
    },
  ],
  [
    'LINT_FLOW_UNUSED',
    'a class nobody has',
    'flows.1',
    { ...operations, flows: [...operations.flows, { from: 'hot', to: 'middle' }] },
  ],
  [
    'LINT_UNUSED_LIST',
    'a list nobody names',
    'addressLists.spare',
    {
      ...operations,
      addressLists: {
        ...operations.addressLists,
        spare: [{ chainId: 1, address: '0x1234567890123456789012345678901234567890', label: 'Spare' }],
      },
    },
  ],
  [
    'LINT_UNUSED_ASSET',
    'an asset nobody names',
    'assets.POL',
    { ...operations, assets: { ...operations.assets, POL: { chainId: 137, address: 'native', decimals: 18 } } },
  ],
  [
    'LINT_UNUSED_GROUP',
    'a group nobody asks',
    'groups.spare',
    { ...operations, groups: { ...operations.groups, spare: ['ada'] } },
  ],
  [
    'LINT_UNUSED_APPROVER',
    'an approver in no group',
    'approvers.cleo',
    { ...operations, groups: { approvers: ['ada', 'ben'] } },
  ],
  ['LINT_ONE_PERSON', 'an admin alone', 'admin', { ...operations, admin: { ...operations.admin, quorum: 1 } }],
  [
    'LINT_QUORUM_LOW',
    'as many consents as signers',
    'rules.coin.consents',
    {
      ...operations,
      rules: operations.rules.map((rule) => (rule['id'] === 'coin' ? without(rule, 'consents') : rule)),
    },
  ],
  [
    'LINT_LOOKALIKE',
    'two addresses that agree at their ends',
    'addressLists.payees',
    {
      ...operations,
      addressLists: {
        payees: [
          ...(operations.addressLists['payees'] ?? []),
          { chainId: 1, address: '0x6e2f3a4b00000000000000000000000018293041', label: 'Hosting' },
        ],
      },
    },
  ],
  ['LINT_NO_EXPIRY', 'no end', 'expiresAt', without(operations, 'expiresAt')],
  ['LINT_NO_ADMIN', 'nobody who changes it', 'admin', without(operations, 'admin')],
];

describe('the linter', () => {
  it.each(MISTAKES)('%s: %s', (code, _, where, file) => {
    expect(found(file)).toContain(`${code} ${where}`);
  });

  it.each(['operations', 'treasury', 'exchange'])('has nothing to say about the starter %s', (name) => {
    expect(found(starter(name))).toEqual([]);
  });

  it('says each thing that it can say in one of these tests', () => {
    const source = readFileSync(repository('protocol/policy/lint/finding.ts'), 'utf8');
    const codes = new Set(source.match(/LINT_[A-Z_]+/g));
    expect(new Set(MISTAKES.map(([code]) => code))).toEqual(codes);
  });
});
