/**
 * End of the rounds (docs/protocol.md b.6, b.7.1): after all round 4 messages pass K9 and K10 the key share is
 * complete. It becomes durable as PREPARED before the acknowledgement (activation.ts) leaves.
 */
import type { ParsedEnvelope } from '../rounds/envelope.ts';
import type { RoundResult } from '../rounds/round.ts';
import { checkConfirmations, toAbort } from './checks.ts';
import type { Run } from './config.ts';
import type { Keyshare } from './keyshare.ts';
import type { Keep4 } from './round-4.ts';

/** `received`: the round 4 broadcast of every share holder, the own one included. */
export function round5(run: Run, keep: Keep4, received: readonly ParsedEnvelope[]): RoundResult<Keyshare> {
  const checked = checkConfirmations(run, keep.epoch, keep.history, received);
  if (!checked.ok) return { kind: 'abort', abort: toAbort(checked.finding, checked.evidence) };
  return {
    kind: 'next',
    keep: { ...keep.epoch, index: run.self.index, share: keep.share, chainCode: keep.chainCode },
    outbox: [],
  };
}
