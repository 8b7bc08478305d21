import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { asciiJson, sanitiseLine, sanitiseText } from '../../../proto/control/sanitise.ts';
import { formatTable, Terminal, type TerminalOptions } from '../../../proto/control/terminal.ts';
import { codeOf } from '../rest/temporary.ts';

const HOSTILE: readonly [string, string][] = [
  ['right-to-left override', 'abc\u202etxt.exe'],
  ['embedding', 'a\u202a\u202b\u202cb'],
  ['isolates', '\u2066a\u2067b\u2068c\u2069'],
  ['zero-width space', 'pay\u200bpal'],
  ['zero-width joiner', 'a\u200d\u200cb'],
  ['byte order mark', '\ufeffx'],
  ['Cyrillic lookalikes', '\u0430\u0440\u0440\u04cf\u0435'],
  ['tag characters', 'x\u{e0041}\u{e007f}'],
  ['variation selectors', 'a\ufe0f\u{e0100}'],
  ['Hangul filler', '\u3164\u115f\u1160'],
  ['fullwidth forms', '\uff10\uff58'],
  ['lone surrogates', '\ud800 \udfff'],
  ['soft hyphen', 'a\u00adb'],
  ['line and paragraph separators', 'a\u2028b\u2029c'],
  ['combining marks', `Z${'\u0335'.repeat(40)}`],
  ['no-break spaces', 'a\u00a0\u202fb'],
  ['private use', '\ue000\u{f0000}'],
  ['escape sequence', '\u001b[2J\u001b[1;31mred'],
  ['hyperlink (OSC 8)', '\u001b]8;;http://evil\u001b\\click\u001b]8;;\u001b\\'],
  ['clipboard (OSC 52)', '\u001b]52;c;ZXZpbA==\u0007'],
  ['C1 control sequence', '\u009b2J\u0090q\u009c'],
  ['overprinting', 'amount 1\b9\rAMOUNT 9'],
  ['delete, bell, null', '\u007f\u0007\u0000'],
  ['tabs and form feeds', 'a\tb\u000bc\u000cd'],
];

class Capture {
  readonly isTTY: boolean;
  readonly columns = 40;
  text = '';

  constructor(isTTY = false) {
    this.isTTY = isTTY;
  }

  write(text: string): void {
    this.text += text;
  }
}

function terminalWith(options: TerminalOptions = {}, isTTY = true): { terminal: Terminal; out: Capture; err: Capture } {
  const out = new Capture(isTTY);
  const err = new Capture(isTTY);
  return { terminal: new Terminal({ output: out, diagnostics: err, ...options }), out, err };
}

test.each(HOSTILE)('%s is shown as what it is', (_, text) => {
  expect(sanitiseLine(text)).toMatch(/^[\x20-\x7e]*$/);
  expect(sanitiseLine(text)).toContain('\\u{');
});

test('escapes name the code point', () => {
  expect(sanitiseLine('a\u202eb\u{1f600}\n')).toBe('a\\u{202e}b\\u{1f600}\\u{a}');
  expect(sanitiseLine('plain text ~!')).toBe('plain text ~!');
});

test('no way of printing lets another byte through', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
      const { terminal, out, err } = terminalWith();
      terminal.print(text);
      terminal.warn(text);
      terminal.print(
        formatTable([
          [text, 'x'],
          ['y', text],
        ]),
      );
      terminal.printJson({ [text]: text });
      expect(await terminal.confirm({ text, yes: true })).toBe(true);
      expect(out.text + err.text).toMatch(/^[\x20-\x7e\n]*$/);
      expect(sanitiseText(text)).toMatch(/^[\x20-\x7e\n]*$/);
    }),
  );
});

test.each(HOSTILE)('progress with %s adds only its own carriage return', (_, text) => {
  const { terminal, err } = terminalWith();
  terminal.progress(text);
  terminal.progress(text.slice(1));
  terminal.print('done');
  expect(err.text).toMatch(/^[\x20-\x7e\r]*$/);
  expect(err.text.split('\r').length - 1).toBe(4);
});

test('JSON in ASCII is the same value', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = asciiJson(JSON.stringify(value));
      expect(text).toMatch(/^[\x20-\x7e]*$/);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test('a cell cannot forge a row or a column', () => {
  const table = formatTable([
    ['NAME', 'STATE'],
    ['a\nb        active', 'no'],
    ['c', '\u001b[A'],
  ]);
  expect(table.split('\n')).toEqual([
    'NAME                   STATE',
    'a\\u{a}b        active  no',
    'c                      \\u{1b}[A',
  ]);
});

test('with --json only JSON reaches the output, one value a line', () => {
  const { terminal, out, err } = terminalWith({ json: true });
  terminal.print('for people');
  terminal.progress('half way');
  terminal.result({ ok: true, name: 'ü' }, 'for people');
  terminal.warn('careful');
  expect(out.text).toBe('{"ok":true,"name":"\\u00fc"}\n');
  expect(err.text).toBe('careful\n');
});

test('without --json a result is text', () => {
  const { terminal, out } = terminalWith();
  terminal.result({ ok: true }, 'It worked.');
  expect(out.text).toBe('It worked.\n');
});

test('progress stays away from what is not a terminal, fits the width and is cleared', () => {
  const quiet = terminalWith({}, false);
  quiet.terminal.progress('one');
  expect(quiet.err.text).toBe('');
  const { terminal, err } = terminalWith();
  terminal.progress('x'.repeat(100));
  terminal.progress('ab');
  expect(err.text).toBe(`\r${'x'.repeat(39)}\rab${' '.repeat(37)}`);
});

test.each([
  ['y\n', true],
  ['Yes\n', true],
  ['\n', false],
  ['n\n', false],
  ['yess\n', false],
  ['', false],
])('the answer %j means %s', async (answer, expected) => {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const { terminal, err } = terminalWith({ input });
  const decided = terminal.confirm({ text: 'Sign\u001b[2J?', yes: false });
  input.end(answer);
  expect(await decided).toBe(expected);
  expect(err.text).toBe('Sign\\u{1b}[2J? [y/N] ');
});

test('without a terminal nothing is confirmed but by --yes', async () => {
  const { terminal } = terminalWith({ input: new PassThrough() });
  expect(await codeOf(terminal.confirm({ text: 'Sign?', yes: false }))).toBe('CONFIRMATION_MISSING');
  expect(await terminal.confirm({ text: 'Sign?', yes: true })).toBe(true);
});
