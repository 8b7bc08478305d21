/** Approvers as a test has them: devices with keys of their own, the policy that names them, and what they sign. */
import { type Approval, type ApprovalBody, signApproval } from '../../protocol/ceremony/approval.ts';
import { approvalChain } from '../../protocol/ceremony/approval-check.ts';
import { type Signer, signerFromSeed } from '../../protocol/ceremony/ed25519.ts';
import { policyReference } from '../../protocol/ceremony/judgement.ts';
import type { Proposal } from '../../protocol/ceremony/proposal.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { leafTreeDigest } from '../../protocol/payload/leaf-tree.ts';
import { decode } from '../../protocol/payload/payload.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import { vec } from '../threshold/support/labels.ts';
import { must } from './must.ts';

/** Name, person, device. */
export type Device = readonly [name: string, person: string, device: string];

/** Two people of finance, one of them with two devices, one of security, and the operator's own phone. */
export const DEVICES: readonly Device[] = [
  ['ada-phone', 'Ada', 'phone of Ada'],
  ['ada-laptop', 'Ada', 'laptop of Ada'],
  ['ben-phone', 'Ben', 'phone of Ben'],
  ['cleo-phone', 'Cleo', 'phone of Cleo'],
  ['olivia-phone', 'OLIVIA', 'phone of Olivia'],
];

export const GROUPS: Readonly<Record<string, readonly string[]>> = {
  finance: ['ada-phone', 'ada-laptop', 'ben-phone', 'olivia-phone'],
  security: ['cleo-phone', 'ben-phone'],
};

export function keyOfDevice(name: string): Signer {
  return signerFromSeed(vec(`approver/${name}`));
}

/** The members of a policy file that name these devices. */
export function approversOf(devices: readonly Device[] = DEVICES): object {
  return Object.fromEntries(
    devices.map(([name, person, device]) => {
      return [name, { person, device, key: `ed25519:${toHex(keyOfDevice(name).publicKey)}` }];
    }),
  );
}

/** What an honest device says of a proposal that it has read for itself. */
export function approvalBody(proposal: Proposal, policy: Policy, name: string, created: number): ApprovalBody {
  const { body } = proposal;
  if (body.ceremony !== 'sign') throw new Error('nobody approves a change of keys');
  const decoded = must(decode(body.payload));
  return {
    roster: body.roster,
    proposal: proposal.digest,
    wallet: body.wallet,
    epoch: body.epochId,
    chainId: approvalChain(decoded.chainId),
    digest: decoded.digest,
    tree: leafTreeDigest(decoded),
    policy: policyReference(policy),
    decision: 'approve',
    approver: name,
    comment: '',
    nonce: vec(`nonce/${name}/${created}`).slice(0, 16),
    created,
    expires: created + 3600,
  };
}

/** @param change what it says otherwise */
export function approvalBy(
  name: string,
  proposal: Proposal,
  policy: Policy,
  created: number,
  change: Partial<ApprovalBody> = {},
): Approval {
  return signApproval({ ...approvalBody(proposal, policy, name, created), ...change }, keyOfDevice(name));
}
