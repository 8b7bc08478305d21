/**
 * What one party remembers of another: the highest statement counter it ever saw. A party that was restored from an
 * old disk learns from its peers that it already said more than it knows, and stops consenting. Only the party's own
 * signed statement proves a counter, so the proof travels along.
 */
import type { Json } from '../common/canonical-json.ts';
import type { Result } from '../common/result.ts';
import { integer, object, optional, type Reader } from '../common/schema.ts';
import { openClose } from './close.ts';
import type { Signer } from './ed25519.ts';
import { openOutcome } from './outcome.ts';
import { UNIX_SECONDS } from './proposal.ts';
import { MAX_PARTIES, partyOf, type RosterBody } from './roster.ts';
import {
  ENVELOPE,
  type Envelope,
  envelopeJson,
  openStatement,
  type Statement,
  type StatementError,
  signStatement,
} from './statement.ts';
import { openVerdict } from './verdict-statement.ts';

export interface HeadsBody {
  readonly party: number;
  /** The party this is about, and to which it is sent. */
  readonly about: number;
  /** The statement of `about` with the highest counter seen; absent if none was seen. */
  readonly highest?: Envelope | undefined;
  readonly created: number;
}

export type Heads = Statement<HeadsBody>;

export function signHeads(body: HeadsBody, statementKey: Signer): Heads {
  return signStatement('keymoot.heads.v1', body, headsJson, statementKey);
}

export function openHeads(envelope: Envelope, roster: RosterBody): Result<Heads, StatementError> {
  return openStatement(envelope, 'keymoot.heads.v1', HEADS, (body) => partyOf(roster, body.party)?.statementKey);
}

function headsJson(body: HeadsBody): Json {
  return {
    about: String(body.about),
    created: String(body.created),
    ...(body.highest === undefined ? {} : { highest: envelopeJson(body.highest) }),
    party: String(body.party),
  };
}

const INDEX: Reader<number> = integer({ min: 1, max: MAX_PARTIES });

const HEADS: Reader<HeadsBody> = object<HeadsBody>({
  about: INDEX,
  created: UNIX_SECONDS,
  highest: optional(ENVELOPE),
  party: INDEX,
});

/** The author and counter of a counted statement of a party; undefined if it is none, or does not verify. */
export function countedBy(
  envelope: Envelope,
  roster: RosterBody,
): { readonly party: number; readonly counter: number } | undefined {
  switch (envelope.type) {
    case 'keymoot.verdict.v1':
      return partyAndCounter(openVerdict(envelope, roster));
    case 'keymoot.outcome.v1':
      return partyAndCounter(openOutcome(envelope, roster));
    case 'keymoot.close.v1': {
      const close = openClose(envelope, roster);
      const [role, index] = close.ok ? close.value.body.author.split(':') : [];
      return close.ok && role === 'party' ? { party: Number(index), counter: close.value.body.counter } : undefined;
    }
    default:
      return undefined;
  }
}

function partyAndCounter(
  opened: Result<Statement<{ readonly party: number; readonly counter: number }>, StatementError>,
): { readonly party: number; readonly counter: number } | undefined {
  return opened.ok ? { party: opened.value.body.party, counter: opened.value.body.counter } : undefined;
}
