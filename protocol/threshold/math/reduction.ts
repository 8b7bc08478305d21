/** Reduction modulo q as WebAssembly instructions: the last step of the programs in products.ts and differences.ts. */
import {
  add64,
  addInteger,
  and64,
  type Code,
  carry64,
  constant64,
  get,
  type Local,
  load,
  lowBits64,
  multiply64,
  or64,
  set,
  store,
  store32,
  subtract64,
  swapLaneBytes,
  xor64,
} from '../wasm.ts';
import { ORDER } from './scalar.ts';

/** 64-bit variables that the steps need beside the number itself. */
export interface Spare {
  readonly carry: Local;
  readonly over: Local;
  /** Eight. */
  readonly reduced: readonly Local[];
}

const EIGHT: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7];
/** Words of 2^256 - q, the low one first: what a carry out of the top word counts for modulo q. */
const WRAP: readonly number[] = EIGHT.map((i) => Number(BigInt.asUintN(32, (2n ** 256n - ORDER) >> BigInt(32 * i))));

function wrap(i: number): Code {
  return constant64(WRAP[i] ?? 0);
}

/**
 * Stores a number modulo q as 32 bytes, big-endian, at `offset + index`: eight variables of 32 bits, the low word first,
 * and `excess` (below 2^20) times 2^256. They are used up.
 */
export function storeReduced(words: readonly Local[], excess: Local, spare: Spare, offset: number, index: Code): Code {
  const word = (i: number): Local => words[i] ?? 0;
  const reduced = (i: number): Local => spare.reduced[i] ?? 0;
  const { carry, over } = spare;
  return [
    ...set(carry, constant64(0)),
    ...EIGHT.flatMap((i) => [
      ...set(carry, add64(get(word(i)), multiply64(get(excess), wrap(i)), get(carry))),
      ...set(word(i), lowBits64(get(carry), 32)),
      ...set(carry, carry64(get(carry))),
    ]),
    // Now below 2q. Either this carry or that of adding 2^256 - q tells that it is q or more.
    ...set(over, constant64(0)),
    ...EIGHT.flatMap((i) => [
      ...set(over, add64(get(word(i)), wrap(i), get(over))),
      ...set(reduced(i), lowBits64(get(over), 32)),
      ...set(over, carry64(get(over))),
    ]),
    ...set(carry, subtract64(constant64(0), or64(get(carry), get(over)))),
    ...EIGHT.flatMap((i) => {
      const chosen = xor64(get(word(i)), and64(xor64(get(word(i)), get(reduced(i))), get(carry)));
      return store32(offset + 4 * (7 - i), chosen, index);
    }),
    ...[0, 16].flatMap((half) => store(offset + half, swapLaneBytes(load(offset + half, index)), index)),
  ];
}

/** Moves an index on by some bytes. */
export function advance(index: Local, bytes: Code): Code {
  return set(index, addInteger(get(index), bytes));
}
