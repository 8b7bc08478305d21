/** Decode by two decoders, cross-check, assess: what a participant does with every payload before anything else. */
import { serializeTransaction } from 'viem';
import { fromHex } from '../protocol/common/bytes.ts';
import { BugError } from '../protocol/common/errors.ts';
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

export const payloadBench: Bench = {
  names: ['payload/inspect'],
  async run({ record }) {
    const payload = payloadOf(TOKEN_TRANSFER);
    const samples = await timed(40, 10, () => {
      for (let i = 0; i < BATCH; i++) {
        const decoded = decode(payload);
        if (!decoded.ok) throw new BugError('BENCH_PAYLOAD', decoded.error.message);
        assess(decoded.value);
      }
    });
    record(
      measurement(
        'payload/inspect',
        { payload: 'erc20-transfer' },
        'ms',
        samples.map((total) => total / BATCH),
      ),
    );
  },
};
