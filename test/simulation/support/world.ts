/** A real node with the real Safe contracts of two versions, a real token, and payloads for all of them. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  concat,
  encodeFunctionData,
  type Hex,
  parseAbi,
  parseGwei,
  serializeTransaction,
  type TransactionReceipt,
  type Address as ViemAddress,
  zeroAddress,
} from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';
import type { Chain } from '../../../coordinator/demo/chain.ts';
import { type SafeTx, safePayload } from '../../../coordinator/demo/safe-tx.ts';
import { fromHex } from '../../../protocol/common/bytes.ts';
import { type Address, parseAddress } from '../../../protocol/payload/address.ts';
import { payloadFromInspectJson } from '../../../protocol/payload/inspect-json.ts';
import { type Decoded, decode } from '../../../protocol/payload/payload.ts';
import { must } from '../../support/must.ts';

const require = createRequire(import.meta.url);
const BUILDS = {
  '1.3.0': '@gnosis.pm/safe-contracts/build/artifacts/contracts',
  '1.4.1': '@safe-global/safe-contracts/build/artifacts/contracts',
} as const;

/** Init code of a contract of the published builds. */
export function initCode(version: keyof typeof BUILDS, path: string): Hex {
  const artifact = JSON.parse(readFileSync(require.resolve(`${BUILDS[version]}/${path}.json`), 'utf8')) as {
    readonly bytecode: Hex;
  };
  return artifact.bytecode;
}

/** Safe's deployer of singletons, as coordinator/demo/safe.ts puts it onto the chain; salt 0. */
const SINGLETON_FACTORY: ViemAddress = '0x914d7Fec6aaC8cd542e72Bca78B30650d45643d7';

/** MultiSendCallOnly 1.3.0 where this deployer puts it on every chain. */
export const BATCH_1_3_0: ViemAddress = '0xA1dabEF33b3B82c7814B6D82A79e50F4AC44102B';

export async function deployBatch130(chain: Chain): Promise<void> {
  const code = initCode('1.3.0', 'libraries/MultiSendCallOnly.sol/MultiSendCallOnly');
  await chain.relay({ to: SINGLETON_FACTORY, data: concat([`0x${'00'.repeat(32)}`, code]) });
}

const SETUP = parseAbi([
  'function setup(address[] owners, uint256 threshold, address to, bytes data, address fallbackHandler, address paymentToken, uint256 payment, address paymentReceiver)',
]);

/** A Safe 1.3.0 behind its own proxy, without a factory. */
export async function createSafe130(
  chain: Chain,
  owners: readonly ViemAddress[],
  threshold: bigint,
  balance: bigint,
): Promise<ViemAddress> {
  const singleton = await chain.deploy(initCode('1.3.0', 'GnosisSafe.sol/GnosisSafe'));
  const proxy = initCode('1.3.0', 'proxies/GnosisSafeProxy.sol/GnosisSafeProxy');
  const safe = await chain.deploy(concat([proxy, `0x${singleton.slice(2).toLowerCase().padStart(64, '0')}`]));
  const args = [owners, threshold, zeroAddress, '0x', zeroAddress, zeroAddress, 0n, zeroAddress] as const;
  await chain.relay({ to: safe, data: encodeFunctionData({ abi: SETUP, functionName: 'setup', args }) });
  await chain.fund(safe, balance);
  return safe;
}

/** OpenZeppelin's ERC-20 in the published build; the relayer has 10^15 units. */
export async function deployToken(chain: Chain): Promise<ViemAddress> {
  return await chain.deploy(initCode('1.3.0', 'test/ERC20Token.sol/ERC20Token'));
}

/**
 * Calls on: the first word of the calldata is the target, the rest its calldata.
 *
 *     CALLDATACOPY(0, 32, CALLDATASIZE - 32); CALL(GAS, CALLDATALOAD(0), 0, 0, CALLDATASIZE - 32, 0, 0)
 */
const FORWARDER = runtime('6020360360206000376000600060203603600060006000355af100');
/** Jumps to its beginning for ever. */
const LOOP = runtime('5b600056');
/** Doubles its memory for ever, as long as the gas lasts: MLOAD at ever larger offsets. */
const BOMB = runtime('6101005b80515060011b600356');
/** Reverts with the calldata after the selector, whatever that is. */
const REFUSER = runtime('600436036004600037600436036000fd');

export const CODES = { FORWARDER, LOOP, BOMB, REFUSER } as const;

function runtime(code: string): Hex {
  const length = (code.length / 2).toString(16).padStart(2, '0');
  return `0x60${length}80600b6000396000f3${code}`;
}

export function lower(address: string): Address {
  const parsed = parseAddress(address);
  if (parsed === undefined || parsed === 'checksum') throw new Error(`no address: ${address}`);
  return parsed;
}

export function decodedSafeTx(chain: Chain, safe: ViemAddress, tx: SafeTx): Decoded {
  return decodedText(JSON.stringify(safePayload(chain.chainId, safe, tx)));
}

export function decodedText(text: string): Decoded {
  return must(decode(must(payloadFromInspectJson(text))));
}

export interface WalletTransaction {
  readonly to?: ViemAddress;
  readonly value?: bigint;
  readonly data?: Hex;
  readonly nonce?: number;
  readonly gas?: bigint;
}

/** The unsigned bytes of an EIP-1559 transaction, and what they decode to. */
export async function decodedTransaction(
  chain: Chain,
  wallet: PrivateKeyAccount,
  tx: WalletTransaction,
): Promise<{ readonly decoded: Decoded; send(): Promise<TransactionReceipt> }> {
  const fields = {
    type: 'eip1559',
    chainId: chain.chainId,
    nonce: tx.nonce ?? (await chain.nonce(wallet.address)),
    gas: tx.gas ?? 500_000n,
    maxFeePerGas: parseGwei('20'),
    maxPriorityFeePerGas: parseGwei('1'),
    ...(tx.to === undefined ? {} : { to: tx.to }),
    value: tx.value ?? 0n,
    data: tx.data ?? '0x',
  } as const;
  const bytes = fromHex(serializeTransaction(fields).slice(2)) ?? new Uint8Array(0);
  const decoded = must(decode({ kind: 'evm-transaction', bytes }));
  return { decoded, send: async () => await chain.sendRaw(await wallet.signTransaction(fields)) };
}

export const TOKEN_ABI = parseAbi([
  'function transfer(address to, uint256 amount) returns (bool)',
  'function transferFrom(address from, address to, uint256 amount) returns (bool)',
  'function approve(address spender, uint256 amount) returns (bool)',
  'function balanceOf(address owner) view returns (uint256)',
]);
