/**
 * How every command line is read and how every failure is told: one sentence with a stable code, the offending field if
 * there is one, exit code 1; usage mistakes exit with 2. Only a bug of ours prints a stack trace.
 */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import { describeFailure } from './message.ts';
import { Terminal } from './terminal.ts';

export interface CommandCall {
  readonly terminal: Terminal;
  readonly positionals: readonly string[];
  /** The value of `--name VALUE`. */
  text(name: string): string | undefined;
  /** The same, where the command cannot do without. */
  required(name: string): string;
  /** All values of an option that may be given several times. */
  list(name: string): readonly string[];
  flag(name: string): boolean;
}

export interface Command {
  /** What follows the command's name, as shown by `--help`. */
  readonly usage: string;
  readonly summary: string;
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /** How many arguments without a name it takes. */
  readonly positionals: { readonly min: number; readonly max: number };
  /** Exit code 0 or 1. */
  run(call: CommandCall): Promise<number>;
}

class UsageError extends Error {}

/** Runs `keymoot ROLE COMMAND …`. */
export async function dispatch(
  role: string,
  commands: Readonly<Record<string, Command>>,
  args: readonly string[],
): Promise<number> {
  const [name = '', ...rest] = args;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  const json = rest.includes('--json');
  const terminal = new Terminal({ json });
  if (command === undefined || rest.includes('--help')) {
    const known = command === undefined ? commands : { [name]: command };
    const isHelp = command !== undefined || name === '--help' || name === 'help';
    const mistake = isHelp || name === '' ? '' : `there is no command "${name}"\n\n`;
    terminal.warn(`${mistake}${help(role, known)}`);
    return isHelp ? 0 : 2;
  }
  try {
    return await command.run(parse(command, rest, terminal));
  } catch (error) {
    if (error instanceof UsageError) {
      terminal.warn(`${error.message}\n\n${help(role, { [name]: command })}`);
      return 2;
    }
    return reportFailure(error, terminal);
  }
}

/** Prints a failure for a person, or as `{"ok":false,"error":{…}}` with `--json`. */
export function reportFailure(error: unknown, terminal: Terminal): 1 {
  const failure = describeFailure(error);
  if (failure.code !== 'INTERNAL') {
    const { code, message, field } = failure;
    const shown = field === undefined || field === '' ? {} : { field };
    if (terminal.json) terminal.printJson({ ok: false, error: { code, message, ...shown } });
    else terminal.warn(`${code}: ${field ? `${field}: ` : ''}${message}`);
    return 1;
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (terminal.json)
    terminal.printJson({ ok: false, error: { code: 'BUG', message: 'an unexpected error; see stderr' } });
  terminal.warn(`BUG: this is our mistake, please report it.\n${message}`);
  return 1;
}

function parse(command: Command, args: readonly string[], terminal: Terminal): CommandCall {
  const { values, positionals } = parseStrictly(command, args);
  const { min, max } = command.positionals;
  if (positionals.length < min || positionals.length > max) {
    throw new UsageError(`expected ${min === max ? min : `${min} to ${max}`} argument(s), not ${positionals.length}`);
  }
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  return {
    terminal,
    positionals,
    text,
    required(name) {
      const value = text(name);
      if (value === undefined) throw new UsageError(`--${name} is missing`);
      return value;
    },
    list(name) {
      const value = values[name];
      return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
    },
    flag: (name) => values[name] === true,
  };
}

interface ParsedArguments {
  readonly values: { readonly [name: string]: string | boolean | (string | boolean)[] | undefined };
  readonly positionals: readonly string[];
}

function parseStrictly(command: Command, args: readonly string[]): ParsedArguments {
  const options: Command['options'] = { ...command.options, json: { type: 'boolean' } };
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'the arguments cannot be read');
  }
}

function help(role: string, commands: Readonly<Record<string, Command>>): string {
  const lines = Object.entries(commands).map(([name, command]) => {
    return `  keymoot ${role} ${name} ${command.usage}\n      ${command.summary}`;
  });
  return `Usage:\n${lines.join('\n')}\nEvery command takes --json: its result is one line of JSON.`;
}
