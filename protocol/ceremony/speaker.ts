/** Who may speak about policies and freezes: members of the roster and, by name, approvers of the common policy. */
import { type Reader, text } from '../common/schema.ts';
import type { Policy } from '../policy/prepare.ts';
import { approverVerifier } from './approver-key.ts';
import type { PublicKey } from './ed25519.ts';
import type { RosterBody } from './roster.ts';
import { memberKey } from './start.ts';
import type { StatementType, Verifier } from './statement.ts';

/** `party:INDEX`, `operator:NAME` or `approver:NAME`. */
export const SPEAKER: Reader<string> = text({
  max: 60,
  pattern: /^((operator|approver):[a-z0-9][a-z0-9-]*|party:[1-9][0-9]?)$/,
});

/** Members of a group of the policy, by the name that statements give an approver. */
export function groupOf(policy: Policy | undefined, group: string | undefined): readonly string[] {
  return group === undefined ? [] : (policy?.document.groups?.get(group) ?? []);
}

/** The group whose members may freeze, and veto a version. */
export function freezeGroup(policy: Policy | undefined): string | undefined {
  const admin = policy?.document.admin;
  return admin?.freezeGroup ?? admin?.group;
}

/**
 * What verifies a speaker's statement; undefined if there is no such speaker.
 *
 * @param group approvers outside of it have no voice here
 */
export function speakerKey(
  speaker: string,
  roster: RosterBody,
  policy: Policy | undefined,
  group: string | undefined,
  type: StatementType,
): PublicKey | Verifier | undefined {
  if (!speaker.startsWith('approver:')) return memberKey(roster, speaker);
  const name = speaker.slice('approver:'.length);
  const approver = groupOf(policy, group).includes(name) ? policy?.document.approvers?.get(name) : undefined;
  return approver && approverVerifier(approver.key, type);
}
