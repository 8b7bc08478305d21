/**
 * What the demo asks of a chain, over JSON-RPC. The relayer is an account the development node itself holds: it pays
 * for deployments and carries Safe transactions, and owns nothing that the demo protects.
 */
import {
  type Address,
  createPublicClient,
  createTestClient,
  getAddress,
  type Hex,
  http,
  type PublicClient,
  type TestClient,
  type TransactionReceipt,
} from 'viem';
import { TransportError } from '../../protocol/common/errors.ts';
import { type ChainProcess, startChainProcess } from './chain-process.ts';

/** Chain id of development chains, which no real network uses. */
const DEMO_CHAIN_ID = 31337;

export interface Fees {
  /** Wei per gas. */
  readonly maxFeePerGas: bigint;
  /** Wei per gas. */
  readonly maxPriorityFeePerGas: bigint;
}

/** A transaction the relayer sends; without `to` it creates a contract. */
export interface RelayedTransaction {
  readonly to?: Address;
  /** Wei; zero if absent. */
  readonly value?: bigint;
  readonly data?: Hex;
}

export interface Chain {
  readonly rpc: string;
  readonly chainId: number;
  /** The unlocked account that pays and relays. */
  readonly relayer: Address;
  /** Wei. */
  balance(address: Address): Promise<bigint>;
  /** Next nonce of an account. */
  nonce(address: Address): Promise<number>;
  fees(): Promise<Fees>;
  /** Gas the transaction would use now, sent from `from`. */
  estimateGas(from: Address, transaction: RelayedTransaction): Promise<bigint>;
  code(address: Address): Promise<Hex>;
  /** One storage word, 32 bytes. */
  storage(address: Address, slot: bigint): Promise<Hex>;
  /** Result of a read-only call, made from `from` if given. */
  call(to: Address, data: Hex, from?: Address): Promise<Hex>;
  /** Sends wei from the relayer and waits until it is mined. */
  fund(address: Address, value: bigint): Promise<TransactionReceipt>;
  /** Broadcasts a signed transaction and waits until it is mined. The receipt's status may be `reverted`. */
  sendRaw(rawTransaction: Hex): Promise<TransactionReceipt>;
  /** Sends from the relayer and waits until it is mined. The receipt's status may be `reverted`. */
  relay(transaction: RelayedTransaction): Promise<TransactionReceipt>;
  /** Deploys init code from the relayer. */
  deploy(initCode: Hex): Promise<Address>;
  receipt(hash: Hex): Promise<TransactionReceipt>;
  /** Waits until a transaction that was sent is mined. The receipt's status may be `reverted`. */
  mined(hash: Hex): Promise<TransactionReceipt>;
  /** Development chains only: gives an address this code, as a genesis file would. */
  setCode(address: Address, code: Hex): Promise<void>;
}

export interface DemoChain extends Chain {
  readonly process: ChainProcess;
  stop(): Promise<void>;
}

/**
 * Starts a fresh chain and connects to it. Errors as `startChainProcess`.
 *
 * @param state file that is to hold its state when it has stopped
 */
export async function startChain(state?: string): Promise<DemoChain> {
  const process = await startChainProcess({ chainId: DEMO_CHAIN_ID, state });
  try {
    const chain = await connectChain(process.rpc);
    return { ...chain, process, stop: () => process.stop() };
  } catch (error) {
    await process.stop();
    throw error;
  }
}

/**
 * Connects to a running development node.
 * @throws {TransportError} `DEMO_CHAIN_FAILED` if it holds no account to relay with.
 */
export async function connectChain(rpc: string): Promise<Chain> {
  const transport = http(rpc, { retryCount: 2, timeout: 20_000 });
  // A local node mines at once: ask often. No cache: the demo reads what it has just changed.
  const reader: PublicClient = createPublicClient({ transport, pollingInterval: 50, cacheTime: 0 });
  const tester: TestClient = createTestClient({ mode: 'anvil', transport });
  const chainId = await reader.getChainId();
  const [account] = await reader.request<{ Method: 'eth_accounts'; Parameters?: undefined; ReturnType: Address[] }>({
    method: 'eth_accounts',
  });
  if (account === undefined) throw new TransportError('DEMO_CHAIN_FAILED', `the chain at ${rpc} holds no account`);
  const relayer = getAddress(account);

  const mined = (hash: Hex): Promise<TransactionReceipt> => reader.waitForTransactionReceipt({ hash, timeout: 20_000 });

  const relay = async (transaction: RelayedTransaction): Promise<TransactionReceipt> => {
    const gas = await reader.estimateGas({ account: relayer, ...transaction });
    const hash = await tester.request<{ Method: 'eth_sendTransaction'; Parameters: [object]; ReturnType: Hex }>({
      method: 'eth_sendTransaction',
      params: [
        {
          from: relayer,
          // A Safe measures what gas is left; an exact estimate can fall short by its 1/64 rule.
          gas: quantity((gas * 12n) / 10n),
          ...(transaction.to === undefined ? {} : { to: transaction.to }),
          ...(transaction.value === undefined ? {} : { value: quantity(transaction.value) }),
          ...(transaction.data === undefined ? {} : { data: transaction.data }),
        },
      ],
    });
    return await mined(hash);
  };

  return {
    rpc,
    chainId,
    relayer,
    relay,
    mined,
    balance: (address) => reader.getBalance({ address }),
    nonce: (address) => reader.getTransactionCount({ address }),
    fees: () => reader.estimateFeesPerGas(),
    estimateGas: (from, transaction) => reader.estimateGas({ account: from, ...transaction }),
    code: async (address) => (await reader.getCode({ address })) ?? '0x',
    storage: async (address, slot) => (await reader.getStorageAt({ address, slot: quantity(slot) })) ?? '0x',
    call: async (to, data, from) =>
      (await reader.call({ to, data, ...(from === undefined ? {} : { account: from }) })).data ?? '0x',
    fund: (address, value) => relay({ to: address, value }),
    sendRaw: async (rawTransaction) =>
      mined(await reader.sendRawTransaction({ serializedTransaction: rawTransaction })),
    deploy: async (initCode) => {
      const { contractAddress, status } = await relay({ data: initCode });
      if (status !== 'success' || contractAddress === null || contractAddress === undefined) {
        throw new TransportError('DEMO_CHAIN_FAILED', 'the chain refused a deployment');
      }
      return getAddress(contractAddress);
    },
    receipt: (hash) => reader.getTransactionReceipt({ hash }),
    setCode: (address, code) => tester.setCode({ address, bytecode: code }),
  };
}

function quantity(value: bigint): Hex {
  return `0x${value.toString(16)}`;
}
