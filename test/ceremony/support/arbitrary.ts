/** Any body of each kind of statement, for properties. */
import fc from 'fast-check';
import type { ApprovalBody } from '../../../protocol/ceremony/approval.ts';
import type { BanLiftBody } from '../../../protocol/ceremony/ban-lift.ts';
import type { CloseBody } from '../../../protocol/ceremony/close.ts';
import type { HeadsBody } from '../../../protocol/ceremony/heads.ts';
import type { OutcomeBody } from '../../../protocol/ceremony/outcome.ts';
import { MAX_ATTEMPTS, MAX_PROPOSAL_LIFE, type ProposalBody } from '../../../protocol/ceremony/proposal.ts';
import type { Roster } from '../../../protocol/ceremony/roster.ts';
import type { SealedShareBody } from '../../../protocol/ceremony/sealed-share.ts';
import type { StartBody } from '../../../protocol/ceremony/start.ts';
import { signVerdict, type VerdictBody } from '../../../protocol/ceremony/verdict-statement.ts';
import type { WithdrawalBody } from '../../../protocol/ceremony/withdrawal.ts';
import { compareBytes, toHex } from '../../../protocol/common/bytes.ts';
import { MAX_PREIMAGES } from '../../../protocol/payload/limits.ts';
import { PAYLOAD_KINDS } from '../../../protocol/payload/payload.ts';
import type { Obligations } from '../../../protocol/policy/verdict.ts';
import { DEVICES } from '../../support/approvers.ts';
import { keyOf, ROSTER, successor } from './members.ts';

const bytesOf = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const digest = bytesOf(32);
const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,39}$/);
const code = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,59}$/);
const index = fc.integer({ min: 1, max: 20 });
const party = fc.constantFrom(1, 2, 3);
/** A reshare has the members of two rosters. */
const pid = fc.integer({ min: 1, max: 40 });
const member = fc.constantFrom('party:1', 'party:2', 'party:3', 'operator:ops', 'operator:eve');
const operator = fc.constantFrom('ops', 'eve');
const seconds = fc.nat();
const counter = fc.integer({ min: 1, max: 9_007_199_254_740_991 });
const maybe = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(item, { nil: undefined });
/** Any text of people: canonical JSON must carry it. */
const words = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: 'grapheme', maxLength }).filter((text) => text.length <= maxLength);

export const NEXT: readonly Roster[] = [
  successor(['party:2', 'joining:4', 'party:1']),
  successor(['party:1', 'party:2', 'party:3', 'heir']),
];

export const proposal: fc.Arbitrary<ProposalBody> = fc
  .record({
    attempt: fc.integer({ min: 1, max: MAX_ATTEMPTS }),
    before: digest,
    life: fc.integer({ min: 1, max: MAX_PROPOSAL_LIFE }),
    head: fc.record({ roster: digest, initiator: operator, nonce: bytesOf(16), created: seconds, note: words(140) }),
    cites: maybe(digest),
    wallet: name,
    terms: fc.oneof(
      fc.record({ ceremony: fc.constant('keygen' as const), exportable: fc.boolean() }),
      fc.record(
        {
          ceremony: fc.constant('reshare' as const),
          walletId: digest,
          epochId: digest,
          gen: fc.integer({ min: 2, max: 0xffffffff }),
          dealers: fc.array(index, { minLength: 2, maxLength: 20 }),
          restored: fc.array(fc.record({ joining: index, oldIndex: index }), { minLength: 1, maxLength: 20 }),
          next: fc.constantFrom(...NEXT),
        },
        { requiredKeys: ['ceremony', 'walletId', 'epochId', 'gen', 'dealers'] },
      ),
      fc.record({
        ceremony: fc.constant('import' as const),
        holder: index,
        publicKey: bytesOf(33),
        chainCodeHash: digest,
        exportable: fc.boolean(),
      }),
      fc.record({ ceremony: fc.constant('export' as const), walletId: digest, epochId: digest, recipient: digest }),
      fc.record({
        ceremony: fc.constant('sign' as const),
        walletId: digest,
        epochId: digest,
        path: fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { maxLength: 10 }),
        address: bytesOf(20),
        payload: fc.record(
          {
            kind: fc.constantFrom(...PAYLOAD_KINDS),
            bytes: fc.uint8Array({ maxLength: 300 }),
            preimages: fc.array(fc.uint8Array({ maxLength: 100 }), { minLength: 1, maxLength: MAX_PREIMAGES }),
          },
          { requiredKeys: ['kind', 'bytes'] },
        ),
      }),
    ),
  })
  .map(({ attempt, before, cites, head, life, terms, wallet }): ProposalBody => {
    const whole = {
      ...head,
      attempt,
      expires: head.created + life,
      wallet,
      ...(cites === undefined ? {} : { cites }),
      ...(attempt === 1 ? {} : { previous: before }),
    };
    return { ...whole, ...terms };
  });

const policy = fc.record({ digest, version: fc.integer({ min: 1, max: 1_000_000_000 }) });

const obligations: fc.Arbitrary<Obligations> = fc
  .record({
    holder: fc.boolean(),
    groups: fc.uniqueArray(fc.record({ group: name, quorum: fc.integer({ min: 1, max: 64 }) }), {
      maxLength: 4,
      selector: ({ group }) => group,
    }),
    distinctDevices: fc.boolean(),
    ttlSec: fc.integer({ min: 60, max: 604_800 }),
    delaySec: fc.integer({ min: 0, max: 518_400 }),
    rejects: fc.integer({ min: 1, max: 64 }),
  })
  .map(({ groups, holder, ...rest }) => {
    const sorted = groups.toSorted((a, b) => (a.group < b.group ? -1 : 1));
    return { ...rest, groups: sorted, holder: holder || groups.length === 0 };
  });

/** Digests of documents, sorted, each once. */
const names = fc
  .uniqueArray(digest, { minLength: 1, maxLength: 5, selector: toHex })
  .map((digests) => digests.toSorted(compareBytes));

export const approval: fc.Arbitrary<ApprovalBody> = fc
  .record({
    roster: digest,
    proposal: digest,
    wallet: name,
    epoch: digest,
    chainId: fc.oneof(fc.constant('any'), fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map(String)),
    digest,
    tree: digest,
    policy,
    decision: fc.constantFrom('approve' as const, 'reject' as const, 'cancel' as const),
    approver: fc.constantFrom(...DEVICES.map(([device]) => device)),
    comment: words(140),
    nonce: bytesOf(16),
    created: seconds,
    life: fc.integer({ min: 1, max: 604_800 }),
  })
  .map(({ life, ...body }) => ({ ...body, expires: body.created + life }));

export const verdict: fc.Arbitrary<VerdictBody> = fc
  .record({
    proposal: digest,
    attempt: fc.integer({ min: 1, max: 3 }),
    party,
    decision: fc.constantFrom('consent' as const, 'reject' as const),
    reading: maybe(fc.record({ digest, tree: maybe(digest) })),
    commonPolicy: maybe(policy),
    ownPolicy: maybe(policy),
    judgement: fc.constantFrom('allow' as const, 'require' as const, 'deny' as const),
    byHand: fc.boolean(),
    consents: index,
    rejections: index,
    rules: fc.array(fc.string({ minLength: 1, maxLength: 100 }), { maxLength: 8 }),
    reasons: fc.array(fc.record({ code, detail: words(400) }), { maxLength: 5 }),
    risks: fc.array(code, { maxLength: 5 }),
    trace: maybe(digest),
    obligations: maybe(obligations),
    approvals: maybe(names),
    inputs: digest,
    claimedSoftware: fc.stringMatching(/^[\x20-\x7e]{0,80}$/),
    counter,
    nonce: bytesOf(16),
    created: seconds,
    expires: seconds,
    peers: fc.uniqueArray(index, { maxLength: 5 }),
  })
  .map(({ peers, ...body }) => {
    const separated = peers.filter((peer) => peer !== body.party).sort((a, b) => a - b);
    return separated.length === 0 ? body : { ...body, separated };
  });

export const start: fc.Arbitrary<StartBody> = fc.record({
  proposal: digest,
  attempt: fc.integer({ min: 1, max: 3 }),
  composer: member,
  created: seconds,
  signers: fc.array(index, { minLength: 1, maxLength: 20 }),
  standings: fc.array(
    fc.record({
      party: index,
      answer: fc.constantFrom('consent' as const, 'reject' as const, 'unreachable' as const),
      verdict: maybe(digest),
    }),
    { minLength: 2, maxLength: 20 },
  ),
  digest,
  sessionId: digest,
});

export const outcome: fc.Arbitrary<OutcomeBody> = fc.record({
  proposal: digest,
  attempt: fc.integer({ min: 1, max: 3 }),
  party,
  sessionId: digest,
  signature: maybe(fc.record({ r: digest, s: digest, recovery: fc.constantFrom(0, 1) })),
  key: maybe(fc.record({ walletId: digest, epochId: digest, publicKey: bytesOf(33), certificate: digest })),
  abort: maybe(
    fc.record({
      failure: code,
      check: fc.stringMatching(/^[A-Za-z0-9_.-]{0,40}$/),
      culprits: fc.array(index, { maxLength: 20 }),
      joining: maybe(fc.array(index, { minLength: 1, maxLength: 20 })),
    }),
  ),
  exported: maybe(digest),
  released: fc.boolean(),
  unicasts: fc.array(fc.record({ type: fc.nat(255), round: fc.nat(255), from: pid, to: pid, salted: digest }), {
    maxLength: 6,
  }),
  counter,
  created: seconds,
});

export const withdrawal: fc.Arbitrary<WithdrawalBody> = fc.record({
  proposal: digest,
  attempt: fc.integer({ min: 1, max: 3 }),
  author: member,
  reason: words(140),
  created: seconds,
});

export const close: fc.Arbitrary<CloseBody> = fc.record({
  proposal: digest,
  author: member,
  ending: fc.constantFrom('completed' as const, 'refused' as const, 'aborted' as const),
  entries: fc.integer({ min: 2, max: 100_000 }),
  head: digest,
  root: digest,
  counter: fc.nat(),
  created: seconds,
});

export const heads: fc.Arbitrary<HeadsBody> = fc.record({
  party,
  about: party,
  highest: maybe(verdict.map((body) => signVerdict(body, keyOf(`party:${body.party}`)).envelope)),
  created: seconds,
});

export const sealedShare: fc.Arbitrary<SealedShareBody> = fc.record({
  proposal: digest,
  attempt: fc.integer({ min: 1, max: 3 }),
  party,
  sessionId: digest,
  epochId: digest,
  recipient: digest,
  encapsulated: digest,
  ciphertext: bytesOf(80),
  created: seconds,
});

export const banLift: fc.Arbitrary<BanLiftBody> = fc
  .record({
    epochId: digest,
    pair: fc.constantFrom([1, 2] as const, [1, 3] as const, [2, 3] as const, [1, 20] as const),
    first: fc.boolean(),
    created: seconds,
  })
  .map(({ first, pair, ...body }) => {
    const said = first || pair[1] > 3 ? pair[0] : pair[1];
    return { ...body, roster: ROSTER.digest, pair, counter: 1, party: said };
  });
