/**
 * Policy against payload (docs/policy.md, semantics). Pure and total: every input gives a verdict, the same one on every
 * machine, and whatever is unknown is a denial with a reason.
 */
import type { Address } from '../payload/address.ts';
import type { Assessment } from '../payload/risk/assess.ts';
import { isFinalRisk } from '../payload/risk/codes.ts';
import { type PayloadFacts, payloadFacts } from './facts.ts';
import { Findings, reasonsOf } from './findings.ts';
import { judgeLayer, type LayerJudgement } from './layer.ts';
import { MAX_PARTIES } from './limits.ts';
import type { Request } from './match.ts';
import { joined, withHolder } from './obligations.ts';
import type { Policy } from './prepare.ts';
import { finalRisk } from './reasons.ts';
import { type Spend, spendOf } from './spend.ts';
import { denial, type Layer, type LedgerView, NO_OBLIGATIONS, type Verdict } from './verdict.ts';

export interface JudgeInput {
  readonly assessment: Assessment;
  readonly wallet: JudgedWallet;
  /** Name of the operator whose key signed the proposal. */
  readonly initiator: string;
  /** Unix seconds. */
  readonly now: number;
  readonly common: Policy;
  /** May only narrow: the stricter of both verdicts wins. */
  readonly own?: Policy | undefined;
  /** `uncounted`: nobody here knows what was used before, so only what exceeds a limit by itself is held to it. */
  readonly ledger: LedgerView | 'uncounted';
}

export interface JudgedWallet {
  /** As given at its keygen; policies name it. */
  readonly name: string;
  readonly address: Address;
  /** Parties that must sign (t) and that there are (n), 1 <= t <= n <= 255. */
  readonly threshold: number;
  readonly parties: number;
}

export function judge(input: JudgeInput): Verdict {
  const fault = inputFault(input);
  if (fault !== undefined) return denial([{ code: 'JUDGE_INPUT', detail: fault }], MAX_PARTIES);
  const { assessment, wallet, initiator, now, common, own, ledger } = input;
  const request: Request = { wallet: wallet.name, address: wallet.address, initiator, now };
  const facts = factsOf(assessment, common, wallet);
  const spend = spendOf(assessment.decoded, facts, request);
  const judged = (layer: Layer, policy: Policy, facts: PayloadFacts): LayerJudgement =>
    judgeLayer({ layer, policy, assessment, facts, request, wallet, spend, ledger });
  const layers = [judged('common', common, facts)];
  // What took too long once is not tried twice.
  if (own !== undefined && layers[0]?.isSpent === false) {
    const lends = own.document.wallets.get(wallet.name)?.legacyChainId;
    const same = lends === common.document.wallets.get(wallet.name)?.legacyChainId;
    layers.push(judged('own', own, same ? facts : factsOf(assessment, own, wallet)));
  }
  return combine(layers, input, spend);
}

/** A payload that names no chain is judged for the one that the policy lends its wallet. */
function factsOf(assessment: Assessment, { document }: Policy, { name }: JudgedWallet): PayloadFacts {
  return payloadFacts(assessment, assessment.decoded.chainId ?? document.wallets.get(name)?.legacyChainId);
}

/** What no rule of any policy can accept. */
function finalFindings({ risks }: Assessment): Findings {
  const findings = new Findings();
  for (const risk of risks) {
    if (isFinalRisk(risk.code)) findings.deny(risk.code, () => finalRisk(risk), risk.path);
  }
  return findings;
}

/** The strictest of both layers. */
function combine(layers: readonly LayerJudgement[], input: JudgeInput, spend: Spend): Verdict {
  const { threshold, parties } = input.wallet;
  const found = [finalFindings(input.assessment), ...layers.map((layer) => layer.findings)];
  const shared = {
    rules: together(layers, (layer) => layer.matched),
    reasons: reasonsOf(found),
    risks: [...new Set(input.assessment.risks.map((risk) => risk.code))].sort(),
    limits: together(layers, (layer) => layer.trace.limits),
    spend,
    trace: { layers: layers.map((layer) => layer.trace) },
  };
  if (found.some(({ denials }) => denials > 0)) {
    return { decision: 'deny', consents: parties, rejections: 1, obligations: NO_OBLIGATIONS, ...shared };
  }
  const permits = together(layers, (layer) => layer.permits);
  const asked = together(layers, (layer) => layer.obligations);
  const open = found.some(({ count }) => count > 0);
  const all = input.assessment.risks.some((risk) => risk.severity === 'critical') || isCold(input);
  return {
    decision: open || asked.length > 0 ? 'require' : 'allow',
    consents: all ? parties : most(permits, ({ rule }) => rule.consents ?? threshold, threshold),
    rejections: permits.length === 0 ? 1 : least(permits, ({ rule }) => rule.rejections ?? 1, MAX_PARTIES),
    // A risk that nobody accepted leaves the decision to the key holders.
    obligations: open ? withHolder(joined(asked)) : joined(asked),
    ...shared,
  };
}

/** What leaves a cold wallet is everybody's business. */
function isCold({ common, own, wallet }: JudgeInput): boolean {
  return [common, own].some((policy) => policy?.document.wallets.get(wallet.name)?.class === 'cold');
}

/** Mostly there is one layer, and its list can be long. */
function together<T>(layers: readonly LayerJudgement[], part: (layer: LayerJudgement) => readonly T[]): readonly T[] {
  const [first, second] = layers;
  if (first === undefined) return [];
  return second === undefined ? part(first) : [...part(first), ...part(second)];
}

function most<T>(items: readonly T[], value: (item: T) => number, start: number): number {
  return items.reduce((found, item) => Math.max(found, value(item)), start);
}

function least<T>(items: readonly T[], value: (item: T) => number, start: number): number {
  return items.reduce((found, item) => Math.min(found, value(item)), start);
}

function inputFault({ wallet, now, assessment }: JudgeInput): string | undefined {
  const { threshold, parties } = wallet;
  if (!Number.isSafeInteger(now) || now < 0) return 'the time is not a count of seconds';
  const whole = Number.isSafeInteger(threshold) && Number.isSafeInteger(parties);
  if (!whole || threshold < 1 || threshold > parties || parties > MAX_PARTIES)
    return 'threshold and parties do not fit';
  return assessment.decoded.calls.length === 0 ? 'the payload contains no call' : undefined;
}
