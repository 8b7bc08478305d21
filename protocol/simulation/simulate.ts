/**
 * Begin here: a decoded payload and a claimed state in, what would happen out. Pure but for the questions it asks the source;
 * whoever calls it bounds time and memory.
 */
import { createCustomCommon, Hardfork, Mainnet } from '@ethereumjs/common';
import { createEVM, type EVM, type EVMResult } from '@ethereumjs/evm';
import { Address as EvmAddress } from '@ethereumjs/util';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { concat, fromHex, toHex, utf8 } from '../common/bytes.ts';
import { err, ok, type Result } from '../common/result.ts';
import { type Address, addressBytes, ZERO_ADDRESS } from '../payload/address.ts';
import type { Decoded } from '../payload/payload.ts';
import { sanitise } from '../payload/words/sanitise.ts';
import { collect } from './collect.ts';
import { AUTHORIZATION_REFUND, type IntrinsicGas, intrinsicGas, settledGas } from './gas.ts';
import { memoSource } from './memo.ts';
import { Recorder } from './recorder.ts';
import type { ControlWrite, SimulationProblem, SimulationReport } from './report.ts';
import { type Run, transactionRun } from './run.ts';
import { safeRun } from './safe-run.ts';
import { SIMULATION_LIMITS, type SimulationLimits, type StateSource } from './source.ts';
import { SimulatedState } from './state.ts';
import { SimulationStop } from './stop.ts';
import { addressIn, larger, numberIn, smaller } from './words.ts';

export interface SimulationContext {
  /** The account whose key would sign. A transaction cannot be run without it. */
  readonly wallet: Address | undefined;
}

/** Rules of the main network as of this release; a chain that lags behind runs a few instructions less. */
const RULES: Hardfork = Hardfork.Osaka;
/** What begins the code of an account that has delegated itself (EIP-7702). */
const DELEGATION: Uint8Array = Uint8Array.of(0xef, 0x01, 0x00);

/** Runs a payload once. Never rejects: whatever goes wrong is the reason why there is no report. */
export async function simulate(
  decoded: Decoded,
  context: SimulationContext,
  source: StateSource,
  limits: SimulationLimits = SIMULATION_LIMITS,
): Promise<Result<SimulationReport, SimulationProblem>> {
  try {
    const memo = memoSource(source, limits);
    const run = await planRun(decoded, context, memo, limits);
    return ok(await execute(decoded, context, run, memo, limits));
  } catch (error) {
    if (error instanceof SimulationStop) return err(error.problem);
    const why = error instanceof Error ? error.message : 'unknown';
    return err({ code: 'SIM_FAILED', message: `the simulation failed: ${sanitise(why, 200)}` });
  }
}

/** What would be run: for the simulation here, and for the cross-check that asks another node the same. */
export async function planRun(
  decoded: Decoded,
  { wallet }: SimulationContext,
  source: StateSource,
  limits: SimulationLimits = SIMULATION_LIMITS,
): Promise<Run> {
  const { chainId, safeTx, transaction } = decoded;
  if (transaction === undefined && safeTx === undefined) {
    throw new SimulationStop('SIM_NOTHING_TO_RUN', 'this payload runs nothing by itself: others may use the signature');
  }
  if (chainId !== undefined && chainId !== source.chainId) {
    const message = `the state is of chain ${source.chainId}, the payload is for chain ${chainId}`;
    throw new SimulationStop('SIM_WRONG_CHAIN', message);
  }
  const { block } = source;
  const maxGas = smaller(limits.maxGas, block.gasLimit);
  if (safeTx !== undefined) return await safeRun(safeTx, wallet, source, maxGas);
  if (transaction === undefined || wallet === undefined) {
    throw new SimulationStop(
      'SIM_NEEDS_WALLET',
      'a transaction runs from the address of its wallet, which is not known',
    );
  }
  return await transactionRun(transaction, wallet, source, limits.maxGas);
}

async function execute(
  decoded: Decoded,
  { wallet }: SimulationContext,
  run: Run,
  source: StateSource,
  limits: SimulationLimits,
): Promise<SimulationReport> {
  const state = new SimulatedState(source, run.overrides);
  const recorder = new Recorder(limits);
  const asked = { blockHashes: 0 };
  const evm = await machine(source, state, recorder, asked);
  recorder.attach(evm, state);
  const gas = run.subject === 'transaction' ? intrinsicGas(run) : { before: 0n, floor: 0n };
  const delegations: ControlWrite[] = [];
  const { result, gasUsed } = await perform(evm, state, run, gas, source, delegations);
  recorder.ended(result.execResult.selfdestruct ?? []);
  const notes = [...run.notes];
  const isHashOnly = decoded.transaction !== undefined && (decoded.payload.preimages ?? []).length > 0;
  if (isHashOnly) notes.push('what an approved hash stands for is not run: simulate that Safe transaction by itself');
  if (asked.blockHashes > 0) notes.push('it reads hashes of earlier blocks, which are made up here');
  return await collect({
    decoded,
    wallet,
    run: { ...run, notes },
    source,
    limits,
    state,
    recorder,
    delegations,
    result,
    gasUsed,
  });
}

async function machine(
  { block, chainId }: StateSource,
  state: SimulatedState,
  recorder: Recorder,
  asked: { blockHashes: number },
): Promise<EVM> {
  const keccak256 = (input: Uint8Array): Uint8Array => {
    const output = keccak_256(input);
    recorder.hashed(input, output);
    return output;
  };
  const common = createCustomCommon({ chainId: Number(chainId) }, Mainnet, {
    hardfork: RULES,
    customCrypto: { keccak256 },
  });
  const blockchain = {
    getBlock: (id: unknown) => {
      asked.blockHashes += 1;
      // Not known here; zeros would tell the code that it is being tried.
      const hash = keccak_256(utf8(`${block.hash} ${String(id)}`));
      return Promise.resolve({ hash: () => hash });
    },
    putBlock: () => Promise.resolve(),
    shallowCopy: () => blockchain,
  };
  const evm = await createEVM({ common, stateManager: state, blockchain });
  for (const address of evm.precompiles.keys()) evm.journal.addAlwaysWarmAddress(address);
  evm.journal.addAlwaysWarmAddress(block.coinbase);
  return evm;
}

interface Performed {
  readonly result: EVMResult;
  readonly gasUsed: bigint;
}

/** The steps of a transaction around its call: fee, nonce, authorizations, call, refund. */
async function perform(
  evm: EVM,
  state: SimulatedState,
  run: Run,
  gas: IntrinsicGas,
  { block, chainId }: StateSource,
  delegations: ControlWrite[],
): Promise<Performed> {
  const caller = evmAddress(run.caller);
  const least = larger(gas.before, gas.floor);
  if (run.gas < least) {
    throw new SimulationStop('SIM_FAILED', `its gas limit is below the ${least} that it costs to begin`);
  }
  warm(evm, run);
  if (run.fee !== undefined) await charge(state, run.caller, run.fee.perGas * run.gas + run.fee.blobs);
  await modify(state, run.caller, 0n, 1n);
  let refund = 0n;
  for (const item of run.authorizations) refund += await delegate(state, item, chainId, run.caller, delegations);
  const result = await evm.runCall({
    caller,
    origin: caller,
    ...(run.to === undefined ? {} : { to: evmAddress(run.to) }),
    value: run.value,
    data: run.data,
    gasLimit: run.gas - gas.before,
    gasPrice: run.gasPrice,
    skipNonceIncrement: true,
    blobVersionedHashes: run.blobHashes.map((hash): `0x${string}` => `0x${toHex(hash)}`),
    block: { header: header(block) },
  });
  const { executionGasUsed, gasRefund } = result.execResult;
  const gasUsed = settledGas(gas.before + executionGasUsed, refund + (gasRefund ?? 0n), gas);
  if (run.fee !== undefined) await charge(state, run.caller, -run.fee.perGas * (run.gas - gasUsed));
  return { result, gasUsed };
}

function header(
  block: StateSource['block'],
): Parameters<EVM['runCall']>[0]['block'] extends infer B ? (B extends { header: infer H } ? H : never) : never {
  return {
    number: block.number,
    coinbase: evmAddress(block.coinbase),
    timestamp: block.timestamp,
    difficulty: 0n,
    prevRandao: fromHex(block.prevRandao) ?? new Uint8Array(32),
    gasLimit: block.gasLimit,
    baseFeePerGas: block.baseFee ?? 0n,
    getBlobGasPrice: () => block.blobBaseFee ?? 1n,
  };
}

function warm(evm: EVM, run: Run): void {
  evm.journal.addAlwaysWarmAddress(run.caller);
  if (run.to !== undefined) evm.journal.addAlwaysWarmAddress(run.to);
  for (const { address, storageKeys } of run.accessList) {
    evm.journal.addAlwaysWarmAddress(address);
    for (const key of storageKeys) evm.journal.addAlwaysWarmSlot(address, toHex(key));
  }
  for (const { authority } of run.authorizations) evm.journal.addAlwaysWarmAddress(authority);
}

async function charge(state: SimulatedState, account: Address, wei: bigint): Promise<void> {
  await modify(state, account, -wei, 0n);
}

async function modify(state: SimulatedState, address: Address, wei: bigint, nonces: bigint): Promise<void> {
  const at = evmAddress(address);
  const account = await state.getAccount(at);
  await state.modifyAccountFields(at, {
    balance: (account?.balance ?? 0n) + wei,
    nonce: (account?.nonce ?? 0n) + nonces,
  });
}

/** Applies one EIP-7702 authorization as a chain would: an unfit one is skipped. Returns the gas that comes back. */
async function delegate(
  state: SimulatedState,
  { address, authority, chainId, nonce }: Run['authorizations'][number],
  chain: bigint,
  caller: Address,
  delegations: ControlWrite[],
): Promise<bigint> {
  const at = evmAddress(authority);
  const account = await state.getAccount(at);
  const code = await state.getCode(at);
  const isDelegated = code.length === 23 && toHex(code.subarray(0, 3)) === toHex(DELEGATION);
  const isFit = chainId === 0n || chainId === chain;
  if (!isFit || (code.length > 0 && !isDelegated) || (account?.nonce ?? 0n) !== nonce) return 0n;
  await state.putCode(at, address === ZERO_ADDRESS ? new Uint8Array(0) : concat(DELEGATION, addressBytes(address)));
  await modify(state, authority, 0n, 1n);
  delegations.push({
    account: authority,
    area: 'code',
    slot: '',
    entry: undefined,
    before: isDelegated ? numberIn(code.subarray(3)) : 0n,
    after: BigInt(address),
    code: caller,
    isForeign: addressIn(BigInt(address)) !== ZERO_ADDRESS,
  });
  return account === undefined ? 0n : AUTHORIZATION_REFUND;
}

function evmAddress(address: Address): EvmAddress {
  return new EvmAddress(addressBytes(address));
}
