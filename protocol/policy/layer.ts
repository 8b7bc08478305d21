/** One policy against one payload: every rule that can match against every call, then flows, limits and counts. */
import type { Assessment } from '../payload/risk/assess.ts';
import { isFinalRisk, type Risk } from '../payload/risk/codes.ts';
import { Budget, MAX_STEPS } from './budget.ts';
import type { NodeFacts, PayloadFacts } from './facts.ts';
import { Findings } from './findings.ts';
import { type FlowLine, flowsOf } from './flows.ts';
import type { JudgedWallet } from './judge.ts';
import { type Limited, limited } from './limit-lines.ts';
import { isRuledOut, matches, matchNode, matchPayload, type Request } from './match.ts';
import type { Policy, PreparedRule } from './prepare.ts';
import { denialWords, missingRule, unacceptedRisk } from './reasons.ts';
import type { SelectorMatch } from './schema.ts';
import type { Spend } from './spend.ts';
import {
  type Layer,
  type LayerTrace,
  type LedgerView,
  type MatchedRule,
  type Obligations,
  printable,
} from './verdict.ts';

export interface LayerInput {
  readonly layer: Layer;
  readonly policy: Policy;
  readonly assessment: Assessment;
  readonly facts: PayloadFacts;
  readonly request: Request;
  readonly wallet: JudgedWallet;
  readonly spend: Spend;
  readonly ledger: LedgerView | 'uncounted';
}

export interface LayerJudgement {
  readonly permits: readonly PreparedRule[];
  /** Of all matching require rules, and of limits that ask people. */
  readonly obligations: readonly Obligations[];
  readonly matched: readonly MatchedRule[];
  readonly findings: Findings;
  readonly trace: LayerTrace;
  /** There was more to compare than a judgement may take. */
  readonly isSpent: boolean;
}

export function judgeLayer(input: LayerInput): LayerJudgement {
  const { layer, policy, facts, request, wallet, spend } = input;
  // Only an own policy can leave what it does not mention to the other layer; deferring to nobody is a denial.
  const defers = layer === 'own' && policy.document.unmatched === 'defer';
  const findings = new Findings(layer);
  const budget = new Budget();
  if (layer === 'own') ownFindings(policy, findings);
  timeFindings(policy, request.now, findings);
  if (!defers) scopeFindings(policy, facts, request, findings);
  hardFindings(policy, input.assessment, findings);

  const compared = compare(input, defers, budget, findings);
  const permits = [...compared.permits];
  const flows = flowFindings(policy, facts, request, compared.unread, findings);
  let charged: Limited = { lines: [], obligations: [] };
  if (!budget.isSpent) {
    charged = limited(layer, policy, spend, compared.unread, input.ledger, budget, findings);
  }
  quorumFindings(permits, wallet, findings);
  const shown = { layer, policy, facts, request, flows };
  if (budget.isSpent) {
    // How far it came is nobody's business: one finding, whatever was seen before.
    const only = new Findings(layer);
    only.deny('POLICY_BUDGET', () => budgetWords(policy, facts));
    const trace = { ...shown, flows: [], matches: [], findings: only.codes(), limits: [] };
    return { permits: [], obligations: [], matched: [], findings: only, trace, isSpent: true };
  }
  return {
    permits,
    obligations: [...asked(permits), ...charged.obligations],
    matched: matchedRules(input, compared.matches),
    findings,
    trace: { ...shown, matches: compared.matches, findings: findings.codes(), limits: charged.lines },
    isSpent: false,
  };
}

function asked(permits: readonly PreparedRule[]): readonly Obligations[] {
  const all: Obligations[] = [];
  for (const { obligations } of permits) if (obligations !== undefined) all.push(obligations);
  return all;
}

/** Every match in the order of the calls, by name. */
function matchedRules({ facts, layer, policy }: LayerInput, matches: Compared['matches']): readonly MatchedRule[] {
  const matched: MatchedRule[] = [];
  for (const [n, words] of matches.entries()) {
    const leaf = facts.nodes[n]?.path ?? '';
    for (let i = 0; i < words.length; i += WORDS) {
      const rule = policy.rules[words[i] ?? 0]?.rule;
      if (rule !== undefined) matched.push({ policy: layer, id: rule.id, effect: rule.effect, leaf });
    }
  }
  return matched;
}

/** Of a match: index of the rule, payload word, node word. */
const WORDS = 3;

interface Compared {
  readonly permits: ReadonlySet<PreparedRule>;
  readonly matches: readonly (readonly number[])[];
  /** Calls that could move anything, and whose permissions do not pin them. */
  readonly unread: readonly string[];
}

/** Rules per node; stops where the budget ends. */
function compare(input: LayerInput, defers: boolean, budget: Budget, findings: Findings): Compared {
  const { policy, facts, request } = input;
  const { rules } = policy;
  const words = rules.map((rule) => matchPayload(rule, facts, request));
  const candidates = candidatesOf(policy, words);
  const all: (readonly number[])[] = [];
  const unread: string[] = [];
  const permits = new Set<PreparedRule>();
  const result = { permits, matches: all, unread };
  let unmatched = 0;
  for (const [n, node] of facts.nodes.entries()) {
    const permitting: PreparedRule[] = [];
    const here: number[] = [];
    for (const r of candidates(node.selector)) {
      const [rule, payload = 0] = [rules[r], words[r]];
      if (rule === undefined) continue;
      if (!budget.take(rule.weight + rule.weightOfMove * node.touches.length)) return result;
      const bits = matchNode(rule, node, facts, request);
      if (!matches(rule, payload, bits)) continue;
      here.push(r, payload, bits);
      if (rule.permits) permitting.push(rule);
      else findings.deny('DENIED_BY_RULE', () => denialWords(rule, { payload, node: bits }), node.path);
    }
    all.push(here);
    for (const rule of permitting) permits.add(rule);
    if (node.unread && !isVouchedFor(permitting)) unread.push(node.path);
    if (defers) continue;
    if (permitting.length === 0) {
      const before = unmatched++;
      findings.deny('DEFAULT_DENY', () => missingRule(input, words, n, before), node.path);
    }
    if (node.risks.length === 0) continue;
    if (!budget.take(permitting.length * node.risks.length)) return result;
    riskFindings(permitting, node, findings);
  }
  return result;
}

/** Indices of the rules to compare with a node of this selector, ascending; what the payload rules out is left out. */
function candidatesOf(
  { anySelector, bySelector }: Policy,
  words: readonly number[],
): (selector: SelectorMatch | undefined) => readonly number[] {
  const alive = (r: number): boolean => !isRuledOut(words[r] ?? 0);
  const unnamed = anySelector.filter(alive);
  const known = new Map<SelectorMatch, readonly number[]>();
  return (selector) => {
    const named = selector && bySelector.get(selector);
    if (selector === undefined || named === undefined) return unnamed;
    const before = known.get(selector);
    if (before !== undefined) return before;
    const candidates = merged(unnamed, named.filter(alive));
    known.set(selector, candidates);
    return candidates;
  };
}

/** Two ascending lists as one. */
function merged(a: readonly number[], b: readonly number[]): readonly number[] {
  if (a.length === 0 || b.length === 0) return a.length === 0 ? b : a;
  return [...a, ...b].sort((x, y) => x - y);
}

/** What nobody can read is signed only where every permission names it exactly and asks people. */
function isVouchedFor(permitting: readonly PreparedRule[]): boolean {
  return permitting.length > 0 && permitting.every(({ rule, pinned }) => rule.effect === 'require' && pinned);
}

/** What of a node's risks no matching permission accepts: a critical one denies, with a high one a person decides. */
function riskFindings(permitting: readonly PreparedRule[], node: NodeFacts, findings: Findings): void {
  for (const risk of node.risks) {
    const isOpen = risk.severity !== 'info' && !isFinalRisk(risk.code);
    if (!isOpen || permitting.some((rule) => accepts(rule, risk))) continue;
    const detail = (): string => unacceptedRisk(risk, permitting);
    findings.add({ denies: risk.severity === 'critical', code: risk.code, leaf: node.path, detail });
  }
}

/** A critical risk needs a person and an exact target besides its name. */
function accepts(rule: PreparedRule, risk: Risk): boolean {
  if (!rule.risks.has(risk.code)) return false;
  return risk.severity !== 'critical' || (rule.rule.effect === 'require' && rule.pinned);
}

/** People, the address book and who may change them are the same for all parties or nothing. */
function ownFindings({ document }: Policy, findings: Findings): void {
  for (const field of ['admin', 'approvers', 'counterparties', 'groups'] as const) {
    if (document[field] === undefined) continue;
    findings.deny('OWN_POLICY_FIELD', () => `${field} belongs into the common policy alone; remove it from this one`);
  }
}

function timeFindings({ document }: Policy, now: number, findings: Findings): void {
  const { effectiveAt, expiresAt } = document;
  if (effectiveAt !== undefined && now < effectiveAt) {
    const detail = `the policy takes effect at ${effectiveAt}, it is ${now}; wait, or adopt one that is in force`;
    findings.deny('POLICY_NOT_EFFECTIVE', () => detail);
  } else if (expiresAt !== undefined && now >= expiresAt) {
    const detail = `the policy expired at ${expiresAt}, it is ${now}; adopt a newer version`;
    findings.deny('POLICY_EXPIRED', () => detail);
  }
}

function scopeFindings(policy: Policy, facts: PayloadFacts, request: Request, findings: Findings): void {
  const scope = policy.document.wallets.get(request.wallet);
  if (scope === undefined) {
    const detail = printable(`wallet "${request.wallet}" is not declared under wallets of the policy`);
    findings.deny('UNKNOWN_WALLET', () => detail);
  }
  if (facts.chainId === undefined && !facts.offChain) {
    const detail = 'the payload names no chain and is valid on several; legacyChainId of the wallet would admit it';
    findings.deny('WRONG_CHAIN', () => detail);
  } else if (facts.chainId !== undefined && scope?.chainIds?.includes(facts.chainId) === false) {
    const detail = `chain ${facts.chainId} is not among the chains ${scope.chainIds.join(', ')} of this wallet`;
    findings.deny('WRONG_CHAIN', () => detail);
  }
  const { openTo } = policy;
  if (openTo !== undefined && openTo.size > 0 && !openTo.has(request.initiator)) {
    const detail = printable(`no allow or require rule is open to the operator "${request.initiator}"`);
    findings.deny('UNKNOWN_INITIATOR', () => detail);
  }
}

function hardFindings({ document }: Policy, { risks }: Assessment, findings: Findings): void {
  const { hardDeny } = document;
  if (hardDeny === undefined) return;
  for (const { code, path } of risks) {
    if (!hardDeny.includes(code)) continue;
    findings.deny('HARD_DENIED', () => `${code} is under hardDeny of the policy, so no rule can accept it`, path);
  }
}

function flowFindings(
  { flows }: Policy,
  facts: PayloadFacts,
  request: Request,
  unread: readonly string[],
  findings: Findings,
): readonly FlowLine[] {
  if (flows === undefined) return [];
  const lines = flowsOf(flows, facts.nodes, request);
  for (const { allowed, from, leaf, to } of lines) {
    if (allowed) continue;
    const why = flows.classes.get(from) === 'cold' && to === 'external' ? 'nothing leaves a cold wallet so' : 'no flow';
    findings.deny('FLOW_FORBIDDEN', () => printable(`${why}: value would move from ${from} to ${to}`), leaf);
  }
  const [leaf] = unread;
  if (leaf !== undefined) {
    const needed = 'it takes require rules only, pinned by to together with selectors, typeHashes or calldataHash';
    findings.deny('FLOW_FORBIDDEN', () => `where value would move to is not known; ${needed}`, leaf);
  }
  return lines;
}

/** Fewer consents than signers, or more than there are parties, is a mistake in the policy, never a lower bar. */
function quorumFindings(permits: readonly PreparedRule[], wallet: JudgedWallet, findings: Findings): void {
  const { threshold, parties } = wallet;
  const code = 'POLICY_QUORUM_OUT_OF_RANGE';
  for (const { rule } of permits) {
    const { id, consents, rejections } = rule;
    if (consents !== undefined && (consents < threshold || consents > parties)) {
      const detail = `rule "${id}" asks for ${consents} consents; this wallet needs ${threshold} to ${parties}`;
      findings.deny(code, () => detail);
    }
    if (rejections !== undefined && rejections > parties) {
      const detail = `rule "${id}" waits for ${rejections} rejections; there are ${parties} parties`;
      findings.deny(code, () => detail);
    }
  }
}

function budgetWords({ rules }: Policy, { nodes }: PayloadFacts): string {
  return `comparing ${rules.length} rules with ${nodes.length} calls takes more than ${MAX_STEPS} steps; split the payload`;
}
