/** What the signers report: it agrees, it comes from these rounds, and the signature or key is valid. */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import {
  type EcdsaSignature,
  type NewKey,
  type Outcome,
  type OutcomeBody,
  signatureJson,
} from '../../ceremony/outcome.ts';
import type { CeremonyKind } from '../../ceremony/proposal.ts';
import { signingKey } from '../../ceremony/session-binding.ts';
import type { Wallet } from '../../ceremony/wallet.ts';
import { equalBytes, toHex } from '../../common/bytes.ts';
import { canonicalText } from '../../common/canonical-json.ts';
import { documentDigest } from '../../common/document.ts';
import { err, ok, type Result } from '../../common/result.ts';
import type { PublicKeygen } from '../../threshold/keygen/public-check.ts';
import { ORDER, readScalar } from '../../threshold/math/scalar.ts';
import type { ParsedEnvelope } from '../../threshold/rounds/envelope.ts';
import type { Signature } from '../../threshold/sign/combine.ts';
import { SIGN } from '../../threshold/sign/messages.ts';
import type { AuditCode, Finding } from '../codes.ts';
import { disordered, isBefore } from './answers.ts';
import type { Parts, Placed } from './parts.ts';
import type { Started } from './start.ts';
import type { Statements } from './statements.ts';

/** Each outcome is a signer's, of this session, and says exactly one thing, all of them the same. */
export function checkOutcomes(parts: Parts, statements: Statements, started: Started): Result<undefined, Finding> {
  const { signers, sessionId, created } = started.start.body;
  const { ceremony } = statements.proposal.value.body;
  let first: Outcome | undefined;
  const sent = new Set(parts.rounds.flatMap(({ value }) => (isLast(value) ? [value.from] : [])));
  for (const { seq, value } of statements.outcomes) {
    const { body } = value;
    if (!signers.includes(body.party)) return bad('OUTCOME_FOREIGN', seq, `party ${body.party} did not sign`);
    if (!equalBytes(body.sessionId, sessionId)) return bad('OUTCOME_FOREIGN', seq, 'the outcome is of another session');
    if (isBefore(body.created, created)) return err(disordered(seq, 'the outcome', 'the start'));
    const said = [body.signature, body.key, body.exported, body.abort].filter((part) => part !== undefined).length;
    const isFitting = body.abort !== undefined || resultOf(ceremony, body) !== undefined;
    const left = body.signature !== undefined || body.exported !== undefined || sent.has(body.party);
    if (said !== 1 || !isFitting || (left && !body.released)) {
      return bad('OUTCOME_INVALID', seq, `the outcome of party ${body.party} contradicts itself`);
    }
    if (body.abort !== undefined) continue;
    if (first !== undefined && !sameResult(first, value)) {
      return bad('OUTCOMES_DIFFER', seq, `party ${body.party} reports another result than party ${first.body.party}`);
    }
    first = value;
  }
  return ok(undefined);
}

/** What an outcome of this kind reports if it is no abort. */
export function resultOf(ceremony: CeremonyKind, body: OutcomeBody): EcdsaSignature | NewKey | Uint8Array | undefined {
  switch (ceremony) {
    case 'sign':
      return body.signature;
    case 'export':
      return body.exported;
    case 'keygen':
    case 'import':
    case 'reshare':
      return body.key;
  }
}

/**
 * The signature that outcomes report, if any: low, valid under the wallet's key or the derived key that the consents
 * name, and giving that key again. If nobody reports one, but the round messages of everybody are there, it is the one that anybody can compute from them.
 */
export function checkSignature(
  statements: Statements,
  started: Started,
  wallet: Wallet,
  fromRounds: Signature | undefined,
): Result<EcdsaSignature | undefined, Finding> {
  const reported = statements.outcomes.find(({ value }) => value.body.signature !== undefined);
  const signature = reported?.value.body.signature;
  if (reported === undefined || signature === undefined) {
    return ok(fromRounds && { r: fromRounds.r, s: fromRounds.s, recovery: fromRounds.recid });
  }
  const { seq } = reported;
  const s = readScalar(signature.s);
  if (s === undefined || s > ORDER / 2n) return bad('SIGNATURE_HIGH_S', seq, 's is above half the group order');
  const { digest } = started.start.body;
  const key = signingKey(wallet, started.quorum);
  const compact = new Uint8Array([...signature.r, ...signature.s]);
  // The key under which a signature verifies is the one that it gives: a second look only tells which of the two is wrong.
  const recovered = recover(digest, compact, signature.recovery);
  if (recovered === undefined || !equalBytes(recovered, key)) {
    return validUnder(key, digest, compact)
      ? bad('SIGNATURE_RECOVERY', seq, 'the recovery id does not give the key of the wallet')
      : bad('SIGNATURE_INVALID', seq, 'the signature does not verify under the key of the wallet');
  }
  if (fromRounds !== undefined && !equalBytes(fromRounds.r, signature.r)) {
    return bad('OUTCOMES_DIFFER', seq, 'the round messages lead to another signature');
  }
  return ok(signature);
}

/** The key that outcomes report is the one of the certificate and, if completed, of the round messages. */
export function checkKey(
  statements: Statements,
  wallet: Placed<Wallet> | undefined,
  fromRounds: PublicKeygen | undefined,
): Result<undefined, Finding> {
  if (wallet === undefined) return ok(undefined);
  const { seq, value } = wallet;
  for (const outcome of statements.outcomes) {
    const { key, party } = outcome.value.body;
    if (key !== undefined && !names(key, value)) {
      return bad('KEY_DIFFERS', outcome.seq, `party ${party} names another key than the certificate`);
    }
  }
  if (fromRounds !== undefined && !equalBytes(fromRounds.epoch.epochId, value.epochId)) {
    return bad('KEY_DIFFERS', seq, 'the round messages lead to another key than the certificate');
  }
  return ok(undefined);
}

/** The last share-bearing message of a signing, to all: from then on it counts as released. */
function isLast({ type, round }: ParsedEnvelope): boolean {
  return type === SIGN && round === 3;
}

function names(key: NewKey, wallet: Wallet): boolean {
  return (
    equalBytes(key.walletId, wallet.walletId) &&
    equalBytes(key.epochId, wallet.epochId) &&
    equalBytes(key.publicKey, wallet.publicKey)
  );
}

/**
 * Who names a certificate of other bytes. The epoch is the same, so nothing else differs but signatures in it: a corrupt
 * member can sign one acknowledgement twice, and that must neither keep the others from recording what they made, nor
 * look like a fault of theirs.
 */
export function otherForms({ outcomes }: Statements, wallet: Placed<Wallet> | undefined): readonly string[] {
  if (wallet === undefined) return [];
  const shown = documentDigest(wallet.value.document);
  return outcomes.flatMap(({ value: { body } }) =>
    body.key === undefined || equalBytes(body.key.certificate, shown)
      ? []
      : [`party ${body.party} names the certificate with other signatures in it`],
  );
}

function sameResult(a: Outcome, b: Outcome): boolean {
  const signatures = [a, b].map(({ body }) => body.signature && canonicalText(signatureJson(body.signature)));
  const keys = [a, b].map(({ body: { key } }) => key && [key.walletId, key.epochId, key.publicKey]);
  return signatures[0] === signatures[1] && keys[0]?.map(toHex).join() === keys[1]?.map(toHex).join();
}

function validUnder(publicKey: Uint8Array, digest: Uint8Array, compact: Uint8Array): boolean {
  try {
    return secp256k1.verify(compact, digest, publicKey, { prehash: false, lowS: true, format: 'compact' });
  } catch {
    return false;
  }
}

function recover(digest: Uint8Array, compact: Uint8Array, recovery: number): Uint8Array | undefined {
  try {
    const signature = secp256k1.Signature.fromBytes(compact, 'compact').addRecoveryBit(recovery);
    return signature.recoverPublicKey(digest).toBytes(true);
  } catch {
    return undefined;
  }
}

function bad(code: AuditCode, seq: number, message: string): Result<never, Finding> {
  return err({ code, seq, message });
}
