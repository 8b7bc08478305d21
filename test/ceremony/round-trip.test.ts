import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CloseBody, openClose, signClose } from '../../protocol/ceremony/close.ts';
import { countedBy, type HeadsBody, openHeads, signHeads } from '../../protocol/ceremony/heads.ts';
import { type OutcomeBody, openOutcome, signOutcome } from '../../protocol/ceremony/outcome.ts';
import {
  MAX_ATTEMPTS,
  MAX_PROPOSAL_LIFE,
  openProposal,
  type ProposalBody,
  signProposal,
} from '../../protocol/ceremony/proposal.ts';
import type { RosterBody } from '../../protocol/ceremony/roster.ts';
import { openStart, type StartBody, signStart } from '../../protocol/ceremony/start.ts';
import {
  type Envelope,
  parseEnvelope,
  type Statement,
  type StatementError,
  signStatement,
} from '../../protocol/ceremony/statement.ts';
import { openVerdict, signVerdict, type VerdictBody } from '../../protocol/ceremony/verdict-statement.ts';
import { openWithdrawal, signWithdrawal, type WithdrawalBody } from '../../protocol/ceremony/withdrawal.ts';
import { type Json, parseCanonical } from '../../protocol/common/canonical-json.ts';
import type { Result } from '../../protocol/common/result.ts';
import { must } from '../support/must.ts';
import { vec } from '../threshold/support/labels.ts';
import { answer, codeOf, endOf, keyOf, NOW, propose, ROSTER } from './support/members.ts';

const bytesOf = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
const digest = bytesOf(32);
const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,39}$/);
const code = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,59}$/);
const index = fc.integer({ min: 1, max: 20 });
const party = fc.constantFrom(1, 2, 3);
const member = fc.constantFrom('party:1', 'party:2', 'party:3', 'operator:ops', 'operator:eve');
const operator = fc.constantFrom('ops', 'eve');
const seconds = fc.nat();
const counter = fc.integer({ min: 1, max: 9_007_199_254_740_991 });
const maybe = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(item, { nil: undefined });
/** Any text of people: canonical JSON must carry it. */
const words = (maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: 'grapheme', maxLength }).filter((text) => text.length <= maxLength);

const proposal: fc.Arbitrary<ProposalBody> = fc
  .record({
    attempt: fc.integer({ min: 1, max: MAX_ATTEMPTS }),
    before: digest,
    life: fc.integer({ min: 1, max: MAX_PROPOSAL_LIFE }),
    head: fc.record({ roster: digest, initiator: operator, nonce: bytesOf(16), created: seconds, note: words(140) }),
    cites: maybe(digest),
    wallet: name,
    exportable: maybe(fc.boolean()),
    sign: fc.record({
      walletId: digest,
      epochId: digest,
      path: fc.array(fc.integer({ min: 0, max: 2 ** 31 - 1 }), { maxLength: 10 }),
      address: bytesOf(20),
      payload: fc.record({
        kind: fc.constantFrom('evm-transaction' as const, 'evm-typed-data' as const),
        bytes: fc.uint8Array({ maxLength: 300 }),
      }),
    }),
  })
  .map(({ attempt, before, cites, exportable, head, life, sign, wallet }): ProposalBody => {
    const whole = {
      ...head,
      attempt,
      expires: head.created + life,
      wallet,
      ...(cites === undefined ? {} : { cites }),
      ...(attempt === 1 ? {} : { previous: before }),
    };
    return exportable === undefined
      ? { ...whole, ceremony: 'sign', ...sign }
      : { ...whole, ceremony: 'keygen', exportable };
  });

const policy = fc.record({ digest, version: fc.integer({ min: 1, max: 1_000_000_000 }) });

const verdict: fc.Arbitrary<VerdictBody> = fc.record({
  proposal: digest,
  attempt: fc.integer({ min: 1, max: 3 }),
  party,
  decision: fc.constantFrom('consent' as const, 'reject' as const),
  reading: maybe(fc.record({ digest, tree: maybe(digest) })),
  commonPolicy: maybe(policy),
  ownPolicy: maybe(policy),
  judgement: fc.constantFrom('allow' as const, 'require' as const, 'deny' as const),
  byHand: fc.boolean(),
  consents: fc.integer({ min: 2, max: 20 }),
  rejections: index,
  rules: fc.array(fc.string({ minLength: 1, maxLength: 100 }), { maxLength: 8 }),
  reasons: fc.array(fc.record({ code, detail: words(400) }), { maxLength: 5 }),
  risks: fc.array(code, { maxLength: 5 }),
  inputs: digest,
  claimedSoftware: fc.stringMatching(/^[\x20-\x7e]{0,80}$/),
  counter,
  nonce: bytesOf(16),
  created: seconds,
  expires: seconds,
});

const start: fc.Arbitrary<StartBody> = fc.record({
  proposal: digest,
  attempt: fc.integer({ min: 1, max: 3 }),
  composer: member,
  created: seconds,
  signers: fc.array(index, { minLength: 2, maxLength: 20 }),
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

const outcome: fc.Arbitrary<OutcomeBody> = fc.record({
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
    }),
  ),
  released: fc.boolean(),
  unicasts: fc.array(fc.record({ type: fc.nat(255), round: fc.nat(255), from: index, to: index, salted: digest }), {
    maxLength: 6,
  }),
  counter,
  created: seconds,
});

const withdrawal: fc.Arbitrary<WithdrawalBody> = fc.record({
  proposal: digest,
  attempt: fc.integer({ min: 1, max: 3 }),
  author: member,
  reason: words(140),
  created: seconds,
});

const close: fc.Arbitrary<CloseBody> = fc.record({
  proposal: digest,
  author: member,
  ending: fc.constantFrom('completed' as const, 'refused' as const, 'aborted' as const),
  entries: fc.integer({ min: 2, max: 100_000 }),
  head: digest,
  root: digest,
  counter: fc.nat(),
  created: seconds,
});

const heads: fc.Arbitrary<HeadsBody> = fc.record({
  party,
  about: party,
  highest: maybe(verdict.map((body) => signVerdict(body, keyOf(`party:${body.party}`)).envelope)),
  created: seconds,
});

interface Kind<T> {
  readonly name: string;
  readonly body: fc.Arbitrary<T>;
  readonly sign: (body: T) => Statement<T>;
  readonly open: (envelope: Envelope, roster: RosterBody) => Result<Statement<T>, StatementError>;
}

/** One kind as a row of the table below; its own type stays inside. */
function row<T>(kind: Kind<T>): { readonly name: string; readonly roundTrip: () => void; readonly strict: () => void } {
  const sample = (seed: number): Statement<T> => kind.sign(fc.sample(kind.body, { seed, numRuns: 1 })[0] as T);
  return {
    name: kind.name,
    roundTrip() {
      fc.assert(
        fc.property(kind.body, (body) => {
          const signed = kind.sign(body);
          const opened = must(kind.open(must(parseEnvelope(signed.envelope.bytes)), ROSTER));
          expect(opened.body).toEqual(body);
          expect(opened.digest).toEqual(signed.digest);
          expect(kind.sign(opened.body).envelope.bytes).toEqual(signed.envelope.bytes);
        }),
        { numRuns: 25 },
      );
    },
    strict() {
      for (let seed = 1; seed <= 2; seed++) {
        const signed = sample(seed);
        const json = must(parseCanonical(signed.envelope.body)) as { readonly [key: string]: Json };
        const key = authorKey(json);
        const reopened = (changed: Json): string =>
          codeOf(kind.open(signStatement(signed.type, changed, (body) => body, key).envelope, ROSTER));
        expect(reopened(json)).toBe('ok');
        expect(reopened({ ...json, extra: 'x' })).toBe('STATEMENT_MALFORMED');
        expect(reopened({ ...json, digestOnly: '00'.repeat(32) })).toBe('STATEMENT_MALFORMED');
        expect(reopened([json])).toBe('STATEMENT_MALFORMED');
        for (const [field, value] of Object.entries(json)) {
          const { [field]: _, ...rest } = json;
          if (!OPTIONAL.has(field)) expect(reopened(rest), `without ${field}`).not.toBe('ok');
          expect(reopened({ ...json, [field]: {} }), `${field} as {}`).not.toBe('ok');
          expect(reopened({ ...json, [field]: [['']] }), `${field} as [['']]`).not.toBe('ok');
          if (typeof value === 'string' && /^(0|[1-9][0-9]*)$/.test(value) && !FREE_TEXT.has(field)) {
            for (const odd of [`0${value}`, `+${value}`, `-${value}`, `${value}.0`, `0x${value}`, `${value} `, '']) {
              expect(reopened({ ...json, [field]: odd }), `${field} ${odd}`).not.toBe('ok');
            }
          }
          if (typeof value === 'string' && /^[0-9a-f]{32,}$/.test(value) && !FREE_TEXT.has(field)) {
            for (const odd of [`${value}00`, value.slice(2), `0x${value}`, `${value.slice(0, -2)}FF`, value.slice(1)]) {
              expect(reopened({ ...json, [field]: odd }), `${field} ${odd}`).not.toBe('ok');
            }
          }
        }
      }
    },
  };
}

const OPTIONAL: ReadonlySet<string> = new Set([
  'abort',
  'cites',
  'commonPolicy',
  'highest',
  'key',
  'ownPolicy',
  'reading',
  'signature',
]);
const FREE_TEXT: ReadonlySet<string> = new Set(['note', 'reason', 'claimedSoftware', 'wallet']);

function authorKey(json: { readonly [key: string]: Json }) {
  const { author, composer, initiator, party: number } = json;
  if (typeof initiator === 'string') return keyOf(`operator:${initiator}`);
  for (const found of [author, composer]) if (typeof found === 'string') return keyOf(found);
  return keyOf(`party:${typeof number === 'string' ? number : ''}`);
}

const KINDS = [
  row({
    name: 'proposal',
    body: proposal,
    sign: (body) => signProposal(body, keyOf(`operator:${body.initiator}`)),
    open: openProposal,
  }),
  row({
    name: 'verdict',
    body: verdict,
    sign: (body) => signVerdict(body, keyOf(`party:${body.party}`)),
    open: openVerdict,
  }),
  row({ name: 'start', body: start, sign: (body) => signStart(body, keyOf(body.composer)), open: openStart }),
  row({
    name: 'outcome',
    body: outcome,
    sign: (body) => signOutcome(body, keyOf(`party:${body.party}`)),
    open: openOutcome,
  }),
  row({
    name: 'withdrawal',
    body: withdrawal,
    sign: (body) => signWithdrawal(body, keyOf(body.author)),
    open: openWithdrawal,
  }),
  row({ name: 'close', body: close, sign: (body) => signClose(body, keyOf(body.author)), open: openClose }),
  row({ name: 'heads', body: heads, sign: (body) => signHeads(body, keyOf(`party:${body.party}`)), open: openHeads }),
];

describe.each(KINDS)('a $name', ({ roundTrip, strict }) => {
  test('comes back as it was said', roundTrip);
  test('has exactly its fields, each in its one spelling', strict);
});

describe('a proposal', () => {
  const refused = (changes: Partial<ProposalBody>): string => {
    const body = { ...propose().body, ...changes } as ProposalBody;
    return codeOf(openProposal(signProposal(body, keyOf('operator:ops')).envelope, ROSTER));
  };

  test('lives for at most seven days, and not backwards', () => {
    expect(refused({ expires: NOW + MAX_PROPOSAL_LIFE })).toBe('ok');
    expect(refused({ expires: NOW + MAX_PROPOSAL_LIFE + 1 })).toBe('STATEMENT_MALFORMED');
    expect(refused({ expires: NOW })).toBe('STATEMENT_MALFORMED');
    expect(refused({ expires: NOW - 1 })).toBe('STATEMENT_MALFORMED');
  });

  test('names the attempt before it exactly if there is one', () => {
    expect(refused({ previous: vec('p') })).toBe('STATEMENT_MALFORMED');
    expect(refused({ attempt: 2 })).toBe('STATEMENT_MALFORMED');
    expect(refused({ attempt: 4, previous: vec('p') })).toBe('STATEMENT_MALFORMED');
    expect(refused({ attempt: 0 })).toBe('STATEMENT_MALFORMED');
  });

  test('has room for the largest payload, and no more', () => {
    const large = (length: number): string =>
      refused({ payload: { kind: 'evm-transaction', bytes: new Uint8Array(length) } });
    expect(large(64 * 1024)).toBe('ok');
    expect(large(64 * 1024 + 1)).toBe('STATEMENT_MALFORMED');
  });

  test('of no known kind, or with a bare digest for a payload, does not exist', () => {
    for (const ceremony of ['policy', 'raw', 'digest', ''])
      expect(refused({ ceremony } as unknown as Partial<ProposalBody>)).toBe('STATEMENT_MALFORMED');
    for (const kind of ['digest', 'raw', 'evm-message', 'hash'])
      expect(refused({ payload: { kind, bytes: vec('digest') } } as unknown as Partial<ProposalBody>)).toBe(
        'STATEMENT_MALFORMED',
      );
  });
});

describe('the counter that a statement proves', () => {
  const asked = propose();

  test('is that of its own author, in verdicts, outcomes and closes of parties', () => {
    expect(countedBy(answer(asked, 2, { counter: 41 }).envelope, ROSTER)).toEqual({ party: 2, counter: 41 });
    expect(countedBy(endOf(asked, 3, { counter: 42 }).envelope, ROSTER)).toEqual({ party: 3, counter: 42 });
    const body: CloseBody = { ...(fc.sample(close, 1)[0] as CloseBody), author: 'party:1', counter: 43 };
    expect(countedBy(signClose(body, keyOf('party:1')).envelope, ROSTER)).toEqual({ party: 1, counter: 43 });
    expect(
      countedBy(signClose({ ...body, author: 'operator:ops' }, keyOf('operator:ops')).envelope, ROSTER),
    ).toBeUndefined();
  });

  test('is nothing if somebody else signed, or in other statements', () => {
    const { body } = answer(asked, 2, { counter: 41 });
    expect(countedBy(signVerdict(body, keyOf('party:1')).envelope, ROSTER)).toBeUndefined();
    expect(countedBy(asked.envelope, ROSTER)).toBeUndefined();
  });
});
