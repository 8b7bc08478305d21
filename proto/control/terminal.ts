/** What commands print and ask. Every string passes the sanitiser here, whoever built it. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { StoreError } from '../rest/errors.ts';
import type { JsonValue } from './message.ts';
import { asciiJson, sanitiseLine, sanitiseText } from './sanitise.ts';

/** What is used of an output stream; `process.stdout` fits. */
export interface TextOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface TerminalOptions {
  readonly output?: TextOutput;
  /** Progress, questions and errors, so that results can be piped. */
  readonly diagnostics?: TextOutput;
  readonly input?: Readable & { readonly isTTY?: boolean };
  /** `--json`: results as one JSON line, no tables, no progress. */
  readonly json?: boolean;
}

export interface Question {
  /** Must fit one line; what is confirmed was shown before. */
  readonly text: string;
  /** `--yes`: answered without asking. */
  readonly yes: boolean;
}

export class Terminal {
  readonly json: boolean;
  readonly #output: TextOutput;
  readonly #diagnostics: TextOutput;
  readonly #input: Readable & { readonly isTTY?: boolean };
  #progress = 0;

  constructor(options: TerminalOptions = {}) {
    this.json = options.json ?? false;
    this.#output = options.output ?? process.stdout;
    this.#diagnostics = options.diagnostics ?? process.stderr;
    this.#input = options.input ?? process.stdin;
  }

  /** Text for people; nothing with `--json`. */
  print(text: string): void {
    if (this.json) return;
    this.#clearProgress();
    this.#output.write(`${sanitiseText(text)}\n`);
  }

  /** One JSON value on one line, in ASCII, whatever the mode. */
  printJson(value: JsonValue): void {
    this.#clearProgress();
    this.#output.write(`${asciiJson(JSON.stringify(value))}\n`);
  }

  /** A result: `value` with `--json`, `text` otherwise. */
  result(value: JsonValue, text: string): void {
    if (this.json) this.printJson(value);
    else this.print(text);
  }

  /** A warning or an error, beside the results. */
  warn(text: string): void {
    this.#clearProgress();
    this.#diagnostics.write(`${sanitiseText(text)}\n`);
  }

  /** A line that the next one replaces; only on a terminal, and never with `--json`. */
  progress(text: string): void {
    if (this.json || this.#diagnostics.isTTY !== true) return;
    const line = sanitiseLine(text).slice(0, Math.max(0, (this.#diagnostics.columns ?? 80) - 1));
    // The carriage return is ours; one inside `text` was escaped above.
    this.#diagnostics.write(`\r${line.padEnd(this.#progress)}`);
    this.#progress = line.length;
  }

  /** Asks for y or N; anything but y or yes means no. Fails with `CONFIRMATION_MISSING` where nobody can answer. */
  async confirm(question: Question): Promise<boolean> {
    if (question.yes) return true;
    if (this.#input.isTTY !== true) {
      throw new StoreError(
        'CONFIRMATION_MISSING',
        'There is no terminal to confirm on; add --yes to agree in advance.',
      );
    }
    this.#clearProgress();
    this.#diagnostics.write(`${sanitiseLine(question.text)} [y/N] `);
    const answer = await firstLine(this.#input);
    return /^y(es)?$/i.test(answer.trim());
  }

  /** Asks for a line; empty for Enter. Fails with `CONFIRMATION_MISSING` where nobody can answer. */
  async ask(question: string): Promise<string> {
    if (this.#input.isTTY !== true) {
      throw new StoreError('CONFIRMATION_MISSING', 'There is no terminal to ask on; give the answers in a file.');
    }
    this.#clearProgress();
    this.#diagnostics.write(`${sanitiseLine(question)}: `);
    return await firstLine(this.#input);
  }

  #clearProgress(): void {
    if (this.#progress > 0) this.#diagnostics.write(`\r${' '.repeat(this.#progress)}\r`);
    this.#progress = 0;
  }
}

/**
 * Columns padded to their widest cell, two spaces between them, the first row as heading. Cells are sanitised first, so
 * that a name with a newline or an escape cannot forge a row.
 */
export function formatTable(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(sanitiseLine));
  const widths: number[] = [];
  for (const row of cells) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  }
  return cells
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

async function firstLine(input: Readable): Promise<string> {
  const lines = createInterface({ input, terminal: false });
  try {
    return await new Promise<string>((resolve) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(''));
    });
  } finally {
    lines.close();
  }
}
