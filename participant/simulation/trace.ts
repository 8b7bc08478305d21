/**
 * The same run, asked of the node itself by `debug_traceCall`. Its answer is read strictly and within limits; one that cannot
 * be read is no cross-check, and never a reason to trust less or more.
 */
import { fromHex, toHex } from '../../protocol/common/bytes.ts';
import { type Address, addressOf } from '../../protocol/payload/address.ts';
import type { Decoded } from '../../protocol/payload/payload.ts';
import { compareTraces, type TraceFacts } from '../../protocol/simulation/cross-check.ts';
import { tokenFacts } from '../../protocol/simulation/logs.ts';
import type { CrossCheck, NativeMovement, SimulationReport } from '../../protocol/simulation/report.ts';
import type { Run } from '../../protocol/simulation/run.ts';
import { planRun, type SimulationContext } from '../../protocol/simulation/simulate.ts';
import type { StateSource } from '../../protocol/simulation/source.ts';
import { isRecord, type Rpc, RpcError } from './rpc.ts';

/** A trace is larger than a word of storage, and slower. */
const TRACE_LIMITS = { timeout: 6_000, maxBytes: 8 * 1024 * 1024 };
const MAX_FRAMES = 20_000;

class Unreadable extends Error {}

export async function crossCheck(
  rpc: Rpc,
  source: StateSource,
  decoded: Decoded,
  context: SimulationContext,
  report: SimulationReport,
): Promise<CrossCheck> {
  try {
    const run = await planRun(decoded, context, source);
    if (run.authorizations.length > 0 || run.blobHashes.length > 0) {
      return { kind: 'none', why: 'transactions with authorizations or blobs are not traced' };
    }
    const facts = await traced(rpc, source, run);
    return compareTraces(report, facts, rpc.name);
  } catch (error) {
    if (error instanceof Unreadable) return { kind: 'none', why: `${rpc.name} traces in a form that is not read here` };
    if (!(error instanceof RpcError)) throw error;
    return { kind: 'none', why: error.isMissing ? `${rpc.name} offers no debug_traceCall` : error.message };
  }
}

async function traced(rpc: Rpc, { block }: StateSource, run: Run): Promise<TraceFacts> {
  const at = hex(block.number);
  const stateOverrides = overridesOf(run);
  const call = {
    from: run.caller,
    ...(run.to === undefined ? {} : { to: run.to }),
    gas: hex(run.gas),
    value: hex(run.value),
    data: `0x${toHex(run.data)}`,
    ...(run.gasPrice === 0n ? {} : { gasPrice: hex(run.gasPrice) }),
  };
  const ask = (tracer: string, tracerConfig: object): Promise<unknown> =>
    rpc.ask('debug_traceCall', [call, at, { tracer, tracerConfig, stateOverrides }], TRACE_LIMITS);
  const calls = await ask('callTracer', { withLog: true });
  const diff = await ask('prestateTracer', { diffMode: true });
  return { ...readCalls(calls), words: readDiff(diff) };
}

function overridesOf({ caller, fee, gas, gasPrice, overrides }: Run): Record<string, unknown> {
  const result: Record<string, Record<string, unknown>> = {};
  const of = (address: Address): Record<string, unknown> => {
    result[address] ??= {};
    return result[address];
  };
  for (const [address, balance] of overrides.balances) of(address)['balance'] = hex(balance);
  for (const [address, nonce] of overrides.nonces) of(address)['nonce'] = hex(nonce);
  for (const [address, code] of overrides.codes) of(address)['code'] = `0x${toHex(code)}`;
  for (const [address, words] of overrides.words) {
    of(address)['stateDiff'] = Object.fromEntries([...words].map(([slot, word]) => [word32(slot), word32(word)]));
  }
  // The node takes the fee from the caller before anything runs; ours leaves the money of a made-up caller alone.
  if (fee === undefined) of(caller)['balance'] = hex(gas * gasPrice + (overrides.balances.get(caller) ?? 0n));
  return result;
}

function readCalls(root: unknown): Omit<TraceFacts, 'words'> {
  const delegatecalls: { readonly account: Address; readonly target: Address }[] = [];
  const moved: NativeMovement[] = [];
  const created: Address[] = [];
  const logs: [Uint8Array, Uint8Array[], Uint8Array][] = [];
  const waiting: { readonly frame: unknown; readonly isUndone: boolean }[] = [{ frame: root, isUndone: false }];
  let frames = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (++frames > MAX_FRAMES) throw new Unreadable();
    const frame = record(next.frame);
    const isUndone = next.isUndone || typeof frame['error'] === 'string';
    const from = address(frame['from']);
    const to = frame['to'] === undefined ? undefined : address(frame['to']);
    const kind = frame['type'];
    const value = frame['value'] === undefined ? 0n : quantity(frame['value']);
    if (kind === 'DELEGATECALL' || kind === 'CALLCODE') {
      if (to !== undefined) delegatecalls.push({ account: from, target: to });
    } else if (to !== undefined && !isUndone) {
      if (value > 0n && from !== to) moved.push({ from, to, amount: value });
      if (kind === 'CREATE' || kind === 'CREATE2') created.push(to);
    }
    for (const log of isUndone ? [] : list(frame['logs'])) logs.push(readLog(log));
    for (const inner of list(frame['calls'])) waiting.push({ frame: inner, isUndone });
  }
  const { tokens } = tokenFacts(logs);
  return { succeeds: typeof record(root)['error'] !== 'string', delegatecalls, moved, tokens, created };
}

/** Words that only the state before names were cleared. */
function readDiff(value: unknown): TraceFacts['words'] {
  const { post, pre } = record(value);
  const words = new Map<string, { account: Address; slot: string; after: bigint }>();
  const read = (side: unknown, after: (word: unknown) => bigint): void => {
    for (const [name, account] of Object.entries(record(side))) {
      const owner = address(name);
      const { storage } = record(account);
      for (const [slot, word] of Object.entries(storage === undefined ? {} : record(storage))) {
        const key = quantity(slot).toString(16).padStart(64, '0');
        words.set(`${owner} ${key}`, { account: owner, slot: key, after: after(word) });
      }
    }
  };
  read(pre, () => 0n);
  read(post, quantity);
  return [...words.values()];
}

function readLog(value: unknown): [Uint8Array, Uint8Array[], Uint8Array] {
  const { address: emitter, data, topics } = record(value);
  return [bytes(address(emitter)), list(topics).map(bytes), data === undefined ? new Uint8Array(0) : bytes(data)];
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (isRecord(value)) return value;
  throw new Unreadable();
}

function list(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value) && value.length <= MAX_FRAMES) return value as readonly unknown[];
  throw new Unreadable();
}

function address(value: unknown): Address {
  if (typeof value === 'string' && /^0x[0-9a-f]{40}$/i.test(value)) return addressOf(bytes(value));
  throw new Unreadable();
}

function quantity(value: unknown): bigint {
  if (typeof value === 'string' && /^0x[0-9a-f]{1,64}$/i.test(value)) return BigInt(value);
  throw new Unreadable();
}

function bytes(value: unknown): Uint8Array {
  const found = typeof value === 'string' && value.startsWith('0x') ? fromHex(value.slice(2).toLowerCase()) : undefined;
  if (found !== undefined) return found;
  throw new Unreadable();
}

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}

function word32(value: bigint): string {
  return `0x${value.toString(16).padStart(64, '0')}`;
}
