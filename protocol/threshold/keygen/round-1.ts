/**
 * KEYGEN round 1 (docs/protocol.md b.1): each dealer commits to its polynomial and to its part of the chain code.
 * Broadcast: nonce, com.
 */
import type { Random } from '../../common/effects.ts';
import { curve } from '../curve/accelerated.ts';
import { ZERO_SID } from '../hash.ts';
import { randomScalar } from '../random.ts';
import type { EnvelopeFields } from '../rounds/envelope.ts';
import type { RoundResult } from '../rounds/round.ts';
import { Secret } from '../secret.ts';
import { commitDealing, hashContribution } from './checks.ts';
import type { Run } from './config.ts';
import { DKG_BROADCAST, writeRound1 } from './messages.ts';

/** What a dealer deals. */
export interface DealingSecrets {
  /** a_0..a_{t'-1}, the constant first; each in 1..q-1. */
  readonly coefficients: Secret<readonly bigint[]>;
  /** 32 bytes. */
  readonly chainCode: Secret<Uint8Array>;
}

/** The random draws of round 1, in this order. */
export interface Round1Sample extends DealingSecrets {
  readonly blind: Uint8Array;
  readonly nonce: Uint8Array;
}

/** After round 1. Secret until round 2. */
export interface Keep1 {
  readonly secrets: DealingSecrets;
  readonly blind: Uint8Array;
  /** A_0..A_{t'-1}, 33 B each. */
  readonly commitments: readonly Uint8Array[];
  readonly chainCodeHash: Uint8Array;
}

export function sampleRound1(run: Run, random: Random): Round1Sample {
  const coefficients = Array.from({ length: run.threshold }, () => randomScalar(random));
  const chainCode = random.bytes(32);
  const blind = random.bytes(32);
  const nonce = random.bytes(32);
  return { coefficients: new Secret(coefficients), chainCode: new Secret(chainCode), blind, nonce };
}

export function round1(run: Run, sample: Round1Sample): RoundResult<Keep1> & { readonly kind: 'next' } {
  const { pid, dealer } = run.self;
  const { blind, nonce, coefficients, chainCode } = sample;
  const commitments = coefficients.use((values) => values.map((value) => curve.encode(curve.base(value))));
  const chainCodeHash = chainCode.use((contribution) => hashContribution(run, pid, contribution));
  const com = dealer ? commitDealing(run, pid, { nonce, commitments, chainCodeHash, blind }) : ZERO_SID;
  const message: EnvelopeFields = {
    type: DKG_BROADCAST,
    round: 1,
    from: pid,
    to: 0,
    sid: run.sessionId,
    body: writeRound1({ nonce, com }),
  };
  return {
    kind: 'next',
    keep: { secrets: { coefficients, chainCode }, blind, commitments, chainCodeHash },
    outbox: [message],
  };
}
