/**
 * Round 1 (docs/protocol.md b.1, f.1): each dealer commits to its polynomial and to its part of the chain code.
 * Broadcast: nonce, com; of a member that does not deal: nonce, Z.
 */
import type { Random } from '../../common/effects.ts';
import { BugError } from '../../common/errors.ts';
import { curve } from '../curve/accelerated.ts';
import { ZERO_SID } from '../hash.ts';
import { mod } from '../math/scalar.ts';
import { randomScalar } from '../random.ts';
import type { EnvelopeFields } from '../rounds/envelope.ts';
import type { RoundResult } from '../rounds/round.ts';
import { Secret } from '../secret.ts';
import { commitDealing, dealerWeight, hashContribution } from './checks.ts';
import type { Run } from './config.ts';
import { DKG_BROADCAST, writeRound1 } from './messages.ts';

/** What a dealer of a known key brings along. */
export interface DealtKey {
  /** RESHARE, REMOVE: x_i of the parent epoch. IMPORT: the private key. In 1..q-1. */
  readonly secret: Secret<bigint>;
  /** Chain code of the key, 32 bytes. */
  readonly chainCode: Secret<Uint8Array>;
}

/** What a dealer deals. */
export interface DealingSecrets {
  /** a_0..a_{t'-1}, the constant first; each in 1..q-1. */
  readonly coefficients: Secret<readonly bigint[]>;
  /** 32 bytes: KEYGEN: the own contribution; else the chain code itself. */
  readonly chainCode: Secret<Uint8Array>;
}

export interface Round1Sample {
  /** Of a dealer. */
  readonly dealing?: DealingSecrets & { readonly blind: Uint8Array };
  readonly nonce: Uint8Array;
}

/** After round 1. Secret until round 2. */
export interface Keep1 {
  /** Of a dealer. */
  readonly dealing?: Dealt;
}

export interface Dealt {
  readonly secrets: DealingSecrets;
  readonly blind: Uint8Array;
  /** A_0..A_{t'-1}, 33 B each. */
  readonly commitments: readonly Uint8Array[];
  /** hc; `ZERO_SID` where the chain code is inherited. */
  readonly chainCodeHash: Uint8Array;
}

/**
 * Draws, in this order: the coefficients (all in KEYGEN, else all but the constant), in KEYGEN the chain code
 * contribution, blind; then the nonce. A member that does not deal draws the nonce only.
 */
export function sampleRound1(run: Run, random: Random, dealt?: DealtKey): Round1Sample {
  if (!run.self.dealer) return { nonce: random.bytes(32) };
  const constant = dealt?.secret.use((secret) => constantOf(run, secret));
  const drawn = Array.from({ length: run.threshold - (constant === undefined ? 0 : 1) }, () => randomScalar(random));
  const coefficients = constant === undefined ? drawn : [constant, ...drawn];
  const chainCode = dealt === undefined ? random.bytes(32) : dealt.chainCode.use((code) => code.slice());
  const blind = random.bytes(32);
  const secrets = { coefficients: new Secret(coefficients), chainCode: new Secret(chainCode) };
  return { dealing: { ...secrets, blind }, nonce: random.bytes(32) };
}

export function round1(run: Run, sample: Round1Sample): RoundResult<Keep1> & { readonly kind: 'next' } {
  const { pid } = run.self;
  const { dealing, nonce } = sample;
  const dealt = dealing && commit(run, dealing);
  const message: EnvelopeFields = {
    type: DKG_BROADCAST,
    round: 1,
    from: pid,
    to: 0,
    sid: run.sessionId,
    body: writeRound1({ nonce, com: dealt === undefined ? ZERO_SID : commitDealing(run, pid, { nonce, ...dealt }) }),
  };
  return { kind: 'next', keep: dealt === undefined ? {} : { dealing: dealt }, outbox: [message] };
}

function commit(run: Run, { blind, chainCode, coefficients }: DealingSecrets & { readonly blind: Uint8Array }): Dealt {
  const commitments = coefficients.use((values) => values.map((value) => curve.encode(curve.base(value))));
  const isNew = run.config.purpose === 'KEYGEN';
  const chainCodeHash = isNew ? chainCode.use((code) => hashContribution(run, run.self.pid, code)) : ZERO_SID;
  return { secrets: { coefficients, chainCode }, blind, commitments, chainCodeHash };
}

/** f(0) of a dealer of a known key: lambda_i^D x_i; in IMPORT the key itself. */
function constantOf(run: Run, secret: bigint): bigint {
  if (run.config.purpose === 'KEYGEN') throw new BugError('BUG_KEYGEN_DEALING', 'A new key is not dealt from an old.');
  return run.config.purpose === 'IMPORT' ? secret : mod(dealerWeight(run, run.self) * secret);
}
