/**
 * Judges evidence: guilty of exactly the check it names, or nothing. Everything rests on signatures of the accused and on
 * arithmetic; only K9 counts voices, and there t members stand against one. An honest member can be framed by nobody.
 */
import { equalBytes, toHex } from '../../common/bytes.ts';
import type { Json } from '../../common/canonical-json.ts';
import { err, ok, type Result } from '../../common/result.ts';
import { DKG_ABANDON, DKG_ACK, DKG_ACTIVE, DKG_BROADCAST, DKG_COMPLAINT } from '../../threshold/keygen/messages.ts';
import { type ParsedEnvelope, parseEnvelope, verifyEnvelope } from '../../threshold/rounds/envelope.ts';
import { SIGN } from '../../threshold/sign/messages.ts';
import { verify } from '../ed25519.ts';
import { openProposal } from '../proposal.ts';
import { operatorOf, partyOf, type Roster } from '../roster.ts';
import { openVerdict } from '../verdict-statement.ts';
import { type Evidence, type Proven, readEvidence } from './document.ts';
import { judgeRun } from './run.ts';
import { judgeSigning } from './signing.ts';

export interface Guilt extends Proven {
  /** For the members of the run only: it shows one share of a dead run. */
  readonly members: boolean;
}

export interface EvidenceFault {
  readonly code: 'EVIDENCE_MALFORMED' | 'EVIDENCE_FOREIGN' | 'EVIDENCE_CONFIDENTIAL' | 'EVIDENCE_UNPROVEN';
  readonly message: string;
}

export interface JudgeOptions {
  /**
   * The reader is a member of the run, and may see a complaint with the share in it. Never set for what stands in a
   * transcript or was sent by somebody outside.
   */
  readonly members?: boolean | undefined;
}

/** Broadcasts that everybody may see; a complaint is one for the members of its run. */
const PUBLIC: ReadonlySet<number> = new Set([DKG_BROADCAST, DKG_ACK, DKG_ACTIVE, DKG_ABANDON, SIGN]);

export function judgeEvidence(
  document: Json,
  roster: Roster,
  { members = false }: JudgeOptions = {},
): Result<Guilt, EvidenceFault> {
  const parsed = readEvidence(document);
  if (!parsed.ok) return fault('EVIDENCE_MALFORMED', `it has another form: ${parsed.error}`);
  const evidence = parsed.value;
  if (!equalBytes(evidence.roster, roster.digest)) return fault('EVIDENCE_FOREIGN', 'it belongs to another roster');
  const envelopes: ParsedEnvelope[] = [];
  for (const bytes of evidence.envelopes) {
    const envelope = parseEnvelope(bytes);
    if (envelope === undefined) return fault('EVIDENCE_MALFORMED', 'it holds something that is no round message');
    if (!isShown(envelope, members)) {
      return fault('EVIDENCE_CONFIDENTIAL', 'it holds a message that is not for everybody');
    }
    envelopes.push(envelope);
  }
  return decide(evidence, envelopes, roster);
}

/** Whether a document holds what only its receiver may see: it belongs into no transcript, whatever it proves. */
export function isConfidential(document: Json): boolean {
  const evidence = readEvidence(document);
  return evidence.ok && evidence.value.envelopes.some((bytes) => !isShown(parseEnvelope(bytes), false));
}

function isShown(envelope: ParsedEnvelope | undefined, members: boolean): boolean {
  if (envelope === undefined) return true;
  return envelope.to === 0 && (PUBLIC.has(envelope.type) || (members && envelope.type === DKG_COMPLAINT));
}

function decide(
  evidence: Evidence,
  envelopes: readonly ParsedEnvelope[],
  roster: Roster,
): Result<Guilt, EvidenceFault> {
  const { accused, check } = evidence;
  const found = attempted(() => proven(evidence, envelopes, roster));
  if (!found.ok) return fault('EVIDENCE_UNPROVEN', found.error);
  const guilt = found.value.find((item) => item.accused === accused && item.check === check);
  if (guilt === undefined) return fault('EVIDENCE_UNPROVEN', `it does not prove check ${check} against ${accused}`);
  const shown = envelopes.some(({ type }) => type === DKG_COMPLAINT);
  return ok({ ...guilt, members: shown });
}

/** What makes the judge fail proves nothing: nobody may keep a transcript from being verified by what it shows. */
function attempted(judge: () => Result<readonly Proven[], string>): Result<readonly Proven[], string> {
  try {
    return judge();
  } catch {
    return err('the judge failed on it');
  }
}

function proven(
  evidence: Evidence,
  envelopes: readonly ParsedEnvelope[],
  roster: Roster,
): Result<readonly Proven[], string> {
  switch (evidence.kind) {
    case 'statements':
      return judgeStatements(evidence, roster);
    case 'messages':
      return judgeMessages(evidence, envelopes, roster);
    case 'signing':
      return judgeSigning(evidence.accused, envelopes, roster);
    case 'run':
      return judgeRun(evidence, envelopes, roster);
  }
}

/** Two verdicts of a party on one attempt, or two proposals of an operator under one nonce. */
function judgeStatements({ statements }: Evidence, roster: Roster): Result<readonly Proven[], string> {
  const [one, two] = statements;
  if (one === undefined || two === undefined || statements.length > 2) return err('two statements are needed');
  if (one.type === 'keymoot.proposal.v1') {
    const [a, b] = [openProposal(one, roster), openProposal(two, roster)];
    if (!a.ok || !b.ok) return err('a proposal is not signed by an operator of the roster');
    const [left, right] = [a.value, b.value];
    const isOne =
      left.body.initiator === right.body.initiator &&
      left.body.attempt === right.body.attempt &&
      equalBytes(left.body.nonce, right.body.nonce);
    if (!isOne || equalBytes(left.digest, right.digest)) return err('an operator may make both of these proposals');
    const accused = `operator:${left.body.initiator}`;
    return ok([{ accused, check: 'two-proposals', message: `${accused} signed two proposals under one nonce` }]);
  }
  const [a, b] = [openVerdict(one, roster), openVerdict(two, roster)];
  if (!a.ok || !b.ok) return err('a verdict is not signed by a party of the roster');
  const [left, right] = [a.value, b.value];
  const isOne =
    left.body.party === right.body.party &&
    left.body.attempt === right.body.attempt &&
    equalBytes(left.body.proposal, right.body.proposal);
  if (!isOne || equalBytes(left.digest, right.digest)) return err('a party may give both of these verdicts');
  const accused = `party:${left.body.party}`;
  return ok([{ accused, check: 'two-verdicts', message: `${accused} gave two different verdicts on one attempt` }]);
}

/** Two different messages in one place: same type, round, id and sender. */
function judgeMessages(
  { accused }: Evidence,
  envelopes: readonly ParsedEnvelope[],
  roster: Roster,
): Result<readonly Proven[], string> {
  const key = keyOf(accused, roster);
  const [one, two] = envelopes;
  if (key === undefined) return err('the accused is not in the roster');
  if (one === undefined || two === undefined || envelopes.length > 2) return err('two messages are needed');
  const isOne =
    one.type === two.type && one.round === two.round && one.from === two.from && equalBytes(one.sid, two.sid);
  if (!isOne || toHex(one.eh) === toHex(two.eh)) return err('a member may send both of these messages');
  // A complaint shows a share; its dealer is judged by it, not its sender by a second one.
  if (one.type === DKG_COMPLAINT) return err('complaints are judged by what they show');
  if (![one, two].every((envelope) => verifyEnvelope(envelope, key, verify))) {
    return err('a message is not signed by the accused');
  }
  const message = `${accused} sent two different messages in round ${one.round}`;
  return ok([{ accused, check: 'two-messages', message }]);
}

/** Statement key of a member of the roster. */
export function keyOf(member: string, roster: Roster): Uint8Array | undefined {
  const [role, name = ''] = member.split(':');
  if (role === 'operator') return operatorOf(roster, name)?.key;
  return role === 'party' ? partyOf(roster, Number(name))?.statementKey : undefined;
}

function fault(code: EvidenceFault['code'], message: string): Result<never, EvidenceFault> {
  return err({ code, message });
}
