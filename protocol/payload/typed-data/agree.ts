/** Both readings of a document, value by value and type by type, and the digest; the first difference is a refusal. */
import { toHex } from '../../common/bytes.ts';
import { refuse } from '../refusal.ts';
import type { TypedDocument } from './document.ts';
import type { TypedField, TypedValue } from './reading.ts';
import type { Fields } from './second-flat.ts';
import type { SecondTypedData, Values } from './second-reading.ts';
import { DOMAIN_TYPE } from './types.ts';

export function agreeTypedData(ours: TypedDocument, digest: Uint8Array, theirs: SecondTypedData): void {
  if (theirs.primaryType !== ours.table.primaryType) refuse('DECODERS_DISAGREE', 'primaryType');
  agreeTypes(ours, theirs);
  agreeStruct(ours.domain, theirs.domain, 'domain');
  agreeStruct(ours.message, theirs.message, 'message');
  if (theirs.digest !== `0x${toHex(digest)}`) refuse('DECODERS_DISAGREE', 'digest');
}

function agreeTypes({ table, domain }: TypedDocument, { types }: SecondTypedData): void {
  const names = Object.keys(types);
  // No struct is called like the domain, so as many names as there are types are all of them.
  const same = names.every((name) =>
    name === DOMAIN_TYPE
      ? isSameList(domain, ({ type }) => type, types[name])
      : isSameList(table.structs.get(name), ({ text }) => text, types[name]),
  );
  if (!same || names.length !== table.structs.size + 1) refuse('DECODERS_DISAGREE', 'types');
}

function isSameList<T extends { readonly name: string }>(
  ours: readonly T[] | undefined,
  typeOf: (field: T) => string,
  theirs: Fields | undefined,
): boolean {
  if (ours === undefined || theirs === undefined || ours.length !== theirs.length) return false;
  return ours.every((field, i) => theirs[i]?.name === field.name && theirs[i]?.type === typeOf(field));
}

function agreeStruct(ours: readonly TypedField[], theirs: unknown, path: string): void {
  const values = typeof theirs === 'object' && theirs !== null ? (theirs as Values) : {};
  if (Array.isArray(theirs) || Object.keys(values).length !== ours.length) {
    refuse('DECODERS_DISAGREE', `the fields of ${path}`);
  }
  for (const { name, value } of ours) agreeValue(value, Object.hasOwn(values, name) ? values[name] : undefined, name);
}

function agreeValue(ours: TypedValue, theirs: unknown, name: string): void {
  if (ours.kind === 'struct') agreeStruct(ours.fields, theirs, name);
  else if (ours.kind === 'list') agreeList(ours.items, theirs, name);
  else {
    // Numbers, texts, truth values and lower-case addresses are the very same value on both sides.
    const value = ours.kind === 'bytes' ? `0x${toHex(ours.value)}` : ours.value;
    if (theirs !== value) refuse('DECODERS_DISAGREE', name);
  }
}

function agreeList(ours: readonly TypedValue[], theirs: unknown, name: string): void {
  const items: readonly unknown[] = Array.isArray(theirs) ? theirs : [];
  if (!Array.isArray(theirs) || items.length !== ours.length) refuse('DECODERS_DISAGREE', `the items of ${name}`);
  for (const [i, item] of ours.entries()) agreeValue(item, items[i], name);
}
