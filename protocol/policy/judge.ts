/**
 * Policy against payload (docs/policy.md, semantics). Pure and total: every input gives a verdict, the same one on every
 * machine, and whatever is unknown is a denial with a reason.
 */
import type { Address } from '../payload/address.ts';
import type { Assessment } from '../payload/risk/assess.ts';
import { isFinalRisk, type Risk } from '../payload/risk/codes.ts';
import { type NodeFacts, type PayloadFacts, payloadFacts } from './facts.ts';
import { MAX_PARTIES } from './limits.ts';
import { matches, matchNode, matchPayload, type Request } from './match.ts';
import type { Policy, PreparedRule } from './prepare.ts';
import { denialWords, finalRisk, missingRule, unacceptedRisk } from './reasons.ts';
import {
  denial,
  type Layer,
  type LayerTrace,
  type LedgerView,
  MAX_REASONS,
  type MatchedRule,
  NO_OBLIGATIONS,
  printable,
  type Reason,
  type Verdict,
} from './verdict.ts';

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
  /** `uncounted`: nobody here knows what was charged before, so only what exceeds a limit by itself is held to it. */
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
  const layers = [judgeLayer('common', input.common, input)];
  if (input.own !== undefined) layers.push(judgeLayer('own', input.own, input));
  return combine(layers, finalFindings(input.assessment), input);
}

interface LayerJudgement {
  readonly requires: boolean;
  readonly permits: readonly PreparedRule[];
  readonly matched: readonly MatchedRule[];
  readonly findings: readonly Finding[];
  readonly trace: LayerTrace;
}

/** `denies`: by itself a denial. Else a risk that leaves the decision to a person, whatever the rules say. */
interface Finding {
  readonly denies: boolean;
  readonly reason: Reason;
}

function judgeLayer(layer: Layer, policy: Policy, input: JudgeInput): LayerJudgement {
  const { assessment, wallet, initiator } = input;
  const scope = policy.document.wallets.get(wallet.name);
  const facts = payloadFacts(assessment, assessment.decoded.chainId ?? scope?.legacyChainId);
  const request: Request = { wallet: wallet.name, address: wallet.address, initiator };
  // Only an own policy can leave what it does not mention to the other layer; deferring to nobody is a denial.
  const defers = layer === 'own' && policy.document.unmatched === 'defer';
  const findings = timeReasons(policy, input.now).map(denying);
  if (!defers) findings.push(...scopeReasons(policy, facts, request).map(denying));

  const { rules } = policy;
  const payloadBits = rules.map((rule) => matchPayload(rule, facts, request));
  const results = new Uint32Array(facts.nodes.length * rules.length);
  const matched: MatchedRule[] = [];
  const permits = new Set<PreparedRule>();
  let unmatched = 0;
  const trace: LayerTrace = { layer, policy, facts, request, results };
  for (const [n, node] of facts.nodes.entries()) {
    const permitting: PreparedRule[] = [];
    for (const [r, rule] of rules.entries()) {
      const bits = matchNode(rule, payloadBits[r] ?? 0, node, facts);
      results[n * rules.length + r] = bits;
      if (!matches(rule, bits)) continue;
      matched.push({ policy: layer, id: rule.rule.id, effect: rule.rule.effect, leaf: node.path });
      if (rule.permits) permitting.push(rule);
      else findings.push(denying({ code: 'DENIED_BY_RULE', leaf: node.path, detail: denialWords(rule, bits) }));
    }
    for (const rule of permitting) permits.add(rule);
    if (defers) continue;
    if (permitting.length === 0) {
      const detail = missing(trace, n, unmatched++);
      findings.push(denying({ code: 'DEFAULT_DENY', leaf: node.path, detail }));
    }
    findings.push(...unaccepted(permitting, node));
  }
  findings.push(...quorumReasons([...permits], wallet).map(denying));
  return {
    requires: [...permits].some(({ rule }) => rule.effect === 'require'),
    permits: [...permits],
    matched,
    findings: findings.map(({ denies, reason }) => ({ denies, reason: { ...reason, policy: layer } })),
    trace,
  };
}

/** Beyond the reasons that are kept only their number matters, so the search for the closest rule stops. */
function missing(trace: LayerTrace, index: number, found: number): string {
  return found < MAX_REASONS ? missingRule(trace, index) : '';
}

/** What of a node's risks no matching permission accepts: a critical one denies, with a high one a person decides. */
function unaccepted(permitting: readonly PreparedRule[], node: NodeFacts): readonly Finding[] {
  return node.risks.flatMap((risk) => {
    const isOpen = risk.severity !== 'info' && !isFinalRisk(risk.code);
    if (!isOpen || permitting.some((rule) => accepts(rule, risk))) return [];
    const reason = { code: risk.code, leaf: node.path, detail: unacceptedRisk(risk, permitting) };
    return [{ denies: risk.severity === 'critical', reason }];
  });
}

function denying(reason: Reason): Finding {
  return { denies: true, reason };
}

/** What no rule of any policy can accept. */
function finalFindings({ risks }: Assessment): readonly Finding[] {
  return risks.flatMap((risk) => {
    return isFinalRisk(risk.code) ? [denying({ code: risk.code, leaf: risk.path, detail: finalRisk(risk) })] : [];
  });
}

/** A critical risk needs a person and an exact target besides its name. */
function accepts(rule: PreparedRule, risk: Risk): boolean {
  if (!rule.risks.has(risk.code)) return false;
  return risk.severity !== 'critical' || (rule.rule.effect === 'require' && rule.pinned);
}

function timeReasons({ document }: Policy, now: number): readonly Reason[] {
  const { effectiveAt, expiresAt } = document;
  if (effectiveAt !== undefined && now < effectiveAt) {
    const detail = `the policy takes effect at ${effectiveAt}, it is ${now}; wait, or adopt one that is in force`;
    return [{ code: 'POLICY_NOT_EFFECTIVE', detail }];
  }
  if (expiresAt !== undefined && now >= expiresAt) {
    const detail = `the policy expired at ${expiresAt}, it is ${now}; adopt a newer version`;
    return [{ code: 'POLICY_EXPIRED', detail }];
  }
  return [];
}

function scopeReasons(policy: Policy, facts: PayloadFacts, request: Request): readonly Reason[] {
  const reasons: Reason[] = [];
  const scope = policy.document.wallets.get(request.wallet);
  if (scope === undefined) {
    const detail = printable(`wallet "${request.wallet}" is not declared under wallets of the policy`);
    reasons.push({ code: 'UNKNOWN_WALLET', detail });
  }
  if (facts.chainId === undefined && !facts.offChain) {
    const detail = 'the payload names no chain and is valid on several; legacyChainId of the wallet would admit it';
    reasons.push({ code: 'WRONG_CHAIN', detail });
  } else if (facts.chainId !== undefined && scope?.chainIds?.includes(facts.chainId) === false) {
    const detail = `chain ${facts.chainId} is not among the chains ${scope.chainIds.join(', ')} of this wallet`;
    reasons.push({ code: 'WRONG_CHAIN', detail });
  }
  const permits = policy.rules.filter((rule) => rule.permits);
  if (permits.length > 0 && permits.every(({ initiators }) => initiators?.has(request.initiator) === false)) {
    const detail = printable(`no allow or require rule is open to the operator "${request.initiator}"`);
    reasons.push({ code: 'UNKNOWN_INITIATOR', detail });
  }
  return reasons;
}

/** Fewer consents than signers, or more than there are parties, is a mistake in the policy, never a lower bar. */
function quorumReasons(permits: readonly PreparedRule[], wallet: JudgedWallet): readonly Reason[] {
  const { threshold, parties } = wallet;
  return permits.flatMap(({ rule }) => {
    const { id, consents, rejections } = rule;
    const reasons: Reason[] = [];
    const code = 'POLICY_QUORUM_OUT_OF_RANGE';
    if (consents !== undefined && (consents < threshold || consents > parties)) {
      const detail = `rule "${id}" asks for ${consents} consents; this wallet needs ${threshold} to ${parties}`;
      reasons.push({ code, detail });
    }
    if (rejections !== undefined && rejections > parties) {
      const detail = `rule "${id}" waits for ${rejections} rejections; there are ${parties} parties`;
      reasons.push({ code, detail });
    }
    return reasons;
  });
}

/** The strictest of both layers. */
function combine(layers: readonly LayerJudgement[], final: readonly Finding[], input: JudgeInput): Verdict {
  const { threshold, parties } = input.wallet;
  const risks = [...new Set(input.assessment.risks.map((risk) => risk.code))].sort();
  const rules = layers.flatMap((layer) => layer.matched);
  const trace = { layers: layers.map((layer) => layer.trace) };
  const findings = [...final, ...layers.flatMap((layer) => layer.findings)];
  const reasons = reasonsOf(findings);
  if (findings.some(({ denies }) => denies)) {
    return {
      decision: 'deny',
      consents: parties,
      rejections: 1,
      rules,
      reasons,
      risks,
      obligations: NO_OBLIGATIONS,
      limits: [],
      spend: undefined,
      trace,
    };
  }
  const permits = layers.flatMap((layer) => layer.permits);
  const critical = input.assessment.risks.some((risk) => risk.severity === 'critical');
  const decision = findings.length > 0 || layers.some((layer) => layer.requires) ? 'require' : 'allow';
  return {
    decision,
    consents: critical ? parties : Math.max(threshold, ...permits.map(({ rule }) => rule.consents ?? threshold)),
    rejections: permits.length === 0 ? 1 : Math.min(...permits.map(({ rule }) => rule.rejections ?? 1)),
    rules,
    reasons,
    risks,
    obligations: { ...NO_OBLIGATIONS, holder: decision === 'require' },
    limits: [],
    spend: undefined,
    trace,
  };
}

/** In the order found; what denies comes first where not all can be listed. */
function reasonsOf(findings: readonly Finding[]): readonly Reason[] {
  if (findings.length <= MAX_REASONS) return findings.map(({ reason }) => reason);
  const ordered = [...findings.filter(({ denies }) => denies), ...findings.filter(({ denies }) => !denies)];
  const kept = ordered.slice(0, MAX_REASONS - 1).map(({ reason }) => reason);
  const left = findings.length - kept.length;
  return [...kept, { code: 'MORE_REASONS', detail: `${left} more reasons are not listed` }];
}

function inputFault({ wallet, now, assessment }: JudgeInput): string | undefined {
  const { threshold, parties } = wallet;
  if (!Number.isSafeInteger(now) || now < 0) return 'the time is not a count of seconds';
  const whole = Number.isSafeInteger(threshold) && Number.isSafeInteger(parties);
  if (!whole || threshold < 1 || threshold > parties || parties > MAX_PARTIES)
    return 'threshold and parties do not fit';
  return assessment.decoded.calls.length === 0 ? 'the payload contains no call' : undefined;
}
