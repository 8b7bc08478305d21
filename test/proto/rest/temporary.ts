import { mkdtemp, readdir, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { StoreError } from '../../../proto/rest/errors.ts';

/** A private directory that goes away with the test. */
export async function temporaryHome(): Promise<string> {
  const home = await mkdtemp(join(await realpath(tmpdir()), 'keymoot-rest-'));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  return home;
}

/** The code that `action` fails with; fails itself if it does not. */
export async function codeOf(action: Promise<unknown> | (() => unknown)): Promise<string> {
  return (await errorOf(action)).code;
}

export async function errorOf(action: Promise<unknown> | (() => unknown)): Promise<StoreError> {
  try {
    await (typeof action === 'function' ? action() : action);
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

/** Every file below `directory`, by relative path. */
export async function readTree(directory: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const entry of await readdir(directory, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(directory.length + 1), new Uint8Array(await readFile(path)));
  }
  return files;
}

/** Bytes that differ for every label and repeat for the same one. */
export function counterRandom(start = 1): { bytes(length: number): Uint8Array } {
  let next = start;
  return {
    bytes(length) {
      const bytes = new Uint8Array(length);
      for (let i = 0; i < length; i++) {
        bytes[i] = (next * 167 + i * 59 + (next >> 5)) & 0xff;
      }
      next += 1;
      return bytes;
    },
  };
}

/** The forms in which a secret could slip into text. */
export function spellings(secret: Uint8Array): readonly string[] {
  const bytes = Buffer.from(secret);
  return [
    bytes.toString('latin1'),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
    [...bytes].join(','),
    [...bytes].join(', '),
    BigInt(`0x${bytes.toString('hex')}`).toString(),
    BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`).toString(),
  ];
}
