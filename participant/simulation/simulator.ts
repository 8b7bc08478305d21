/**
 * One simulation, from outside its thread: started, waited for, ended. Nothing that happens in there takes longer or more
 * memory than this allows, and the only thing that comes out is a report or the reason why there is none.
 */
import { Worker } from 'node:worker_threads';
import { err } from '../../protocol/common/result.ts';
import type { FromThread, SimulationResult, ThreadData } from './thread-messages.ts';

export interface SimulationBounds {
  /** Milliseconds, from the start of the thread to its answer. */
  readonly time: number;
  /** MiB of JavaScript memory. What the EVM itself holds is bounded by its gas. */
  readonly memory: number;
  /** The compiled thread, if not the one beside this file. */
  readonly thread?: URL;
}

export const SIMULATION_BOUNDS: SimulationBounds = { time: 15_000, memory: 256 };

/** Never rejects. `signal` ends it early. */
export function runSimulation(
  data: ThreadData,
  bounds: SimulationBounds = SIMULATION_BOUNDS,
  signal?: AbortSignal,
): Promise<SimulationResult> {
  return new Promise((resolve) => {
    let almost: SimulationResult | undefined;
    const worker = new Worker(bounds.thread ?? new URL('./thread.js', import.meta.url), {
      workerData: data,
      env: {},
      execArgv: [],
      // Whatever a library prints there belongs on nobody's screen.
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: bounds.memory, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 },
    });
    worker.stdout.resume();
    worker.stderr.resume();
    const end = (result: SimulationResult): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      // What failed after the simulation itself was its cross-check.
      resolve(result.ok ? result : (almost ?? result));
      void worker.terminate();
    };
    const timer = setTimeout(() => {
      end(err({ code: 'SIM_TIMEOUT', message: `the simulation was ended after ${bounds.time} ms` }));
    }, bounds.time);
    const onAbort = (): void => end(err({ code: 'SIM_TIMEOUT', message: 'the simulation was called off' }));
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted === true) onAbort();
    worker.on('message', ({ isFinal, result }: FromThread) => {
      if (isFinal) end(result);
      else almost = result;
    });
    worker.once('error', (error: NodeJS.ErrnoException) => {
      const isMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      const message = isMemory ? `the simulation needs more than ${bounds.memory} MiB` : 'the simulation broke down';
      end(err({ code: isMemory ? 'SIM_MEMORY' : 'SIM_FAILED', message }));
    });
    worker.once('exit', () => end(err({ code: 'SIM_FAILED', message: 'the simulation ended without an answer' })));
  });
}
