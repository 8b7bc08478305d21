/** What a node makes of approvals: which it takes in, passes on and counts, and what one is worth anywhere else. */
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { checkStartConsents } from '../../../participant/approvals/consents.ts';
import { ApprovalStore } from '../../../participant/approvals/store.ts';
import { InitiatorGate } from '../../../participant/ceremonies/initiator-gate.ts';
import type { NodeContext } from '../../../participant/context.ts';
import { Members } from '../../../proto/link/members.ts';
import type { Link } from '../../../proto/link/node.ts';
import { RecordLog } from '../../../proto/rest/record-log.ts';
import { type Approval, type ApprovalBody, approvalDocument } from '../../../protocol/ceremony/approval.ts';
import { approvalName } from '../../../protocol/ceremony/approval-check.ts';
import { type BookEntry, CeremonyBook } from '../../../protocol/ceremony/book.ts';
import { type Judgement, judgeProposal } from '../../../protocol/ceremony/judgement.ts';
import { type Proposal, type SignProposal, signProposal } from '../../../protocol/ceremony/proposal.ts';
import { signVerdict, type VerdictBody } from '../../../protocol/ceremony/verdict-statement.ts';
import { toHex } from '../../../protocol/common/bytes.ts';
import type { Policy } from '../../../protocol/policy/prepare.ts';
import { temporaryHome } from '../../proto/rest/temporary.ts';
import { approvalBy } from '../../support/approvers.ts';
import { must, policyFrom } from '../../support/must.ts';
import { ETHER, peoplePolicy, readyMoot, transfer } from '../../support/treasury.ts';
import { vec } from '../../threshold/support/labels.ts';

const { moot, from } = readyMoot('approval-store', { common: peoplePolicy() });
const { common: POLICY, roster } = moot;
const NOW = moot.now();
const PROPOSAL = propose();

function propose(change: Partial<SignProposal> = {}): Proposal {
  const { address, epochId, name, walletId } = from.wallet;
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
    payload: transfer(5n * ETHER),
    ...change,
  };
  return signProposal(body, moot.keyOf('operator:olivia'));
}

function by(name: string, change: Partial<ApprovalBody> = {}, about: Proposal = PROPOSAL): Approval {
  return approvalBy(name, about, POLICY, NOW, change);
}

function judged({ ceremony: { proposal } }: BookEntry, now = NOW): Judgement {
  const context = { roster, wallet: from.wallet, common: POLICY, inputs: { now }, ledger: 'uncounted' } as const;
  return judgeProposal(proposal, context);
}

/** The store of party 1 with a real log, and a link that writes down whom it tells what. */
async function storing(known: readonly Proposal[] = [PROPOSAL], policy = POLICY) {
  const path = join(await temporaryHome(), 'log');
  const log = await RecordLog.open({ path, id: new Uint8Array(16), replay: () => undefined });
  onTestFinished(() => log.close());
  const names = ['party:2', 'party:3', 'operator:olivia', 'approver:cleo-phone'];
  const keys = new Map(names.map((name) => [name, vec(`link/${name}`)] as const));
  const told: string[] = [];
  const link = {
    connected: () => [...keys.values()],
    send: async (to: Uint8Array, frame: { readonly kind: string }) => {
      const name = names.find((candidate) => toHex(keys.get(candidate) ?? new Uint8Array()) === toHex(to));
      told.push(`${name ?? '?'} ${frame.kind}`);
    },
  } as unknown as Link;
  const book = new CeremonyBook(roster);
  for (const proposal of known) must(book.apply(proposal.envelope, NOW));
  const clock = { time: NOW, now: () => clock.time, monotonic: () => 0, after: () => () => undefined };
  const noted: string[] = [];
  const changed: string[] = [];
  const node = {
    book,
    clock,
    documents: undefined,
    members: () => new Members(link, keys, () => undefined),
    note: (code: string) => void noted.push(code),
    policies: { common: policy },
    roster,
    wallets: { byId: () => from.wallet },
  } as unknown as NodeContext;
  const open = (kept: readonly Uint8Array[]): ApprovalStore =>
    new ApprovalStore({
      node,
      log,
      kept,
      judge: judged,
      changed: async ({ ceremony }) => void changed.push(toHex(ceremony.proposal.digest)),
    });
  const entryOf = ({ digest }: Proposal): BookEntry => {
    const entry = book.get(digest);
    if (entry === undefined) throw new Error('no such proposal');
    return entry;
  };
  const logged = async (): Promise<readonly Uint8Array[]> => {
    const kept: Uint8Array[] = [];
    await log.close();
    const again = await RecordLog.open({ path, id: new Uint8Array(16), replay: ({ bytes }) => void kept.push(bytes) });
    await again.close();
    return kept;
  };
  return { book, changed, clock, entryOf, logged, node, noted, open, store: open([]), told };
}

const take = async (store: ApprovalStore, approval: Approval, sender = 'party:2'): Promise<string | undefined> => {
  const taken = await store.receive(approval.envelope, sender);
  return taken.ok ? undefined : taken.error.code;
};

describe('an approval that comes in', () => {
  test('is written down and told once to every party and approver but who sent it', async () => {
    const { changed, logged, store, told } = await storing();
    expect(await take(store, by('ada-phone'))).toBeUndefined();
    expect(await take(store, by('ada-phone'), 'party:3')).toBeUndefined();
    expect(told).toEqual(['party:3 statement', 'approver:cleo-phone statement']);
    expect(changed).toEqual([toHex(PROPOSAL.digest)]);
    expect(await logged()).toEqual([by('ada-phone').envelope.bytes]);
  });

  test('holds the answer until the groups are complete, and again after a restart', async () => {
    const { clock, entryOf, logged, open, store } = await storing();
    const entry = entryOf(PROPOSAL);
    const holdOf = (of: ApprovalStore): string | undefined => of.hold(entry, judged(entry), clock.now())?.detail;
    expect(holdOf(store)).toBe('approvals so far: 0 of 2 of group finance; 0 of 1 of group security');
    await take(store, by('ada-phone'));
    await take(store, by('ada-laptop'));
    await take(store, by('olivia-phone'));
    expect(holdOf(store)).toBe('approvals so far: 1 of 2 of group finance (Ada); 0 of 1 of group security');
    await take(store, by('ben-phone'));
    expect(holdOf(store)).toBeUndefined();
    const after = open(await logged());
    expect(holdOf(after)).toBeUndefined();
    expect(after.of(PROPOSAL.digest)).toHaveLength(3);
    clock.time = NOW + 3600;
    expect(holdOf(after)).toBe('approvals so far: 0 of 2 of group finance; 0 of 1 of group security');
  });

  test('waits for its proposal if it is first, and is no more than a few statements of one approver', async () => {
    const { book, entryOf, store } = await storing([]);
    expect(await take(store, by('ada-phone'))).toBe('APPROVAL_EARLY');
    expect(store.of(PROPOSAL.digest)).toEqual([]);
    must(book.apply(PROPOSAL.envelope, NOW));
    await store.proposed(entryOf(PROPOSAL));
    expect(store.of(PROPOSAL.digest)).toHaveLength(1);
    for (let i = 1; i < 8; i++) expect(await take(store, by('ada-phone', { comment: String(i) }))).toBeUndefined();
    expect(await take(store, by('ada-phone', { comment: 'once more' }))).toBe('APPROVAL_FLOOD');
    // Whoever has the key beside its owner cannot keep the owner from saying no.
    expect(await take(store, by('ada-phone', { decision: 'cancel' }))).toBeUndefined();
    expect(await take(store, by('ada-phone', { decision: 'reject' }))).toBe('APPROVAL_FLOOD');
    expect(store.of(PROPOSAL.digest).filter(({ body }) => body.decision === 'cancel')).toHaveLength(1);
  });

  test('a refusal that came before its proposal is not pushed out by what a thief says after it', async () => {
    const { book, entryOf, store } = await storing([]);
    expect(await take(store, by('ada-phone', { decision: 'reject' }))).toBe('APPROVAL_EARLY');
    for (let i = 0; i < 20; i++) await take(store, by('ada-phone', { comment: String(i) }));
    must(book.apply(PROPOSAL.envelope, NOW));
    const entry = entryOf(PROPOSAL);
    await store.proposed(entry);
    expect(store.veto(entry, judged(entry), NOW)?.code).toBe('APPROVER_REJECTED');
  });

  test('made under the next policy is taken in when this node has that one', async () => {
    const { entryOf, node, store } = await storing();
    const next = policyFrom(peoplePolicy(2));
    const early = approvalBy('ada-phone', PROPOSAL, next, NOW);
    expect(await take(store, early)).toBe('APPROVAL_POLICY');
    await store.policyChanged();
    expect(store.of(PROPOSAL.digest)).toEqual([]);
    (node.policies as { common: Policy }).common = next;
    await store.policyChanged();
    expect(store.of(PROPOSAL.digest)).toHaveLength(1);
    const entry = entryOf(PROPOSAL);
    expect(store.hold(entry, judged(entry), NOW)?.detail).toContain('1 of 2 of group finance (Ada)');
  });

  test('counts for nothing where nobody can count it: the answer is held back', async () => {
    const { entryOf, store } = await storing();
    for (const name of ['ada-phone', 'ben-phone', 'cleo-phone']) await take(store, by(name));
    const entry = entryOf(PROPOSAL);
    const unread = { ...judged(entry), decoded: undefined };
    expect(store.hold(entry, unread, NOW)?.code).toBe('APPROVALS_MISSING');
  });

  test('gives people the time that the rules give them, from when this node saw it first', async () => {
    const { entryOf, store } = await storing();
    const entry = entryOf(PROPOSAL);
    const judgement = judged(entry);
    const { obligations } = judgement;
    if (obligations === undefined) throw new Error('nobody is asked');
    for (const name of ['ada-phone', 'ben-phone']) await take(store, by(name));
    const slow = { ...judgement, obligations: { ...obligations, delaySec: 600 } };
    expect(store.hold(entry, slow, NOW + 599)?.code).toBe('APPROVAL_DELAY');
    expect(store.hold(entry, slow, NOW + 600)).toBeUndefined();
  });

  test('is a rejection if it refuses, whoever has approved before', async () => {
    const { entryOf, store } = await storing();
    const entry = entryOf(PROPOSAL);
    for (const name of ['ada-phone', 'ben-phone', 'cleo-phone']) await take(store, by(name));
    expect(store.hold(entry, judged(entry), NOW)).toBeUndefined();
    await take(store, by('ada-laptop', { decision: 'reject' }));
    expect(store.hold(entry, judged(entry), NOW)).toBeUndefined();
    expect(store.veto(entry, judged(entry), NOW)).toEqual({ code: 'APPROVER_REJECTED', detail: 'refused by Ada' });
  });
});

describe('the same approval for anything else', () => {
  const other = { digest: vec('another digest'), tree: vec('another tree') };
  const again = propose({ attempt: 2, previous: PROPOSAL.digest });
  const cases: readonly (readonly [string, Partial<ApprovalBody>, string])[] = [
    ['another payload', { digest: other.digest }, 'APPROVAL_DIGEST'],
    ['another tree of calls', { tree: other.tree }, 'APPROVAL_TREE'],
    ['another epoch', { epoch: vec('another epoch') }, 'APPROVAL_FOREIGN'],
    ['another roster', { roster: vec('another roster') }, 'APPROVAL_FOREIGN'],
    ['another wallet', { wallet: 'spare' }, 'APPROVAL_FOREIGN'],
    ['another chain', { chainId: '1' }, 'APPROVAL_CHAIN'],
    ['another policy', { policy: { digest: vec('another policy'), version: 1 } }, 'APPROVAL_POLICY'],
    ['another version', { policy: { ...by('ada-phone').body.policy, version: 2 } }, 'APPROVAL_POLICY'],
    ['a later time', { created: NOW - 100, expires: NOW - 1 }, 'APPROVAL_EXPIRED'],
    ['an earlier time', { created: NOW + 1000, expires: NOW + 2000 }, 'APPROVAL_FUTURE'],
  ];

  test.each(cases)('%s: it is refused, not kept and not passed on', async (_, change, code) => {
    const { entryOf, logged, store, told } = await storing();
    const entry = entryOf(PROPOSAL);
    for (const name of ['ben-phone', 'cleo-phone']) await take(store, by(name));
    told.length = 0;
    expect(await take(store, by('ada-phone', change))).toBe(code);
    expect(told).toEqual([]);
    expect(await logged()).toHaveLength(2);
    expect(store.hold(entry, judged(entry), NOW)?.code).toBe('APPROVALS_MISSING');
  });

  test('a later attempt: it counts for the one it was made for, and for that alone', async () => {
    const { entryOf, store } = await storing([PROPOSAL, again]);
    for (const name of ['ada-phone', 'ben-phone', 'cleo-phone']) await take(store, by(name));
    const [first, second] = [entryOf(PROPOSAL), entryOf(again)];
    expect(store.hold(first, judged(first), NOW)).toBeUndefined();
    expect(store.hold(second, judged(second), NOW)?.detail).toContain('0 of 2 of group finance');
  });

  test('the signature of another device does not make it an approval', async () => {
    const { store } = await storing();
    expect(await take(store, by('ada-phone', { approver: 'ben-phone' }))).toBe('STATEMENT_SIGNATURE');
    expect(await take(store, by('ada-phone', { approver: 'nobody' }))).toBe('STATEMENT_SIGNATURE');
  });
});

describe('the consents that a start rests on', () => {
  function consent(entry: BookEntry, approvals: readonly Approval[], change: Partial<VerdictBody> = {}) {
    const { consents, judgement, obligations, reading, reasons, rejections, risks, rules } = judged(entry);
    const body: VerdictBody = {
      ...{ consents, judgement, obligations, reading, reasons, rejections, risks, rules },
      proposal: PROPOSAL.digest,
      attempt: 1,
      party: 2,
      decision: 'consent',
      byHand: false,
      approvals: approvals.map(approvalName),
      inputs: vec('inputs'),
      claimedSoftware: 'test',
      counter: 1,
      nonce: vec('nonce').slice(0, 16),
      created: NOW,
      expires: NOW + 3600,
      ...change,
    };
    return signVerdict(body, moot.keyOf('party:2'));
  }

  test('name approvals that are here and suffice; one that is missing may still come', async () => {
    const { entryOf, node, store } = await storing();
    const entry = entryOf(PROPOSAL);
    const [ada, ben, cleo] = ['ada-phone', 'ben-phone', 'cleo-phone'].map((name) => by(name)) as [
      Approval,
      Approval,
      Approval,
    ];
    const check = (...args: Parameters<typeof consent>): string | undefined => {
      const checked = checkStartConsents(node, store, entry, [consent(...args)]);
      return checked.ok ? undefined : checked.error.code;
    };
    await take(store, ada);
    expect(check(entry, [ada, ben])).toBe('APPROVAL_MISSING');
    await store.document(approvalDocument(ben), 'party:2');
    expect(check(entry, [ada, ben])).toBeUndefined();
    expect(check(entry, [ada])).toBe('APPROVAL_INVALID');
    expect(check(entry, [ada, ben], { obligations: undefined, approvals: undefined, judgement: 'allow' })).toBe(
      'APPROVAL_INVALID',
    );
    await take(store, cleo);
    await take(store, by('ben-phone', { decision: 'cancel' }));
    expect(check(entry, [ada, ben])).not.toBeUndefined();
  });
});

test('who proposed it does not decide about it by hand as a key holder', () => {
  const persons = ['Person 1', ' olivia', 'Person 3'];
  const people = readyMoot('initiators', { common: peoplePolicy(), persons });
  const entry = { ceremony: { proposal: PROPOSAL }, starts: [] } as unknown as BookEntry;
  const judgement = { judgement: 'require', obligations: { holder: true, groups: [] } } as unknown as Judgement;
  const gateOf = (party: number): InitiatorGate => new InitiatorGate(people.moot.roster, party);
  expect(gateOf(2).hold(entry, judgement)?.code).toBe('INITIATOR_IS_HOLDER');
  expect(gateOf(1).hold(entry, judgement)).toBeUndefined();
  expect(gateOf(2).hold(entry, { ...judgement, judgement: 'allow' })).toBeUndefined();
});
