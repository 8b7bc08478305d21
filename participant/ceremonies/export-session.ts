/**
 * An export, as this party runs it: its share, sealed to the recipient that all n consented to. That the key was handed
 * over is on disk before the sealed share leaves, and is never forgotten (docs/protocol.md f.5).
 */

import { standing } from '../../protocol/ceremony/lifecycle.ts';
import type { ExportProposal, Proposal } from '../../protocol/ceremony/proposal.ts';
import { exportPlan } from '../../protocol/ceremony/run-plan.ts';
import { signSealedShare } from '../../protocol/ceremony/sealed-share.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import { err, ok, type Result } from '../../protocol/common/result.ts';
import { wipeKeyshare } from '../../protocol/threshold/keygen/keyshare.ts';
import type { NodeContext } from '../context.ts';
import { claimSession, endSession } from '../journal/claim.ts';
import { sealShare } from '../recovery/seal-share.ts';
import type { Session } from './session.ts';

export async function beginExport(
  node: NodeContext,
  session: Session,
  proposal: Proposal & { readonly body: ExportProposal },
): Promise<Result<void, Refusal>> {
  const { body } = proposal;
  const wallet = node.wallets.byEpoch(body.epochId);
  if (wallet === undefined) return err(new Refusal('UNKNOWN_WALLET', 'there is no such wallet here'));
  const plan = exportPlan(wallet.epoch, body);
  if (!plan.ok) return err(new Refusal(plan.error.code, plan.error.detail));
  const hindrance = node.wallets.hindrance(wallet);
  if (hindrance !== undefined) return err(hindrance);
  const entry = node.book.get(proposal.digest);
  const consent = entry?.ceremony.verdicts.get(node.self);
  if (entry === undefined || consent === undefined) {
    return err(new Refusal('CONSENT_MISSING', 'this party has not consented'));
  }
  const permit = await claimSession(node.journal, {
    self: node.self,
    consent: consent.digest,
    sessionId: session.sessionId,
    proposal: proposal.digest,
    attempt: body.attempt,
    epochId: wallet.epochId,
    walletId: wallet.walletId,
    path: [],
    signers: session.start.body.signers,
    digest: plan.value.digest,
    replaces: false,
    needsPairs: false,
  });
  if (!permit.ok) return permit;
  const about = {
    sessionId: session.sessionId,
    epochId: wallet.epochId,
    recipient: body.recipient,
    party: node.self,
  };
  const keyshare = await node.wallets.keyshare(wallet.epochId);
  const sealed = await sealShare(keyshare, about);
  wipeKeyshare(keyshare);
  // A veto that came while it was being sealed still counts: nothing has left.
  const alive = standing(node.book.get(proposal.digest)?.ceremony ?? entry.ceremony, node.clock.now());
  const fault = sealed.ok ? (alive.ok ? undefined : new Refusal(alive.error.code, alive.error.message)) : sealed.error;
  if (fault !== undefined || !sealed.ok) {
    await endSession(permit.value, 'aborted', fault?.code ?? 'EXPORT_FAILED');
    return err(fault ?? new Refusal('EXPORT_FAILED', 'the share could not be sealed'));
  }
  const { epochId, walletId } = wallet;
  const { recipient } = body;
  await node.journal.record({ type: 'exported', walletId, epochId, sessionId: session.sessionId, recipient });
  const statement = signSealedShare(
    {
      ...about,
      proposal: proposal.digest,
      attempt: body.attempt,
      encapsulated: sealed.value.encapsulated,
      ciphertext: sealed.value.ciphertext,
      created: node.clock.now(),
    },
    node.signer,
  );
  await node.sealedShares.add(statement.envelope);
  await endSession(permit.value, 'completed', 'EXPORTED');
  await session.end({ exported: statement.digest }, true);
  return ok(undefined);
}
