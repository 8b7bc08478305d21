/** What a proposal comes to, as this party computes it: the plan of its run, and the session id of a start. */
import type { BookEntry } from '../../protocol/ceremony/book.ts';
import type { ImportProposal, KeygenProposal, ReshareProposal } from '../../protocol/ceremony/proposal.ts';
import type { Quorum } from '../../protocol/ceremony/quorum.ts';
import { exportPlan, importPlan, keygenPlan, type RunPlan, resharePlan } from '../../protocol/ceremony/run-plan.ts';
import { exportSessionId, runSessionId, signSessionId } from '../../protocol/ceremony/session-binding.ts';
import type { Start } from '../../protocol/ceremony/start.ts';
import type { VerdictReason } from '../../protocol/ceremony/verdict-statement.ts';
import { equalBytes } from '../../protocol/common/bytes.ts';
import { err, ok, type Result } from '../../protocol/common/result.ts';
import type { NodeContext } from '../context.ts';

/** The plan of a run, or why there is none here. The parent of a reshare must be known under this roster. */
export function planOf(
  { roster, wallets }: NodeContext,
  digest: Uint8Array,
  body: KeygenProposal | ImportProposal | ReshareProposal,
): Result<RunPlan, VerdictReason> {
  switch (body.ceremony) {
    case 'keygen':
      return ok(keygenPlan(roster, digest, body));
    case 'import':
      return importPlan(roster, digest, body);
    case 'reshare': {
      const parent = wallets.known(body.epochId);
      if (parent === undefined || !equalBytes(parent.wallet.roster, roster.digest)) {
        return err({ code: 'UNKNOWN_WALLET', detail: `there is no wallet ${body.wallet} in this epoch here` });
      }
      return resharePlan(roster, parent.wallet.epoch, body);
    }
  }
}

/** The digest and the session id that must stand in a start; undefined if this party cannot compute them. */
export function bindingOf(
  node: NodeContext,
  { ceremony: { proposal } }: BookEntry,
  { signers }: Start['body'],
  quorum: Quorum,
): { readonly digest: Uint8Array; readonly sessionId: Uint8Array } | undefined {
  const { roster, wallets } = node;
  const { body } = proposal;
  if (body.ceremony === 'sign') {
    const wallet = wallets.byId(body.walletId);
    const key = wallet && wallets.derive(wallet, body.path);
    if (key?.ok !== true) return undefined;
    const named = { digest: proposal.digest, body };
    const { consents, digest } = quorum;
    return { digest, sessionId: signSessionId(roster, named, key.value.publicKey, signers, digest, consents) };
  }
  if (body.ceremony === 'export') {
    const wallet = wallets.byId(body.walletId);
    const plan = wallet && exportPlan(wallet.epoch, body);
    if (wallet === undefined || plan?.ok !== true) return undefined;
    const named = { digest: proposal.digest, body };
    const sessionId = exportSessionId(roster, named, wallet.publicKey, plan.value, quorum.consents);
    return { digest: plan.value.digest, sessionId };
  }
  const plan = planOf(node, proposal.digest, body);
  if (!plan.ok) return undefined;
  return { digest: plan.value.cfgHash, sessionId: runSessionId(roster, proposal, plan.value, quorum.consents) };
}
