import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { readPassphrase, type SecretInput } from '../../../proto/rest/passphrase.ts';
import { runChild } from './child.ts';
import { codeOf, temporaryHome } from './temporary.ts';

const READ = new URL('./children/read-passphrase.mjs', import.meta.url);

/** A terminal that types each answer once it was asked, and records whether it would have echoed. */
class FakeTerminal extends PassThrough {
  readonly isTTY = true;
  raw = false;
  shown = '';
  readonly #answers: Buffer[];

  constructor(...answers: (string | Buffer)[]) {
    super();
    this.#answers = answers.map((answer) => Buffer.from(answer));
  }

  setRawMode(raw: boolean): void {
    this.raw = raw;
  }

  readonly output = {
    write: (text: string): void => {
      this.shown += text;
      const answer = text.endsWith(': ') ? this.#answers.shift() : undefined;
      // A keyboard gives one byte at a time.
      if (answer !== undefined) for (const byte of answer) setImmediate(() => this.#type(byte));
    },
  };

  #type(byte: number): void {
    if (!this.raw) this.shown += String.fromCharCode(byte);
    this.write(Buffer.from([byte]));
  }
}

async function ask(terminal: FakeTerminal, creating = false): Promise<string> {
  const input: SecretInput = terminal;
  const bytes = await readPassphrase({ creating, input, output: terminal.output });
  return new TextDecoder().decode(bytes);
}

test('a terminal shows the question and nothing of the answer', async () => {
  const terminal = new FakeTerminal('hunter2 hunter2\r');
  expect(await ask(terminal)).toBe('hunter2 hunter2');
  expect(terminal.shown).toBe('Passphrase: \n');
  expect(terminal.raw).toBe(false);
});

test('erasing takes whole characters, and a line can be cleared', async () => {
  expect(await ask(new FakeTerminal('paß\u007fss€\u0008word\n'))).toBe('password');
  expect(await ask(new FakeTerminal('wrong start\u0015right\r'))).toBe('right');
  expect(await ask(new FakeTerminal('\u007f\u007fabc\r'))).toBe('abc');
});

test('a new passphrase is asked for twice and has at least 8 bytes', async () => {
  expect(await ask(new FakeTerminal('long enough\r', 'long enough\r'), true)).toBe('long enough');
  expect(await codeOf(ask(new FakeTerminal('long enough\r', 'long enouhg\r'), true))).toBe('PASSPHRASE_MISMATCH');
  expect(await codeOf(ask(new FakeTerminal('1234567\r', '1234567\r'), true))).toBe('PASSPHRASE_TOO_SHORT');
  expect(await codeOf(ask(new FakeTerminal('\r')))).toBe('PASSPHRASE_TOO_SHORT');
});

test('Ctrl-C cancels and gives the terminal back', async () => {
  const terminal = new FakeTerminal('half\u0003');
  expect(await codeOf(ask(terminal))).toBe('PASSPHRASE_CANCELLED');
  expect(terminal.raw).toBe(false);
});

test('an endless answer is cut off', async () => {
  expect(await codeOf(ask(new FakeTerminal('x'.repeat(1025))))).toBe('PASSPHRASE_TOO_LONG');
});

test.each([
  ['with spaces \n', 'with spaces '],
  ['windows line\r\n', 'windows line'],
  ['two newlines\n\n', 'two newlines\n'],
  ['no newline', 'no newline'],
])('a file %j gives %j', async (content, expected) => {
  const path = join(await temporaryHome(), 'passphrase');
  await writeFile(path, content);
  const bytes = await readPassphrase({ file: path, creating: true });
  expect(new TextDecoder().decode(bytes)).toBe(expected);
});

test('a missing, empty or huge file is refused', async () => {
  const home = await temporaryHome();
  const path = join(home, 'passphrase');
  expect(await codeOf(readPassphrase({ file: path, creating: false }))).toBe('PASSPHRASE_MISSING');
  await writeFile(path, '\n');
  expect(await codeOf(readPassphrase({ file: path, creating: false }))).toBe('PASSPHRASE_TOO_SHORT');
  await writeFile(path, 'x'.repeat(100_000));
  expect(await codeOf(readPassphrase({ file: path, creating: false }))).toBe('PASSPHRASE_TOO_LONG');
});

test('a process reads its standard input only when told to, and never asks without a terminal', async () => {
  expect((await runChild(READ, ['-'], 'from a pipe\n')).lines).toEqual(['11']);
  expect((await runChild(READ, ['-'], '')).lines).toEqual(['PASSPHRASE_TOO_SHORT']);
  expect((await runChild(READ, ['-'], 'y'.repeat(1_000_000))).lines).toEqual(['PASSPHRASE_TOO_LONG']);
  expect((await runChild(READ, ['none'], 'from a pipe\n')).lines).toEqual(['PASSPHRASE_MISSING']);
});
