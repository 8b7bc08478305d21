/** Payloads for the tests of this room: valid ones to start from, and what decoding them says. */
import { readFileSync } from 'node:fs';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { encodeFunctionData, type Hex, parseAbi, serializeTransaction, type TransactionSerializable } from 'viem';
import { type Decoded, decode, type Payload } from '../../../protocol/payload/payload.ts';
import type { PayloadProblem } from '../../../protocol/payload/refusal.ts';
import { assess } from '../../../protocol/payload/risk/assess.ts';
import { canonicalizeTypedData } from '../../../protocol/payload/typed-data.ts';

export const SAFE = '0x1db92e2eebc8e0c075a02bea49a2935bcd2dfcf4';
export const TOKEN = '0x1111111111111111111111111111111111111111';
export const FRIEND = '0x2222222222222222222222222222222222222222';
export const FOREIGN_CODE = '0x3333333333333333333333333333333333333333';
export const ZERO = '0x0000000000000000000000000000000000000000';
/** Canonical MultiSend 1.4.1. */
export const MULTI_SEND = '0x38869bf66a61cf6bdb996a6ae40d5853fd43b526';

export const ABI = parseAbi([
  'function transfer(address to, uint256 amount)',
  'function approve(address spender, uint256 amount)',
  'function transferFrom(address from, address to, uint256 amount)',
  'function setApprovalForAll(address operator, bool approved)',
  'function multiSend(bytes transactions)',
  'function execTransaction(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, bytes signatures)',
  'function execTransactionFromModule(address to, uint256 value, bytes data, uint8 operation)',
  'function addOwnerWithThreshold(address owner, uint256 threshold)',
  'function setup(address[] owners, uint256 threshold, address to, bytes data, address fallbackHandler, address paymentToken, uint256 payment, address paymentReceiver)',
]);

export function vectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../../vectors/${name}`, import.meta.url), 'utf8')) as T;
}

export function bytes(hex: string): Uint8Array {
  return hexToBytes(hex.startsWith('0x') ? hex.slice(2) : hex);
}

export function hex(value: Uint8Array): string {
  return `0x${bytesToHex(value)}`;
}

export function transaction(unsigned: string | Uint8Array): Payload {
  return { kind: 'evm-transaction', bytes: typeof unsigned === 'string' ? bytes(unsigned) : unsigned };
}

const PLAIN = { type: 'eip1559', chainId: 1, nonce: 7, gas: 100_000n, to: FRIEND } as const;

/** An unsigned EIP-1559 transaction with the given fields changed. */
export function plainTransaction(fields: Partial<TransactionSerializable> = {}): Payload {
  const fees = { maxFeePerGas: 30n * 10n ** 9n, maxPriorityFeePerGas: 10n ** 9n };
  return transaction(serializeTransaction({ ...PLAIN, ...fees, ...fields } as TransactionSerializable));
}

/** A transaction that calls `to` with `data`. */
export function calling(to: string, data: string, value = 0n): Payload {
  return plainTransaction({ to: to as Hex, data: data as Hex, value });
}

export interface InnerCall {
  readonly to?: string;
  readonly value?: bigint;
  readonly data?: string;
  readonly operation?: number;
  readonly gasPrice?: bigint;
  readonly baseGas?: bigint;
  readonly gasToken?: string;
  readonly refundReceiver?: string;
  readonly signatures?: string;
}

/** One entry of a Safe's signature block: v = 27 over some values in range. */
export const SIGNATURE = `${'11'.repeat(32)}${'22'.repeat(32)}1b`;

export function execTransaction(inner: InnerCall): Hex {
  return encodeFunctionData({
    abi: ABI,
    functionName: 'execTransaction',
    args: [
      (inner.to ?? FRIEND) as Hex,
      inner.value ?? 0n,
      (inner.data ?? '0x') as Hex,
      inner.operation ?? 0,
      0n,
      inner.baseGas ?? 0n,
      inner.gasPrice ?? 0n,
      (inner.gasToken ?? ZERO) as Hex,
      (inner.refundReceiver ?? ZERO) as Hex,
      (inner.signatures ?? `0x${SIGNATURE}`) as Hex,
    ],
  });
}

export function multiSend(entries: readonly InnerCall[]): Hex {
  const packed = entries.map(({ operation = 0, to = FRIEND, value = 0n, data = '0x' }) => {
    const length = (data.length - 2) / 2;
    return `${word(BigInt(operation)).slice(-2)}${to.slice(2)}${word(value)}${word(BigInt(length))}${data.slice(2)}`;
  });
  return encodeFunctionData({ abi: ABI, functionName: 'multiSend', args: [`0x${packed.join('')}`] });
}

export function transfer(to: string = FRIEND, amount = 5n): Hex {
  return encodeFunctionData({ abi: ABI, functionName: 'transfer', args: [to as Hex, amount] });
}

export function word(value: bigint): string {
  return value.toString(16).padStart(64, '0');
}

type Document = { domain: Record<string, unknown>; message: Record<string, unknown>; [key: string]: unknown };

const SAFE_TX_TYPE = [
  ['to', 'address'],
  ['value', 'uint256'],
  ['data', 'bytes'],
  ['operation', 'uint8'],
  ['safeTxGas', 'uint256'],
  ['baseGas', 'uint256'],
  ['gasPrice', 'uint256'],
  ['gasToken', 'address'],
  ['refundReceiver', 'address'],
  ['nonce', 'uint256'],
].map(([name, type]) => ({ name, type }));

/** A SafeTx document as tools write it; `domain` and `message` change single fields. */
export function safeTxDocument(message: Record<string, unknown> = {}, domain?: Record<string, unknown>): Document {
  const usedDomain = domain ?? { chainId: 1, verifyingContract: SAFE };
  const domainType = [
    ...('chainId' in usedDomain ? [{ name: 'chainId', type: 'uint256' }] : []),
    { name: 'verifyingContract', type: 'address' },
  ];
  return {
    types: { EIP712Domain: domainType, SafeTx: SAFE_TX_TYPE },
    primaryType: 'SafeTx',
    domain: usedDomain,
    message: {
      to: FRIEND,
      value: '0',
      data: '0x',
      operation: 0,
      safeTxGas: '0',
      baseGas: '0',
      gasPrice: '0',
      gasToken: ZERO,
      refundReceiver: ZERO,
      nonce: 3,
      ...message,
    },
  };
}

export function safeTx(message: Record<string, unknown> = {}, domain?: Record<string, unknown>): Payload {
  const canonical = canonicalizeTypedData(JSON.stringify(safeTxDocument(message, domain)));
  if (!canonical.ok) throw new Error(`${canonical.error.code}: ${canonical.error.message}`);
  return { kind: 'evm-typed-data', bytes: canonical.value };
}

export function decoded(payload: Payload): Decoded {
  const result = decode(payload);
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
}

/** The code of the refusal, or `undefined` when the payload decodes. */
export function refusal(payload: Payload): PayloadProblem['code'] | undefined {
  const result = decode(payload);
  return result.ok ? undefined : result.error.code;
}

/** `CODE@path` of every risk, in order. */
export function risks(payload: Payload): readonly string[] {
  return assess(decoded(payload)).risks.map(({ code, path }) => `${code}@${path}`);
}
