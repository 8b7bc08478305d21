/** A simulation as something that a participant observes about a payload before it judges. */
import type { Address } from '../../protocol/payload/address.ts';
import type { Decoded } from '../../protocol/payload/payload.ts';
import type { Observation } from '../../protocol/payload/risk/observed.ts';
import { describeProblem, describeSimulation } from '../../protocol/simulation/describe.ts';
import { problemRisks, simulationRisks } from '../../protocol/simulation/risks.ts';
import { runSimulation, SIMULATION_BOUNDS, type SimulationBounds } from './simulator.ts';
import type { StateOrigin } from './thread-messages.ts';

export interface ObservedSimulation {
  readonly risks: readonly Observation[];
  /** The same for a screen. */
  readonly lines: readonly string[];
}

/**
 * Simulates one payload for one wallet. Never rejects and always ends: a node that is silent, lies or floods makes this an
 * observation that there was no simulation, or a wrong one, which adds risks and takes none away.
 */
export async function observeSimulation(
  decoded: Decoded,
  wallet: Address | undefined,
  origin: StateOrigin,
  bounds: SimulationBounds = SIMULATION_BOUNDS,
): Promise<ObservedSimulation> {
  const { payload } = decoded;
  const result = await runSimulation({ payload, wallet, origin, keepState: false }, bounds);
  if (!result.ok) return { risks: problemRisks(result.error), lines: describeProblem(result.error) };
  const { report } = result.value;
  return { risks: simulationRisks(report, decoded, wallet), lines: describeSimulation(report) };
}
