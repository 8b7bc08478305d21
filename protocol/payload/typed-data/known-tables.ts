/**
 * The types we know, each read once per process. Nearly every document has one of them, and a table of ten fields takes
 * longer to check than the values: a document whose types are those of a table, word for word, needs no look at them.
 */
import { parseStrictJson, type StrictJson } from '../../common/strict-json.ts';
import { pinnedTypes } from './pinned.ts';
import { DOMAIN_TYPE, readFields, readTypes, type TypeField, type TypeTable } from './types.ts';

/** By primary type; made when the first document with that primary type comes. */
const TABLES = new Map<string, readonly TypeTable[]>();

/** What `readTypes` would say, or `undefined` if it has to be asked. */
export function knownTable(value: StrictJson | undefined, primaryType: string): TypeTable | undefined {
  if (value?.type !== 'object') return undefined;
  const { members } = value;
  const domain = members.get(DOMAIN_TYPE);
  const structs = members.size - (domain === undefined ? 0 : 1);
  const table = tablesOf(primaryType).find(
    (candidate) =>
      candidate.structs.size === structs &&
      [...candidate.structs].every(([name, fields]) => isSame(members.get(name), fields)),
  );
  return table && { ...table, domainList: domain && readFields(domain) };
}

function isSame(value: StrictJson | undefined, fields: readonly TypeField[]): boolean {
  if (value?.type !== 'array' || value.items.length !== fields.length) return false;
  return fields.every(({ name, text }, i) => {
    const item = value.items[i];
    if (item?.type !== 'object' || item.members.size !== 2) return false;
    return isText(item.members.get('name'), name) && isText(item.members.get('type'), text);
  });
}

function isText(value: StrictJson | undefined, text: string): boolean {
  return value?.type === 'string' && value.text === text;
}

/** Only names of pinned types are kept, of which there are a few. */
function tablesOf(primaryType: string): readonly TypeTable[] {
  const known = TABLES.get(primaryType);
  if (known !== undefined) return known;
  const tables = pinnedTypes(primaryType).map((encodedType) => tableOf(encodedType, primaryType));
  if (tables.length > 0) TABLES.set(primaryType, tables);
  return tables;
}

/** From `A(B b,uint8 c)B(bool d)`, which is ours and never a document's. */
function tableOf(encodedType: string, primaryType: string): TypeTable {
  const structs = encodedType.slice(0, -1).split(')');
  const types = structs.map((struct): [string, unknown] => {
    const [name = '', fields = ''] = struct.split('(');
    return [name, fields.split(',').map(namedField)];
  });
  const parsed = parseStrictJson(JSON.stringify(Object.fromEntries(types)));
  return readTypes(parsed.ok ? parsed.value : undefined, primaryType);
}

function namedField(field: string): { readonly name: string; readonly type: string } {
  const [type = '', name = ''] = field.split(' ');
  return { name, type };
}
