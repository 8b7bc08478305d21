/** Processes of a test. Each is ended by its own pid, and none outlives the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const CLI: string = fileURLToPath(new URL('../../../dist/cli.js', import.meta.url));
/** Bounds a hang; nothing is expected to take long. */
const DEADLINE = 90_000;

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process that prints one line of JSON when it is ready, and answers each line it is given with one. */
export class Child {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #waiting: (() => void)[] = [];

  private constructor(args: readonly string[], log: string) {
    this.#child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', openSync(log, 'a', 0o600)] });
    this.#child.stdin?.on('error', () => undefined);
    if (this.#child.stdout !== null)
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        this.#lines.push(line);
        for (const look of this.#waiting.splice(0)) look();
      });
    this.#child.once('exit', () => {
      for (const look of this.#waiting.splice(0)) look();
    });
  }

  /** Starts `node ARGS` and waits until it is ready. What it logs goes to a file. */
  static async start(args: readonly string[], log: string): Promise<Child> {
    const child = new Child(args, log);
    await child.line();
    return child;
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  get signal(): NodeJS.Signals | null {
    return this.#child.signalCode;
  }

  async line(): Promise<string> {
    const end = performance.now() + DEADLINE;
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return line;
      if (!this.isAlive || performance.now() > end) throw new Error('a process ended, or said nothing');
      const wake = setTimeout(() => {
        for (const look of this.#waiting.splice(0)) look();
      }, 1_000);
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
      clearTimeout(wake);
    }
  }

  async tell(line: object): Promise<string> {
    this.#child.stdin?.write(`${JSON.stringify(line)}\n`);
    return await this.line();
  }

  /** Whether it ended within `milliseconds`. */
  async ended(milliseconds: number = DEADLINE): Promise<boolean> {
    if (!this.isAlive) return true;
    const timer = new AbortController();
    const slow = new Promise<false>((resolve) => {
      const timeout = setTimeout(() => resolve(false), milliseconds);
      timer.signal.addEventListener('abort', () => clearTimeout(timeout));
    });
    const done = await Promise.race([once(this.#child, 'exit').then(() => true as const), slow]);
    timer.abort();
    return done;
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (!this.isAlive) return;
    this.#child.kill(signal);
    if (!(await this.ended(10_000))) this.#child.kill('SIGKILL');
    await this.ended();
  }
}

/** Runs `keymoot ARGS` to its end. */
export async function runCli(args: readonly string[]): Promise<Finished> {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      output[name] += chunk;
    });
  }
  const timer = setTimeout(() => child.kill('SIGKILL'), DEADLINE);
  await once(child, 'close');
  clearTimeout(timer);
  return { code: child.exitCode, ...output };
}

export async function startCli(args: readonly string[], log: string): Promise<Child> {
  return await Child.start([CLI, ...args, '--json'], log);
}

/** Looks until `look` finds something. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  milliseconds: number = DEADLINE,
): Promise<T> {
  const end = performance.now() + milliseconds;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, 40);
    });
  }
}
