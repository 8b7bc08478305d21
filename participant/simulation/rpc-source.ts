/** State at the newest block of a node, as that node claims it. */
import { fromHex } from '../../protocol/common/bytes.ts';
import { type Address, ZERO_ADDRESS } from '../../protocol/payload/address.ts';
import type { BlockFacts, StateSource } from '../../protocol/simulation/source.ts';
import { isRecord, type Rpc, RpcError } from './rpc.ts';

/** Longest code an account may have, in bytes; the main network allows 24,576. */
const MAX_CODE = 128 * 1024;

/** @throws {RpcError} */
export async function openRpcSource(rpc: Rpc): Promise<StateSource> {
  const [chain, latest, blobBaseFee] = await Promise.all([
    rpc.ask('eth_chainId', []),
    rpc.ask('eth_getBlockByNumber', ['latest', false]),
    // Not every chain has blobs.
    rpc.ask('eth_blobBaseFee', []).catch(() => undefined),
  ]);
  const chainId = quantity(chain, rpc, 'a chain id');
  const block = readBlock(latest, blobBaseFee, rpc);
  const at = `0x${block.number.toString(16)}`;
  return {
    name: rpc.name,
    chainId,
    block,
    async account(address) {
      const [balance, nonce, code] = await Promise.all([
        rpc.ask('eth_getBalance', [address, at]),
        rpc.ask('eth_getTransactionCount', [address, at]),
        rpc.ask('eth_getCode', [address, at]),
      ]);
      return {
        balance: quantity(balance, rpc, 'a balance'),
        nonce: quantity(nonce, rpc, 'a nonce'),
        code: bytes(code, rpc, 'code'),
      };
    },
    async storage(address, slot) {
      const key = `0x${slot.toString(16).padStart(64, '0')}`;
      return quantity(await rpc.ask('eth_getStorageAt', [address, key, at]), rpc, 'a word of storage');
    },
  };
}

function readBlock(value: unknown, blobBaseFee: unknown, rpc: Rpc): BlockFacts {
  if (!isRecord(value)) throw new RpcError(`${rpc.name} names no newest block`);
  const { baseFeePerGas, gasLimit, hash, miner, mixHash, number, timestamp } = value;
  const coinbase = typeof miner === 'string' && /^0x[0-9a-f]{40}$/i.test(miner) ? miner.toLowerCase() : ZERO_ADDRESS;
  return {
    number: quantity(number, rpc, 'a block number'),
    hash: word(hash, rpc, 'a block hash'),
    timestamp: quantity(timestamp, rpc, 'a block time'),
    coinbase: coinbase as Address,
    gasLimit: quantity(gasLimit, rpc, 'a gas limit'),
    baseFee:
      baseFeePerGas === undefined || baseFeePerGas === null ? undefined : quantity(baseFeePerGas, rpc, 'a base fee'),
    prevRandao: mixHash === undefined || mixHash === null ? '0'.repeat(64) : word(mixHash, rpc, 'a mix hash'),
    blobBaseFee: typeof blobBaseFee === 'string' ? quantity(blobBaseFee, rpc, 'a blob base fee') : undefined,
  };
}

/** A number below 2^256. */
function quantity(value: unknown, rpc: Rpc, what: string): bigint {
  if (typeof value === 'string' && /^0x[0-9a-f]{1,64}$/i.test(value)) return BigInt(value);
  throw new RpcError(`${rpc.name} answers with no number where ${what} belongs`);
}

function word(value: unknown, rpc: Rpc, what: string): string {
  if (typeof value === 'string' && /^0x[0-9a-f]{64}$/i.test(value)) return value.slice(2).toLowerCase();
  throw new RpcError(`${rpc.name} answers without 32 bytes where ${what} belongs`);
}

function bytes(value: unknown, rpc: Rpc, what: string): Uint8Array {
  const found = typeof value === 'string' && value.startsWith('0x') ? fromHex(value.slice(2).toLowerCase()) : undefined;
  if (found !== undefined && found.length <= MAX_CODE) return found;
  throw new RpcError(`${rpc.name} answers without bytes where ${what} belongs`);
}
