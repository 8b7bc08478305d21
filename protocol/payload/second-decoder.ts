/**
 * Second decoder: the same bytes read by viem, which shares no RLP, ABI or EIP-712 code with the first decoder. It is
 * laxer than ours, so it also has to encode what it read back to the same bytes. Everything it throws is a refusal.
 */
import {
  decodeAbiParameters,
  encodeAbiParameters,
  encodePacked,
  type Hex,
  hashTypedData,
  keccak256,
  parseAbiParameters,
  parseTransaction,
  serializeTransaction,
} from 'viem';
import { toHex } from '../common/bytes.ts';
import type { KnownFunction } from './calldata/table.ts';
import { refuse } from './refusal.ts';

/** Values as viem gives them; agree.ts compares them with ours. */
export interface SecondTransaction {
  readonly parsed: Readonly<Record<string, unknown>>;
  readonly digest: Hex;
}

export function secondTransaction(bytes: Uint8Array): SecondTransaction {
  const hex = hexOf(bytes);
  return attempt(() => {
    // viem tells the types apart by this prefix; a legacy list starts at 0xc0.
    const parsed = parseTransaction(hex);
    if (serializeTransaction(parsed) !== hex) refuse('REENCODE_MISMATCH');
    return { parsed: { ...parsed }, digest: keccak256(hex) };
  });
}

const PARAMETERS = new Map<string, readonly { readonly type: string }[]>();

/** The arguments of a known function, in order. */
export function secondArguments(known: KnownFunction, body: Uint8Array): readonly unknown[] {
  return attempt(() => {
    const list = known.canonical.slice(known.canonical.indexOf('(') + 1, -1);
    if (list === '') return [];
    let parameters = PARAMETERS.get(list);
    if (parameters === undefined) {
      parameters = parseAbiParameters(list) as readonly { readonly type: string }[];
      PARAMETERS.set(list, parameters);
    }
    const hex = hexOf(body);
    const values: readonly unknown[] = decodeAbiParameters(parameters, hex);
    if (encodeAbiParameters(parameters, values) !== hex) refuse('REENCODE_MISMATCH');
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

/** The SafeTx document read by JSON.parse and hashed by viem. */
export interface SecondSafeTx {
  readonly domain: Readonly<Record<string, unknown>>;
  readonly message: Readonly<Record<string, unknown>>;
  readonly digest: Hex;
}

export function secondSafeTx(bytes: Uint8Array): SecondSafeTx {
  return attempt(() => {
    const document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as {
      readonly domain: Readonly<Record<string, unknown>>;
      readonly message: Readonly<Record<string, unknown>>;
      readonly types: Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>;
      readonly primaryType: string;
    };
    const { types, primaryType } = document;
    const domain = numbers(document.domain, types['EIP712Domain'] ?? []);
    const message = numbers(document.message, types[primaryType] ?? []);
    return { domain, message, digest: hashTypedData({ domain, types, primaryType, message }) };
  });
}

/** Decimal strings as bigints where the types say so; viem takes many things for a number, so it gets only this one. */
function numbers(
  values: Readonly<Record<string, unknown>>,
  fields: readonly { readonly name: string; readonly type: string }[],
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    fields.map(({ name, type }) => [name, type.startsWith('uint') ? BigInt(String(values[name])) : values[name]]),
  );
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
