/**
 * Nodes that lie, hang, flood or die. In every case the simulation ends, the decode stands as it was, and what comes out can
 * only add to the risks.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEther } from 'viem';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type DemoChain, startChain } from '../../coordinator/demo/chain.ts';
import { createSafe, deploySafeContracts } from '../../coordinator/demo/safe.ts';
import { safeCall } from '../../coordinator/demo/safe-tx.ts';
import { deployTrojan, trojanSafeTx } from '../../coordinator/demo/trojan.ts';
import { observeSimulation, simulationLook } from '../../participant/simulation/observe.ts';
import { Rpc, RpcError } from '../../participant/simulation/rpc.ts';
import { openRpcSource } from '../../participant/simulation/rpc-source.ts';
import { simulationOrigins } from '../../participant/simulation/settings.ts';
import { runSimulation, type SimulationBounds } from '../../participant/simulation/simulator.ts';
import type { SimulationResult } from '../../participant/simulation/thread-messages.ts';
import { crossCheck } from '../../participant/simulation/trace.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { leafTreeDigest } from '../../protocol/payload/leaf-tree.ts';
import { type Decoded, isIntact } from '../../protocol/payload/payload.ts';
import { assess } from '../../protocol/payload/risk/assess.ts';
import { simulationRisks } from '../../protocol/simulation/risks.ts';
import { simulate } from '../../protocol/simulation/simulate.ts';
import { testOwner } from '../demo/support.ts';
import { type HostileNode, hostileNode, type Mischief } from './support/hostile-node.ts';
import { CODES, decodedSafeTx, decodedTransaction, lower } from './support/world.ts';

/** The compiled thread: Node itself does not read TypeScript. */
const THREAD = new URL('../../dist/participant/simulation/thread.js', import.meta.url);
const BOUNDS: SimulationBounds = { time: 60_000, memory: 256, thread: THREAD };
/** As many bytes as a flood sends before it gives up; far more than any limit. */
const FLOOD = 256 * 1024 * 1024;

const owner = testOwner();
const wallet = lower(owner.address);
let chain: DemoChain;
let honest: Decoded;
let attack: Decoded;
let backDoor: string;
let safe: `0x${string}`;
const nodes: HostileNode[] = [];

beforeAll(async () => {
  chain = await startChain();
  await deploySafeContracts(chain);
  safe = await createSafe(chain, { owners: [owner.address], threshold: 1, balance: parseEther('3') });
  const trojan = await deployTrojan(chain);
  backDoor = trojan.backDoor;
  attack = decodedSafeTx(chain, safe, trojanSafeTx(trojan, 0n));
  honest = decodedSafeTx(chain, safe, safeCall({ to: testOwner().address, value: 5n, nonce: 0n }));
});

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()));
});

afterAll(async () => {
  await chain.stop();
});

async function node(mischief: Mischief): Promise<HostileNode> {
  const made = await hostileNode(chain.rpc, mischief);
  nodes.push(made);
  return made;
}

async function run(decoded: Decoded, address: string, bounds = BOUNDS): Promise<SimulationResult> {
  const before = { digest: decoded.digest.slice(), tree: leafTreeDigest(decoded), risks: assess(decoded).risks };
  const origin = { kind: 'rpc', address } as const;
  const result = await runSimulation({ payload: decoded.payload, wallet, origin, keepState: false }, bounds);
  // Whatever has happened: the same payload, the same decode, the same risks of its own.
  expect(isIntact(decoded)).toBe(true);
  expect({ digest: decoded.digest, tree: leafTreeDigest(decoded), risks: assess(decoded).risks }).toEqual(before);
  return result;
}

/** The same without the thread, where it is the answers that matter. */
async function inProcess(decoded: Decoded, address: string): Promise<SimulationResult> {
  try {
    const rpc = new Rpc(address);
    const source = await openRpcSource(rpc);
    const result = await simulate(decoded, { wallet }, source);
    if (!result.ok) return result;
    const check = await crossCheck(rpc, source, decoded, { wallet }, result.value);
    return { ok: true, value: { report: { ...result.value, crossCheck: check }, state: undefined } };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    return { ok: false, error: { code: 'SIM_STATE_UNAVAILABLE', message: error.message } };
  }
}

async function risksOf(decoded: Decoded, address: string): Promise<readonly string[]> {
  const result = await inProcess(decoded, address);
  if (!result.ok) return [result.error.code];
  return simulationRisks(result.value.report, decoded, wallet).map(({ code }) => code);
}

test('a node that tells the truth: the whole way through the thread', async () => {
  const made = await node(() => undefined);
  const result = await run(attack, made.address);
  expect(result).toMatchObject({ ok: true, value: { report: { crossCheck: { kind: 'agrees', by: made.address } } } });
  expect(made.asked.filter((method) => method === 'debug_traceCall')).toHaveLength(2);
  const observed = await observeSimulation(attack, wallet, [{ kind: 'rpc', address: made.address }], BOUNDS);
  expect(observed.risks.map(({ code }) => code)).toEqual(['SIM_CONTROL_CHANGE', 'SIM_FOREIGN_DELEGATECALL']);
  expect(observed.lines.join('\n')).toContain(backDoor);
});

describe('silence and floods', () => {
  test('a node that never answers', async () => {
    const made = await node(() => ({ write: () => undefined }));
    const bounded = await run(honest, made.address);
    expect(bounded).toMatchObject({ ok: false, error: { code: 'SIM_STATE_UNAVAILABLE' } });
    const ended = await run(honest, made.address, { ...BOUNDS, time: 1_500 });
    expect(ended).toMatchObject({ ok: false, error: { code: 'SIM_TIMEOUT' } });
    const observed = await observeSimulation(honest, wallet, [{ kind: 'rpc', address: made.address }], {
      ...BOUNDS,
      time: 900,
    });
    expect(observed.risks.map(({ code }) => code)).toEqual(['SIM_CUT_SHORT']);
  });

  test('a node that answers letter by letter', async () => {
    const made = await node(() => ({
      write: (response) => {
        const timer = setInterval(() => response.write(' '), 50);
        response.on('close', () => clearInterval(timer));
      },
    }));
    expect(await run(honest, made.address)).toMatchObject({ ok: false, error: { code: 'SIM_STATE_UNAVAILABLE' } });
  });

  test('a node that answers without end is cut off after the first part', async () => {
    let sent = 0;
    const block = Buffer.alloc(64 * 1024, 0x20);
    const made = await node(({ method }) =>
      method === 'eth_getCode'
        ? {
            write: (response) => {
              const more = (): void => {
                while (sent < FLOOD && !response.destroyed) {
                  sent += block.length;
                  if (!response.write(block)) {
                    response.once('drain', more);
                    return;
                  }
                }
              };
              more();
            },
          }
        : undefined,
    );
    const result = await run(honest, made.address);
    expect(result).toMatchObject({ ok: false, error: { code: 'SIM_STATE_UNAVAILABLE' } });
    if (!result.ok) expect(result.error.message).toContain('without end');
    expect(sent).toBeLessThan(FLOOD / 4);
  });

  test('a node that dies midway', async () => {
    let left = 12;
    const made = await node(() => (--left > 0 ? undefined : { write: (response) => void response.destroy() }));
    expect(await run(honest, made.address)).toMatchObject({ ok: false, error: { code: 'SIM_STATE_UNAVAILABLE' } });
  });

  test('no node at all, and addresses that are none', async () => {
    for (const address of [
      'http://127.0.0.1:1',
      'ftp://127.0.0.1/',
      'file:///etc/passwd',
      'nonsense',
      'http://a:b@c/',
    ]) {
      expect(await inProcess(honest, address)).toMatchObject({ ok: false, error: { code: 'SIM_STATE_UNAVAILABLE' } });
    }
  });

  test('a node that sends us elsewhere is not followed', async () => {
    const target = await node(() => undefined);
    const made = await node(() => ({
      write: (response) => response.writeHead(307, { location: target.address }).end(),
    }));
    expect(await inProcess(honest, made.address)).toMatchObject({
      ok: false,
      error: { code: 'SIM_STATE_UNAVAILABLE' },
    });
    expect(target.asked).toEqual([]);
  });
});

describe('answers that are none', () => {
  test.each<readonly [string, (result: unknown) => unknown]>([
    ['a number too large', () => `0x${'f'.repeat(67)}`],
    ['no number', () => 'many'],
    ['nothing', () => null],
    ['a list', () => [1, 2, 3]],
    ['an escape sequence', () => '\u001b[2J\u202e'],
  ])('%s', async (_, change) => {
    for (const method of ['eth_chainId', 'eth_getBlockByNumber', 'eth_getBalance', 'eth_getCode', 'eth_getStorageAt']) {
      const made = await node((question) => (question.method === method ? change : undefined));
      const result = await inProcess(honest, made.address);
      expect(result).toMatchObject({ ok: false, error: { code: 'SIM_STATE_UNAVAILABLE' } });
      if (!result.ok) expect(result.error.message).toMatch(/^[\x20-\x7e]+$/);
    }
  });

  test('an error in words that are not fit for a screen', async () => {
    const error = { code: -32000, message: '\u001b[31mno\u202e' };
    const made = await node(() => ({
      write: (response) => void response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, error })),
    }));
    const result = await inProcess(honest, made.address);
    expect(result).toMatchObject({ ok: false, error: { code: 'SIM_STATE_UNAVAILABLE' } });
    if (!result.ok) expect(result.error.message).toMatch(/^[\x20-\x7e]+$/);
  });

  test('the state of another chain', async () => {
    const made = await node(({ method }) => (method === 'eth_chainId' ? () => '0x1' : undefined));
    expect(await inProcess(honest, made.address)).toMatchObject({ ok: false, error: { code: 'SIM_WRONG_CHAIN' } });
  });
});

describe('lies', () => {
  test('about the Safe: other risks appear, none of the payload itself goes away', async () => {
    const made = await node(({ method, params }) =>
      method === 'eth_getStorageAt' && params[0] === lower(safe) ? () => `0x${'00'.repeat(32)}` : undefined,
    );
    const result = await inProcess(attack, made.address);
    expect(result).toMatchObject({ ok: true, value: { report: { outcome: { kind: 'impossible' } } } });
    expect(await risksOf(attack, made.address)).toContain('SIM_REVERTS');
    expect(assess(attack).risks.map(({ code }) => code)).toContain('DELEGATECALL_UNTRUSTED');
  });

  test('code of the trojan that looks harmless: its own trace gives it away', async () => {
    const made = await node(({ method, params }) =>
      method === 'eth_getCode' && params[0] !== lower(safe) && attack.safeTx?.to === params[0]
        ? () => '0x00'
        : undefined,
    );
    expect(await risksOf(attack, made.address)).toContain('SIM_DISAGREES');
    expect(await risksOf(attack, made.address)).toContain('SIM_FOREIGN_DELEGATECALL');
  });

  test.each<readonly [string, string, (result: unknown) => unknown]>([
    ['leaves out the delegatecall', 'callTracer', (frame) => ({ ...(frame as object), calls: [] })],
    ['claims a failure', 'callTracer', (frame) => ({ ...(frame as object), error: 'execution reverted' })],
    ['leaves out the word', 'prestateTracer', () => ({ pre: {}, post: {} })],
  ])('a trace that %s disagrees', async (_, tracer, change) => {
    const made = await node(({ method, params }) =>
      method === 'debug_traceCall' && (params[2] as { tracer?: string }).tracer === tracer ? change : undefined,
    );
    expect(await risksOf(attack, made.address)).toContain('SIM_DISAGREES');
  });

  test('a trace that cannot be read, or is not offered, is no cross-check and no risk', async () => {
    const unreadable = await node(({ method }) => (method === 'debug_traceCall' ? () => ({ calls: 7 }) : undefined));
    const first = await inProcess(honest, unreadable.address);
    expect(first).toMatchObject({ ok: true, value: { report: { crossCheck: { kind: 'none' } } } });
    const error = { code: -32601, message: 'the method debug_traceCall does not exist' };
    const missing = await node(({ method }) => {
      if (method !== 'debug_traceCall') return undefined;
      return {
        write: (response) => {
          const id = missing.asked.length;
          response.end(JSON.stringify({ jsonrpc: '2.0', id, error }));
        },
      };
    });
    const second = await inProcess(honest, missing.address);
    expect(second).toMatchObject({
      ok: true,
      value: { report: { crossCheck: { kind: 'none', why: `${missing.address} offers no debug_traceCall` } } },
    });
  });
});

test('a node that is silent about its trace only: the simulation stands, the cross-check does not', async () => {
  const made = await node(({ method }) => (method === 'debug_traceCall' ? { write: () => undefined } : undefined));
  const origin = { kind: 'rpc', address: made.address } as const;
  // Long enough for the thread to begin, however slow the machine; the trace never comes.
  const wait = new AbortController();
  const asked = setInterval(() => {
    if (made.asked.includes('debug_traceCall')) wait.abort();
  }, 20);
  const data = { payload: attack.payload, wallet, origin, keepState: false };
  const result = await runSimulation(data, BOUNDS, wait.signal);
  clearInterval(asked);
  const crossCheck = { kind: 'none', why: 'it did not end in time' };
  expect(result).toMatchObject({ ok: true, value: { report: { outcome: { kind: 'succeeds' }, crossCheck } } });
});

describe('a look of the node', () => {
  test('asks the node of the chain, whatever order they stand in', async () => {
    const other = await node(({ method }) => (method === 'eth_chainId' ? () => '0x1' : undefined));
    const origins = [other.address, chain.rpc].map((address) => ({ kind: 'rpc', address }) as const);
    const sight = await simulationLook(origins, BOUNDS).look({ decoded: attack, wallet }, new AbortController().signal);
    expect(sight.risks.map(({ code }) => code)).toEqual(['SIM_CONTROL_CHANGE', 'SIM_FOREIGN_DELEGATECALL']);
    const only = await simulationLook(origins.slice(0, 1), BOUNDS).look(
      { decoded: attack, wallet },
      new AbortController().signal,
    );
    expect(only.risks.map(({ code }) => code)).toEqual(['SIM_UNAVAILABLE']);
  });

  test('knows what the accounts have that it moves money of', async () => {
    const origin = { kind: 'rpc', address: chain.rpc } as const;
    const sight = await simulationLook([origin], BOUNDS).look(
      { decoded: honest, wallet },
      new AbortController().signal,
    );
    expect(sight.risks).toEqual([]);
    expect(sight.balances?.of(lower(safe), 'native')).toBe(parseEther('3'));
    expect(sight.balances?.of(wallet, 'native')).toBeUndefined();
  });

  test('is called off at once', async () => {
    const silent = await node(() => ({ write: () => undefined }));
    const stop = new AbortController();
    stop.abort();
    const origin = { kind: 'rpc', address: silent.address } as const;
    const sight = await simulationLook([origin], BOUNDS).look({ decoded: honest, wallet }, stop.signal);
    expect(sight.risks.map(({ code }) => code)).toEqual(['SIM_CUT_SHORT']);
  });

  test('its nodes stand in the home or on the command line, and must be nodes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keymoot-nodes-'));
    const file = join(folder, 'simulation.json');
    try {
      expect(await simulationOrigins(file, [])).toEqual([]);
      writeFileSync(file, '{"nodes":["https://a.example/key","http://127.0.0.1:8545"]}');
      expect(await simulationOrigins(file, [])).toEqual([
        { kind: 'rpc', address: 'https://a.example/key' },
        { kind: 'rpc', address: 'http://127.0.0.1:8545' },
      ]);
      expect(await simulationOrigins(file, ['http://b.example/'])).toEqual([
        { kind: 'rpc', address: 'http://b.example/' },
      ]);
      await expect(simulationOrigins(file, ['ftp://b.example/'])).rejects.toThrow(InvalidArgument);
      for (const text of ['{"nodes":["ws://a.example"]}', '{"nodes":[],"nodes":[]}', '{"node":[]}', '[]', '']) {
        writeFileSync(file, text);
        await expect(simulationOrigins(file, [])).rejects.toThrow(InvalidArgument);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('names a node by its host, never by the key behind it', () => {
    expect(new Rpc('https://node.example/v3/secret-key?token=also').name).toBe('https://node.example');
  });
});

describe('payloads that wear out the simulation', () => {
  test('an endless loop with all the gas there is ends by its clock, the process lives', async () => {
    const loop = await chain.deploy(CODES.LOOP);
    await chain.fund(owner.address, parseEther('5'));
    const { decoded } = await decodedTransaction(chain, owner, { to: loop, gas: 16_000_000n });
    const result = await run(decoded, chain.rpc, { ...BOUNDS, time: 1_200 });
    // A fast machine may come to the end of the gas first.
    if (result.ok) expect(result.value.report.outcome).toMatchObject({ kind: 'reverts', reason: 'out of gas' });
    else expect(result.error.code).toBe('SIM_TIMEOUT');
  });

  test('more memory than it may have ends the thread only', async () => {
    const result = await run(honest, chain.rpc, { ...BOUNDS, memory: 6 });
    expect(result).toMatchObject({ ok: false, error: { code: 'SIM_MEMORY' } });
  });
});
