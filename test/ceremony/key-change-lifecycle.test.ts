/** The life of a change of keys: announced, agreed to by all whom it concerns, vetoed by anybody. */
import { describe, expect, test } from 'vitest';
import { announcementEnd, duration } from '../../protocol/ceremony/announcement.ts';
import { CeremonyBook } from '../../protocol/ceremony/book.ts';
import {
  addVerdict,
  addWithdrawal,
  admit,
  type Ceremony,
  newCeremony,
  standing,
} from '../../protocol/ceremony/lifecycle.ts';
import type { Proposal, ReshareProposal } from '../../protocol/ceremony/proposal.ts';
import { checkStart, couldSuffice, quorum, standings } from '../../protocol/ceremony/quorum.ts';
import type { Roster } from '../../protocol/ceremony/roster.ts';
import { chooseSigners, separatedPairs } from '../../protocol/ceremony/separation.ts';
import type { StartBody } from '../../protocol/ceremony/start.ts';
import type { VerdictBody, VerdictStatement } from '../../protocol/ceremony/verdict-statement.ts';
import { must } from '../support/must.ts';
import { vec } from '../threshold/support/labels.ts';
import {
  answer,
  codeOf,
  epochOf,
  exportBody,
  importBody,
  keygenBody,
  LIFE,
  NOW,
  propose,
  ROSTER,
  reshareBody,
  rosterBody,
  sealed,
  startOf,
  successor,
  withdraw,
} from './support/members.ts';

const EPOCH = epochOf(ROSTER);
/** Party 3 leaves and does not deal. */
const NEXT = successor(['party:1', 'party:2', 'joining:4']);

function agree(proposal: Proposal, party: number, changes: Partial<VerdictBody> = {}): VerdictStatement {
  const { expires } = proposal.body;
  return answer(proposal, party, { judgement: 'require', byHand: true, expires, rules: [], ...changes });
}

function withVerdicts(proposal: Proposal, verdicts: readonly VerdictStatement[], seen = NOW): Ceremony {
  return verdicts.reduce((ceremony, verdict) => must(addVerdict(ceremony, verdict)), newCeremony(proposal, seen));
}

function startWith(ceremony: Ceremony, changes: Partial<StartBody> = {}, roster: Roster = ROSTER) {
  return startOf(ceremony.proposal, standings(ceremony, roster), { signers: [1, 2], ...changes });
}

describe('the quorum of a change of keys', () => {
  const handOver = propose(reshareBody(EPOCH, { next: NEXT }));

  test('is everybody that must agree, and nobody else counts', () => {
    const one = withVerdicts(handOver, [agree(handOver, 1), agree(handOver, 3)]);
    expect(codeOf(quorum(one, ROSTER, NOW))).toBe('QUORUM_MISSING');
    expect(couldSuffice(one, ROSTER, NOW)).toBe(true);
    const both = withVerdicts(handOver, [agree(handOver, 1), agree(handOver, 2)]);
    expect(must(quorum(both, ROSTER, NOW)).consents.map(({ body }) => body.party)).toEqual([1, 2]);
    const all = withVerdicts(
      handOver,
      [1, 2, 3].map((party) => agree(handOver, party)),
    );
    const gathered = must(quorum(all, ROSTER, NOW));
    expect(gathered.consents.map(({ body }) => body.party)).toEqual([1, 2]);
    expect(must(checkStart(all, startWith(all), ROSTER, NOW)).consents).toEqual(gathered.consents);
  });

  test('of a refresh, an import and an export needs all', () => {
    for (const proposal of [reshareBody(EPOCH), importBody(), exportBody(EPOCH), keygenBody()].map(propose)) {
      const two = withVerdicts(proposal, [agree(proposal, 1), agree(proposal, 2)]);
      expect(codeOf(quorum(two, ROSTER, NOW)), proposal.body.ceremony).toBe('QUORUM_MISSING');
      const all = withVerdicts(
        proposal,
        [1, 2, 3].map((party) => agree(proposal, party)),
      );
      expect(codeOf(quorum(all, ROSTER, NOW))).toBe('ok');
      expect(codeOf(checkStart(all, startWith(all, { signers: [1, 2, 3] }), ROSTER, NOW))).toBe('ok');
      expect(codeOf(checkStart(all, startWith(all), ROSTER, NOW))).toBe('START_SIGNERS');
    }
  });

  test('is said by hand', () => {
    const mixed = withVerdicts(handOver, [
      agree(handOver, 1),
      agree(handOver, 2, { byHand: false, judgement: 'allow' }),
    ]);
    expect(codeOf(quorum(mixed, ROSTER, NOW))).toBe('QUORUM_MISSING');
    expect(couldSuffice(mixed, ROSTER, NOW)).toBe(false);
    expect(codeOf(checkStart(mixed, startWith(mixed), ROSTER, NOW))).toBe('QUORUM_MISSING');
  });

  test('does not come about without a party that must agree', () => {
    const twice = must(addVerdict(withVerdicts(handOver, [agree(handOver, 2)]), agree(handOver, 2, { counter: 99 })));
    expect(couldSuffice(twice, ROSTER, NOW)).toBe(false);
  });

  test('a consent of who leaves changes nothing, whatever it names and however often', () => {
    const odd = agree(handOver, 3, { reading: { digest: vec('something else') } });
    const all = withVerdicts(handOver, [agree(handOver, 1), agree(handOver, 2), odd]);
    expect(codeOf(quorum(all, ROSTER, NOW))).toBe('ok');
    expect(codeOf(checkStart(all, startWith(all), ROSTER, NOW))).toBe('ok');
    const twice = must(addVerdict(all, agree(handOver, 3)));
    expect(codeOf(checkStart(twice, startWith(twice), ROSTER, NOW))).toBe('ok');
    expect(standings(twice, ROSTER).map((item) => item.answer)).toEqual(['consent', 'consent', 'unreachable']);
  });

  test('the signers are exactly those that must agree', () => {
    const all = withVerdicts(
      handOver,
      [1, 2, 3].map((party) => agree(handOver, party)),
    );
    for (const signers of [[1], [1, 3], [2, 3], [1, 2, 3], [2, 1], [1, 1], [1, 2, 2]]) {
      expect(codeOf(checkStart(all, startWith(all, { signers }), ROSTER, NOW)), signers.join()).toBe('START_SIGNERS');
    }
  });
});

describe('a veto', () => {
  const handOver = propose(reshareBody(EPOCH, { next: NEXT }));
  const consents = [1, 2].map((party) => agree(handOver, party));

  test('counts although the same key had said yes, whichever of the two comes first', () => {
    const [yes, no] = [agree(handOver, 3), agree(handOver, 3, { decision: 'reject' })];
    for (const said of [
      [yes, no],
      [no, yes],
    ]) {
      const vetoed = withVerdicts(handOver, [agree(handOver, 1), agree(handOver, 2), ...said]);
      expect(codeOf(standing(vetoed, NOW))).toBe('REJECTED');
      expect(codeOf(checkStart(vetoed, startWith(vetoed), ROSTER, NOW))).toBe('REJECTED');
    }
  });

  test.each([1, 2, 3])('by party %i ends it', (party) => {
    const others = [1, 2, 3].filter((index) => index !== party).map((index) => agree(handOver, index));
    const vetoed = withVerdicts(handOver, [...others, agree(handOver, party, { decision: 'reject' })]);
    expect(codeOf(standing(vetoed, NOW))).toBe('REJECTED');
    const start = startOf(handOver, standings(vetoed, ROSTER), { signers: [1, 2] });
    expect(codeOf(checkStart(vetoed, start, ROSTER, NOW))).toBe('REJECTED');
  });

  test('by withdrawal of the party that leaves ends it, also a running one', () => {
    const ceremony = withVerdicts(handOver, consents);
    const start = startWith(ceremony);
    const taken = must(addWithdrawal({ ...ceremony, start }, withdraw(handOver, 'party:3')));
    expect(codeOf(standing(taken, NOW))).toBe('WITHDRAWN');
  });
});

describe('the announcement', () => {
  const patient = sealed(rosterBody({ announcement: 1000 }));
  const epoch = epochOf(patient);
  const body = (changes: Partial<ReshareProposal> = {}): ReshareProposal => ({
    ...reshareBody(epoch, { expires: NOW + 5000, ...changes }),
    roster: patient.digest,
  });
  const agreed = (proposal: Proposal, seen: number): Ceremony =>
    withVerdicts(
      proposal,
      [1, 2, 3].map((party) => agree(proposal, party)),
      seen,
    );
  const started = (ceremony: Ceremony, created: number, now: number): string => {
    const start = startWith(ceremony, { signers: [1, 2, 3], created }, patient);
    return codeOf(checkStart(ceremony, start, patient, now));
  };

  test('runs by the own clock from when the proposal was seen', () => {
    const ceremony = agreed(propose(body()), NOW + 300);
    expect(announcementEnd(ceremony, patient)).toBe(NOW + 1300);
    expect(started(ceremony, NOW + 1300, NOW + 1299)).toBe('ANNOUNCEMENT_RUNNING');
    expect(started(ceremony, NOW + 1300, NOW + 1300)).toBe('ok');
    // Its composer saw it earlier than this member.
    expect(started(ceremony, NOW + 1000, NOW + 1300)).toBe('ok');
  });

  test('must show in the dates too, or nobody could audit that it was kept', () => {
    const ceremony = agreed(propose(body()), NOW);
    expect(started(ceremony, NOW + 999, NOW + 2000)).toBe('ANNOUNCEMENT_RUNNING');
    expect(started(ceremony, NOW + 1000, NOW + 2000)).toBe('ok');
  });

  test('says how long it still runs', () => {
    const ceremony = agreed(propose(body()), NOW);
    const refused = checkStart(ceremony, startWith(ceremony, { signers: [1, 2, 3] }, patient), patient, NOW + 100);
    expect(refused).toMatchObject({ ok: false, error: { message: 'the announcement runs for another 15 min' } });
    expect([0, 1, 59, 60, 61, 3600, 259_200].map(duration)).toEqual([
      '0 s',
      '1 s',
      '59 s',
      '1 min',
      '2 min',
      '1 h 0 min',
      '72 h 0 min',
    ]);
  });

  test('a proposal that is dated ahead does not shorten it', () => {
    const ceremony = agreed(propose(body({ created: NOW + 50 })), NOW);
    expect(announcementEnd(ceremony, patient)).toBe(NOW + 1050);
  });

  test('is counted by the book from the first time it saw the proposal, over later attempts and repetitions', () => {
    const first = propose(body());
    const book = new CeremonyBook(patient);
    book.apply(first.envelope, NOW + 10);
    book.apply(first.envelope, NOW + 500);
    expect(book.get(first.digest)?.ceremony.announced).toEqual({ created: NOW, seen: NOW + 10 });
    const later = { ...first.body, attempt: 2, previous: first.digest, created: NOW + 2000, expires: NOW + 4000 };
    const second = propose(later);
    book.apply(second.envelope, NOW + 2000);
    expect(book.get(second.digest)?.ceremony.announced).toEqual({ created: NOW, seen: NOW + 10 });
    const unknown = propose({ ...later, nonce: vec('n').slice(0, 16) });
    book.apply(unknown.envelope, NOW + 2000);
    expect(book.get(unknown.digest)?.inadmissible?.code).toBe('ATTEMPT_DIFFERS');
  });

  test('is not inherited from an attempt that was vetoed by hand, nor from one that has died', () => {
    const first = propose(body());
    const later = { attempt: 2, previous: first.digest, created: NOW + 1500, expires: NOW + 9000 };
    const second = propose({ ...first.body, ...later });
    const again = (before: Ceremony, now = NOW + 1500) => admit(second, patient, now, before);
    const rejects = (byHand: boolean): Partial<VerdictBody> => ({ decision: 'reject', byHand });
    expect(must(again(withVerdicts(first, []))).announced.seen).toBe(NOW);
    // What a machine refuses it will refuse again if the reason still holds; a key holder who says no has ended it.
    expect(codeOf(again(withVerdicts(first, [agree(first, 3, rejects(false))])))).toBe('ok');
    expect(codeOf(again(withVerdicts(first, [agree(first, 3, rejects(true))])))).toBe('REJECTED');
    expect(codeOf(again(withVerdicts(first, [agree(first, 3), agree(first, 3, rejects(true))])))).toBe('REJECTED');
    const withdrawn = must(addWithdrawal(newCeremony(first), withdraw(first, 'party:3')));
    expect(codeOf(again(withdrawn))).toBe('WITHDRAWN');
    const { expires } = first.body;
    const revived = must(again(newCeremony(first, NOW), expires));
    expect(revived.announced).toEqual({ created: second.body.created, seen: expires });
  });

  test('is not made by an attempt that was refused', () => {
    const first = propose(body({ expires: NOW + 9000 }));
    const book = new CeremonyBook(patient);
    const next = (before: Proposal, at: number): Proposal => {
      const { attempt } = before.body;
      const later = propose({
        ...first.body,
        attempt: attempt + 1,
        previous: before.digest,
        created: at,
        expires: at + 9000,
      });
      book.apply(later.envelope, at);
      return later;
    };
    book.apply(first.envelope, NOW);
    book.apply(agree(first, 3, { decision: 'reject' }).envelope, NOW + 900);
    const second = next(first, NOW + 1000);
    expect(book.get(second.digest)?.inadmissible?.code).toBe('REJECTED');
    expect(book.get(next(second, NOW + 3000).digest)?.inadmissible?.code).toBe('REJECTED');
  });

  test('longer than the proposal lives makes it inadmissible', () => {
    expect(codeOf(admit(propose(body({ expires: NOW + 1000 })), patient, NOW))).toBe('ANNOUNCEMENT_OUTLASTS');
    expect(codeOf(admit(propose(body({ expires: NOW + 1001 })), patient, NOW))).toBe('ok');
  });

  test('concerns changes of keys only', () => {
    const slow = sealed(rosterBody({ announcement: LIFE + 1 }));
    const keygen = propose({ ...keygenBody(), roster: slow.digest });
    expect(codeOf(admit(keygen, slow, NOW))).toBe('ok');
    expect(announcementEnd(newCeremony(keygen), slow)).toBeUndefined();
    for (const other of [importBody(), exportBody(epoch)].map(propose)) {
      expect(announcementEnd(newCeremony(other), patient)).toBe(NOW + 1000);
    }
  });
});

describe('separated parties', () => {
  const proposal = propose();
  const said = (party: number, separated: readonly number[]): VerdictStatement =>
    answer(proposal, party, { separated });

  test('are a pair if one of the two says so', () => {
    expect(separatedPairs([said(1, [3]), said(2, []), said(3, [1, 2])])).toEqual([
      [1, 3],
      [2, 3],
    ]);
    expect(separatedPairs([answer(proposal, 1)])).toEqual([]);
  });

  test('are never chosen together, and the first choice without them is taken', () => {
    expect(chooseSigners([1, 2, 3], 2, [])).toEqual([1, 2]);
    expect(chooseSigners([1, 2, 3], 2, [[1, 2]])).toEqual([1, 3]);
    expect(chooseSigners([3, 2, 1], 2, [[1, 2]])).toEqual([2, 3]);
    expect(
      chooseSigners([1, 2, 3, 4], 3, [
        [1, 2],
        [3, 4],
      ]),
    ).toBeUndefined();
    expect(
      chooseSigners([1, 2, 3, 4, 5], 3, [
        [1, 2],
        [3, 4],
      ]),
    ).toEqual([1, 3, 5]);
    expect(chooseSigners([1], 2, [])).toBeUndefined();
  });

  test('stand in no start together', () => {
    const ceremony = withVerdicts(proposal, [said(1, [2]), answer(proposal, 2), answer(proposal, 3)]);
    expect(codeOf(checkStart(ceremony, startWith(ceremony), ROSTER, NOW + 5))).toBe('START_SIGNERS');
    expect(codeOf(checkStart(ceremony, startWith(ceremony, { signers: [1, 3] }), ROSTER, NOW + 5))).toBe('ok');
  });
});
