import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { inspect } from '../../auditor/commands/inspect.ts';
import {
  calling,
  FRIEND,
  hex,
  plainTransaction,
  safeTxDocument,
  TOKEN,
  transfer,
  vectors,
} from '../payload/support/payloads.ts';

const folder = mkdtempSync(join(tmpdir(), 'keymoot-inspect-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

interface Answer {
  readonly ok: boolean;
  readonly kind?: string;
  readonly digest?: string;
  readonly risks?: readonly string[];
  readonly decoded?: { readonly calls: readonly { readonly function?: string }[] };
  readonly verdict?: {
    readonly decision: string;
    readonly rules: string[];
    readonly reasons: { readonly code: string }[];
  };
  readonly error?: { readonly code: string; readonly message: string };
}

async function run(args: readonly string[], stdin: readonly string[] = []) {
  const stdout: string[] = [];
  const stderr: string[] = [];
  async function* chunks(): AsyncGenerator<string> {
    for (const chunk of stdin) yield chunk;
  }
  const code = await inspect(args, {
    stdout: (line) => stdout.push(line),
    stderr: (line) => stderr.push(line),
    stdin: chunks(),
    now: () => 1_800_000_000,
  });
  return { code, stdout, stderr, answers: () => stdout.map((line) => JSON.parse(line) as Answer) };
}

const unsigned = hex(plainTransaction({ value: 5n }).bytes);

describe('keymoot inspect', () => {
  test.each<[string, () => readonly string[], readonly string[]]>([
    ['hex', () => [unsigned], []],
    ['a file of hex', () => [file('tx.hex', `${unsigned}\n`)], []],
    ['a JSON file', () => [file('tx.json', JSON.stringify({ kind: 'evm-transaction', unsigned }))], []],
    ['standard input in pieces', () => ['-'], [unsigned.slice(0, 11), unsigned.slice(11)]],
  ])('reads %s', async (_, args, stdin) => {
    const { code, answers } = await run([...args(), '--json'], stdin);
    const [answer] = answers();
    expect(code).toBe(0);
    expect(answer).toMatchObject({ ok: true, kind: 'evm-transaction', risks: [] });
    expect(answer?.digest).toMatch(/^0x[0-9a-f]{64}$/);
    expect(answer?.verdict).toBeUndefined();
  });

  test('writes ASCII only, whatever a message holds', async () => {
    const message = 'pay \u202egnp.exe \u009b2J \u007f \u{1f600} \u0430';
    const text = JSON.stringify({ kind: 'evm-message', encoding: 'text', message });
    const path = file('unicode.json', text);
    for (const args of [
      [path, '--json'],
      ['--batch', path],
    ]) {
      const { stdout } = await run(args);
      expect(stdout.join('')).toMatch(/^[\x20-\x7e]+$/);
      expect(JSON.stringify(JSON.parse(stdout[0] ?? ''))).toContain(message);
    }
  });

  test('says it in words without --json', async () => {
    const { code, stdout } = await run([unsigned]);
    expect(code).toBe(0);
    expect(stdout.join('\n')).toContain('sends 0.000000000000000005 ETH (5 wei) to');
  });

  test('a SafeTx document of the Bybit shape', async () => {
    const { modeA } = vectors<{ readonly modeA: { readonly typedData: unknown; readonly digest: string } }>(
      'bybit-shapes.json',
    );
    const path = file('safe.json', JSON.stringify({ kind: 'evm-typed-data', typedData: modeA.typedData }));
    const [answer] = (await run([path, '--json'])).answers();
    expect(answer).toMatchObject({ ok: true, kind: 'evm-typed-data', digest: modeA.digest });
    expect(answer?.risks).toEqual(['DELEGATECALL', 'DELEGATECALL_UNTRUSTED', 'SELECTOR_CONTEXT_MISMATCH']);
    expect(answer?.decoded?.calls[0]?.function).toBe('transfer(address,uint256)');
  });

  test('reads a message, an authorization and a hash with its preimage', async () => {
    const read = async (value: object): Promise<Answer | undefined> =>
      (await run([file('kind.json', JSON.stringify(value)), '--json'])).answers()[0];
    const message = { kind: 'evm-message', encoding: 'text', message: 'hello' };
    expect(await read(message)).toMatchObject({
      ok: true,
      kind: 'evm-message',
      digest: '0x50b2c43fd39106bafbba0da34fc430e1f91e3c96ea2acee2bc34119f92b37750',
      decoded: { message: { encoding: 'text', message: 'hello' } },
    });
    const authorization = { chainId: '8545', address: `0x${'de'.repeat(20)}`, nonce: '1' };
    const delegated = await read({ kind: 'evm-authorization', ...authorization });
    expect(delegated).toMatchObject({ ok: true, decoded: { authorization, calls: [{ operation: 'authorize' }] } });
    expect(delegated?.risks).toContain('EIP7702_AUTH');
    const { modeA } = vectors<{ modeA: { typedData: object; digest: string } }>('bybit-shapes.json');
    const hash = { kind: 'evm-message', encoding: 'hex', message: modeA.digest };
    const opened = await read({ ...hash, preimages: [modeA.typedData] });
    expect(opened).toMatchObject({
      ok: true,
      decoded: { calls: [{ path: '0' }, { path: '0.0', operation: 'delegatecall' }] },
    });
    expect(opened?.risks).toEqual(expect.arrayContaining(['RAW_MESSAGE', 'DELEGATECALL_UNTRUSTED']));
  });

  test.each<[string, readonly string[], string]>([
    ['a bare hash', [`0x${'5a'.repeat(32)}`], 'BARE_DIGEST'],
    ['trailing bytes', [`${unsigned}00`], 'RLP_MALFORMED'],
    ['a file that is not there', [join(folder, 'nothing')], 'FILE_UNREADABLE'],
    ['a folder', [folder], 'FILE_UNREADABLE'],
    [
      'a message that is a hash',
      [file('message.json', `{"kind":"evm-message","encoding":"hex","message":"0x${'5a'.repeat(32)}"}`)],
      'OPAQUE_MESSAGE',
    ],
    ['a kind that does not exist', [file('no-kind.json', '{"kind":"evm-hash","hash":"0x5a"}')], 'UNSUPPORTED_KIND'],
    ['a file that is not UTF-8', [file('latin', Uint8Array.of(0x7b, 0xe9, 0x7d))], 'TEXT_NOT_UTF8'],
    ['a huge file', [file('huge', ' '.repeat(10_000_000))], 'FILE_TOO_LARGE'],
  ])('refuses %s with exit code 1', async (_, args, code) => {
    const { code: exit, answers, stderr } = await run([...args, '--json']);
    expect(exit).toBe(1);
    expect(answers()).toMatchObject([{ ok: false, error: { code } }]);
    expect(stderr).toEqual([]);
    const words = await run(args);
    expect(words).toMatchObject({ code: 1, stdout: [] });
    expect(words.stderr.join('\n')).toContain(`REFUSED ${code}`);
  });

  test.each<[string, readonly string[]]>([
    ['nothing', []],
    ['two payloads', [unsigned, unsigned]],
    ['an unknown option', [unsigned, '--sign']],
    ['an option without value', [unsigned, '--policy']],
    ['a payload beside a batch', [unsigned, '--batch', 'x']],
    ['a time that is none', [unsigned, '--at', 'tomorrow']],
    ['an address that is none', [unsigned, '--address', '0x12']],
  ])('usage: %s', async (_, args) => {
    const { code, stdout, stderr } = await run(args);
    expect([code, stdout]).toEqual([2, []]);
    expect(stderr.join('\n')).toContain('Usage:');
  });

  test('--help', async () => {
    expect(await run(['--help'])).toMatchObject({ code: 0, stderr: [] });
  });
});

describe('keymoot inspect --batch', () => {
  const lines = [
    unsigned,
    'garbage',
    '',
    JSON.stringify({ kind: 'evm-typed-data', typedData: safeTxDocument() }),
    `"${'x'.repeat(10_000_000)}"`,
    JSON.stringify({ kind: 'evm-transaction', unsigned }),
  ];
  const expected = [true, 'INSPECT_JSON', 'PAYLOAD_EMPTY', true, 'PAYLOAD_TOO_LARGE', true];
  const summary = (answers: readonly Answer[]) => answers.map((answer) => answer.ok || answer.error?.code);

  test('one line out for each line in, in order', async () => {
    const { code, answers } = await run(['--batch', file('batch.jsonl', `${lines.join('\n')}\n`)]);
    expect(code).toBe(0);
    expect(summary(answers())).toEqual(expected);
  });

  test('whatever the line ends and the pieces of the stream', async () => {
    const text = lines.join('\r\n');
    const pieces = Array.from({ length: Math.ceil(text.length / 7001) }, (_, i) =>
      text.slice(i * 7001, (i + 1) * 7001),
    );
    expect(summary((await run(['--batch', '-'], pieces)).answers())).toEqual(expected);
  });

  test('a file that is not there', async () => {
    expect(await run(['--batch', join(folder, 'nothing')])).toMatchObject({ code: 1, stdout: [] });
  });
});

describe('keymoot inspect --policy', () => {
  const policy = {
    schema: 'keymoot/policy/1',
    id: 'test',
    version: 1,
    wallets: { treasury: { chainIds: [1] } },
    addressLists: { friends: [{ chainId: 1, address: FRIEND, label: 'friend' }] },
    assets: {
      ETH: { chainId: 1, address: 'native', decimals: 18 },
      TKN: { chainId: 1, address: TOKEN, decimals: 6 },
    },
    rules: [
      {
        id: 'small-ether',
        effect: 'allow',
        match: {
          to: ['@friends'],
          assets: ['ETH'],
          amount: { max: '1000' },
          selectors: ['none'],
          fee: { totalMax: '1000000000000000000' },
        },
      },
      {
        id: 'tokens',
        effect: 'require',
        match: {
          chainIds: [1],
          to: [TOKEN],
          counterparties: ['@friends'],
          assets: ['TKN'],
          selectors: ['0xa9059cbb'],
          fee: { totalMax: '1000000000000000000' },
        },
      },
    ],
  };

  test('the verdict comes along, and a denial is an answer and not a failure', async () => {
    const path = file('policy.json', JSON.stringify(policy));
    const lines = [
      unsigned,
      hex(calling(TOKEN, transfer()).bytes),
      hex(plainTransaction({ value: 10n ** 18n }).bytes),
      hex(calling(TOKEN, '0xdeadbeef').bytes),
    ];
    const { code, answers } = await run(['--batch', '-', '--policy', path], [lines.join('\n')]);
    expect(code).toBe(0);
    expect(answers().map(({ verdict }) => [verdict?.decision, verdict?.rules])).toEqual([
      ['allow', ['small-ether']],
      ['require', ['tokens']],
      ['deny', []],
      ['deny', []],
    ]);
    expect(answers()[3]?.verdict?.reasons.map((reason) => reason.code)).toContain('UNDECODED');
    const words = await run([unsigned, '--policy', path]);
    expect(words.stdout.join('\n')).toContain('Policy: ALLOW');
  });

  test('limits and whom it takes come along; what was used before is not known here, and that is said', async () => {
    const { rules, ...rest } = policy;
    const approvers = { ann: { person: 'Ann', device: 'phone', key: `ed25519:${'1'.repeat(64)}` } };
    const more = {
      approvers,
      groups: { people: ['ann'] },
      limits: [{ id: 'day', measure: 'count', windowSec: 86_400, max: '5' }],
      rules: rules.map((rule) => ({
        ...rule,
        effect: 'require',
        require: { groups: [{ group: 'people', quorum: 1 }] },
      })),
    };
    const path = file('people.json', JSON.stringify({ ...rest, ...more }));
    const { stdout } = await run([unsigned, '--policy', path]);
    const text = stdout.join('\n');
    expect(text).toContain(
      'Policy: REQUIRE, before a participant consents, 1 of group people and the key holder must approve',
    );
    expect(text).toContain('limit "day"');
    expect(text).toContain('what was used before is not counted here');
    const [answer] = (await run([unsigned, '--policy', path, '--json'])).answers();
    expect(answer?.verdict).toMatchObject({
      decision: 'require',
      obligations: { holder: true, groups: [{ group: 'people', quorum: '1' }] },
      limits: [{ limit: 'day', charge: '1', max: '5', exceeded: false }],
    });
  });

  test('an invalid policy is a failure that names the field', async () => {
    const path = file('broken.json', JSON.stringify({ ...policy, color: 'red' }));
    const { code, answers } = await run([unsigned, '--policy', path, '--json']);
    expect(code).toBe(1);
    expect(answers()).toMatchObject([{ ok: false, error: { code: 'POLICY_INVALID' } }]);
    expect(answers()[0]?.error?.message).toContain('color');
  });

  test('a policy of several wallets needs to know which', async () => {
    const path = file('two.json', JSON.stringify({ ...policy, wallets: { treasury: {}, payroll: {} } }));
    expect((await run([unsigned, '--policy', path])).code).toBe(2);
    expect((await run([unsigned, '--policy', path, '--wallet', 'payroll'])).code).toBe(0);
    const [unknown] = (await run([unsigned, '--policy', path, '--wallet', 'other', '--json'])).answers();
    expect(unknown?.verdict?.reasons.map((reason) => reason.code)).toContain('UNKNOWN_WALLET');
  });
});
