/** Payloads for judging, encoded and then decoded and assessed by the real thing. */
import { type Abi, concat as concatHex, encodeFunctionData, encodePacked, type Hex, parseAbi, size } from 'viem';
import { fromHex } from '../../../protocol/common/bytes.ts';
import { type Address, ZERO_ADDRESS } from '../../../protocol/payload/address.ts';
import { decode, type Payload } from '../../../protocol/payload/payload.ts';
import { type Assessment, assess } from '../../../protocol/payload/risk/assess.ts';
import { encodeTransaction } from '../../../protocol/payload/transaction.ts';
import { canonicalizeTypedData } from '../../../protocol/payload/typed-data.ts';

export const WALLET: Address = `0x${'11'.repeat(20)}`;
export const SAFE: Address = `0x${'5a'.repeat(20)}`;
export const USDC: Address = `0x${'c0'.repeat(20)}`;
export const ALICE: Address = `0x${'a1'.repeat(20)}`;
export const BOB: Address = `0x${'b0'.repeat(20)}`;
export const MALLORY: Address = `0x${'66'.repeat(20)}`;
/** Canonical MultiSendCallOnly 1.4.1. */
export const MULTISEND: Address = '0x9641d764fc13c8b624c04430c7356c1c7c8102e2';
export const CHAIN = 31337n;

const ABI: Abi = parseAbi([
  'function transfer(address to, uint256 amount)',
  'function approve(address spender, uint256 amount)',
  'function transferFrom(address from, address to, uint256 amount)',
  'function setApprovalForAll(address operator, bool approved)',
  'function safeTransferFrom(address from, address to, uint256 tokenId)',
  'function changeThreshold(uint256 threshold)',
  'function multiSend(bytes transactions)',
  'function execTransaction(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, bytes signatures)',
]);

export function calldata(functionName: string, ...args: readonly unknown[]): Hex {
  return encodeFunctionData({ abi: ABI, functionName, args });
}

export interface CallParts {
  readonly to?: Address | undefined;
  readonly value?: bigint;
  readonly data?: Hex;
  readonly chainId?: bigint;
  readonly gas?: bigint;
  readonly maxFeePerGas?: bigint;
  readonly operation?: 0 | 1;
  readonly nonce?: bigint;
}

/** An EIP-1559 transaction of the wallet; without `to` it creates a contract. */
export function transaction(parts: CallParts): Assessment {
  const { to, value = 0n, data = '0x', chainId = CHAIN, gas = 100_000n, maxFeePerGas = 10n ** 9n, nonce = 0n } = parts;
  const bytes = encodeTransaction({
    type: 'eip1559',
    chainId,
    nonce,
    gas,
    fees: { kind: 'cap', maxFeePerGas, maxPriorityFeePerGas: 0n },
    to,
    value,
    data: bytesOf(data),
    accessList: [],
    blobs: undefined,
    authorizations: [],
  });
  return assessed({ kind: 'evm-transaction', bytes });
}

/** A Safe transaction as typed data; `chainId` absent means the domain of a Safe before 1.3. */
export function safeTx(parts: CallParts & { readonly safe?: Address; readonly legacy?: boolean }): Assessment {
  const {
    to = ALICE,
    value = 0n,
    data = '0x',
    operation = 0,
    safe = SAFE,
    legacy = false,
    chainId = CHAIN,
    nonce = 1n,
  } = parts;
  const chain = legacy ? {} : { chainId: chainId.toString() };
  return typedData({
    domain: { ...chain, verifyingContract: safe },
    primaryType: 'SafeTx',
    types: { SafeTx: SAFE_TX_TYPE },
    message: {
      to,
      value: value.toString(),
      data,
      operation,
      safeTxGas: '0',
      baseGas: '0',
      gasPrice: '0',
      gasToken: ZERO_ADDRESS,
      refundReceiver: ZERO_ADDRESS,
      nonce: nonce.toString(),
    },
  });
}

export function typedData(document: object): Assessment {
  const canonical = canonicalizeTypedData(JSON.stringify(document));
  if (!canonical.ok) throw new Error(canonical.error.message);
  return assessed({ kind: 'evm-typed-data', bytes: canonical.value });
}

export function execTransaction({ to = ALICE, value = 0n, data = '0x', operation = 0 }: CallParts): Hex {
  const gas = [0n, 0n, 0n, ZERO_ADDRESS, ZERO_ADDRESS] as const;
  return calldata('execTransaction', to, value, data, operation, ...gas, `0x${'01'.repeat(64)}1b`);
}

export function multiSend(calls: readonly CallParts[]): Hex {
  const packed = calls.map(({ to = ALICE, value = 0n, data = '0x', operation = 0 }) =>
    encodePacked(['uint8', 'address', 'uint256', 'uint256', 'bytes'], [operation, to, value, BigInt(size(data)), data]),
  );
  return calldata('multiSend', concatHex(['0x', ...packed]));
}

export function assessed(payload: Payload): Assessment {
  const decoded = decode(payload);
  if (!decoded.ok) throw new Error(`${decoded.error.code}: ${decoded.error.message}`);
  return assess(decoded.value, { wallet: WALLET });
}

function bytesOf(hex: Hex): Uint8Array {
  const bytes = fromHex(hex.slice(2));
  if (bytes === undefined) throw new Error('bad hex in a test');
  return bytes;
}

const SAFE_TX_TYPE = [
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
