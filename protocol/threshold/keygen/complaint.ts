/** Judging a COMPLAINT (docs/protocol.md b.6, K7): everybody who has seen round 2 comes to the same verdict. */
import { equalBytes } from '../../common/bytes.ts';
import { type ParsedEnvelope, parseEnvelope, type VerifySignature, verifyEnvelope } from '../rounds/envelope.ts';
import { blame, type Dealing, type Finding, inconsistent } from './checks.ts';
import type { Frame } from './config.ts';
import { DKG_SHARE, readShare } from './messages.ts';
import { expectedBroadcastHash, fitsCommitments } from './round-4.ts';

/** What the judge must know: its own sid, echo2 and the dealings that passed K2 to K5. */
export interface ComplaintContext {
  readonly sid: Uint8Array;
  readonly echo: Uint8Array;
  readonly dealings: readonly Dealing[];
}

/**
 * `complaint` is authenticated and of this run. The dealer is blamed for a share that does not fit, the complainer
 * for anything that an honest complainer would not send.
 */
export function judgeComplaint(
  frame: Frame,
  context: ComplaintContext,
  complaint: ParsedEnvelope,
  verify: VerifySignature,
): Finding {
  const falseComplaint = blame('K7', [complaint.from], 'A complaint does not show a bad share.');
  const complainer = frame.members.find((member) => member.pid === complaint.from);
  const shown = parseEnvelope(complaint.body);
  const dealer = frame.dealers.find((member) => member.pid === shown?.from);
  const dealing = context.dealings.find((candidate) => candidate.pid === shown?.from);
  if (complainer === undefined || shown === undefined || dealer === undefined || dealing === undefined) {
    return falseComplaint;
  }
  const body = readShare(shown.body);
  const addressed =
    shown.type === DKG_SHARE &&
    shown.round === 3 &&
    shown.to === complainer.pid &&
    shown.from !== complainer.pid &&
    complainer.index > 0 &&
    equalBytes(shown.sid, context.sid);
  if (!addressed || body === undefined || !verifyEnvelope(shown, dealer.identityKey, verify)) return falseComplaint;
  if (!equalBytes(body.broadcastHash, expectedBroadcastHash(context.sid, dealer.pid, context.echo))) {
    return inconsistent('K11', 'A complaint shows a share of another view of round 2.');
  }
  return fitsCommitments(body.share, dealing, complainer.index)
    ? falseComplaint
    : blame('K7', [dealer.pid], 'A complaint shows a share that does not fit the commitments of its dealer.');
}
