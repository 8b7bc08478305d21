/** The starters against every case: none passes, and the twin of each goes through. */
import { describe, expect, test } from 'vitest';
import { CASES } from '../../protocol/redteam/catalogue.ts';
import { play } from '../../protocol/redteam/run.ts';
import { STARTERS, settingFor, starterFile } from './support/policies.ts';

describe.each(STARTERS)('%s', (name) => {
  const setting = settingFor(starterFile(name));

  test('it permits payments, small ones and those that people are asked about', () => {
    expect(setting.acts.length).toBeGreaterThan(1);
    expect(setting.acts.some(({ verdict }) => verdict.obligations.groups.length > 0)).toBe(true);
  });

  test.each(CASES.map((attack) => [attack.id, attack] as const))('%s is stopped, its twin is not', (_, attack) => {
    const { result } = play(setting, attack);
    expect(result).toMatchObject({ passed: false });
    expect(result.twin, result.words).not.toBe('blocked');
  });
});
