/**
 * The attacks for real: anvil, the published Safe 1.4.1, and a wallet that signs whatever it is asked to. That they work is
 * what makes it worth something that a policy stops them.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { playOnChain } from '../../coordinator/demo/redteam/run.ts';
import { redteam } from '../../participant/tools/redteam.ts';
import type { RedteamReport } from '../../participant/tools/redteam-lines.ts';
import { ALLOW_ALL, NOW, policyOf } from './support/policies.ts';

let report: RedteamReport;

beforeAll(async () => {
  report = await redteam({ policy: policyOf(ALLOW_ALL), now: NOW, all: true }, playOnChain);
}, 600_000);

describe('had they been signed', () => {
  test('the policy that allows everything fails', () => {
    expect(report.ok).toBe(false);
  });

  test('at least twenty cases change something on the chain', () => {
    const changed = [...report.outcomes].filter(([, { changed: has }]) => has);
    expect(changed.length).toBeGreaterThanOrEqual(20);
  });

  test.each([
    ['bybit', /^code of the Safe \(slot 0\): 0x41675c099f32341bf84bfc5382af534df5c7461a -> 0x/],
    ['bybit', /^coins of the safe: all gone$/],
    ['blind-approve-hash', /^tokens of the safe: all gone$/],
    ['owner-added', /^owners of the Safe: /],
    ['module-enabled', /^whether the attacker is a module of the Safe: false -> true$/],
    ['refund-siphon', /^coins of the safe: /],
    ['hidden-in-a-batch', /^what the attacker may take from the safe: 0 -> without end$/],
    ['permit', /^tokens of the wallet: all gone$/],
    ['permit2', /^tokens of the wallet: all gone$/],
    ['order-without-price', /^tokens of the attacker: /],
    ['sweeper', /^code that the wallet runs: 0x -> 0xef0100/],
    ['account-batch', /^what the attacker may take from the wallet: 0 -> without end$/],
    ['ownership', /^owner of the token: /],
    ['fee-drain', /^coins of the wallet: /],
  ])('%s: %s', (id, line) => {
    const outcome = report.outcomes.get(id);
    expect(
      outcome?.lines.some((text) => line.test(text)),
      outcome?.lines.join('\n'),
    ).toBe(true);
  });

  test.each(['bare-digest', 'trailing-bytes', 'operation-257', 'valid-everywhere'])(
    '%s: no signer here can sign it, whatever the policy',
    (id) => {
      const outcome = report.outcomes.get(id);
      expect(outcome).toMatchObject({ changed: false });
      expect(outcome?.lines.join()).toContain('no signer can sign it');
    },
  );
});
