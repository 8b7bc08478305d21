/** `keymoot audit show TRANSCRIPT`: reads a transcript out in plain words. Believes it only with a roster. */
import { canonicalText } from '../../protocol/common/canonical-json.ts';
import { NO_NAMES } from '../../protocol/payload/words/names.ts';
import { parseTranscript } from '../../protocol/transcript/entry.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import type { Io } from '../report/io.ts';
import { recordedNames } from '../report/recorded-names.ts';
import { failureLine } from '../report/verification.ts';
import { walkJson, walkText } from '../report/walk.ts';
import { readBounded, readRoster } from './files.ts';
import { refused } from './verify.ts';

export interface ShowArguments {
  readonly file: string;
  readonly roster?: string | undefined;
  readonly json: boolean;
}

/** Exit code 0 if it could be shown and, with a roster, verifies. */
export function showCommand(args: ShowArguments, io: Io): number {
  const bytes = readBounded(args.file);
  if (!bytes.ok) return refused(bytes.error, args.json, io);
  const lines = parseTranscript(bytes.value);
  if (!lines.ok) {
    const { seq, message } = lines.error;
    return refused({ code: 'FILE_MALFORMED', message: `${args.file}: entry ${seq}: ${message}` }, args.json, io);
  }
  const roster = args.roster === undefined ? undefined : readRoster(args.roster);
  if (roster?.ok === false) return refused(roster.error, args.json, io);
  const report = roster && verifyTranscript(bytes.value, { roster: roster.value });
  // Whoever made up a transcript could make up names as well.
  const names = report?.ok === true ? recordedNames(lines.value) : NO_NAMES;
  if (args.json) {
    io.stdout(canonicalText({ entries: walkJson(lines.value, names), ok: true, verified: report?.ok === true }));
    return report?.ok === false ? 1 : 0;
  }
  if (report === undefined) io.stdout('NOT VERIFIED: this is what the file says; "audit verify" decides about belief');
  else io.stdout(report.ok ? 'VERIFIED' : `NOT VERIFIED: ${failureLine({ file: args.file, report }) ?? ''}`);
  for (const line of walkText(lines.value, names)) io.stdout(line);
  return report?.ok === false ? 1 : 0;
}
