/** What `keymoot inspect` says about one payload: decode, assess and, with a policy, judge. Pure. */
import { obligationsJson } from '../../protocol/ceremony/obligations.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import type { Json } from '../../protocol/common/canonical-json.ts';
import type { Result } from '../../protocol/common/result.ts';
import { type Address, ZERO_ADDRESS } from '../../protocol/payload/address.ts';
import { payloadFromInspectJson } from '../../protocol/payload/inspect-json.ts';
import { type Decoded, decode } from '../../protocol/payload/payload.ts';
import { PAYLOAD_CODES, type PayloadProblem } from '../../protocol/payload/refusal.ts';
import { type Assessment, assess } from '../../protocol/payload/risk/assess.ts';
import { canonicalObservations, type Observation } from '../../protocol/payload/risk/observed.ts';
import { describe } from '../../protocol/payload/words/describe.ts';
import { decodedJson } from '../../protocol/payload/words/json.ts';
import { sanitise } from '../../protocol/payload/words/sanitise.ts';
import { limitWords } from '../../protocol/policy/condition-words.ts';
import { groupWords, peopleWords } from '../../protocol/policy/explain.ts';
import { judge } from '../../protocol/policy/judge.ts';
import { MAX_PARTIES } from '../../protocol/policy/limits.ts';
import { addressNames } from '../../protocol/policy/names.ts';
import type { Policy } from '../../protocol/policy/prepare.ts';
import { type LimitLine, matchedRuleNames, type Verdict } from '../../protocol/policy/verdict.ts';
import { describeProblem, describeSimulation } from '../../protocol/simulation/describe.ts';
import { simulationJson } from '../../protocol/simulation/json.ts';
import type { SimulationProblem, SimulationReport } from '../../protocol/simulation/report.ts';
import { problemRisks, simulationRisks } from '../../protocol/simulation/risks.ts';

/** The circumstances that a proposal would bring along and a file does not. */
export interface Circumstances {
  /** Name of the wallet, as policies know it. */
  readonly wallet: string;
  /** Its address, if known. */
  readonly address: Address | undefined;
  /** Name of the operator who would propose. */
  readonly initiator: string;
  /** Unix seconds. */
  readonly now: number;
}

export interface Inspector {
  readonly policy: Policy | undefined;
  readonly circumstances: Circumstances;
}

export interface Inspection {
  readonly ok: boolean;
  readonly json: Json;
  /** For a person; printable ASCII. */
  readonly lines: readonly string[];
}

/** What a simulation of the payload came to. */
export type Simulated = Result<SimulationReport, SimulationProblem>;

/** `text`: what a payload file contains, or a bare `0x…` transaction. */
export function inspectText(text: string, inspector: Inspector): Inspection {
  const decoded = readText(text);
  if (!decoded.ok) return refused(decoded.error.code, decoded.error.message);
  try {
    return inspectDecoded(decoded.value, inspector);
  } catch {
    return refused('DECODER_FAILED', PAYLOAD_CODES.DECODER_FAILED);
  }
}

export function readText(text: string): Result<Decoded, PayloadProblem> {
  const payload = payloadFromInspectJson(text);
  return payload.ok ? decode(payload.value) : payload;
}

/** A simulation may add risks, and so change a verdict by a policy; the decode stands without it. */
export function inspectDecoded(decoded: Decoded, inspector: Inspector, simulated?: Simulated): Inspection {
  const { policy, circumstances } = inspector;
  const { address } = circumstances;
  const observed = simulated === undefined ? [] : canonicalObservations(observations(decoded, address, simulated));
  const assessment = assess(decoded, { ...(address === undefined ? {} : { wallet: address }), observed });
  const verdict = policy === undefined ? undefined : verdictOf(assessment, policy, circumstances);
  return {
    ok: true,
    json: {
      ok: true,
      kind: decoded.payload.kind,
      digest: `0x${toHex(decoded.digest)}`,
      decoded: decodedJson(decoded),
      risks: [...new Set(assessment.risks.map(({ code }) => code))],
      findings: assessment.risks.map(({ code, severity, path, detail }) => ({ code, severity, path, detail })),
      ...(simulated === undefined ? {} : { simulation: simulationJson(simulated) }),
      ...(verdict === undefined ? {} : { verdict: verdictJson(verdict) }),
    },
    // Made only when somebody reads them: a batch writes JSON.
    get lines() {
      const names = addressNames(policy === undefined ? [] : [policy], circumstances.now);
      return [
        ...describe(assessment, { names, wallet: address }),
        ...(simulated === undefined ? [] : ['', ...simulationLines(simulated)]),
        ...(verdict === undefined || policy === undefined ? [] : verdictLines(verdict, policy, circumstances)),
      ];
    },
  };
}

function observations(decoded: Decoded, wallet: Address | undefined, simulated: Simulated): readonly Observation[] {
  return simulated.ok ? simulationRisks(simulated.value, decoded, wallet) : problemRisks(simulated.error);
}

function simulationLines(simulated: Simulated): readonly string[] {
  return simulated.ok ? describeSimulation(simulated.value) : describeProblem(simulated.error);
}

/** A payload that cannot be read, by the code of docs/risks.md or of the command itself. */
export function refused(code: string, message: string): Inspection {
  const text = sanitise(message, 400);
  return { ok: false, json: { ok: false, error: { code, message: text } }, lines: [`REFUSED ${code}: ${text}`] };
}

/**
 * The quorum of a real wallet is not known here: one party of at most MAX_PARTIES, so that a rule's own numbers of
 * consents are never the reason for a denial.
 */
function verdictOf(
  assessment: Assessment,
  policy: Policy,
  { wallet, address, initiator, now }: Circumstances,
): Verdict {
  const judged = { name: wallet, address: address ?? ZERO_ADDRESS, threshold: 1, parties: MAX_PARTIES };
  return judge({ assessment, wallet: judged, initiator, now, common: policy, ledger: 'uncounted' });
}

function verdictJson(verdict: Verdict): Json {
  return {
    decision: verdict.decision,
    rules: ruleIds(verdict),
    reasons: verdict.reasons.map(({ code, leaf, detail }) => ({
      code,
      ...(leaf === undefined ? {} : { leaf }),
      detail,
    })),
    ...(verdict.decision === 'require' ? { obligations: obligationsJson(verdict.obligations) } : {}),
    ...(verdict.limits.length === 0 ? {} : { limits: verdict.limits.map(limitJson) }),
  };
}

/** Nobody counts here what was used before. */
function limitJson({ bucket, charge, exceeded, limit, max }: LimitLine): Json {
  return { limit, bucket, charge: charge.toString(), max: max.toString(), exceeded };
}

function verdictLines(verdict: Verdict, policy: Policy, { wallet, initiator }: Circumstances): readonly string[] {
  const meaning = {
    allow: 'a participant would consent by itself',
    require: asking(verdict),
    deny: 'a participant would sign a rejection',
  }[verdict.decision];
  const rules = ruleIds(verdict);
  return [
    '',
    `Policy: ${verdict.decision.toUpperCase()}, ${meaning}`,
    `  judged for wallet ${wallet}${initiator === '' ? '' : `, proposed by ${initiator}`}`,
    ...(rules.length > 0 ? [`  rules that match: ${rules.join(', ')}`] : []),
    ...(verdict.decision === 'require' ? groupWords(verdict.obligations) : []),
    ...verdict.limits.map((line) => `  ${limitWords(line, policy)}`),
    ...verdict.reasons.map(
      ({ code, leaf, detail }) => `  ${code}${leaf === undefined ? '' : ` at ${leaf}`}: ${detail}`,
    ),
  ].map((line) => sanitise(line, 4096));
}

function asking({ obligations }: Verdict): string {
  if (obligations.groups.length === 0) return 'a participant would ask its key holder';
  return `before a participant consents, ${peopleWords(obligations)}`;
}

/** Without the name of the layer: there is one policy here. */
function ruleIds(verdict: Verdict): readonly string[] {
  return matchedRuleNames(verdict).map((name) => name.slice(name.indexOf('/') + 1));
}
