/**
 * Every kind of payload in every bad shape, through `decode` and through the command: one refusal with its stable code,
 * in one sentence, or a reading of the whole with its risks.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { inspect } from '../../auditor/commands/inspect.ts';
import { decode } from '../../protocol/payload/payload.ts';
import { PAYLOAD_CODES } from '../../protocol/payload/refusal.ts';
import { assess } from '../../protocol/payload/risk/assess.ts';
import { describe as words } from '../../protocol/payload/words/describe.ts';
import type { Case, Cell, Outcome } from './support/bad-cases.ts';
import { CLASSES, OTHER_CHAIN } from './support/bad-classes.ts';
import { KINDS, type Kind, sample } from './support/bad-samples.ts';

const folder = mkdtempSync(join(tmpdir(), 'keymoot-bad-'));
afterAll(() => rmSync(folder, { recursive: true }));
const policy = join(folder, 'policy.json');
const wallets = { treasury: { chainIds: [OTHER_CHAIN] } };
writeFileSync(policy, JSON.stringify({ schema: 'keymoot/policy/1', id: 'test', version: 1, wallets, rules: [] }));

const PRINTABLE = /^[\x20-\x7e]*$/;

interface Answer {
  readonly ok: boolean;
  readonly error?: { readonly code: string; readonly message: string };
  readonly risks?: readonly string[];
  readonly verdict?: { readonly reasons: readonly { readonly code: string }[] };
}

async function run(file: string | Uint8Array, args: readonly string[]) {
  const [stdout, stderr]: [string[], string[]] = [[], []];
  async function* stdin(): AsyncGenerator<string | Uint8Array> {
    yield file;
  }
  const code = await inspect(['-', ...args], {
    stdout: (line) => stdout.push(line),
    stderr: (line) => stderr.push(line),
    stdin: stdin(),
    now: () => 1_800_000_000,
  });
  return { code, stdout, stderr };
}

function checkDecode({ payload, outcome }: Case): void {
  if (payload === undefined) return;
  const result = decode(payload);
  if ('refused' in outcome) {
    expect(result.ok ? 'read' : result.error.code).toBe(outcome.refused);
    return;
  }
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  const assessment = assess(result.value);
  if ('reads' in outcome)
    expect(assessment.risks.map(({ code }) => code)).toEqual(expect.arrayContaining([...outcome.reads]));
  for (const line of words(assessment)) expect(line).toMatch(PRINTABLE);
}

async function checkFile({ file, outcome }: Case): Promise<void> {
  if (file === undefined) return;
  const json = await run(file, ['--json', '--policy', policy]);
  const people = await run(file, []);
  expect(json.stdout).toHaveLength(1);
  const answer = JSON.parse(json.stdout[0] ?? '') as Answer;
  if ('refused' in outcome) {
    checkRefusal(answer, outcome.refused, json.code);
    expect(json.stderr).toEqual([]);
    expect(people).toEqual({ code: 1, stdout: [], stderr: [`REFUSED ${outcome.refused}: ${answer.error?.message}`] });
    return;
  }
  expect([answer.ok, json.code, people.code, people.stderr]).toEqual([true, 0, 0, []]);
  for (const line of people.stdout) expect(line).toMatch(PRINTABLE);
  if ('reads' in outcome) expect(answer.risks).toEqual(expect.arrayContaining([...outcome.reads]));
  else expect(answer.verdict?.reasons.map(({ code }) => code)).toContain(outcome.denied);
}

function checkRefusal(answer: Answer, code: string, exit: number): void {
  expect([exit, answer.ok, answer.error?.code, Object.keys(answer)]).toEqual([1, false, code, ['ok', 'error']]);
  const message = answer.error?.message ?? '';
  expect(message).toMatch(/^[\x20-\x7e]{10,400}$/);
  if (Object.hasOwn(PAYLOAD_CODES, code)) {
    expect(message.startsWith(PAYLOAD_CODES[code as keyof typeof PAYLOAD_CODES])).toBe(true);
  }
}

const CELLS = KINDS.flatMap((kind) =>
  Object.entries(CLASSES).map(([name, cell]): readonly [Kind, string, Cell] => [kind, name, cell(kind)]),
);

describe('the good ones', () => {
  test.each(KINDS)('%s', async (kind) => {
    const { payload, file } = sample(kind);
    const outcome: Outcome = { reads: [] };
    checkDecode({ payload, outcome });
    await checkFile({ file, outcome });
  });
});

describe('the bad ones', () => {
  test('are there for every kind and every class, unless the kind has nothing that could be bad in that way', () => {
    expect(CELLS).toHaveLength(KINDS.length * Object.keys(CLASSES).length);
    for (const [kind, name, cell] of CELLS) {
      if (typeof cell === 'string') expect([kind, name, cell]).toEqual([kind, name, expect.stringMatching(/^it /)]);
      else expect([kind, name, cell.length > 0]).toEqual([kind, name, true]);
    }
    const without = CELLS.filter(([, , cell]) => typeof cell === 'string').map(([kind, name]) => `${kind}: ${name}`);
    expect(without).toEqual([
      'permit: decoy offset',
      'unknown-typed-data: decoy offset',
      ...['text-message', 'hex-message'].flatMap((kind) =>
        ['dirty bits', 'decoy offset', 'chain id 0', 'chain id absent', 'wrong chain'].map(
          (name) => `${kind}: ${name}`,
        ),
      ),
      'authorization: dirty bits',
      'authorization: decoy offset',
    ]);
  });

  for (const [kind, name, cell] of CELLS) {
    if (typeof cell === 'string') continue;
    test(`${kind}: ${name}`, async () => {
      for (const one of cell) {
        checkDecode(one);
        await checkFile(one);
      }
    });
  }
});

describe('the real program', () => {
  const program = new URL('../../dist/cli.js', import.meta.url).pathname;

  test('gives one line for each, and the same codes', () => {
    const cases = CELLS.flatMap(([, name, cell]) => (typeof cell === 'string' || name === 'truncated' ? [] : cell));
    const lines = cases.filter(
      ({ file, outcome }) => typeof file === 'string' && !file.includes('\n') && 'refused' in outcome,
    );
    const path = join(folder, 'batch.jsonl');
    writeFileSync(path, lines.map(({ file = '' }) => `${String(file)}\n`).join(''));
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'inspect', '--batch', path], {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    expect([status, stderr]).toEqual([0, '']);
    const codes = stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as Answer).error?.code);
    const expected = lines.map(({ outcome }) => ('refused' in outcome ? outcome.refused : ''));
    expect(codes).toEqual(expected.map((code) => (code === 'FILE_TOO_LARGE' ? 'PAYLOAD_TOO_LARGE' : code)));
  });

  test.each([
    ['a hash', `0x${'5a'.repeat(32)}`, 'BARE_DIGEST'],
    ['nothing', '0x', 'PAYLOAD_EMPTY'],
    ['a file that is not there', join(folder, 'nothing'), 'FILE_UNREADABLE'],
  ])('refuses %s in one line on standard error, with exit code 1', (_, argument, code) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'inspect', argument], {
      encoding: 'utf8',
    });
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(new RegExp(`^REFUSED ${code}: [\\x20-\\x7e]+\\n$`));
  });
});
