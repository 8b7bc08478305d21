/** `keymoot audit evidence FILE --roster FILE`: does this document prove somebody's guilt, to anybody? */

import { wordsOf } from '../../protocol/ceremony/check-words.ts';
import { judgeEvidence } from '../../protocol/ceremony/evidence/judge.ts';
import { matchesFingerprint } from '../../protocol/ceremony/roster.ts';
import { canonicalText, parseCanonical } from '../../protocol/common/canonical-json.ts';
import { sanitise } from '../../protocol/payload/words/sanitise.ts';
import type { Io } from '../report/io.ts';
import { readBounded, readRoster } from './files.ts';
import { refused } from './verify.ts';

export interface EvidenceArguments {
  readonly file: string;
  readonly roster: string | undefined;
  readonly fingerprint: string | undefined;
  /** The reader is a member of the run, and may be shown a complaint. */
  readonly members: boolean;
  readonly json: boolean;
}

const MAX_LINE = 600;

/** Exit code 0 if it proves guilt. */
export function evidenceCommand(args: EvidenceArguments, io: Io): number {
  const { fingerprint, json, members } = args;
  if (args.roster === undefined) {
    return refused({ code: 'UNANCHORED', message: 'no roster was given to judge by' }, json, io);
  }
  const roster = readRoster(args.roster);
  if (!roster.ok) return refused(roster.error, json, io);
  if (fingerprint !== undefined && !matchesFingerprint(roster.value.digest, fingerprint)) {
    return refused({ code: 'FINGERPRINT_DIFFERS', message: 'the roster does not have this fingerprint' }, json, io);
  }
  const bytes = readBounded(args.file);
  if (!bytes.ok) return refused(bytes.error, json, io);
  const document = parseCanonical(trimmed(bytes.value));
  if (!document.ok) {
    return refused({ code: 'EVIDENCE_MALFORMED', message: `${args.file} is ${document.error}` }, json, io);
  }
  const judged = judgeEvidence(document.value, roster.value, { members });
  if (!judged.ok) return refused(judged.error, json, io);
  const { accused, check, message } = judged.value;
  const { next, sentence } = wordsOf(check);
  if (json) {
    io.stdout(
      canonicalText({ accused, check, forMembersOnly: judged.value.members, message, next, ok: true, sentence }),
    );
    return 0;
  }
  io.stdout(sanitise(`GUILTY ${accused} of ${check}: ${message}`, MAX_LINE));
  io.stdout(`  ${sentence}`);
  io.stdout(`  ${next}`);
  if (judged.value.members) io.stdout('  For the members of this run only: it shows one share of a run that is dead.');
  return 0;
}

/** Without one newline at the end, which editors add. */
function trimmed(bytes: Uint8Array): Uint8Array {
  return bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes;
}
