/** An approval is worth something for one payload in one attempt of one proposal, and for nothing else. */
import { describe, expect, it } from 'vitest';
import {
  APPROVAL_DOCUMENT,
  type Approval,
  type ApprovalBody,
  approvalDocument,
  approvalEnvelope,
  approvalMessage,
  openApproval,
  signApproval,
} from '../../protocol/ceremony/approval.ts';
import {
  type ApprovalContext,
  type ApprovalLookup,
  approvalFault,
  approvalName,
  approvalsOfConsent,
  commonObligations,
} from '../../protocol/ceremony/approval-check.ts';
import { openProposal, type Proposal, type SignProposal, signProposal } from '../../protocol/ceremony/proposal.ts';
import { parseEnvelope, statementDigest } from '../../protocol/ceremony/statement.ts';
import type { VerdictBody, VerdictStatement } from '../../protocol/ceremony/verdict-statement.ts';
import { signVerdict } from '../../protocol/ceremony/verdict-statement.ts';
import { equalBytes, toHex } from '../../protocol/common/bytes.ts';
import { read } from '../../protocol/common/schema.ts';
import { leafTreeDigest } from '../../protocol/payload/leaf-tree.ts';
import { decode } from '../../protocol/payload/payload.ts';
import { approvalBy, keyOfDevice } from '../support/approvers.ts';
import { must, policyFrom } from '../support/must.ts';
import { ETHER, peoplePolicy, readyMoot, transfer } from '../support/treasury.ts';
import { vec } from '../threshold/support/labels.ts';

const { moot, from } = readyMoot('approval', { common: peoplePolicy() });
const { common: POLICY, roster } = moot;
const NOW = moot.now();
/** Between one and ten ether: two of finance and one of security have to approve. */
const PAYLOAD = transfer(5n * ETHER);
const PROPOSAL = proposal();
const DECODED = must(decode(PAYLOAD));
const READING = { digest: DECODED.digest, tree: leafTreeDigest(DECODED) };
const CONTEXT: ApprovalContext = { roster, proposal: PROPOSAL, reading: READING, chainId: 31337n, policy: POLICY };

function proposal(change: Partial<SignProposal> = {}): Proposal {
  const { wallet } = from;
  const { address, epochId, name, walletId } = wallet;
  const body: SignProposal = {
    ...moot.head(),
    created: NOW,
    expires: NOW + 7200,
    ceremony: 'sign',
    wallet: name,
    walletId,
    epochId,
    path: [],
    address,
    payload: PAYLOAD,
    ...change,
  };
  return signProposal(body, moot.keyOf('operator:olivia'));
}

function by(name: string, change: Partial<ApprovalBody> = {}, about: Proposal = PROPOSAL): Approval {
  return approvalBy(name, about, POLICY, NOW, change);
}

function faultOf(approval: Approval, context: Partial<ApprovalContext> = {}, at: number = NOW): string | undefined {
  return approvalFault(approval, { ...CONTEXT, ...context }, at)?.code;
}

describe('the statement', () => {
  const approval = by('ada-phone', { comment: 'invoice 17' });

  it('is opened by the key that the policy gives its approver, from its envelope and its document', () => {
    const opened = must(openApproval(must(parseEnvelope(approval.envelope.bytes)), POLICY));
    expect(opened.body).toEqual(approval.body);
    expect(opened.digest).toEqual(approval.digest);
    const { statement } = must(read(APPROVAL_DOCUMENT, approvalDocument(approval)));
    expect(must(openApproval(statement, POLICY)).digest).toEqual(approval.digest);
  });

  it('signed elsewhere becomes the same envelope', () => {
    const signature = keyOfDevice('ada-phone').sign(approvalMessage(approval.body));
    expect(approvalEnvelope(approval.body, signature).bytes).toEqual(approval.envelope.bytes);
    expect(statementDigest('keymoot.approval.v1', approval.envelope.body)).toEqual(approval.digest);
  });

  it('by another key, another approver or nobody is refused', () => {
    const forged = signApproval(approval.body, keyOfDevice('ben-phone'));
    const renamed = signApproval({ ...approval.body, approver: 'nobody' }, keyOfDevice('ada-phone'));
    for (const { envelope } of [forged, renamed]) {
      expect(openApproval(envelope, POLICY)).toMatchObject({ error: { code: 'STATEMENT_SIGNATURE' } });
    }
  });

  it('with any changed byte is refused', () => {
    const { body, bytes } = approval.envelope;
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      const parsed = parseEnvelope(changed);
      expect(parsed.ok && openApproval(parsed.value, POLICY).ok, `byte ${at} of ${body.length}`).toBe(false);
    }
  });

  it.each<[string, Partial<ApprovalBody>]>([
    ['ends before it begins', { expires: NOW }],
    ['has a chain that is no number', { chainId: '01' }],
    ['has a comment too long', { comment: 'x'.repeat(141) }],
    ['has a digest too short', { digest: new Uint8Array(31) }],
  ])('that %s is malformed', (_name, change) => {
    expect(openApproval(by('ada-phone', change).envelope, POLICY)).toMatchObject({
      error: { code: 'STATEMENT_MALFORMED' },
    });
  });

  it('is no proposal, and a proposal is none', () => {
    expect(openProposal(approval.envelope, roster)).toMatchObject({ error: { code: 'STATEMENT_TYPE' } });
    expect(openApproval(PROPOSAL.envelope, POLICY)).toMatchObject({ error: { code: 'STATEMENT_TYPE' } });
  });
});

describe('what it is about', () => {
  const other = new Uint8Array(32).fill(9);

  it('is this proposal as it is read here', () => {
    expect(faultOf(by('ada-phone'))).toBeUndefined();
  });

  it('is the one attempt: replayed for the next, it is foreign', () => {
    const second = proposal({ attempt: 2, previous: PROPOSAL.digest });
    expect(faultOf(by('ada-phone'), { proposal: second })).toBe('APPROVAL_FOREIGN');
    expect(faultOf(by('ada-phone', {}, second), { proposal: second })).toBeUndefined();
  });

  it('is the one proposal: replayed for an equal wish, or another payload, it is foreign', () => {
    expect(faultOf(by('ada-phone'), { proposal: proposal() })).toBe('APPROVAL_FOREIGN');
    expect(faultOf(by('ada-phone'), { proposal: proposal({ payload: transfer(6n * ETHER) }) })).toBe(
      'APPROVAL_FOREIGN',
    );
  });

  it.each<[string, Partial<ApprovalBody>, string]>([
    ['another roster', { roster: other }, 'APPROVAL_FOREIGN'],
    ['another wallet', { wallet: 'spare' }, 'APPROVAL_FOREIGN'],
    ['another epoch', { epoch: other }, 'APPROVAL_FOREIGN'],
    ['another chain', { chainId: '1' }, 'APPROVAL_CHAIN'],
    ['no chain', { chainId: 'any' }, 'APPROVAL_CHAIN'],
    ['another digest', { digest: other }, 'APPROVAL_DIGEST'],
    ['another tree', { tree: other }, 'APPROVAL_TREE'],
    ['another policy', { policy: { digest: other, version: 1 } }, 'APPROVAL_POLICY'],
    ['a life that has ended', { created: NOW - 10, expires: NOW }, 'APPROVAL_EXPIRED'],
    ['a beginning to come', { created: NOW + 61 }, 'APPROVAL_FUTURE'],
  ])('said with %s, it is refused', (_name, change, code) => {
    expect(faultOf(by('ada-phone', change))).toBe(code);
  });

  it('under a later version of the policy, it is worth nothing', () => {
    const next = policyFrom(peoplePolicy(2));
    expect(faultOf(by('ada-phone'), { policy: next })).toBe('APPROVAL_POLICY');
  });

  it('with a longer life than the rules give it, it is refused', () => {
    expect(faultOf(by('ada-phone'), { ttlSec: 3600 })).toBeUndefined();
    expect(faultOf(by('ada-phone'), { ttlSec: 3599 })).toBe('APPROVAL_TOO_LONG');
  });

  it('by whoever proposed it, on any device, is refused', () => {
    expect(faultOf(by('olivia-phone'))).toBe('APPROVER_IS_INITIATOR');
  });

  it('a refusal is worth something as soon as it is about this, at any time and however it was read', () => {
    const refusal = by('ada-phone', { decision: 'reject', digest: other, created: NOW - 20, expires: NOW - 10 });
    expect(faultOf(refusal)).toBeUndefined();
    expect(faultOf(refusal, { proposal: proposal() })).toBe('APPROVAL_FOREIGN');
  });

  it('by somebody whom the policy does not know any more, it is nobody’s', () => {
    const without = policyFrom({ ...peoplePolicy(2), approvers: {}, groups: {}, rules: [] });
    expect(faultOf(by('ada-phone'), { policy: without })).toBe('APPROVER_UNKNOWN');
  });
});

describe('a consent', () => {
  const said = [by('ada-phone'), by('ben-phone'), by('cleo-phone')];
  const [honest] = moot.answers(PROPOSAL, from.wallet, { approvals: () => said }).verdicts;

  function consent(change: Partial<VerdictBody> = {}): VerdictStatement {
    if (honest === undefined) throw new Error('no consent');
    return signVerdict({ ...honest.body, created: NOW, ...change }, moot.keyOf('party:1'));
  }

  function result(statement: VerdictStatement, known = said, more: Partial<ApprovalLookup> = {}): string {
    const found = approvalsOfConsent(statement, {
      ...CONTEXT,
      byDigest: (digest) => known.find((approval) => equalBytes(approvalName(approval), digest)),
      said: [],
      announced: NOW,
      ...more,
    });
    return found.ok ? 'ok' : found.error.code;
  }

  const names = (approvals: readonly Approval[]): Uint8Array[] =>
    approvals.map(approvalName).sort((a, b) => (toHex(a) < toHex(b) ? -1 : 1));

  it('names the approvals that carry it, without a key holder’s hand', () => {
    expect(honest?.body).toMatchObject({ decision: 'consent', judgement: 'require', byHand: false });
    expect(honest?.body.obligations?.groups).toEqual([
      { group: 'finance', quorum: 2 },
      { group: 'security', quorum: 1 },
    ]);
    expect(result(consent())).toBe('ok');
  });

  it('with an approval that has not come waits for it', () => {
    expect(result(consent(), said.slice(1))).toBe('APPROVAL_MISSING');
  });

  it('with too few, or without any, is invalid', () => {
    expect(result(consent({ approvals: names(said.slice(1)) }))).toBe('APPROVAL_INVALID');
    // Ben is in both groups, and counts in both.
    expect(result(consent({ approvals: names(said.slice(0, 2)) }))).toBe('ok');
    expect(result(consent({ approvals: undefined }))).toBe('APPROVAL_INVALID');
  });

  it('with approvals that nobody asked for is invalid', () => {
    expect(result(consent({ obligations: undefined }))).toBe('APPROVAL_INVALID');
  });

  it('rests on no approval of another digest, attempt, policy or time', () => {
    const cases: readonly [Partial<ApprovalBody>, string][] = [
      [{ digest: vec('x') }, 'APPROVAL_DIGEST'],
      [{ proposal: vec('x') }, 'APPROVAL_FOREIGN'],
      [{ epoch: vec('x') }, 'APPROVAL_FOREIGN'],
      [{ chainId: '1' }, 'APPROVAL_CHAIN'],
      [{ policy: { digest: vec('x'), version: 1 } }, 'APPROVAL_POLICY'],
      [{ expires: NOW + 7201 }, 'APPROVAL_TOO_LONG'],
      [{ created: NOW - 5, expires: NOW }, 'APPROVAL_EXPIRED'],
      [{ decision: 'cancel' }, 'APPROVAL_INVALID'],
    ];
    for (const [change, code] of cases) {
      const list = [by('ada-phone', change), ...said.slice(1)];
      expect(result(consent({ approvals: names(list) }), list), JSON.stringify(Object.keys(change))).toBe(code);
    }
  });

  it('does not outlive them', () => {
    const list = [by('ada-phone', { expires: NOW + 100 }), ...said.slice(1)];
    const approvals = names(list);
    expect(result(consent({ approvals, expires: NOW + 100 }), list)).toBe('ok');
    expect(result(consent({ approvals, expires: NOW + 101 }), list)).toBe('APPROVAL_INVALID');
  });

  it('is undone by a refusal that is known, of one who approved or of another', () => {
    for (const name of ['ada-phone', 'ada-laptop']) {
      expect(result(consent(), said, { said: [by(name, { decision: 'cancel' })] })).toBe('APPROVER_REJECTED');
    }
    expect(result(consent(), said, { said: [by('olivia-phone', { decision: 'reject' })] })).toBe('ok');
  });

  it('waits as long as the rules say after the proposal', () => {
    if (honest?.body.obligations === undefined) throw new Error('no obligations');
    const obligations = { ...honest.body.obligations, delaySec: 600 };
    expect(result(consent({ obligations }))).toBe('APPROVAL_INVALID');
    expect(result(consent({ obligations, created: NOW + 600 }))).toBe('ok');
    expect(result(consent({ obligations }), said, { announced: NOW - 600 })).toBe('ok');
  });

  it('states at least what the common policy demands of everybody', () => {
    const context = { roster, wallet: from.wallet, common: POLICY };
    expect(commonObligations(PROPOSAL, context, NOW)).toEqual(honest?.body.obligations);
    expect(commonObligations(proposal({ payload: transfer() }), context, NOW)).toMatchObject({
      groups: [],
      holder: false,
    });
  });
});
