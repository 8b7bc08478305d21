/**
 * Who is proven guilty of what: by the evidence that signers show with their outcomes, and by what stands in the
 * transcript anyway. Guilt changes nothing about whether a transcript verifies. Evidence that proves nothing, or that
 * nobody is shown, is held against whoever signed the outcome that names it, as a finding and not as guilt.
 */
import type { Evidence } from '../../ceremony/evidence/document.ts';
import { gatherEvidence } from '../../ceremony/evidence/gather.ts';
import { judgeEvidence } from '../../ceremony/evidence/judge.ts';
import type { Ceremony } from '../../ceremony/lifecycle.ts';
import type { Roster } from '../../ceremony/roster.ts';
import type { Wallet } from '../../ceremony/wallet.ts';
import { toHex } from '../../common/bytes.ts';
import type { Documents } from './documents.ts';
import type { Parts } from './parts.ts';
import type { Started } from './start.ts';
import type { Statements } from './statements.ts';

export interface Accusation {
  /** `guilty`: proven to anybody. `unfounded`: its author shows evidence that proves nothing, or names what it keeps back. */
  readonly verdict: 'guilty' | 'unfounded';
  /** `party:INDEX`, `operator:NAME`, `joining:INDEX`; of an unfounded one, who brought it. */
  readonly member: Evidence['accused'];
  /** The check that failed; empty for an unfounded one. */
  readonly check: string;
  readonly message: string;
  /** Parties whose outcomes show the evidence; none if the transcript itself is the evidence. */
  readonly shownBy: readonly number[];
}

export interface Accused {
  readonly statements: Statements;
  readonly documents: Documents;
  readonly parts: Parts;
  readonly ceremony: Ceremony;
  readonly started: Started | undefined;
  readonly roster: Roster;
  /** The wallet that the proposal names. */
  readonly wallet: Wallet | undefined;
  /** Of a completed ceremony the round messages have passed every check already. */
  readonly completed: boolean;
}

export function accusations(told: Accused): readonly Accusation[] {
  const { ceremony, completed, documents, parts, roster, started, statements, wallet } = told;
  const found = new Map<string, Accusation>();
  const unfounded: Accusation[] = [];
  for (const { value } of statements.outcomes) {
    const { evidence = [], party } = value.body;
    for (const digest of evidence) {
      const document = documents.evidence.get(toHex(digest))?.value;
      const judged = document === undefined ? undefined : judgeEvidence(document, roster);
      if (judged?.ok === true) {
        const { accused, check, message } = judged.value;
        add(found, { verdict: 'guilty', member: accused, check, message, shownBy: [party] });
        continue;
      }
      const message =
        judged === undefined
          ? `party ${party} names evidence that it does not show`
          : `party ${party} shows evidence that proves nothing: ${judged.error.message}`;
      unfounded.push({ verdict: 'unfounded', member: `party:${party}`, check: '', message, shownBy: [party] });
    }
  }
  const seen = {
    roster,
    ceremony: started === undefined ? ceremony : { ...ceremony, start: started.start },
    envelopes: completed ? [] : parts.rounds.map(({ value }) => value.bytes),
    ...(wallet === undefined ? {} : { wallet: wallet.document }),
  };
  for (const { guilt } of gatherEvidence(seen)) {
    const { accused, check, message } = guilt;
    add(found, { verdict: 'guilty', member: accused, check, message, shownBy: [] });
  }
  return [...found.values(), ...unfounded];
}

/** One guilt, whoever shows it. */
function add(found: Map<string, Accusation>, accusation: Accusation): void {
  const name = `${accusation.member} ${accusation.check}`;
  const known = found.get(name);
  const shownBy = [...new Set([...(known?.shownBy ?? []), ...accusation.shownBy])].sort((a, b) => a - b);
  found.set(name, { ...accusation, shownBy });
}
