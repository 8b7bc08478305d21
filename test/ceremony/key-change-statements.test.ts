/** What the statements of changes of keys demand beside their fields. */
import { describe, expect, test } from 'vitest';
import { type BanLiftBody, isAgreed, openBanLift, peerOf, signBanLift } from '../../protocol/ceremony/ban-lift.ts';
import { openProposal } from '../../protocol/ceremony/proposal.ts';
import { sealedShareInfo } from '../../protocol/ceremony/sealed-share.ts';
import { signStatement } from '../../protocol/ceremony/statement.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { type Json, parseCanonical } from '../../protocol/common/canonical-json.ts';
import { must } from '../support/must.ts';
import { vec } from '../threshold/support/labels.ts';
import { NEXT } from './support/arbitrary.ts';
import { codeOf, epochOf, keyOf, NOW, propose, ROSTER, reshareBody } from './support/members.ts';

describe('a hand-over', () => {
  const body = reshareBody(epochOf(ROSTER), { next: NEXT[0] });
  const json = must(parseCanonical(propose(body).envelope.body)) as { readonly [key: string]: Json };
  const next = json['next'] as { readonly roster: Json; readonly signatures: readonly Json[] };
  const reopened = (changed: Json): string =>
    codeOf(
      openProposal(
        signStatement('keymoot.proposal.v1', changed, (same) => same, keyOf('operator:ops')).envelope,
        ROSTER,
      ),
    );

  test('carries its roster whole, with the signature of every party of it', () => {
    expect(reopened(json)).toBe('ok');
    expect(reopened({ ...json, next: { ...next, signatures: next.signatures.slice(1) } })).toBe('STATEMENT_MALFORMED');
    expect(reopened({ ...json, next: { ...next, signatures: [] } })).toBe('STATEMENT_MALFORMED');
    expect(reopened({ ...json, next: next.roster })).toBe('STATEMENT_MALFORMED');
    const altered = { ...(next.roster as { readonly [key: string]: Json }), threshold: '3' };
    expect(reopened({ ...json, next: { ...next, roster: altered } })).toBe('STATEMENT_MALFORMED');
  });
});

describe('a ban lift', () => {
  const lift = (party: 1 | 2, changes: Partial<BanLiftBody> = {}) => {
    const body: BanLiftBody = {
      roster: ROSTER.digest,
      epochId: vec('epoch'),
      pair: [1, 2],
      counter: 1,
      party,
      created: NOW,
      ...changes,
    };
    return signBanLift(body, keyOf(`party:${body.party}`));
  };

  test('is said by one of the pair, about a pair of this roster, and once an epoch', () => {
    const opened = (changes: Partial<BanLiftBody>): string => codeOf(openBanLift(lift(1, changes).envelope, ROSTER));
    expect(opened({})).toBe('ok');
    expect(opened({ party: 3 })).toBe('STATEMENT_MALFORMED');
    expect(opened({ pair: [2, 1] })).toBe('STATEMENT_MALFORMED');
    expect(opened({ pair: [1, 1] })).toBe('STATEMENT_MALFORMED');
    expect(opened({ counter: 2 })).toBe('STATEMENT_MALFORMED');
    expect(opened({ counter: 0 })).toBe('STATEMENT_MALFORMED');
    expect(opened({ roster: vec('another roster') })).toBe('STATEMENT_SIGNATURE');
    const forged = signBanLift(lift(1).body, keyOf('party:2'));
    expect(codeOf(openBanLift(forged.envelope, ROSTER))).toBe('STATEMENT_SIGNATURE');
    const byOperator = signBanLift(lift(1).body, keyOf('operator:ops'));
    expect(codeOf(openBanLift(byOperator.envelope, ROSTER))).toBe('STATEMENT_SIGNATURE');
  });

  test('needs both of the pair, for the same ban', () => {
    expect(isAgreed(lift(1), lift(2))).toBe(true);
    expect(isAgreed(lift(2), lift(1))).toBe(true);
    expect(isAgreed(lift(1), lift(1))).toBe(false);
    expect(isAgreed(lift(1), lift(2, { epochId: vec('another epoch') }))).toBe(false);
    expect(isAgreed(lift(1), lift(2, { pair: [2, 3] }))).toBe(false);
    expect(isAgreed(lift(1), lift(2, { roster: vec('another roster') }))).toBe(false);
    expect([lift(1), lift(2)].map(({ body }) => peerOf(body))).toEqual([2, 1]);
  });
});

test('what a sealed share is bound to differs in everything that it is bound to', () => {
  const share = { sessionId: vec('s'), epochId: vec('e'), recipient: vec('r'), party: 1 };
  const others = [{ sessionId: vec('S') }, { epochId: vec('E') }, { recipient: vec('R') }, { party: 2 }];
  const infos = [share, ...others.map((change) => ({ ...share, ...change }))].map((item) =>
    toHex(sealedShareInfo(item)),
  );
  expect(new Set(infos).size).toBe(infos.length);
});
