/** Arguments by name. The table and whoever asks agree on names and types; anything else is our own mistake. */
import type { Address } from '../address.ts';
import type { AbiValue } from './abi.ts';
import type { Argument } from './call.ts';

export function argumentOf(args: readonly Argument[], name: string): AbiValue | undefined {
  return args.find((candidate) => candidate.name === name)?.value;
}

export function addressArgument(args: readonly Argument[], name: string): Address {
  const value = argumentOf(args, name);
  if (isAddress(value)) return value;
  throw new TypeError(`no address argument ${name}`);
}

export function numberArgument(args: readonly Argument[], name: string): bigint {
  const value = argumentOf(args, name);
  if (typeof value === 'bigint') return value;
  throw new TypeError(`no number argument ${name}`);
}

export function bytesArgument(args: readonly Argument[], name: string): Uint8Array {
  const value = argumentOf(args, name);
  if (value instanceof Uint8Array) return value;
  throw new TypeError(`no bytes argument ${name}`);
}

/** A list or a tuple. */
export function listArgument(args: readonly Argument[], name: string): readonly AbiValue[] {
  const value = argumentOf(args, name);
  if (isList(value)) return value;
  throw new TypeError(`no list argument ${name}`);
}

export function isList(value: AbiValue | undefined): value is readonly AbiValue[] {
  return Array.isArray(value);
}

export function isAddress(value: AbiValue | undefined): value is Address {
  return typeof value === 'string';
}
