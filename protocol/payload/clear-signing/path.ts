/**
 * Paths of descriptors: `#` (or nothing) is the signed data, `@` the transaction around it, `$` the descriptor itself;
 * then names, `[]` for every item, `[i]` for one and `[a:b]` for a slice, all joined by dots. Negative numbers count
 * from the end.
 */
import { fromHex } from '../../common/bytes.ts';
import { addressBytes } from '../address.ts';
import type { TypedValue } from '../typed-data/reading.ts';
import { fault } from './fault.ts';
import { isMap, type JsonMap, member } from './json-access.ts';

/** A value with its Solidity type, which says how many bytes a number has. */
export interface Typed {
  readonly type: string;
  readonly value: TypedValue;
}

/** The type of a part of something: bytes that a format may read as a number. */
export const SLICE = 'slice';

/** Where paths begin. */
export interface Roots {
  /** The arguments of a call or the message of a document; a struct. */
  readonly data: Typed;
  /** `to`, `from`, `value` and `chainId` of the call or domain around it; a struct. */
  readonly container: Typed;
  readonly descriptor: JsonMap;
}

type Step =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'all' }
  | { readonly kind: 'at'; readonly index: number }
  | { readonly kind: 'slice'; readonly from: number | undefined; readonly to: number | undefined };

export interface Path {
  readonly root: '#' | '@' | '$';
  readonly steps: readonly Step[];
}

/** `base`: the path of the group around it, for paths without a root of their own. */
export function parsePath(text: string, base?: Path): Path {
  const parts = text.replaceAll(/([A-Za-z0-9_\]])\[/g, '$1.[').split('.');
  const [first] = parts;
  const rooted = first === '#' || first === '@' || first === '$';
  const steps = (rooted ? parts.slice(1) : parts).map(step);
  if (rooted) return { root: first, steps };
  return base === undefined ? { root: '#', steps } : { root: base.root, steps: [...base.steps, ...steps] };
}

/** Whether the path can stand for several values, of which a parameter takes the one beside its field's. */
export function isMany({ steps }: Path): boolean {
  return steps.some(({ kind }) => kind === 'all');
}

/** The one way to write a path, so that two of them can be compared. */
export function pathText({ root, steps }: Path): string {
  const parts = steps.map((part) => {
    if (part.kind === 'name') return part.name;
    if (part.kind === 'all') return '[]';
    return part.kind === 'at' ? `[${part.index}]` : `[${part.from ?? ''}:${part.to ?? ''}]`;
  });
  return (root === '#' ? parts : [root, ...parts]).join('.');
}

function step(text: string): Step {
  if (!text.startsWith('[')) {
    return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text) ? { kind: 'name', name: text } : fault(`path part ${text}`);
  }
  if (text === '[]') return { kind: 'all' };
  const match = /^\[(-?[0-9]{1,6})?(:)?(-?[0-9]{1,6})?\]$/.exec(text);
  if (match === null) return fault(`path part ${text}`);
  const [, from, colon, to] = match;
  if (colon === undefined) return { kind: 'at', index: Number(from) };
  return { kind: 'slice', from: from === undefined ? from : Number(from), to: to === undefined ? to : Number(to) };
}

/** Every value the path stands for, in order. `$` paths are read by `constantAt`. */
export function valuesAt(path: Path, roots: Roots): readonly Typed[] {
  const from = path.root === '@' ? roots.container : roots.data;
  return path.steps.reduce<readonly Typed[]>((found, part) => found.flatMap((typed) => taken(typed, part)), [from]);
}

/** As `valuesAt` where there must be exactly one, or one for each item of the field that asks. */
export function valueAt(path: Path, roots: Roots, item: number): Typed {
  const values = valuesAt(path, roots);
  const value = isMany(path) ? values[item] : values.length === 1 ? values[0] : undefined;
  return value ?? fault(`nothing at ${pathText(path)}`);
}

export function constantAt(path: Path, { descriptor }: Pick<Roots, 'descriptor'>): unknown {
  return path.steps.reduce<unknown>((value, part) => {
    if (part.kind !== 'name' || !isMap(value)) return fault(`nothing at ${pathText(path)}`);
    return member(value, part.name) ?? fault(`nothing at ${pathText(path)}`);
  }, descriptor);
}

function taken(typed: Typed, part: Step): readonly Typed[] {
  const { value } = typed;
  if (part.kind === 'name') {
    if (value.kind !== 'struct') return fault(`no field ${part.name}`);
    return [value.fields.find(({ name }) => name === part.name) ?? fault(`no field ${part.name}`)];
  }
  if (value.kind === 'list') {
    const type = typed.type.slice(0, typed.type.lastIndexOf('['));
    return picked(value.items, part).map((item) => ({ type, value: item }));
  }
  // A slice of something that is no list is a slice of its bytes.
  if (part.kind !== 'slice') return fault(`${typed.type} is no list`);
  return [{ type: SLICE, value: { kind: 'bytes', value: sliced(bytesOf(typed), part) } }];
}

function picked(items: readonly TypedValue[], part: Exclude<Step, { kind: 'name' }>): readonly TypedValue[] {
  if (part.kind === 'all') return items;
  if (part.kind === 'slice') return items.slice(part.from ?? 0, part.to ?? items.length);
  return [items.at(part.index) ?? fault(`no item ${part.index}`)];
}

/** A slice that is shorter than what it asks for would be another value than the author meant. */
function sliced(
  bytes: Uint8Array,
  { from, to }: { readonly from?: number | undefined; readonly to?: number | undefined },
): Uint8Array {
  const start = from === undefined ? 0 : from < 0 ? bytes.length + from : from;
  const end = to === undefined ? bytes.length : to < 0 ? bytes.length + to : to;
  return start < 0 || end > bytes.length || start > end ? fault('a slice outside its value') : bytes.slice(start, end);
}

function bytesOf({ type, value }: Typed): Uint8Array {
  switch (value.kind) {
    case 'bytes':
      return value.value;
    case 'address':
      return addressBytes(value.value);
    case 'number': {
      const bits = /^uint([0-9]+)$/.exec(type)?.[1];
      const bytes = bits === undefined ? undefined : fromHex(value.value.toString(16).padStart(Number(bits) / 4, '0'));
      return bytes ?? fault(`no bytes of ${type}`);
    }
    default:
      return fault(`no bytes of ${type}`);
  }
}
