/** One format of a descriptor over one set of values: the intent, its sentence and the rows. */
import { sanitise } from '../words/sanitise.ts';
import { DescriptorFault, fault } from './fault.ts';
import { formatted, type Place, raw } from './formats.ts';
import { isMap, type JsonMap, listOf, mapOf, textOf } from './json-access.ts';
import { constantAt, type Path, parsePath, pathText, type Roots, type Typed, valuesAt } from './path.ts';
import type { ClearContext, ClearRow, ClearText } from './text.ts';

const MAX_ROWS = 200;
const MAX_LABEL = 60;
const MAX_INTENT = 120;
const MAX_SENTENCE = 600;

interface Found extends ClearRow {
  /** Path of the field, for sentences; `undefined` for constants and fields that may be hidden. */
  readonly path: string | undefined;
}

/**
 * `undefined` when the descriptor does not fit the values: a path leads nowhere, a value that must match does not. Then
 * nothing of it is shown.
 */
export function interpret(
  format: JsonMap,
  roots: Roots,
  context: ClearContext,
): Pick<ClearText, 'intent' | 'sentence' | 'rows'> | undefined {
  try {
    const found = rowsOf(listOf(format['fields']), roots, context, undefined);
    if (found.length > MAX_ROWS) return undefined;
    const intent = intentOf(format['intent']);
    const rows = found.map(({ label, value, format: kind }) => ({ label, value, format: kind }));
    return { intent, sentence: sentenceOf(textOf(format['interpolatedIntent']), found), rows };
  } catch (error) {
    if (error instanceof DescriptorFault) return undefined;
    throw error;
  }
}

function intentOf(intent: unknown): string {
  const text = isMap(intent)
    ? Object.entries(intent)
        .map(([key, value]) => `${key} ${textOf(value) ?? ''}`)
        .join(', ')
    : (textOf(intent) ?? fault('no intent'));
  return sanitise(text, MAX_INTENT);
}

function rowsOf(
  fields: readonly unknown[],
  roots: Roots,
  context: ClearContext,
  base: Path | undefined,
): readonly Found[] {
  return fields.flatMap((entry) => fieldRows(referenced(mapOf(entry), roots), roots, context, base));
}

/** A field may point to a definition and change parts of it. */
function referenced(field: JsonMap, roots: Roots): JsonMap {
  const reference = textOf(field['$ref']);
  if (reference === undefined) return field;
  const definition = mapOf(constantAt(parsePath(reference), roots));
  return { ...definition, ...field, params: { ...mapOf(definition['params']), ...mapOf(field['params']) } };
}

function fieldRows(field: JsonMap, roots: Roots, context: ClearContext, base: Path | undefined): readonly Found[] {
  const { visible } = field;
  const pathOf = textOf(field['path']);
  const path = pathOf === undefined ? undefined : parsePath(pathOf, base);
  if (Array.isArray(field['fields'])) return rowsOf(listOf(field['fields']), roots, context, path ?? base);
  if (visible === 'never') return [];
  if (path !== undefined && pathText(path) === '@.from' && valuesAt(path, roots).some(isUnknown)) return [];
  const format = textOf(field['format']) ?? 'raw';
  const name = path === undefined ? undefined : pathText(path);
  const label = sanitise(textOf(field['label']) ?? fault('no label'), MAX_LABEL);
  const constants = constantRow(field, label, format, path, roots);
  if (constants !== undefined) return constants;
  const values = path === undefined ? fault('no path') : valuesAt(path, roots);
  const always = visible === undefined || visible === 'always';
  return values.flatMap((typed, item) => {
    if (!isShown(visible, typed)) return [];
    const place: Place = { typed, item, params: mapOf(field['params']), roots, base, context };
    const line = lineOf(format, place);
    const failed = line === undefined;
    return [
      {
        label: failed ? `${name} (raw)` : label,
        value: line ?? raw(typed),
        format: failed ? 'raw' : format,
        path: always ? name : undefined,
      },
    ];
  });
}

/** Texts of the descriptor itself, without a value: `value` or a path to its constants. */
function constantRow(
  field: JsonMap,
  label: string,
  format: string,
  path: Path | undefined,
  roots: Roots,
): readonly Found[] | undefined {
  const own = path?.root === '$' ? constantAt(path, roots) : constantOf(field['value'], roots);
  if (own === undefined || (path !== undefined && path.root !== '$')) return undefined;
  const text = textOf(own) ?? (typeof own === 'number' ? `${own}` : fault('no constant text'));
  return [{ label, value: sanitise(text, 120), format, path: undefined }];
}

function constantOf(value: unknown, roots: Roots): unknown {
  return typeof value === 'string' && value.startsWith('$.') ? constantAt(parsePath(value), roots) : value;
}

/** `undefined`: the value does not fit the format. */
function lineOf(format: string, place: Place): string | undefined {
  try {
    return formatted(format, place);
  } catch (error) {
    if (error instanceof DescriptorFault) return undefined;
    throw error;
  }
}

/** Rules that hide usual values, and rules that a value must obey for the descriptor to hold at all. */
function isShown(visible: unknown, typed: Typed): boolean {
  if (!isMap(visible)) return true;
  const must = visible['mustMatch'];
  if (must !== undefined) return isAmong(typed, must) ? false : fault('a value that must match does not');
  return visible['ifNotIn'] === undefined || !isAmong(typed, visible['ifNotIn']);
}

function isAmong({ value }: Typed, list: unknown): boolean {
  const plain =
    value.kind === 'number' || value.kind === 'bool' || value.kind === 'address' || value.kind === 'text'
      ? `${value.value}`
      : fault('a value that cannot be compared');
  return listOf(list).some((entry) => `${String(entry)}`.toLowerCase() === plain.toLowerCase());
}

function isUnknown({ value }: Typed): boolean {
  return value.kind === 'text';
}

/** `undefined`: no path, so that no row can have it. */
function readPath(text: string): string | undefined {
  try {
    return pathText(parsePath(text));
  } catch (error) {
    if (error instanceof DescriptorFault) return undefined;
    throw error;
  }
}

/** The sentence holds only if each part of it is a row that is always shown. */
function sentenceOf(template: string | undefined, found: readonly Found[]): string | undefined {
  if (template === undefined) return undefined;
  const parts: string[] = [];
  for (const part of template.split(/(\{\{|\}\}|\{[^{}]*\})/)) {
    if (part === '{{' || part === '}}') parts.push(part.charAt(0));
    else if (part.startsWith('{')) {
      const path = readPath(part.slice(1, -1));
      const values = found.filter((row) => row.path !== undefined && (row.path === path || row.path === `${path}.[]`));
      if (values.length === 0) return undefined;
      parts.push(values.map(({ value }) => value).join(', '));
    } else parts.push(sanitise(part, MAX_SENTENCE));
  }
  const sentence = parts.join('');
  return sentence.length > MAX_SENTENCE ? undefined : sentence;
}
