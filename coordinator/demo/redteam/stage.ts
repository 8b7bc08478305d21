/**
 * The stage of the red team: a fresh anvil with the chain id of the policy, real Safe 1.4.1 contracts, the policy's Safe
 * at its own address, and what the attacks need besides. Nothing here exists on any other chain.
 */
import {
  type Abi,
  type Address,
  concat,
  createPublicClient,
  createTestClient,
  decodeFunctionResult,
  encodeAbiParameters,
  encodeFunctionData,
  type Hex,
  http,
  type PublicClient,
  pad,
  parseAbi,
  parseEther,
  type TestClient,
  toHex,
  zeroAddress,
} from 'viem';
import { PERMIT2_ADDRESS } from '../../../protocol/payload/calldata/movements.ts';
import { VICTIM } from '../../../protocol/redteam/case-parts.ts';
import type { ChainStage } from '../../../protocol/redteam/chain.ts';
import { type Chain, connectChain } from '../chain.ts';
import { type ChainProcess, startChainProcess } from '../chain-process.ts';
import { createSafe, deploySafeContracts, SAFE_ADDRESSES } from '../safe.ts';
import { ACCOUNT_CODE, MARKET_CODE, PERMIT2_CODE, TOKEN_CODE, TROJAN_CODE } from './stage-code.ts';

export const MARKET: Address = '0x0000000000000068F116a894984e2DB1123eB395';
export const PERMIT2: Address = PERMIT2_ADDRESS;
const ACCOUNT: Address = '0x5a7c0000000000000000000000000000000acc00';
const RICH = parseEther('10000000000000');
const TOKENS = 10n ** 36n;

/** Without the types of each function, which an exported constant cannot infer. */
export const TOKEN_ABI: Abi = parseAbi([
  'function mint(address to, uint256 amount)',
  'function own(address by)',
  'function balanceOf(address) view returns (uint256)',
  'function allowance(address, address) view returns (uint256)',
  'function isApprovedForAll(address, address) view returns (bool)',
  'function owner() view returns (address)',
  'function implementation() view returns (address)',
  'function transfer(address to, uint256 amount) returns (bool)',
  'function transferFrom(address from, address to, uint256 amount) returns (bool)',
  'function approve(address spender, uint256 amount) returns (bool)',
  'function permit(address from, address spender, uint256 value, uint256 deadline, uint8 v, bytes32 r, bytes32 s)',
  'function grant(address from, address to, bool everything, uint8 v, bytes32 r, bytes32 s)',
]);

type TokenRead = 'balanceOf' | 'allowance' | 'isApprovedForAll' | 'owner' | 'implementation';

const SAFE_ABI = parseAbi([
  'function setup(address[] owners, uint256 threshold, address to, bytes data, address fallbackHandler, address paymentToken, uint256 payment, address paymentReceiver)',
  'function enableModule(address module)',
]);

export interface Sending {
  readonly to: Address;
  readonly data?: Hex;
  readonly value?: bigint;
  /** Wei per gas. */
  readonly gasPrice?: bigint;
}

export class Theatre {
  readonly stage: ChainStage;
  readonly chain: Chain;
  readonly #process: ChainProcess;
  readonly #tester: TestClient;
  readonly #reader: PublicClient;
  #snapshot: Hex = '0x';

  private constructor(stage: ChainStage, chain: Chain, process: ChainProcess) {
    this.stage = stage;
    this.chain = chain;
    this.#process = process;
    const transport = http(chain.rpc, { retryCount: 2, timeout: 20_000 });
    this.#tester = createTestClient({ mode: 'anvil', transport });
    this.#reader = createPublicClient({ transport, cacheTime: 0, pollingInterval: 50 });
  }

  /** @throws {InvalidArgument} `DEMO_CHAIN_MISSING`, `DEMO_SAFE_MISSING` */
  static async open(stage: ChainStage): Promise<Theatre> {
    const process = await startChainProcess({ chainId: Number(stage.chainId) });
    try {
      const theatre = new Theatre(stage, await connectChain(process.rpc), process);
      await theatre.#furnish();
      theatre.#snapshot = await theatre.#tester.snapshot();
      return theatre;
    } catch (error) {
      await process.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  /** Back to how the stage was furnished. */
  async reset(): Promise<void> {
    await this.#tester.revert({ id: this.#snapshot });
    this.#snapshot = await this.#tester.snapshot();
  }

  /** Sends as any account, which a development chain allows; `undefined` if it would revert, or does. */
  async send(from: Address, { to, data, value = 0n, gasPrice }: Sending): Promise<Hex | undefined> {
    await this.#tester.impersonateAccount({ address: from });
    await this.#tester.setNextBlockBaseFeePerGas({ baseFeePerGas: 0n });
    const gas = 3_000_000n;
    try {
      const hash = await this.#tester.request<{ Method: 'eth_sendTransaction'; Parameters: [object]; ReturnType: Hex }>(
        {
          method: 'eth_sendTransaction',
          params: [
            {
              from,
              to,
              gas: toHex(gas),
              value: toHex(value),
              gasPrice: toHex(gasPrice ?? 0n),
              ...(data === undefined ? {} : { data }),
            },
          ],
        },
      );
      const { status } = await this.chain.mined(hash);
      return status === 'success' ? hash : undefined;
    } catch {
      return undefined;
    }
  }

  /** Signed bytes, as any node would take them: the sentence of the chain if it does not. */
  async sendRaw(raw: Hex): Promise<string | undefined> {
    await this.#tester.setNextBlockBaseFeePerGas({ baseFeePerGas: 0n });
    try {
      const { status } = await this.chain.sendRaw(raw);
      return status === 'success' ? undefined : 'mined and reverted';
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      return `no chain takes it: ${/Details: (.*)/.exec(text)?.[1] ?? text.split('\n')[0] ?? ''}`;
    }
  }

  /** The answer of one of the token's reads, as text. */
  async token(functionName: TokenRead, ...args: readonly Address[]): Promise<string> {
    const data = await this.chain.call(this.stage.token, encodeFunctionData({ abi: TOKEN_ABI, functionName, args }));
    return String(decodeFunctionResult({ abi: TOKEN_ABI, functionName, data }));
  }

  async storage(account: Address, slot: bigint | Hex): Promise<Hex> {
    const place = typeof slot === 'bigint' ? toHex(slot) : slot;
    return (await this.#reader.getStorageAt({ address: account, slot: place })) ?? '0x';
  }

  async setCode(address: Address, code: Hex): Promise<void> {
    await this.#tester.setCode({ address, bytecode: code });
  }

  async setBalance(address: Address, value: bigint): Promise<void> {
    await this.#tester.setBalance({ address, value });
  }

  /** An account program that runs batches, as EIP-7702 puts it under an address. */
  async delegate(address: Address): Promise<void> {
    await this.setCode(ACCOUNT, ACCOUNT_CODE);
    await this.setCode(address, concat(['0xef0100', ACCOUNT]));
  }

  async #furnish(): Promise<void> {
    const { attacker, nonce, safe, sweeper, token, trojan, wallet } = this.stage;
    await deploySafeContracts(this.chain);
    await this.setCode(token, TOKEN_CODE);
    await this.setCode(PERMIT2, PERMIT2_CODE);
    await this.setCode(MARKET, MARKET_CODE);
    await this.setCode(trojan, TROJAN_CODE);
    await this.setCode(sweeper, TROJAN_CODE);
    for (const account of [wallet, safe, attacker, VICTIM]) {
      await this.setBalance(account, RICH);
      await this.#must(
        attacker,
        token,
        encodeFunctionData({ abi: TOKEN_ABI, functionName: 'mint', args: [account, TOKENS] }),
      );
    }
    await this.#must(attacker, token, encodeFunctionData({ abi: TOKEN_ABI, functionName: 'own', args: [wallet] }));
    await this.#furnishSafe();
    // As most wallets have it that ever traded.
    for (const [owner, spender] of [
      [wallet, PERMIT2],
      [wallet, MARKET],
      [VICTIM, wallet],
      [VICTIM, safe],
    ] as const) {
      const data = encodeFunctionData({ abi: TOKEN_ABI, functionName: 'approve', args: [spender, TOKENS * 1000n] });
      await this.#must(owner, token, data);
    }
    await this.#tester.setNonce({ address: wallet, nonce: Number(nonce) });
  }

  /** The proxy of a Safe that was made as all are, put where the policy expects it. */
  async #furnishSafe(): Promise<void> {
    const { nonce, safe, wallet } = this.stage;
    const made = await createSafe(this.chain, { owners: [wallet], threshold: 1, balance: 0n });
    await this.setCode(safe, await this.chain.code(made));
    await this.#store(safe, 0n, encodeAbiParameters([{ type: 'address' }], [SAFE_ADDRESSES.Safe]));
    const handler = SAFE_ADDRESSES.CompatibilityFallbackHandler;
    const args = [[wallet], 1n, zeroAddress, '0x', handler, zeroAddress, 0n, zeroAddress] as const;
    await this.#must(this.stage.attacker, safe, encodeFunctionData({ abi: SAFE_ABI, functionName: 'setup', args }));
    // The module of the case in which one is there already.
    await this.#must(safe, safe, encodeFunctionData({ abi: SAFE_ABI, functionName: 'enableModule', args: [wallet] }));
    await this.#store(safe, 5n, pad(toHex(nonce), { size: 32 }));
  }

  async #store(address: Address, slot: bigint, value: Hex): Promise<void> {
    await this.#tester.setStorageAt({ address, index: pad(toHex(slot), { size: 32 }), value });
  }

  async #must(from: Address, to: Address, data: Hex): Promise<void> {
    const hash = await this.send(from, { to, data });
    if (hash === undefined) throw new RangeError(`the stage could not be furnished: a call of ${to} failed`);
  }
}
