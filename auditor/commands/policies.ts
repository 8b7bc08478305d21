/**
 * Versions of the common policy as an auditor was given them: whether each was signed by the admins of the one before,
 * and whether every consent rests on one of them (docs/governance.md).
 */
import { admitPolicy } from '../../protocol/ceremony/policy-chain.ts';
import type { Roster } from '../../protocol/ceremony/roster.ts';
import { openVerdict } from '../../protocol/ceremony/verdict-statement.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { err, ok, type Result } from '../../protocol/common/result.ts';
import { policyDigest } from '../../protocol/policy/canonical.ts';
import { parsePolicy } from '../../protocol/policy/parse.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import { parseTranscript } from '../../protocol/transcript/entry.ts';
import type { Check, Report } from '../../protocol/transcript/verify.ts';
import type { Failure } from '../report/io.ts';
import { readBounded } from './files.ts';

export interface PolicyChain {
  /** Digests of all versions, as hex. */
  readonly digests: ReadonlySet<string>;
  readonly id: string;
}

/** Fails with why a version may not follow the one before it. The first one is what key holders adopted by hand. */
export function readPolicies(paths: readonly string[], roster: Roster): Result<PolicyChain, Failure> {
  const versions: { readonly path: string; readonly policy: Policy }[] = [];
  for (const path of paths) {
    const file = readBounded(path);
    if (!file.ok) return file;
    const policy = parsePolicy(new TextDecoder().decode(file.value));
    if (!policy.ok) {
      const { code, field, message } = policy.error;
      return err({ code, message: `${path}${field === '' ? '' : `, ${field}`}: ${message}` });
    }
    versions.push({ path, policy: policy.value });
  }
  versions.sort((a, b) => a.policy.document.version - b.policy.document.version);
  let before: Policy | undefined;
  for (const { path, policy } of versions) {
    const admitted = admitPolicy(before, policy, roster);
    if (!admitted.ok) return err({ code: admitted.error.code, message: `${path}: ${admitted.error.detail}` });
    before = policy;
  }
  const digests = new Set(versions.map(({ policy }) => toHex(policyDigest(policy))));
  return ok({ digests, id: before?.document.id ?? '' });
}

/** The report of a transcript whose consents all name a version of the chain; else one that failed for it. */
export function withPolicies(report: Report, transcript: Uint8Array, chain: PolicyChain | undefined): Report {
  const { roster } = report;
  if (!report.ok || roster === undefined) return report;
  const consents = commonPolicies(transcript, roster);
  if (chain === undefined) {
    if (!namesAdmins(transcript)) return report;
    const note = 'versions of the policy were not compared with what its admins signed; --policies does';
    return { ...report, notes: [...report.notes, note] };
  }
  const foreign = consents.find(({ digest }) => !chain.digests.has(digest));
  if (foreign === undefined) return report;
  const message = `party ${foreign.party} consented under a policy that is no version of "${chain.id}" as given`;
  const check: Check = { name: 'history', ok: false, code: 'POLICY_NOT_IN_CHAIN', seq: foreign.seq, message };
  return { ...report, ok: false, checks: [...report.checks, check], failure: check };
}

/** The common policy of every consent that names one. */
function commonPolicies(
  transcript: Uint8Array,
  roster: Roster,
): readonly { readonly seq: number; readonly party: number; readonly digest: string }[] {
  const lines = parseTranscript(transcript);
  if (!lines.ok) return [];
  return lines.value.flatMap(({ entry }, seq) => {
    if (entry.kind !== 'statement' || entry.statement.type !== 'keymoot.verdict.v1') return [];
    const verdict = openVerdict(entry.statement, roster);
    if (!verdict.ok || verdict.value.body.decision !== 'consent') return [];
    const { commonPolicy, party } = verdict.value.body;
    return commonPolicy === undefined ? [] : [{ seq, party, digest: toHex(commonPolicy.digest) }];
  });
}

/** Whether a policy of the transcript says that admins sign its versions. */
function namesAdmins(transcript: Uint8Array): boolean {
  const lines = parseTranscript(transcript);
  if (!lines.ok) return false;
  return lines.value.some(({ entry }) => {
    const content = entry.kind === 'document' ? entry.content : undefined;
    return typeof content === 'object' && !Array.isArray(content) && 'admin' in content && 'rules' in content;
  });
}
