/** EIP-712 hashing of the values we hold: `encodeData`, `hashStruct` and the digest, from the definition. */
import { concat, utf8 } from '../../common/bytes.ts';
import { keccak256 } from '../keccak.ts';
import { addressWord, numberWord } from '../word.ts';
import { domainType, type TypedDocument } from './document.ts';
import type { TypedField, TypedValue } from './reading.ts';
import { encodeType, fieldsOf, type TypeRef, type TypeTable } from './types.ts';

const WORD = 32;

/** 32 bytes: keccak256(0x19 01, domain separator, hash of the message). */
export function typedDataDigest(document: TypedDocument): Uint8Array {
  return keccak256(concat(Uint8Array.of(0x19, 0x01), domainSeparator(document), messageHash(document)));
}

export function domainSeparator({ domain }: TypedDocument): Uint8Array {
  const words = domain.map(({ value }) => (value.kind === 'text' ? keccak256(utf8(value.value)) : atomWord(value)));
  return keccak256(concat(domainTypeHash(domainType(domain)), ...words));
}

/** Of five fields, each there or not: 31 at most. */
const DOMAIN_TYPE_HASHES = new Map<string, Uint8Array>();

function domainTypeHash(type: string): Uint8Array {
  const known = DOMAIN_TYPE_HASHES.get(type);
  if (known !== undefined) return known;
  const hash = keccak256(utf8(type));
  DOMAIN_TYPE_HASHES.set(type, hash);
  return hash;
}

/** By the structs of a table and the name of one: those of the pinned types live as long as the process. */
const TYPE_HASHES = new WeakMap<TypeTable['structs'], Map<string, Uint8Array>>();

export function messageHash({ table, message }: TypedDocument): Uint8Array {
  return new Hasher(table).struct(table.primaryType, message);
}

class Hasher {
  readonly #table: TypeTable;
  readonly #typeHashes: Map<string, Uint8Array>;

  constructor(table: TypeTable) {
    this.#table = table;
    this.#typeHashes = TYPE_HASHES.get(table.structs) ?? new Map<string, Uint8Array>();
    TYPE_HASHES.set(table.structs, this.#typeHashes);
  }

  struct(name: string, fields: readonly TypedField[]): Uint8Array {
    const types = fieldsOf(this.#table, name);
    const words = fields.map(({ value }, i) => this.#word(types[i]?.type, value));
    return keccak256(concat(this.#typeHash(name), ...words));
  }

  #typeHash(name: string): Uint8Array {
    const known = this.#typeHashes.get(name);
    if (known !== undefined) return known;
    const hash = keccak256(utf8(encodeType(this.#table, name)));
    this.#typeHashes.set(name, hash);
    return hash;
  }

  #word(type: TypeRef | undefined, value: TypedValue): Uint8Array {
    if (type?.kind === 'struct' && value.kind === 'struct') return this.struct(type.name, value.fields);
    if (type?.kind === 'list' && value.kind === 'list') {
      return keccak256(concat(...value.items.map((item) => this.#word(type.item, item))));
    }
    if (type?.kind === 'string' && value.kind === 'text') return keccak256(utf8(value.value));
    if (type?.kind === 'bytes' && value.kind === 'bytes') return keccak256(value.value);
    return atomWord(value);
  }
}

/** Values of one word: numbers in two's complement, addresses on the right, fixed bytes on the left. */
function atomWord(value: TypedValue): Uint8Array {
  switch (value.kind) {
    case 'number':
      return numberWord(BigInt.asUintN(256, value.value));
    case 'bool':
      return concat(new Uint8Array(WORD - 1), Uint8Array.of(value.value ? 1 : 0));
    case 'address':
      return addressWord(value.value);
    case 'bytes':
      return concat(value.value, new Uint8Array(WORD - value.value.length));
    default:
      throw new TypeError('a value that does not fit its type');
  }
}
