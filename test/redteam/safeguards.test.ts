/** Each safeguard of a starter, taken away: then a certain attack passes, which the whole starter stops. */
import { describe, expect, test } from 'vitest';
import { parsePolicy } from '../../protocol/policy/parse.ts';
import { type PolicyFile, playCase, type Starter, settingFor, starterFile } from './support/policies.ts';

type Rule = Record<string, unknown> & { match: Record<string, unknown> };

/** The rules that permit payments, each changed. */
function rules(file: PolicyFile, change: (rule: Rule) => Rule): PolicyFile {
  return { ...file, rules: (file['rules'] as Rule[]).map((rule) => (rule['effect'] === 'deny' ? rule : change(rule))) };
}

function without(item: Record<string, unknown>, ...names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(item).filter(([name]) => !names.includes(name)));
}

function matching(file: PolicyFile, ...names: readonly string[]): PolicyFile {
  return rules(file, (rule) => ({ ...rule, match: without(rule.match, ...names) }));
}

function demanding(
  file: PolicyFile,
  change: (require: Record<string, unknown>) => Record<string, unknown>,
): PolicyFile {
  return rules(file, (rule) => {
    const asked = rule['require'] as Record<string, unknown> | undefined;
    return asked === undefined ? rule : { ...rule, require: change(asked) };
  });
}

function limits(file: PolicyFile, keep: (limit: Record<string, unknown>) => boolean): PolicyFile {
  return { ...file, limits: (file['limits'] as Record<string, unknown>[]).filter(keep) };
}

const noApprovers = (file: PolicyFile): PolicyFile =>
  demanding(file, (require) => ({ ...without(require, 'groups', 'distinctDevices', 'ttlSec'), holder: true }));
const oneDevice = (file: PolicyFile): PolicyFile => {
  const approvers = file['approvers'] as Record<string, Record<string, unknown>>;
  const shared = Object.entries(approvers).map(([name, approver]) => [
    name,
    name === 'cleo' ? approver : { ...approver, device: 'office-computer' },
  ]);
  return { ...file, approvers: Object.fromEntries(shared) as unknown };
};
const outsider = (file: PolicyFile): PolicyFile => {
  const lists = file['addressLists'] as Record<string, unknown[]>;
  const entry = { chainId: 1, address: '0xc4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7', label: 'Exchange' };
  return { ...file, addressLists: { ...lists, warm: [...(lists['warm'] ?? []), entry] } };
};
const ownerRule = (file: PolicyFile): PolicyFile => ({
  ...file,
  rules: [
    ...(file['rules'] as Rule[]),
    {
      id: 'exception',
      effect: 'require',
      match: {
        kinds: ['evm-typed-data'],
        to: '@safes',
        safes: '@safes',
        selectors: ['0x0d582f13'],
        risks: ['SAFE_SELF_CHANGE'],
      },
    },
  ],
});

const admin = (file: PolicyFile): Record<string, unknown> => file['admin'] as Record<string, unknown>;

/** What is taken away, from which starter, and the attack that passes then. */
const REMOVED: readonly (readonly [string, Starter, string, (file: PolicyFile) => PolicyFile])[] = [
  ['limits over time', 'treasury', 'velocity-amount', (file) => limits(file, () => false)],
  ['limits over time', 'operations', 'velocity-payees', (file) => limits(file, () => false)],
  ['limits over time', 'exchange', 'velocity-count', (file) => limits(file, () => false)],
  [
    'all but the limits for each receiver',
    'exchange',
    'velocity-payees',
    (file) => limits(file, ({ per }) => Array.isArray(per) && per.includes('counterparty')),
  ],
  ['outstanding', 'operations', 'stockpile', (file) => limits(file, ({ measure }) => measure !== 'outstanding')],
  [
    'amounts',
    'treasury',
    'too-much-at-once',
    (file) =>
      matching(
        limits(file, () => false),
        'amount',
      ),
  ],
  [
    'fee caps',
    'operations',
    'fee-drain',
    (file) =>
      matching(
        limits(file, ({ measure }) => measure !== 'fee'),
        'fee',
        'gas',
      ),
  ],
  ['receivers', 'operations', 'payee-swapped', (file) => matching(file, 'counterparties')],
  ['receivers', 'exchange', 'payee-swapped', (file) => matching(file, 'counterparties')],
  ['receivers and flows', 'treasury', 'payee-swapped', (file) => matching(without(file, 'flows'), 'counterparties')],
  ['flows, where a list names an outsider', 'treasury', 'cold-pays-out', (file) => without(outsider(file), 'flows')],
  ['approvals', 'treasury', 'fooled-holders', noApprovers],
  ['approvals', 'operations', 'fooled-holders', noApprovers],
  ['approvals', 'exchange', 'fooled-holders', noApprovers],
  [
    'distinct devices',
    'treasury',
    'shared-device',
    (file) => demanding(oneDevice(file), (require) => without(require, 'distinctDevices')),
  ],
  ['the delay', 'treasury', 'in-a-hurry', (file) => demanding(file, (require) => without(require, 'delaySec'))],
  ['admins', 'treasury', 'policy-swapped', (file) => without(file, 'admin')],
  [
    'the delay of changes',
    'treasury',
    'policy-in-a-hurry',
    (file) => ({ ...file, admin: { ...admin(file), widenDelaySec: 0 } }),
  ],
  [
    'what is denied for good, where a rule makes an exception',
    'treasury',
    'owner-added',
    (file) => without(ownerRule(file), 'hardDeny'),
  ],
];

describe.each(REMOVED)('without %s, %s', (_, starter, id, remove) => {
  test(`${id} passes, which the starter stops`, () => {
    expect(playCase(settingFor(starterFile(starter)), id).result).toMatchObject({ passed: false });
    const { result } = playCase(settingFor(remove(starterFile(starter))), id);
    expect(result.passed, result.stoppedBy?.words).toBe(true);
  });
});

describe('safeguards that hold when another one is gone', () => {
  test('an outsider on the list of a cold wallet is stopped by the flows', () => {
    const { result } = playCase(settingFor(outsider(starterFile('treasury'))), 'cold-pays-out');
    expect(result).toMatchObject({ passed: false, stoppedBy: { layer: 'flow', code: 'FLOW_FORBIDDEN' } });
  });

  test('one device for two people is stopped by distinct devices', () => {
    const { result } = playCase(settingFor(oneDevice(starterFile('treasury'))), 'shared-device');
    expect(result).toMatchObject({ passed: false, stoppedBy: { layer: 'approval' } });
  });

  test('a rule cannot accept what is denied for good', () => {
    const parsed = parsePolicy(JSON.stringify(ownerRule(starterFile('treasury'))));
    expect(parsed).toMatchObject({ ok: false, error: { code: 'POLICY_INVALID' } });
  });
});
