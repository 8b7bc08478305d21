/**
 * Who takes part in a session, by the number that its envelopes carry: the party index in a signing, the pid in a run
 * that makes or changes a key. A reshare also has members that are not of this roster.
 */
import type { AbortReport } from '../../protocol/ceremony/outcome.ts';
import { partyOf, type RosterBody } from '../../protocol/ceremony/roster.ts';
import type { RunPlan } from '../../protocol/ceremony/run-plan.ts';
import type { Abort } from '../../protocol/threshold/errors.ts';

export interface CrewMember {
  /** As envelopes name it. */
  readonly number: number;
  /** As the link names it: `party:INDEX`, `joining:INDEX`. */
  readonly name: string;
  readonly identityKey: Uint8Array;
  /** As outcomes name it in their rows of point-to-point messages. */
  readonly row: number;
  /** Index in the current roster, or absent. */
  readonly party?: number | undefined;
  /** Index in the next roster, of who is not in the current one. */
  readonly joining?: number | undefined;
}

export class Crew {
  readonly members: readonly CrewMember[];

  constructor(members: readonly CrewMember[]) {
    this.members = members;
  }

  member(number: number): CrewMember | undefined {
    return this.members.find((member) => member.number === number);
  }

  /** Culprits as statements name them. */
  report(abort: Abort): AbortReport {
    const culprits = abort.culprits.flatMap((number) => this.member(number) ?? []);
    const parties = culprits.flatMap(({ party }) => party ?? []).sort((a, b) => a - b);
    const joining = culprits.flatMap((member) => member.joining ?? []).sort((a, b) => a - b);
    const { check, failure } = abort;
    return { failure, check, culprits: parties, ...(joining.length === 0 ? {} : { joining }) };
  }
}

/** Of a signing, or anything else that counts by party index. */
export function crewOfParties(roster: RosterBody, indices: readonly number[]): Crew {
  return new Crew(
    indices.flatMap((index) => {
      const party = partyOf(roster, index);
      if (party === undefined) return [];
      return [{ number: index, name: `party:${index}`, identityKey: party.statementKey, row: index, party: index }];
    }),
  );
}

/** Of a keygen, an import or a reshare. Outcomes of a reshare keep pids, since not everybody has an index here. */
export function crewOfRun(plan: RunPlan): Crew {
  const isReshare = plan.parent !== undefined;
  return new Crew(
    plan.members.map(({ identityKey, joining, name, party, pid }) => ({
      number: pid,
      name,
      identityKey,
      row: isReshare ? pid : (party ?? pid),
      party,
      joining,
    })),
  );
}
