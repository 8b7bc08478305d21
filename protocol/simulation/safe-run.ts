/**
 * An unsigned Safe transaction as its Safe would execute it once enough owners have signed. Nobody's signature is needed:
 * the Safe is told, in the simulation only, that the owners it needs have approved the hash (the mapping behind
 * `approveHash`). Threshold and owner list stay as they are, so that code which reads or changes them sees the truth; a
 * threshold set to 1 would hide a payload that lowers it to 1.
 */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { concat, utf8 } from '../common/bytes.ts';
import { type Address, addressBytes, addressOf } from '../payload/address.ts';
import { type SafeTx, safeTxDigest } from '../payload/safe-tx.ts';
import {
  approvedHashSlot,
  MAX_OWNERS,
  mappingSlot,
  SAFE_NONCE,
  SAFE_OWNERS,
  SAFE_THRESHOLD,
  SENTINEL,
} from './control.ts';
import type { Run } from './run.ts';
import type { StateSource } from './source.ts';
import { NO_OVERRIDES } from './state.ts';
import { addressIn, addressWord, bytesTail, larger, numberWord, smaller } from './words.ts';

/**
 * Whoever submits a Safe transaction is not known. This account is nobody's, another one for each block and, with money
 * and a few transactions behind it, not one by which code could tell that it is being tried.
 */
interface Submitter {
  readonly address: Address;
  /** Wei. */
  readonly balance: bigint;
  readonly nonce: bigint;
  /** Wei per gas: what a block takes now. */
  readonly gasPrice: bigint;
}

const TIP = 10n ** 9n;

function submitterOf({ block }: StateSource): Submitter {
  const seed = keccak_256(concat(utf8('keymoot simulated submitter'), utf8(block.hash)));
  const [first = 0, second = 0, third = 0] = seed;
  return {
    address: addressOf(seed.subarray(12)),
    balance: 10n ** 18n + BigInt(first * 256 + second) * 10n ** 13n,
    nonce: 40n + BigInt(third),
    gasPrice: (block.baseFee ?? 0n) + TIP,
  };
}

const EXEC_TRANSACTION = Uint8Array.of(0x6a, 0x76, 0x12, 0x02);
const HEAD_WORDS = 10n;

export async function safeRun(
  tx: SafeTx,
  wallet: Address | undefined,
  source: StateSource,
  maxGas: bigint,
): Promise<Run> {
  const { safe } = tx;
  const notes: string[] = ['run as if every owner it needs had approved it; submitted by an account that is nobody'];
  if (tx.chainId === undefined)
    notes.push(`the signature is valid on every chain; this is chain ${source.chainId} only`);
  const owners = await ownersOf(safe, source);
  const threshold = await source.storage(safe, SAFE_THRESHOLD);
  const nonce = await source.storage(safe, SAFE_NONCE);
  const hasCode = (await source.account(safe)).code.length > 0;
  if (wallet !== undefined && !owners.includes(wallet)) notes.push('the wallet is not an owner of this Safe');
  if (tx.nonce > nonce)
    notes.push(`the next nonce of the Safe is ${nonce}: ${tx.nonce - nonce} others come before this`);
  const approving = approvers(owners, wallet, threshold);
  const submitter = submitterOf(source);
  const words = new Map([[SAFE_NONCE, tx.nonce]]);
  for (const owner of approving) words.set(approvedHashSlot(owner, safeTxDigest(tx)), 1n);
  return {
    subject: 'safe-transaction',
    safe,
    safes: new Set([safe]),
    caller: submitter.address,
    to: safe,
    value: 0n,
    data: execTransaction(tx, approving),
    gas: maxGas,
    // A refund in native money is never more than this times the gas; somebody will submit at that price.
    gasPrice: larger(tx.gasPrice, submitter.gasPrice),
    fee: undefined,
    accessList: [],
    authorizations: [],
    blobHashes: [],
    overrides: {
      ...NO_OVERRIDES,
      balances: new Map([[submitter.address, submitter.balance]]),
      nonces: new Map([[submitter.address, submitter.nonce]]),
      words: new Map([[safe, words]]),
    },
    obstacle: obstacleOf(hasCode, owners, threshold, tx.nonce, nonce),
    notes,
  };
}

function obstacleOf(
  hasCode: boolean,
  owners: readonly Address[],
  threshold: bigint,
  nonce: bigint,
  next: bigint,
): string | undefined {
  if (!hasCode) return "there is no contract at the Safe's address";
  if (threshold === 0n || threshold > BigInt(owners.length)) return 'the account does not keep owners as a Safe does';
  return nonce < next ? `the Safe has used the nonce ${nonce} already; its next is ${next}` : undefined;
}

/** The list that begins and ends at the sentinel; cut short where it is none. */
async function ownersOf(safe: Address, source: StateSource): Promise<readonly Address[]> {
  const owners: Address[] = [];
  let at = SENTINEL;
  while (owners.length < MAX_OWNERS) {
    const next = await source.storage(safe, mappingSlot(at, SAFE_OWNERS));
    at = addressIn(next);
    if (next === 0n || at === SENTINEL || owners.includes(at)) break;
    owners.push(at);
  }
  return owners;
}

/** As many as needed, the wallet among them if it is one, in ascending order as the Safe demands. */
function approvers(owners: readonly Address[], wallet: Address | undefined, threshold: bigint): readonly Address[] {
  const first = owners.filter((owner) => owner === wallet);
  const others = owners.filter((owner) => owner !== wallet);
  return [...first, ...others].slice(0, Number(smaller(threshold, BigInt(MAX_OWNERS)))).sort();
}

/** An entry with v = 1: "this owner has approved the hash", without a signature. */
function approvedEntry(owner: Address): Uint8Array {
  return concat(new Uint8Array(12), addressBytes(owner), new Uint8Array(32), Uint8Array.of(1));
}

function execTransaction(tx: SafeTx, approving: readonly Address[]): Uint8Array {
  const data = bytesTail(tx.data);
  const signatures = bytesTail(concat(...approving.map(approvedEntry)));
  const dataAt = HEAD_WORDS * 32n;
  return concat(
    EXEC_TRANSACTION,
    addressWord(tx.to),
    numberWord(tx.value),
    numberWord(dataAt),
    numberWord(BigInt(tx.operation)),
    numberWord(tx.safeTxGas),
    numberWord(tx.baseGas),
    numberWord(tx.gasPrice),
    addressWord(tx.gasToken),
    addressWord(tx.refundReceiver),
    numberWord(dataAt + BigInt(data.length)),
    data,
    signatures,
  );
}
