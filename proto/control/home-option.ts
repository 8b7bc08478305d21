/** How every command is told which home it is about, and where its passphrase lies. */
import { resolve } from 'node:path';
import { StoreError } from '../rest/errors.ts';
import type { CommandCall } from './command.ts';

export const HOME_OPTION = { home: { type: 'string' } } as const;
export const PASSPHRASE_OPTION = { 'passphrase-file': { type: 'string' } } as const;

/** `--home DIR`, or the environment's KEYMOOT_HOME. */
export function homeOf(call: CommandCall): string {
  const home = call.text('home') ?? process.env['KEYMOOT_HOME'];
  if (home !== undefined) return resolve(home);
  throw new StoreError('HOME_NOT_NAMED', 'Name the home directory with --home DIR, or set KEYMOOT_HOME.');
}
