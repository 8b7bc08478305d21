/**
 * Strict readers for data from outside: exact key sets (an unknown field is an error, a missing one too), bounded
 * lengths, integers as canonical decimal strings. A reader throws `SchemaError`; `read` turns it into a result.
 */
import { fromHex } from './bytes.ts';
import type { Json } from './canonical-json.ts';
import { err, ok, type Result } from './result.ts';

export interface SchemaProblem {
  /** Path of the offending field, like `rules[2].amount`. */
  readonly field: string;
  readonly message: string;
}

class SchemaError extends Error {
  readonly problem: SchemaProblem;
  constructor(problem: SchemaProblem) {
    super(problem.message);
    this.problem = problem;
  }
}

export type Reader<T> = (value: Json | undefined, field: string) => T;

/** Fails the current read; for readers written outside this file. */
export function problem(field: string, message: string): never {
  throw new SchemaError({ field, message });
}

/** Runs `reader` on a whole document. */
export function read<T>(reader: Reader<T>, value: Json, root = ''): Result<T, SchemaProblem> {
  try {
    return ok(reader(value, root));
  } catch (error) {
    if (error instanceof SchemaError) return err(error.problem);
    throw error;
  }
}

type Shape<T> = { readonly [K in keyof T]-?: Reader<T[K]> };

/** An object with exactly these keys. A reader made by `optional` may find its key absent. */
export function object<T extends object>(shape: Shape<T>): Reader<T> {
  const keys = Object.keys(shape) as (keyof T & string)[];
  return (value, field) => {
    if (typeof value !== 'object' || Array.isArray(value)) return problem(field, 'must be an object');
    const source = value as { readonly [key: string]: Json };
    for (const key of Object.keys(source)) {
      if (!Object.hasOwn(shape, key)) problem(join(field, key), 'is not a known field');
    }
    const result: Partial<T> = {};
    for (const key of keys) {
      const member = Object.hasOwn(source, key) ? source[key] : undefined;
      const parsed = shape[key](member, join(field, key));
      if (parsed !== undefined) result[key] = parsed;
    }
    return result as T;
  };
}

export function optional<T>(reader: Reader<T>): Reader<T | undefined> {
  return (value, field) => (value === undefined ? undefined : reader(value, field));
}

export function array<T>(
  item: Reader<T>,
  limits: { readonly min?: number; readonly max: number },
): Reader<readonly T[]> {
  return (value, field) => {
    if (!Array.isArray(value)) return problem(field, 'must be a list');
    if (value.length < (limits.min ?? 0)) problem(field, `must have at least ${limits.min} items`);
    if (value.length > limits.max) problem(field, `must have at most ${limits.max} items`);
    return value.map((entry: Json, i) => item(entry, `${field}[${i}]`));
  };
}

/** An object used as a dictionary; keys must match `key`. */
export function dictionary<T>(key: RegExp, item: Reader<T>, max: number): Reader<ReadonlyMap<string, T>> {
  return (value, field) => {
    if (typeof value !== 'object' || Array.isArray(value)) return problem(field, 'must be an object');
    const entries = Object.entries(value as { readonly [key: string]: Json });
    if (entries.length > max) problem(field, `must have at most ${max} entries`);
    return new Map(
      entries.map(([name, entry]) => {
        if (!key.test(name)) problem(join(field, name), 'is not a valid name here');
        return [name, item(entry, join(field, name))] as const;
      }),
    );
  };
}

export function text(limits: {
  readonly min?: number;
  readonly max: number;
  readonly pattern?: RegExp;
}): Reader<string> {
  return (value, field) => {
    if (typeof value !== 'string') return problem(field, 'must be a string');
    if (value.length < (limits.min ?? 0)) problem(field, `must have at least ${limits.min} characters`);
    if (value.length > limits.max) problem(field, `must have at most ${limits.max} characters`);
    if (limits.pattern && !limits.pattern.test(value)) problem(field, `must match ${limits.pattern.source}`);
    return value;
  };
}

export function literal<const T extends string>(...choices: readonly T[]): Reader<T> {
  return (value, field) => {
    const found = choices.find((choice) => choice === value);
    return found ?? problem(field, `must be ${choices.map((choice) => `"${choice}"`).join(' or ')}`);
  };
}

export const boolean: Reader<boolean> = (value, field) =>
  typeof value === 'boolean' ? value : problem(field, 'must be true or false');

/** A non-negative integer as a canonical decimal string, at most `max`. */
export function decimal(max: bigint): Reader<bigint> {
  return (value, field) => {
    if (typeof value !== 'string' || !/^(0|[1-9][0-9]{0,77})$/.test(value)) {
      return problem(field, 'must be a whole number written as a decimal string, like "42"');
    }
    const number = BigInt(value);
    return number <= max ? number : problem(field, `must be at most ${max}`);
  };
}

/** As `decimal`, for small numbers. */
export function integer(limits: { readonly min?: number; readonly max: number }): Reader<number> {
  const wide = decimal(BigInt(limits.max));
  return (value, field) => {
    const number = Number(wide(value, field));
    return number >= (limits.min ?? 0) ? number : problem(field, `must be at least ${limits.min}`);
  };
}

/** Lower-case hex of exactly `length` bytes, or of any length up to `max`. */
export function bytes(limits: { readonly length: number } | { readonly max: number }): Reader<Uint8Array> {
  return (value, field) => {
    const parsed = typeof value === 'string' ? fromHex(value) : undefined;
    if (parsed === undefined) return problem(field, 'must be lower-case hex');
    if ('length' in limits && parsed.length !== limits.length) problem(field, `must be ${limits.length} bytes`);
    if ('max' in limits && parsed.length > limits.max) problem(field, `must be at most ${limits.max} bytes`);
    return parsed;
  };
}

function join(field: string, key: string): string {
  return field === '' ? key : `${field}.${key}`;
}
