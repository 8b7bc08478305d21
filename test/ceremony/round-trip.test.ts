import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openApproval, signApproval } from '../../protocol/ceremony/approval.ts';
import { openBanLift, signBanLift } from '../../protocol/ceremony/ban-lift.ts';
import { type CloseBody, openClose, signClose } from '../../protocol/ceremony/close.ts';
import { countedBy, openHeads, signHeads } from '../../protocol/ceremony/heads.ts';
import { openOutcome, signOutcome } from '../../protocol/ceremony/outcome.ts';
import { MAX_PROPOSAL_LIFE, openProposal, type ProposalBody, signProposal } from '../../protocol/ceremony/proposal.ts';
import type { Roster } from '../../protocol/ceremony/roster.ts';
import { openSealedShare, signSealedShare } from '../../protocol/ceremony/sealed-share.ts';
import { openStart, signStart } from '../../protocol/ceremony/start.ts';
import {
  type Envelope,
  parseEnvelope,
  type Statement,
  type StatementError,
  signStatement,
} from '../../protocol/ceremony/statement.ts';
import { openVerdict, signVerdict } from '../../protocol/ceremony/verdict-statement.ts';
import { openWithdrawal, signWithdrawal } from '../../protocol/ceremony/withdrawal.ts';
import { type Json, parseCanonical } from '../../protocol/common/canonical-json.ts';
import type { Result } from '../../protocol/common/result.ts';
import { keyOfDevice } from '../support/approvers.ts';
import { must, policyFrom } from '../support/must.ts';
import { peoplePolicy } from '../support/treasury.ts';
import { vec } from '../threshold/support/labels.ts';
import {
  approval,
  banLift,
  close,
  heads,
  outcome,
  proposal,
  sealedShare,
  start,
  verdict,
  withdrawal,
} from './support/arbitrary.ts';
import { answer, codeOf, endOf, keyOf, NOW, propose, ROSTER } from './support/members.ts';

interface Kind<T> {
  readonly name: string;
  readonly body: fc.Arbitrary<T>;
  readonly sign: (body: T) => Statement<T>;
  readonly open: (envelope: Envelope, roster: Roster) => Result<Statement<T>, StatementError>;
}

interface Row {
  readonly name: string;
  readonly roundTrip: () => void;
  readonly strict: () => void;
  readonly sample: (seed: number) => Envelope;
  readonly opens: (envelope: Envelope) => boolean;
}

/** One kind as a row of the table below; its own type stays inside. */
function row<T>(kind: Kind<T>): Row {
  const sample = (seed: number): Statement<T> => kind.sign(fc.sample(kind.body, { seed, numRuns: 1 })[0] as T);
  return {
    name: kind.name,
    sample: (seed) => sample(seed).envelope,
    opens: (envelope) => kind.open(envelope, ROSTER).ok,
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
  'approvals',
  'cites',
  'commonPolicy',
  'evidence',
  'exported',
  'highest',
  'key',
  'next',
  'obligations',
  'ownPolicy',
  'reading',
  'restored',
  'separated',
  'signature',
  'trace',
]);
const FREE_TEXT: ReadonlySet<string> = new Set(['comment', 'note', 'reason', 'claimedSoftware', 'wallet']);

function authorKey(json: { readonly [key: string]: Json }) {
  const { approver, author, composer, initiator, party: number } = json;
  if (typeof approver === 'string') return keyOfDevice(approver);
  if (typeof initiator === 'string') return keyOf(`operator:${initiator}`);
  for (const found of [author, composer]) if (typeof found === 'string') return keyOf(found);
  return keyOf(`party:${typeof number === 'string' ? number : ''}`);
}

const PEOPLE = policyFrom(peoplePolicy());

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
  row({
    name: 'approval',
    body: approval,
    sign: (body) => signApproval(body, keyOfDevice(body.approver)),
    open: (envelope) => openApproval(envelope, PEOPLE),
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
  row({
    name: 'sealed share',
    body: sealedShare,
    sign: (body) => signSealedShare(body, keyOf(`party:${body.party}`)),
    open: openSealedShare,
  }),
  row({
    name: 'ban lift',
    body: banLift,
    sign: (body) => signBanLift(body, keyOf(`party:${body.party}`)),
    open: openBanLift,
  }),
];

describe.each(KINDS)('a $name', ({ roundTrip, strict }) => {
  test('comes back as it was said', roundTrip);
  test('has exactly its fields, each in its one spelling', strict);
});

test('a statement of one kind never opens as another, under its own type or under the other’s', () => {
  for (const one of KINDS) {
    for (const other of KINDS) {
      if (one.name === other.name) continue;
      for (let seed = 1; seed <= 6; seed++) {
        const [mine, theirs] = [one.sample(seed), other.sample(seed)];
        expect(other.opens(mine), `${one.name} as ${other.name}`).toBe(false);
        expect(other.opens({ ...mine, type: theirs.type }), `${one.name} called ${other.name}`).toBe(false);
      }
    }
  }
});

test('a proposal of one ceremony is none of another: not with its fields, and not with its name', () => {
  const kinds = ['keygen', 'sign', 'reshare', 'import', 'export'] as const;
  const samples = fc.sample(proposal, { seed: 5, numRuns: 60 });
  for (const body of samples) {
    const signed = signProposal(body, keyOf(`operator:${body.initiator}`));
    const json = must(parseCanonical(signed.envelope.body)) as { readonly [key: string]: Json };
    for (const ceremony of kinds) {
      if (ceremony === body.ceremony) continue;
      const key = keyOf(`operator:${body.initiator}`);
      const renamed = signStatement('keymoot.proposal.v1', { ...json, ceremony }, (changed) => changed, key);
      expect(codeOf(openProposal(renamed.envelope, ROSTER)), `${body.ceremony} as ${ceremony}`).not.toBe('ok');
    }
  }
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
    const accompanied = (preimages: readonly Uint8Array[]): string =>
      refused({ payload: { kind: 'evm-message', bytes: new Uint8Array(1024), preimages } });
    expect(accompanied([new Uint8Array(62 * 1024), new Uint8Array(1024)])).toBe('ok');
    expect(accompanied([new Uint8Array(62 * 1024), new Uint8Array(1025)])).toBe('STATEMENT_MALFORMED');
    expect(accompanied([])).toBe('STATEMENT_MALFORMED');
    expect(accompanied(Array.from({ length: 17 }, () => new Uint8Array(1)))).toBe('STATEMENT_MALFORMED');
  });

  test('of no known kind, or with a bare digest for a payload, does not exist', () => {
    for (const ceremony of ['policy', 'raw', 'digest', ''])
      expect(refused({ ceremony } as unknown as Partial<ProposalBody>)).toBe('STATEMENT_MALFORMED');
    for (const kind of ['digest', 'raw', 'evm-bytes', 'hash'])
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
