/** One member's signature under a finished transcript: it holds these entries, in this order, and no more will come. */
import { toHex } from '../common/bytes.ts';
import type { Json } from '../common/canonical-json.ts';
import type { Result } from '../common/result.ts';
import { bytes, integer, literal, object, type Reader } from '../common/schema.ts';
import type { Signer } from './ed25519.ts';
import { UNIX_SECONDS } from './proposal.ts';
import type { RosterBody } from './roster.ts';
import { MEMBER, memberKey } from './start.ts';
import { type Envelope, openStatement, type Statement, type StatementError, signStatement } from './statement.ts';

/** How a ceremony ended: by a signature or key, refused by the parties, or aborted on the way. */
export type Ending = 'completed' | 'refused' | 'aborted';

export interface CloseBody {
  readonly proposal: Uint8Array;
  readonly author: string;
  readonly ending: Ending;
  /** Number of entries before the first close. */
  readonly entries: number;
  /** Hash of the last of them. */
  readonly head: Uint8Array;
  /** RFC 6962 Merkle root over them. */
  readonly root: Uint8Array;
  /** The author's statement counter; 0 for an operator, which keeps none. */
  readonly counter: number;
  readonly created: number;
}

export type Close = Statement<CloseBody>;

export function signClose(body: CloseBody, key: Signer): Close {
  return signStatement('keymoot.close.v1', body, closeJson, key);
}

export function openClose(envelope: Envelope, roster: RosterBody): Result<Close, StatementError> {
  return openStatement(envelope, 'keymoot.close.v1', CLOSE, (body) => memberKey(roster, body.author));
}

function closeJson(body: CloseBody): Json {
  return {
    author: body.author,
    counter: String(body.counter),
    created: String(body.created),
    ending: body.ending,
    entries: String(body.entries),
    head: toHex(body.head),
    proposal: toHex(body.proposal),
    root: toHex(body.root),
  };
}

const DIGEST: Reader<Uint8Array> = bytes({ length: 32 });

const CLOSE: Reader<CloseBody> = object<CloseBody>({
  author: MEMBER,
  counter: integer({ max: 9_007_199_254_740_991 }),
  created: UNIX_SECONDS,
  ending: literal('completed', 'refused', 'aborted'),
  entries: integer({ min: 2, max: 100_000 }),
  head: DIGEST,
  proposal: DIGEST,
  root: DIGEST,
});
