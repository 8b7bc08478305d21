/**
 * The types of an EIP-712 document: names checked, every reference resolved, nothing recursive, nothing unused. Only
 * the spellings of the standard are types (`uint256`, never `uint`), so that no two readers can take one differently.
 */
import type { StrictJson } from '../../common/strict-json.ts';
import { refuse } from '../refusal.ts';

export type TypeRef =
  | { readonly kind: 'uint' | 'int'; readonly bits: number }
  | { readonly kind: 'bool' | 'address' | 'string' | 'bytes' }
  | { readonly kind: 'fixed'; readonly size: number }
  /** `length` is set for `T[3]`. */
  | { readonly kind: 'list'; readonly item: TypeRef; readonly length: number | undefined }
  | { readonly kind: 'struct'; readonly name: string };

export interface TypeField {
  readonly name: string;
  /** As written. */
  readonly text: string;
  readonly type: TypeRef;
}

export interface TypeTable {
  readonly primaryType: string;
  /** Without EIP712Domain; every one of them is used. */
  readonly structs: ReadonlyMap<string, readonly TypeField[]>;
  /** `EIP712Domain` as the document lists it; `undefined`: it does not. */
  readonly domainList: readonly { readonly name: string; readonly text: string }[] | undefined;
}

export const DOMAIN_TYPE = 'EIP712Domain';

const MAX_STRUCTS = 64;
const MAX_FIELDS = 64;
/** Characters of all names and types together; the largest common types have below 1,000. */
const MAX_TYPE_TEXT = 8192;
const MAX_LIST_DEPTH = 32;

/** Refuses (throws) with TYPED_DATA_TYPES, or TYPED_DATA_LIMIT for too many of them. */
export function readTypes(value: StrictJson | undefined, primaryType: string): TypeTable {
  if (value?.type !== 'object') return refuse('TYPED_DATA_SHAPE', 'types is not an object');
  if (primaryType === DOMAIN_TYPE) return refuse('UNSUPPORTED_TYPED_DATA', 'it is a domain without a message');
  if (value.members.size > MAX_STRUCTS) return refuse('TYPED_DATA_LIMIT', `more than ${MAX_STRUCTS} types`);
  const lists = new Map([...value.members].map(([name, list]) => [name, readFields(list)] as const));
  const length = [...lists.values()].flat().reduce((sum, { name, text }) => sum + name.length + text.length + 2, 0);
  if (length > MAX_TYPE_TEXT) refuse('TYPED_DATA_LIMIT', `more than ${MAX_TYPE_TEXT} characters of types`);
  const domainList = lists.get(DOMAIN_TYPE);
  lists.delete(DOMAIN_TYPE);
  const structs = new Map<string, readonly TypeField[]>();
  for (const [name, fields] of lists) {
    if (!isIdentifier(name) || isReserved(name)) refuse('TYPED_DATA_TYPES', 'a type has a name that is not allowed');
    structs.set(
      name,
      fields.map((field) => ({ ...field, type: parseType(field.text, lists) })),
    );
  }
  const table = { primaryType, structs, domainList };
  if (!structs.has(primaryType)) refuse('TYPED_DATA_TYPES', 'the primary type is not defined');
  if (dependencies(table, primaryType).length !== structs.size) {
    refuse('TYPED_DATA_TYPES', 'there is a type that the primary type does not use');
  }
  return table;
}

/** By the structs of a table, by name: those of the pinned types live as long as the process. */
const ENCODED = new WeakMap<TypeTable['structs'], Map<string, string>>();

/** EIP-712 `encodeType`: the type itself first, the ones it uses sorted by name. */
export function encodeType(table: TypeTable, name: string): string {
  const encoded = ENCODED.get(table.structs) ?? new Map<string, string>();
  ENCODED.set(table.structs, encoded);
  const known = encoded.get(name);
  if (known !== undefined) return known;
  const text = encodeFields(table, name);
  encoded.set(name, text);
  return text;
}

function encodeFields(table: TypeTable, name: string): string {
  const [, ...others] = dependencies(table, name);
  return [name, ...others.sort()].map((struct) => `${struct}(${fieldText(fieldsOf(table, struct))})`).join('');
}

export function fieldsOf(table: TypeTable, name: string): readonly TypeField[] {
  return table.structs.get(name) ?? refuse('TYPED_DATA_TYPES', 'a type is not defined');
}

function fieldText(fields: readonly TypeField[]): string {
  return fields.map(({ name, text }) => `${text} ${name}`).join(',');
}

/** `name` and every struct it reaches, each once; refuses a struct that contains itself. */
function dependencies(table: TypeTable, name: string): string[] {
  const found: string[] = [];
  const open = new Set<string>();
  const visit = (struct: string): void => {
    if (open.has(struct)) refuse('TYPED_DATA_TYPES', 'a type contains itself');
    if (found.includes(struct)) return;
    found.push(struct);
    open.add(struct);
    for (const { type } of fieldsOf(table, struct)) {
      const item = innermost(type);
      if (item.kind === 'struct') visit(item.name);
    }
    open.delete(struct);
  };
  visit(name);
  return found;
}

function innermost(type: TypeRef): TypeRef {
  return type.kind === 'list' ? innermost(type.item) : type;
}

/** Refuses (throws) what is not a list of fields with names; their types are not looked at. */
export function readFields(value: StrictJson): { readonly name: string; readonly text: string }[] {
  if (value.type !== 'array') return refuse('TYPED_DATA_TYPES', 'a type is not a list of fields');
  if (value.items.length === 0) refuse('TYPED_DATA_TYPES', 'a type has no fields');
  if (value.items.length > MAX_FIELDS) refuse('TYPED_DATA_LIMIT', `a type with more than ${MAX_FIELDS} fields`);
  const fields = value.items.map(readField);
  if (new Set(fields.map(({ name }) => name)).size !== fields.length) {
    refuse('TYPED_DATA_TYPES', 'a type has two fields of one name');
  }
  return fields;
}

function readField(value: StrictJson): { readonly name: string; readonly text: string } {
  if (value.type !== 'object' || value.members.size !== 2) {
    return refuse('TYPED_DATA_TYPES', 'a field is not exactly a name and a type');
  }
  const name = value.members.get('name');
  const type = value.members.get('type');
  if (name?.type !== 'string' || type?.type !== 'string') {
    return refuse('TYPED_DATA_TYPES', 'a field is not exactly a name and a type');
  }
  if (!isIdentifier(name.text)) refuse('TYPED_DATA_TYPES', 'a field has a name that is not allowed');
  return { name: name.text, text: type.text };
}

/** No `$` and no `:`, which some readers take and some do not, and nothing that every JavaScript object has. */
function isIdentifier(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name) && !(name in Object.prototype);
}

/** What Solidity takes, or may come to take, for a type of its own; a struct of that name would be read two ways. */
function isReserved(name: string): boolean {
  return /^(?:u?int[0-9]*|bytes[0-9]*|byte|bool|address|string|function|mapping|u?fixed(?:[0-9]+x[0-9]+)?)$/.test(name);
}

function parseType(text: string, structs: ReadonlyMap<string, unknown>): TypeRef {
  const [, base = '', suffix = ''] = /^([A-Za-z_][A-Za-z0-9_]{0,63})((?:\[[0-9]*\])*)$/.exec(text) ?? [];
  const type = structs.has(base) ? ({ kind: 'struct', name: base } as const) : atomic(base);
  const lists = suffix.match(/\[[0-9]*\]/g) ?? [];
  if (lists.length > MAX_LIST_DEPTH) refuse('TYPED_DATA_LIMIT', `lists nested more than ${MAX_LIST_DEPTH} levels`);
  let result: TypeRef = type ?? refuse('TYPED_DATA_TYPES', 'a field has a type that does not exist');
  for (const list of lists) result = { kind: 'list', item: result, length: listLength(list.slice(1, -1)) };
  return result;
}

function listLength(digits: string): number | undefined {
  if (digits === '') return undefined;
  return /^[1-9][0-9]{0,4}$/.test(digits)
    ? Number(digits)
    : refuse('TYPED_DATA_TYPES', 'the length of a list is not a number from 1 to 99999');
}

function atomic(name: string): TypeRef | undefined {
  if (name === 'bool' || name === 'address' || name === 'string' || name === 'bytes') return { kind: name };
  const [, integer, digits] = /^(uint|int|bytes)([1-9][0-9]{0,2})$/.exec(name) ?? [];
  const size = Number(digits);
  if (integer === 'bytes') return size <= 32 ? { kind: 'fixed', size } : undefined;
  if ((integer === 'uint' || integer === 'int') && size <= 256 && size % 8 === 0) return { kind: integer, bits: size };
  return undefined;
}
