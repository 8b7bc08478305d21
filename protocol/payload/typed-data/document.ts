/** A document of typed data from strict JSON: types first, then the domain and the message read by them. */
import type { StrictJson } from '../../common/strict-json.ts';
import { CHAIN_ID_MAX } from '../limits.ts';
import { refuse } from '../refusal.ts';
import { knownTable } from './known-tables.ts';
import { checkPinnedName } from './pinned.ts';
import type { TypedField } from './reading.ts';
import { DOMAIN_TYPE, encodeType, fieldsOf, readTypes, type TypeField, type TypeTable } from './types.ts';
import { exactMembers, membersOf, ValueReader } from './values.ts';

/** A document of which every value has the form of its type. */
export interface TypedDocument {
  readonly table: TypeTable;
  /** EIP-712 `encodeType` of the primary type. */
  readonly encodedType: string;
  readonly domain: readonly TypedField[];
  readonly message: readonly TypedField[];
}

/** The fields that EIP-712 allows in a domain, in its order. */
const DOMAIN_FIELDS: readonly TypeField[] = [
  { name: 'name', text: 'string', type: { kind: 'string' } },
  { name: 'version', text: 'string', type: { kind: 'string' } },
  { name: 'chainId', text: 'uint256', type: { kind: 'uint', bits: 256 } },
  { name: 'verifyingContract', text: 'address', type: { kind: 'address' } },
  { name: 'salt', text: 'bytes32', type: { kind: 'fixed', size: 32 } },
];

/** The second reading hashes the type again for every struct; this bounds it, in characters. */
const MAX_TYPE_WORK = 1 << 20;

/** Throws a refusal for anything that is not exactly one document. */
export function readDocument(value: StrictJson): TypedDocument {
  const members = exactMembers(value, ['domain', 'message', 'primaryType', 'types'], 'the document');
  const primaryType = members.get('primaryType');
  if (primaryType?.type !== 'string') return refuse('TYPED_DATA_SHAPE', 'primaryType is not a string');
  const types = members.get('types');
  const table = knownTable(types, primaryType.text) ?? readTypes(types, primaryType.text);
  const encodedType = encodeType(table, primaryType.text);
  checkPinnedName(primaryType.text, encodedType, members.get('message'));
  const reader = new ValueReader(table);
  const domainFields = readDomainFields(members.get('domain'), table);
  const domain = reader.struct(domainFields, members.get('domain'), 'domain');
  checkChainId(domain);
  const message = reader.struct(fieldsOf(table, primaryType.text), members.get('message'), 'message');
  if (reader.structs * encodedType.length > MAX_TYPE_WORK) {
    refuse('TYPED_DATA_LIMIT', 'too many structs for the length of their types');
  }
  return { table, encodedType, domain, message };
}

export function domainType(domain: readonly { readonly name: string; readonly type: string }[]): string {
  return `${DOMAIN_TYPE}(${domain.map(({ name, type }) => `${type} ${name}`).join(',')})`;
}

/**
 * The keys of the domain decide which fields it has. A list in the types must say the same: libraries differ in which
 * of the two they follow.
 */
function readDomainFields(value: StrictJson | undefined, { domainList }: TypeTable): readonly TypeField[] {
  const keys = membersOf(value, 'domain');
  if (keys.size === 0) refuse('TYPED_DATA_DOMAIN', 'it has no fields, so that any contract might accept it');
  for (const key of keys.keys()) {
    if (!DOMAIN_FIELDS.some(({ name }) => name === key)) {
      refuse('TYPED_DATA_DOMAIN', 'it has a field that is not name, version, chainId, verifyingContract or salt');
    }
  }
  const fields = DOMAIN_FIELDS.filter(({ name }) => keys.has(name));
  if (domainList === undefined) return fields;
  const standard = DOMAIN_FIELDS.filter((field) => domainList.some(({ name }) => name === field.name));
  if (!isSameList(domainList, standard)) {
    refuse('TYPED_DATA_TYPES', 'EIP712Domain does not list fields of the standard, in its order and with its types');
  }
  if (standard.length !== fields.length || !fields.every((field) => standard.includes(field))) {
    refuse('TYPED_DATA_DOMAIN', 'its keys are not exactly the fields that EIP712Domain lists');
  }
  return fields;
}

function isSameList(
  list: readonly { readonly name: string; readonly text: string }[],
  fields: readonly TypeField[],
): boolean {
  return (
    list.length === fields.length &&
    list.every(({ name, text }, i) => fields[i]?.name === name && fields[i]?.text === text)
  );
}

function checkChainId(domain: readonly TypedField[]): void {
  const chainId = domain.find(({ name }) => name === 'chainId')?.value;
  if (chainId?.kind !== 'number') return;
  if (chainId.value === 0n) refuse('TYPED_DATA_DOMAIN', 'chainId is 0');
  if (chainId.value > CHAIN_ID_MAX) refuse('TYPED_DATA_DOMAIN', `chainId is larger than ${CHAIN_ID_MAX}`);
}
