/** Rosters and network keys as the files that people hand around. */
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, equalBytes, fromHex, toHex, utf8 } from '../common/bytes.ts';
import type { Json } from '../common/canonical-json.ts';
import { err, type Result } from '../common/result.ts';
import { parseStrictJson, toJson } from '../common/strict-json.ts';
import {
  parseRosterFile,
  type Roster,
  type RosterBody,
  type RosterError,
  type RosterFile,
  rosterFileJson,
  sealRoster,
} from './roster.ts';

/** Reads a roster file, complete or still collecting signatures. */
export function readRosterFile(text: string): Result<RosterFile, RosterError> {
  const parsed = parseStrictJson(text);
  const json = parsed.ok ? toJson(parsed.value, 'refuse') : parsed;
  if (!json.ok) return err({ code: 'ROSTER_MALFORMED', message: `the roster is not readable: ${json.error.message}` });
  return parseRosterFile(json.value);
}

/** Reads a roster that all its parties have signed. */
export function readRoster(text: string): Result<Roster, RosterError> {
  const file = readRosterFile(text);
  return file.ok ? sealRoster(file.value) : file;
}

export function rosterText(file: RosterFile): string {
  return `${JSON.stringify(rosterFileJson(file) satisfies Json, undefined, 2)}\n`;
}

/** What the roster holds of the private-network key: knowing it lets nobody into the network. */
export function networkKeyHash(key: Uint8Array): Uint8Array {
  return sha256(concat(utf8('keymoot.network-key.v1\0'), key));
}

/** A network key file is 64 hex digits; `undefined` unless it is the key of this roster. */
export function readNetworkKey(text: string, roster: RosterBody): Uint8Array | undefined {
  const key = fromHex(text.trim());
  return key?.length === 32 && equalBytes(networkKeyHash(key), roster.network) ? key : undefined;
}

export function networkKeyText(key: Uint8Array): string {
  return `${toHex(key)}\n`;
}
