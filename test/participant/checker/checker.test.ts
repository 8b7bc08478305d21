/** External checkers that are right, wrong, silent, slow, crashing and flooding, as real processes. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkerLook, tryChecker } from '../../../participant/checker/look.ts';
import { differences, expected, readAnswer, requestOf } from '../../../participant/checker/protocol.ts';
import { clearChecker, readChecker, writeChecker } from '../../../participant/checker/settings.ts';
import { toHex, utf8 } from '../../../protocol/common/bytes.ts';
import { payloadFromInspectJson } from '../../../protocol/payload/inspect-json.ts';
import { type Decoded, decode, type Payload } from '../../../protocol/payload/payload.ts';
import type { Observation } from '../../../protocol/payload/risk/observed.ts';
import { must } from '../../support/must.ts';
import { PAYEE, transfer, trojan } from '../../support/treasury.ts';

const STUB = fileURLToPath(new URL('./stub.mjs', import.meta.url));
const WALLET = `0x${'42'.repeat(20)}` as const;

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'keymoot-checker-'));
});
afterAll(async () => {
  await rm(dir, { recursive: true, force: true });
});

function commandOf(mode: string, ...more: readonly string[]): readonly string[] {
  return [process.execPath, STUB, mode, ...more];
}

async function seen(
  command: readonly string[],
  payload: Payload = transfer(),
  seconds = 10,
  signal: AbortSignal = new AbortController().signal,
): Promise<readonly Observation[]> {
  const decoded = must(decode(payload));
  return (await checkerLook({ command, seconds }).look({ decoded, wallet: WALLET }, signal)).risks;
}

describe('a checker', () => {
  it('that reads the payload as we do adds nothing', async () => {
    expect(await seen(commandOf('right'))).toEqual([]);
    expect(await tryChecker({ command: commandOf('right'), seconds: 10 })).toBeUndefined();
  });

  it.each([
    ['wrong-digest', 'digest is 0xabab'],
    ['wrong-receiver', `to is 0x${'66'.repeat(20)}, here ${PAYEE}`],
    ['no-gas', 'gas is missing, here 21000'],
    ['one-more', 'operation is 1, here missing'],
    ['refuses', 'it refuses: a selector nobody knows'],
  ])('%s: it disagrees', async (mode, words) => {
    const [risk, ...more] = await seen(commandOf(mode));
    expect(risk).toMatchObject({ code: 'CHECKER_DISAGREES', path: '0' });
    expect(risk?.detail).toContain(words);
    expect(more).toEqual([]);
  });

  it.each([
    ['upper-case', 'digest must match'],
    ['other-version', 'response must be'],
    ['unknown-member', 'verdict is not a known field'],
    ['twice', 'not strict JSON'],
    ['garbage', 'not strict JSON'],
    ['not-text', 'not UTF-8'],
    ['nothing', 'not strict JSON'],
    ['crashing', 'it ended with code 3: Traceback: something broke'],
    ['killed', 'it was ended by SIGKILL'],
    ['flooding', 'it wrote more than'],
  ])('%s: that is as if it were silent', async (mode, words) => {
    const [risk] = await seen(commandOf(mode));
    expect(risk).toMatchObject({ code: 'CHECKER_SILENT', path: '0' });
    expect(risk?.detail).toContain(words);
    expect(risk?.detail).toMatch(/^[\x20-\x7e]{1,400}$/);
  });

  it('that hangs is ended at its deadline, or when nobody waits any more', async () => {
    const [late] = await seen(commandOf('hanging'), transfer(), 1);
    expect(late).toMatchObject({ code: 'CHECKER_SILENT', detail: 'external checker: no answer within 1 seconds' });
    const stop = new AbortController();
    const waiting = seen(commandOf('hanging'), transfer(), 15, stop.signal);
    stop.abort();
    expect((await waiting)[0]).toMatchObject({ code: 'CHECKER_SILENT' });
    expect((await seen(commandOf('right'), transfer(), 10, stop.signal))[0]).toMatchObject({ code: 'CHECKER_SILENT' });
  });

  it('that cannot be started is silent', async () => {
    for (const command of [[join(dir, 'nothing-here')], [dir], [STUB]]) {
      expect((await seen(command))[0]).toMatchObject({ code: 'CHECKER_SILENT' });
    }
  });

  it('leaves no process of its group behind', async () => {
    const file = join(dir, 'child.pid');
    const [risk] = await seen(commandOf('leaving-a-child', file), transfer(), 8);
    expect(risk).toMatchObject({ code: 'CHECKER_SILENT' });
    const pid = Number(await readFile(file, 'utf8'));
    const isGone = async (): Promise<boolean> => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      return stat === '' || stat.includes(') Z ');
    };
    for (let i = 0; i < 200 && !(await isGone()); i++) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await isGone()).toBe(true);
  }, 60_000);

  it('is told the payload and the address, and nothing else', async () => {
    const file = join(dir, 'told.json');
    process.env['KEYMOOT_TEST_SECRET'] = 'passphrase';
    expect(await seen(commandOf('told-everything', file))).toEqual([]);
    delete process.env['KEYMOOT_TEST_SECRET'];
    const told = JSON.parse(await readFile(file, 'utf8')) as { readonly env: object; readonly [key: string]: unknown };
    expect(told['cwd']).toBe('/');
    expect(Object.keys(told.env).sort()).toEqual(['LC_ALL', 'PATH']);
    expect(told['request']).toEqual({
      payload: { kind: 'evm-transaction', unsigned: `0x${toHex(transfer().bytes)}` },
      request: 'keymoot.check.v1',
      wallet: WALLET,
    });
  });
});

describe('the request', () => {
  const read = (json: object): Decoded => must(decode(must(payloadFromInspectJson(JSON.stringify(json)))));
  it.each<[string, Decoded]>([
    ['a transaction', must(decode(transfer()))],
    ['a Safe transaction', must(decode(trojan()))],
    ['a message', read({ kind: 'evm-message', encoding: 'text', message: 'Grüße "x"\n' })],
    ['an authorization', read({ kind: 'evm-authorization', chainId: 1, address: PAYEE, nonce: 7 })],
  ])('holds %s in a form that gives the same payload again, and never its digest', (_, decoded) => {
    const text = new TextDecoder().decode(requestOf(decoded, WALLET));
    const { payload } = JSON.parse(text) as { readonly payload: object };
    const again = must(decode(must(payloadFromInspectJson(JSON.stringify(payload)))));
    expect(toHex(again.payload.bytes)).toBe(toHex(decoded.payload.bytes));
    expect(text).not.toContain(toHex(decoded.digest));
  });

  it('is answered with what rules over the account', () => {
    const fields = Object.fromEntries(expected(must(decode(trojan()))).fields);
    expect(fields['to']).toMatch(/^0x[0-9a-f]{40}$/);
    expect(fields).toMatchObject({
      operation: '1',
      primaryType: 'SafeTx',
      value: '0',
    });
    const ours = expected(must(decode(transfer())));
    expect(differences(ours, ours)).toEqual([]);
    expect(differences({ ...ours, kind: 'evm-message' }, ours)).toEqual(['kind is evm-message, here evm-transaction']);
  });

  it('refuses an answer with text for a terminal', () => {
    const refusal = (refused: string) => readAnswer(utf8(JSON.stringify({ refused, response: 'keymoot.checked.v1' })));
    expect(refusal('no').ok).toBe(true);
    expect(refusal('\u001b[2J').ok).toBe(false);
  });
});

describe('the settings', () => {
  it('are kept as they are given, and taken away', async () => {
    const file = join(dir, 'checker.json');
    expect(await readChecker(file)).toBeUndefined();
    const settings = { command: ['/usr/bin/x', 'a b', '$(reboot)', ''], seconds: 5 };
    await writeChecker(file, settings);
    expect(await readChecker(file)).toEqual(settings);
    await clearChecker(file);
    expect(await readChecker(file)).toBeUndefined();
    await expect(writeChecker(file, { command: [], seconds: 5 })).rejects.toMatchObject({ code: 'CHECKER_SETTINGS' });
    await expect(writeChecker(file, { command: ['x'], seconds: 60 })).rejects.toMatchObject({
      code: 'CHECKER_SETTINGS',
    });
  });

  it('stop the node if they cannot be read: a checker that was set is not forgotten', async () => {
    const file = join(dir, 'broken.json');
    for (const text of ['', '{}', '{"command":"x","seconds":"5"}', '{"command":["x"],"seconds":"5","shell":true}']) {
      await writeFile(file, text);
      await expect(readChecker(file)).rejects.toMatchObject({ code: 'CHECKER_SETTINGS' });
    }
  });
});
