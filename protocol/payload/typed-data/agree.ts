/** Both readings of a document, value by value and type by type, and the digest; the first difference is a refusal. */
import { toHex } from '../../common/bytes.ts';
import { refuse } from '../refusal.ts';
import type { TypedDocument } from './document.ts';
import type { TypedField, TypedValue } from './reading.ts';
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
  const expected = new Map<string, string>([[DOMAIN_TYPE, list(domain.map(({ name, type }) => [type, name]))]]);
  for (const [struct, fields] of table.structs) {
    expected.set(struct, list(fields.map(({ name, text }) => [text, name])));
  }
  const names = Object.keys(types);
  const same = names.every(
    (name) => list((types[name] ?? []).map((field) => [field.type, field.name])) === expected.get(name),
  );
  if (!same || names.length !== expected.size) refuse('DECODERS_DISAGREE', 'types');
}

function list(pairs: readonly (readonly [type: string, name: string])[]): string {
  return pairs.map((pair) => pair.join(' ')).join(',');
}

function agreeStruct(ours: readonly TypedField[], theirs: unknown, path: string): void {
  const values = new Map(typeof theirs === 'object' && theirs !== null ? Object.entries(theirs as Values) : []);
  if (Array.isArray(theirs) || values.size !== ours.length) refuse('DECODERS_DISAGREE', `the fields of ${path}`);
  for (const { name, value } of ours) agreeValue(value, values.get(name), name);
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
