/** Writes what attackers and payers write: calldata, transactions, Safe transactions, batches, typed data, messages. */
import { concat, fromHex, toHex, utf8 } from '../common/bytes.ts';
import { canonicalText, type Json } from '../common/canonical-json.ts';
import { type Address, addressBytes, ZERO_ADDRESS } from '../payload/address.ts';
import { authorizationPayload } from '../payload/authorization.ts';
import { keccak256 } from '../payload/keccak.ts';
import { messagePayload } from '../payload/message.ts';
import type { Payload } from '../payload/payload.ts';
import { encodeTransaction, type Transaction } from '../payload/transaction.ts';
import { canonicalizeTypedData } from '../payload/typed-data.ts';

/** Strings are addresses; a `Uint8Array` is `bytes`; `fixed` is one word as it is. */
export type Arg =
  | bigint
  | boolean
  | Address
  | Uint8Array
  | { readonly fixed: Uint8Array }
  | { readonly tuple: readonly Arg[] }
  | { readonly list: readonly Arg[] };

/** Calldata of a function, named by its signature, like `transfer(address,uint256)`. */
export function calldata(signature: string, ...args: readonly Arg[]): Uint8Array {
  return concat(keccak256(utf8(signature)).slice(0, 4), encodeTuple(args));
}

function encodeTuple(args: readonly Arg[]): Uint8Array {
  const heads: Uint8Array[] = [];
  const tails: Uint8Array[] = [];
  let offset = args.reduce((sum, arg) => sum + headSize(arg), 0);
  for (const arg of args) {
    const encoded = encodeArg(arg);
    if (!isDynamic(arg)) {
      heads.push(encoded);
      continue;
    }
    heads.push(word(BigInt(offset)));
    tails.push(encoded);
    offset += encoded.length;
  }
  return concat(...heads, ...tails);
}

function encodeArg(arg: Arg): Uint8Array {
  if (typeof arg === 'bigint') return word(arg);
  if (typeof arg === 'boolean') return word(arg ? 1n : 0n);
  if (typeof arg === 'string') return concat(new Uint8Array(12), addressBytes(arg));
  if (arg instanceof Uint8Array) {
    return concat(word(BigInt(arg.length)), arg, new Uint8Array((32 - (arg.length % 32)) % 32));
  }
  if ('fixed' in arg) return arg.fixed;
  if ('tuple' in arg) return encodeTuple(arg.tuple);
  return concat(word(BigInt(arg.list.length)), encodeTuple(arg.list));
}

function isDynamic(arg: Arg): boolean {
  if (typeof arg !== 'object') return false;
  if (arg instanceof Uint8Array || 'list' in arg) return true;
  return 'tuple' in arg && arg.tuple.some(isDynamic);
}

function headSize(arg: Arg): number {
  if (isDynamic(arg) || typeof arg !== 'object' || !('tuple' in arg)) return 32;
  return arg.tuple.reduce((sum, item) => sum + headSize(item), 0);
}

export function word(value: bigint): Uint8Array {
  return bytes(value.toString(16).padStart(64, '0'));
}

/** @throws {RangeError} the digits are no hex; they are written by hand in this room. */
export function bytes(hex: string): Uint8Array {
  const read = fromHex(hex.startsWith('0x') ? hex.slice(2) : hex);
  if (read === undefined) throw new RangeError('hex digits expected');
  return read;
}

export const NO_DATA: Uint8Array = new Uint8Array(0);

export interface Sent {
  readonly to: Address;
  readonly value?: bigint;
  readonly data?: Uint8Array;
}

/** What an unsigned transaction has besides the call. */
export interface Envelope {
  readonly chainId: bigint;
  readonly nonce: bigint;
  readonly gas: bigint;
  /** Wei per gas. */
  readonly maxFeePerGas: bigint;
  /** Of that for whoever builds the block; absent: a usual tip. */
  readonly tip?: bigint;
}

const USUAL_TIP = 10n ** 8n;

export function transaction(
  { to, value = 0n, data = NO_DATA }: Sent,
  { chainId, nonce, gas, maxFeePerGas, tip }: Envelope,
  more: Partial<Transaction> = {},
): Payload {
  const encoded = encodeTransaction({
    type: 'eip1559',
    chainId,
    nonce,
    gas,
    fees: {
      kind: 'cap',
      maxFeePerGas,
      maxPriorityFeePerGas: tip ?? (maxFeePerGas < USUAL_TIP ? maxFeePerGas : USUAL_TIP),
    },
    to,
    value,
    data,
    accessList: [],
    blobs: undefined,
    authorizations: [],
    ...more,
  });
  return { kind: 'evm-transaction', bytes: encoded };
}

export interface SafeFields extends Sent {
  readonly operation?: 0 | 1;
  readonly gasPrice?: bigint;
  readonly baseGas?: bigint;
  readonly gasToken?: Address;
  readonly refundReceiver?: Address;
  readonly nonce?: bigint;
}

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
].map(([name = '', type = '']) => ({ name, type }));

/** The typed data of a Safe transaction; without a chain id as Safes before 1.3 have it. */
export function safeTypedData(safe: Address, chainId: bigint | undefined, fields: SafeFields): Uint8Array {
  return typedData({
    types: { SafeTx: SAFE_TX_TYPE },
    primaryType: 'SafeTx',
    domain: { ...(chainId === undefined ? {} : { chainId: chainId.toString() }), verifyingContract: safe },
    message: {
      to: fields.to,
      value: String(fields.value ?? 0n),
      data: `0x${toHex(fields.data ?? NO_DATA)}`,
      operation: String(fields.operation ?? 0),
      safeTxGas: '0',
      baseGas: String(fields.baseGas ?? 0n),
      gasPrice: String(fields.gasPrice ?? 0n),
      gasToken: fields.gasToken ?? ZERO_ADDRESS,
      refundReceiver: fields.refundReceiver ?? ZERO_ADDRESS,
      nonce: String(fields.nonce ?? 0n),
    },
  });
}

export function safePayload(safe: Address, chainId: bigint | undefined, fields: SafeFields): Payload {
  return { kind: 'evm-typed-data', bytes: safeTypedData(safe, chainId, fields) };
}

/** Calldata of `execTransaction`; `signatures` as an attacker or an owner has them. */
export function execTransaction(fields: SafeFields, signatures: Uint8Array): Uint8Array {
  return calldata(
    'execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)',
    fields.to,
    fields.value ?? 0n,
    fields.data ?? NO_DATA,
    BigInt(fields.operation ?? 0),
    0n,
    fields.baseGas ?? 0n,
    fields.gasPrice ?? 0n,
    fields.gasToken ?? ZERO_ADDRESS,
    fields.refundReceiver ?? ZERO_ADDRESS,
    signatures,
  );
}

/** "Whoever sends this is an owner and agrees": the form of a Safe's signature check for its own sender. */
export function senderSignature(owner: Address): Uint8Array {
  return concat(new Uint8Array(12), addressBytes(owner), new Uint8Array(32), Uint8Array.of(1));
}

export interface Packed extends Sent {
  readonly operation?: 0 | 1;
}

/** Calldata of `multiSend(bytes)`. */
export function multiSend(calls: readonly Packed[]): Uint8Array {
  const packed = calls.map(({ to, value = 0n, data = NO_DATA, operation = 0 }) =>
    concat(Uint8Array.of(operation), addressBytes(to), word(value), word(BigInt(data.length)), data),
  );
  return calldata('multiSend(bytes)', concat(...packed));
}

/** Canonical bytes of a document; numbers as decimal text. */
export function typedData(document: Json): Uint8Array {
  const canonical = canonicalizeTypedData(canonicalText(document));
  if (!canonical.ok) throw new RangeError(`a document of the red team is refused: ${canonical.error.message}`);
  return canonical.value;
}

export function typedPayload(document: Json): Payload {
  return { kind: 'evm-typed-data', bytes: typedData(document) };
}

/** Bytes to be signed as a message. */
export function bytesMessage(message: Uint8Array): Payload {
  return { kind: 'evm-message', bytes: messagePayload({ encoding: 'hex', text: undefined, bytes: message }) };
}

export function authorization(chainId: bigint, delegate: Address, nonce: bigint): Payload {
  return { kind: 'evm-authorization', bytes: authorizationPayload({ chainId, address: delegate, nonce }) };
}

export const TRANSFER = 'transfer(address,uint256)';

/** An address that nobody has written down: the last 20 bytes of a hash over what it is for. */
export function inventedAddress(purpose: string): Address {
  return `0x${toHex(keccak256(utf8(`keymoot red team: ${purpose}`)).slice(12))}`;
}

/** An address that agrees with `original` in four digits at each end, as a poisoner would search for. */
export function lookalikeOf(original: Address): Address {
  const middle = inventedAddress(`a look-alike of ${original}`).slice(6, 38);
  return `0x${original.slice(2, 6)}${middle}${original.slice(38)}`;
}
