/** What an approver says beside approvals: for a version of the policy, against everything, and for letting go again. */
import { freezeEnvelope, thawEnvelope } from '../../protocol/ceremony/freeze.ts';
import { contentFault, requirementOf } from '../../protocol/ceremony/policy-chain.ts';
import {
  policyVersionEnvelope,
  policyVetoEnvelope,
  signedFile,
  versionBody,
} from '../../protocol/ceremony/policy-version.ts';
import { type Envelope, envelopeJson } from '../../protocol/ceremony/statement.ts';
import { compareBytes, fromHex, toHex } from '../../protocol/common/bytes.ts';
import { canonicalText } from '../../protocol/common/canonical-json.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { policyDigest } from '../../protocol/policy/canonical.ts';
import { comparePolicies } from '../../protocol/policy/compare/compare.ts';
import { parsePolicy } from '../../protocol/policy/parse.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import type { ApproverDesk } from './desk.ts';
import type { Uttered } from './voice.ts';

/** The draft of a signature for a version. */
export function versionDraft(policy: Policy): string {
  return `policy/${toHex(policyDigest(policy))}`;
}

export const VETO_DRAFT = 'veto';
export const FREEZE_DRAFT = 'freeze';
export const THAW_DRAFT = 'thaw';

/** Reads a policy file; fails with `POLICY_INVALID`. */
export function policyOf(text: string, path: string): Policy {
  const policy = parsePolicy(text);
  if (policy.ok) return policy.value;
  throw new InvalidArgument(policy.error.code, `${path} ${policy.error.field}`.trim(), policy.error.message);
}

/** What a version would change, and who has to sign it; for the eyes of who signs. */
export function versionLines(desk: ApproverDesk, next: Policy): readonly string[] {
  const { id, version } = next.document;
  const digest = toHex(policyDigest(next));
  const { current } = desk.policy;
  const head = `${id} version ${version}, digest ${digest}`;
  if (current === undefined) return [head, 'There is no version in force here to compare it with.'];
  const { parties, threshold } = desk.home.roster;
  const { changes, direction } = comparePolicies(current, next, { threshold, parties: parties.length });
  const needed = requirementOf(current, direction);
  return [
    head,
    `It replaces version ${current.document.version}, digest ${toHex(policyDigest(current))}.`,
    '',
    ...changes.map(({ kind, words }) => `  ${kind === 'neutral' ? '' : `${kind.toUpperCase()}: `}${words}`),
    '',
    needed === undefined
      ? 'The version in force names no admins: every key holder adopts it by hand, and nobody signs it.'
      : `It ${direction}: ${needed.quorum} persons of "${needed.group}" sign it, and it waits ${needed.delaySec} seconds.`,
  ];
}

/** Signs for a version. Fails with `POLICY_PARENT`, or with what is wrong with the version. */
export async function signVersion(desk: ApproverDesk, next: Policy): Promise<Uttered> {
  const { current } = desk.policy;
  const { name } = desk;
  const fault = contentFault(next, desk.home.roster, desk.clock.now());
  if (fault !== undefined) throw new Refusal(fault.code, fault.detail);
  if (current === undefined || name === undefined) throw unknownHere();
  const body = versionBody(next, name, desk.clock.now());
  if (body === undefined || toHex(body.parent) !== toHex(policyDigest(current))) {
    throw new Refusal('POLICY_PARENT', 'its parentHash is not the version in force on this device');
  }
  if (next.document.id !== current.document.id || next.document.version <= current.document.version) {
    throw new Refusal('POLICY_VERSION_OLD', 'it is no later version of the policy in force');
  }
  return await desk.voice.utter(versionDraft(next), policyVersionEnvelope(body, new Uint8Array()));
}

/** The file of a version with one signature more. */
export function withSignature(policy: Policy, envelope: Envelope): string {
  const own = envelopeJson(envelope);
  const others = policy.signatures.filter((other) => canonicalText(other) !== canonicalText(own));
  return `${JSON.stringify(signedFile(policy, [...others, own]), undefined, 2)}\n`;
}

/** @param digest hex, of a version that is announced */
export async function veto(desk: ApproverDesk, digest: string, reason: string): Promise<Uttered> {
  const { name } = desk;
  if (name === undefined) throw unknownHere();
  const policy = fromHex(digest);
  if (policy?.length !== 32) {
    throw new InvalidArgument('POLICY_DIGEST', 'DIGEST', 'a version is named by the 64 hex digits of its digest');
  }
  const body = { policy, author: `approver:${name}`, reason, created: desk.clock.now() };
  const uttered = await desk.voice.utter(VETO_DRAFT, policyVetoEnvelope(body, new Uint8Array()));
  if (uttered.kind === 'signed') await desk.statement(uttered.envelope);
  return uttered;
}

/** @param wallet name of one, or undefined for all */
export async function freeze(desk: ApproverDesk, wallet: string | undefined, reason: string): Promise<Uttered> {
  const { name } = desk;
  if (name === undefined) throw unknownHere();
  const found = desk.wallets().find((known) => known.name === wallet);
  if (wallet !== undefined && found === undefined) {
    throw new InvalidArgument('UNKNOWN_WALLET', 'WALLET', `this device knows no wallet ${wallet}`);
  }
  const body = {
    roster: desk.home.roster.digest,
    walletId: found?.walletId ?? new Uint8Array(),
    author: `approver:${name}`,
    reason,
    nonce: desk.random.bytes(16),
    created: desk.clock.now(),
  };
  return await desk.voice.utter(FREEZE_DRAFT, freezeEnvelope(body, new Uint8Array()));
}

/** @param digests hex, at least one: what is not named stays frozen */
export async function thaw(desk: ApproverDesk, digests: readonly string[]): Promise<Uttered> {
  const { name } = desk;
  if (name === undefined) throw unknownHere();
  const freezes = digests.map((text) => {
    const bytes = fromHex(text);
    if (bytes?.length === 32) return bytes;
    throw new InvalidArgument('FREEZE_NAME', 'FREEZE', 'a freeze is named by the 64 hex digits of its digest');
  });
  const body = {
    freezes: freezes.sort(compareBytes),
    author: `approver:${name}`,
    nonce: desk.random.bytes(16),
    created: desk.clock.now(),
  };
  return await desk.voice.utter(THAW_DRAFT, thawEnvelope(body, new Uint8Array()));
}

function unknownHere(): Refusal {
  return new Refusal('APPROVER_UNKNOWN', 'the policy in force on this device does not list its key');
}
