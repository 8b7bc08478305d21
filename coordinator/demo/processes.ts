/**
 * The demo's processes: the same command that people type, each in a process of its own. Some run to their end, some
 * (nodes, the coordinator) until the demo stops them. Only processes started here are ever stopped, each by its pid.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { field, memberOf } from '../../proto/control/answer.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { Refusal, TransportError } from '../../protocol/common/errors.ts';

/** The built command line, beside which this file lies in the build. */
export const CLI: string = resolve(import.meta.dirname, '../../cli.js');

/** Longest run of one command, and longest start of a node, in milliseconds: a loaded machine gets plenty. */
const COMMAND_DEADLINE = 120_000;
/** Time given to a polite stop before the process is killed. */
const STOP_DEADLINE = 8_000;
/** A connection breaks a moment before the process behind it is seen to have ended; milliseconds. */
const AFTERMATH = 500;

export interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly pid: number;
  /** What it printed when it was ready. */
  readonly ready: JsonValue;
  /** Asks it to end and waits; safe to call twice. */
  stop(): Promise<void>;
  /** Ends it without asking (SIGKILL), as a power cut would. */
  kill(): Promise<void>;
}

export class Processes {
  /** Rejects when something that should keep running ends by itself; never resolves. */
  readonly broken: Promise<never>;
  readonly #children = new Set<ChildProcess>();
  readonly #killAll = (): void => {
    for (const child of this.#children) child.kill('SIGKILL');
  };
  #stopping = false;

  #break: (error: Error) => void = () => undefined;

  readonly #cli: string;

  /** @param cli the built command line */
  constructor(cli: string = CLI) {
    this.#cli = cli;
    process.once('exit', this.#killAll);
    this.broken = new Promise<never>((_, reject) => {
      this.#break = reject;
    });
    // Whoever races against it sees it; nobody has to.
    this.broken.catch(() => undefined);
  }

  /** Runs `keymoot ARGS` to its end, whatever the exit code. */
  async run(args: readonly string[]): Promise<Finished> {
    const child = this.#spawn(args, ['ignore', 'pipe', 'pipe']);
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]?.setEncoding('utf8').on('data', (chunk: string) => {
        output[name] += chunk;
      });
    }
    const code = await new Promise<number>((done, fail) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
        fail(new TransportError('DEMO_COMMAND_SLOW', `"keymoot ${words(args)}" did not end in time`));
      }, COMMAND_DEADLINE);
      child.once('error', fail);
      child.once('close', (status) => {
        clearTimeout(timer);
        done(status ?? 1);
      });
    });
    return { code, ...output };
  }

  /** Runs `keymoot ARGS --json`, which must succeed, and returns what it printed. */
  async json(args: readonly string[]): Promise<JsonValue> {
    const finished = await this.run([...args, '--json']);
    const answer = lastJson(finished.stdout);
    if (finished.code === 0 && answer !== undefined) return answer;
    const error = memberOf(answer, 'error');
    const told = error === undefined ? '' : `${field(error, 'code')}: ${field(error, 'message')}`;
    const why = `${told} ${finished.stderr.trim()}`.trim();
    throw new Refusal('DEMO_COMMAND_FAILED', `"keymoot ${words(args)}" failed: ${why || `exit code ${finished.code}`}`);
  }

  /** Runs `keymoot ARGS --json` that may well be refused: exit code and what it printed. */
  async answer(args: readonly string[]): Promise<{ readonly code: number; readonly value: JsonValue }> {
    const finished = await this.run([...args, '--json']);
    const value = lastJson(finished.stdout);
    if (value !== undefined) return { code: finished.code, value };
    throw new Refusal('DEMO_COMMAND_FAILED', `"keymoot ${words(args)}" printed nothing: ${finished.stderr.trim()}`);
  }

  /**
   * Starts `keymoot ARGS --json` and waits for its first line, the sign that it is ready. Its log goes to a file.
   *
   * @param node options for Node itself, before the program
   */
  async start(who: string, args: readonly string[], log: string, node: readonly string[] = []): Promise<Running> {
    const child = this.#spawn([...args, '--json'], ['ignore', 'pipe', openSync(log, 'a', 0o600)], node);
    const ready = await new Promise<JsonValue>((done, fail) => {
      let output = '';
      const failed = (why: string): void => {
        clearTimeout(timer);
        fail(new TransportError('DEMO_NOT_READY', `${who} did not start: ${why}; ${lastWords(log)}`));
      };
      const timer = setTimeout(() => failed('it was not ready in time'), COMMAND_DEADLINE);
      child.once('error', (error) => failed(error.message));
      child.once('exit', (code, signal) => failed(`it ended with ${signal ?? `code ${code}`}`));
      child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
        output += chunk;
        const first = output.includes('\n') ? lastJson(output) : undefined;
        if (first === undefined) return;
        clearTimeout(timer);
        done(first);
      });
    });
    const state = { stopped: false };
    child.once('exit', (code, signal) => {
      if (state.stopped || this.#stopping) return;
      const how = signal ?? `code ${code}`;
      const message = `${who} (process ${child.pid}) ended with ${how}; ${lastWords(log)}`;
      this.#break(new TransportError('DEMO_PROCESS_ENDED', message));
    });
    return {
      pid: child.pid ?? 0,
      ready,
      stop: () => {
        state.stopped = true;
        return end(child);
      },
      kill: () => {
        state.stopped = true;
        child.kill('SIGKILL');
        return end(child);
      },
    };
  }

  /** What ended by itself, or is just about to be seen to have ended: then other failures only follow from it. */
  async rootCause(): Promise<Error | undefined> {
    const seen = this.broken.catch((error: unknown) => (error instanceof Error ? error : undefined));
    return await Promise.race([seen, delay(AFTERMATH, undefined)]);
  }

  /** Ends everything that still runs. */
  async stopAll(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#children].map(end));
    process.removeListener('exit', this.#killAll);
  }

  #spawn(
    args: readonly string[],
    stdio: readonly ('ignore' | 'pipe' | number)[],
    node: readonly string[] = [],
  ): ChildProcess {
    if (this.#stopping) throw new Refusal('DEMO_STOPPED', 'the demo is being stopped');
    const child = spawn(process.execPath, [...node, this.#cli, ...args], { stdio: [...stdio] });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    return child;
  }
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((done) => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) {
      done();
      return;
    }
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE);
    child.once('exit', () => {
      clearTimeout(timer);
      done();
    });
    child.kill('SIGTERM');
  });
}

function lastJson(output: string): JsonValue | undefined {
  const line = output.trim().split('\n').at(-1) ?? '';
  try {
    // Our own command printed it; every field is checked where it is used.
    return line === '' ? undefined : (JSON.parse(line) as JsonValue);
  } catch {
    return undefined;
  }
}

function lastWords(log: string): string {
  const line = readFileSync(log, 'utf8').trim().split('\n').at(-1) ?? '';
  return line === '' ? 'its log is empty' : `its log ends with: ${line}`;
}

/** The command without paths, to be named in a sentence. */
function words(args: readonly string[]): string {
  return args
    .slice(0, 3)
    .filter((word) => !word.startsWith('-') && !word.includes('/'))
    .join(' ');
}
