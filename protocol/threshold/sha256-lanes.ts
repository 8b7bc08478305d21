/**
 * Four SHA-256 compressions at once, one in each lane of WebAssembly's vectors: the thousands of short hashes of a
 * multiplication in half the time. All four start from one state. The code is written below, instruction by
 * instruction, and assembled when this file is loaded; `compress` of sha256-block.ts is its reference, here at the
 * start and in the tests.
 *
 * One block for the thread: fill `block`, call `compressLanes`, take the lanes. Word i of lane l is at 4 i + l.
 */
import { BugError } from '../common/errors.ts';
import { compress, INITIAL, ROUND_CONSTANTS } from './sha256-block.ts';
import {
  add,
  addInteger,
  and,
  assemble,
  type Code,
  constant,
  get,
  INTEGER,
  LANES,
  type Local,
  load,
  loadSplat,
  loop,
  rotateRight,
  set,
  shiftRight,
  store,
  VECTOR,
  xor,
} from './wasm.ts';

/** Where things are in memory, in bytes. */
const STATE = 0;
const BLOCK = 64;
const OUT = 320;
const CONSTANTS = 512;

/** Byte offset of the constant of the first round of a pass. */
const OFFSET: Local = 0;
/** The eight variables of the state, the schedule's sixteen words, a temporary. */
const FIRST: Local = 1;
const WORDS: Local = 9;
const TEMPORARY: Local = 25;

function word(i: number): Local {
  return WORDS + (i % 16);
}

function sigma(local: Local, bits: readonly [number, number, number]): Code {
  const [x, y, z] = bits.map((n) => rotateRight(get(local), n)) as [Code, Code, Code];
  return xor(x, y, z);
}

/** Round i of a pass: instead of moving, the variables change their names. */
function round(i: number): Code {
  const names = [0, 1, 2, 3, 4, 5, 6, 7].map((k) => FIRST + ((k - i + 16) % 8));
  const [a, b, c, d, e, f, g, h] = names as [Local, Local, Local, Local, Local, Local, Local, Local];
  const choose = xor(get(g), and(get(e), xor(get(f), get(g))));
  const majority = xor(and(get(a), get(b)), and(get(c), xor(get(a), get(b))));
  const input = add(loadSplat(CONSTANTS + 4 * i, get(OFFSET)), get(word(i)));
  return [
    ...set(TEMPORARY, add(get(h), input, choose, sigma(e, [6, 11, 25]))),
    ...set(d, add(get(d), get(TEMPORARY))),
    ...set(h, add(get(TEMPORARY), sigma(a, [2, 13, 22]), majority)),
  ];
}

/** The next word of the schedule in the place of the one sixteen before. */
function schedule(i: number): Code {
  const small = (local: Local, x: number, y: number, shift: number): Code =>
    xor(rotateRight(get(local), x), rotateRight(get(local), y), shiftRight(get(local), shift));
  return set(
    word(i),
    add(get(word(i)), small(word(i + 1), 7, 18, 3), get(word(i + 9)), small(word(i + 14), 17, 19, 10)),
  );
}

function program(): Code {
  const eight = [0, 1, 2, 3, 4, 5, 6, 7];
  const sixteen = [...eight, ...eight.map((i) => i + 8)];
  return [
    ...eight.flatMap((i) => set(FIRST + i, loadSplat(STATE + 4 * i))),
    ...sixteen.flatMap((i) => set(word(i), load(BLOCK + 16 * i))),
    ...loop(sixteen.flatMap(round), OFFSET, 3 * 64, [
      ...sixteen.flatMap(schedule),
      ...set(OFFSET, addInteger(get(OFFSET), constant(64))),
    ]),
    ...eight.flatMap((i) => store(OUT + 16 * i, add(get(FIRST + i), loadSplat(STATE + 4 * i)))),
  ];
}

const { memory, run } = assemble(program(), [
  [1, INTEGER],
  [25, VECTOR],
]);
const state = new Int32Array(memory, STATE, 8);
new Int32Array(memory, CONSTANTS, 64).set(ROUND_CONSTANTS);

/** 16 words of each lane. */
export const block: Int32Array = new Int32Array(memory, BLOCK, 16 * LANES);
/** 8 words of each lane, after `compressLanes`. */
export const laneOutput: Int32Array = new Int32Array(memory, OUT, 8 * LANES);

/** Makes ready for hot inputs of `words` words (hot-hash.ts) after this state; the caller fills words 0..words-1. */
export function startLanes(midstate: Int32Array, words: number): void {
  state.set(midstate);
  block.fill(0);
  block.fill(0x80000000, LANES * words, LANES * (words + 1));
  block.fill((64 + 4 * words) * 8, LANES * 15);
}

/** Puts the same value into word i of every lane. */
export function fillWord(i: number, value: number): void {
  for (let lane = 0; lane < LANES; lane++) block[LANES * i + lane] = value;
}

export function compressLanes(): void {
  run();
}

/** The 8 words of one lane into `target` from `at` on. */
export function takeLane(lane: number, target: Int32Array, at: number): void {
  for (let i = 0; i < 8; i++) target[at + i] = laneOutput[LANES * i + lane] ?? 0;
}

/** Forgets what was hashed last. */
export function wipeLanes(): void {
  block.fill(0);
  laneOutput.fill(0);
}

function checkLanes(): void {
  const single = Int32Array.from({ length: 16 }, (_, i) => 0x9e3779b9 * (i + 1));
  startLanes(INITIAL, 0);
  for (let i = 0; i < 16; i++)
    for (let lane = 0; lane < LANES; lane++) block[LANES * i + lane] = (single[i] ?? 0) + lane;
  compressLanes();
  for (let lane = 0; lane < LANES; lane++) {
    const expected = new Int32Array(8);
    compress(
      INITIAL,
      single.map((value) => value + lane),
      expected,
    );
    const got = new Int32Array(8);
    takeLane(lane, got, 0);
    if (got.some((value, i) => value !== expected[i]))
      throw new BugError('BUG_HOT_HASH', 'Four hashes at once are wrong.');
  }
}

checkLanes();
