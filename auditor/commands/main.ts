/** Where the command line meets the auditor: gives the commands the real standard output and error. */
import { once } from 'node:events';
import type { Simulator } from '../../protocol/simulation/simulator.ts';
import type { Io } from '../report/io.ts';
import { audit as runAudit } from './audit.ts';
import { inspect as runInspect } from './inspect.ts';

const io: Io = {
  stdout: (line) => process.stdout.write(`${line}\n`),
  stderr: (line) => process.stderr.write(`${line}\n`),
};

/** `keymoot audit …`; the exit code. */
export async function audit(args: readonly string[]): Promise<number> {
  return await runAudit(args, io);
}

/** `keymoot inspect …`; the exit code. */
export async function inspect(args: readonly string[], simulator: Simulator): Promise<number> {
  let gone = false;
  // A reader that has seen enough closes the pipe; that is no failure to report.
  process.stdout.on('error', () => {
    gone = true;
  });
  const ready = (): boolean | Promise<boolean> => {
    if (gone || !process.stdout.writableNeedDrain) return !gone;
    return once(process.stdout, 'drain').then(
      () => true,
      () => false,
    );
  };
  return await runInspect(args, { ...io, ready, simulator, terminal: process.stderr.isTTY });
}
