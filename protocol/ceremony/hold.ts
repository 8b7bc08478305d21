/**
 * Why a node keeps a proposal waiting that it would otherwise show for approval: not a judgement, but something that its
 * key holder has to do first. Nothing is signed meanwhile, and another's veto still counts.
 */
import { equalBytes } from '../common/bytes.ts';
import type { ProposalBody } from './proposal.ts';
import { partyOf, type Roster } from './roster.ts';
import { partyByKey } from './roster-change.ts';
import type { VerdictReason } from './verdict-statement.ts';

/**
 * @param self index of this party in `roster`; 0 for who joins, which signs no statement here but takes no part either
 * @param adopted the successor of the roster whose fingerprint the key holder has confirmed here, if any
 */
export function heldBack(
  body: ProposalBody,
  roster: Roster,
  self: number,
  adopted: Roster | undefined,
): VerdictReason | undefined {
  if (body.ceremony !== 'reshare' || body.next === undefined) return undefined;
  const { next } = body;
  const own = partyOf(roster, self);
  // Who leaves has nothing to adopt; it compares the fingerprint on the screen.
  if (own !== undefined && partyByKey(next, own.statementKey) === undefined) return undefined;
  if (adopted !== undefined && equalBytes(adopted.digest, next.digest)) return undefined;
  const what = adopted === undefined ? 'no successor of the roster has' : 'another successor of the roster has';
  return {
    code: 'SUCCESSOR_NOT_ADOPTED',
    detail: `${what} been adopted here; compare its fingerprint and adopt it first`,
  };
}
