/** What is made of a simulation without a report: a run that was cut short is for a person to look at. */
import { expect, test } from 'vitest';
import { RISKS } from '../../protocol/payload/risk/codes.ts';
import type { SimulationProblem } from '../../protocol/simulation/report.ts';
import { problemRisks } from '../../protocol/simulation/risks.ts';

type Code = SimulationProblem['code'];

function severities(code: Code): readonly string[] {
  return problemRisks({ code, message: 'why' }).map(
    (risk) => `${risk.code} ${RISKS[risk.code].severity} ${risk.detail}`,
  );
}

test.each<Code>(['SIM_LIMIT', 'SIM_MEMORY', 'SIM_TIMEOUT'])('%s: the run itself was ended', (code) => {
  expect(severities(code)).toEqual(['SIM_CUT_SHORT high simulation: why']);
});

test.each<Code>(['SIM_NEEDS_WALLET', 'SIM_STATE_UNAVAILABLE', 'SIM_WRONG_CHAIN', 'SIM_FAILED'])(
  '%s: there was no run',
  (code) => {
    expect(severities(code)).toEqual(['SIM_UNAVAILABLE info simulation: why']);
  },
);

test('a payload that runs nothing lacks nothing', () => {
  expect(severities('SIM_NOTHING_TO_RUN')).toEqual([]);
});
