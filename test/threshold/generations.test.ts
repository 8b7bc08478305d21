/** The order of a wallet's epochs (docs/protocol.md b.7): each rule, and a model of parties that crash and lose messages. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  answerProposal,
  currentGeneration,
  erasable,
  type Generation,
  mayAbandon,
  mayAcknowledge,
  mayDiscard,
  maySign,
  nextGeneration,
  onCertificate,
} from '../../protocol/threshold/keygen/generations.ts';
import {
  healed,
  identityOf,
  keyOf,
  nextSteps,
  type Proposed,
  proposedEpoch,
  recordOf,
  rift,
  type State,
  start,
  violation,
  type World,
} from './support/generations-model.ts';

const ALL = [1, 2, 3];
const root = proposedEpoch(1, 0, 1, ALL);
const two = proposedEpoch(2, 1, 2, ALL);
const three = proposedEpoch(3, 1, 3, ALL);
const grandchild = proposedEpoch(4, 2, 3, ALL);
const remove = proposedEpoch(5, 1, 2, [1, 2], true);

const held = (proposed: Proposed, state: Generation['state'], change: Partial<Generation> = {}): Generation => ({
  ...recordOf(proposed, 1, state),
  ...change,
});
const problem = (result: ReturnType<typeof maySign>) => (result.ok ? 'ok' : result.error);
const idsOf = (records: readonly Generation[]) => records.map((record) => record.epochId[0]);

describe('acknowledging', () => {
  const active = held(root, 'certified');

  it('is for a generation above every known one, and for a child of the own epoch', () => {
    expect(problem(mayAcknowledge([active], two.epoch.config))).toBe('ok');
    expect(problem(mayAcknowledge([active], three.epoch.config))).toBe('ok');
    expect(problem(mayAcknowledge([active, held(two, 'prepared')], three.epoch.config))).toBe('ok');
    expect(problem(mayAcknowledge([active, held(three, 'prepared')], two.epoch.config))).toBe('GENERATION_NOT_ABOVE');
    expect(problem(mayAcknowledge([active, held(two, 'prepared')], two.epoch.config))).toBe('GENERATION_NOT_ABOVE');
    expect(problem(mayAcknowledge([active, held(two, 'certified')], three.epoch.config))).toBe('PARENT_NOT_CURRENT');
    expect(problem(mayAcknowledge([active, held(two, 'prepared')], grandchild.epoch.config))).toBe(
      'PARENT_NOT_CURRENT',
    );
    expect(problem(mayAcknowledge([held(two, 'certified')], grandchild.epoch.config))).toBe('ok');
  });

  it('of a first epoch is for a wallet that is not known', () => {
    expect(problem(mayAcknowledge([], root.epoch.config))).toBe('ok');
    expect(problem(mayAcknowledge([active], root.epoch.config))).toBe('GENERATION_NOT_ABOVE');
    expect(problem(mayAcknowledge([], two.epoch.config))).toBe('PARENT_NOT_CURRENT');
    expect(problem(mayAcknowledge([held(root, 'prepared')], two.epoch.config))).toBe('PARENT_NOT_CURRENT');
  });

  it('a newcomer acknowledges a child of the epoch whose certificate it verified', () => {
    const seen = held(root, 'certified', { share: false });
    expect(problem(mayAcknowledge([seen], two.epoch.config))).toBe('ok');
    expect(nextGeneration([seen])).toBe(2);
    expect(nextGeneration([seen, held(three, 'prepared')])).toBe(4);
    expect(nextGeneration([])).toBe(1);
  });
});

describe('answers to proposals', () => {
  it('19: whoever is behind is shown the certificate, and gets no ACK', () => {
    const known = [held(root, 'certified'), held(two, 'certified')];
    expect(answerProposal(known, three.epoch.config)).toEqual({ kind: 'certificate', epochId: two.epoch.epochId });
    expect(answerProposal(known, two.epoch.config)).toEqual({ kind: 'certificate', epochId: two.epoch.epochId });
    expect(answerProposal(known, remove.epoch.config)).toEqual({ kind: 'certificate', epochId: two.epoch.epochId });
    // Also when the old record is erased already, as long as the generation tells.
    expect(answerProposal(known.slice(1), two.epoch.config).kind).toBe('certificate');
    expect(answerProposal(known, grandchild.epoch.config)).toEqual({ kind: 'join' });
  });

  it('a parent that nobody has shown, or a generation that is taken, is refused', () => {
    const known = [held(root, 'certified')];
    expect(answerProposal(known, grandchild.epoch.config)).toEqual({ kind: 'refuse', problem: 'PARENT_NOT_CURRENT' });
    expect(answerProposal([], two.epoch.config)).toEqual({ kind: 'refuse', problem: 'PARENT_NOT_CURRENT' });
    const acked = [...known, held(three, 'prepared')];
    expect(answerProposal(acked, two.epoch.config)).toEqual({ kind: 'refuse', problem: 'GENERATION_NOT_ABOVE' });
  });
});

describe('signing', () => {
  it('is for the highest certified epoch alone', () => {
    const known = [held(root, 'certified'), held(two, 'prepared')];
    expect(problem(maySign(known, root.epoch.epochId))).toBe('ok');
    expect(problem(maySign(known, two.epoch.epochId))).toBe('EPOCH_NOT_ACTIVE');
    expect(problem(maySign(known, three.epoch.epochId))).toBe('EPOCH_UNKNOWN');
    const after = [held(root, 'certified'), held(two, 'certified')];
    expect(problem(maySign(after, root.epoch.epochId))).toBe('EPOCH_SUPERSEDED');
    expect(problem(maySign(after, two.epoch.epochId))).toBe('ok');
    expect(problem(maySign([held(two, 'certified', { share: false })], two.epoch.epochId))).toBe('SHARE_ABSENT');
    expect(problem(maySign([held(root, 'abandoned')], root.epoch.epochId))).toBe('EPOCH_NOT_ACTIVE');
  });

  it('68: the own ACK of a REMOVE freezes the old epoch until a higher one is certified', () => {
    const frozen = [held(root, 'certified'), held(remove, 'prepared')];
    expect(problem(maySign(frozen, root.epoch.epochId))).toBe('EPOCH_FROZEN');
    expect(problem(maySign([...frozen, held(three, 'prepared')], root.epoch.epochId))).toBe('EPOCH_FROZEN');
    const removed = [held(root, 'certified'), held(remove, 'certified')];
    expect(problem(maySign(removed, remove.epoch.epochId))).toBe('ok');
    expect(problem(maySign([...frozen, held(three, 'certified')], three.epoch.epochId))).toBe('ok');
  });
});

describe('erasing', () => {
  const everywhere = { active: ALL };

  it('69: is for what lies below a generation in which all holders are ACTIVE', () => {
    const old = held(root, 'certified', everywhere);
    expect(erasable([old, held(two, 'certified', { active: [1, 2] })])).toEqual([]);
    expect(erasable([old, held(two, 'prepared', everywhere)])).toEqual([]);
    expect(idsOf(erasable([old, held(two, 'certified', everywhere)]))).toEqual([1]);
    expect(erasable([old])).toEqual([]);
  });

  it('or below one that has signed, after the delay of the operator', () => {
    const known = [held(root, 'certified'), held(two, 'certified', { proven: true })];
    expect(idsOf(erasable(known))).toEqual([1]);
    expect(erasable([held(root, 'certified'), held(two, 'prepared', { proven: true })])).toEqual([]);
  });

  it('never touches what is at or above it, and takes everything below', () => {
    const sibling = proposedEpoch(6, 1, 2, ALL);
    const settled = [
      held(root, 'certified'),
      held(two, 'prepared'),
      held(three, 'certified', everywhere),
      held(proposedEpoch(7, 1, 4, ALL), 'prepared'),
    ];
    expect(idsOf(erasable(settled))).toEqual([1, 2]);
    // A higher one that is certified but not settled changes nothing.
    const higher = held(proposedEpoch(8, 3, 5, ALL), 'certified');
    expect(idsOf(erasable([...settled, higher]))).toEqual([1, 2]);
    expect(erasable([held(two, 'certified', everywhere), held(sibling, 'prepared')])).toEqual([]);
  });

  it('who is not in the new epoch erases by the same rule; a certificate without a share is nothing to erase', () => {
    const outside = { share: false, active: [1, 2], holders: 2 };
    expect(idsOf(erasable([held(root, 'certified'), held(remove, 'certified', outside)]))).toEqual([1]);
    expect(erasable([held(root, 'certified'), held(remove, 'certified', { ...outside, active: [1] })])).toEqual([]);
    expect(erasable([held(root, 'certified', { share: false }), held(two, 'certified', everywhere)])).toEqual([]);
  });
});

describe('giving up', () => {
  it('is for a first epoch without a certificate; only who signed ABANDON discards', () => {
    const known = [held(root, 'prepared')];
    expect(problem(mayAbandon(known, root.epoch.epochId))).toBe('ok');
    expect(problem(mayAbandon([held(root, 'certified')], root.epoch.epochId))).toBe('NOT_ABANDONABLE');
    expect(problem(mayAbandon([held(root, 'certified'), held(two, 'prepared')], two.epoch.epochId))).toBe(
      'NOT_ABANDONABLE',
    );
    expect(problem(mayAbandon([], root.epoch.epochId))).toBe('EPOCH_UNKNOWN');
    expect(problem(mayDiscard(known, root.epoch.epochId))).toBe('NOT_ABANDONABLE');
    expect(problem(mayDiscard([held(root, 'abandoned')], root.epoch.epochId))).toBe('ok');
    expect(problem(mayDiscard([], root.epoch.epochId))).toBe('EPOCH_UNKNOWN');
  });
});

describe('certificates', () => {
  const mine = identityOf(1);

  it('activate what is prepared, are followed by who is outside, and are known once', () => {
    const known = [held(root, 'certified'), held(two, 'prepared')];
    expect(onCertificate(known, two.epoch, mine)).toBe('activate');
    expect(onCertificate(known, root.epoch, mine)).toBe('known');
    expect(onCertificate([held(root, 'certified')], remove.epoch, identityOf(3))).toBe('follow');
    expect(onCertificate([], root.epoch, identityOf(9))).toBe('follow');
    expect(onCertificate([held(root, 'abandoned')], root.epoch, mine)).toBe('abandoned');
  });

  it('of a lower generation change nothing; of the same one they show a fork', () => {
    const known = [held(three, 'certified')];
    expect(onCertificate(known, two.epoch, mine)).toBe('ignore');
    expect(onCertificate(known, grandchild.epoch, mine)).toBe('fork');
    // Acknowledged and still here: it turns ACTIVE although a higher one is.
    expect(onCertificate([...known, held(two, 'prepared')], two.epoch, mine)).toBe('activate');
  });

  it('with an ACK that this party does not remember show that its store is not what it was', () => {
    expect(onCertificate([held(root, 'certified')], two.epoch, mine)).toBe('share-lost');
    expect(onCertificate([], root.epoch, mine)).toBe('share-lost');
  });
});

/** Every reachable state; fails with the path to the first one that violates something. */
function explore(world: World): number {
  const first = start(world);
  const seen = new Map<string, { readonly state: State; readonly from: string; readonly by: string }>();
  seen.set(keyOf(first), { state: first, from: '', by: 'start' });
  const queue = [keyOf(first)];
  for (let next = 0; next < queue.length; next++) {
    const key = queue[next] ?? '';
    const entry = seen.get(key);
    if (entry === undefined) throw new Error('unreachable');
    const steps = nextSteps(world, entry.state);
    const wrong = violation(world, entry.state) ?? rift(world, entry.state, steps);
    if (wrong !== undefined) throw new Error(`${wrong}: ${pathTo(key)}`);
    for (const step of steps) {
      const after = keyOf(step.state);
      if (seen.has(after)) continue;
      seen.set(after, { state: step.state, from: key, by: step.name });
      queue.push(after);
    }
  }
  return queue.length;

  function pathTo(key: string): string {
    const entry = seen.get(key);
    return entry === undefined || entry.from === '' ? '' : `${pathTo(entry.from)}; ${entry.by}`;
  }
}

/** All generations up to `top`, each a child of any lower one, for all parties. */
function lattice(top: number, members: readonly number[]): readonly Proposed[] {
  const all: Proposed[] = [proposedEpoch(1, 0, 1, members)];
  for (let gen = 2; gen <= top; gen++) {
    for (const parent of [...all].filter(({ epoch }) => epoch.config.gen < gen)) {
      all.push(proposedEpoch(all.length + 1, parent.epoch.epochId[0] ?? 0, gen, members));
    }
  }
  return all;
}

/** A wallet of four: everybody, without 4, 4 back as a newcomer, another one gone. Parents and generations cross. */
const COMINGS_AND_GOINGS: readonly Proposed[] = [
  proposedEpoch(1, 0, 1, [1, 2, 3, 4]),
  proposedEpoch(2, 1, 2, [1, 2, 3, 4]),
  proposedEpoch(3, 1, 3, [1, 2, 3], true),
  proposedEpoch(4, 2, 3, [1, 2, 3], true),
  proposedEpoch(5, 3, 4, [1, 2, 3, 4]),
  proposedEpoch(6, 1, 4, [1, 2, 4], true),
  proposedEpoch(7, 4, 5, [1, 2, 4], true),
];

describe('the model (i.3, 16-18): at every instant t honest parties hold the highest certified epoch', () => {
  it.each<readonly [string, World, number]>([
    [
      'two honest parties of three, two generations, everything at any time',
      { parties: ALL, corrupt: [3], proposed: lattice(2, ALL), timing: 'any' },
      500,
    ],
    [
      'three honest parties, three generations, the worst timing',
      { parties: ALL, corrupt: [], proposed: lattice(3, ALL), timing: 'worst' },
      300,
    ],
    [
      'two honest parties of three, four generations, the worst timing',
      { parties: ALL, corrupt: [3], proposed: lattice(4, ALL), timing: 'worst' },
      500,
    ],
    [
      'three honest parties of four, parties that leave and come back, the worst timing',
      { parties: [1, 2, 3, 4], corrupt: [1], proposed: COMINGS_AND_GOINGS, timing: 'worst' },
      300,
    ],
    [
      'four honest parties that leave and come back, the worst timing',
      { parties: [1, 2, 3, 4], corrupt: [], proposed: COMINGS_AND_GOINGS.slice(0, 5), timing: 'worst' },
      300,
    ],
  ])('%s', (_, world, atLeast) => {
    expect(explore(world)).toBeGreaterThan(atLeast);
  });

  it.each<readonly [string, World]>([
    ['three parties, four generations', { parties: ALL, corrupt: [2], proposed: lattice(4, ALL), timing: 'any' }],
    [
      'parties that leave and come back',
      { parties: [1, 2, 3, 4], corrupt: [3], proposed: COMINGS_AND_GOINGS, timing: 'any' },
    ],
  ])('random walks at any time, then a healed network: %s', (_, world) => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 10, maxLength: 60 }), (picks) => {
        let state = start(world);
        for (const pick of picks) {
          const steps = nextSteps(world, state);
          state = steps[pick % Math.max(1, steps.length)]?.state ?? state;
          expect(violation(world, state)).toBeUndefined();
        }
        state = healed(world, state);
        expect(violation(world, state)).toBeUndefined();
        expect(rift(world, state, nextSteps(world, state))).toBeUndefined();
      }),
      { numRuns: 60 },
    );
  });

  it('18: whichever of two siblings is certified first, all end in the higher one', () => {
    for (const order of [
      [two, three],
      [three, two],
    ]) {
      const world: World = { parties: ALL, corrupt: [], proposed: [root, two, three], timing: 'any' };
      let state = start(world);
      for (const proposed of [two, three]) state = everybody(world, state, `acknowledges ${proposed.epoch.config.gen}`);
      for (const proposed of order) {
        state = everybody(world, state, `learns of ${proposed.epoch.config.gen}`);
        expect(violation(world, state)).toBeUndefined();
      }
      state = healed(world, state);
      for (const known of state.known.values()) {
        expect(currentGeneration(known)?.gen).toBe(3);
        expect(idsOf(erasable(known))).toEqual([1, 2]);
      }
    }
  });

  it('the rules alone do not keep two REMOVEs apart that share no honest party: consents must', () => {
    const five = [1, 2, 3, 4, 5];
    const proposed = [
      proposedEpoch(1, 0, 1, five),
      proposedEpoch(2, 1, 2, [1, 2, 5], true),
      proposedEpoch(3, 1, 2, [3, 4, 5], true),
    ];
    // Who learns of both is told of a fork.
    expect(() => explore({ parties: five, corrupt: [5], proposed, timing: 'worst' })).toThrow('fork');
  });

  it('notices rules that erase too much', () => {
    const active = (known: readonly Generation[]) => currentGeneration(known);
    const rules: readonly NonNullable<World['erases']>[] = [
      // Every other record, once one is ACTIVE.
      (known) => known.filter((record) => record !== active(known) && (active(known)?.gen ?? 0) > 1),
      // What did not come to a certificate.
      (known) => known.filter((record) => record.state === 'prepared'),
      // The parent at the own ACK.
      (known) => known.filter((record) => known.some((other) => other.gen > record.gen)),
    ];
    for (const erases of rules) {
      for (const timing of ['any', 'worst'] as const) {
        expect(() => explore({ parties: ALL, corrupt: [3], proposed: lattice(3, ALL), timing, erases })).toThrow(
          /erased|share-lost|fewer than t/,
        );
      }
    }
  });
});

/** Every party takes the step of this name. */
function everybody(world: World, state: State, name: string): State {
  return world.parties.reduce((before, party) => {
    const step = nextSteps(world, before).find((candidate) => candidate.name === `${party} ${name}`);
    if (step === undefined) throw new Error(`${party} ${name}: not now`);
    return step.state;
  }, state);
}
