/** What a ceremony binds, computed again from the proposal, the roster and the wallet that it names. */
import type { ExportProposal, Proposal, SignProposal } from '../../ceremony/proposal.ts';
import type { Roster } from '../../ceremony/roster.ts';
import {
  type ExportPlan,
  exportPlan,
  importPlan,
  keygenPlan,
  type RunPlan,
  resharePlan,
} from '../../ceremony/run-plan.ts';
import type { VerdictReason } from '../../ceremony/verdict-statement.ts';
import type { Wallet } from '../../ceremony/wallet.ts';
import { err, ok, type Result } from '../../common/result.ts';

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

function run(plan: Result<RunPlan, VerdictReason>): Result<CeremonyPlan, VerdictReason> {
  return plan.ok ? ok({ kind: 'run', run: plan.value }) : plan;
}
