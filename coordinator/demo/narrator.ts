/** How the demo tells its story: numbered steps, plain sentences, and after each step what it has shown. */
import { getAddress } from 'viem';
import { formatTable, type Terminal } from '../../proto/control/terminal.ts';
import { Refusal } from '../../protocol/common/errors.ts';

const WIDTH = 100;
const INDENT = '   ';

export class Narrator {
  readonly #terminal: Terminal;
  readonly #begun: number;
  #step = 'the beginning';
  #number = 0;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#begun = performance.now();
  }

  /** The step that is being told, for a sentence about what went wrong. */
  get current(): string {
    return this.#step;
  }

  title(text: string, ...lines: readonly string[]): void {
    this.#terminal.print([text, '', ...lines.flatMap((line) => wrap(line, ''))].join('\n'));
  }

  step(title: string): void {
    this.#number += 1;
    this.#step = `step ${this.#number} (${title})`;
    const seconds = ((performance.now() - this.#begun) / 1000).toFixed(0);
    this.#terminal.print(`\n${`${this.#number}. ${title} `.padEnd(WIDTH - 8, '-')} ${seconds.padStart(4)} s`);
  }

  say(text: string): void {
    this.#terminal.print(wrap(text, INDENT).join('\n'));
  }

  /** What the step has shown to be true; it was checked before it is said. */
  proved(text: string): void {
    this.#terminal.print(wrap(`PROVED  ${text}`, `${INDENT}=> `, `${INDENT}   `).join('\n'));
  }

  /** A screen or an answer of another program, set apart. */
  quote(heading: string, lines: readonly string[]): void {
    this.#terminal.print(
      ['', `${INDENT}${heading}`, ...lines.map((line) => `${INDENT}| ${line}`.trimEnd()), ''].join('\n'),
    );
  }

  table(rows: readonly (readonly string[])[]): void {
    this.#terminal.print(
      formatTable(rows)
        .split('\n')
        .map((line) => `${INDENT}${line}`)
        .join('\n'),
    );
  }
}

/**
 * Goes on only if what should be so is so.
 * @throws {Refusal} `DEMO_DEVIATED`
 */
export function demand(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Refusal('DEMO_DEVIATED', otherwise);
}

/** An address as people compare it: in full, with its EIP-55 checksum. */
export function checksummed(address: string): `0x${string}` {
  return getAddress(address);
}

function wrap(text: string, indent: string, next: string = indent): readonly string[] {
  const lines: string[] = [];
  let line = indent;
  // Terminals of this project show ASCII only.
  for (const word of text.replaceAll('’', "'").split(' ')) {
    if (line.length + word.length > WIDTH && line.trim() !== '') {
      lines.push(line.trimEnd());
      line = next;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()];
}
