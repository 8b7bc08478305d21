/** Transactions of the wallet: made as any wallet software would, signed by the parties, sent by the operator. */

import { type Address, formatEther, type Hex, serializeTransaction, type TransactionReceipt } from 'viem';
import { field, type memberOf } from '../../proto/control/answer.ts';
import type { Chain } from './chain.ts';
import { demand } from './narrator.ts';
import type { DemoWallet, Theatre } from './stage.ts';

export interface TransactionPayload {
  readonly kind: 'evm-transaction';
  /** Unsigned EIP-1559 bytes. */
  readonly unsigned: Hex;
}

export interface WalletCall {
  readonly to: Address;
  /** Wei. */
  readonly value: bigint;
  readonly data?: Hex;
}

/** An unsigned EIP-1559 transaction with the wallet's next nonce and a gas limit with some room. */
export async function walletTransaction(
  chain: Chain,
  wallet: Pick<DemoWallet, 'address'>,
  call: WalletCall,
): Promise<TransactionPayload> {
  const [nonce, fees, gas] = await Promise.all([
    chain.nonce(wallet.address),
    chain.fees(),
    chain.estimateGas(wallet.address, call),
  ]);
  const unsigned = serializeTransaction({
    type: 'eip1559',
    chainId: chain.chainId,
    nonce,
    to: call.to,
    value: call.value,
    gas: call.data === undefined ? gas : (gas * 13n) / 10n,
    maxFeePerGas: fees.maxFeePerGas,
    maxPriorityFeePerGas: fees.maxPriorityFeePerGas,
    ...(call.data === undefined ? {} : { data: call.data }),
  });
  return { kind: 'evm-transaction', unsigned };
}

/** `coordinator broadcast`: puts what a ceremony signed on chain; it must be mined and succeed. */
export async function broadcast(
  stage: Theatre,
  chain: Chain,
  ceremony: Parameters<typeof memberOf>[0],
): Promise<TransactionReceipt> {
  const { operator, processes } = stage;
  const name = field(ceremony, 'ceremony');
  const sent = await processes.json([
    ...['coordinator', 'broadcast', name, '--home', operator.home, '--rpc', chain.rpc],
  ]);
  const hash = field(sent, 'transactionHash');
  demand(hash === field(ceremony, 'transactionHash'), 'the chain names the transaction otherwise than the coordinator');
  const receipt = await chain.mined(`0x${hash.slice(2)}`);
  demand(receipt.status === 'success', `the chain reverted transaction ${hash}`);
  return receipt;
}

export function ether(wei: bigint): string {
  return `${formatEther(wei)} ETH`;
}
