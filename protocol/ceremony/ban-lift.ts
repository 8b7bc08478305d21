/**
 * Lifting a ban: decided by the two key holders of the pair alone, each by a signed statement, both stored by both
 * (docs/protocol.md d.7). No operator has a say in it, and no proposal stands before it.
 */
import { equalBytes, toHex } from '../common/bytes.ts';
import type { Json } from '../common/canonical-json.ts';
import type { Result } from '../common/result.ts';
import { array, bytes, integer, object, problem, type Reader } from '../common/schema.ts';
import type { Signer } from './ed25519.ts';
import { UNIX_SECONDS } from './proposal.ts';
import { MAX_PARTIES, partyOf, type RosterBody } from './roster.ts';
import { type Envelope, openStatement, type Statement, type StatementError, signStatement } from './statement.ts';

/** Of one pair in one epoch so many bans are lifted; after the next one only a reshare helps. */
export const MAX_LIFTS = 1;

export interface BanLiftBody {
  readonly roster: Uint8Array;
  /** The epoch in which the pair is banned; bans end with their epoch. */
  readonly epochId: Uint8Array;
  /** Party indices, ascending. */
  readonly pair: readonly [number, number];
  /** The number of lifted bans of this pair in this epoch, this one included. */
  readonly counter: number;
  /** Who says it: one of the pair. */
  readonly party: number;
  readonly created: number;
}

export type BanLift = Statement<BanLiftBody>;

export function signBanLift(body: BanLiftBody, statementKey: Signer): BanLift {
  return signStatement('keymoot.ban-lift.v1', body, banLiftJson, statementKey);
}

export function openBanLift(
  envelope: Envelope,
  roster: RosterBody & { readonly digest: Uint8Array },
): Result<BanLift, StatementError> {
  return openStatement(envelope, 'keymoot.ban-lift.v1', BAN_LIFT, (body) =>
    equalBytes(body.roster, roster.digest) ? partyOf(roster, body.party)?.statementKey : undefined,
  );
}

/** The other party of the pair. */
export function peerOf({ pair, party }: BanLiftBody): number {
  return pair[0] === party ? pair[1] : pair[0];
}

/** Whether these are the two halves of one lift: the same ban of the same pair, said by both of it. */
export function isAgreed(a: BanLift, b: BanLift): boolean {
  return (
    peerOf(a.body) === b.body.party &&
    a.body.pair.join() === b.body.pair.join() &&
    a.body.counter === b.body.counter &&
    equalBytes(a.body.epochId, b.body.epochId) &&
    equalBytes(a.body.roster, b.body.roster)
  );
}

function banLiftJson(body: BanLiftBody): Json {
  return {
    counter: String(body.counter),
    created: String(body.created),
    epoch: toHex(body.epochId),
    pair: body.pair.map(String),
    party: String(body.party),
    roster: toHex(body.roster),
  };
}

const DIGEST: Reader<Uint8Array> = bytes({ length: 32 });
const INDEX: Reader<number> = integer({ min: 1, max: MAX_PARTIES });

type Written = Omit<BanLiftBody, 'epochId' | 'pair'> & {
  readonly epoch: Uint8Array;
  readonly pair: readonly number[];
};

const SHAPE: Reader<Written> = object<Written>({
  counter: integer({ min: 1, max: MAX_LIFTS }),
  created: UNIX_SECONDS,
  epoch: DIGEST,
  pair: array(INDEX, { min: 2, max: 2 }),
  party: INDEX,
  roster: DIGEST,
});

const BAN_LIFT: Reader<BanLiftBody> = (value, field) => {
  const { epoch, pair, ...rest } = SHAPE(value, field);
  const [first = 0, second = 0] = pair;
  if (first >= second) problem('pair', 'must be two parties in order of index');
  if (rest.party !== first && rest.party !== second) problem('party', 'must be one of the pair');
  return { ...rest, epochId: epoch, pair: [first, second] };
};
