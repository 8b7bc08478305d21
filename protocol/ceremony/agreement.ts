/**
 * Who must agree to what. A signing needs t of n by policy; whatever makes, changes or hands over a key needs every
 * party that it concerns, by hand (design: ceremonies).
 */

import type { ExportProposal, ImportProposal, ProposalBody, ReshareProposal } from './proposal.ts';
import type { RosterBody } from './roster.ts';
import { partyByKey } from './roster-change.ts';

export type KeyChangeProposal = ReshareProposal | ImportProposal | ExportProposal;

/** Ways to steal a key, if they could be had quietly: announced before they are done, and every party may veto. */
export function isKeyChange(body: ProposalBody): body is KeyChangeProposal {
  return body.ceremony === 'reshare' || body.ceremony === 'import' || body.ceremony === 'export';
}

/**
 * The parties of the current roster, ascending, whose consent by hand is needed; consents of others do not count. They
 * are also the signers of a start, who report an outcome. `undefined` for a signing, where any t consenters will do.
 *
 * Of a reshare: who stays, and who deals. A removed party's consent is not needed unless it deals, since nobody deals
 * against its own will; and a party whose share is restored from a backup is not there to be asked.
 */
export function mustAgree(body: ProposalBody, roster: RosterBody): readonly number[] | undefined {
  if (body.ceremony === 'sign') return undefined;
  const all = roster.parties.map((party) => party.index);
  if (body.ceremony !== 'reshare') return all;
  const { dealers, next, restored = [] } = body;
  if (next === undefined) return all;
  const lost = restored.map((item) => item.oldIndex);
  return roster.parties.flatMap(({ index, statementKey }) => {
    const stays = partyByKey(next, statementKey) !== undefined;
    const deals = dealers.includes(index) && !lost.includes(index);
    return stays || deals ? [index] : [];
  });
}

/** How many parties of the current roster sign: t of the consenters, or all that must agree. */
export function signerCount(body: ProposalBody, roster: RosterBody): number {
  return mustAgree(body, roster)?.length ?? roster.threshold;
}

/** Consents wait this long for their session, in seconds; then they are void and have to be given again. */
export const CONSENT_LIFE = 3600;

/** When a consent given at `now` ends: what is announced for days is agreed to for days. */
export function consentExpiry(body: ProposalBody, now: number): number {
  return isKeyChange(body) ? body.expires : Math.min(body.expires, now + CONSENT_LIFE);
}
