/**
 * Round 2 (docs/protocol.md b.2), only after all round 1 messages: each dealer opens its commitment and
 * proves that it knows every coefficient. Broadcast: echo1 = sid, A_k, hc, blind, proofs; of a member that does not
 * deal: echo1. The chain code (contribution) itself is never broadcast.
 */
import type { Random } from '../../common/effects.ts';
import { BugError } from '../../common/errors.ts';
import { proveSchnorr } from '../proof/schnorr.ts';
import { randomScalar } from '../random.ts';
import type { EnvelopeFields, ParsedEnvelope } from '../rounds/envelope.ts';
import type { RoundResult } from '../rounds/round.ts';
import { Secret } from '../secret.ts';
import { commitmentStatement, deriveSid } from './checks.ts';
import type { Run } from './config.ts';
import { DKG_BROADCAST, writeRound2 } from './messages.ts';
import type { DealingSecrets, Dealt, Keep1 } from './round-1.ts';

/** Nonces of a dealer's t' proofs, ascending by k; each in 1..q-1. Empty for who does not deal. */
export interface Round2Sample {
  readonly proofNonces: Secret<readonly bigint[]>;
}

export interface Keep2 {
  /** Of a dealer. */
  readonly secrets?: DealingSecrets;
  readonly sid: Uint8Array;
  /** All of P, by pid. */
  readonly round1: readonly ParsedEnvelope[];
}

export function sampleRound2(run: Run, random: Random): Round2Sample {
  const length = run.self.dealer ? run.threshold : 0;
  return { proofNonces: new Secret(Array.from({ length }, () => randomScalar(random))) };
}

/** `received`: the round 1 broadcast of every member, the own one included, by pid. */
export function round2(
  run: Run,
  keep: Keep1,
  received: readonly ParsedEnvelope[],
  sample: Round2Sample,
): RoundResult<Keep2> & { readonly kind: 'next' } {
  const { pid } = run.self;
  const sid = deriveSid(run, received);
  if (sid === undefined) throw new BugError('BUG_KEYGEN_ROUND_1', 'Round 2 starts with one well-formed body a member.');
  const nonces = sample.proofNonces.take();
  const { dealing } = keep;
  const message: EnvelopeFields = {
    type: DKG_BROADCAST,
    round: 2,
    from: pid,
    to: 0,
    sid: run.sessionId,
    body: dealing === undefined ? sid : openDealing(pid, sid, dealing, nonces),
  };
  return {
    kind: 'next',
    keep: { ...(dealing === undefined ? {} : { secrets: dealing.secrets }), sid, round1: received },
    outbox: [message],
  };
}

function openDealing(pid: number, sid: Uint8Array, dealing: Dealt, nonces: readonly bigint[]): Uint8Array {
  const { blind, chainCodeHash, commitments, secrets } = dealing;
  const proofs = secrets.coefficients.use((coefficients) =>
    commitments.map((commitment, k) => {
      const [coefficient, nonce] = [coefficients[k], nonces[k]];
      if (coefficient === undefined || nonce === undefined) {
        throw new BugError('BUG_KEYGEN_SAMPLE', 'One coefficient and one nonce a commitment.');
      }
      return proveSchnorr('dkg/pok', sid, commitmentStatement(pid, k, commitment), coefficient, nonce);
    }),
  );
  return writeRound2({ echo: sid, commitments, chainCodeHash, blind, proofs });
}
