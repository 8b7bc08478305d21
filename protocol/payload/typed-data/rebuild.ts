/** The document again, from nothing but the values we hold: this is what is shown, compared and hashed. */
import { toHex } from '../../common/bytes.ts';
import { canonicalBytes, type Json } from '../../common/canonical-json.ts';
import type { TypedDocument } from './document.ts';
import type { TypedField, TypedValue } from './reading.ts';
import { DOMAIN_TYPE } from './types.ts';

export interface CanonicalMembers {
  readonly domain: Json;
  readonly message: Json;
  readonly primaryType: string;
  readonly types: Json;
}

export function rebuild({ table, domain, message }: TypedDocument): CanonicalMembers {
  const types: { [name: string]: Json } = { [DOMAIN_TYPE]: domain.map(({ name, type }) => ({ name, type })) };
  for (const [struct, fields] of table.structs) {
    types[struct] = fields.map(({ name, text }) => ({ name, type: text }));
  }
  return { domain: structJson(domain), message: structJson(message), primaryType: table.primaryType, types };
}

/** The one byte string of a document. */
export function canonicalDocument({ domain, message, primaryType, types }: CanonicalMembers): Uint8Array {
  return canonicalBytes({ domain, message, primaryType, types });
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
