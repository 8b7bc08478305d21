/** Groups, approvers and admin of two versions: whoever counts now has counted before (rule 7). */
import type { Admin, Approver, PolicyDocument } from '../schema.ts';
import { narrows, type PolicyChange, widens } from './change.ts';
import { listed } from './rule-words.ts';
import { durationWords } from './values.ts';

export function comparePeople(old: PolicyDocument, next: PolicyDocument): readonly PolicyChange[] {
  return [...compareApprovers(old, next), ...compareGroups(old, next), ...compareAdmin(old.admin, next.admin)];
}

/** An approver in no group can do nothing, yet hears of proposals. */
function compareApprovers(old: PolicyDocument, next: PolicyDocument): readonly PolicyChange[] {
  const [before, after] = [old.approvers ?? new Map<string, Approver>(), next.approvers ?? new Map<string, Approver>()];
  return namesOf(before, after).flatMap((name): readonly PolicyChange[] => {
    const path = `approvers.${name}`;
    const [was, is] = [before.get(name), after.get(name)];
    if (was === undefined && is !== undefined) return [widens(path, `new approver "${name}": ${approverWords(is)}`)];
    if (is === undefined && was !== undefined) {
      return [narrows(path, `approver "${name}" removed, was ${approverWords(was)}`)];
    }
    if (was === undefined || is === undefined || isSameApprover(was, is)) return [];
    return [widens(path, `approver "${name}" is ${approverWords(is)}, was ${approverWords(was)}`)];
  });
}

/** Field by field: words of two approvers can be the same though a part of one person's name is the other's device. */
function isSameApprover(was: Approver, is: Approver): boolean {
  return (
    was.person === is.person && was.device === is.device && was.key === is.key && was.transportKey === is.transportKey
  );
}

function approverWords({ device, key, person, transportKey }: Approver): string {
  return `${person} on ${device}, key ${key}${transportKey === undefined ? '' : `, connects as ${transportKey}`}`;
}

function compareGroups(old: PolicyDocument, next: PolicyDocument): readonly PolicyChange[] {
  const [before, after] = [
    old.groups ?? new Map<string, readonly string[]>(),
    next.groups ?? new Map<string, readonly string[]>(),
  ];
  const ruling = new Set([old.admin, next.admin].flatMap(rulingGroups));
  return namesOf(before, after).flatMap((name): readonly PolicyChange[] => {
    const path = `groups.${name}`;
    const was = before.get(name);
    const is = after.get(name) ?? [];
    if (was === undefined) return [narrows(path, `new group "${name}" of ${listed(is)}`)];
    const added = is.filter((member) => !was.includes(member));
    const removed = was.filter((member) => !is.includes(member));
    if (added.length + removed.length === 0) return [];
    const words = [
      ...added.map((member) => `${member} joins`),
      ...removed.map((member) => `${member} leaves and can no longer approve or reject`),
    ].join('; ');
    // Who could stop a new version must not be gone before the version can be stopped.
    if (ruling.has(name)) return [widens(path, `group "${name}", which decides on policies or freezes: ${words}`)];
    return [
      added.length === 0 ? narrows(path, `group "${name}": ${words}`) : widens(path, `group "${name}": ${words}`),
    ];
  });
}

function rulingGroups(admin: Admin | undefined): readonly string[] {
  if (admin === undefined) return [];
  return [admin.group, admin.freezeGroup ?? admin.group, ...(admin.book === undefined ? [] : [admin.book.group])];
}

/** Whoever decides on policies decides on everything, so that each change waits. */
function compareAdmin(was: Admin | undefined, is: Admin | undefined): readonly PolicyChange[] {
  const [before, after] = [adminWords(was), adminWords(is)];
  return before === after ? [] : [widens('admin', `versions need ${after}; needed ${before}`)];
}

function adminWords(admin: Admin | undefined): string {
  if (admin === undefined) return "every key holder's hand";
  const { book, freezeGroup, group, quorum, widenDelaySec } = admin;
  const parts = [
    `${quorum} of ${group}`,
    `widening waits ${durationWords(widenDelaySec)}`,
    `frozen by one of ${freezeGroup ?? group}`,
  ];
  if (book !== undefined) {
    parts.push(`counterparties added by ${book.quorum} of ${book.group} after ${durationWords(book.delaySec)}`);
  }
  return parts.join(', ');
}

function namesOf<T>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])].sort();
}
