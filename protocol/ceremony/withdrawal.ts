/** Takes a proposal back: by the operator who made it, or by any party, before the last round message has left. */
import { toHex } from '../common/bytes.ts';
import type { Json } from '../common/canonical-json.ts';
import type { Result } from '../common/result.ts';
import { bytes, integer, object, type Reader, text } from '../common/schema.ts';
import type { Signer } from './ed25519.ts';
import { MAX_ATTEMPTS, UNIX_SECONDS } from './proposal.ts';
import type { RosterBody } from './roster.ts';
import { MEMBER, memberKey } from './start.ts';
import { type Envelope, openStatement, type Statement, type StatementError, signStatement } from './statement.ts';

export interface WithdrawalBody {
  readonly proposal: Uint8Array;
  readonly attempt: number;
  /** `operator:NAME` or `party:INDEX`. */
  readonly author: string;
  readonly reason: string;
  readonly created: number;
}

export type Withdrawal = Statement<WithdrawalBody>;

export function signWithdrawal(body: WithdrawalBody, key: Signer): Withdrawal {
  return signStatement('keymoot.withdrawal.v1', body, withdrawalJson, key);
}

export function openWithdrawal(envelope: Envelope, roster: RosterBody): Result<Withdrawal, StatementError> {
  return openStatement(envelope, 'keymoot.withdrawal.v1', WITHDRAWAL, (body) => memberKey(roster, body.author));
}

function withdrawalJson(body: WithdrawalBody): Json {
  return {
    attempt: String(body.attempt),
    author: body.author,
    created: String(body.created),
    proposal: toHex(body.proposal),
    reason: body.reason,
  };
}

const WITHDRAWAL: Reader<WithdrawalBody> = object<WithdrawalBody>({
  attempt: integer({ min: 1, max: MAX_ATTEMPTS }),
  author: MEMBER,
  created: UNIX_SECONDS,
  proposal: bytes({ length: 32 }),
  reason: text({ max: 140 }),
});
