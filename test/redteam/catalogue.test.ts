/** The cases themselves: how many, which incidents, which layer, and that policies which are none fail. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { signEntry } from '../../protocol/ceremony/address-entry.ts';
import { signerFromSeed } from '../../protocol/ceremony/ed25519.ts';
import { CASES } from '../../protocol/redteam/catalogue.ts';
import { INCIDENTS } from '../../protocol/redteam/incidents.ts';
import { play, runTrial } from '../../protocol/redteam/run.ts';
import type { StoppingLayer } from '../../protocol/redteam/types.ts';
import { ALLOW_ALL, DENY_ALL, NOW, playCase, settingFor, starterFile } from './support/policies.ts';

const ROOT = new URL('../../', import.meta.url);

describe('catalogue', () => {
  test('at least thirty cases, each with a name of its own', () => {
    expect(CASES.length).toBeGreaterThanOrEqual(30);
    expect(new Set(CASES.map(({ id }) => id)).size).toBe(CASES.length);
    for (const { id } of CASES) expect(id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
  });

  test('every known incident is tried in exactly one case, byte by byte', () => {
    const files = readdirSync(new URL('test/vectors/incidents/', ROOT)).filter((file) => file.endsWith('.json'));
    expect([...INCIDENTS.keys()].sort()).toEqual(files.map((file) => file.slice(0, -'.json'.length)).sort());
    expect(CASES.flatMap(({ incidents }) => incidents).sort()).toEqual([...INCIDENTS.keys()].sort());
  });

  test('the compiled incidents are those of the vectors', () => {
    const { status } = spawnSync(process.execPath, ['scripts/redteam-corpus.mjs', '--check'], { cwd: ROOT });
    expect(status).toBe(0);
  });

  test('the code on the stage is that of the source beside it', () => {
    const source = readFileSync(new URL('test/contracts/Stage.sol', ROOT));
    const code = readFileSync(new URL('coordinator/demo/redteam/stage-code.ts', ROOT), 'utf8');
    expect(code).toContain(createHash('sha256').update(source).digest('hex'));
  });
});

const EXPECTED: readonly (readonly [string, StoppingLayer, string])[] = [
  ['bybit', 'risk', 'DELEGATECALL_UNTRUSTED'],
  ['payee-swapped', 'flow', 'FLOW_FORBIDDEN'],
  ['address-poisoning', 'history', 'LOOKALIKE_LISTED'],
  ['two-payloads-one-nonce', 'history', 'NONCE_REUSE'],
  ['trailing-bytes', 'decode', 'ABI_NOT_CANONICAL'],
  ['velocity-amount', 'limit', 'LIMIT_EXCEEDED'],
  ['fooled-holders', 'approval', 'APPROVAL_MISSING'],
  ['initiator-approves', 'approval', 'APPROVER_IS_INITIATOR'],
  ['policy-swapped', 'chain-of-versions', 'POLICY_UNSIGNED'],
  ['policy-rolled-back', 'chain-of-versions', 'POLICY_VERSION_OLD'],
  ['frozen-wallet', 'freeze', 'WALLET_FROZEN'],
];

describe('the treasury starter', () => {
  const setting = settingFor(starterFile('treasury'));

  test.each(EXPECTED)('%s ends at %s with %s', (id, layer, code) => {
    const { stoppedBy, alsoBy } = playCase(setting, id).result;
    expect([stoppedBy?.layer, ...alsoBy]).toContain(layer);
    const attack = CASES.find((one) => one.id === id);
    const stops = (attack?.build(setting) ?? []).flatMap((trial) => runTrial(setting, trial).stops);
    expect(stops.map((stop) => stop.code)).toContain(code);
  });

  test('an approval is worth nothing for another payload, attempt, epoch, chain, wallet or policy', () => {
    const attack = CASES.find(({ id }) => id === 'approval-replayed');
    const ends = (attack?.build(setting) ?? []).map((trial) => {
      return [
        trial.label,
        runTrial(setting, trial)
          .stops.map(({ code }) => code)
          .join(),
      ];
    });
    expect(Object.fromEntries(ends)).toEqual({
      'of another payload': 'APPROVAL_FOREIGN',
      'of the attempt before': 'APPROVAL_FOREIGN',
      'of another epoch': 'APPROVAL_FOREIGN',
      'by devices that read another digest': 'APPROVAL_DIGEST',
      'by devices that read other calls': 'APPROVAL_TREE',
      'of another chain': 'APPROVAL_CHAIN',
      'by another policy': 'APPROVAL_POLICY',
      'by another wallet': 'APPROVAL_FOREIGN',
    });
  });
});

test('payments are found where a policy declares no assets', () => {
  const base = { schema: 'keymoot/policy/1', id: 'plain', version: 1, wallets: { ops: {} }, assets: {} };
  const payees = [{ chainId: 1, address: '0x6e2f3a4b5c6d7e8f90a1b2c3d4e5f60718293041', label: 'Hosting' }];
  const token = [{ chainId: 1, address: '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48', label: 'USDC' }];
  const coin = { selectors: ['none'], counterparties: '@payees', nativeValue: { max: '5' } };
  const transfer = { to: '@token', selectors: ['0xa9059cbb'], counterparties: '@payees' };
  const setting = settingFor({
    ...base,
    addressLists: { payees, token },
    rules: [coin, transfer].map((match, i) => ({ id: `rule-${i}`, effect: 'allow', match })),
  });
  expect(setting.acts.map(({ asset, amount }) => [asset, amount])).toEqual(
    expect.arrayContaining([
      ['native', 5n],
      ['0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48', expect.any(BigInt)],
    ]),
  );
});

test('an entry of the address book is paid, and a look-alike of it is not', () => {
  const address = '0xc26d7e8f90a1b2c3d4e5f60718293041526374a5';
  const entry = {
    label: 'Acme GmbH',
    addresses: [{ chainId: 1n, address, kind: 'eoa' }],
    version: 1,
    created: NOW,
  } as const;
  const { identity, signature } = signEntry('acme', entry, signerFromSeed(new Uint8Array(32).fill(7)));
  const addresses = entry.addresses.map((item) => ({ ...item, chainId: 1 }));
  const acme = { ...entry, addresses, identity, signature };
  const file = starterFile('exchange');
  const rules = (file['rules'] as { effect: string; match: object }[]).map((rule) =>
    rule.effect === 'deny' ? rule : { ...rule, match: { ...rule.match, counterparties: ['@book', '@withdrawals'] } },
  );
  const setting = settingFor({ ...file, rules, counterparties: { acme } });
  expect(setting.payees).toContain(address);
  const attack = CASES.find(({ id }) => id === 'address-poisoning');
  const trials = (attack?.build(setting) ?? []).filter(({ label }) => label.includes(address));
  expect(trials.length).toBeGreaterThan(0);
  for (const trial of trials) {
    expect(runTrial(setting, trial).stops.map(({ code }) => code)).toContain('LOOKALIKE_LISTED');
  }
});

describe('policies that are none', () => {
  test('what denies everything stops every attack on payments and blocks every twin', () => {
    const setting = settingFor(DENY_ALL);
    const results = CASES.map((attack) => play(setting, attack).result);
    expect(results.every(({ twin }) => twin === 'blocked')).toBe(true);
  });

  test('what allows everything lets attacks pass, though not those that no allow rule can accept', () => {
    const setting = settingFor(ALLOW_ALL);
    const passed = CASES.filter((attack) => play(setting, attack).result.passed).map(({ id }) => id);
    expect(passed).toEqual(
      expect.arrayContaining([
        'payee-swapped',
        'address-poisoning',
        'unlimited-allowance',
        'permit',
        'permit2',
        'velocity-amount',
        'fee-drain',
        'fooled-holders',
        'policy-swapped',
      ]),
    );
    expect(passed).not.toContain('bybit');
    expect(passed).not.toContain('trailing-bytes');
  });
});
