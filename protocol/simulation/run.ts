/** What exactly the EVM is given, for any payload that can be run. */
import type { Address } from '../payload/address.ts';
import type { SignedAuthorization } from '../payload/authorization.ts';
import { type AccessEntry, feeCap, type Transaction } from '../payload/transaction.ts';
import { GAS_PER_BLOB, intrinsicGas } from './gas.ts';
import type { SimulationReport } from './report.ts';
import type { StateSource } from './source.ts';
import { NO_OVERRIDES, type StateOverrides } from './state.ts';
import { larger, smaller } from './words.ts';

export interface Run {
  readonly subject: SimulationReport['subject'];
  /** The Safe whose transaction this is. */
  readonly safe: Address | undefined;
  /** Accounts that are Safes by the payload itself. */
  readonly safes: ReadonlySet<Address>;
  readonly caller: Address;
  readonly to: Address | undefined;
  readonly value: bigint;
  readonly data: Uint8Array;
  /** Gas limit of the whole transaction. */
  readonly gas: bigint;
  /** Wei per gas, as the code that runs sees it. */
  readonly gasPrice: bigint;
  /** Wei per gas that the caller pays, and wei for blobs; `undefined`: somebody else pays. */
  readonly fee: { readonly perGas: bigint; readonly blobs: bigint } | undefined;
  readonly accessList: readonly AccessEntry[];
  readonly authorizations: readonly SignedAuthorization[];
  /** Lower hex, 32 bytes each. */
  readonly blobHashes: readonly Uint8Array[];
  readonly overrides: StateOverrides;
  /** Why no chain would execute it in this state. It is run all the same, with what is missing supplied. */
  readonly obstacle: string | undefined;
  readonly notes: readonly string[];
}

export async function transactionRun(
  tx: Transaction,
  wallet: Address,
  source: StateSource,
  maxGas: bigint,
): Promise<Run> {
  const { block } = source;
  const { balance, nonce } = await source.account(wallet);
  const notes: string[] = [];
  if (tx.nonce > nonce)
    notes.push(`the next nonce of the wallet is ${nonce}: ${tx.nonce - nonce} others come before this`);
  if (tx.gas > maxGas) notes.push(`run with ${maxGas} gas and not with its limit of ${tx.gas}`);
  if (tx.gas > block.gasLimit) notes.push(`its gas limit is above that of a block (${block.gasLimit})`);
  const baseFee = block.baseFee ?? 0n;
  const cap = feeCap(tx.fees);
  if (cap < baseFee) notes.push(`its fee cap is below the base fee of now (${baseFee} wei per gas): it would wait`);
  const gasPrice = priceNow(tx, baseFee);
  const blobGas = GAS_PER_BLOB * BigInt(tx.blobs?.hashes.length ?? 0);
  const needed = tx.gas * cap + tx.value + blobGas * (tx.blobs?.maxFeePerBlobGas ?? 0n);
  const isPoor = balance < needed;
  const { before, floor } = intrinsicGas(tx);
  const least = larger(before, floor);
  return {
    subject: 'transaction',
    safe: undefined,
    safes: new Set(),
    caller: wallet,
    to: tx.to,
    value: tx.value,
    data: tx.data,
    gas: tx.gas < least ? maxGas : smaller(tx.gas, maxGas),
    gasPrice,
    fee: { perGas: gasPrice, blobs: blobGas * (block.blobBaseFee ?? 0n) },
    accessList: tx.accessList,
    authorizations: tx.authorizations,
    blobHashes: tx.blobs?.hashes ?? [],
    overrides: {
      ...NO_OVERRIDES,
      nonces: new Map([[wallet, tx.nonce]]),
      ...(isPoor ? { balances: new Map([[wallet, needed]]) } : {}),
    },
    obstacle: obstacleOf(tx, nonce, least, isPoor ? { balance, needed } : undefined),
    notes,
  };
}

function obstacleOf(
  tx: Transaction,
  nonce: bigint,
  least: bigint,
  poor: { readonly balance: bigint; readonly needed: bigint } | undefined,
): string | undefined {
  if (tx.nonce < nonce) return `the wallet has used the nonce ${tx.nonce} already; its next is ${nonce}`;
  if (tx.gas < least) return `its gas limit is ${tx.gas}, and it costs ${least} gas to begin`;
  if (poor === undefined) return undefined;
  return `the wallet has ${poor.balance} wei and must be able to pay ${poor.needed} wei`;
}

function priceNow({ fees }: Transaction, baseFee: bigint): bigint {
  if (fees.kind === 'price') return fees.gasPrice;
  return smaller(baseFee + fees.maxPriorityFeePerGas, fees.maxFeePerGas);
}
