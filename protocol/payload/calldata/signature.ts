/**
 * Reads the function signatures of table.ts, like `transfer(address to, uint256 amount)`. Input is ours, never foreign.
 * The type `operation` is a uint8 to the outside and narrower inside (abi.ts).
 */
import type { AbiType } from './abi.ts';

export interface Parameter {
  /** Empty inside tuples. */
  readonly name: string;
  readonly type: AbiType;
}

export interface FunctionSignature {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  /** Types only, as hashed into the selector: `transfer(address,uint256)`. */
  readonly canonical: string;
}

export function parseSignature(text: string): FunctionSignature {
  const open = text.indexOf('(');
  const name = text.slice(0, open);
  const parameters = splitList(text.slice(open + 1, -1)).map(parameter);
  const canonical = `${name}(${parameters.map(({ type }) => typeText(type)).join(',')})`;
  return { name, parameters, canonical };
}

/** `(address,uint8,bytes4[])[]` and the like, as other libraries write it. */
export function typeText(type: AbiType): string {
  switch (type.kind) {
    case 'uint':
    case 'int':
      return `${type.kind}${type.bits}`;
    case 'operation':
      return 'uint8';
    case 'fixed':
      return `bytes${type.size}`;
    case 'array':
      return `${typeText(type.item)}[${type.length ?? ''}]`;
    case 'tuple':
      return `(${type.fields.map(typeText).join(',')})`;
    default:
      return type.kind;
  }
}

function parameter(text: string): Parameter {
  const space = text.lastIndexOf(' ');
  const named = space > text.lastIndexOf(')');
  const type = parseType(named ? text.slice(0, space) : text);
  return { name: named ? text.slice(space + 1) : '', type };
}

function parseType(text: string): AbiType {
  const list = /^(.+)\[([1-9][0-9]*)?\]$/.exec(text);
  if (list !== null) {
    const [, item = '', length] = list;
    return { kind: 'array', item: parseType(item), ...(length === undefined ? {} : { length: Number(length) }) };
  }
  if (text.startsWith('(')) {
    return { kind: 'tuple', fields: splitList(text.slice(1, -1)).map((part) => parameter(part).type) };
  }
  if (text === 'address' || text === 'bool' || text === 'bytes' || text === 'string' || text === 'operation') {
    return { kind: text };
  }
  const number = /^(u?int)([0-9]+)$/.exec(text);
  if (number !== null) return { kind: number[1] === 'int' ? 'int' : 'uint', bits: Number(number[2]) };
  const size = /^bytes([0-9]+)$/.exec(text)?.[1];
  if (size !== undefined) return { kind: 'fixed', size: Number(size) };
  throw new TypeError(`unknown ABI type ${text}`);
}

/** Splits at the commas outside parentheses. */
function splitList(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i <= text.length; i++) {
    const character = text[i];
    if (character === '(') depth++;
    if (character === ')') depth--;
    if (depth > 0 || (character !== ',' && character !== undefined)) continue;
    const part = text.slice(from, i).trim();
    if (part !== '') parts.push(part);
    from = i + 1;
  }
  return parts;
}
