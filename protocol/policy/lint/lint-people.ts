/** Who must agree: quorums that are met by too few, and a policy that nobody can change or that never ends. */
import { demandOf, type GroupSize } from '../compare/demand.ts';
import type { Policy } from '../prepare.ts';
import type { GroupQuorum, Obligation, PolicyDocument, Rule } from '../schema.ts';
import { finding, type LintFinding } from './finding.ts';

export function lintPeople({ document }: Policy, size: GroupSize | undefined): readonly LintFinding[] {
  const { admin, approvers, expiresAt, limits = [], rules } = document;
  const quorums = [
    ...rules.flatMap(({ id, require }) => alone(require).map((quorum) => [`rules.${id}.require`, quorum] as const)),
    ...limits.flatMap(({ id, onExceed }) =>
      typeof onExceed === 'object'
        ? alone(onExceed.require).map((quorum) => [`limits.${id}.onExceed`, quorum] as const)
        : [],
    ),
    ...(admin === undefined ? [] : [['admin', admin] as const]),
  ];
  return [
    ...quorums.flatMap(([where, quorum]) => onePerson(where, quorum, document)),
    ...rules.filter((rule) => !isCold(rule, document)).flatMap((rule) => lowQuorum(rule, size)),
    ...(expiresAt === undefined
      ? [
          finding(
            'LINT_NO_EXPIRY',
            'expiresAt',
            'The policy never ends, so nobody has to look at it again.',
            'Add expiresAt, a year from now.',
          ),
        ]
      : []),
    ...(admin === undefined && approvers !== undefined
      ? [
          finding(
            'LINT_NO_ADMIN',
            'admin',
            'No quorum may change this policy: every version is adopted by hand.',
            'Add admin with a group, a quorum and widenDelaySec.',
          ),
        ]
      : []),
  ];
}

/** Quorums beside which no key holder is asked. */
function alone(obligation: Obligation | undefined): readonly GroupQuorum[] {
  return obligation?.holder === false ? (obligation.groups ?? []) : [];
}

/** Of a cold wallet all parties consent, whatever a rule says. */
function isCold({ match }: Rule, { wallets }: PolicyDocument): boolean {
  const names = match.wallets ?? [...wallets.keys()];
  return names.every((name) => wallets.get(name)?.class === 'cold');
}

function onePerson(where: string, { group, quorum }: GroupQuorum, { groups }: PolicyDocument): readonly LintFinding[] {
  const members = groups?.get(group) ?? [];
  if (quorum > 1 || members.length === 0) return [];
  const words = `One person of "${group}" is enough here.`;
  return [finding('LINT_ONE_PERSON', where, words, 'Raise the quorum to 2, if that is not meant.')];
}

/** With t-1 hostile parties, q consents hold q-t+1 honest ones. */
function lowQuorum(rule: Rule, size: GroupSize | undefined): readonly LintFinding[] {
  if (size === undefined || rule.effect === 'deny') return [];
  const consents = Math.max(demandOf(rule).consents, size.threshold);
  if (consents - size.threshold > 0 || size.parties === size.threshold) return [];
  const words = `With ${size.threshold - 1} hostile parties a single honest machine judges what "${rule.id}" permits.`;
  const cure = `Add "consents": ${size.threshold + 1}.`;
  return [finding('LINT_QUORUM_LOW', `rules.${rule.id}.consents`, words, cure)];
}
