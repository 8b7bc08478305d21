/** `keymoot policy check` and `lint`: whether a policy can be adopted, and whether it means what it seems to. */
import type { Command, CommandCall } from '../../proto/control/command.ts';
import { readTextFile } from '../../proto/control/files.ts';
import { type Admitted, admitPolicy, contentFault } from '../../protocol/ceremony/policy-chain.ts';
import type { RosterBody } from '../../protocol/ceremony/roster.ts';
import { readRosterFile } from '../../protocol/ceremony/roster-file.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { policyDigest } from '../../protocol/policy/canonical.ts';
import { canBeMet, demandOf } from '../../protocol/policy/compare/demand.ts';
import { policySchema } from '../../protocol/policy/json-schema.ts';
import { lintPolicy } from '../../protocol/policy/lint/lint.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import { findingLines } from './finding-lines.ts';
import { policyFrom } from './policy-file.ts';

export const check: Command = {
  usage: 'POLICY [--previous OLDER...] [--roster ROSTER] | --schema',
  summary:
    'whether a policy is valid; with a roster whether its quorums and keys fit, with older versions whether it may follow them',
  options: {
    previous: { type: 'string', multiple: true },
    roster: { type: 'string' },
    schema: { type: 'boolean' },
  },
  positionals: { min: 0, max: 1 },
  async run(call) {
    if (call.flag('schema')) {
      call.terminal.printJson(policySchema());
      return 0;
    }
    const [path] = call.positionals;
    if (path === undefined)
      throw new InvalidArgument('USAGE_INVALID', 'POLICY', 'name a policy file, or give --schema');
    const policy = await policyFrom(path);
    const roster = await rosterFrom(call);
    const lines = roster === undefined ? [] : quorumLines(policy, roster);
    const admitted = await chainOf(call, policy, roster);
    const { id, limits = [], rules, version } = policy.document;
    const digest = toHex(policyDigest(policy));
    call.terminal.result(
      { ok: true, id, version, digest, ...(admitted === undefined ? {} : { direction: admitted.direction }) },
      [
        `${path}: valid. Policy ${id} version ${version}, ${rules.length} rules, ${limits.length} limits`,
        `digest ${digest}`,
        ...lines,
        ...(admitted === undefined ? [] : admittedLines(admitted)),
      ].join('\n'),
    );
    return 0;
  },
};

export const lint: Command = {
  usage: 'POLICY [--roster ROSTER] [--strict]',
  summary: 'what in a policy is unreachable, shadowed, unlimited, or wider than it looks; exit 1 only with --strict',
  options: { roster: { type: 'string' }, strict: { type: 'boolean' } },
  positionals: { min: 1, max: 1 },
  async run(call) {
    const policy = await policyFrom(call.positionals[0] ?? '');
    const roster = await rosterFrom(call);
    const size = roster && { threshold: roster.threshold, parties: roster.parties.length };
    const findings = lintPolicy(policy, size);
    const words = findings.length === 0 ? ['Nothing to say about it.'] : findingLines(findings);
    call.terminal.result({ findings: findings.map((finding) => ({ ...finding })) }, words.join('\n'));
    return findings.length > 0 && call.flag('strict') ? 1 : 0;
  },
};

async function rosterFrom(call: CommandCall): Promise<RosterBody | undefined> {
  const path = call.text('roster');
  if (path === undefined) return undefined;
  const roster = readRosterFile(await readTextFile(path));
  if (roster.ok) return roster.value.body;
  throw new InvalidArgument(roster.error.code, path, roster.error.message);
}

/** Rules that no group of this size can meet are no error: they deny. They are said. */
function quorumLines(policy: Policy, { parties, threshold }: RosterBody): readonly string[] {
  const size = { threshold, parties: parties.length };
  return policy.document.rules
    .filter((rule) => rule.effect !== 'deny' && !canBeMet(demandOf(rule), size))
    .map((rule) => `rule "${rule.id}" asks for what ${size.threshold} of ${size.parties} cannot give: it denies`);
}

/** Each of the older versions after the one before it, and the policy after the last. */
async function chainOf(
  call: CommandCall,
  policy: Policy,
  roster: RosterBody | undefined,
): Promise<Admitted | undefined> {
  if (roster === undefined) {
    if (call.list('previous').length === 0) return undefined;
    throw new InvalidArgument('ROSTER_MISSING', '--roster', 'is needed to check who signed a version');
  }
  const fault = contentFault(policy, roster);
  if (fault !== undefined) throw new Refusal(fault.code, fault.detail);
  const older = await Promise.all(call.list('previous').map(policyFrom));
  const versions = [...older, policy].sort((a, b) => a.document.version - b.document.version);
  let admitted: Admitted | undefined;
  for (const [i, next] of versions.entries()) {
    const current = versions[i - 1];
    if (current === undefined) continue;
    const result = admitPolicy(current, next, roster);
    if (!result.ok) throw new Refusal(result.error.code, `version ${next.document.version}: ${result.error.detail}`);
    admitted = result.value;
  }
  return admitted;
}

function admittedLines({ delaySec, direction, signers }: Admitted): readonly string[] {
  const by = signers.length === 0 ? 'adopted by hand' : `signed by ${signers.join(', ')}`;
  return [
    `may follow: it ${direction === 'book' ? 'changes the address book only' : direction}, ${by}, waits ${delaySec} s`,
  ];
}
