/**
 * Whether a version of the common policy may follow another: signed by the admins that the one in force names, naming it
 * as its parent, and how long it waits. The first version, and every one where no admins are named, is a matter of the
 * key holder's own hand. Nodes, approvers and auditors ask the same function.
 */
import { equalBytes, fromHex, toHex } from '../common/bytes.ts';
import { canonicalBytes } from '../common/canonical-json.ts';
import { personName } from '../common/person.ts';
import { err, ok, type Result } from '../common/result.ts';
import { canonicalPolicy, policyDigest } from '../policy/canonical.ts';
import type { PolicyChange } from '../policy/compare/change.ts';
import { comparePolicies, type Direction } from '../policy/compare/compare.ts';
import { MAX_CANONICAL_LENGTH } from '../policy/limits.ts';
import type { Policy } from '../policy/prepare.ts';
import { entryFault } from './address-entry.ts';
import { approverPublicKey } from './approver-key.ts';
import { announcementOf, openPolicyVersion } from './policy-version.ts';
import type { RosterBody } from './roster.ts';
import { groupOf } from './speaker.ts';
import { envelopeFromJson } from './statement.ts';
import type { VerdictReason } from './verdict-statement.ts';

/** Bytes of a version with its signatures: one document of 1 MiB (docs/wire.md), and a little to spare. */
const MAX_ANNOUNCEMENT = 1_040_000;

export interface Admitted {
  readonly direction: Exclude<Direction, 'same'>;
  /** Seconds from when a node first sees it; 0 for what narrows. */
  readonly delaySec: number;
  /** Persons of the parent's admin group who signed it; empty where it is a matter of hand. */
  readonly signers: readonly string[];
  /** Empty for a first version. */
  readonly changes: readonly PolicyChange[];
}

/** Who must sign a change, and how long it waits; undefined: every key holder adopts it by hand, at once. */
export interface Requirement {
  readonly group: string;
  readonly quorum: number;
  readonly delaySec: number;
}

/**
 * @param at Unix seconds: a version that has expired by then is refused; absent where only the chain is looked at
 */
export function admitPolicy(
  current: Policy | undefined,
  next: Policy,
  roster: RosterBody,
  at?: number,
): Result<Admitted, VerdictReason> {
  // Signatures first, since all else takes long, and anybody can send what nobody has signed.
  const misplaced = current && (placeFault(current, next) ?? signatureFault(current, next));
  const fault = misplaced ?? contentFault(next, roster, at);
  if (fault !== undefined) return err(fault);
  if (current === undefined) return ok({ direction: 'widens', delaySec: 0, signers: [], changes: [] });
  const { parties, threshold } = roster;
  const { changes, direction } = comparePolicies(current, next, { threshold, parties: parties.length });
  if (direction === 'same') return err(reason('POLICY_VERSION_OLD', 'this version is in force already'));
  const needed = requirementOf(current, direction);
  if (needed === undefined) return ok({ direction, delaySec: 0, signers: [], changes });
  const signers = signersOf(current, next, needed.group);
  if (signers.length < needed.quorum) return err(unsigned(needed, signers));
  return ok({ direction, delaySec: needed.delaySec, signers, changes });
}

/** What the version in force demands of the next one. */
export function requirementOf(current: Policy, direction: Direction): Requirement | undefined {
  const { admin } = current.document;
  if (admin === undefined) return undefined;
  const { book, group, quorum, widenDelaySec } = admin;
  if (direction === 'book' && book !== undefined) return book;
  return { group, quorum, delaySec: direction === 'narrows' || direction === 'same' ? 0 : widenDelaySec };
}

/** Whether too few have signed it whatever it changes. */
function signatureFault(current: Policy, next: Policy): VerdictReason | undefined {
  const { admin } = current.document;
  if (admin === undefined) return undefined;
  const isSigned = [admin, ...(admin.book === undefined ? [] : [admin.book])].some(
    ({ group, quorum }) => signersOf(current, next, group).length >= quorum,
  );
  return isSigned ? undefined : unsigned(admin, signersOf(current, next, admin.group));
}

function unsigned({ group, quorum }: Pick<Requirement, 'group' | 'quorum'>, signers: readonly string[]): VerdictReason {
  const names = signers.length === 0 ? 'nobody' : signers.join(', ');
  const detail = `it needs the signatures of ${quorum} persons of the group "${group}"; ${names} signed it`;
  return reason('POLICY_UNSIGNED', detail);
}

/** Persons of a group of the parent whose valid signatures a version carries, each once; sorted. */
export function signersOf(parent: Policy, next: Policy, group: string): readonly string[] {
  const members = groupOf(parent, group);
  const persons = new Map<string, string>();
  for (const json of next.signatures) {
    const envelope = envelopeFromJson(json);
    const opened = envelope.ok ? openPolicyVersion(envelope.value, parent) : envelope;
    if (!opened.ok) continue;
    const { approver, id, parent: named, policy, version } = opened.value.body;
    const isThis =
      equalBytes(policy, policyDigest(next)) &&
      equalBytes(named, policyDigest(parent)) &&
      id === next.document.id &&
      version === next.document.version;
    const person = members.includes(approver) ? parent.document.approvers?.get(approver)?.person : undefined;
    if (isThis && person !== undefined) persons.set(personName(person), person);
  }
  return [...persons.values()].sort();
}

/** What is wrong with a version whatever it follows. */
export function contentFault(next: Policy, roster: RosterBody, at?: number): VerdictReason | undefined {
  const { length } = canonicalBytes(canonicalPolicy(next));
  if (length > MAX_CANONICAL_LENGTH) {
    const detail = `it has ${length} bytes in canonical form; with more than ${MAX_CANONICAL_LENGTH} it cannot travel`;
    return reason('POLICY_TOO_LARGE', detail);
  }
  if (canonicalBytes(announcementOf(next)).length > MAX_ANNOUNCEMENT) {
    const detail = `with all its signatures it has more than ${MAX_ANNOUNCEMENT} bytes; leave out those that are not needed`;
    return reason('POLICY_TOO_LARGE', detail);
  }
  const { expiresAt } = next.document;
  if (at !== undefined && expiresAt !== undefined && expiresAt <= at) {
    return reason('POLICY_EXPIRED', `it expired at ${expiresAt}, it is ${at}`);
  }
  return keyFault(next, roster) ?? entryFault(next.document);
}

function placeFault(current: Policy, next: Policy): VerdictReason | undefined {
  const [was, is] = [current.document, next.document];
  if (is.version <= was.version) {
    const detail = `version ${is.version} is not above version ${was.version}; a policy never goes back`;
    return reason('POLICY_VERSION_OLD', detail);
  }
  const parent = is.parentHash === undefined ? undefined : fromHex(is.parentHash.slice(2));
  const follows = parent !== undefined && equalBytes(parent, policyDigest(current));
  if (was.admin === undefined) {
    if (parent === undefined || follows) return undefined;
    return reason('POLICY_PARENT', 'it names another parent than the version in force');
  }
  if (is.id !== was.id) {
    return reason('POLICY_ID', `it is the policy "${is.id}"; the one in force is "${was.id}"`);
  }
  if (follows) return undefined;
  const named = parent === undefined ? 'no parent' : `the parent ${toHex(parent).slice(0, 16)}...`;
  return reason('POLICY_PARENT', `it names ${named}; in force is ${toHex(policyDigest(current)).slice(0, 16)}...`);
}

/** Approving is separate from signing and proposing, so its keys are. */
function keyFault({ document }: Policy, roster: RosterBody): VerdictReason | undefined {
  const seen = new Map<string, string>();
  for (const { index, statementKey, transportKey } of roster.parties) {
    for (const key of [statementKey, transportKey]) seen.set(toHex(key), `party ${index}`);
  }
  for (const { key, name, transportKey } of roster.operators) {
    for (const each of [key, transportKey]) seen.set(toHex(each), `operator ${name}`);
  }
  for (const [name, { key, transportKey }] of document.approvers ?? []) {
    const bytes = approverPublicKey(key);
    if (bytes === undefined) return reason('APPROVER_KEY_UNUSABLE', `the key of approver "${name}" is no usable key`);
    for (const hex of [toHex(bytes), ...(transportKey === undefined ? [] : [transportKey.slice(2)])]) {
      const other = seen.get(hex);
      if (other !== undefined) {
        return reason('APPROVER_KEY_REUSED', `a key of approver "${name}" is also one of ${other}`);
      }
      seen.set(hex, `approver "${name}"`);
    }
  }
  return undefined;
}

function reason(code: string, detail: string): VerdictReason {
  return { code, detail };
}
