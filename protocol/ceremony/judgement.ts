/**
 * What one party makes of a proposal, from the payload's bytes to both policies: decode, assess, judge in one pure
 * function. The participant calls it before it consents and again before it signs; the auditor calls it with the
 * recorded inputs and must come to the same result, word for word.
 */
import { equalBytes, toHex } from '../common/bytes.ts';
import { err, ok, type Result } from '../common/result.ts';
import { leafTreeDigest } from '../payload/leaf-tree.ts';
import { type Decoded, decode } from '../payload/payload.ts';
import { type Assessment, assess } from '../payload/risk/assess.ts';
import { policyDigest } from '../policy/canonical.ts';
import { judge } from '../policy/judge.ts';
import type { Policy } from '../policy/prepare.ts';
import { type LimitRow, Questions } from '../policy/usage.ts';
import { type LedgerView, matchedRuleNames, traceDigest, undecodableVerdict, type Verdict } from '../policy/verdict.ts';
import { formatPath } from '../threshold/derivation.ts';
import { addressOfClaimed } from './address.ts';
import { signerCount } from './agreement.ts';
import type { JudgementInputs } from './inputs.ts';
import type { ExportProposal, ProposalBody, ReshareProposal, SignProposal } from './proposal.ts';
import type { Roster } from './roster.ts';
import { exportPlan, importPlan, keygenPlan, type RunPlan, resharePlan } from './run-plan.ts';
import type { PolicyReference, Reading, VerdictBody, VerdictReason } from './verdict-statement.ts';
import type { Wallet } from './wallet.ts';

/** What a verdict statement says about the payload; the rest of it is who, when and by which policies. */
export type Judgement = Pick<
  VerdictBody,
  'reading' | 'judgement' | 'consents' | 'rejections' | 'rules' | 'reasons' | 'risks' | 'trace' | 'obligations'
> & {
  /** What the ledger was asked and answered, for the inputs that the verdict records; empty if no limit asked. */
  readonly limits: readonly LimitRow[];
  /** Present as far as the payload could be read: what the key holder's screen is made of. */
  readonly decoded?: Decoded | undefined;
  readonly assessment?: Assessment | undefined;
  readonly verdict?: Verdict | undefined;
};

export interface JudgementContext {
  readonly roster: Roster;
  /** The wallet that the proposal names, if this party or auditor knows it. */
  readonly wallet?: Wallet | undefined;
  /** The key of a proposal's path: a party derives it, an auditor takes it from the verdict that it judges again. */
  readonly childKey?: Uint8Array | undefined;
  readonly common?: Policy | undefined;
  readonly own?: Policy | undefined;
  readonly inputs: JudgementInputs;
  /**
   * What is used up of each limit: this party's ledger, or of a judgement that is repeated the answers it recorded.
   * `uncounted`: an approver's device, which keeps no ledger.
   */
  readonly ledger: LedgerView | 'uncounted';
}

export function judgeProposal(
  proposal: { readonly digest: Uint8Array; readonly body: ProposalBody },
  context: JudgementContext,
): Judgement {
  const { body } = proposal;
  if (body.ceremony !== 'sign') {
    const reading = readKeys(proposal.digest, body, context);
    return reading.ok ? byHand(body, context.roster, reading.value) : denial([reading.error]);
  }
  const parties = context.roster.parties.length;
  // First of all: what nobody can read is refused for that, by those who know the wallet and those who do not.
  const decoded = decode(body.payload);
  if (!decoded.ok) {
    const { code, message } = decoded.error;
    return fromVerdict(undecodableVerdict(code, message, parties), parties, {});
  }
  const misfit = walletFault(body, context);
  if (misfit !== undefined) return denial([misfit]);
  const assessment = assess(decoded.value, {
    wallet: `0x${toHex(body.address)}`,
    observed: context.inputs.observed,
  });
  const reading: Reading = {
    digest: decoded.value.digest,
    tree: leafTreeDigest(decoded.value),
    ...(body.path.length === 0 ? {} : { key: context.childKey }),
  };
  if (context.common === undefined) {
    const reason = { code: 'NO_COMMON_POLICY', detail: 'this party has adopted no common policy' };
    return { ...denial([reason]), reading, decoded: decoded.value, assessment };
  }
  const questions = context.ledger === 'uncounted' ? undefined : new Questions(context.ledger);
  const verdict = judge({
    assessment,
    wallet: {
      name: body.wallet,
      address: `0x${toHex(body.address)}`,
      threshold: context.roster.threshold,
      parties,
    },
    initiator: body.initiator,
    now: context.inputs.now,
    common: context.common,
    ledger: questions?.ask ?? 'uncounted',
    ...(context.own === undefined ? {} : { own: context.own }),
  });
  const judged = fromVerdict(verdict, parties, { reading, trace: traceDigest(verdict) });
  return { ...judged, limits: questions?.rows() ?? [], decoded: decoded.value, assessment };
}

/** A denial that is founded outside policy and payload: an inadmissible proposal, a conflict, a decision by hand. */
export function denial(reasons: readonly VerdictReason[]): Judgement {
  return { judgement: 'deny', consents: 2, rejections: 1, rules: [], reasons, risks: [], limits: [] };
}

export function policyReference(policy: Policy): PolicyReference {
  return { digest: policyDigest(policy), version: policy.document.version };
}

/** As much of a reason as a verdict statement holds. */
const MAX_DETAIL = 400;

/** What a party computes of a proposal that makes, changes or hands over a key, or why every party rejects it. */
export function readKeys(
  digest: Uint8Array,
  body: Exclude<ProposalBody, SignProposal>,
  context: Pick<JudgementContext, 'roster' | 'wallet'>,
): Result<Reading, VerdictReason> {
  const { roster } = context;
  switch (body.ceremony) {
    case 'keygen':
      return ok({ digest: keygenPlan(roster, digest, body).cfgHash });
    case 'import':
      return named(importPlan(roster, digest, body));
    case 'reshare': {
      const known = knownWallet(body, context);
      return known.ok ? named(resharePlan(roster, known.value.epoch, body)) : known;
    }
    case 'export': {
      const known = knownWallet(body, context);
      const plan = known.ok ? exportPlan(known.value.epoch, body) : known;
      return plan.ok ? ok({ digest: plan.value.digest }) : plan;
    }
  }
}

function named(plan: Result<RunPlan, VerdictReason>): Result<Reading, VerdictReason> {
  return plan.ok ? ok({ digest: plan.value.cfgHash }) : plan;
}

/** A change of keys is never allowed by policy alone: every key holder whom it concerns decides by hand. */
function byHand(body: ProposalBody, roster: Roster, reading: Reading): Judgement {
  const consents = signerCount(body, roster);
  return { reading, judgement: 'require', consents, rejections: 1, rules: [], reasons: [], risks: [], limits: [] };
}

/** The wallet that a proposal names, in the epoch that it names. */
function knownWallet(
  body: SignProposal | ReshareProposal | ExportProposal,
  { roster, wallet }: Pick<JudgementContext, 'roster' | 'wallet'>,
): Result<Wallet, VerdictReason> {
  if (wallet === undefined || !equalBytes(wallet.walletId, body.walletId) || wallet.name !== body.wallet) {
    return err({ code: 'UNKNOWN_WALLET', detail: `there is no wallet ${body.wallet} with this id here` });
  }
  if (!equalBytes(wallet.epochId, body.epochId)) {
    return err({ code: 'WRONG_EPOCH', detail: 'the proposal names another epoch of this wallet' });
  }
  if (!equalBytes(wallet.roster, roster.digest)) {
    return err({ code: 'WRONG_EPOCH', detail: 'this epoch of the wallet is held by the parties of another roster' });
  }
  return ok(wallet);
}

function walletFault(body: SignProposal, context: JudgementContext): VerdictReason | undefined {
  const { childKey } = context;
  const known = knownWallet(body, context);
  if (!known.ok) return known.error;
  const path = formatPath(body.path);
  const address = body.path.length === 0 ? known.value.address : childKey && addressOfClaimed(childKey);
  if (address === undefined) {
    return { code: 'DERIVATION_UNAVAILABLE', detail: `the path ${path} gives no key of this wallet` };
  }
  if (!equalBytes(address, body.address)) {
    return { code: 'WRONG_ADDRESS', detail: `the path ${path} of this wallet has the address 0x${toHex(address)}` };
  }
  return undefined;
}

function fromVerdict(verdict: Verdict, parties: number, read: Pick<Judgement, 'reading' | 'trace'>): Judgement {
  return {
    ...read,
    judgement: verdict.decision,
    // A denial that never came to count parties names as many as there can be.
    consents: Math.min(verdict.consents, parties),
    rejections: verdict.rejections,
    rules: matchedRuleNames(verdict),
    reasons: verdict.reasons.map(({ code, detail, leaf, policy }) => {
      const where = leaf === undefined ? '' : `call ${leaf}${policy === undefined ? '' : `, ${policy} policy`}: `;
      return { code, detail: `${where}${detail}`.slice(0, MAX_DETAIL) };
    }),
    risks: verdict.risks,
    ...(verdict.decision === 'require' ? { obligations: verdict.obligations } : {}),
    limits: [],
    verdict,
  };
}
