/** `keymoot policy redteam`: what it prints and how it ends. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { policy } from '../../participant/tools/main.ts';
import { redteam } from '../../participant/tools/redteam.ts';
import { reportWords } from '../../participant/tools/redteam-lines.ts';
import type { ChainOrder } from '../../protocol/redteam/chain.ts';
import { ALLOW_ALL, DENY_ALL, NOW, policyOf, STARTERS, starterFile, starterPath } from './support/policies.ts';

const folder = mkdtempSync(join(tmpdir(), 'keymoot-redteam-'));
let printed = '';

beforeEach(() => {
  printed = '';
  const keep = (text: string | Uint8Array): boolean => {
    printed += String(text);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(keep);
  vi.spyOn(process.stderr, 'write').mockImplementation(keep);
});

afterEach(() => {
  vi.restoreAllMocks();
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function written(name: string, file: unknown): string {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify(file));
  return path;
}

describe('exit codes', () => {
  test.each(STARTERS)('%s: 0', async (name) => {
    expect(await policy(['redteam', '--policy', starterPath(name), '--json'])).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({ ok: true, policy: { id: name } });
  });

  test('a policy that denies everything: 1, since nothing gets through it', async () => {
    expect(await policy(['redteam', '--policy', written('deny', DENY_ALL)])).toBe(1);
    expect(printed).toContain('BLOCKED');
    expect(printed).toContain('This policy is not ready');
  });

  test('a policy that allows everything: 1, and says what got through', async () => {
    expect(await policy(['redteam', '--policy', written('allow', ALLOW_ALL)])).toBe(1);
    expect(printed).toMatch(/payee-swapped +!! +GOT THROUGH/);
  });

  test('one case alone, and one that does not exist', async () => {
    const path = starterPath('treasury');
    expect(await policy(['redteam', '--policy', path, '--only', 'bybit', '--json'])).toBe(0);
    expect(JSON.parse(printed)).toMatchObject({
      cases: [{ id: 'bybit', passed: false, stoppedBy: { layer: 'risk' } }],
    });
    expect(await policy(['redteam', '--policy', path, '--only', 'no-such-case'])).toBe(1);
    expect(printed).toContain('REDTEAM_CASE');
    expect(await policy(['redteam', '--policy', path, '--wallet', 'nobodys'])).toBe(1);
    expect(printed).toContain('REDTEAM_SETTING');
  });

  test('an own policy that forbids everything blocks the twins, too', async () => {
    const own = written('own', { ...DENY_ALL, wallets: { treasury: {} } });
    const args = ['redteam', '--policy', starterPath('treasury'), '--own', own, '--only', 'bybit', '--json'];
    expect(await policy(args)).toBe(1);
    expect(JSON.parse(printed)).toMatchObject({ ok: false, cases: [{ id: 'bybit', passed: false, twin: 'blocked' }] });
  });

  test('a policy that takes effect later is tried as it will be then', async () => {
    const later = written('later', { ...starterFile('treasury'), effectiveAt: NOW + 365 * 86_400 });
    expect(await policy(['redteam', '--policy', later, '--only', 'bybit', '--json'])).toBe(0);
  });

  test('a real address cannot be asked to sign on a chain', async () => {
    const address = '0x2a1c7e5b9f0d4c3e8b6a7f1d2c3b4a5e6f708192';
    const path = starterPath('treasury');
    expect(await policy(['redteam', '--policy', path, '--only', 'bybit', '--address', address])).toBe(0);
    expect(await policy(['redteam', '--policy', path, '--only', 'bybit', '--address', address, '--all'])).toBe(1);
    expect(printed).toContain('OPTION_INVALID');
  });
});

describe('what a chain is asked', () => {
  test('what got through, and nothing where everything was stopped', async () => {
    const asked: ChainOrder[] = [];
    const runner = (orders: readonly ChainOrder[]) => {
      asked.push(...orders);
      return Promise.resolve(orders.map(({ id }) => ({ changed: true, lines: [`${id} was here`] })));
    };
    await redteam({ policy: policyOf(starterFile('operations')), now: NOW, only: 'payee-swapped' }, runner);
    expect(asked).toEqual([]);
    const report = await redteam({ policy: policyOf(ALLOW_ALL), now: NOW, only: 'payee-swapped' }, runner);
    expect(asked.map(({ id }) => id)).toEqual(['payee-swapped']);
    expect(asked[0]?.trials.length).toBeGreaterThan(1);
    expect(reportWords(report)).toContain('on a chain: payee-swapped was here');
    const all = await redteam({ policy: policyOf(ALLOW_ALL), now: NOW, only: 'bybit', all: true }, runner);
    expect(all.outcomes.get('bybit')?.changed).toBe(true);
  });
});
