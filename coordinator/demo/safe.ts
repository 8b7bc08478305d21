/**
 * A real Safe 1.4.1 on the demo's chain: its contracts at their canonical addresses, a proxy with owners and a
 * threshold, and the few reads that show what a transaction did to it.
 */
import {
  type Address,
  concat,
  decodeFunctionResult,
  encodeFunctionData,
  getAddress,
  getContractAddress,
  type Hex,
  parseAbi,
  zeroAddress,
} from 'viem';
import { BugError, TransportError } from '../../protocol/common/errors.ts';
import type { Chain } from './chain.ts';
import { SAFE_CONTRACTS, type SafeContract, safeInitCode } from './safe-artifacts.ts';

/**
 * Safe's deployer of singletons: whatever it deploys under one salt and init code has one address on every chain.
 * Its code is 69 bytes: CREATE2 of calldata after the first word, with that word as the salt; returns the address.
 */
const SINGLETON_FACTORY: Address = '0x914d7Fec6aaC8cd542e72Bca78B30650d45643d7';
const SINGLETON_FACTORY_CODE: Hex =
  '0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf3';
const SALT: Hex = '0x0000000000000000000000000000000000000000000000000000000000000000';

/** Where the main networks have Safe 1.4.1; the demo's chain gets the same code at the same places. */
export const SAFE_ADDRESSES: Readonly<Record<SafeContract, Address>> = {
  Safe: '0x41675C099F32341bf84BFc5382aF534df5C7461a',
  SafeProxyFactory: '0x4e1DCf7AD4e460CfD30791CCC4F9c8a4f820ec67',
  CompatibilityFallbackHandler: '0xfd0732Dc9E303f09fCEf3a7388Ad10A83459Ec99',
  MultiSend: '0x38869bf66a61cF6bDB996A6aE40D5853Fd43B526',
  MultiSendCallOnly: '0x9641d764fc13c8B624c04430C7356C1C7C8102e2',
};

const FACTORY_ABI = parseAbi([
  'function createProxyWithNonce(address singleton, bytes initializer, uint256 saltNonce) returns (address proxy)',
]);

const SAFE_ABI = parseAbi([
  'function setup(address[] owners, uint256 threshold, address to, bytes data, address fallbackHandler, address paymentToken, uint256 payment, address paymentReceiver)',
  'function nonce() view returns (uint256)',
  'function getOwners() view returns (address[])',
  'function getThreshold() view returns (uint256)',
]);

/** Deploys the five contracts, once per chain, at their canonical addresses. */
export async function deploySafeContracts(chain: Chain): Promise<void> {
  if ((await chain.code(SINGLETON_FACTORY)) === '0x') await chain.setCode(SINGLETON_FACTORY, SINGLETON_FACTORY_CODE);
  for (const contract of SAFE_CONTRACTS) {
    const initCode = safeInitCode(contract);
    const expected = SAFE_ADDRESSES[contract];
    const computed = getContractAddress({ opcode: 'CREATE2', from: SINGLETON_FACTORY, salt: SALT, bytecode: initCode });
    if (getAddress(computed) !== getAddress(expected)) {
      throw new BugError('DEMO_SAFE_MISMATCH', `${contract} would be at ${computed}, not at its canonical address`);
    }
    if ((await chain.code(expected)) !== '0x') continue;
    await chain.relay({ to: SINGLETON_FACTORY, data: concat([SALT, initCode]) });
    if ((await chain.code(expected)) === '0x') {
      throw new TransportError('DEMO_CHAIN_FAILED', `the chain refused to deploy ${contract}`);
    }
  }
}

/** Creates a Safe owned by `owners`, of whom `threshold` must sign, and funds it with `balance` wei. */
export async function createSafe(
  chain: Chain,
  options: { readonly owners: readonly Address[]; readonly threshold: number; readonly balance: bigint },
): Promise<Address> {
  const initializer = encodeFunctionData({
    abi: SAFE_ABI,
    functionName: 'setup',
    args: [
      options.owners,
      BigInt(options.threshold),
      zeroAddress,
      '0x',
      SAFE_ADDRESSES.CompatibilityFallbackHandler,
      zeroAddress,
      0n,
      zeroAddress,
    ],
  });
  const data = encodeFunctionData({
    abi: FACTORY_ABI,
    functionName: 'createProxyWithNonce',
    // The relayer's nonce makes the address of each Safe of a run its own.
    args: [SAFE_ADDRESSES.Safe, initializer, BigInt(await chain.nonce(chain.relayer))],
  });
  const safe = decodeFunctionResult({
    abi: FACTORY_ABI,
    functionName: 'createProxyWithNonce',
    data: await chain.call(SAFE_ADDRESSES.SafeProxyFactory, data, chain.relayer),
  });
  const receipt = await chain.relay({ to: SAFE_ADDRESSES.SafeProxyFactory, data });
  if (receipt.status !== 'success' || (await chain.code(safe)) === '0x') {
    throw new TransportError('DEMO_CHAIN_FAILED', 'the chain refused to create the Safe');
  }
  if (options.balance > 0n) await chain.fund(safe, options.balance);
  return safe;
}

/** The Safe's own transaction counter: each executed SafeTx uses one. */
export async function safeNonce(chain: Chain, safe: Address): Promise<bigint> {
  const data = await chain.call(safe, encodeFunctionData({ abi: SAFE_ABI, functionName: 'nonce' }));
  return decodeFunctionResult({ abi: SAFE_ABI, functionName: 'nonce', data });
}

export async function safeOwners(chain: Chain, safe: Address): Promise<readonly Address[]> {
  const data = await chain.call(safe, encodeFunctionData({ abi: SAFE_ABI, functionName: 'getOwners' }));
  return decodeFunctionResult({ abi: SAFE_ABI, functionName: 'getOwners', data });
}

export async function safeThreshold(chain: Chain, safe: Address): Promise<number> {
  const data = await chain.call(safe, encodeFunctionData({ abi: SAFE_ABI, functionName: 'getThreshold' }));
  return Number(decodeFunctionResult({ abi: SAFE_ABI, functionName: 'getThreshold', data }));
}

/**
 * Storage slot 0 of the proxy: the address of the code that the Safe runs. Whoever writes it owns the Safe; it should
 * be the singleton for ever.
 */
export async function safeImplementation(chain: Chain, safe: Address): Promise<Address> {
  const word = await chain.storage(safe, 0n);
  return getAddress(`0x${word.slice(-40)}`);
}
