/**
 * The heart of an audit: the payload is decoded again by our own decoders, and every party's policies are asked again
 * with the inputs it recorded. What it signed must be exactly what comes out.
 */

import type { JudgementInputs } from '../../ceremony/inputs.ts';
import { denial, type Judgement, judgeProposal, readKeys } from '../../ceremony/judgement.ts';
import { CLOCK_TOLERANCE } from '../../ceremony/lifecycle.ts';
import { obligationsJson } from '../../ceremony/obligations.ts';
import type { Proposal } from '../../ceremony/proposal.ts';
import type { Roster } from '../../ceremony/roster.ts';
import type { Start } from '../../ceremony/start.ts';
import type { PolicyReference, Reading, VerdictBody, VerdictStatement } from '../../ceremony/verdict-statement.ts';
import type { Wallet } from '../../ceremony/wallet.ts';
import { equalBytes, toHex } from '../../common/bytes.ts';
import { canonicalText, type Json } from '../../common/canonical-json.ts';
import { err, ok, type Result } from '../../common/result.ts';
import { leafTreeDigest } from '../../payload/leaf-tree.ts';
import { decode } from '../../payload/payload.ts';
import { PAYLOAD_CODES } from '../../payload/refusal.ts';
import { RISKS } from '../../payload/risk/codes.ts';
import type { Policy } from '../../policy/prepare.ts';
import { recordedLedger } from '../../policy/usage.ts';
import type { AuditCode, Finding } from '../codes.ts';
import type { Documents } from './documents.ts';
import type { Placed } from './parts.ts';

type Verdicts = readonly Placed<VerdictStatement>[];

/** What the payload says by our own reading; undefined if it cannot be read, which only rejections survive. */
export function checkReadings(
  proposal: Proposal,
  counted: Verdicts,
  roster: Roster,
  wallet: Wallet | undefined,
): Result<Reading | undefined, Finding> {
  const own = readingOf(proposal, roster, wallet);
  for (const { seq, value } of counted) {
    const { decision, party, reading } = value.body;
    if (reading === undefined) continue;
    if (!own.ok) {
      return err({
        code: 'PAYLOAD_REFUSED',
        seq,
        message: `party ${party} read a payload that is refused: ${own.error}`,
      });
    }
    const who = `the ${decision} of party ${party}`;
    if (!equalBytes(reading.digest, own.value.digest)) {
      return err({ code: 'DIGEST_DIFFERS', seq, message: `${who} names another digest than the payload has` });
    }
    const sameTree = equalBytes(reading.tree ?? NONE, own.value.tree ?? NONE);
    if (!sameTree) return err({ code: 'TREE_DIFFERS', seq, message: `${who} names another leaf tree` });
  }
  return ok(own.ok ? own.value : undefined);
}

export function checkJudgements(
  proposal: Proposal,
  counted: Verdicts,
  documents: Documents,
  wallet: Wallet | undefined,
  roster: Roster,
  start: Start | undefined,
): Result<readonly string[], Finding> {
  const notes: string[] = [];
  const named = new Set(start?.body.standings.map(({ verdict }) => (verdict === undefined ? '' : toHex(verdict))));
  for (const { seq, value } of counted) {
    const { body } = value;
    const inputs = documents.inputs.get(toHex(body.inputs))?.value;
    const common = policyOf(documents, body.commonPolicy, seq, body.party);
    const own = policyOf(documents, body.ownPolicy, seq, body.party);
    const withheld =
      inputs === undefined ? missing(seq, `the inputs of party ${body.party} are missing`) : fault(common, own);
    const isCarrying = body.decision === 'consent' && named.has(toHex(value.digest));
    if (withheld !== undefined && !isCarrying && withheld.code === 'DOCUMENT_MISSING') {
      // Refusing is always allowed, and on a consent that no start names nothing rests; a party that keeps its grounds
      // to itself must not stop the recording.
      const said = body.decision === 'consent' ? 'consented' : 'rejected';
      notes.push(`party ${body.party} ${said} without showing what its judgement rested on`);
      continue;
    }
    if (withheld !== undefined || inputs === undefined || !common.ok || !own.ok) {
      return err(withheld ?? missing(seq, `the documents of party ${body.party} are missing`));
    }
    const finding = timeFinding(body, inputs, proposal, seq);
    if (finding !== undefined) return err(finding);
    const childKey = body.reading?.key;
    // What the party's ledger said is its own word; that its judgement asked exactly this, and follows from it, is not.
    const ledger = recordedLedger(inputs.limits ?? []);
    const context = { roster, wallet, childKey, common: common.value, own: own.value, inputs, ledger };
    const again = judgeProposal(proposal, context);
    const odd =
      difference(body, again) ?? (again.limits.length === (inputs.limits?.length ?? 0) ? undefined : 'limits');
    if (odd === undefined) continue;
    if (isLocal(body)) notes.push(`party ${body.party} rejected for a reason of its own, which nobody can recompute`);
    else return err(differs(seq, body, odd));
  }
  return ok([...notes, ...traceNotes(counted)]);
}

/** Parties that judged by one policy and still compared it otherwise: their ledgers or observations differ. */
function traceNotes(counted: Verdicts): readonly string[] {
  const byTrace = new Map<string, number[]>();
  for (const { value } of counted) {
    const { commonPolicy, party, trace } = value.body;
    if (trace === undefined || commonPolicy === undefined) continue;
    const name = `${toHex(commonPolicy.digest)}/${toHex(trace)}`;
    byTrace.set(name, [...(byTrace.get(name) ?? []), party]);
  }
  const policies = new Map<string, string[]>();
  for (const [name, parties] of byTrace) {
    const policy = name.slice(0, 64);
    policies.set(policy, [...(policies.get(policy) ?? []), `party ${parties.join(', ')}`]);
  }
  return [...policies.values()]
    .filter((groups) => groups.length > 1)
    .map((groups) => `the traces differ under one policy: ${groups.join('; ')} (what each has counted or observed)`);
}

const NONE = new Uint8Array();

function readingOf({ body, digest }: Proposal, roster: Roster, wallet: Wallet | undefined): Result<Reading, string> {
  if (body.ceremony !== 'sign') {
    const keys = readKeys(digest, body, { roster, wallet });
    return keys.ok ? keys : err(keys.error.detail);
  }
  const decoded = decode(body.payload);
  if (!decoded.ok) return err(decoded.error.message);
  return ok({ digest: decoded.value.digest, tree: leafTreeDigest(decoded.value) });
}

function policyOf(
  documents: Documents,
  reference: PolicyReference | undefined,
  seq: number,
  party: number,
): Result<Policy | undefined, Finding> {
  if (reference === undefined) return ok(undefined);
  const policy = documents.policies.get(toHex(reference.digest))?.value;
  if (policy === undefined) return err(missing(seq, `a policy of party ${party} is missing`));
  if (policy.document.version === reference.version) return ok(policy);
  return err({ code: 'POLICY_DIFFERS', seq, message: `the policy of party ${party} has another version` });
}

function fault(...results: readonly Result<unknown, Finding>[]): Finding | undefined {
  for (const result of results) if (!result.ok) return result.error;
  return undefined;
}

/** A party judges between the proposal and its own answer; another time would be other rules. */
function timeFinding(body: VerdictBody, inputs: JudgementInputs, proposal: Proposal, seq: number): Finding | undefined {
  const early = inputs.now + CLOCK_TOLERANCE < proposal.body.created;
  if (!early && inputs.now <= body.created) return undefined;
  return { code: 'TIMES_DISORDERED', seq, message: `party ${body.party} judged at a time outside of its own answer` };
}

const FIELDS = [
  'judgement',
  'consents',
  'rejections',
  'rules',
  'risks',
  'reading',
  'obligations',
  'trace',
  'reasons',
] as const;
type Compared = (typeof FIELDS)[number];

/** The first field in which a verdict is not what the policies give. A rejection by hand has reasons of its own. */
function difference(body: VerdictBody, again: Judgement): Compared | undefined {
  const byHand = body.decision === 'reject' && body.byHand;
  return FIELDS.find((field) => !(field === 'reasons' && byHand) && form(body, field) !== form(again, field));
}

function form(judged: Judgement | VerdictBody, field: Compared): string {
  switch (field) {
    case 'reading':
      return [judged.reading?.digest, judged.reading?.tree, judged.reading?.key]
        .map((part) => (part === undefined ? '-' : toHex(part)))
        .join();
    case 'rules':
    case 'risks':
      return canonicalText(judged[field]);
    case 'obligations':
      return judged.obligations === undefined ? '-' : canonicalText(obligationsJson(judged.obligations));
    case 'trace':
      return judged.trace === undefined ? '-' : toHex(judged.trace);
    case 'reasons':
      return canonicalText(judged.reasons.map(({ code, detail }): Json => [code, detail]));
    default:
      return String(judged[field]);
  }
}

/**
 * A denial that rests on what one party alone knows: an operator with two faces, a wallet it does not hold. Refusing is
 * always allowed, so nothing can be smuggled by it; but no reason that policies or decoders give may stand in it.
 */
function isLocal(body: VerdictBody): boolean {
  const { decision, reasons } = body;
  if (decision !== 'reject' || reasons.length === 0 || reasons.some(({ code }) => isRecomputable(code))) return false;
  return difference(body, denial(reasons)) === undefined;
}

/** Reasons that follow from payload, policies and inputs, so that everybody must find them. */
function isRecomputable(code: string): boolean {
  return POLICY_REASONS.has(code) || Object.hasOwn(PAYLOAD_CODES, code) || Object.hasOwn(RISKS, code);
}

const POLICY_REASONS: ReadonlySet<string> = new Set([
  'DEFAULT_DENY',
  'DENIED_BY_RULE',
  'DERIVATION_UNAVAILABLE',
  'FLOW_FORBIDDEN',
  'HARD_DENIED',
  'JUDGE_INPUT',
  'LIMIT_EXCEEDED',
  'LIMIT_UNKNOWN',
  'MORE_REASONS',
  'NO_COMMON_POLICY',
  'OWN_POLICY_FIELD',
  'POLICY_BUDGET',
  'POLICY_EXPIRED',
  'POLICY_NOT_EFFECTIVE',
  'POLICY_QUORUM_OUT_OF_RANGE',
  'UNKNOWN_INITIATOR',
  'WRONG_CHAIN',
]);

function differs(seq: number, body: VerdictBody, field: Compared | 'limits'): Finding {
  const code: AuditCode = 'JUDGEMENT_DIFFERS';
  return {
    code,
    seq,
    message: `the ${body.decision} of party ${body.party} states ${NAMES[field]} than its policies give`,
  };
}

const NAMES: Readonly<Record<Compared | 'limits', string>> = {
  judgement: 'another judgement',
  consents: 'another number of consents',
  rejections: 'another number of rejections',
  rules: 'other rules',
  risks: 'other risks',
  reading: 'another reading',
  obligations: 'other obligations',
  trace: 'another trace',
  limits: 'answers to other limits',
  reasons: 'other reasons',
};

function missing(seq: number, message: string): Finding {
  return { code: 'DOCUMENT_MISSING', seq, message };
}
