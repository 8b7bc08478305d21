/**
 * Before this node consents to anything after a start, peers tell it the highest counter they hold a statement of. A
 * node that was restored from an old disk learns that it said more than it remembers, and stays silent from then on.
 */
import { countedBy, openHeads, signHeads } from '../../protocol/ceremony/heads.ts';
import { partyOf } from '../../protocol/ceremony/roster.ts';
import { type Envelope, parseEnvelope } from '../../protocol/ceremony/statement.ts';
import { equalBytes } from '../../protocol/common/bytes.ts';
import type { NodeContext } from '../context.ts';

export class HeadsWatch {
  readonly #node: NodeContext;
  readonly #heardFrom = new Set<number>();
  /** The counter at this start: what this process signs itself is no news. */
  readonly #counterAtStart: number;
  readonly #alarmed: (why: string) => void;
  #alarm: string | undefined;

  /** @param alarmed told once a peer has shown that this node's memory is older than its word */
  constructor(node: NodeContext, alarmed: (why: string) => void = () => undefined) {
    this.#node = node;
    this.#alarmed = alarmed;
    this.#counterAtStart = node.journal.state.counter;
  }

  /** Why this node must not answer; undefined if it may. */
  heldBack(): string | undefined {
    if (this.#alarm !== undefined) return this.#alarm;
    const needed = this.#node.roster.threshold - 1;
    if (this.#heardFrom.size >= needed) return undefined;
    return `this node has yet to compare its counter with ${needed - this.#heardFrom.size} other part${needed === 1 ? 'y' : 'ies'}`;
  }

  /** What this node remembers of a party that has just connected. */
  async greet(party: number): Promise<void> {
    const { clock, journal, members, roster, self, signer } = this.#node;
    if (self === 0) return; // A guest signs nothing under this roster.
    const key = roster.parties.find((candidate) => candidate.index === party)?.statementKey;
    const known = key === undefined ? undefined : journal.state.peerCounter(key);
    const highest = known === undefined ? undefined : parseEnvelope(known.statement);
    const body = { party: self, about: party, highest: highest?.ok ? highest.value : undefined, created: clock.now() };
    const statement = signHeads(body, signer);
    await members().send(`party:${party}`, { kind: 'statement', envelope: statement.envelope.bytes });
  }

  /**
   * @param from who sent it; a party speaks for itself here, since what it once said could be shown again by others
   * @returns whether the node may answer now and could not before
   */
  receive(envelope: Envelope, from: string): boolean {
    const { note, roster, self } = this.#node;
    const heads = openHeads(envelope, roster);
    if (!heads.ok || heads.value.body.about !== self || heads.value.body.party === self) return false;
    if (from !== `party:${heads.value.body.party}`) return false;
    const before = this.heldBack();
    const { highest, party } = heads.value.body;
    const counter = highest === undefined ? 0 : this.#ownCounter(highest);
    if (counter > this.#known()) {
      const isFirst = this.#alarm === undefined;
      this.#alarm = `party ${party} holds a statement of this node with counter ${counter}, but this node knows ${this.#known()} only: its disk was rolled back or copied`;
      note('ROLLBACK_SUSPECTED', this.#alarm);
      if (isFirst) this.#alarmed('this node may exist twice');
      return false;
    }
    this.#heardFrom.add(party);
    return before !== undefined && this.heldBack() === undefined;
  }

  /** Keeps the proof of the highest counter of a peer. */
  async remember(envelope: Envelope): Promise<void> {
    const { journal, roster, self } = this.#node;
    const counted = countedBy(envelope, roster);
    if (counted === undefined || counted.party === self) return;
    const key = roster.parties.find((candidate) => candidate.index === counted.party)?.statementKey;
    if (key === undefined || counted.counter <= (journal.state.peerCounter(key)?.counter ?? 0)) return;
    await journal.record({
      type: 'peer-counter',
      party: counted.party,
      statementKey: key,
      counter: counted.counter,
      statement: envelope.bytes,
    });
  }

  /** The counter in a statement of this party, under whichever roster it was said; 0 if it is not one. */
  #ownCounter(envelope: Envelope): number {
    const { roster, rosters, statementKey } = this.#node;
    for (const candidate of [roster, ...rosters.past]) {
      const counted = countedBy(envelope, candidate);
      const author = counted === undefined ? undefined : partyOf(candidate, counted.party);
      if (counted !== undefined && author !== undefined && equalBytes(author.statementKey, statementKey)) {
        return counted.counter;
      }
    }
    return 0;
  }

  #known(): number {
    return Math.max(this.#counterAtStart, this.#node.journal.state.counter);
  }
}
