/** The auditor's only contact with the disk: reads, never writes. */
import { readFileSync, statSync } from 'node:fs';
import { parseRosterFile, type Roster, sealRoster } from '../../protocol/ceremony/roster.ts';
import { fromHex } from '../../protocol/common/bytes.ts';
import { err, ok, type Result } from '../../protocol/common/result.ts';
import { parseStrictJson, toJson } from '../../protocol/common/strict-json.ts';
import { MAX_TRANSCRIPT_BYTES } from '../../protocol/transcript/entry.ts';
import type { Failure } from '../report/io.ts';

/** A file that is no larger than a transcript may be. */
export function readBounded(path: string): Result<Uint8Array, Failure> {
  try {
    if (statSync(path).size > MAX_TRANSCRIPT_BYTES) {
      return err({ code: 'FILE_TOO_LARGE', message: `${path} is larger than ${MAX_TRANSCRIPT_BYTES} bytes` });
    }
    return ok(new Uint8Array(readFileSync(path)));
  } catch {
    return err({ code: 'FILE_UNREADABLE', message: `${path} cannot be read` });
  }
}

/** A roster file that all its parties have signed. */
export function readRoster(path: string): Result<Roster, Failure> {
  const file = readBounded(path);
  if (!file.ok) return file;
  const malformed = (message: string): Result<never, Failure> => err({ code: 'ROSTER_MALFORMED', message });
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(file.value);
  } catch {
    return malformed(`${path} is not UTF-8 text`);
  }
  const parsed = parseStrictJson(text);
  if (!parsed.ok) return malformed(`${path}: ${parsed.error.message}`);
  const json = toJson(parsed.value, 'refuse');
  if (!json.ok) return malformed(`${path}: ${json.error.message}`);
  const roster = parseRosterFile(json.value);
  return roster.ok ? sealRoster(roster.value) : roster;
}

/** A chain code as `keymoot participant wallets --chain-code` writes it: 64 hex digits. */
export function readChainCode(path: string): Result<Uint8Array, Failure> {
  const file = readBounded(path);
  if (!file.ok) return file;
  const bytes = fromHex(new TextDecoder().decode(file.value).trim());
  if (bytes?.length === 32) return ok(bytes);
  return err({ code: 'CHAIN_CODE_MALFORMED', message: `${path} is not a chain code: 64 hex digits` });
}
