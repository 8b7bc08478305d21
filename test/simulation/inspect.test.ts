/** `keymoot inspect --simulate`: on a node, on the state it leaves behind, and on files that are no state. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { parseEther } from 'viem';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inspect } from '../../auditor/commands/inspect.ts';
import { type DemoChain, startChain } from '../../coordinator/demo/chain.ts';
import { createSafe, deploySafeContracts } from '../../coordinator/demo/safe.ts';
import { safeCall, safePayload } from '../../coordinator/demo/safe-tx.ts';
import { deployTrojan, trojanSafeTx } from '../../coordinator/demo/trojan.ts';
import { inspectSimulator } from '../../participant/simulation/inspect.ts';
import { stateFromFile } from '../../participant/simulation/state-file.ts';
import { simulate } from '../../protocol/simulation/simulate.ts';
import { testOwner } from '../demo/support.ts';
import { decodedText, lower } from './support/world.ts';

const THREAD = new URL('../../dist/participant/simulation/thread.js', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'keymoot-simulate-'));
const owner = testOwner();
const file = (name: string): string => join(folder, name);
let chain: DemoChain;
let backDoor: string;

beforeAll(async () => {
  chain = await startChain();
  await deploySafeContracts(chain);
  const safe = await createSafe(chain, { owners: [owner.address], threshold: 1, balance: parseEther('3') });
  const trojan = await deployTrojan(chain);
  backDoor = trojan.backDoor;
  writeFileSync(file('attack.json'), JSON.stringify(safePayload(chain.chainId, safe, trojanSafeTx(trojan, 0n))));
  const plain = safeCall({ to: testOwner().address, value: 5n, nonce: 0n });
  writeFileSync(file('plain.json'), JSON.stringify(safePayload(chain.chainId, safe, plain)));
});

afterAll(async () => {
  await chain.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Output {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function keymoot(...args: readonly string[]): Promise<Output> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await inspect(args, {
    stdout: (line) => out.push(line),
    stderr: (line) => err.push(line),
    simulator: (order) => inspectSimulator(order, { time: 60_000, memory: 256, thread: THREAD }),
  });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

interface Printed {
  readonly risks: readonly string[];
  readonly digest: string;
  readonly decoded: unknown;
  readonly simulation: { readonly ok: boolean; readonly error?: { readonly code: string } } & Record<string, unknown>;
}

describe('on a node, then on the file it leaves behind', () => {
  test('the takeover is on the screen, and the file tells the same without a network', async () => {
    const wallet = ['--address', owner.address];
    const online = await keymoot(
      file('attack.json'),
      ...wallet,
      '--simulate',
      chain.rpc,
      '--save-state',
      file('state.json'),
    );
    expect(online.code).toBe(0);
    expect(online.out).toMatch(/^[\x20-\x7e\n]*$/);
    expect(online.out).toContain(`as claimed by ${chain.rpc}; nobody`);
    expect(online.out).toContain('changes its own code (slot 0)');
    expect(online.out).toContain(backDoor);
    expect(online.out).toContain('CRITICAL SIM_CONTROL_CHANGE');
    expect(online.out).toContain(`Cross-checked: ${chain.rpc} traces the same.`);

    const json = async (where: string): Promise<Printed> =>
      JSON.parse((await keymoot(file('attack.json'), ...wallet, '--simulate', where, '--json')).out) as Printed;
    const [live, kept] = [await json(chain.rpc), await json(file('state.json'))];
    expect(live.simulation).toMatchObject({ ok: true, outcome: { kind: 'succeeds' }, crossCheck: { kind: 'agrees' } });
    expect(kept.risks).toEqual(live.risks);
    expect(kept.simulation).toEqual({
      ...live.simulation,
      basis: { ...(live.simulation['basis'] as object), source: `${chain.rpc} (from a file)` },
      crossCheck: { kind: 'none', why: 'a state file traces nothing' },
    });
    const again = await keymoot(
      file('attack.json'),
      ...wallet,
      '--simulate',
      chain.rpc,
      '--save-state',
      file('state.json'),
    );
    expect(again.out).toContain('None (SIM_STATE_NOT_SAVED)');
  });

  test('without simulation the decode is the same to the byte', async () => {
    const bare = JSON.parse((await keymoot(file('plain.json'), '--json')).out) as Printed;
    const failed = JSON.parse(
      (await keymoot(file('plain.json'), '--json', '--simulate', 'http://127.0.0.1:1')).out,
    ) as Printed;
    expect(failed.simulation).toMatchObject({ ok: false, error: { code: 'SIM_STATE_UNAVAILABLE' } });
    expect([failed.digest, failed.decoded]).toEqual([bare.digest, bare.decoded]);
    expect(failed.risks).toEqual([...bare.risks, 'SIM_UNAVAILABLE']);
  });

  test('a file of another payload does not know enough', async () => {
    const result = await keymoot(file('plain.json'), '--simulate', file('state.json'));
    expect(result.code).toBe(0);
    expect(result.out).toContain('None (SIM_STATE_UNAVAILABLE)');
    expect(result.out).toMatch(/the state file\s+does not hold/);
  });

  test('usage', async () => {
    expect((await keymoot('--batch', file('plain.json'), '--simulate', chain.rpc)).code).toBe(2);
    expect((await keymoot(file('plain.json'), '--save-state', file('other.json'))).code).toBe(2);
    const nowhere = await keymoot(file('plain.json'), '--simulate', file('missing.json'));
    expect([nowhere.code, /neither the\s+http\s+address/.test(nowhere.out)]).toEqual([0, true]);
  });
});

describe('files that are no state', () => {
  test.each<readonly [string, (text: string) => string]>([
    ['cut short', (text) => text.slice(0, -40)],
    ['with a key twice', (text) => text.replace('"chainId"', '"chainId": "1", "chainId"')],
    ['with an unknown field', (text) => text.replace('"chainId"', '"more": "1", "chainId"')],
    ['with a number that is none', (text) => text.replace(/"timestamp": "[0-9]+"/, '"timestamp": "0x10"')],
    ['with half a word', (text) => text.replace(/"hash": "[0-9a-f]{32}/, '"hash": "')],
    ['with something behind it', (text) => `${text}{}`],
    ['of another kind', (text) => text.replace('keymoot.state.v1', 'keymoot.state.v2')],
    ['that is empty', () => ''],
  ])('a state %s', (_, change) => {
    const text = readFileSync(file('state.json'), 'utf8');
    expect(stateFromFile(text).ok).toBe(true);
    expect(stateFromFile(change(text))).toMatchObject({ ok: false });
  });

  test('any change of any place is refused, or is another state: nothing breaks', async () => {
    const text = readFileSync(file('state.json'), 'utf8');
    const decoded = decodedText(readFileSync(file('attack.json'), 'utf8'));
    const place = fc.nat({ max: text.length - 1 });
    await fc.assert(
      fc.asyncProperty(place, fc.constantFrom('0', 'f', '"', '}', ' ', '9'), async (at, character) => {
        const source = stateFromFile(`${text.slice(0, at)}${character}${text.slice(at + 1)}`);
        if (!source.ok) return;
        const result = await simulate(decoded, { wallet: lower(owner.address) }, source.value);
        if (!result.ok) expect(result.error.message).toMatch(/^[\x20-\x7e]+$/);
      }),
      { numRuns: 60 },
    );
  });
});
