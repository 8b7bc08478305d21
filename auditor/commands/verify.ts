/** `keymoot audit verify TRANSCRIPT… --roster FILE`: the only question is whether to believe them. */

import { fingerprint, type Roster } from '../../protocol/ceremony/roster.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { canonicalText, type Json, parseCanonical } from '../../protocol/common/canonical-json.ts';
import { err, ok, type Result } from '../../protocol/common/result.ts';
import { parseTranscript } from '../../protocol/transcript/entry.ts';
import { History } from '../../protocol/transcript/history.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import type { Failure, Io } from '../report/io.ts';
import { failureLine, type Verified, verificationJson, verificationText } from '../report/verification.ts';
import { readBounded, readChainCode, readRoster } from './files.ts';
import { type PolicyChain, readPolicies, withPolicies } from './policies.ts';

export interface VerifyArguments {
  readonly files: readonly string[];
  readonly roster?: string | undefined;
  readonly fingerprint?: string | undefined;
  /** Files of rosters before the pinned one. */
  readonly pastRosters?: readonly string[] | undefined;
  /** Files with the chain code of a wallet each. */
  readonly chainCodes?: readonly string[] | undefined;
  /** Files of all versions of the common policy, with their signatures. */
  readonly policies?: readonly string[] | undefined;
  readonly json: boolean;
}

/** Exit code 0 if every transcript verifies and none contradicts another. */
export function verifyCommand(args: VerifyArguments, io: Io): number {
  let roster: Roster | undefined;
  if (args.roster !== undefined) {
    const read = readRoster(args.roster);
    if (!read.ok) return refused(read.error, args.json, io);
    roster = read.value;
  }
  const chainCodes: Uint8Array[] = [];
  for (const path of args.chainCodes ?? []) {
    const read = readChainCode(path);
    if (!read.ok) return refused(read.error, args.json, io);
    chainCodes.push(read.value);
  }
  let chain: PolicyChain | undefined;
  if (args.policies !== undefined && args.policies.length > 0) {
    if (roster === undefined) {
      const message = 'versions of a policy are compared under a roster; name it with --roster';
      return refused({ code: 'UNANCHORED', message }, args.json, io);
    }
    const read = readPolicies(args.policies, roster);
    if (!read.ok) return refused(read.error, args.json, io);
    chain = read.value;
  }
  const sources: Source[] = [];
  for (const path of args.files) {
    const bytes = readBounded(path);
    if (!bytes.ok) return refused(bytes.error, args.json, io);
    sources.push({ path, bytes: bytes.value });
  }
  const history = new History();
  const linked = linkPast(args.pastRosters ?? [], roster, history);
  if (!linked.ok) return refused(linked.error, args.json, io);
  const results = byTime(sources).map(
    ({ path, bytes }): Verified => ({
      file: path,
      report: withPolicies(
        verifyTranscript(bytes, { roster, fingerprint: args.fingerprint, history, chainCodes }),
        bytes,
        chain,
      ),
    }),
  );
  print(results, roster, args.json, io);
  return results.every(({ report }) => report.ok) ? 0 : 1;
}

/** Trusts the given rosters as far as the pinned one leads back to them, one after the other. */
function linkPast(paths: readonly string[], pinned: Roster | undefined, history: History): Result<undefined, Failure> {
  const rosters: { readonly path: string; readonly roster: Roster }[] = [];
  for (const path of paths) {
    const read = readRoster(path);
    if (!read.ok) return read;
    rosters.push({ path, roster: read.value });
  }
  let later = pinned;
  for (const { path, roster } of rosters.sort((a, b) => b.roster.version - a.roster.version)) {
    if (later === undefined || !history.trustEarlier(roster, later)) {
      return err({ code: 'WRONG_ROSTER', message: `${path}: the pinned roster does not lead back to this one` });
    }
    later = roster;
  }
  return ok(undefined);
}

export function refused(failure: Failure, json: boolean, io: Io): 1 {
  const { code, message } = failure;
  if (json) io.stdout(canonicalText({ error: { code, message }, ok: false }));
  else io.stderr(`${code}: ${message}`);
  return 1;
}

interface Source {
  readonly path: string;
  readonly bytes: Uint8Array;
}

function print(results: readonly Verified[], roster: Roster | undefined, json: boolean, io: Io): void {
  const failed = results.find(({ report }) => !report.ok);
  if (json) {
    const { code = 'FAILED', message = '', seq } = failed?.report.failure ?? {};
    const entry = seq === undefined ? {} : { entry: String(seq) };
    const error: Json = { code, ...entry, file: failed?.file ?? '', message };
    io.stdout(
      canonicalText({
        ...(failed === undefined ? {} : { error }),
        ok: failed === undefined,
        ...(roster === undefined
          ? {}
          : { roster: { digest: toHex(roster.digest), fingerprint: fingerprint(roster.digest).words } }),
        transcripts: results.map(verificationJson),
      }),
    );
    return;
  }
  if (roster !== undefined) io.stdout(`roster ${roster.name}, fingerprint: ${fingerprint(roster.digest).words}`);
  for (const result of results) {
    for (const line of verificationText(result)) io.stdout(line);
    const line = failureLine(result);
    if (line !== undefined) io.stderr(line);
  }
  const verified = results.filter(({ report }) => report.ok).length;
  io.stdout(`${verified} of ${results.length} transcripts verified`);
}

/** In the order in which the ceremonies were proposed, since later ones are judged by earlier ones. */
function byTime(sources: readonly Source[]): readonly Source[] {
  const timed = sources.map((source) => ({ source, time: proposedAt(source.bytes) }));
  return timed.sort((a, b) => a.time - b.time).map(({ source }) => source);
}

/** When the proposal says it was made; a file that cannot be read comes last. */
function proposedAt(file: Uint8Array): number {
  const lines = parseTranscript(file);
  const entry = lines.ok ? lines.value[1]?.entry : undefined;
  if (entry?.kind !== 'statement') return Number.MAX_SAFE_INTEGER;
  const body = parseCanonical(entry.statement.body);
  if (!body.ok || typeof body.value !== 'object' || Array.isArray(body.value)) return Number.MAX_SAFE_INTEGER;
  const created = Number((body.value as { readonly [key: string]: Json })['created']);
  return Number.isSafeInteger(created) ? created : Number.MAX_SAFE_INTEGER;
}
