/** Files that people name on a command line: read whole, within a bound, with one clear sentence if that fails. */
import { readFile, stat } from 'node:fs/promises';
import { StoreError, systemCode } from '../rest/errors.ts';

/** Larger than any roster, policy, payload or transcript. */
const MAX_FILE: number = 16 << 20;

export async function readTextFile(path: string): Promise<string> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE) throw new StoreError('READ_FAILED', `${path} is larger than ${MAX_FILE} bytes.`);
    return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const reason = error instanceof TypeError ? 'it is not UTF-8 text' : systemCode(error);
    throw new StoreError('READ_FAILED', `Could not read ${path}: ${reason}.`, { cause: error });
  }
}
