/**
 * The start: which t consenters sign, and what every one of the n parties answered. Any roster member may compose it;
 * it carries no authority of its own, since every signer verifies all consents behind it for itself.
 */
import { toHex } from '../common/bytes.ts';
import type { Json } from '../common/canonical-json.ts';
import type { Result } from '../common/result.ts';
import { array, bytes, integer, literal, object, optional, type Reader, text } from '../common/schema.ts';
import type { PublicKey, Signer } from './ed25519.ts';
import { MAX_ATTEMPTS, UNIX_SECONDS } from './proposal.ts';
import { MAX_PARTIES, operatorOf, partyOf, type RosterBody } from './roster.ts';
import { type Envelope, openStatement, type Statement, type StatementError, signStatement } from './statement.ts';

/** How one party stands towards the proposal at the moment of starting. */
export interface Standing {
  readonly party: number;
  readonly answer: 'consent' | 'reject' | 'unreachable';
  /** Digest of its verdict statement; absent if unreachable. */
  readonly verdict?: Uint8Array | undefined;
}

export interface StartBody {
  readonly proposal: Uint8Array;
  readonly attempt: number;
  /** `operator:NAME` or `party:INDEX`. */
  readonly composer: string;
  readonly created: number;
  /**
   * Ascending, all of them consenters: exactly t in a signing, all that must agree in every other kind
   * (agreement.ts). Who joins in a reshare is not of this roster and not listed.
   */
  readonly signers: readonly number[];
  /** One for each of the n parties, ascending. */
  readonly standings: readonly Standing[];
  /** The digest all consents name. */
  readonly digest: Uint8Array;
  readonly sessionId: Uint8Array;
}

export type Start = Statement<StartBody>;

export function signStart(body: StartBody, key: Signer): Start {
  return signStatement('keymoot.start.v1', body, startJson, key);
}

export function openStart(envelope: Envelope, roster: RosterBody): Result<Start, StatementError> {
  return openStatement(envelope, 'keymoot.start.v1', START, (body) => memberKey(roster, body.composer));
}

/** The statement key behind `operator:NAME` or `party:INDEX`. */
export function memberKey(roster: RosterBody, member: string): PublicKey | undefined {
  const [role, name = ''] = member.split(':');
  if (role === 'operator') return operatorOf(roster, name)?.key;
  return partyOf(roster, Number(name))?.statementKey;
}

export const MEMBER: Reader<string> = text({ max: 60, pattern: /^(operator:[a-z0-9][a-z0-9-]*|party:[1-9][0-9]?)$/ });

function startJson(body: StartBody): Json {
  return {
    attempt: String(body.attempt),
    composer: body.composer,
    created: String(body.created),
    digest: toHex(body.digest),
    proposal: toHex(body.proposal),
    sessionId: toHex(body.sessionId),
    signers: body.signers.map(String),
    standings: body.standings.map((standing) => ({
      answer: standing.answer,
      party: String(standing.party),
      ...(standing.verdict === undefined ? {} : { verdict: toHex(standing.verdict) }),
    })),
  };
}

const DIGEST: Reader<Uint8Array> = bytes({ length: 32 });
const INDEX: Reader<number> = integer({ min: 1, max: MAX_PARTIES });

const STANDING: Reader<Standing> = object<Standing>({
  answer: literal('consent', 'reject', 'unreachable'),
  party: INDEX,
  verdict: optional(DIGEST),
});

const START: Reader<StartBody> = object<StartBody>({
  attempt: integer({ min: 1, max: MAX_ATTEMPTS }),
  composer: MEMBER,
  created: UNIX_SECONDS,
  digest: DIGEST,
  proposal: DIGEST,
  sessionId: DIGEST,
  signers: array(INDEX, { min: 1, max: MAX_PARTIES }),
  standings: array(STANDING, { min: 2, max: MAX_PARTIES }),
});
