/** Puts a signed transaction on chain. Anybody could: the signature is public once it exists. */
import { createPublicClient, type Hex, http } from 'viem';
import { TransportError } from '../../protocol/common/errors.ts';

/** @returns the transaction's hash, after the chain has taken it into its pool */
export async function broadcastTransaction(rpc: string, rawTransaction: Hex): Promise<Hex> {
  const client = createPublicClient({ transport: http(rpc, { retryCount: 2, timeout: 20_000 }) });
  try {
    return await client.sendRawTransaction({ serializedTransaction: rawTransaction });
  } catch (error) {
    const reason = error instanceof Error && 'shortMessage' in error ? String(error.shortMessage) : 'no answer';
    throw new TransportError('BROADCAST_FAILED', `the chain did not take the transaction: ${reason}`, { cause: error });
  }
}
