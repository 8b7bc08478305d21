/**
 * Second reading of typed data: the same bytes by JSON.parse and viem, which has its own EIP-712 and its own Keccak.
 * Nothing of the first reading is imported. Everything it throws is a refusal.
 */
import { type Hex, hashTypedData } from 'viem';
import { refuse } from '../refusal.ts';
import { type Fields, flatDigest } from './second-flat.ts';

/** As viem takes them: numbers as bigint, bytes and addresses as 0x hex, structs as objects, lists as arrays. */
export interface SecondTypedData {
  readonly primaryType: unknown;
  readonly types: Types;
  readonly domain: Values;
  readonly message: Values;
  readonly digest: Hex;
}

type Types = Readonly<Record<string, Fields>>;
export type Values = Readonly<Record<string, unknown>>;

const TEXT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function secondTypedData(bytes: Uint8Array): SecondTypedData {
  try {
    const text = TEXT.decode(bytes);
    const document = JSON.parse(text) as {
      readonly domain: Values;
      readonly message: Values;
      readonly types: Types;
      readonly primaryType: string;
    };
    const { types, primaryType } = document;
    const domain = structValues(document.domain, 'EIP712Domain', types);
    const message = structValues(document.message, primaryType, types);
    const read = { domain, types, primaryType, message };
    return { ...read, digest: flatDigest(read) ?? hashTypedData(read) };
  } catch {
    // Library errors quote the input, so none of their text goes further.
    return refuse('SECOND_DECODER_REFUSED');
  }
}

/** Every key that is there, so that one without a field shows up in the comparison. */
function structValues(values: Values, name: string, types: Types): Values {
  const fields = types[name] ?? [];
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      const type = fields.find((field) => field.name === key)?.type;
      return [key, type === undefined ? value : typedValue(value, type, types)];
    }),
  );
}

/** Decimal strings become numbers where the types say so; viem takes many things for a number, so it gets only these. */
function typedValue(value: unknown, type: string, types: Types): unknown {
  if (type.endsWith(']')) {
    const item = type.slice(0, type.lastIndexOf('['));
    if (!Array.isArray(value)) throw new TypeError('a list');
    return value.map((one: unknown) => typedValue(one, item, types));
  }
  if (Object.hasOwn(types, type)) {
    if (typeof value !== 'object' || value === null) throw new TypeError('a struct');
    return structValues(value as Values, type, types);
  }
  if (!/^u?int/.test(type)) return value;
  if (typeof value !== 'string') throw new TypeError('a number');
  return BigInt(value);
}
