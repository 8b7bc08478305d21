/** Decode by two decoders, cross-check, assess: what a participant does with every payload before anything else. */

import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { concatHex, encodeFunctionData, type Hex, numberToHex, parseAbi, serializeTransaction } from 'viem';
import { inspectBatch } from '../auditor/commands/inspect-batch.ts';
import { fromHex, toHex } from '../protocol/common/bytes.ts';
import { BugError } from '../protocol/common/errors.ts';
import { payloadFromInspectJson } from '../protocol/payload/inspect-json.ts';
import { decode, type Payload } from '../protocol/payload/payload.ts';
import { assess } from '../protocol/payload/risk/assess.ts';
import { type Bench, timed } from './bench.ts';
import { measurement } from './report.ts';

const BATCH = 200;

/** An EIP-1559 token transfer on chain 1: 1 USDC. */
export const TOKEN_TRANSFER: string = serializeTransaction({
  type: 'eip1559',
  chainId: 1,
  nonce: 7,
  to: '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48',
  data: '0xa9059cbb00000000000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c800000000000000000000000000000000000000000000000000000000000f4240',
  gas: 60_000n,
  maxFeePerGas: 20_000_000_000n,
  maxPriorityFeePerGas: 1_000_000_000n,
}).slice(2);

export function payloadOf(hex: string): Payload {
  const bytes = fromHex(hex);
  if (bytes === undefined) throw new BugError('BENCH_PAYLOAD', 'a payload of the benchmark is not hex');
  return { kind: 'evm-transaction', bytes };
}

/** Canonical MultiSend 1.4.1. */
const MULTI_SEND = '0x38869bf66a61cF6bDB996A6aE40D5853Fd43B526';
const USDC = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48';
const ABI = parseAbi([
  'function multiSend(bytes transactions)',
  'function transfer(address to, uint256 amount)',
  'function execTransaction(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, bytes signatures)',
]);

/** A call of a Safe that delegates to a batch of so many token transfers, each to another receiver. */
export function batchOf(transfers: number): Payload {
  const entries = Array.from({ length: transfers }, (_, i): Hex => {
    const to = numberToHex(BigInt(i + 1) << 80n, { size: 20 });
    const data = encodeFunctionData({ abi: ABI, functionName: 'transfer', args: [to, BigInt(i)] });
    return concatHex(['0x00', USDC, numberToHex(0, { size: 32 }), numberToHex(68, { size: 32 }), data]);
  });
  const batch = encodeFunctionData({ abi: ABI, functionName: 'multiSend', args: [concatHex(entries)] });
  const zero = numberToHex(0, { size: 20 });
  const signature: Hex = `0x${'11'.repeat(64)}1b`;
  const args = [MULTI_SEND, 0n, batch, 1, 0n, 0n, 0n, zero, zero, signature] as const;
  const data = encodeFunctionData({ abi: ABI, functionName: 'execTransaction', args });
  const fees = { gas: 30_000_000n, maxFeePerGas: 20_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n };
  return payloadOf(serializeTransaction({ type: 'eip1559', chainId: 1, nonce: 7, to: zero, data, ...fees }).slice(2));
}

function inspect(payload: Payload): void {
  const decoded = decode(payload);
  if (!decoded.ok) throw new BugError('BENCH_PAYLOAD', decoded.error.message);
  assess(decoded.value);
}

const SAFE_TX_TYPE =
  'address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce';

/** What a Safe's owner signs for a token transfer, as a line of a batch. */
function safeTxLine(nonce: number): string {
  const zero = numberToHex(0, { size: 20 });
  const data = encodeFunctionData({ abi: ABI, functionName: 'transfer', args: [numberToHex(7, { size: 20 }), 5n] });
  const fields = SAFE_TX_TYPE.split(',').map((field) => field.split(' '));
  const typedData = {
    types: { SafeTx: fields.map(([type = '', name = '']) => ({ name, type })) },
    primaryType: 'SafeTx',
    domain: { chainId: 1, verifyingContract: '0x1db92e2eebc8e0c075a02bea49a2935bcd2dfcf4' },
    message: {
      ...{ to: USDC, value: '0', data, operation: 0, safeTxGas: '0', baseGas: '0', gasPrice: '0' },
      ...{ gasToken: zero, refundReceiver: zero, nonce },
    },
  };
  return JSON.stringify({ kind: 'evm-typed-data', typedData });
}

/** What Safes see in a day: transfers by their own Safe transaction and by `execTransaction`, batches, an attack. */
function mixedLines(count: number): readonly string[] {
  const [attack = '', batch = ''] = ['bybit', 'multisend'].map((name) =>
    JSON.stringify(
      JSON.parse(readFileSync(new URL(`../../docs/examples/payloads/${name}.json`, import.meta.url), 'utf8')),
    ),
  );
  const executed = `0x${toHex(batchOf(1).bytes)}`;
  return Array.from({ length: count }, (_, i) => [safeTxLine(i), attack, safeTxLine(i), executed, batch][i % 5] ?? '');
}

function payloadOfLine(line: string): Payload {
  const payload = payloadFromInspectJson(line);
  if (!payload.ok) throw new BugError('BENCH_PAYLOAD', payload.error.message);
  return payload.value;
}

/** `inspect --batch` without the process around it: lines in, lines of JSON out, one after the other. */
async function batchRate(lines: readonly string[]): Promise<{ readonly clock: number; readonly processor: number }> {
  let bytes = 0;
  const circumstances = { wallet: '', address: undefined, initiator: '', now: 0 };
  const stdout = (line: string): void => {
    bytes += line.length;
  };
  const chunks = Readable.from([lines.map((line) => `${line}\n`).join('')]);
  const before = performance.now();
  const used = process.cpuUsage();
  const code = await inspectBatch(
    { name: '', chunks, size: undefined, progress: false },
    { policy: undefined, circumstances },
    { stdout, stderr: stdout },
  );
  if (code !== 0 || bytes === 0) throw new BugError('BENCH_PAYLOAD', 'the batch was not read');
  const { system, user } = process.cpuUsage(used);
  return {
    clock: (lines.length * 1000) / (performance.now() - before),
    processor: (lines.length * 1e6) / (user + system),
  };
}

export const payloadBench: Bench = {
  names: ['payload/inspect', 'payload/multisend', 'payload/batch'],
  async run({ record, wanted }) {
    if (wanted('payload/inspect')) {
      const payloads = { 'erc20-transfer': payloadOf(TOKEN_TRANSFER), 'safe-tx': payloadOfLine(safeTxLine(1)) };
      for (const [name, payload] of Object.entries(payloads)) {
        const samples = await timed(40, 10, () => {
          for (let i = 0; i < BATCH; i++) inspect(payload);
        });
        const each = samples.map((total) => total / BATCH);
        record(measurement('payload/inspect', { payload: name }, 'ms', each));
      }
    }
    if (wanted('payload/batch')) {
      const batches = {
        'erc20-transfer': Array.from({ length: 2000 }, () => `0x${TOKEN_TRANSFER}`),
        'safe-tx': Array.from({ length: 2000 }, (_, i) => safeTxLine(i)),
        'safe-mixed': mixedLines(2000),
      };
      for (const [name, lines] of Object.entries(batches)) {
        const samples: { readonly clock: number; readonly processor: number }[] = [];
        for (let i = 0; i < 12; i++) samples.push(await batchRate(lines));
        for (const time of ['clock', 'processor'] as const) {
          const rates = samples.slice(3).map((sample) => sample[time]);
          record(measurement('payload/batch', { payload: name, time }, '/s', rates));
        }
      }
    }
    if (wanted('payload/multisend')) {
      for (const calls of [100, 10_000]) {
        const payload = batchOf(calls);
        const samples = await timed(9, 2, () => inspect(payload));
        record(measurement('payload/multisend', { calls }, 'ms', samples));
      }
    }
  },
};
