/**
 * Round 3 (docs/protocol.md b.3), only after all round 2 messages pass K1 to K5 and F1. Broadcast: echo2. A dealer, to
 * each other share holder, confidentially: bh, f(its new index), chain code contribution or inherited chain code.
 */
import { curve } from '../curve/accelerated.ts';
import { Abort } from '../errors.ts';
import { evaluate, evaluateCommitment } from '../math/polynomial.ts';
import { type EnvelopeFields, envelopeHash, type ParsedEnvelope } from '../rounds/envelope.ts';
import type { RoundResult } from '../rounds/round.ts';
import { Secret } from '../secret.ts';
import { type Dealing, deriveEcho, openDealings, toAbort } from './checks.ts';
import type { Run } from './config.ts';
import { DKG_BROADCAST, DKG_SHARE, writeShare } from './messages.ts';
import type { DealingSecrets } from './round-1.ts';
import type { Keep2 } from './round-2.ts';

export interface Keep3 {
  readonly sid: Uint8Array;
  readonly round1: readonly ParsedEnvelope[];
  readonly round2: readonly ParsedEnvelope[];
  readonly echo: Uint8Array;
  /** All dealers, by pid. */
  readonly dealings: readonly Dealing[];
  /** Of a dealer that is a holder as well. */
  readonly own?: OwnDealing;
}

export interface OwnDealing {
  /** f(own new index) of the own polynomial. */
  readonly share: Secret<bigint>;
  /** The own contribution, or the inherited chain code. */
  readonly chainCode: Secret<Uint8Array>;
}

/** The round 3 broadcast of `pid`: nothing in it is chosen by its sender, so its eh can be computed by anybody. */
export function round3Broadcast(sid: Uint8Array, pid: number, echo: Uint8Array): EnvelopeFields {
  return { type: DKG_BROADCAST, round: 3, from: pid, to: 0, sid, body: echo };
}

/** `received`: the round 2 broadcast of every member, the own one included, by pid. */
export function round3(run: Run, keep: Keep2, received: readonly ParsedEnvelope[]): RoundResult<Keep3> {
  const { pid, index } = run.self;
  const opened = openDealings(run, keep.sid, keep.round1, received, pid);
  if (!opened.ok) return { kind: 'abort', abort: toAbort(opened.finding, opened.evidence) };

  const echo = deriveEcho(keep.sid, received);
  const broadcast = round3Broadcast(keep.sid, pid, echo);
  const outbox: EnvelopeFields[] = [broadcast];
  let own: OwnDealing | undefined;
  if (keep.secrets !== undefined) {
    const coefficients = keep.secrets.coefficients.take();
    const shares = dealShares(run, keep, keep.secrets, coefficients, opened.value, envelopeHash(broadcast));
    if (shares === undefined) return { kind: 'abort', abort: ownFault() };
    outbox.push(...shares);
    const { chainCode } = keep.secrets;
    if (index > 0) own = { share: new Secret(evaluate(coefficients, index)), chainCode };
    else chainCode.wipe();
  }
  const { round1 } = keep;
  return {
    kind: 'next',
    keep: {
      sid: keep.sid,
      round1,
      round2: received,
      echo,
      dealings: opened.value,
      ...(own === undefined ? {} : { own }),
    },
    outbox,
  };
}

/** One message for each other holder; `undefined` if a share does not fit the own commitments. */
function dealShares(
  run: Run,
  keep: Keep2,
  secrets: DealingSecrets,
  coefficients: readonly bigint[],
  dealings: readonly Dealing[],
  broadcastHash: Uint8Array,
): readonly EnvelopeFields[] | undefined {
  const { pid } = run.self;
  const own = dealings.find((dealing) => dealing.pid === pid);
  const messages: EnvelopeFields[] = [];
  for (const holder of run.holders) {
    if (holder.pid === pid) continue;
    const share = evaluate(coefficients, holder.index);
    // Checked before it leaves: a complaint against an honest but faulty dealer would expose this evaluation.
    const expected = own && evaluateCommitment(own.points, holder.index);
    if (expected === undefined || !curve.equals(curve.base(share), expected)) return undefined;
    const body = secrets.chainCode.use((chainCode) => writeShare(broadcastHash, share, chainCode));
    messages.push({ type: DKG_SHARE, round: 3, from: pid, to: holder.pid, sid: keep.sid, body });
  }
  return messages;
}

function ownFault(): Abort {
  return new Abort({
    failure: 'RESTART',
    check: 'K7',
    message: 'An own share does not fit the own commitments; nothing was sent.',
  });
}
