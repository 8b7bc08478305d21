/**
 * "My last message for this attempt has not left and never will." A party that consented, or might have, says so when
 * the attempt is over without it, so that the limits of all are charged no longer (docs/limits.md). No decision rests on
 * it but that one, so it is no ceremony statement and uses no counter.
 */
import { toHex } from '../common/bytes.ts';
import type { Json } from '../common/canonical-json.ts';
import type { Result } from '../common/result.ts';
import { bytes, integer, object, type Reader } from '../common/schema.ts';
import type { Signer } from './ed25519.ts';
import type { Ceremony } from './lifecycle.ts';
import { MAX_ATTEMPTS, UNIX_SECONDS } from './proposal.ts';
import { MAX_PARTIES, partyOf, type RosterBody } from './roster.ts';
import { type Envelope, openStatement, type Statement, type StatementError, signStatement } from './statement.ts';

export interface SettlementBody {
  readonly proposal: Uint8Array;
  readonly attempt: number;
  readonly party: number;
  /** Unix seconds. */
  readonly created: number;
}

export type Settlement = Statement<SettlementBody>;

export function signSettlement(body: SettlementBody, statementKey: Signer): Settlement {
  return signStatement('keymoot.settlement.v1', body, settlementJson, statementKey);
}

export function openSettlement(envelope: Envelope, roster: RosterBody): Result<Settlement, StatementError> {
  return openStatement(
    envelope,
    'keymoot.settlement.v1',
    SETTLEMENT,
    (body) => partyOf(roster, body.party)?.statementKey,
  );
}

/**
 * Whether an attempt is proven to have released nothing: every party has rejected it, has signed an outcome that says
 * so, or a settlement. As many parties sign as the threshold says, and fewer than that are corrupt, so an honest one was
 * among any that signed, and would have said otherwise.
 *
 * @param settled the parties with a settlement for this attempt
 */
export function hasReleasedNothing(ceremony: Ceremony, roster: RosterBody, settled: ReadonlySet<number>): boolean {
  return roster.parties.every(({ index }) => {
    const outcome = ceremony.outcomes.get(index)?.body;
    if (outcome !== undefined) return !outcome.released && outcome.signature === undefined;
    return settled.has(index) || ceremony.verdicts.get(index)?.body.decision === 'reject';
  });
}

function settlementJson(body: SettlementBody): Json {
  return {
    attempt: String(body.attempt),
    created: String(body.created),
    party: String(body.party),
    proposal: toHex(body.proposal),
  };
}

const SETTLEMENT: Reader<SettlementBody> = object<SettlementBody>({
  attempt: integer({ min: 1, max: MAX_ATTEMPTS }),
  created: UNIX_SECONDS,
  party: integer({ min: 1, max: MAX_PARTIES }),
  proposal: bytes({ length: 32 }),
});
