/**
 * The thread in which foreign code runs on foreign state. It may be ended at any moment, by its clock or by its memory; nothing
 * else is in it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { BugError } from '../../protocol/common/errors.ts';
import { err, ok } from '../../protocol/common/result.ts';
import { decode } from '../../protocol/payload/payload.ts';
import { sanitise } from '../../protocol/payload/words/sanitise.ts';
import { memoSource } from '../../protocol/simulation/memo.ts';
import type { SimulationReport } from '../../protocol/simulation/report.ts';
import { simulate } from '../../protocol/simulation/simulate.ts';
import { SIMULATION_LIMITS, type StateSource } from '../../protocol/simulation/source.ts';
import { Rpc, RpcError } from './rpc.ts';
import { openRpcSource } from './rpc-source.ts';
import { StateRecord, stateFromFile } from './state-file.ts';
import type { FromThread, SimulationResult, ThreadData } from './thread-messages.ts';
import { crossCheck } from './trace.ts';

async function work({ keepState, origin, payload, wallet }: ThreadData): Promise<SimulationResult> {
  const decoded = decode(payload);
  // Whoever starts this thread has decoded the same bytes before.
  if (!decoded.ok) return err({ code: 'SIM_FAILED', message: `the payload is refused: ${decoded.error.code}` });
  const rpc = origin.kind === 'rpc' ? new Rpc(origin.address) : undefined;
  const opened = await open(rpc, origin);
  if (typeof opened === 'string') return err({ code: 'SIM_STATE_UNAVAILABLE', message: opened });
  const record = keepState ? new StateRecord(opened) : undefined;
  const source = memoSource(record?.source ?? opened, SIMULATION_LIMITS);
  const result = await simulate(decoded.value, { wallet }, source);
  if (!result.ok) return result;
  const state = await record?.text();
  if (rpc === undefined) return ok({ report: unchecked(result.value, 'a state file traces nothing'), state });
  // Whatever becomes of the cross-check: the simulation itself is done.
  say({ result: ok({ report: unchecked(result.value, 'it did not end in time'), state }), isFinal: false });
  const check = await crossCheck(rpc, source, decoded.value, { wallet }, result.value);
  return ok({ report: { ...result.value, crossCheck: check }, state });
}

function unchecked(report: SimulationReport, why: string): SimulationReport {
  return { ...report, crossCheck: { kind: 'none', why } };
}

async function open(rpc: Rpc | undefined, origin: ThreadData['origin']): Promise<StateSource | string> {
  if (rpc !== undefined) return await openRpcSource(rpc);
  const source = stateFromFile(origin.kind === 'file' ? origin.text : '');
  return source.ok ? source.value : `the state file cannot be read: ${source.error}`;
}

function failure(error: unknown): SimulationResult {
  const why = sanitise(error instanceof Error ? error.message : 'unknown', 200);
  if (error instanceof RpcError) return err({ code: 'SIM_STATE_UNAVAILABLE', message: why });
  return err({ code: 'SIM_FAILED', message: `the simulation failed: ${why}` });
}

if (parentPort === null) throw new BugError('BUG_THREAD', 'this module runs as a worker thread only');
const port = parentPort;
const say = (message: FromThread): void => port.postMessage(message);
say({ result: await work(workerData as ThreadData).catch(failure), isFinal: true });
