/** What a batch does besides reading payloads: it never runs ahead of its reader, and says how far it is. */
import { expect, test } from 'vitest';
import { inspect } from '../../auditor/commands/inspect.ts';
import { linesOf, type Text, textOf } from '../../auditor/report/lines.ts';
import { Progress } from '../../auditor/report/progress.ts';
import { hex, plainTransaction } from '../payload/support/payloads.ts';

const LINE = `${hex(plainTransaction().bytes)}\n`;
const encoder = new TextEncoder();

interface Run {
  readonly chunks: Iterable<string | Uint8Array>;
  readonly args?: readonly string[];
  readonly ready?: () => boolean | Promise<boolean>;
  readonly terminal?: boolean;
}

async function batch({ chunks, args = [], ...io }: Run) {
  const [stdout, stderr]: [string[], string[]] = [[], []];
  async function* stdin(): AsyncGenerator<string | Uint8Array> {
    yield* chunks;
  }
  const code = await inspect(['--batch', '-', ...args], {
    stdout: (line) => stdout.push(line),
    stderr: (line) => stderr.push(line),
    stdin: stdin(),
    ...io,
  });
  const answers = stdout.map((line) => JSON.parse(line) as { readonly ok: boolean; readonly error?: { code: string } });
  return { code, stderr, codes: answers.map(({ ok, error }) => (ok ? 'ok' : error?.code)) };
}

test('a batch waits for whoever reads it, and takes no more of its input meanwhile', async () => {
  let taken = 0;
  let written = 0;
  const ahead: number[] = [];
  function* chunks(): Generator<string> {
    for (; taken < 20; taken++) yield LINE;
  }
  const { code, codes } = await batch({
    chunks: chunks(),
    async ready() {
      written++;
      await new Promise((resolve) => setImmediate(resolve));
      ahead.push(taken - written);
      return true;
    },
  });
  expect([code, codes.length]).toEqual([0, 20]);
  expect(Math.max(...ahead)).toBeLessThanOrEqual(0);
});

test('a batch ends when nobody reads any longer', async () => {
  let left = 3;
  const { code, codes } = await batch({ chunks: [LINE.repeat(50)], ready: () => --left > 0 });
  expect([code, codes.length]).toEqual([1, 3]);
});

test('bytes that are no UTF-8 are refused with their line, and nothing else', async () => {
  const broken = encoder.encode('{"kind":"evm-message","encoding":"text","message":"?"}\n');
  broken[broken.indexOf(0x3f)] = 0xe9;
  const { codes } = await batch({ chunks: [encoder.encode(LINE), broken, encoder.encode(LINE)] });
  expect(codes).toEqual(['ok', 'TEXT_NOT_UTF8', 'ok']);
});

test('a character cut in two by the pieces of the stream is whole', async () => {
  const line = encoder.encode('{"kind":"evm-message","encoding":"text","message":"\u{1f5dd} größer"}\n');
  const pieces = Array.from(line, (byte) => Uint8Array.of(byte));
  expect((await batch({ chunks: pieces })).codes).toEqual(['ok']);
});

test('progress goes to standard error, when asked or on a terminal, and not to the answers', async () => {
  const chunks = [LINE, 'garbage\n', LINE];
  expect((await batch({ chunks })).stderr).toEqual([]);
  for (const run of [await batch({ chunks, args: ['--progress'] }), await batch({ chunks, terminal: true })]) {
    expect(run.codes).toEqual(['ok', 'INSPECT_JSON', 'ok']);
    expect(run.stderr).toHaveLength(1);
    expect(run.stderr[0]).toMatch(/^3 payloads(, [0-9]+ a second)?, 1 refused$/);
  }
});

test('progress says the share of a file that is read, the rate, and how many were refused', () => {
  const progress = new Progress(1000);
  progress.read(250);
  expect(progress.add(true, 0)).toBeUndefined();
  expect(progress.add(false, 1000)).toBeUndefined();
  expect(progress.add(true, 2000)).toBe('25 %, 3 payloads, 2 a second, 1 refused');
  expect(progress.add(true, 2001)).toBeUndefined();
  expect(progress.summary(4000)).toBe('4 payloads, 1 a second, 1 refused');
});

/** Endless, and each piece larger than the limit together with the one before. */
async function* endless(counted: { pieces: number }): AsyncGenerator<Uint8Array> {
  for (;;) {
    counted.pieces++;
    yield new Uint8Array(600).fill(0x20);
  }
}

test('a text is given up at its limit and not read to its end', async () => {
  const counted = { pieces: 0 };
  expect(await textOf(endless(counted), 1000)).toEqual({ ok: false, why: 'too-large' });
  expect(counted.pieces).toBe(2);
});

test('a line that is too long is skipped to its end; empty lines count', async () => {
  async function* chunks(): AsyncGenerator<string> {
    yield 'a\r\n\n';
    yield 'x'.repeat(1001);
    yield `${'x'.repeat(5000)}\nb\n${'y'.repeat(1000)}\n`;
    yield 'z'.repeat(1001);
  }
  const lines: Text[] = [];
  for await (const line of linesOf(chunks(), 1000)) lines.push(line);
  const tooLarge = { ok: false, why: 'too-large' };
  const text = (value: string) => ({ ok: true, text: value });
  expect(lines).toEqual([text('a'), text(''), tooLarge, text('b'), text('y'.repeat(1000)), tooLarge]);
});
