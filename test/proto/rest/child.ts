/** Real child processes that run the built code, so that a kill is a kill. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export interface Finished {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Complete lines of standard output. */
  readonly lines: readonly string[];
  readonly errors: string;
}

/** Runs a script of a `children` directory to its end. */
export async function runChild(script: URL, args: readonly string[], input?: string): Promise<Finished> {
  const child = start(script, args);
  let output = '';
  let errors = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  // A child that refuses its input early closes the pipe while we still write.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(input ?? '');
  await once(child, 'close');
  return { status: child.exitCode, signal: child.signalCode, lines: output.split('\n').slice(0, -1), errors };
}

/**
 * Runs a script that kills itself at step 1, 2, … of its disk (children/killing-disk.mjs), at a write also in the
 * middle, until it ends by itself. `check` gets each run, with the lines it acknowledged. Returns how many were killed.
 */
export async function sweepKills(
  script: URL,
  prepare: () => Promise<string>,
  check: (path: string, run: Finished) => Promise<void>,
): Promise<number> {
  const at = async (step: number, half: string): Promise<Finished & { readonly isWrite: boolean }> => {
    const path = await prepare();
    const run = await runChild(script, [path, String(step), half]);
    if (run.errors !== '') throw new Error(run.errors);
    const isWrite = run.lines.at(-1) === 'at a write';
    const finished = { ...run, lines: isWrite ? run.lines.slice(0, -1) : run.lines, isWrite };
    await check(path, finished);
    return finished;
  };
  let killed = 0;
  for (let step = 1; ; step++) {
    const run = await at(step, 'whole');
    if (run.status === 0) return killed;
    if (run.isWrite) await at(step, 'half');
    killed += run.isWrite ? 2 : 1;
  }
}

/** Starts a script and waits for its first line of output. */
export async function startChild(script: URL, args: readonly string[]): Promise<{ child: ChildProcess; line: string }> {
  const child = start(script, args);
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let output = '';
  return await new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      const end = output.indexOf('\n');
      if (end >= 0) resolve({ child, line: output.slice(0, end) });
    });
    child.stderr?.on('data', (chunk: Buffer) => process.stderr.write(chunk));
    child.once('exit', (status) => reject(new Error(`the child ended with ${status} before it was ready`)));
  });
}

/** Kills a child as `kill -9` does and waits until it is gone. */
export async function killChild(child: ChildProcess): Promise<void> {
  const gone = once(child, 'close');
  child.kill('SIGKILL');
  await gone;
}

function start(script: URL, args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [fileURLToPath(script), ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
}
