/** Simulation for `keymoot inspect`: one payload, a node or a state file, and perhaps a state file to keep. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { err, type Result } from '../../protocol/common/result.ts';
import { sanitise } from '../../protocol/payload/words/sanitise.ts';
import type { SimulationProblem, SimulationReport } from '../../protocol/simulation/report.ts';
import type { SimulationOrder } from '../../protocol/simulation/simulator.ts';
import { runSimulation, SIMULATION_BOUNDS, type SimulationBounds } from './simulator.ts';
import { MAX_STATE_FILE } from './state-file.ts';
import type { StateOrigin } from './thread-messages.ts';

/** A person waits, and a slow node is better than none. */
const PATIENT: SimulationBounds = { ...SIMULATION_BOUNDS, time: 60_000 };

export async function inspectSimulator(
  { decoded, saveTo, wallet, where }: SimulationOrder,
  bounds: SimulationBounds = PATIENT,
): Promise<Result<SimulationReport, SimulationProblem>> {
  const origin = await originOf(where);
  if (typeof origin === 'string') return err({ code: 'SIM_STATE_UNAVAILABLE', message: origin });
  const { payload } = decoded;
  const result = await runSimulation({ payload, wallet, origin, keepState: saveTo !== undefined }, bounds);
  if (!result.ok) return result;
  const { report, state } = result.value;
  if (saveTo === undefined || state === undefined) return { ok: true, value: report };
  try {
    await writeFile(saveTo, state, { flag: 'wx' });
    return { ok: true, value: report };
  } catch {
    const message = `the state cannot be written to ${sanitise(saveTo, 200)}: the file must not exist yet`;
    return err({ code: 'SIM_STATE_NOT_SAVED', message });
  }
}

async function originOf(where: string): Promise<StateOrigin | string> {
  if (/^https?:\/\//i.test(where)) return { kind: 'rpc', address: where };
  const name = sanitise(where, 200);
  try {
    if ((await stat(where)).size > MAX_STATE_FILE) return `${name} is too large for a state file`;
    return { kind: 'file', text: await readFile(where, 'utf8') };
  } catch {
    return `${name} is neither the http address of a node nor a file that can be read`;
  }
}
