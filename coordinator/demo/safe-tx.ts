/**
 * One Safe transaction: the typed data its owners sign, the hash the Safe itself computes for it on chain (an outside
 * check of ours), and its execution by a relayer who owns nothing.
 */
import {
  type Address,
  concat,
  decodeFunctionResult,
  encodeFunctionData,
  type Hex,
  parseAbi,
  type TransactionReceipt,
  zeroAddress,
} from 'viem';
import type { Chain } from './chain.ts';

/** The ten signed fields of Safe 1.4.1, in their signed order. */
export interface SafeTx {
  readonly to: Address;
  /** Wei. */
  readonly value: bigint;
  readonly data: Hex;
  /** 0 is a call, 1 is a delegatecall: foreign code, run as the Safe itself. */
  readonly operation: 0 | 1;
  readonly safeTxGas: bigint;
  readonly baseGas: bigint;
  readonly gasPrice: bigint;
  readonly gasToken: Address;
  readonly refundReceiver: Address;
  readonly nonce: bigint;
}

/** One owner's signature: r, s and v (27 or 28), 65 bytes. */
export interface SafeSignature {
  readonly owner: Address;
  readonly signature: Hex;
}

interface TypedField {
  readonly name: string;
  readonly type: string;
}

/** An EIP-712 document as people write it; every integer is a decimal string. */
export interface SafeTypedData {
  readonly types: {
    readonly EIP712Domain: readonly TypedField[];
    readonly SafeTx: readonly TypedField[];
  };
  readonly primaryType: 'SafeTx';
  readonly domain: { readonly chainId: string; readonly verifyingContract: Address };
  readonly message: Readonly<Record<keyof SafeTx, string>>;
}

/** A payload file, ready to be proposed or inspected. */
export interface SafePayload {
  readonly kind: 'evm-typed-data';
  readonly typedData: SafeTypedData;
}

const DOMAIN_FIELDS: readonly TypedField[] = [
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
];

const SAFE_TX_FIELDS: readonly TypedField[] = [
  { name: 'to', type: 'address' },
  { name: 'value', type: 'uint256' },
  { name: 'data', type: 'bytes' },
  { name: 'operation', type: 'uint8' },
  { name: 'safeTxGas', type: 'uint256' },
  { name: 'baseGas', type: 'uint256' },
  { name: 'gasPrice', type: 'uint256' },
  { name: 'gasToken', type: 'address' },
  { name: 'refundReceiver', type: 'address' },
  { name: 'nonce', type: 'uint256' },
];

const SAFE_ABI = parseAbi([
  'function getTransactionHash(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, uint256 nonce) view returns (bytes32)',
  'function execTransaction(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, bytes signatures) payable returns (bool success)',
]);

/** A SafeTx without refunds: a call of `to` with `value` and `data`. */
export function safeCall(call: {
  readonly to: Address;
  readonly value: bigint;
  readonly data?: Hex;
  readonly nonce: bigint;
}): SafeTx {
  return {
    to: call.to,
    value: call.value,
    data: call.data ?? '0x',
    operation: 0,
    safeTxGas: 0n,
    baseGas: 0n,
    gasPrice: 0n,
    gasToken: zeroAddress,
    refundReceiver: zeroAddress,
    nonce: call.nonce,
  };
}

/** The payload that an owner of the Safe is asked to sign. */
export function safePayload(chainId: number, safe: Address, tx: SafeTx): SafePayload {
  return {
    kind: 'evm-typed-data',
    typedData: {
      types: { EIP712Domain: DOMAIN_FIELDS, SafeTx: SAFE_TX_FIELDS },
      primaryType: 'SafeTx',
      domain: { chainId: String(chainId), verifyingContract: safe },
      message: {
        to: tx.to,
        value: tx.value.toString(),
        data: tx.data,
        operation: tx.operation.toString(),
        safeTxGas: tx.safeTxGas.toString(),
        baseGas: tx.baseGas.toString(),
        gasPrice: tx.gasPrice.toString(),
        gasToken: tx.gasToken,
        refundReceiver: tx.refundReceiver,
        nonce: tx.nonce.toString(),
      },
    },
  };
}

/** The hash as the deployed Safe computes it, 32 bytes. What the parties compute must equal it. */
export async function hashOnChain(chain: Chain, safe: Address, tx: SafeTx): Promise<Hex> {
  const data = encodeFunctionData({
    abi: SAFE_ABI,
    functionName: 'getTransactionHash',
    args: [
      tx.to,
      tx.value,
      tx.data,
      tx.operation,
      tx.safeTxGas,
      tx.baseGas,
      tx.gasPrice,
      tx.gasToken,
      tx.refundReceiver,
      tx.nonce,
    ],
  });
  return decodeFunctionResult({
    abi: SAFE_ABI,
    functionName: 'getTransactionHash',
    data: await chain.call(safe, data),
  });
}

/**
 * Executes a signed SafeTx through the relayer. Rejects, with the Safe's reason (`GS026` is a signature of a stranger),
 * when the chain would revert it; nothing is sent then.
 */
export async function executeSafeTx(
  chain: Chain,
  safe: Address,
  tx: SafeTx,
  signatures: readonly SafeSignature[],
): Promise<TransactionReceipt> {
  return await chain.relay({
    to: safe,
    data: encodeFunctionData({
      abi: SAFE_ABI,
      functionName: 'execTransaction',
      args: [
        tx.to,
        tx.value,
        tx.data,
        tx.operation,
        tx.safeTxGas,
        tx.baseGas,
        tx.gasPrice,
        tx.gasToken,
        tx.refundReceiver,
        joinSignatures(signatures),
      ],
    }),
  });
}

/** The Safe demands its owners' signatures in ascending order of their addresses. */
function joinSignatures(signatures: readonly SafeSignature[]): Hex {
  const key = (entry: SafeSignature): bigint => BigInt(entry.owner);
  const ordered = [...signatures].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return concat(ordered.map((entry) => entry.signature));
}
