/** Values of a document by name. The pinned types and their readers agree on names; anything else is our mistake. */
import type { Address } from '../address.ts';
import type { AbiValue } from '../calldata/abi.ts';
import type { Argument } from '../calldata/call.ts';
import type { TypedField, TypedValue } from './reading.ts';

type Fields = readonly TypedField[];

export function addressField(fields: Fields, name: string): Address {
  const value = fieldValue(fields, name);
  return value?.kind === 'address' ? value.value : missing(name);
}

export function numberField(fields: Fields, name: string): bigint {
  const value = fieldValue(fields, name);
  return value?.kind === 'number' ? value.value : missing(name);
}

export function bytesField(fields: Fields, name: string): Uint8Array {
  const value = fieldValue(fields, name);
  return value?.kind === 'bytes' ? value.value : missing(name);
}

export function boolField(fields: Fields, name: string): boolean {
  const value = fieldValue(fields, name);
  return value?.kind === 'bool' ? value.value : missing(name);
}

/** The fields of a struct inside. */
export function structField(fields: Fields, name: string): Fields {
  const value = fieldValue(fields, name);
  return value?.kind === 'struct' ? value.fields : missing(name);
}

/** The structs of a list, lists inside it taken apart. */
export function structsField(fields: Fields, name: string): readonly Fields[] {
  const flat = (value: TypedValue): readonly Fields[] => {
    if (value.kind === 'list') return value.items.flatMap(flat);
    return value.kind === 'struct' ? [value.fields] : missing(name);
  };
  return flat(fieldValue(fields, name) ?? missing(name));
}

export function fieldValue(fields: Fields, name: string): TypedValue | undefined {
  return fields.find((field) => field.name === name)?.value;
}

/** The message as arguments: a struct as the list of its values. */
export function argumentsOf(message: Fields): readonly Argument[] {
  return message.map(({ name, type, value }) => ({ name, type, value: abiValue(value) }));
}

function abiValue(value: TypedValue): AbiValue {
  switch (value.kind) {
    case 'list':
      return value.items.map(abiValue);
    case 'struct':
      return value.fields.map((field) => abiValue(field.value));
    case 'text':
      return { text: value.value };
    default:
      return value.value;
  }
}

function missing(name: string): never {
  throw new TypeError(`no field ${name} of the pinned type`);
}
