/** Approvers, groups and admins: names that exist, quorums that can be met, nobody twice under two names. */
import { base64 } from '@scure/base';
import { toHex, utf8 } from '../common/bytes.ts';
import { personName } from '../common/person.ts';
import { problem } from '../common/schema.ts';
import type { Approver, Obligation, PolicyDocument } from './schema.ts';

export function checkPeople(policy: PolicyDocument): void {
  const { admin, approvers, groups } = policy;
  checkApprovers(approvers ?? new Map());
  for (const [name, members] of groups ?? []) {
    for (const [i, member] of members.entries()) {
      if (approvers?.has(member) === true) continue;
      problem(`groups.${name}[${i}]`, `names "${member}"; declare it under approvers`);
    }
  }
  if (admin === undefined) return;
  checkQuorum(policy, admin, 'admin');
  if (admin.freezeGroup !== undefined) membersOf(policy, admin.freezeGroup, 'admin.freezeGroup');
  if (admin.book !== undefined) checkQuorum(policy, admin.book, 'admin.book');
}

export function checkObligation(policy: PolicyDocument, asked: Obligation, field: string): void {
  const { distinctDevices, groups, holder, rejects } = asked;
  if (holder === false && groups === undefined) {
    problem(`${field}.holder`, 'must not be false without groups: then nobody would be asked');
  }
  const persons = new Set<string>();
  for (const [i, entry] of (groups ?? []).entries()) {
    const at = `${field}.groups[${i}]`;
    const members = checkQuorum(policy, entry, at);
    for (const { person } of members) persons.add(personName(person));
    const devices = new Set(members.map(({ device }) => personName(device))).size;
    if (distinctDevices === true && entry.quorum > devices) {
      problem(`${at}.quorum`, `is ${entry.quorum}; group "${entry.group}" has ${devices} different devices`);
    }
  }
  if (rejects === undefined) return;
  if (groups === undefined) problem(`${field}.rejects`, 'has no meaning without groups');
  if (rejects > persons.size) problem(`${field}.rejects`, `is ${rejects}; the groups have ${persons.size} persons`);
}

/** The members of the group. */
function checkQuorum(
  policy: PolicyDocument,
  { group, quorum }: { readonly group: string; readonly quorum: number },
  field: string,
): readonly Approver[] {
  const members = membersOf(policy, group, `${field}.group`);
  const persons = new Set(members.map(({ person }) => personName(person))).size;
  if (quorum > persons) problem(`${field}.quorum`, `is ${quorum}; group "${group}" has ${persons} different persons`);
  return members;
}

function membersOf({ approvers, groups }: PolicyDocument, group: string, field: string): readonly Approver[] {
  const names = groups?.get(group);
  if (names === undefined) return problem(field, `names "${group}"; declare it under groups`);
  return names.flatMap((name) => approvers?.get(name) ?? []);
}

function checkApprovers(approvers: ReadonlyMap<string, Approver>): void {
  const keys = new Map<string, string>();
  const transports = new Map<string, string>();
  const persons = new Map<string, string>();
  for (const [name, { key, person, transportKey }] of approvers) {
    const field = `approvers.${name}`;
    const sameKey = keys.get(publicKey(key, `${field}.key`));
    if (sameKey !== undefined) problem(`${field}.key`, `is the key of "${sameKey}" already; each device has its own`);
    keys.set(publicKey(key, `${field}.key`), name);
    const sameTransport = transportKey && transports.get(transportKey);
    if (sameTransport !== undefined) problem(`${field}.transportKey`, `is that of "${sameTransport}" already`);
    if (transportKey !== undefined) transports.set(transportKey, name);
    const spelling = persons.get(personName(person));
    if (spelling !== undefined && spelling !== person) {
      problem(`${field}.person`, `differs from "${spelling}" in case or spaces only; write one person in one way`);
    }
    persons.set(personName(person), person);
  }
}

/** One key under two spellings is still one key. */
function publicKey(key: string, field: string): string {
  const [type = '', encoded] = key.split(' ');
  if (encoded === undefined) return key;
  const blob = decoded(encoded);
  const header = [0, 0, 0, type.length, ...utf8(type)];
  if (blob === undefined || !header.every((byte, i) => blob[i] === byte)) {
    return problem(field, 'is no OpenSSH key: its type and its content differ');
  }
  // A plain key is a length of four bytes and 32 bytes; one on a token has the name of its application besides.
  const rest = blob.slice(header.length);
  if (type === 'ssh-ed25519' && rest.length !== 36) return problem(field, 'is no OpenSSH key of Ed25519');
  return type === 'ssh-ed25519' ? `ed25519:${toHex(rest.slice(4))}` : key;
}

function decoded(text: string): Uint8Array | undefined {
  try {
    return base64.decode(text);
  } catch {
    return undefined;
  }
}
