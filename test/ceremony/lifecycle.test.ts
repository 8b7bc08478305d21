import { describe, expect, test } from 'vitest';
import {
  addOutcome,
  addVerdict,
  addWithdrawal,
  admit,
  type Ceremony,
  CLOCK_TOLERANCE,
  type LifecycleError,
  newCeremony,
  standing,
} from '../../protocol/ceremony/lifecycle.ts';
import type { Proposal } from '../../protocol/ceremony/proposal.ts';
import { checkStandings, checkStart, couldSuffice, quorum, standings } from '../../protocol/ceremony/quorum.ts';
import type { Standing, StartBody } from '../../protocol/ceremony/start.ts';
import type { VerdictStatement } from '../../protocol/ceremony/verdict-statement.ts';
import { must } from '../support/must.ts';
import { vec } from '../threshold/support/labels.ts';
import {
  answer,
  codeOf,
  endOf,
  importBody,
  keygenBody,
  LIFE,
  NOW,
  propose,
  ROSTER,
  rosterBody,
  sealed,
  signingBody,
  standingOf,
  startOf,
  withdraw,
} from './support/members.ts';

const reached = new Set<string>();

function code(result: { readonly ok: true } | { readonly ok: false; readonly error: LifecycleError }): string {
  const found = codeOf(result);
  reached.add(found);
  return found;
}

function withVerdicts(proposal: Proposal, verdicts: readonly VerdictStatement[]): Ceremony {
  return verdicts.reduce((ceremony, verdict) => must(addVerdict(ceremony, verdict)), newCeremony(proposal));
}

const proposal = propose();
const consents = [1, 2, 3].map((party) => answer(proposal, party));
const [one, two, three] = consents as [VerdictStatement, VerdictStatement, VerdictStatement];
const agreed = withVerdicts(proposal, consents);

test('a change of keys is announced before it is started, and lives long enough for that', () => {
  const slow = sealed(rosterBody({ announcement: 1000 }));
  const imported = propose({ ...importBody(), roster: slow.digest });
  expect(code(admit(imported, slow, NOW))).toBe('ok');
  const all = [1, 2, 3].map((party) => answer(imported, party, { byHand: true, judgement: 'require' }));
  const announced = withVerdicts(imported, all);
  const start = startOf(imported, all.map(standingOf), { signers: [1, 2, 3] });
  expect(code(checkStart(announced, start, slow, NOW + 500))).toBe('ANNOUNCEMENT_RUNNING');
  const brief = propose({ ...importBody(), roster: slow.digest, expires: NOW + 1000 });
  expect(code(admit(brief, slow, NOW))).toBe('ANNOUNCEMENT_OUTLASTS');
});

describe('admitting a proposal', () => {
  test('only under its own roster', () => {
    expect(code(admit(proposal, ROSTER, NOW))).toBe('ok');
    expect(code(admit(proposal, { ...ROSTER, digest: vec('other') }, NOW))).toBe('WRONG_ROSTER');
  });

  test('expires at its second, not before and not after', () => {
    const edges = [-1, 0, 1].map((offset) => code(admit(proposal, ROSTER, NOW + LIFE + offset)));
    expect(edges).toEqual(['ok', 'PROPOSAL_EXPIRED', 'PROPOSAL_EXPIRED']);
  });

  test('may be ahead of this clock by the tolerance, no more', () => {
    const edges = [-1, 0, 1].map((offset) => code(admit(proposal, ROSTER, NOW - CLOCK_TOLERANCE + offset)));
    expect(edges).toEqual(['PROPOSAL_NOT_YET_VALID', 'ok', 'ok']);
  });

  test('a later attempt repeats the one before it unchanged, once that has ended', () => {
    const again = (changes: object = {}): Proposal =>
      propose({
        ...proposal.body,
        attempt: 2,
        previous: proposal.digest,
        created: NOW + 5,
        expires: NOW + 99,
        ...changes,
      });
    const before = newCeremony(proposal);
    expect(code(admit(again(), ROSTER, NOW, before))).toBe('ok');
    expect(code(admit(again(), ROSTER, NOW))).toBe('ATTEMPT_UNKNOWN');
    expect(code(admit(again({ previous: vec('other') }), ROSTER, NOW, before))).toBe('ATTEMPT_UNKNOWN');
    expect(code(admit(again({ attempt: 3 }), ROSTER, NOW, before))).toBe('ATTEMPT_DIFFERS');
    for (const change of [
      { payload: { kind: 'evm-transaction', bytes: vec('other payload') } },
      { wallet: 'spare' },
      { walletId: vec('w') },
      { epochId: vec('e') },
      { path: [1] },
      { address: new Uint8Array(20) },
      { nonce: new Uint8Array(16) },
      { note: 'something else' },
      { cites: vec('c') },
    ]) {
      expect(code(admit(again(change), ROSTER, NOW, before)), Object.keys(change)[0]).toBe('ATTEMPT_DIFFERS');
    }
    const started = { ...before, start: startOf(proposal, consents.map(standingOf)) };
    expect(code(admit(again(), ROSTER, NOW, started))).toBe('ATTEMPT_STILL_LIVE');
    expect(code(admit(again(), ROSTER, NOW, addOutcome(started, endOf(proposal, 1))))).toBe('ok');
  });

  test('a later attempt goes on waiting where the one before it left off, but not for time after that had expired', () => {
    const end = proposal.body.expires;
    const announced = (created: number, now: number): unknown => {
      const body = { ...proposal.body, attempt: 2, previous: proposal.digest, created, expires: end + 9000 };
      const admitted = admit(propose(body), ROSTER, now, newCeremony(proposal, NOW + 3));
      return admitted.ok ? admitted.value.announced : admitted.error.code;
    };
    expect(announced(end - 5, end - 1)).toEqual({ created: NOW, seen: NOW + 3 });
    expect(announced(end - 5, end)).toEqual({ created: NOW, seen: end });
    expect(announced(end + 4000, end + 4000)).toEqual({ created: end + 4000, seen: end + 4000 });
  });
});

describe('answers', () => {
  test('to another proposal or attempt are foreign', () => {
    const other = propose();
    expect(code(addVerdict(newCeremony(proposal), answer(other, 1)))).toBe('VERDICT_FOREIGN');
    expect(code(addVerdict(newCeremony(proposal), answer(proposal, 1, { attempt: 2 })))).toBe('VERDICT_FOREIGN');
  });

  test('withdrawing is for the proposer and the parties', () => {
    expect(code(addWithdrawal(agreed, withdraw(proposal, 'operator:eve')))).toBe('VERDICT_FOREIGN');
    expect(code(addWithdrawal(agreed, withdraw(propose(), 'party:1')))).toBe('VERDICT_FOREIGN');
    expect(code(addWithdrawal(agreed, withdraw(proposal, 'party:1', { attempt: 2 })))).toBe('VERDICT_FOREIGN');
    for (const author of ['operator:ops', 'party:1', 'party:3']) {
      const withdrawn = must(addWithdrawal(agreed, withdraw(proposal, author)));
      expect(code(standing(withdrawn, NOW + 3))).toBe('WITHDRAWN');
      expect(code(quorum(withdrawn, ROSTER, NOW + 3))).toBe('WITHDRAWN');
      expect(code(checkStart(withdrawn, startOf(proposal, consents.map(standingOf)), ROSTER, NOW + 3))).toBe(
        'WITHDRAWN',
      );
      expect(must(addWithdrawal(withdrawn, withdraw(proposal, author, { reason: 'again' }))).withdrawals.size).toBe(1);
    }
  });

  test('an outcome of another proposal is not taken in, nor a second one of one party', () => {
    expect(addOutcome(agreed, endOf(propose(), 1)).outcomes.size).toBe(0);
    const first = endOf(proposal, 1);
    const both = addOutcome(addOutcome(agreed, first), endOf(proposal, 1, { counter: 99 }));
    expect(both.outcomes.get(1)).toBe(first);
  });
});

describe('standing', () => {
  test('a consent expires at its second', () => {
    const edges = [-1, 0, 1].map((offset) => code(quorum(agreed, ROSTER, NOW + 600 + offset)));
    expect(edges).toEqual(['ok', 'CONSENT_EXPIRED', 'CONSENT_EXPIRED']);
  });

  test('so does the proposal, even if the consents would live on', () => {
    const long = withVerdicts(
      proposal,
      [1, 2].map((party) => answer(proposal, party, { expires: NOW + 2 * LIFE })),
    );
    const edges = [-1, 0, 1].map((offset) => code(standing(long, NOW + LIFE + offset)));
    expect(edges).toEqual(['ok', 'PROPOSAL_EXPIRED', 'PROPOSAL_EXPIRED']);
  });

  test('rejections end it at the strictest limit anybody names', () => {
    const lenient = [1, 2].map((party) => answer(proposal, party, { rejections: 2 }));
    const rejected = answer(proposal, 3, { decision: 'reject', rejections: 2 });
    expect(code(standing(withVerdicts(proposal, [...lenient, rejected]), NOW + 2))).toBe('ok');
    expect(code(standing(withVerdicts(proposal, [one, ...lenient.slice(1), rejected]), NOW + 2))).toBe('REJECTED');
    const strict = answer(proposal, 3, { decision: 'reject', rejections: 1 });
    expect(code(standing(withVerdicts(proposal, [...lenient, strict]), NOW + 2))).toBe('REJECTED');
    const both = [2, 3].map((party) => answer(proposal, party, { decision: 'reject', rejections: 2 }));
    expect(code(standing(withVerdicts(proposal, [lenient[0] ?? one, ...both]), NOW + 2))).toBe('REJECTED');
  });
});

describe('the quorum', () => {
  test('needs as many consents as the strictest demands', () => {
    expect(code(quorum(newCeremony(proposal), ROSTER, NOW + 2))).toBe('QUORUM_MISSING');
    expect(code(quorum(withVerdicts(proposal, [one]), ROSTER, NOW + 2))).toBe('QUORUM_MISSING');
    expect(must(quorum(withVerdicts(proposal, [three, one]), ROSTER, NOW + 2)).consents).toEqual([one, three]);
    const strict = answer(proposal, 2, { consents: 3 });
    expect(code(quorum(withVerdicts(proposal, [one, strict]), ROSTER, NOW + 2))).toBe('QUORUM_MISSING');
    expect(must(quorum(withVerdicts(proposal, [one, strict, three]), ROSTER, NOW + 2)).required).toBe(3);
  });

  test('a consenter cannot ask for fewer than the threshold', () => {
    const lax = answer(proposal, 1, { consents: 2 });
    expect(must(quorum(withVerdicts(proposal, [lax, two]), ROSTER, NOW + 2)).required).toBe(2);
    const keygen = propose(keygenBody());
    const some = [1, 2].map((party) => answer(keygen, party));
    expect(code(quorum(withVerdicts(keygen, some), ROSTER, NOW + 2))).toBe('QUORUM_MISSING');
  });

  test.each([
    ['another digest', { reading: { digest: vec('x'), tree: vec('members/tree') } }],
    ['another leaf tree', { reading: { digest: vec('members/digest'), tree: vec('x') } }],
    ['no leaf tree', { reading: { digest: vec('members/digest') } }],
    ['no reading', { reading: undefined }],
    ['another common policy', { commonPolicy: { digest: vec('x'), version: 1 } }],
    ['another version of it', { commonPolicy: { digest: vec('members/policy'), version: 2 } }],
    ['no common policy', { commonPolicy: undefined }],
    ['a denial called consent', { judgement: 'deny' as const }],
  ])('consents that differ in %s carry nothing together, and stop nobody else', (_, change) => {
    const odd = answer(proposal, 2, change);
    expect(code(quorum(withVerdicts(proposal, [one, odd]), ROSTER, NOW + 2))).toBe('QUORUM_MISSING');
    const all = withVerdicts(proposal, [one, odd, three]);
    expect(must(quorum(all, ROSTER, NOW + 2)).consents).toEqual([one, three]);
    expect(standings(all, ROSTER, [one, three])[1]).toEqual({ party: 2, answer: 'unreachable' });
    const ceremony = withVerdicts(proposal, [one, odd]);
    const start = startOf(proposal, [standingOf(one), standingOf(odd), { party: 3, answer: 'unreachable' }]);
    expect(code(checkStart(ceremony, start, ROSTER, NOW + 2))).toBe('CONSENTS_DIFFER');
  });

  test('if no group can grow to a quorum any more, it is over', () => {
    const other = (party: number, version: number): VerdictStatement =>
      answer(proposal, party, { commonPolicy: { digest: vec('members/policy'), version } });
    const apart = withVerdicts(proposal, [one, other(2, 7), other(3, 8)]);
    expect(couldSuffice(withVerdicts(proposal, [one, other(2, 7)]), ROSTER, NOW + 2)).toBe(true);
    expect(couldSuffice(apart, ROSTER, NOW + 2)).toBe(false);
    expect(code(quorum(apart, ROSTER, NOW + 2))).toBe('CONSENTS_DIFFER');
  });

  test('own policies may differ: they only narrow', () => {
    const narrow = answer(proposal, 2, {
      ownPolicy: { digest: vec('own'), version: 9 },
      judgement: 'require',
      byHand: true,
    });
    expect(code(quorum(withVerdicts(proposal, [one, narrow]), ROSTER, NOW + 2))).toBe('ok');
  });

  test('consents without any digest carry nothing', () => {
    const empty = [1, 2].map((party) => answer(proposal, party, { reading: undefined }));
    expect(code(quorum(withVerdicts(proposal, empty), ROSTER, NOW + 2))).toBe('CONSENTS_DIFFER');
  });
});

describe('two different verdicts of one party', () => {
  const second = answer(proposal, 2, { nonce: vec('another').slice(0, 16) });
  const spoilt = must(addVerdict(agreed, second));

  test('are kept as evidence; the same one twice is nothing', () => {
    expect(must(addVerdict(agreed, two))).toBe(agreed);
    expect(spoilt.equivocations.get(2)).toBe(second);
    expect(spoilt.verdicts.get(2)).toBe(two);
  });

  test('count for nothing: not in the quorum, not in a start', () => {
    expect(must(quorum(spoilt, ROSTER, NOW + 2)).consents).toEqual([one, three]);
    expect(standings(spoilt, ROSTER)).toEqual([
      standingOf(one),
      { party: 2, answer: 'unreachable' },
      standingOf(three),
    ]);
    for (const listed of [two, second]) {
      const start = startOf(proposal, [one, listed, three].map(standingOf), { signers: [1, 3] });
      expect(code(checkStart(spoilt, start, ROSTER, NOW + 2))).toBe('EQUIVOCATION');
    }
    const without = startOf(proposal, standings(spoilt, ROSTER), { signers: [1, 3] });
    expect(must(checkStart(spoilt, without, ROSTER, NOW + 2)).consents).toEqual([one, three]);
  });

  test('its rejection still ends the proposal: hiding behind a second face helps nobody', () => {
    const refused = answer(proposal, 2, { decision: 'reject' });
    const later = must(addVerdict(withVerdicts(proposal, [one, three, refused]), two));
    expect(code(standing(later, NOW + 2))).toBe('REJECTED');
  });
});

describe('a start', () => {
  const listed = consents.map(standingOf);
  const check = (
    changes: Partial<StartBody> = {},
    ceremony = agreed,
    standingsListed: readonly Standing[] = listed,
  ): string => code(checkStart(ceremony, startOf(proposal, standingsListed, changes), ROSTER, NOW + 2));

  test('by any member passes if everything in it is so', () => {
    expect(check()).toBe('ok');
    expect(check({ signers: [2, 3] })).toBe('ok');
    const byParty = startOf(proposal, listed, {}, 'party:3');
    expect(code(checkStart(agreed, byParty, ROSTER, NOW + 2))).toBe('ok');
  });

  test('of another proposal or attempt is foreign', () => {
    expect(check({ proposal: vec('other') })).toBe('START_FOREIGN');
    expect(check({ attempt: 2 })).toBe('START_FOREIGN');
  });

  test('the first accepted one spends the consents; the same one again is the same', () => {
    const first = startOf(proposal, listed);
    const spent = { ...agreed, start: first };
    expect(code(checkStart(spent, first, ROSTER, NOW + 2))).toBe('ok');
    expect(check({ signers: [1, 3] }, spent)).toBe('START_SPENT');
    expect(check({ created: NOW + 9 }, spent)).toBe('START_SPENT');
  });

  test.each([
    ['one too few', [1]],
    ['one too many', [1, 2, 3]],
    ['one twice', [1, 1]],
    ['descending', [2, 1]],
  ])('with signers %s is refused', (_, signers) => {
    expect(check({ signers })).toBe('START_SIGNERS');
  });

  test('a signer must have consented', () => {
    const rejected = answer(proposal, 3, { decision: 'reject', rejections: 2 });
    const lenient = [1, 2].map((party) => answer(proposal, party, { rejections: 2 }));
    const ceremony = withVerdicts(proposal, [...lenient, rejected]);
    const all = [...lenient, rejected].map(standingOf);
    expect(check({ signers: [1, 2] }, ceremony, all)).toBe('ok');
    expect(check({ signers: [1, 3] }, ceremony, all)).toBe('START_SIGNERS');
    expect(check({ signers: [1, 9] }, ceremony, all)).toBe('START_SIGNERS');
    const away: Standing = { party: 3, answer: 'unreachable' };
    expect(check({ signers: [1, 3] }, agreed, [...listed.slice(0, 2), away])).toBe('START_SIGNERS');
  });

  test('hides no rejection, invents no consent, leaves nobody out', () => {
    const rejected = answer(proposal, 3, { decision: 'reject', rejections: 2 });
    const lenient = [1, 2].map((party) => answer(proposal, party, { rejections: 2 }));
    const ceremony = withVerdicts(proposal, [...lenient, rejected]);
    const two2 = lenient.map(standingOf);
    expect(check({}, ceremony, [...two2, { party: 3, answer: 'unreachable' }])).toBe('START_STANDINGS'); // hidden
    expect(check({}, ceremony, [...two2, { party: 3, answer: 'consent', verdict: rejected.digest }])).toBe(
      'START_STANDINGS',
    );
    expect(check({}, withVerdicts(proposal, [one, two]))).toBe('START_STANDINGS'); // party 3 never answered here
    expect(check({}, agreed, listed.slice(0, 2))).toBe('START_STANDINGS');
    expect(check({}, agreed, [...listed, ...listed.slice(2)])).toBe('START_STANDINGS');
    expect(check({}, agreed, [listed[1], listed[0], listed[2]] as readonly Standing[])).toBe('START_STANDINGS');
    expect(check({}, agreed, [listed[0], listed[0], listed[2]] as readonly Standing[])).toBe('START_STANDINGS');
    const [first] = listed;
    expect(check({}, agreed, [{ ...first, verdict: two.digest } as Standing, ...listed.slice(1)])).toBe(
      'START_STANDINGS',
    );
    expect(check({}, agreed, [{ party: 1, answer: 'consent' }, ...listed.slice(1)])).toBe('START_STANDINGS');
    expect(check({}, agreed, [{ party: 1, answer: 'unreachable', verdict: one.digest }, ...listed.slice(1)])).toBe(
      'START_STANDINGS',
    );
  });

  test('may miss a consent that was still under way, as long as the quorum stands', () => {
    const away: Standing = { party: 3, answer: 'unreachable' };
    expect(check({}, agreed, [...listed.slice(0, 2), away])).toBe('ok');
    expect(check({}, agreed, [...listed.slice(0, 1), { party: 2, answer: 'unreachable' }, away])).toBe(
      'QUORUM_MISSING',
    );
  });

  test('names the digest of the consents', () => {
    expect(check({ digest: vec('x') })).toBe('START_DIGEST');
  });

  test('lists fewer rejections than end the proposal, whatever the clock of an auditor', () => {
    const rejected = answer(proposal, 3, { decision: 'reject' });
    const ceremony = withVerdicts(proposal, [one, two, rejected]);
    const start = startOf(proposal, [one, two, rejected].map(standingOf));
    expect(code(checkStandings(ceremony, start, ROSTER))).toBe('REJECTED');
    expect(code(checkStart(ceremony, start, ROSTER, NOW + 2))).toBe('REJECTED');
  });

  test('of a keygen has all parties sign', () => {
    const keygen = propose(keygenBody());
    const all = [1, 2, 3].map((party) => answer(keygen, party, { commonPolicy: undefined }));
    const ceremony = withVerdicts(keygen, all);
    const start = (signers: readonly number[]) => startOf(keygen, all.map(standingOf), { signers });
    expect(code(checkStart(ceremony, start([1, 2, 3]), ROSTER, NOW + 2))).toBe('ok');
    expect(code(checkStart(ceremony, start([1, 2]), ROSTER, NOW + 2))).toBe('START_SIGNERS');
  });

  test('comes too late at the expiry of any consent, the proposal or after a withdrawal', () => {
    const start = startOf(proposal, listed);
    expect(code(checkStart(agreed, start, ROSTER, NOW + 599))).toBe('ok');
    expect(code(checkStart(agreed, start, ROSTER, NOW + 600))).toBe('CONSENT_EXPIRED');
    const brief = propose(signingBody({ expires: NOW + 10 }));
    const quick = [1, 2, 3].map((party) => answer(brief, party));
    const short = startOf(brief, quick.map(standingOf));
    const edges = [9, 10, 11].map((second) =>
      code(checkStart(withVerdicts(brief, quick), short, ROSTER, NOW + second)),
    );
    expect(edges).toEqual(['ok', 'PROPOSAL_EXPIRED', 'PROPOSAL_EXPIRED']);
  });
});

test('every code of the lifecycle was provoked above', () => {
  const all: Readonly<Record<LifecycleError['code'], true>> = {
    WRONG_ROSTER: true,
    PROPOSAL_EXPIRED: true,
    PROPOSAL_NOT_YET_VALID: true,
    ATTEMPT_UNKNOWN: true,
    ATTEMPT_DIFFERS: true,
    ATTEMPT_STILL_LIVE: true,
    VERDICT_FOREIGN: true,
    ANNOUNCEMENT_OUTLASTS: true,
    ANNOUNCEMENT_RUNNING: true,
    WITHDRAWN: true,
    REJECTED: true,
    EQUIVOCATION: true,
    QUORUM_MISSING: true,
    CONSENT_EXPIRED: true,
    CONSENTS_DIFFER: true,
    START_FOREIGN: true,
    START_SPENT: true,
    START_SIGNERS: true,
    START_STANDINGS: true,
    START_DIGEST: true,
  };
  expect([...reached].filter((found) => found !== 'ok').sort()).toEqual(Object.keys(all).sort());
});

describe('a corrupt member that says two things', () => {
  const proposal = propose();
  const consents = [1, 2].map((party) => answer(proposal, party, { rejections: 2 }));
  const consent = answer(proposal, 3, { rejections: 2, nonce: vec('two faces').slice(0, 16) });
  const reject = answer(proposal, 3, { rejections: 2, decision: 'reject', judgement: 'deny', reading: undefined });
  const hears = (...verdicts: readonly VerdictStatement[]): Ceremony =>
    [...consents, ...verdicts].reduce((heard, verdict) => must(addVerdict(heard, verdict)), newCeremony(proposal));

  test('cannot keep the others from starting without it, whichever face they saw first', () => {
    const composer = hears(consent, reject);
    const start = startOf(proposal, standings(composer, ROSTER));
    expect(codeOf(checkStart(hears(consent, reject), start, ROSTER, NOW + 5))).toBe('ok');
    expect(codeOf(checkStart(hears(reject, consent), start, ROSTER, NOW + 5))).toBe('ok');
    const rejected = startOf(proposal, standings(hears(reject), ROSTER));
    expect(codeOf(checkStart(hears(consent, reject), rejected, ROSTER, NOW + 5))).toBe('ok');
  });

  test('cannot end a running session with a consent that has expired', () => {
    const stale = answer(proposal, 3, { rejections: 2, created: NOW - 30, expires: NOW - 20 });
    const start = startOf(proposal, standings(hears(), ROSTER));
    const running = { ...hears(), start };
    expect(codeOf(standing(must(addVerdict(running, stale)), NOW + 5))).toBe('ok');
    expect(codeOf(checkStart(hears(stale), start, ROSTER, NOW + 5))).toBe('ok');
    const own = answer(proposal, 1, { rejections: 2, expires: NOW + 10 });
    const short = must(addVerdict(must(addVerdict(newCeremony(proposal), own)), consents[1] ?? own));
    const begun = { ...short, start: startOf(proposal, standings(short, ROSTER)) };
    expect(codeOf(standing(begun, NOW + 10))).toBe('CONSENT_EXPIRED');
  });
});
