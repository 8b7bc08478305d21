/** Who an approver says it is, in a file of its home: the entry that a policy lists it by. */
import { readFileIfPresent, writeFileAtomic } from '../../proto/rest/atomic-file.ts';
import { MEMBER_NAME, PERSON } from '../../protocol/ceremony/roster.ts';
import { parseSshKey } from '../../protocol/ceremony/ssh-signature.ts';
import { toHex, utf8 } from '../../protocol/common/bytes.ts';
import { canonicalText, type Json, parseCanonical } from '../../protocol/common/canonical-json.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { literal, object, optional, problem, type Reader, read } from '../../protocol/common/schema.ts';
import type { PublicIdentity } from '../keystore/identity.ts';
import { type ApproverLayout, approverLayout } from './layout.ts';

export interface Profile {
  /** Name among the approvers of the policy. */
  readonly name: string;
  readonly person: string;
  /** Which device this is: two approvers on one device can be made to count once. */
  readonly device: string;
  /** The line of an OpenSSH public key, if another program signs instead of this one. */
  readonly sshKey?: string | undefined;
}

export async function writeProfile(layout: ApproverLayout, { device, name, person, sshKey }: Profile): Promise<void> {
  const json: Json = { device, name, person, ...(sshKey === undefined ? {} : { sshKey }), version: '1' };
  await writeFileAtomic(layout.profile, utf8(`${canonicalText(json)}\n`));
}

/** Fails with `APPROVER_HOME` if the home is not one of an approver. */
export async function readProfile(home: string): Promise<Profile> {
  const { profile: path } = approverLayout(home);
  const file = await readFileIfPresent(path);
  if (file === undefined) {
    throw new InvalidArgument('APPROVER_HOME', '--home', `${path} is missing; run "keymoot approver init" first`);
  }
  const json = parseCanonical(file.at(-1) === 0x0a ? file.subarray(0, -1) : file);
  const profile = json.ok ? read(PROFILE, json.value) : json;
  if (!profile.ok) throw new InvalidArgument('APPROVER_HOME', '--home', `${path} is not the profile of an approver`);
  const { device, name, person, sshKey } = profile.value;
  return { device, name, person, ...(sshKey === undefined ? {} : { sshKey }) };
}

/** The key as a policy names it. */
export function keyText(profile: Profile, identity: PublicIdentity): string {
  return profile.sshKey ?? `ed25519:${toHex(identity.statementKey)}`;
}

/** What is to stand under `approvers` in the common policy. */
export function policyEntry(profile: Profile, identity: PublicIdentity): { readonly [name: string]: Json } {
  return {
    [profile.name]: {
      person: profile.person,
      device: profile.device,
      key: keyText(profile, identity),
      transportKey: `0x${toHex(identity.transportKey)}`,
    },
  };
}

/** `ssh-ed25519 AAAA…`, or that of a security key; what follows in the file is a comment. */
export function sshKeyOf(text: string, path: string): string {
  const [type = '', blob = ''] = text.trim().split(/\s+/);
  const line = `${type} ${blob}`;
  if (parseSshKey(line) !== undefined) return line;
  throw new InvalidArgument(
    'APPROVER_KEY',
    path,
    'is not an OpenSSH public key of type ssh-ed25519 or sk-ssh-ed25519@openssh.com',
  );
}

const SSH_KEY: Reader<string> = (value, field) => {
  return typeof value === 'string' && parseSshKey(value) !== undefined ? value : problem(field, 'is not an SSH key');
};

const PROFILE: Reader<Profile & { readonly version: '1' }> = object<Profile & { readonly version: '1' }>({
  device: PERSON,
  name: MEMBER_NAME,
  person: PERSON,
  sshKey: optional(SSH_KEY),
  version: literal('1'),
});
