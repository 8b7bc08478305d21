/**
 * Second decoder: the same bytes read by viem, which shares no RLP, ABI or EIP-712 code with the first decoder. It is
 * laxer than ours, so it also has to encode what it read back to the same bytes. Everything it throws is a refusal.
 */
import {
  decodeAbiParameters,
  encodeAbiParameters,
  encodePacked,
  fromRlp,
  type Hex,
  hashMessage,
  keccak256,
  parseAbiParameters,
  parseTransaction,
  serializeTransaction,
  toRlp,
} from 'viem';
import { hashAuthorization } from 'viem/utils';
import { toHex } from '../common/bytes.ts';
import { refuse } from './refusal.ts';
import { secondRecovery } from './second-recovery.ts';

/** Values as viem gives them; agree.ts compares them with ours. */
export interface SecondTransaction {
  readonly parsed: Readonly<Record<string, unknown>>;
  readonly authorizations: readonly SecondSignedAuthorization[];
  readonly digest: Hex;
}

export interface SecondAuthorization {
  readonly chainId: number;
  readonly address: Hex;
  readonly nonce: number;
  readonly digest: Hex;
}

export interface SecondSignedAuthorization extends SecondAuthorization {
  readonly yParity: number;
  readonly r: bigint;
  readonly s: bigint;
  /** Lower case; `undefined`: no key can have signed it. */
  readonly authority: Hex | undefined;
}

export function secondTransaction(bytes: Uint8Array): SecondTransaction {
  const hex = hexOf(bytes);
  return attempt(() => {
    // viem tells the types apart by this prefix; a legacy list starts at 0xc0.
    const parsed = parseTransaction(hex);
    if (serializeTransaction(parsed) !== hex) refuse('REENCODE_MISMATCH');
    const list = 'authorizationList' in parsed ? (parsed.authorizationList ?? []) : [];
    return { parsed: { ...parsed }, authorizations: list.map(signedAuthorization), digest: keccak256(bytes) };
  });
}

function signedAuthorization(item: {
  readonly address: Hex;
  readonly chainId: number;
  readonly nonce: number;
  readonly r: Hex;
  readonly s: Hex;
  readonly yParity?: number | undefined;
}): SecondSignedAuthorization {
  const { address, chainId, nonce } = item;
  const digest = hashAuthorization({ address, chainId, nonce });
  const yParity = item.yParity === 1 ? 1 : 0;
  const [r, s] = [BigInt(item.r), BigInt(item.s)];
  const key = secondRecovery(BigInt(digest), yParity, r, s);
  const word = (value: bigint): string => value.toString(16).padStart(64, '0');
  const authority: Hex | undefined = key && `0x${keccak256(`0x${word(key.x)}${word(key.y)}`).slice(26)}`;
  return { chainId, address, nonce, digest, yParity: item.yParity ?? -1, r, s, authority };
}

/** An authorization that is to be signed: its list read by viem's RLP, and hashed by viem from the fields. */
export function secondAuthorization(bytes: Uint8Array): SecondAuthorization {
  return attempt(() => {
    const body = hexOf(bytes.subarray(1));
    const fields = fromRlp(body, 'hex');
    if (bytes[0] !== 5 || typeof fields === 'string' || fields.length !== 3) return refuse('SECOND_DECODER_REFUSED');
    if (toRlp(fields) !== body) refuse('REENCODE_MISMATCH');
    const [chainId, address, nonce] = fields;
    const number = (field: unknown): number => (field === '0x' ? 0 : Number(field));
    if (typeof address !== 'string') return refuse('SECOND_DECODER_REFUSED');
    const read = { chainId: number(chainId), address, nonce: number(nonce) };
    if (!Number.isSafeInteger(read.chainId) || !Number.isSafeInteger(read.nonce)) refuse('SECOND_DECODER_REFUSED');
    return { ...read, digest: hashAuthorization(read) };
  });
}

export interface SecondMessage {
  readonly encoding: unknown;
  readonly message: unknown;
  readonly digest: Hex;
}

/** A message read by JSON.parse and hashed by viem. */
export function secondMessage(bytes: Uint8Array): SecondMessage {
  return attempt(() => {
    const document: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    const { encoding, message, ...rest } = document as Readonly<Record<string, unknown>>;
    if (typeof message !== 'string' || Object.keys(rest).length > 0) return refuse('SECOND_DECODER_REFUSED');
    if (encoding === 'text') return { encoding, message, digest: hashMessage(message) };
    if (encoding !== 'hex' || !/^0x(?:[0-9a-f]{2})*$/.test(message)) return refuse('SECOND_DECODER_REFUSED');
    return { encoding, message, digest: hashMessage({ raw: `0x${message.slice(2)}` }) };
  });
}

const PARAMETERS = new Map<string, readonly { readonly type: string }[]>();

/**
 * The arguments of a known function, in order. Addresses are read as the numbers they are in the encoding, which viem
 * checks and encodes just as well: their mixed case would cost two hashes each.
 */
export function secondArguments(known: { readonly canonical: string }, body: Uint8Array): readonly unknown[] {
  return attempt(() => {
    const list = known.canonical.slice(known.canonical.indexOf('(') + 1, -1);
    if (list === '') return [];
    let parameters = PARAMETERS.get(list);
    if (parameters === undefined) {
      parameters = parseAbiParameters(list.replaceAll('address', 'uint160')) as readonly { readonly type: string }[];
      PARAMETERS.set(list, parameters);
    }
    const values: readonly unknown[] = decodeAbiParameters(parameters, body);
    if (encodeAbiParameters(parameters, values) !== hexOf(body)) refuse('REENCODE_MISMATCH');
    return values;
  });
}

export interface SecondPackedCall {
  readonly operation: number;
  readonly to: Hex;
  readonly value: bigint;
  readonly data: Hex;
}

/** The packed entries of a multiSend, cut out of the hex text, and packed again by viem. */
export function secondMultiSend(transactions: Uint8Array): readonly SecondPackedCall[] {
  return attempt(() => {
    const text = toHex(transactions);
    const entries: SecondPackedCall[] = [];
    let packed = '';
    for (let rest = 0; rest < text.length; ) {
      const cut = (from: number, length: number): Hex => `0x${text.slice(rest + from, rest + from + length)}`;
      const size = Number(BigInt(cut(106, 64)));
      const entry = {
        operation: Number(cut(0, 2)),
        to: cut(2, 40),
        value: BigInt(cut(42, 64)),
        data: cut(170, size * 2),
      };
      packed += encodePacked(
        ['uint8', 'address', 'uint256', 'uint256', 'bytes'],
        [entry.operation, entry.to, entry.value, BigInt(size), entry.data],
      ).slice(2);
      entries.push(entry);
      rest += 170 + size * 2;
    }
    if (packed !== text) refuse('REENCODE_MISMATCH');
    return entries;
  });
}

function hexOf(bytes: Uint8Array): Hex {
  return `0x${toHex(bytes)}`;
}

/** Library errors quote the input, so none of their text goes further. */
function attempt<T>(step: () => T): T {
  try {
    return step();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'REENCODE_MISMATCH') throw error;
    return refuse('SECOND_DECODER_REFUSED');
  }
}
