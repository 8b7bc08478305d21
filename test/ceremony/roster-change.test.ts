import { describe, expect, test } from 'vitest';
import { changeLines } from '../../protocol/ceremony/key-change-words.ts';
import type { Party, Roster, RosterBody } from '../../protocol/ceremony/roster.ts';
import { createRoster, sealRoster, signRoster } from '../../protocol/ceremony/roster.ts';
import { checkSuccessor, rosterChange } from '../../protocol/ceremony/roster-change.ts';
import { must } from '../support/must.ts';
import { vec } from '../threshold/support/labels.ts';
import { codeOf, keyOf, ROSTER, rosterBody, sealed, successor } from './support/members.ts';

const STAYING = ['party:1', 'party:2', 'party:3'];

/** A party with these keys. */
function partyWith(index: number, statements: string, transport: string): Party {
  return {
    index,
    name: `party-${index}`,
    person: `Person ${index}`,
    statementKey: keyOf(statements).publicKey,
    transportKey: keyOf(transport).publicKey,
    addresses: [],
  };
}

function signedBy(body: RosterBody, keys: readonly (readonly [string, string])[]): Roster {
  let file = must(createRoster(body));
  for (const [i, [statements, transport]] of keys.entries()) {
    file = signRoster(file, i + 1, keyOf(statements), keyOf(transport));
  }
  return must(sealRoster(file));
}

describe('a successor', () => {
  test('names the roster that it follows, one version on, in the same network and by the same name', () => {
    expect(codeOf(checkSuccessor(ROSTER, successor(STAYING)))).toBe('ok');
    const wrong: readonly Partial<RosterBody>[] = [
      { previous: vec('another roster') },
      { version: 3 },
      { name: 'quartet' },
      { network: vec('another network') },
    ];
    for (const change of wrong)
      expect(codeOf(checkSuccessor(ROSTER, successor(STAYING, change)))).toBe('NOT_SUCCESSOR');
    expect(codeOf(checkSuccessor(ROSTER, sealed(rosterBody())))).toBe('NOT_SUCCESSOR');
    expect(codeOf(checkSuccessor(successor(STAYING), successor(STAYING)))).toBe('NOT_SUCCESSOR');
    expect(codeOf(checkSuccessor(ROSTER, ROSTER))).toBe('NOT_SUCCESSOR');
  });

  test('may change threshold, members, indices, operators and the announcement', () => {
    const changes: readonly (readonly [readonly string[], Partial<RosterBody>])[] = [
      [STAYING, { threshold: 3 }],
      [STAYING, { announcement: 60 }],
      [STAYING, { operators: ROSTER.operators.slice(1) }],
      [['party:3', 'party:1', 'party:2'], {}],
      [['party:1', 'party:2'], {}],
      [['party:1', 'party:2', 'joining:4', 'joining:5'], { threshold: 3 }],
      [['joining:4', 'joining:5'], {}],
    ];
    for (const [labels, change] of changes) {
      expect(codeOf(checkSuccessor(ROSTER, successor(labels, change)))).toBe('ok');
    }
  });

  test('gives no key of the current roster to anybody else, or to another use', () => {
    const head = { version: 2, previous: ROSTER.digest };
    const rest = [partyWith(1, 'party:1', 'party:1/transport'), partyWith(2, 'party:2', 'party:2/transport')];
    const own = [
      ['party:1', 'party:1/transport'],
      ['party:2', 'party:2/transport'],
    ] as const;
    const third = (statements: string, transport: string): string =>
      codeOf(
        checkSuccessor(
          ROSTER,
          signedBy(rosterBody({ ...head, parties: [...rest, partyWith(3, statements, transport)] }), [
            ...own,
            [statements, transport],
          ]),
        ),
      );
    expect(third('party:3', 'party:3/transport')).toBe('ok');
    // A new machine for the same identity.
    expect(third('party:3', 'another transport')).toBe('ok');
    // A new identity on a known machine would be two members behind one peer.
    expect(third('another identity', 'party:3/transport')).toBe('NOT_SUCCESSOR');
    expect(third('party:3/transport', 'another transport')).toBe('NOT_SUCCESSOR');
    const { operators } = ROSTER;
    const withOps = (statements: string): string =>
      codeOf(
        checkSuccessor(
          ROSTER,
          signedBy(
            rosterBody({
              ...head,
              parties: [...rest, partyWith(3, statements, 'another transport')],
              operators: operators.slice(1),
            }),
            [...own, [statements, 'another transport']],
          ),
        ),
      );
    expect(withOps('operator:ops')).toBe('NOT_SUCCESSOR');
    expect(withOps('operator:ops/transport')).toBe('NOT_SUCCESSOR');
  });
});

describe('what a roster changes', () => {
  test('is told by identity, not by index', () => {
    const change = rosterChange(ROSTER, successor(['party:3', 'joining:4', 'party:1']));
    expect(change.joins.map((party) => party.index)).toEqual([2]);
    expect(change.leaves.map((party) => party.index)).toEqual([2]);
    expect(change.moved.map(({ before, after }) => [before.index, after.index])).toEqual([
      [1, 3],
      [3, 1],
    ]);
    expect(change.stays).toHaveLength(2);
    expect(change.altered).toEqual([]);
  });

  test('names everything that differs, and nothing else', () => {
    const nothing = rosterChange(ROSTER, successor(STAYING));
    expect(changeLines(nothing)).toEqual(['any 2 of 3 sign, as before']);
    const { operators } = ROSTER;
    const renamed = ROSTER.parties.map((party) => (party.index === 2 ? { ...party, person: 'Petra' } : party));
    const lines = changeLines(
      rosterChange(
        { ...ROSTER, announcement: 7200 },
        { ...ROSTER, parties: renamed, threshold: 3, operators: operators.slice(0, 1) },
      ),
    ).join('\n');
    for (const part of [
      'belongs to Petra',
      'any 3 of 3 sign; before: any 2 of 3',
      'eve',
      'not at all; before: 2 h 0 min',
    ]) {
      expect(lines).toContain(part);
    }
  });

  test('tells of operators that change names: policies go by them', () => {
    const [ops, eve] = ROSTER.operators;
    if (ops === undefined || eve === undefined) throw new Error('there are two operators');
    const swapped = [
      { ...ops, name: eve.name },
      { ...eve, name: ops.name },
    ];
    const lines = changeLines(rosterChange(ROSTER, { ...ROSTER, operators: swapped }));
    expect(lines.slice(1)).toEqual([
      `operator ops (${ops.person}): is called eve`,
      `operator eve (${eve.person}): is called ops`,
    ]);
    const moved = { ...ops, transportKey: keyOf('elsewhere').publicKey };
    expect(changeLines(rosterChange(ROSTER, { ...ROSTER, operators: [moved, eve] })).join()).toContain(
      'has another transport key',
    );
  });
});
