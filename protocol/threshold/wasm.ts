/**
 * Just enough of WebAssembly's binary format (core specification 2.0, chapter 5) to write one function, on 64-bit
 * integers or on vectors of four 32-bit lanes. An expression is the bytes that leave its value on the stack; `Local` is
 * the index of a variable. Offsets into memory are in bytes.
 */
import { BugError } from '../common/errors.ts';

export type Code = readonly number[];
export type Local = number;

/** Of a vector: what is computed four times at once is laid out as word i of lane l at LANES i + l. */
export const LANES = 4;

/** The part of the JavaScript interface that is used; this room knows no platform types. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (
    module: object,
  ) => { readonly exports: { readonly memory: { readonly buffer: ArrayBuffer }; readonly run: () => void } };
};

/** Memory is little-endian, and typed arrays over it have the order of the processor. */
if (new Uint8Array(Uint16Array.of(1).buffer)[0] !== 1) {
  throw new BugError(
    'BUG_BYTE_ORDER',
    'This processor stores the high byte first; the code here needs the other order.',
  );
}

/** Unsigned and signed LEB128. */
function unsigned(value: number): Code {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

function signed(value: number): Code {
  return value >= -0x40 && value < 0x40 ? [value & 0x7f] : [(value & 0x7f) | 0x80, ...signed(Math.floor(value / 0x80))];
}

function list(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

function text(name: string): Code {
  return list(Array.from({ length: name.length }, (_, i) => [name.charCodeAt(i)]));
}

function vectorOp(code: number): Code {
  return [0xfd, ...unsigned(code)];
}

export function get(local: Local): Code {
  return [0x20, ...unsigned(local)];
}

export function set(local: Local, value: Code): Code {
  return [...value, 0x21, ...unsigned(local)];
}

export function constant(value: number): Code {
  return [0x41, ...signed(value)];
}

export function addInteger(a: Code, b: Code): Code {
  return [...a, ...b, 0x6a];
}

function chain(code: Code): (first: Code, ...more: readonly Code[]) => Code {
  return (first, ...more) => [...first, ...more.flatMap((next) => [...next, ...code])];
}

/** Of two or more 64-bit integers. */
export const add64: (first: Code, ...more: readonly Code[]) => Code = chain([0x7c]);
export const multiply64: (first: Code, ...more: readonly Code[]) => Code = chain([0x7e]);
export const or64: (first: Code, ...more: readonly Code[]) => Code = chain([0x84]);

export function lowBits64(value: Code, bits: number): Code {
  return [...value, ...constant64(2 ** bits - 1), 0x83];
}

export function shiftLeft64(value: Code, bits: number): Code {
  return [...value, ...constant64(bits), 0x86];
}

export function shiftRight64(value: Code, bits: number): Code {
  return [...value, ...constant64(bits), 0x88];
}

export function constant64(value: number): Code {
  return [0x42, ...signed(value)];
}

export function subtract64(a: Code, b: Code): Code {
  return [...a, ...b, 0x7d];
}

export const and64: (first: Code, ...more: readonly Code[]) => Code = chain([0x83]);
export const xor64: (first: Code, ...more: readonly Code[]) => Code = chain([0x85]);

export function load64(offset: number, index: Code = constant(0)): Code {
  return [...index, 0x29, 0, ...unsigned(offset)];
}

/** Two 32-bit words of which the high one comes first. */
export function load64HighFirst(offset: number, index: Code): Code {
  return [...load64(offset, index), ...constant64(32), 0x89];
}

/** One 32-bit word, taken as unsigned. */
export function load32(offset: number, index: Code = constant(0)): Code {
  return [...index, 0x35, 0, ...unsigned(offset)];
}

/** One 32-bit word, taken as signed. */
export function load32Signed(offset: number, index: Code): Code {
  return [...index, 0x34, 0, ...unsigned(offset)];
}

export function store64(offset: number, value: Code): Code {
  return [...constant(0), ...value, 0x37, 0, ...unsigned(offset)];
}

/** The low 32 bits of a 64-bit integer. */
export function store32(offset: number, value: Code, index: Code): Code {
  return [...index, ...value, 0x3e, 0, ...unsigned(offset)];
}

/** The high half, sign kept: what is carried to the next word. */
export function carry64(value: Code): Code {
  return [...value, ...constant64(32), 0x87];
}

/** Four lanes from memory, at `offset + index`. */
export function load(offset: number, index: Code = constant(0)): Code {
  return [...index, ...vectorOp(0), 4, ...unsigned(offset)];
}

/** One integer from memory at `offset + index`. */
export function loadInteger(offset: number, index: Code): Code {
  return [...index, 0x28, 2, ...unsigned(offset)];
}

/** The same integer in all four lanes. */
export function splat(value: number): Code {
  return [...constant(value), ...vectorOp(0x11)];
}

/** One 32-bit word from memory at `offset + index` into all four lanes. */
export function loadSplat(offset: number, index: Code = constant(0)): Code {
  return [...index, ...vectorOp(9), 2, ...unsigned(offset)];
}

export function store(offset: number, value: Code, index: Code = constant(0)): Code {
  return [...index, ...value, ...vectorOp(11), 4, ...unsigned(offset)];
}

/** The bytes of each lane in the other order. */
export function swapLaneBytes(vector: Code): Code {
  return [...vector, ...vector, ...vectorOp(13), 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];
}

/** Lane by lane, of two or more vectors. */
export const add: (first: Code, ...more: readonly Code[]) => Code = chain(vectorOp(0xae));
export const and: (first: Code, ...more: readonly Code[]) => Code = chain(vectorOp(0x4e));
export const xor: (first: Code, ...more: readonly Code[]) => Code = chain(vectorOp(0x51));
export const or: (first: Code, ...more: readonly Code[]) => Code = chain(vectorOp(0x50));

export function shiftRight(vector: Code, bits: number): Code {
  return [...vector, ...constant(bits), ...vectorOp(0xad)];
}

export function shiftLeft(vector: Code, bits: number): Code {
  return [...vector, ...constant(bits), ...vectorOp(0xab)];
}

/** All ones in the lanes whose highest bit is set, 0 in the others. */
export function signMask(vector: Code): Code {
  return [...vector, ...constant(31), ...vectorOp(0xac)];
}

export function rotateRight(vector: Code, bits: number): Code {
  return or(shiftRight(vector, bits), shiftLeft(vector, 32 - bits));
}

/** Repeats: `first`, then, unless the integer in `counter` is `last`, `between`, and over again. */
export function loop(first: Code, counter: Local, last: number, between: Code): Code {
  const leave = [...get(counter), ...constant(last), 0x46, 0x0d, 1];
  return [0x02, 0x40, 0x03, 0x40, ...first, ...leave, ...between, 0x0c, 0, 0x0b, 0x0b];
}

/** Types of variables: integers of 32 and of 64 bits, vectors of 128. */
export const INTEGER = 0x7f;
export const LONG = 0x7e;
export const VECTOR = 0x7b;

/**
 * One function without parameters over some pages (65,536 bytes) of memory. `locals`: how many variables of which type,
 * in order.
 */
export function assemble(
  body: Code,
  locals: readonly (readonly [number, number])[],
  pages = 1,
): { readonly memory: ArrayBuffer; readonly run: () => void } {
  const code = [...list(locals.map(([count, type]) => [...unsigned(count), type])), ...body, 0x0b];
  const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];
  const module = [
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, list([[0x60, 0, 0]])),
    ...section(3, list([[0]])),
    ...section(5, list([[0, ...unsigned(pages)]])),
    ...section(
      7,
      list([
        [...text('memory'), 2, 0],
        [...text('run'), 0, 0],
      ]),
    ),
    ...section(10, list([[...unsigned(code.length), ...code]])),
  ];
  const { memory, run } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(module))).exports;
  return { memory: memory.buffer, run };
}
