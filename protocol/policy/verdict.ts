/** What a judgement says, and its form inside signed statements. */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8 } from '../common/bytes.ts';
import { canonicalBytes, type Json } from '../common/canonical-json.ts';
import { policyDigest } from './canonical.ts';
import type { PayloadFacts } from './facts.ts';
import type { FlowLine } from './flows.ts';
import { DEFAULT_TTL, MAX_PARTIES } from './limits.ts';
import type { Request } from './match.ts';
import type { Policy } from './prepare.ts';
import type { Effect, GroupQuorum } from './schema.ts';
import type { Spend } from './spend.ts';

/** The common policy all parties share, or the one that a party keeps for itself. */
export type Layer = 'common' | 'own';

/** `allow`: the party consents by itself. `require`: its key holder must approve. `deny`: it signs a rejection. */
export type Decision = 'allow' | 'require' | 'deny';

/** Plain data throughout; the same input gives the same value, byte for byte. */
export interface Verdict {
  readonly decision: Decision;
  /** q: how many parties must consent, threshold..parties. Of a denial: all. */
  readonly consents: number;
  /** How many signed rejections end the proposal, 1..parties. Of a denial: 1. */
  readonly rejections: number;
  /** Every match, in the order of the calls; denials included. */
  readonly rules: readonly MatchedRule[];
  /** Why it is a denial, or which risks leave it to a person whatever the rules say. At most MAX_REASONS. */
  readonly reasons: readonly Reason[];
  /** All risk codes found, sorted, each once. */
  readonly risks: readonly string[];
  /** What people must have said before a party consents; of both layers together. Of a denial: nothing. */
  readonly obligations: Obligations;
  /** Every limit that the payload is charged to, by layer, limit and bucket. */
  readonly limits: readonly LimitLine[];
  /** What the payload is charged with; `undefined`: nothing was judged. */
  readonly spend: Spend | undefined;
  readonly trace: Trace;
}

/** The strictest of all that was asked for. */
export interface Obligations {
  /** The key holder's hand. */
  readonly holder: boolean;
  /** Sorted by name, each once. */
  readonly groups: readonly GroupQuorum[];
  readonly distinctDevices: boolean;
  /** Seconds. */
  readonly ttlSec: number;
  readonly delaySec: number;
  readonly rejects: number;
}

export const NO_OBLIGATIONS: Obligations = {
  holder: false,
  groups: [],
  distinctDevices: false,
  ttlSec: DEFAULT_TTL,
  delaySec: 0,
  rejects: 1,
};

/** What is already charged; `undefined`: it cannot be read, so nobody signs. */
export type LedgerView = (need: LimitNeed) => LimitUsage | undefined;

export interface LimitNeed {
  readonly layer: Layer;
  readonly limit: string;
  /** `wallet=ops;asset=1:0x...`, keys sorted. */
  readonly bucket: string;
  /** What this payload adds. */
  readonly charge: bigint;
}

export interface LimitUsage {
  readonly used: bigint;
  /** How many payloads that is. */
  readonly entries: number;
}

export interface LimitLine extends LimitNeed, LimitUsage {
  readonly max: bigint;
  readonly exceeded: boolean;
  /** `itself`: it is about one transaction alone. `uncounted`: what was used before was not looked at. */
  readonly source: 'ledger' | 'itself' | 'uncounted';
}

export interface MatchedRule {
  readonly policy: Layer;
  readonly id: string;
  readonly effect: Effect;
  /** Path of the call, like `0.2`. */
  readonly leaf: string;
}

export interface Reason {
  /** Upper snake case: a code of docs/policy.md, a risk code, or the code of a failed decode. */
  readonly code: string;
  readonly policy?: Layer;
  readonly leaf?: string;
  /** Printable ASCII, at most MAX_DETAIL characters: what is wrong, and which rule would change it. */
  readonly detail: string;
}

/** Everything that was compared, for `explain` and for the auditor. */
export interface Trace {
  readonly layers: readonly LayerTrace[];
}

export interface LayerTrace {
  readonly layer: Layer;
  readonly policy: Policy;
  readonly facts: PayloadFacts;
  readonly request: Request;
  /** For each call in order, of every rule that matches it: index of the rule, payload word, node word (match.ts). */
  readonly matches: readonly (readonly number[])[];
  /** Codes and places of everything found (findings.ts). */
  readonly findings: readonly string[];
  readonly flows: readonly FlowLine[];
  readonly limits: readonly LimitLine[];
}

/** As many as a verdict statement holds. */
export const MAX_REASONS = 64;
const MAX_RULES_IN_STATEMENT = 256;
const MAX_DETAIL = 400;
const TRACE_TAG = utf8('keymoot/policy-trace/2\0');

/** The verdict on a payload that could not be decoded: there is nothing to judge, so nobody signs. */
export function undecodableVerdict(code: string, message: string, parties: number = MAX_PARTIES): Verdict {
  return denial([{ code, detail: printable(message) }], parties);
}

/** A denial that rests on no rule. */
export function denial(reasons: readonly Reason[], parties: number): Verdict {
  const trace = { layers: [] };
  return {
    decision: 'deny',
    consents: parties,
    rejections: 1,
    rules: [],
    reasons,
    risks: [],
    obligations: NO_OBLIGATIONS,
    limits: [],
    spend: undefined,
    trace,
  };
}

/** `common/ID` and `own/ID` of all matched rules, sorted, each once, at most 256. */
export function matchedRuleNames(verdict: Verdict): readonly string[] {
  const names = new Set(verdict.rules.map((rule) => `${rule.policy}/${rule.id}`));
  return [...names].sort().slice(0, MAX_RULES_IN_STATEMENT);
}

/**
 * The canonical form: sorted lists of bounded length. `ruleMatches` counts matches beyond the list too, so that a
 * shortened list shows.
 */
export function verdictJson(verdict: Verdict): Json {
  return {
    consents: verdict.consents.toString(),
    decision: verdict.decision,
    reasons: verdict.reasons.map(({ code, policy, leaf, detail }) => ({
      code,
      detail,
      ...(leaf === undefined ? {} : { leaf }),
      ...(policy === undefined ? {} : { policy }),
    })),
    rejections: verdict.rejections.toString(),
    risks: verdict.risks,
    ruleMatches: verdict.rules.length.toString(),
    rules: verdict.rules
      .slice(0, MAX_RULES_IN_STATEMENT)
      .map(({ effect, id, leaf, policy }) => ({ effect, id, leaf, policy })),
  };
}

/**
 * 32 bytes over what the common policy made of the payload: which rules matched which call and how, the risks, what was
 * found, and what each limit counted. Equal for parties that judge seconds apart, whatever own policies they keep; a
 * payload that was never judged has the digest of no layers.
 */
export function traceDigest(verdict: Verdict): Uint8Array {
  const hash = sha256.create().update(TRACE_TAG);
  const part = (bytes: Uint8Array): void => {
    hash.update(wordsOf([bytes.length])).update(bytes);
  };
  for (const layer of verdict.trace.layers) {
    if (layer.layer !== 'common') continue;
    part(policyDigest(layer.policy));
    part(canonicalBytes(layerJson(layer)));
    for (const matches of layer.matches) part(wordsOf(matches));
  }
  return hash.digest();
}

function layerJson({ request, facts, findings, limits }: LayerTrace): Json {
  return {
    findings,
    initiator: request.initiator,
    limits: limits.map(({ limit, bucket, charge, used, max }) => ({
      bucket,
      charge: charge.toString(),
      limit,
      max: max.toString(),
      used: used.toString(),
    })),
    nodes: facts.nodes.length.toString(),
    risks: facts.nodes.flatMap(({ path, risks }) => risks.map(({ code, severity }) => `${path} ${code} ${severity}`)),
    wallet: request.wallet,
  };
}

/** Text that may come from a payload or a file, made safe for a terminal and a statement. */
export function printable(text: string): string {
  const plain = text.replace(/[^\x20-\x7e]/g, '?');
  return plain.length <= MAX_DETAIL ? plain : `${plain.slice(0, MAX_DETAIL - 3)}...`;
}

/** Four bytes each, big-endian whatever the machine. */
function wordsOf(values: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(values.length * 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < values.length; i++) view.setUint32(i * 4, values[i] ?? 0);
  return bytes;
}
