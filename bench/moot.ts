/** A moot in processes of its own: three nodes and a coordinator, real libp2p on loopback, every record on disk. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serializeTransaction } from 'viem';
import { gatherMembers, makeWallet } from '../coordinator/demo/act-setup.ts';
import { WALLET } from '../coordinator/demo/names.ts';
import { Narrator } from '../coordinator/demo/narrator.ts';
import { commonPolicy } from '../coordinator/demo/policies.ts';
import { Processes } from '../coordinator/demo/processes.ts';
import { ask, eventually, type Stage, setStage, writeJson } from '../coordinator/demo/stage.ts';
import type { JsonValue } from '../proto/control/message.ts';
import { Terminal } from '../proto/control/terminal.ts';

const PAYEE = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8';
const CHAIN_ID = 31_337;

/** Of every moot here. */
export const SIZE = { t: 2, n: 3 };

export interface Moot {
  readonly stage: Stage;
  /** Milliseconds from the proposal of the key until everybody held a share, and until everybody could sign. */
  readonly keygen: number;
  readonly ready: number;
}

/** Runs `action` with a moot that has a wallet and a policy that lets the bench's payments pass unattended. */
export async function withMoot(action: (moot: Moot) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'keymoot-bench-'));
  const processes = new Processes();
  try {
    const stage = await setStage(dir, false, processes, new Narrator(new Terminal({ json: true })));
    await gatherMembers(stage);
    const before = performance.now();
    await makeWallet(stage);
    const keygen = performance.now() - before;
    await readyToSign(stage);
    const ready = performance.now() - before;
    const policy = await writeJson(stage, 'policies', 'bench', commonPolicy(1, { chainId: CHAIN_ID, payee: PAYEE }));
    const text = await readFile(policy, 'utf8');
    for (const holder of stage.holders) await ask(holder, 'policy-set', { scope: 'common', text });
    await Promise.race([action({ stage, keygen, ready }), processes.broken]);
  } finally {
    await processes.stopAll();
    await rm(dir, { recursive: true, force: true });
  }
}

async function readyToSign(stage: Stage): Promise<void> {
  await eventually('every pair setup', async () => {
    const states = await Promise.all(stage.holders.map((holder) => ask(holder, 'status')));
    const pairs = states.flatMap((state) => listAt(listAt(state, 'wallets')[0] ?? null, 'pairs'));
    return pairs.length === 6 && pairs.every((pair) => at(pair, ['state']) === 'ready') ? true : undefined;
  });
}

/** What the coordinator is asked for one payment; each nonce once. */
export function payment(nonce: number): { readonly [key: string]: JsonValue } {
  const bytes = serializeTransaction({
    type: 'eip1559',
    chainId: CHAIN_ID,
    nonce,
    to: PAYEE,
    value: 1n,
    gas: 21_000n,
    maxFeePerGas: 2_000_000_000n,
    maxPriorityFeePerGas: 1n,
  }).slice(2);
  return { wallet: WALLET, kind: 'evm-transaction', bytes, note: '' };
}

/** Until nobody is busy with the archive of the ceremony before: latency is that of nodes that wait for work. */
export async function quiet(stage: Stage): Promise<void> {
  for (let calm = 0; calm < 3; ) {
    const asked = performance.now();
    await Promise.all([...stage.holders, stage.operator].map((member) => ask(member, 'status')));
    calm = performance.now() - asked < 15 ? calm + 1 : 0;
  }
}

export function at(value: JsonValue, path: readonly string[]): JsonValue | undefined {
  let found: JsonValue | undefined = value;
  for (const name of path) {
    if (typeof found !== 'object' || found === null || Array.isArray(found)) return undefined;
    found = (found as { readonly [key: string]: JsonValue })[name];
  }
  return found;
}

export function numberAt(value: JsonValue, path: readonly string[]): number {
  const found = at(value, path);
  return typeof found === 'number' ? found : Number.NaN;
}

export function listAt(value: JsonValue, name: string): readonly JsonValue[] {
  const found = at(value, [name]);
  return Array.isArray(found) ? (found as readonly JsonValue[]) : [];
}
