/** `includes` of a descriptor (ERC-7730 "Includes"): the including file wins, fields of the same path are merged. */
import { isMap, type JsonMap, listOf, manyOf, mapOf, member, textOf } from './json-access.ts';

/** The descriptor of that id with everything it includes; `undefined` when something is missing or includes itself. */
export function merged(id: string, all: JsonMap, within: readonly string[] = []): JsonMap | undefined {
  const descriptor = member(all, id);
  if (!isMap(descriptor) || within.includes(id)) return undefined;
  let result: JsonMap = {};
  for (const include of manyOf(descriptor['includes'])) {
    const name = textOf(include);
    const base = name === undefined ? undefined : merged(resolved(id, name), all, [...within, id]);
    if (base === undefined) return undefined;
    result = overlay(result, base);
  }
  return overlay(result, descriptor);
}

/** `../x.json` beside `a/b/c.json` is `a/x.json`. */
function resolved(id: string, include: string): string {
  const parts = id.split('/').slice(0, -1);
  for (const part of include.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/');
}

function overlay(base: JsonMap, over: JsonMap): JsonMap {
  const [display, overDisplay] = [mapOf(base['display']), mapOf(over['display'])];
  const formats: Record<string, unknown> = { ...mapOf(display['formats']) };
  for (const [key, format] of Object.entries(mapOf(overDisplay['formats']))) {
    formats[key] = Object.hasOwn(formats, key) ? mergedFormat(mapOf(formats[key]), mapOf(format)) : format;
  }
  return {
    context: { ...mapOf(base['context']), ...mapOf(over['context']) },
    metadata: { ...mapOf(base['metadata']), ...mapOf(over['metadata']) },
    display: {
      definitions: { ...mapOf(display['definitions']), ...mapOf(overDisplay['definitions']) },
      formats,
    },
  };
}

function mergedFormat(base: JsonMap, over: JsonMap): JsonMap {
  const fields = listOf(base['fields']).map(mapOf);
  for (const field of listOf(over['fields']).map(mapOf)) {
    const at = fields.findIndex(({ path }) => path !== undefined && path === field['path']);
    const old = fields[at];
    if (old === undefined) fields.push(field);
    else fields[at] = { ...old, ...field, params: { ...mapOf(old['params']), ...mapOf(field['params']) } };
  }
  return { ...base, ...over, fields };
}
