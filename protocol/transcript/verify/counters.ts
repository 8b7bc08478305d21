/** Within one transcript the counter of a party grows from its verdict to its outcome to its close. */
import { err, ok, type Result } from '../../common/result.ts';
import type { Finding } from '../codes.ts';
import type { Answers } from './answers.ts';
import type { Statements } from './statements.ts';

interface Counted {
  readonly party: number;
  readonly counter: number;
  readonly seq: number;
}

export function checkCounters(statements: Statements, { counted }: Answers): Result<undefined, Finding> {
  const phases: readonly (readonly Counted[])[] = [
    counted.map(({ seq, value }) => ({ ...value.body, seq })),
    statements.outcomes.map(({ seq, value }) => ({ ...value.body, seq })),
    statements.closes.flatMap(({ seq, value }) => {
      const party = partyIndex(value.body.author);
      return party === undefined ? [] : [{ party, counter: value.body.counter, seq }];
    }),
  ];
  const highest = new Map<number, number>();
  for (const phase of phases) {
    const before = new Map(highest);
    for (const { party, counter, seq } of phase) {
      if (counter <= (before.get(party) ?? 0)) {
        return err({ code: 'COUNTER_ORDER', seq, message: `the counter of party ${party} does not grow` });
      }
      highest.set(party, Math.max(counter, highest.get(party) ?? 0));
    }
  }
  return ok(undefined);
}

/** The index in `party:INDEX`; undefined for an operator, which keeps no counter. */
export function partyIndex(author: string): number | undefined {
  return author.startsWith('party:') ? Number(author.slice('party:'.length)) : undefined;
}
