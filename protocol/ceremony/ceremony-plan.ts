/** What a ceremony of any kind binds, from the proposal, the roster and the wallet that it names. */

import { err, ok, type Result } from '../common/result.ts';
import type { ExportProposal, Proposal, SignProposal } from './proposal.ts';
import type { Quorum } from './quorum.ts';
import type { Roster } from './roster.ts';
import { type ExportPlan, exportPlan, importPlan, keygenPlan, type RunPlan, resharePlan } from './run-plan.ts';
import { exportSessionId, runSessionId, signingKey, signSessionId } from './session-binding.ts';
import type { VerdictReason } from './verdict-statement.ts';
import type { Wallet } from './wallet.ts';

export type CeremonyPlan =
  | { readonly kind: 'run'; readonly run: RunPlan }
  | { readonly kind: 'export'; readonly body: ExportProposal; readonly plan: ExportPlan; readonly wallet: Wallet }
  | { readonly kind: 'sign'; readonly body: SignProposal; readonly wallet: Wallet };

/** @param named the wallet that the proposal names, if it was found */
export function planCeremony(
  { body, digest }: Proposal,
  roster: Roster,
  named: Wallet | undefined,
): Result<CeremonyPlan, VerdictReason> {
  if (body.ceremony === 'keygen') return ok({ kind: 'run', run: keygenPlan(roster, digest, body) });
  if (body.ceremony === 'import') return run(importPlan(roster, digest, body));
  if (named === undefined) return err({ code: 'UNKNOWN_WALLET', detail: 'the wallet of the proposal is not known' });
  if (body.ceremony === 'reshare') return run(resharePlan(roster, named.epoch, body));
  if (body.ceremony === 'sign') return ok({ kind: 'sign', body, wallet: named });
  const plan = exportPlan(named.epoch, body);
  return plan.ok ? ok({ kind: 'export', body, plan: plan.value, wallet: named }) : plan;
}

/** The session id that follows. @param signers those of the start; they are bound in a signing */
export function ceremonySessionId(
  roster: Roster,
  proposal: Proposal,
  plan: CeremonyPlan,
  signers: readonly number[],
  quorum: Quorum,
): Uint8Array {
  const { consents, digest } = quorum;
  const named = proposal.digest;
  switch (plan.kind) {
    case 'run':
      return runSessionId(roster, proposal, plan.run, consents);
    case 'export':
      return exportSessionId(roster, { digest: named, body: plan.body }, plan.wallet.publicKey, plan.plan, consents);
    case 'sign': {
      const key = signingKey(plan.wallet, quorum);
      return signSessionId(roster, { digest: named, body: plan.body }, key, signers, digest, consents);
    }
  }
}

function run(plan: Result<RunPlan, VerdictReason>): Result<CeremonyPlan, VerdictReason> {
  return plan.ok ? ok({ kind: 'run', run: plan.value }) : plan;
}
