/** Reading descriptors, which are JSON of a wide schema: what is absent or of another type counts as nothing. */

export type JsonMap = Readonly<Record<string, unknown>>;

const NOTHING: JsonMap = Object.freeze({});

export function isMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function mapOf(value: unknown): JsonMap {
  return isMap(value) ? value : NOTHING;
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** One value or a list of them. */
export function manyOf(value: unknown): readonly unknown[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** Own members only, so that a name like `constructor` finds nothing. */
export function member(map: JsonMap, name: string): unknown {
  return Object.hasOwn(map, name) ? map[name] : undefined;
}
