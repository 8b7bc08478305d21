/** What the coordinator's commands share: which home, and the running service in it. */
import { resolve } from 'node:path';
import { callControl } from '../../proto/control/call.ts';
import type { CommandCall } from '../../proto/control/command.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { homeLayout } from '../home.ts';

export const HOME_OPTION = { home: { type: 'string' } } as const;
export const PASSPHRASE_OPTION = { 'passphrase-file': { type: 'string' } } as const;

/** `--home DIR`, or the environment's KEYMOOT_HOME. */
export function homeOf(call: CommandCall): string {
  const home = call.text('home') ?? process.env['KEYMOOT_HOME'];
  if (home !== undefined) return resolve(home);
  throw new InvalidArgument('HOME_NOT_NAMED', '--home', 'name the home directory with --home DIR, or set KEYMOOT_HOME');
}

export async function askService(
  call: CommandCall,
  method: string,
  params: JsonValue = {},
  onEvent?: (event: JsonValue) => void,
): Promise<JsonValue> {
  const { control } = homeLayout(homeOf(call));
  return await callControl(control, method, params, onEvent === undefined ? {} : { onEvent });
}

export function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return (value as { readonly [key: string]: JsonValue })[name];
}

export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}

export function field(value: JsonValue | undefined, name: string): string {
  const member = memberOf(value, name);
  if (member === undefined || member === null) return '';
  return typeof member === 'string' ? member : JSON.stringify(member);
}
