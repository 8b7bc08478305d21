import { expect, onTestFinished, test, vi } from 'vitest';
import { type Command, dispatch } from '../../../proto/control/command.ts';
import { BugError, InvalidArgument, Refusal } from '../../../protocol/common/errors.ts';

interface Finished {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function run(args: readonly string[], action: Command['run']): Promise<Finished> {
  let out = '';
  let err = '';
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text);
    return true;
  });
  const restore = (): void => {
    stdout.mockRestore();
    stderr.mockRestore();
  };
  onTestFinished(restore);
  const command: Command = {
    usage: 'FILE [--home DIR] [--tag TAG]… [--yes]',
    summary: 'Shows a file.',
    options: { home: { type: 'string' }, tag: { type: 'string', multiple: true }, yes: { type: 'boolean' } },
    positionals: { min: 1, max: 1 },
    run: action,
  };
  const code = await dispatch('participant', { show: command }, args);
  restore();
  return { code, out, err };
}

const idle: Command['run'] = () => Promise.resolve(0);

test('options, lists, flags and arguments reach the command', async () => {
  const done = await run(['show', 'a.json', '--home', '/h', '--tag', 'x', '--tag=y', '--yes'], (call) => {
    expect(call.positionals).toEqual(['a.json']);
    expect([call.text('home'), call.required('home'), call.text('other')]).toEqual(['/h', '/h', undefined]);
    expect([call.list('tag'), call.list('home')]).toEqual([['x', 'y'], []]);
    expect([call.flag('yes'), call.flag('home')]).toEqual([true, false]);
    call.terminal.result({ ok: true }, 'Done.');
    return Promise.resolve(0);
  });
  expect(done).toEqual({ code: 0, out: 'Done.\n', err: '' });
});

test.each([
  ['an unknown command', ['sign']],
  ['no command', []],
  ['an inherited name', ['constructor']],
  ['an unknown option', ['show', 'a', '--passphrase', 'secret']],
  ['a missing value', ['show', 'a', '--home']],
  ['a value for a flag', ['show', 'a', '--yes=no']],
  ['no argument', ['show']],
  ['two arguments', ['show', 'a', 'b']],
])('%s is a usage mistake: code 2, help on stderr, nothing on stdout', async (_, args) => {
  const done = await run(args, idle);
  expect([done.code, done.out]).toEqual([2, '']);
  expect(done.err).toContain('Usage:');
});

test('an option that a command cannot do without is named', async () => {
  const done = await run(['show', 'a'], (call) => Promise.resolve(call.required('home').length));
  expect(done.code).toBe(2);
  expect(done.err).toContain('--home is missing');
});

test('help is no failure', async () => {
  expect((await run(['--help'], idle)).code).toBe(0);
  const done = await run(['show', '--help'], idle);
  expect([done.code, done.out]).toEqual([0, '']);
  expect(done.err).toContain('Shows a file.');
});

test('a refusal is code 1 with its code, as text and as JSON', async () => {
  const refuse: Command['run'] = () => Promise.reject(new Refusal('CONSENT_MISSING', 'No consent\u001b[2J.'));
  expect(await run(['show', 'a'], refuse)).toEqual({
    code: 1,
    out: '',
    err: 'CONSENT_MISSING: No consent\\u{1b}[2J.\n',
  });
  const json = await run(['show', 'a', '--json'], refuse);
  expect([json.code, json.err]).toEqual([1, '']);
  expect(JSON.parse(json.out)).toEqual({
    ok: false,
    error: { code: 'CONSENT_MISSING', message: 'No consent\u001b[2J.' },
  });
});

test('an invalid argument names its field', async () => {
  const refuse: Command['run'] = () =>
    Promise.reject(new InvalidArgument('AMOUNT_INVALID', '--amount', 'Not a number.'));
  expect((await run(['show', 'a'], refuse)).err).toBe('AMOUNT_INVALID: --amount: Not a number.\n');
});

test('only a bug prints a stack trace, and JSON says where to look', async () => {
  const fail: Command['run'] = () => Promise.reject(new BugError('BROKEN', 'two and two are five'));
  const done = await run(['show', 'a', '--json'], fail);
  expect(done.code).toBe(1);
  expect(JSON.parse(done.out)).toMatchObject({ ok: false, error: { code: 'BUG' } });
  expect(done.err).toContain('two and two are five');
  expect(done.err).toMatch(/\n {4}at /);
});
