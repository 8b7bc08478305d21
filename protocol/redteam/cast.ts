/**
 * People for the cases about people: a roster, and the approvers of the policy with keys that stand in for theirs, since
 * nobody here has those. Everything else, names, persons, devices, groups, is the policy's own.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { type Approval, type ApprovalBody, openApproval, signApproval } from '../ceremony/approval.ts';
import { approvalChain, approvalFault } from '../ceremony/approval-check.ts';
import { countApprovals } from '../ceremony/approval-count.ts';
import { type Signer, signerFromSeed } from '../ceremony/ed25519.ts';
import { policyReference } from '../ceremony/judgement.ts';
import { type Proposal, type SignProposal, signProposal } from '../ceremony/proposal.ts';
import { createRoster, type Roster, sealRoster, signRoster } from '../ceremony/roster.ts';
import type { Envelope } from '../ceremony/statement.ts';
import { toHex, utf8 } from '../common/bytes.ts';
import type { Result } from '../common/result.ts';
import { addressBytes } from '../payload/address.ts';
import { leafTreeDigest } from '../payload/leaf-tree.ts';
import { type Decoded, decode, type Payload } from '../payload/payload.ts';
import { type Policy, preparePolicy } from '../policy/prepare.ts';
import type { Act, Setting, StoppedBy } from './types.ts';

export interface Cast {
  /** The policy with the keys that stand in. */
  readonly policy: Policy;
  readonly roster: Roster;
  readonly setting: Setting;
}

export function signerOf(name: string): Signer {
  return signerFromSeed(sha256(utf8(`keymoot red team key: ${name}`)));
}

export function standIn({ document, signatures }: Policy): Policy {
  const approvers = new Map(
    [...(document.approvers ?? [])].map(([name, approver]) => {
      const { person, device } = approver;
      return [name, { person, device, key: `ed25519:${toHex(signerOf(`approver ${name}`).publicKey)}` }] as const;
    }),
  );
  return document.approvers === undefined
    ? preparePolicy(document, signatures)
    : preparePolicy({ ...document, approvers }, signatures);
}

const NOBODY = 'an operator of no group';
/** Signing a roster takes time, and most cases have the same one. */
const casts = new WeakMap<Setting, Cast>();

/** @param person who the initiator is; absent: nobody who approves */
export function castOf(setting: Setting, person: string = NOBODY): Cast {
  const known = person === NOBODY ? casts.get(setting) : undefined;
  const cast = known ?? makeCast(setting, person);
  if (person === NOBODY) casts.set(setting, cast);
  return cast;
}

function makeCast(setting: Setting, person: string): Cast {
  const { wallet } = setting;
  const names = Array.from({ length: Math.min(20, wallet.parties) }, (_, i) => `party-${i + 1}`);
  const operators = [...new Set([setting.initiator, ...setting.acts.map(({ initiator }) => initiator)])].sort();
  const body = {
    name: 'red-team',
    version: 1,
    threshold: Math.max(2, Math.min(wallet.threshold, names.length)),
    parties: names.map((name, i) => ({
      index: i + 1,
      name,
      person: `holder ${name}`,
      statementKey: signerOf(`statement ${name}`).publicKey,
      transportKey: signerOf(`transport ${name}`).publicKey,
      addresses: [],
    })),
    operators: operators.map((name, i) => ({
      name,
      person: i === 0 || operators.length === 1 ? person : `${person} `,
      key: signerOf(`operator ${name}`).publicKey,
      transportKey: signerOf(`operator transport ${name}`).publicKey,
    })),
    network: sha256(utf8('keymoot red team network')),
    announcement: 0,
  };
  let file = sure(createRoster(body));
  for (const [i, name] of names.entries()) {
    file = signRoster(file, i + 1, signerOf(`statement ${name}`), signerOf(`transport ${name}`));
  }
  return { policy: standIn(setting.policy), roster: sure(sealRoster(file)), setting };
}

/** The red team makes these itself, so that a refusal is a mistake in it. */
function sure<T, E extends { readonly message: string }>(result: Result<T, E>): T {
  if (!result.ok) throw new RangeError(`the red team made something invalid: ${result.error.message}`);
  return result.value;
}

export interface Request {
  readonly proposal: Proposal;
  readonly decoded: Decoded;
  readonly act: Act;
}

/** An act as an operator asks for it; `change` makes another attempt, epoch or payload of it. */
export function requestFor(
  { roster, setting }: Cast,
  act: Act,
  change: { readonly attempt?: number; readonly epoch?: string; readonly payload?: Payload } = {},
): Request {
  const payload = change.payload ?? act.payload;
  const { now, wallet } = setting;
  const body: SignProposal = {
    ceremony: 'sign',
    roster: roster.digest,
    initiator: act.initiator,
    nonce: new Uint8Array(16),
    attempt: change.attempt ?? 1,
    ...(change.attempt === undefined ? {} : { previous: sha256(utf8('the attempt before')) }),
    wallet: wallet.name,
    note: '',
    created: now,
    expires: now + 24 * 3600,
    walletId: sha256(utf8(`wallet ${wallet.name}`)),
    epochId: sha256(utf8(change.epoch ?? 'epoch 1')),
    path: [],
    address: addressBytes(wallet.address),
    payload,
  };
  const decoded = decode(payload);
  if (!decoded.ok) throw new RangeError(`an act does not decode: ${decoded.error.message}`);
  return { proposal: signProposal(body, signerOf(`operator ${act.initiator}`)), decoded: decoded.value, act };
}

/** What an approver's honest device signs about a request; `change` is what an attacker would like to be different. */
export function approve(
  { policy, roster, setting }: Cast,
  { act, decoded, proposal }: Request,
  approver: string,
  change: Partial<ApprovalBody> = {},
): Approval {
  const { now, wallet } = setting;
  const { body } = proposal;
  return signApproval(
    {
      roster: roster.digest,
      proposal: proposal.digest,
      wallet: wallet.name,
      epoch: body.ceremony === 'sign' ? body.epochId : new Uint8Array(32),
      chainId: approvalChain(decoded.chainId),
      digest: decoded.digest,
      tree: leafTreeDigest(decoded),
      policy: policyReference(policy),
      decision: 'approve',
      approver,
      comment: '',
      nonce: new Uint8Array(16),
      created: now,
      expires: now + act.verdict.obligations.ttlSec,
      ...change,
    },
    signerOf(`approver ${approver}`),
  );
}

/** What a node makes of approvals that were handed to it for a request; `undefined`: it consents. */
export function presented(
  { policy, roster, setting }: Cast,
  { act, decoded, proposal }: Request,
  envelopes: readonly Envelope[],
): StoppedBy | undefined {
  const { obligations } = act.verdict;
  const at = setting.now;
  const reading = { digest: decoded.digest, tree: leafTreeDigest(decoded) };
  const context = { roster, proposal, reading, chainId: decoded.chainId, policy, ttlSec: obligations.ttlSec };
  const counted: Approval[] = [];
  let fault: StoppedBy | undefined;
  for (const envelope of envelopes) {
    const opened = openApproval(envelope, policy);
    if (!opened.ok) {
      const { code, message } = opened.error;
      fault ??= { layer: 'approval', code, words: message };
      continue;
    }
    const wrong = approvalFault(opened.value, context, at);
    if (wrong === undefined) counted.push(opened.value);
    else fault ??= { layer: 'approval', code: wrong.code, words: wrong.detail };
  }
  const count = countApprovals(obligations, policy, roster, act.initiator, counted, at);
  if (count.rejected) {
    return { layer: 'approval', code: 'APPROVER_REJECTED', words: `refused by ${count.refusing.join(', ')}` };
  }
  if (count.satisfied) return undefined;
  const lacks = count.missing.map(({ group, have, need }) => `${have.length} of ${need} of group ${group}`).join(', ');
  return fault ?? { layer: 'approval', code: 'APPROVAL_MISSING', words: `only ${lacks}` };
}

/** Names of approvers, one for each of so many persons of each group; those whom `rank` puts first. */
export function quorumOf(
  { policy }: Pick<Cast, 'policy'>,
  { verdict }: Pick<Act, 'verdict'>,
  less = 0,
  rank: (name: string) => number = () => 0,
): readonly string[] {
  const { approvers, groups } = policy.document;
  const chosen = verdict.obligations.groups.flatMap(({ group, quorum }) => {
    const members = [...(groups?.get(group) ?? [])].sort((a, b) => rank(a) - rank(b));
    const byPerson = new Map(members.map((name) => [approvers?.get(name)?.person ?? name, name] as const).reverse());
    return [...byPerson]
      .reverse()
      .slice(0, Math.max(0, quorum - less))
      .map(([, name]) => name);
  });
  return [...new Set(chosen)];
}
