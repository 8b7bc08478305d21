/** A simulation as something that a participant observes about a payload before it judges. */
import type { Address } from '../../protocol/payload/address.ts';
import type { Decoded } from '../../protocol/payload/payload.ts';
import { describeProblem, describeSimulation } from '../../protocol/simulation/describe.ts';
import type { SimulationReport } from '../../protocol/simulation/report.ts';
import { problemRisks, simulationRisks } from '../../protocol/simulation/risks.ts';
import type { Look, Sight } from '../observe/look.ts';
import { runSimulation, SIMULATION_BOUNDS, type SimulationBounds } from './simulator.ts';
import type { SimulationResult, StateOrigin } from './thread-messages.ts';

/** A look of the node: simulates on the first of these origins that is of the payload's chain. */
export function simulationLook(origins: readonly StateOrigin[], bounds: SimulationBounds = SIMULATION_BOUNDS): Look {
  return {
    name: 'simulation',
    silence: { code: 'SIM_CUT_SHORT', path: '0', detail: 'simulation: it did not end in time' },
    look: async ({ decoded, wallet }, signal) => await observeSimulation(decoded, wallet, origins, bounds, signal),
  };
}

/**
 * Simulates one payload for one wallet. Never rejects and always ends: a node that is silent, lies or floods makes this an
 * observation that there was no simulation, or a wrong one, which adds risks and takes none away.
 */
export async function observeSimulation(
  decoded: Decoded,
  wallet: Address | undefined,
  origins: readonly StateOrigin[],
  bounds: SimulationBounds = SIMULATION_BOUNDS,
  signal?: AbortSignal,
): Promise<Sight> {
  const result = await firstFitting(decoded, wallet, origins, bounds, signal);
  if (!result.ok) return { risks: problemRisks(result.error), lines: describeProblem(result.error) };
  const { report } = result.value;
  return {
    risks: simulationRisks(report, decoded, wallet),
    lines: describeSimulation(report),
    balances: balancesOf(report),
  };
}

async function firstFitting(
  decoded: Decoded,
  wallet: Address | undefined,
  origins: readonly StateOrigin[],
  bounds: SimulationBounds,
  signal: AbortSignal | undefined,
): Promise<SimulationResult> {
  let result: SimulationResult = {
    ok: false,
    error: { code: 'SIM_STATE_UNAVAILABLE', message: 'no node to ask is configured' },
  };
  for (const origin of origins) {
    result = await runSimulation({ payload: decoded.payload, wallet, origin, keepState: false }, bounds, signal);
    if (result.ok || result.error.code !== 'SIM_WRONG_CHAIN') return result;
  }
  return result;
}

/** What accounts that the simulation moved money of had before it, unless it had to be lent some. */
function balancesOf({ balances, basis, outcome }: SimulationReport): Sight['balances'] {
  if (outcome.kind === 'impossible') return undefined;
  return {
    source: `simulation on block ${basis.blockNumber}`,
    of: (owner, asset) => (asset === 'native' ? balances.find(({ account }) => account === owner)?.before : undefined),
  };
}
