/**
 * Who has said of which attempt that nothing of it has left and never will. Kept in the log and passed on, so that every
 * party comes to the same conclusion; what is concluded is in the journal.
 */
import { openSettlement, type Settlement, signSettlement } from '../../protocol/ceremony/settlement.ts';
import { type Envelope, parseEnvelope } from '../../protocol/ceremony/statement.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import type { NodeContext } from '../context.ts';

/** Kind of the log records that hold a settlement, own ones and those of others. */
export const LOG_SETTLEMENT = 'settlement';
/** Who connects hears those of so many seconds: as long as a proposal can live, and a week of being away. */
const RETOLD = 14 * 86_400;

export type SettlementsNode = Pick<
  NodeContext,
  'book' | 'clock' | 'exchange' | 'journal' | 'members' | 'roster' | 'self' | 'signer'
>;

export class Settlements {
  readonly #node: SettlementsNode;
  /** By proposal and attempt, then by party: one each. */
  readonly #known = new Map<string, Map<number, Settlement>>();

  /** @param kept envelopes in the log */
  constructor(node: SettlementsNode, kept: readonly Uint8Array[]) {
    this.#node = node;
    for (const bytes of kept) {
      const envelope = parseEnvelope(bytes);
      const settlement = envelope.ok ? openSettlement(envelope.value, node.roster) : envelope;
      if (settlement.ok) this.#keep(settlement.value);
    }
  }

  /** The parties that have settled an attempt. */
  of(proposal: Uint8Array, attempt: number): ReadonlySet<number> {
    return new Set(this.#known.get(nameOf(proposal, attempt))?.keys());
  }

  /** Says it, for good: it is in the journal first. Call it inside `exclusively`. @returns whether it was said now */
  async say(proposal: Uint8Array, attempt: number): Promise<boolean> {
    const { clock, journal, self, signer } = this.#node;
    if (this.of(proposal, attempt).has(self)) return false;
    if (!journal.state.isSettled(proposal, attempt)) {
      const done = await journal.update(() => {
        return { ok: true, value: { record: { type: 'settled', proposal, attempt }, value: undefined } };
      });
      // Something was released after all; who is charged for it stays charged.
      if (!done.ok) return false;
    }
    await this.#publish(signSettlement({ proposal, attempt, party: self, created: clock.now() }, signer), undefined);
    return true;
  }

  /** That of another party. Call it inside `exclusively`. @returns the proposal, if it was new */
  async receive(envelope: Envelope, from: string): Promise<Uint8Array | undefined> {
    const { book, roster, self } = this.#node;
    const settlement = openSettlement(envelope, roster);
    if (!settlement.ok) return undefined;
    const { attempt, party, proposal } = settlement.value.body;
    // An own one that only others remember: the journal decides what this party has said.
    if (party === self && !this.#node.journal.state.isSettled(proposal, attempt)) return undefined;
    const body = book.get(proposal)?.ceremony.proposal.body;
    if (body?.ceremony !== 'sign' || body.attempt !== attempt || this.of(proposal, attempt).has(party)) {
      return undefined;
    }
    await this.#publish(settlement.value, from);
    return proposal;
  }

  /** Whoever connects may have missed some. */
  async greet(member: string): Promise<void> {
    const { clock, members } = this.#node;
    const since = clock.now() - RETOLD;
    const recent = [...this.#known.values()].flatMap((byParty) =>
      [...byParty.values()].filter(({ body }) => body.created >= since),
    );
    for (const { envelope } of recent) await members().send(member, { kind: 'statement', envelope: envelope.bytes });
  }

  async #publish(settlement: Settlement, from: string | undefined): Promise<void> {
    const { exchange, members } = this.#node;
    await exchange.keep(LOG_SETTLEMENT, settlement.envelope.bytes);
    this.#keep(settlement);
    const frame = { kind: 'statement', envelope: settlement.envelope.bytes } as const;
    void members().sendAll(frame, (member) => member !== from && member.startsWith('party:'));
  }

  #keep(settlement: Settlement): void {
    const { attempt, party, proposal } = settlement.body;
    const name = nameOf(proposal, attempt);
    const byParty = this.#known.get(name) ?? new Map<number, Settlement>();
    if (!byParty.has(party)) byParty.set(party, settlement);
    this.#known.set(name, byParty);
  }
}

function nameOf(proposal: Uint8Array, attempt: number): string {
  return `${toHex(proposal)}/${attempt}`;
}
