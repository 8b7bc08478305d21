/** The document again, from nothing but the values we hold: this is what is shown, compared and hashed. */
import { toHex, utf8 } from '../../common/bytes.ts';
import { canonicalText, type Json } from '../../common/canonical-json.ts';
import { domainType, type TypedDocument } from './document.ts';
import type { TypedField, TypedValue } from './reading.ts';
import { DOMAIN_TYPE } from './types.ts';

export interface CanonicalMembers {
  readonly domain: Json;
  readonly message: Json;
  readonly primaryType: string;
  readonly types: Json;
}

export function rebuild(document: TypedDocument): CanonicalMembers {
  const { table, domain, message } = document;
  const { json } = typesOf(document);
  return { domain: structJson(domain), message: structJson(message), primaryType: table.primaryType, types: json };
}

/** The one byte string of a document. */
export function canonicalDocument(document: TypedDocument, members: CanonicalMembers = rebuild(document)): Uint8Array {
  const { domain, message, primaryType } = members;
  const head = canonicalText({ domain, message, primaryType }).slice(0, -1);
  return utf8(`${head},"types":${typesOf(document).text}}`);
}

interface WrittenTypes {
  readonly json: Json;
  readonly text: string;
}

/** By the structs of a table and the fields of the domain; those of the pinned types live as long as the process. */
const WRITTEN = new WeakMap<TypedDocument['table']['structs'], Map<string, WrittenTypes>>();

function typesOf({ table, domain }: TypedDocument): WrittenTypes {
  const { structs } = table;
  const written = WRITTEN.get(structs) ?? new Map<string, WrittenTypes>();
  WRITTEN.set(structs, written);
  const key = domainType(domain);
  const known = written.get(key);
  if (known !== undefined) return known;
  // Many documents share them, so nobody may change them.
  const types: { [name: string]: Json } = {
    [DOMAIN_TYPE]: Object.freeze(domain.map(({ name, type }) => Object.freeze({ name, type }))),
  };
  for (const [struct, fields] of structs) {
    types[struct] = Object.freeze(fields.map(({ name, text }) => Object.freeze({ name, type: text })));
  }
  const made: WrittenTypes = { json: Object.freeze(types), text: canonicalText(types) };
  written.set(key, made);
  return made;
}

/** Numbers as decimal strings, bytes and addresses as lower-case 0x hex. */
export function valueJson(value: TypedValue): Json {
  switch (value.kind) {
    case 'number':
      return `${value.value}`;
    case 'bytes':
      return `0x${toHex(value.value)}`;
    case 'list':
      return value.items.map(valueJson);
    case 'struct':
      return structJson(value.fields);
    default:
      return value.value;
  }
}

function structJson(fields: readonly TypedField[]): Json {
  return Object.fromEntries(fields.map(({ name, value }) => [name, valueJson(value)]));
}
