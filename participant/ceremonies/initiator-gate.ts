/** Nobody decides by hand about an own request: what needs a key holder's hand is not answered by who proposed it. */
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import type { Judgement } from '../../protocol/ceremony/judgement.ts';
import { isProposer } from '../../protocol/ceremony/quorum.ts';
import { partyOf, type RosterBody } from '../../protocol/ceremony/roster.ts';
import type { VerdictReason } from '../../protocol/ceremony/verdict-statement.ts';
import type { Gate } from './gate.ts';

export class InitiatorGate implements Gate {
  readonly #roster: RosterBody;
  readonly #self: number;

  constructor(roster: RosterBody, self: number) {
    this.#roster = roster;
    this.#self = self;
  }

  hold(entry: BookEntry, { judgement, obligations }: Judgement): VerdictReason | undefined {
    if (judgement !== 'require' || obligations?.holder !== true) return undefined;
    if (!isProposer(entry.ceremony.proposal.body, this.#roster, this.#self)) return undefined;
    return {
      code: 'INITIATOR_IS_HOLDER',
      detail: `${partyOf(this.#roster, this.#self)?.person ?? ''} proposed it, and does not decide about it as a key holder; other parties do`,
    };
  }

  veto(): undefined {
    return undefined;
  }

  mayContinue(): true {
    return true;
  }
}
