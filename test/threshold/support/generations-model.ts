/**
 * A model of several parties that reshare one wallet (docs/protocol.md b.7): what each has on disk, and every next step
 * that a network, a crash or an attacker may lead to. All decisions are those of generations.ts. A crash loses nothing
 * that is on disk, so it is a step that does not come; a lost message likewise.
 */
import type { Epoch } from '../../../protocol/threshold/keygen/epoch.ts';
import {
  currentGeneration,
  erasable,
  type Generation,
  mayAcknowledge,
  maySign,
  onCertificate,
} from '../../../protocol/threshold/keygen/generations.ts';

/** One possible epoch of the wallet. */
export interface Proposed {
  readonly epoch: Epoch;
  /** Parties that hold a share of it. */
  readonly members: readonly number[];
  readonly threshold: number;
}

export interface World {
  /** All parties; the corrupt ones acknowledge everything and say anything. */
  readonly parties: readonly number[];
  readonly corrupt: readonly number[];
  /** The first is the root, which everybody holds at the start. */
  readonly proposed: readonly Proposed[];
  /**
   * `any`: everything may come at any time. `worst`: ACTIVE messages, signatures and erasing come as early as they can,
   * which is when they do most harm; only acknowledgements and certificates take their time.
   */
  readonly timing: 'any' | 'worst';
  /** Another rule than `erasable`, to see that the model notices. */
  readonly erases?: (known: readonly Generation[]) => readonly Generation[];
}

export interface State {
  /** What each honest party has on disk. */
  readonly known: ReadonlyMap<number, readonly Generation[]>;
  /** `party/epoch` of every own ACK that was ever on disk, also after its record was erased. */
  readonly acknowledged: ReadonlySet<string>;
}

export interface Step {
  readonly kind: 'acknowledge' | 'learn' | 'hear' | 'prove' | 'erase';
  readonly name: string;
  readonly state: State;
}

export function identityOf(party: number): Uint8Array {
  return new Uint8Array(32).fill(party);
}

/** An epoch of which only what generations.ts reads is there. `parent` 0: none. */
export function proposedEpoch(
  id: number,
  parent: number,
  gen: number,
  members: readonly number[],
  removes = false,
): Proposed {
  const none = new Uint8Array(0);
  const config = {
    purpose: parent === 0 ? ('KEYGEN' as const) : removes ? ('REMOVE' as const) : ('RESHARE' as const),
    threshold: 2,
    parties: members.map((party, i) => ({
      identityKey: identityOf(party),
      dealer: true,
      oldIndex: 0,
      newIndex: i + 1,
    })),
    parentEpochId: new Uint8Array(32).fill(parent),
    gen,
    walletId: new Uint8Array(32),
    exportable: false,
    oldThreshold: 2,
    publicKey: none,
    chainCodeHash: none,
    parentSharesHash: none,
  };
  const epoch: Epoch = {
    config,
    cfgHash: none,
    sid: none,
    commitments: [],
    publicKey: none,
    publicShares: [],
    chainCodeHash: none,
    digest: none,
    epochId: new Uint8Array(32).fill(id),
  };
  return { epoch, members, threshold: config.threshold };
}

export function recordOf({ epoch, members }: Proposed, party: number, state: Generation['state']): Generation {
  const { gen, parentEpochId, purpose } = epoch.config;
  const share = members.includes(party);
  const holders = members.length;
  return { epochId: epoch.epochId, parentEpochId, gen, purpose, state, share, holders, active: [], proven: false };
}

export function start(world: World): State {
  const [root] = world.proposed;
  if (root === undefined) throw new Error('a world has a root');
  const honest = world.parties.filter((party) => !world.corrupt.includes(party));
  const all = root.members.map((_, i) => i + 1);
  return {
    known: new Map(
      honest.map((party) => {
        const record = recordOf(root, party, 'certified');
        // Whoever joins later knows nothing yet.
        return [party, root.members.includes(party) ? [{ ...record, active: all }] : []] as const;
      }),
    ),
    acknowledged: new Set(honest.filter((party) => root.members.includes(party)).map((party) => ackName(party, root))),
  };
}

export function ackName(party: number, { epoch }: Proposed): string {
  return `${party}/${epoch.epochId[0] ?? 0}`;
}

/** Whether a certificate of it exists somewhere. */
export function isCertified(world: World, state: State, proposed: Proposed): boolean {
  return proposed.members.every(
    (party) => world.corrupt.includes(party) || state.acknowledged.has(ackName(party, proposed)),
  );
}

export function highestCertified(world: World, state: State): Proposed {
  const certified = world.proposed.filter((proposed) => isCertified(world, state, proposed));
  const [highest] = certified.sort((a, b) => b.epoch.config.gen - a.epoch.config.gen);
  if (highest === undefined) throw new Error('the root is certified');
  return highest;
}

/** Everything that may happen next. */
export function nextSteps(world: World, state: State): readonly Step[] {
  const steps = allSteps(world, state);
  if (world.timing === 'any') return steps;
  const slow = steps.filter(({ kind }) => kind === 'acknowledge' || kind === 'learn');
  return slow.map((step) => ({ ...step, state: hastened(world, step.state) }));
}

function hastened(world: World, state: State): State {
  const quick = allSteps(world, state).find(({ kind }) => kind !== 'acknowledge' && kind !== 'learn');
  return quick === undefined ? state : hastened(world, quick.state);
}

function allSteps(world: World, state: State): readonly Step[] {
  const steps: Step[] = [];
  for (const [party, known] of state.known) {
    for (const proposed of world.proposed) {
      steps.push(...acknowledge(state, party, known, proposed));
      if (isCertified(world, state, proposed)) steps.push(...learn(state, party, known, proposed));
    }
    for (const record of known) {
      const proposed = world.proposed.find(({ epoch }) => idOf(epoch) === idOf(record));
      if (proposed !== undefined) steps.push(...hear(world, state, party, known, record, proposed));
    }
    // One file at a time: a crash may come between two.
    for (const record of (world.erases ?? erasable)(known)) {
      const rest = known.filter((other) => other !== record);
      steps.push({ kind: 'erase', name: `${party} erases ${record.gen}`, state: withKnown(state, party, rest) });
    }
  }
  return steps;
}

function acknowledge(state: State, party: number, known: readonly Generation[], proposed: Proposed): readonly Step[] {
  if (!proposed.members.includes(party) || !mayAcknowledge(known, proposed.epoch.config).ok) return [];
  const { known: all, acknowledged } = withKnown(state, party, [...known, recordOf(proposed, party, 'prepared')]);
  const acks = new Set([...acknowledged, ackName(party, proposed)]);
  const name = `${party} acknowledges ${proposed.epoch.config.gen}`;
  return [{ kind: 'acknowledge', name, state: { known: all, acknowledged: acks } }];
}

/** A certificate arrives, as such or as the last missing ACK. */
function learn(state: State, party: number, known: readonly Generation[], proposed: Proposed): readonly Step[] {
  const { epoch } = proposed;
  const effect = onCertificate(known, epoch, identityOf(party));
  if (effect === 'share-lost' || effect === 'fork' || effect === 'abandoned') {
    throw new Error(`${party} is told that its share of generation ${epoch.config.gen} is ${effect}`);
  }
  const name = `${party} learns of ${epoch.config.gen}`;
  if (effect === 'follow') {
    const after = withKnown(state, party, [...known, recordOf(proposed, party, 'certified')]);
    return [{ kind: 'learn', name, state: after }];
  }
  if (effect !== 'activate') return [];
  const own = proposed.members.indexOf(party) + 1;
  const after = known.map((record) =>
    idOf(record) === idOf(epoch) ? { ...record, state: 'certified' as const, active: [...record.active, own] } : record,
  );
  return [{ kind: 'learn', name, state: withKnown(state, party, after) }];
}

/** Signed ACTIVE messages arrive, or a signature under this epoch and then the operator's delay. */
function hear(
  world: World,
  state: State,
  party: number,
  known: readonly Generation[],
  record: Generation,
  { epoch, members }: Proposed,
): readonly Step[] {
  const steps: Step[] = [];
  const change = (kind: Step['kind'], name: string, changed: Generation): void => {
    const after = known.map((other) => (other === record ? changed : other));
    steps.push({ kind, name, state: withKnown(state, party, after) });
  };
  const isActive = (other: number): boolean =>
    world.corrupt.includes(other) || entryOf(state, other, epoch)?.state === 'certified';
  for (const [i, other] of members.entries()) {
    if (record.active.includes(i + 1) || !isActive(other)) continue;
    const active = [...record.active, i + 1];
    change('hear', `${party} hears ${other} active in ${record.gen}`, { ...record, active });
  }
  const signers = members.filter((other) => {
    const theirs = state.known.get(other);
    return theirs === undefined || maySign(theirs, epoch.epochId).ok;
  });
  if (!record.proven && record.state === 'certified' && signers.length >= epoch.config.threshold) {
    change('prove', `${party} sees a signature of ${record.gen}`, { ...record, proven: true });
  }
  return steps;
}

function entryOf(state: State, party: number, epoch: Epoch): Generation | undefined {
  return state.known.get(party)?.find((record) => idOf(record) === idOf(epoch));
}

function idOf({ epochId }: { readonly epochId: Uint8Array }): number {
  return epochId[0] ?? 0;
}

function withKnown(state: State, party: number, known: readonly Generation[]): State {
  return { ...state, known: new Map([...state.known, [party, known]]) };
}

/** One name per state, however it was reached. */
export function keyOf({ known, acknowledged }: State): string {
  const parties = [...known].map(([party, records]) => {
    const parts = records.map(
      ({ epochId, state, active, proven }) =>
        `${epochId[0] ?? 0}${state.charAt(0)}${[...active].sort((a, b) => a - b).join('')}${proven ? '!' : ''}`,
    );
    return `${party}:${parts.sort().join(',')}`;
  });
  return `${parties.join(' ')} ${[...acknowledged].sort().join(',')}`;
}

/** What must hold at every instant; the first thing that does not. */
export function violation(world: World, state: State): string | undefined {
  const highest = highestCertified(world, state);
  const top = highest.epoch.config.gen;
  for (const proposed of world.proposed) {
    const { epoch, members } = proposed;
    if (epoch.config.gen === top && proposed !== highest && isCertified(world, state, proposed))
      return 'two of one gen';
    for (const party of members) {
      if (world.corrupt.includes(party) || epoch.config.gen < top) continue;
      const isHeld = entryOf(state, party, epoch)?.share ?? false;
      if (state.acknowledged.has(ackName(party, proposed)) && !isHeld) return `${party} erased ${epoch.config.gen}`;
    }
  }
  const holding = highest.members.filter((party) => entryOf(state, party, highest.epoch)?.share === true);
  if (holding.length < highest.threshold) return 'fewer than t honest parties hold the highest certified epoch';
  for (const [party, known] of state.known) {
    const current = currentGeneration(known);
    const frozen = known.some((record) => record.purpose === 'REMOVE' && record.gen > (current?.gen ?? 0));
    for (const record of known) {
      const allowed = maySign(known, record.epochId).ok;
      if (allowed && (record !== current || frozen)) return `${party} signs in ${record.gen}`;
    }
  }
  return undefined;
}

/**
 * In a state in which everything that was ever sent has arrived, and nothing new is proposed: what has not come
 * together. Every healed network ends in such a state, which is itself reachable.
 */
export function rift(world: World, state: State, steps: readonly Step[]): string | undefined {
  if (steps.some(({ kind }) => kind === 'learn' || kind === 'hear')) return undefined;
  const highest = highestCertified(world, state);
  for (const [party, known] of state.known) {
    const current = currentGeneration(known);
    if (current === undefined || idOf(current) !== idOf(highest.epoch)) return `${party} is elsewhere`;
  }
  return undefined;
}

/** Everything that was ever sent arrives; nothing new is proposed. */
export function healed(world: World, state: State): State {
  const step = allSteps(world, state).find(({ kind }) => kind === 'learn' || kind === 'hear');
  return step === undefined ? state : healed(world, step.state);
}
