/**
 * What it takes to empty an account: one transfer for each token it holds, then everything that is left of the chain's
 * own coin. Only payloads come out; they are judged, signed and broadcast like any other.
 */
import {
  type Address,
  createPublicClient,
  encodeFunctionData,
  erc20Abi,
  formatEther,
  type Hex,
  http,
  type PublicClient,
  serializeTransaction,
} from 'viem';
import { InvalidArgument, Refusal, TransportError } from '../../protocol/common/errors.ts';

/** Gas of a plain transfer to an account without code. */
const PLAIN_TRANSFER = 21_000n;
/** The base fee may double before people have approved. */
const FEE_ROOM = 2n;

export interface SweepRequest {
  readonly rpc: string;
  /** The account that is emptied, and the one that receives it all. */
  readonly from: Address;
  readonly to: Address;
  /** ERC-20 contracts to be emptied first, in this order. */
  readonly tokens: readonly Address[];
  /** Wei that stay behind, for chains that charge more than gas times price. */
  readonly reserve: bigint;
}

/** A payload file as `inspect` and `sign` read it. */
export interface SweepStep {
  /** For a file name, such as `01-token-0x1234…`. */
  readonly name: string;
  /** One sentence for people. */
  readonly what: string;
  readonly payload: { readonly kind: 'evm-transaction'; readonly unsigned: Hex };
}

export interface Sweep {
  readonly chainId: number;
  /** In the order of their account nonces: to be signed and mined in this order. */
  readonly steps: readonly SweepStep[];
  /** What is not moved and why, in sentences. */
  readonly left: readonly string[];
}

interface Fees {
  /** Wei per gas. */
  readonly cap: bigint;
  readonly tip: bigint;
}

/**
 * Reads the account from the chain and plans its last transactions.
 * @throws {Refusal} `MIGRATE_NOTHING`, `MIGRATE_PENDING`, `MIGRATE_FEES`, `MIGRATE_CODE`
 * @throws {TransportError} `RPC_FAILED`
 */
export async function planSweep(request: SweepRequest): Promise<Sweep> {
  const { from, to, tokens, reserve } = request;
  const client: PublicClient = createPublicClient({ transport: http(request.rpc, { retryCount: 2, timeout: 20_000 }) });
  const [chainId, nonce, pending, balance, code, fees] = await answered(
    Promise.all([
      client.getChainId(),
      client.getTransactionCount({ address: from, blockTag: 'latest' }),
      client.getTransactionCount({ address: from, blockTag: 'pending' }),
      client.getBalance({ address: from }),
      client.getCode({ address: to }),
      feesOf(client),
    ]),
  );
  if (pending !== nonce) throw new Refusal('MIGRATE_PENDING', `${from} has transactions that are not mined yet; wait`);
  if (code !== undefined) throw new Refusal('MIGRATE_CODE', `${to} has code; the new wallet must be a plain account`);
  const left: string[] = [];
  const steps: SweepStep[] = [];
  let spent = 0n;
  for (const token of tokens) {
    const amount = await balanceOf(client, token, from);
    if (amount === 0n) {
      left.push(`token ${token}: the account has none of it`);
      continue;
    }
    const data = encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [to, amount] });
    const estimate = await answered(client.estimateGas({ account: from, to: token, data }));
    const gas = (estimate * 13n) / 10n;
    spent += gas * fees.cap;
    const at = nonce + steps.length;
    steps.push({
      name: `${two(steps.length + 1)}-token-${token.toLowerCase()}`,
      what: `nonce ${at}: all ${amount} units of token ${token} to ${to}`,
      payload: unsigned({ chainId, nonce: at, to: token, value: 0n, data, gas, fees }),
    });
  }
  if (spent > balance) {
    throw new Refusal(
      'MIGRATE_FEES',
      `the fees of ${steps.length} token transfers may reach ${formatEther(spent)} ether, and ${from} has ${formatEther(balance)}: send it some first`,
    );
  }
  const value = balance - spent - reserve - PLAIN_TRANSFER * fees.cap;
  if (value > 0n) {
    const at = nonce + steps.length;
    steps.push({
      name: `${two(steps.length + 1)}-ether`,
      what: `nonce ${at}: ${formatEther(value)} ether to ${to}`,
      // Tip and cap are the same, so the fee is known exactly, and nothing is left behind.
      payload: unsigned({ chainId, nonce: at, to, value, gas: PLAIN_TRANSFER, fees: { cap: fees.cap, tip: fees.cap } }),
    });
  } else if (balance > 0n) {
    left.push(`${formatEther(balance - spent)} ether: less than the fee of moving it`);
  }
  if (spent > 0n) left.push('what the token transfers do not use of their fees: run this again when they are mined');
  if (steps.length === 0) throw new Refusal('MIGRATE_NOTHING', [`${from} has nothing to move`, ...left].join('; '));
  return { chainId, steps, left };
}

/** A token as people write it on the command line. */
export function parseAddress(option: string, text: string): Address {
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) return `0x${text.slice(2)}`;
  throw new InvalidArgument('OPTION_INVALID', option, 'must be an address: 0x and 40 hex digits');
}

async function feesOf(client: PublicClient): Promise<Fees> {
  const [block, tip] = await Promise.all([client.getBlock(), client.estimateMaxPriorityFeePerGas()]);
  const base = block.baseFeePerGas;
  if (base === null)
    throw new Refusal('MIGRATE_FEES', 'this chain has no base fee (EIP-1559); make the payloads by hand');
  return { cap: base * FEE_ROOM + tip, tip };
}

async function balanceOf(client: PublicClient, token: Address, owner: Address): Promise<bigint> {
  return await answered(
    client.readContract({ address: token, abi: erc20Abi, functionName: 'balanceOf', args: [owner] }),
    `token ${token}`,
  );
}

interface Fields {
  readonly chainId: number;
  readonly nonce: number;
  readonly to: Address;
  readonly value: bigint;
  readonly data?: Hex;
  readonly gas: bigint;
  readonly fees: Fees;
}

function unsigned({ fees, data, ...rest }: Fields): SweepStep['payload'] {
  const transaction = {
    ...rest,
    ...(data === undefined ? {} : { data }),
    type: 'eip1559',
    maxFeePerGas: fees.cap,
    maxPriorityFeePerGas: fees.tip,
  } as const;
  return { kind: 'evm-transaction', unsigned: serializeTransaction(transaction) };
}

async function answered<T>(asked: Promise<T>, what = 'the chain'): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Refusal) throw error;
    const reason = error instanceof Error && 'shortMessage' in error ? String(error.shortMessage) : 'no answer';
    throw new TransportError('RPC_FAILED', `${what}: ${reason}`, { cause: error });
  }
}

function two(number: number): string {
  return String(number).padStart(2, '0');
}
