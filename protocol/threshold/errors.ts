/** What ends a run (docs/protocol.md d.7): the class decides what the host must make durable before it reacts. */
import { KeymootError } from '../common/errors.ts';

/**
 * - `LEAK`, `CHEAT`: ban the peer durably before any reaction.
 * - `SETUP`: raise the durable failure counter of the pair.
 * - `BLAME`: report the culprit; erase the run's secrets (before the own ACK only).
 * - `GROUP`: somebody of the quorum; nobody named.
 * - `INCONSISTENT`: views differ; keep the signed bodies and look for the equivocator.
 * - `RESTART`: bad luck or an own fault; a new attempt.
 * - `BENIGN`: a timeout, a refusal, a peer's abort.
 */
export type FailureClass = 'LEAK' | 'CHEAT' | 'SETUP' | 'BLAME' | 'GROUP' | 'INCONSISTENT' | 'RESTART' | 'BENIGN';

export interface AbortDetails {
  readonly failure: FailureClass;
  /** Name of the check in the specification, like `K7`. */
  readonly check: string;
  /** One plain sentence without any secret. */
  readonly message: string;
  /**
   * Ascending, without duplicates: pids in KEYGEN, IMPORT, RESHARE and REMOVE (an old and a new index may be equal and
   * yet name two parties), party indices elsewhere.
   */
  readonly culprits?: readonly number[];
  /** Complete signed envelopes that prove it; a p2p body only inside a COMPLAINT. */
  readonly evidence?: readonly Uint8Array[];
}

export class Abort extends KeymootError {
  override readonly family = 'abort';
  readonly failure: FailureClass;
  readonly check: string;
  readonly culprits: readonly number[];
  readonly evidence: readonly Uint8Array[];

  constructor(details: AbortDetails) {
    super(`ABORT_${details.failure}`, details.message);
    this.failure = details.failure;
    this.check = details.check;
    this.culprits = [...new Set(details.culprits ?? [])].sort((a, b) => a - b);
    this.evidence = details.evidence ?? [];
  }
}
