/**
 * BIP32 below a threshold key, non-hardened only (docs/protocol.md f.6): Q' = Q + tau G, where tau is the sum of the
 * steps' tweaks. Every signer adds tau to its share, so no new key is made and no message is needed. The chain code is
 * known to the parties only: whoever has it can link all children of a key, and with it one leaked child key is the
 * parent key.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { concat } from '../common/bytes.ts';
import { BugError, InvalidArgument, Refusal } from '../common/errors.ts';
import { err, ok, type Result } from '../common/result.ts';
import { curve } from './curve/accelerated.ts';
import type { Point } from './curve/curve.ts';
import { fixed, u32 } from './encoding.ts';
import { integerFromBytes, mod, ORDER } from './math/scalar.ts';

/** Levels below the root key. */
export const MAX_DEPTH = 10;
/** Steps from here on are hardened: they need the private key, which nobody has. */
const HARDENED: number = 2 ** 31;
/** Addresses that one range may name. */
export const MAX_RANGE = 1000;

/** A public key with what derives its children. */
export interface ExtendedKey {
  /** 33 bytes. */
  readonly publicKey: Uint8Array;
  /** 32 bytes; for the parties' eyes only. */
  readonly chainCode: Uint8Array;
}

/** The key of a path. */
export interface DerivedKey extends ExtendedKey {
  readonly path: readonly number[];
  /** Sum of the tweaks mod q: `publicKey` = Q + tau G. Links both keys, so it is as confidential as the chain code. */
  readonly tau: bigint;
}

/**
 * Reads `m`, `m/0/5` or `0/5`. The error is the caller's: `PATH_MALFORMED`, `PATH_HARDENED`, `PATH_TOO_LONG`.
 *
 * @param field what the caller calls it, for the message
 */
export function parsePath(text: string, field: string): Result<readonly number[], InvalidArgument> {
  const wrong = (code: string, message: string): Result<never, InvalidArgument> =>
    err(new InvalidArgument(code, field, message));
  const steps = text === 'm' ? [] : text.replace(/^m\//, '').split('/');
  const path: number[] = [];
  for (const step of steps) {
    if (/^[0-9]+['hH]$/.test(step)) return wrong('PATH_HARDENED', HARDENED_WORDS);
    const index = /^(?:0|[1-9][0-9]{0,9})$/.test(step) ? Number(step) : -1;
    if (index >= HARDENED) return wrong('PATH_HARDENED', HARDENED_WORDS);
    if (index < 0) return wrong('PATH_MALFORMED', 'must be a path such as m/0/5: numbers with slashes between them');
    path.push(index);
  }
  if (path.length > MAX_DEPTH) return wrong('PATH_TOO_LONG', `must have at most ${MAX_DEPTH} levels`);
  return ok(path);
}

/** Reads a path, or a range of them like `0/0..9`, whose last step counts up. Further error: `PATH_RANGE`. */
export function parsePaths(text: string, field: string): Result<readonly (readonly number[])[], InvalidArgument> {
  const range = /^(?<head>.*?)(?<from>[0-9]+)\.\.(?<to>[0-9]+)$/.exec(text)?.groups;
  const first = parsePath(range === undefined ? text : `${range['head']}${range['from']}`, field);
  if (!first.ok || range === undefined) return first.ok ? ok([first.value]) : first;
  const last = parsePath(`${range['head']}${range['to']}`, field);
  if (!last.ok) return last;
  const [from, to] = [first.value.at(-1) ?? 0, last.value.at(-1) ?? 0];
  if (to < from || to - from >= MAX_RANGE) {
    const message = `must count upwards, over at most ${MAX_RANGE} addresses`;
    return err(new InvalidArgument('PATH_RANGE', field, message));
  }
  return ok(Array.from({ length: to - from + 1 }, (_, i) => [...first.value.slice(0, -1), from + i]));
}

/** `m/0/5`; `m` for the root key. */
export function formatPath(path: readonly number[]): string {
  return ['m', ...path].join('/');
}

/** The key of a path below `root`. Fails with `CHILD_INVALID` where BIP32 defines no key; the next index has one. */
export function deriveKey(root: ExtendedKey, path: readonly number[]): Result<DerivedKey, Refusal> {
  if (path.length > MAX_DEPTH || path.some((index) => !Number.isInteger(index) || index < 0 || index >= HARDENED)) {
    throw new BugError('BUG_PATH', 'A path has at most 10 steps below 2^31; callers check first.');
  }
  let key: ExtendedKey = root;
  let tau = 0n;
  for (const index of path) {
    const hash = hmac(sha512, fixed(key.chainCode, 32), concat(fixed(key.publicKey, 33), u32(index)));
    const step = childOf(key.publicKey, hash);
    if (step === undefined) {
      return err(new Refusal('CHILD_INVALID', `The path ${formatPath(path)} has no key; take the next number.`));
    }
    tau = mod(tau + step.tweak);
    key = { publicKey: curve.encode(step.child), chainCode: hash.slice(32) };
  }
  return ok({ ...key, path: [...path], tau });
}

/**
 * One step from the 64-byte hash I: the child point parent + IL G. `undefined` for IL = 0, IL >= q and for the
 * identity, which are errors and never reduced.
 */
export function childOf(
  parent: Uint8Array,
  hash: Uint8Array,
): { readonly child: Point; readonly tweak: bigint } | undefined {
  const tweak = integerFromBytes(fixed(hash, 64).subarray(0, 32));
  const point = curve.decode(parent);
  if (point === undefined) throw new BugError('BUG_PARENT_KEY', 'The parent key is not a point.');
  if (tweak === 0n || tweak >= ORDER) return undefined;
  const child = curve.add(point, curve.base(tweak));
  return curve.isIdentity(child) ? undefined : { child, tweak };
}

const HARDENED_WORDS = 'must not be hardened: a hardened step needs the private key, and no single machine has it';
