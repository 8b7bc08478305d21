/**
 * The order of a wallet's epochs (docs/protocol.md b.7) as pure decisions: given what one party has in its store
 * about one wallet, what it may acknowledge, sign with, answer and erase. Generations are the only order there is.
 *
 * The store keeps one `Generation` for each epoch that it acknowledged or has seen a verified certificate of. It asks
 * here inside the same exclusive section in which it then writes.
 */
import { equalBytes } from '../../common/bytes.ts';
import { err, ok, type Result } from '../../common/result.ts';
import type { EpochConfig } from '../session-id.ts';
import { indexIn } from './config-rules.ts';
import type { Epoch } from './epoch.ts';

/** What one party knows of one epoch of a wallet. */
export interface Generation {
  readonly epochId: Uint8Array;
  /** `ZERO_SID` for KEYGEN and IMPORT. */
  readonly parentEpochId: Uint8Array;
  readonly gen: number;
  readonly purpose: EpochConfig['purpose'];
  /** `prepared`: own ACK, no certificate yet. `abandoned`: own ABANDON. `certified`: a verified certificate is stored. */
  readonly state: 'prepared' | 'abandoned' | 'certified';
  /** Whether the own share of it is stored here: never for who is not in N, not any more after it was erased. */
  readonly share: boolean;
  /** n', the number of share holders. */
  readonly holders: number;
  /** Indices of the holders whose signed ACTIVE is stored, the own one included. */
  readonly active: readonly number[];
  /** A signature made by this epoch was verified here, and the operator's delay has passed since. */
  readonly proven: boolean;
}

export type GenerationProblem =
  /** The generation is not above every one that is known here. */
  | 'GENERATION_NOT_ABOVE'
  /** The parent epoch is not the one this party is in: it never acknowledges a sibling of a certified child. */
  | 'PARENT_NOT_CURRENT'
  | 'EPOCH_UNKNOWN'
  /** No certificate yet, or given up. */
  | 'EPOCH_NOT_ACTIVE'
  /** A higher generation is certified. */
  | 'EPOCH_SUPERSEDED'
  /** The own ACK of a REMOVE has frozen it. */
  | 'EPOCH_FROZEN'
  /** The own share of it is not here. */
  | 'SHARE_ABSENT'
  /** Not a first epoch, or certified already. */
  | 'NOT_ABANDONABLE';

/** The epoch this party is in: the highest certified generation it knows of, whether it holds a share of it or not. */
export function currentGeneration(known: readonly Generation[]): Generation | undefined {
  return known
    .filter((entry) => entry.state === 'certified')
    .sort(byGen)
    .at(-1);
}

/** The generation that a proposal takes: above every one known for the wallet. */
export function nextGeneration(known: readonly Generation[]): number {
  return 1 + Math.max(0, ...known.map((entry) => entry.gen));
}

/**
 * Whether the own ACK for this epoch may leave, asked right before its PREPARED record is written. A newcomer has the
 * parent's certificate among what it knows, because it verified it before it took part.
 */
export function mayAcknowledge(
  known: readonly Generation[],
  epoch: Pick<EpochConfig, 'gen' | 'parentEpochId' | 'purpose'>,
): Result<undefined, GenerationProblem> {
  if (epoch.gen < nextGeneration(known)) return err('GENERATION_NOT_ABOVE');
  const first = epoch.purpose === 'KEYGEN' || epoch.purpose === 'IMPORT';
  const current = currentGeneration(known);
  if (first) return current === undefined ? ok(undefined) : err('PARENT_NOT_CURRENT');
  return current !== undefined && equalBytes(current.epochId, epoch.parentEpochId)
    ? ok(undefined)
    : err('PARENT_NOT_CURRENT');
}

export type ProposalAnswer =
  /** Go on: this party could acknowledge the result as things stand. */
  | { readonly kind: 'join' }
  /** Show this epoch's certificate instead: the proposer is behind. */
  | { readonly kind: 'certificate'; readonly epochId: Uint8Array }
  | { readonly kind: 'refuse'; readonly problem: GenerationProblem };

/** What to say to a RESHARE or REMOVE proposal for this wallet. */
export function answerProposal(
  known: readonly Generation[],
  proposed: Pick<EpochConfig, 'gen' | 'parentEpochId' | 'purpose'>,
): ProposalAnswer {
  const current = currentGeneration(known);
  const isBehind = known.some(
    (entry) => equalBytes(entry.epochId, proposed.parentEpochId) && entry.gen < (current?.gen ?? 0),
  );
  const isLow = current !== undefined && proposed.gen <= current.gen;
  if (current !== undefined && (isBehind || isLow)) return { kind: 'certificate', epochId: current.epochId };
  const allowed = mayAcknowledge(known, proposed);
  return allowed.ok ? { kind: 'join' } : { kind: 'refuse', problem: allowed.error };
}

/** Whether a signing session under this epoch may start, or go on to its next message. */
export function maySign(known: readonly Generation[], epochId: Uint8Array): Result<undefined, GenerationProblem> {
  const entry = find(known, epochId);
  if (entry === undefined) return err('EPOCH_UNKNOWN');
  if (entry.state !== 'certified') return err('EPOCH_NOT_ACTIVE');
  if (currentGeneration(known) !== entry) return err('EPOCH_SUPERSEDED');
  // Else the removed party could still finish signings with those who do not know of the certificate yet.
  const isFrozen = known.some((other) => other.purpose === 'REMOVE' && other.gen > entry.gen);
  if (isFrozen) return err('EPOCH_FROZEN');
  return entry.share ? ok(undefined) : err('SHARE_ABSENT');
}

/**
 * Epochs whose record (share, copy of the chain code, what was derived from them) may be erased now: those strictly
 * below the highest generation g that is certified here and in which all holders are known to be ACTIVE, or which is
 * proven. Nothing else is ever erased, except by `mayDiscard`.
 */
export function erasable(known: readonly Generation[]): readonly Generation[] {
  const settled = known
    .filter((entry) => entry.state === 'certified' && (entry.proven || isActiveEverywhere(entry)))
    .sort(byGen)
    .at(-1);
  return settled === undefined ? [] : known.filter((entry) => entry.share && entry.gen < settled.gen);
}

/** Whether ABANDON may be signed: a first epoch without a certificate. Its wallet never had another one. */
export function mayAbandon(known: readonly Generation[], epochId: Uint8Array): Result<undefined, GenerationProblem> {
  const entry = find(known, epochId);
  if (entry === undefined) return err('EPOCH_UNKNOWN');
  const isFirst = entry.purpose === 'KEYGEN' || entry.purpose === 'IMPORT';
  return isFirst && entry.state !== 'certified' ? ok(undefined) : err('NOT_ABANDONABLE');
}

/** Whether the record may be erased when the signed ABANDON of all holders is stored: only who signed it itself. */
export function mayDiscard(known: readonly Generation[], epochId: Uint8Array): Result<undefined, GenerationProblem> {
  const entry = find(known, epochId);
  if (entry === undefined) return err('EPOCH_UNKNOWN');
  return entry.state === 'abandoned' ? ok(undefined) : err('NOT_ABANDONABLE');
}

export type CertificateEffect =
  /** The own PREPARED share turns ACTIVE: store the certificate, then say ACTIVE. */
  | 'activate'
  /** Store the certificate: this party holds no share of the epoch (it left, or is about to join a child of it). */
  | 'follow'
  /** Nothing new. */
  | 'known'
  /** Below the current generation, and not acknowledged here or erased since. */
  | 'ignore'
  /** Another epoch of the current generation has a certificate too: the wallet has forked. Stop and call people. */
  | 'fork'
  /** This party signed ABANDON for it: it never activates it, and an honest certificate cannot exist. */
  | 'abandoned'
  /** The certificate holds an ACK of this party that its store does not know: the store was rolled back or lost. */
  | 'share-lost';

/**
 * What to do with a certificate of this wallet that has just been verified. A certificate is the word of those who hold
 * the new shares: who is not one of them (`follow`) has to know from elsewhere that there was such a run, because it took
 * part in it or because those who dealt and stayed say so. Strangers alone could sign one for a key they never got.
 */
export function onCertificate(
  known: readonly Generation[],
  epoch: Epoch,
  ownIdentityKey: Uint8Array,
): CertificateEffect {
  const entry = find(known, epoch.epochId);
  if (entry?.state === 'certified') return 'known';
  if (entry !== undefined) return entry.state === 'prepared' ? 'activate' : 'abandoned';
  const currentGen = currentGeneration(known)?.gen ?? 0;
  if (epoch.config.gen <= currentGen) return epoch.config.gen < currentGen ? 'ignore' : 'fork';
  return indexIn(epoch.config, ownIdentityKey) > 0 ? 'share-lost' : 'follow';
}

function isActiveEverywhere(entry: Generation): boolean {
  return Array.from({ length: entry.holders }, (_, i) => i + 1).every((index) => entry.active.includes(index));
}

function find(known: readonly Generation[], epochId: Uint8Array): Generation | undefined {
  return known.find((entry) => equalBytes(entry.epochId, epochId));
}

function byGen(a: Generation, b: Generation): number {
  return a.gen - b.gen;
}
