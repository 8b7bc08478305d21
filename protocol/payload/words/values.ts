/** Values of calls and documents as lines: one line a value, every address and every number whole. */
import { toHex } from '../../common/bytes.ts';
import { type AbiValue, isText } from '../calldata/abi.ts';
import type { TypedField, TypedValue } from '../typed-data/reading.ts';
import type { AddressBook } from './names.ts';
import { quoted } from './sanitise.ts';
import { dateWords } from './times.ts';

/** Data shown as hex up to here; longer data is named by its length and hash-like ends, since nobody reads it. */
export const MAX_DATA_SHOWN = 512;

export function bytesShown(bytes: Uint8Array): string {
  if (bytes.length <= MAX_DATA_SHOWN) return `0x${toHex(bytes)}`;
  return `${bytes.length} bytes, too long to show: 0x${toHex(bytes.subarray(0, 32))}...`;
}

/** An argument of a call. */
export function argumentLines(label: string, value: AbiValue, book: AddressBook): readonly string[] {
  if (Array.isArray(value)) {
    if (value.length === 0) return [`${label}: empty list`];
    return value.flatMap((item: AbiValue, i) => argumentLines(`${label}[${i}]`, item, book));
  }
  if (typeof value === 'bigint' || typeof value === 'boolean') return [`${label}: ${value}`];
  if (typeof value === 'string') return [`${label}: ${book.shown(value)}`];
  if (value instanceof Uint8Array) return [`${label}: ${bytesShown(value)}`];
  return isText(value) ? [`${label}: ${quoted(value.text)}`] : [];
}

/** A field of typed data, whole: everything that is signed is shown. */
export function fieldLines(field: TypedField, book: AddressBook, within = ''): readonly string[] {
  const label = `${within}${field.name}`;
  return valueLines(label, field.type, field.value, book, field.name);
}

function valueLines(
  label: string,
  type: string,
  value: TypedValue,
  book: AddressBook,
  name: string,
): readonly string[] {
  switch (value.kind) {
    case 'struct':
      if (value.fields.length === 0) return [`${label} (${type}): no fields`];
      return value.fields.flatMap((field) => fieldLines(field, book, `${label}.`));
    case 'list': {
      if (value.items.length === 0) return [`${label} (${type}): empty list`];
      const item = type.slice(0, type.lastIndexOf('['));
      return value.items.flatMap((entry, i) => valueLines(`${label}[${i}]`, item, entry, book, name));
    }
    case 'address':
      return [`${label} (${type}): ${book.shown(value.value)}`];
    case 'bytes':
      return valueRows(`${label} (${type}):`, `0x${toHex(value.value)}`);
    case 'text':
      return valueRows(`${label} (${type}):`, quoted(value.value, Number.MAX_SAFE_INTEGER));
    default:
      return [`${label} (${type}): ${value.value}${momentWords(name, value)}`];
  }
}

/** Longer values go on in the next lines, since a line is cut where it ends. */
const LONGEST = 2048;
const ROW = 96;

/** The whole of `text` behind `label`, in one line or in as many as it takes. */
export function valueRows(label: string, text: string): readonly string[] {
  if (text.length <= LONGEST) return [`${label} ${text}`];
  const lines = [label];
  for (let i = 0; i < text.length; i += ROW) lines.push(`  ${i === 0 ? '|' : '+'} ${text.slice(i, i + ROW)}`);
  return lines;
}

/** A number whose name says that it is a time, with the date beside it. */
function momentWords(name: string, value: TypedValue): string {
  if (
    value.kind !== 'number' ||
    !/deadline|expir|expiry|validAfter|validBefore|validUntil|startTime|endTime/i.test(name)
  )
    return '';
  const words = value.value < 1_000_000_000n ? undefined : dateWords(value.value);
  return words === undefined ? '' : ` = ${words}`;
}
