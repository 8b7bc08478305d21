/** What the participant's commands share: which home, and the running node in it. */
import { resolve } from 'node:path';
import { callControl } from '../../proto/control/call.ts';
import type { CommandCall } from '../../proto/control/command.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { homeLayout } from '../keystore/settings.ts';

export const HOME_OPTION = { home: { type: 'string' } } as const;
export const PASSPHRASE_OPTION = { 'passphrase-file': { type: 'string' } } as const;

/** `--home DIR`, or the environment's KEYMOOT_HOME. */
export function homeOf(call: CommandCall): string {
  const home = call.text('home') ?? process.env['KEYMOOT_HOME'];
  if (home === undefined) {
    throw new InvalidArgument(
      'HOME_NOT_NAMED',
      '--home',
      'name the home directory with --home DIR, or set KEYMOOT_HOME',
    );
  }
  return resolve(home);
}

export async function askNode(call: CommandCall, method: string, params: JsonValue = {}): Promise<JsonValue> {
  return await callControl(homeLayout(homeOf(call)).control, method, params);
}

/** A field of an answer, as text. */
export function field(value: JsonValue, name: string): string {
  const member = memberOf(value, name);
  if (typeof member === 'string') return member;
  return member === undefined || member === null ? '' : JSON.stringify(member);
}

export function memberOf(value: JsonValue, name: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return (value as { readonly [key: string]: JsonValue })[name];
}

export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : [];
}
