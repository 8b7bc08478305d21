/**
 * The two readings of a payload share nothing but bytes: a mistake in a parser or a hash that both used would be a
 * mistake that both agree on (docs/threat-model.md).
 */
import { posix } from 'node:path';
import type { Problem } from './rooms.ts';
import type { Source } from './source.ts';

const ROOM = 'protocol/payload/';
/** The files of the second reading, by their names. */
const SECOND = /^protocol\/payload\/(?:[\w-]+\/)*second-[\w-]+\.ts$/;
/** All that the second reading may take from us: hex of bytes, and the way to refuse. */
const SHARED: ReadonlySet<string> = new Set(['protocol/common/bytes.ts', 'protocol/payload/refusal.ts']);

const VIEM = /^viem(?:\/|$)/;
/** What viem hashes with, and Keccak of any other package. */
const OTHER_KECCAK = /^@noble\/hashes\/sha3(?:\.js)?$/;
const KECCAK = 'protocol/payload/keccak.ts';

/** Files of the first reading that may import viem, each with its reason. */
const BOTH: Readonly<Record<string, string>> = {
  'protocol/payload/signed-transaction.ts': 'encodes what is signed already with both, and compares',
};

export function checkReadings(sources: readonly Source[]): readonly Problem[] {
  return sources
    .filter(({ path }) => path.startsWith(ROOM))
    .flatMap((source) => (SECOND.test(source.path) ? second(source) : first(source)));
}

function second({ path, imports }: Source): readonly Problem[] {
  return imports
    .filter((name) => !VIEM.test(name) && !isShared(path, name))
    .map((name) => ({ path, message: `the second reading must not import ${name}` }));
}

function isShared(path: string, name: string): boolean {
  if (!name.startsWith('.')) return false;
  const target = posix.join(posix.dirname(path), name);
  return SHARED.has(target) || SECOND.test(target);
}

function first({ path, imports }: Source): readonly Problem[] {
  return imports.flatMap((name) => {
    if (VIEM.test(name) && BOTH[path] === undefined) return [{ path, message: 'viem is the second reading' }];
    return OTHER_KECCAK.test(name) ? [{ path, message: `the first reading hashes with ${KECCAK}` }] : [];
  });
}
