/** Broadcasts of one signer that no honest signer sends: judged by themselves, whatever the session was about. */
import { equalBytes } from '../../common/bytes.ts';
import { err, ok, type Result } from '../../common/result.ts';
import { curve } from '../../threshold/curve/accelerated.ts';
import { readScalar } from '../../threshold/math/scalar.ts';
import { type ParsedEnvelope, verifyEnvelope } from '../../threshold/rounds/envelope.ts';
import { type OpenBody, readCommit, readOpen, readShare, SIGN } from '../../threshold/sign/messages.ts';
import { nonceCommitment } from '../../threshold/sign/session.ts';
import { verify } from '../ed25519.ts';
import { partyOf, type Roster } from '../roster.ts';
import type { Proven } from './document.ts';

/**
 * S1: a broadcast of the wrong length, with an invalid point or scalar. S2: a nonce point that does not open the
 * commitment. Both need nothing but the accused's own signed messages of one session.
 */
export function judgeSigning(
  accused: string,
  envelopes: readonly ParsedEnvelope[],
  roster: Roster,
): Result<readonly Proven[], string> {
  const [role, name = ''] = accused.split(':');
  const index = Number(name);
  const party = role === 'party' ? partyOf(roster, index) : undefined;
  const [first] = envelopes;
  if (party === undefined || first === undefined) return err('signing is done by parties of the roster');
  for (const envelope of envelopes) {
    const isRound = envelope.type === SIGN && envelope.round >= 1 && envelope.round <= 3;
    if (!isRound || envelope.from !== index || !equalBytes(envelope.sid, first.sid)) {
      return err('the messages are not of one signer in one session');
    }
    if (!verifyEnvelope(envelope, party.statementKey, verify)) return err('a message is not signed by the accused');
  }
  const malformed = envelopes.find((envelope) => !isWellFormed(envelope));
  if (malformed !== undefined) {
    const message = `${accused} sent a malformed message in round ${malformed.round} of a signing`;
    return ok([{ accused, check: 'S1', message }]);
  }
  const commit = envelopes.find(({ round }) => round === 1);
  const opening = envelopes.find(({ round }) => round === 2);
  const body = opening && readOpen(opening.body);
  if (commit === undefined || body === undefined || opens(commit, index, body)) return err('the messages are in order');
  return ok([{ accused, check: 'S2', message: `${accused} opened another nonce point than it had committed to` }]);
}

function isWellFormed({ body, round }: ParsedEnvelope): boolean {
  if (round === 1) return readCommit(body) !== undefined;
  if (round === 2) {
    const open = readOpen(body);
    return open !== undefined && [open.noncePoint, open.keyPoint].every((point) => curve.decode(point) !== undefined);
  }
  const share = readShare(body);
  return share !== undefined && [share.u, share.w].every((scalar) => readScalar(scalar) !== undefined);
}

function opens(commit: ParsedEnvelope, index: number, { blind, noncePoint }: OpenBody): boolean {
  const committed = readCommit(commit.body);
  if (committed === undefined) return true;
  return equalBytes(nonceCommitment(commit.sid, index, committed.nonce, noncePoint, blind), committed.com);
}
