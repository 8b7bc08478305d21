/** What a transaction pays before its first instruction, and what it may get back (EIP-2028, 2930, 3529, 3860, 7623, 7702). */
import type { Transaction } from '../payload/transaction.ts';
import { larger, smaller } from './words.ts';

const BASE = 21_000n;
const CREATE = 32_000n;
const INIT_WORD = 2n;
const TOKEN = 4n;
const FLOOR_TOKEN = 10n;
const LISTED_ADDRESS = 2_400n;
const LISTED_KEY = 1_900n;
const AUTHORIZATION = 25_000n;
/** Back for an authority that already exists. */
export const AUTHORIZATION_REFUND = 12_500n;
const REFUND_QUOTIENT = 5n;
export const GAS_PER_BLOB: bigint = 1n << 17n;

export interface IntrinsicGas {
  readonly before: bigint;
  /** The least that is charged, whatever is executed. */
  readonly floor: bigint;
}

export function intrinsicGas(tx: Pick<Transaction, 'to' | 'data' | 'accessList' | 'authorizations'>): IntrinsicGas {
  let tokens = 0n;
  for (const byte of tx.data) tokens += byte === 0 ? 1n : 4n;
  let before = BASE + TOKEN * tokens;
  if (tx.to === undefined) before += CREATE + INIT_WORD * BigInt(Math.ceil(tx.data.length / 32));
  for (const { storageKeys } of tx.accessList) before += LISTED_ADDRESS + LISTED_KEY * BigInt(storageKeys.length);
  before += AUTHORIZATION * BigInt(tx.authorizations.length);
  return { before, floor: BASE + FLOOR_TOKEN * tokens };
}

/** Gas that is paid for in the end. */
export function settledGas(used: bigint, refund: bigint, { floor }: IntrinsicGas): bigint {
  return larger(used - smaller(refund, used / REFUND_QUOTIENT), floor);
}
