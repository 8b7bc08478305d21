/**
 * What the broadcasts of a keygen, import or reshare prove, and against whom. The session id is recomputed from proposal,
 * consents and, for a reshare, the parent's certificate: so the messages belong to exactly this configuration.
 */
import { equalBytes, toHex } from '../../common/bytes.ts';
import { err, ok, type Result } from '../../common/result.ts';
import { curve } from '../../threshold/curve/accelerated.ts';
import { ZERO_SID } from '../../threshold/hash.ts';
import {
  checkEchoes,
  type Dealing,
  deriveEcho,
  deriveSid,
  type Finding,
  openDealings,
  shareStatement,
  sumCommitments,
} from '../../threshold/keygen/checks.ts';
import { judgeComplaint } from '../../threshold/keygen/complaint.ts';
import { canJudge, type Frame, makeFrame } from '../../threshold/keygen/config.ts';
import { type Epoch, makeEpoch } from '../../threshold/keygen/epoch.ts';
import { bodyLength, DKG_BROADCAST, DKG_COMPLAINT, readRound4 } from '../../threshold/keygen/messages.ts';
import { readSchnorr, verifySchnorr } from '../../threshold/proof/schnorr.ts';
import { type ParsedEnvelope, verifyEnvelope } from '../../threshold/rounds/envelope.ts';
import { verify } from '../ed25519.ts';
import { openProposal, type Proposal } from '../proposal.ts';
import type { Roster } from '../roster.ts';
import { importPlan, keygenPlan, type RunPlan, resharePlan } from '../run-plan.ts';
import { runSessionId } from '../session-binding.ts';
import { openVerdict } from '../verdict-statement.ts';
import { openWallet } from '../wallet.ts';
import type { Evidence, Proven } from './document.ts';

/** The configuration that statements fix, and its session id. */
export interface RunContext {
  readonly plan: RunPlan;
  readonly frame: Frame;
}

export function judgeRun(
  evidence: Pick<Evidence, 'statements' | 'wallet'>,
  envelopes: readonly ParsedEnvelope[],
  roster: Roster,
): Result<readonly Proven[], string> {
  const context = runContext(evidence, roster);
  if (!context.ok) return context;
  const { frame, plan } = context.value;
  const places = new Map<string, ParsedEnvelope>();
  for (const envelope of envelopes) {
    const member = frame.members.find(({ pid }) => pid === envelope.from);
    if (member === undefined || !verifyEnvelope(envelope, member.identityKey, verify)) {
      return err('a message is not signed by its member of this run');
    }
    const name = place(envelope.type, envelope.round, envelope.from);
    if (places.has(name)) return err('two messages stand in one place');
    places.set(name, envelope);
  }
  const found = findings(frame, places);
  return ok(
    found.flatMap(({ check, culprits, message }) =>
      culprits.flatMap((pid) => {
        const accused = plan.members.find((member) => member.pid === pid)?.name;
        return accused === undefined ? [] : [{ accused, check, message: `${accused}: ${message}` }];
      }),
    ),
  );
}

/** Rebuilds the run that these statements began, or says why it cannot be. */
export function runContext(
  { statements, wallet }: Pick<Evidence, 'statements' | 'wallet'>,
  roster: Roster,
): Result<RunContext, string> {
  const [first, ...rest] = statements;
  const proposal = first && openProposal(first, roster);
  if (proposal?.ok !== true) return err('the proposal is not signed by an operator of the roster');
  const plan = planOf(proposal.value, wallet, roster);
  if (!plan.ok) return plan;
  const consents = [];
  for (const envelope of rest) {
    const verdict = openVerdict(envelope, roster);
    if (!verdict.ok || !equalBytes(verdict.value.body.proposal, proposal.value.digest)) {
      return err('a consent is not signed by a party of the roster, or belongs to another proposal');
    }
    consents.push(verdict.value);
  }
  if (new Set(consents.map(({ body }) => body.party)).size !== consents.length) return err('a party consents twice');
  if (consents.some(({ body }) => !plan.value.members.some(({ party }) => party === body.party))) {
    return err('somebody consents who takes no part');
  }
  const sessionId = runSessionId(roster, proposal.value, plan.value, consents);
  const frame = makeFrame(sessionId, plan.value.config, plan.value.parent);
  return canJudge(frame) ? ok({ plan: plan.value, frame }) : err('the epoch that is dealt is missing');
}

function planOf({ body, digest }: Proposal, wallet: Evidence['wallet'], roster: Roster): Result<RunPlan, string> {
  switch (body.ceremony) {
    case 'keygen':
      return ok(keygenPlan(roster, digest, body));
    case 'import': {
      const plan = importPlan(roster, digest, body);
      return plan.ok ? plan : err(plan.error.detail);
    }
    case 'reshare': {
      const parent = wallet === undefined ? err('the wallet document is missing') : openWallet(wallet, roster);
      if (!parent.ok) return parent;
      const plan = resharePlan(roster, parent.value.epoch, body);
      return plan.ok ? plan : err(plan.error.detail);
    }
    case 'sign':
    case 'export':
      return err('no run belongs to this kind of ceremony');
  }
}

type Places = ReadonlyMap<string, ParsedEnvelope>;

/** Wrong lengths; then the checks in the order of the protocol, as far as everybody's messages are there. */
function findings(frame: Frame, places: Places): readonly Finding[] {
  const opening = [...places.values()].filter(({ round, type }) => type === DKG_BROADCAST && round <= 2);
  const odd = wrongLength(frame, opening, frame.sessionId);
  const round1 = complete(frame, places, 1);
  const sid = round1?.every(({ body }) => body.length === 64) === true ? deriveSid(frame, round1) : undefined;
  if (round1 === undefined || sid === undefined || odd.length > 0) return odd;
  const rest = [...places.values()].filter((envelope) => !opening.includes(envelope));
  const late = wrongLength(frame, rest, sid);
  const round2 = complete(frame, places, 2);
  if (late.length > 0 || round2 === undefined) return late;
  const isHere = [...round1, ...round2].every((envelope) => equalBytes(envelope.sid, frame.sessionId));
  const dealings = isHere ? openDealings(frame, sid, round1, round2) : undefined;
  if (dealings === undefined) return [];
  if (!dealings.ok) return blamed([dealings.finding]);
  const echo = deriveEcho(sid, round2);
  return blamed([
    ...complaints(frame, places, { sid, echo, dealings: dealings.value }),
    ...confirmations(frame, places, { sid, echo, round2, dealings: dealings.value }),
  ]);
}

function blamed(found: readonly Finding[]): readonly Finding[] {
  return found.filter(({ failure }) => failure === 'BLAME');
}

function wrongLength(frame: Frame, envelopes: readonly ParsedEnvelope[], sid: Uint8Array): readonly Finding[] {
  return envelopes.flatMap(({ body, from, round, sid: own, type }) => {
    const dealer = frame.members[from - 1]?.dealer ?? false;
    const expected = bodyLength(type, round, frame.threshold, dealer);
    if (expected === undefined || expected === body.length || !equalBytes(own, sid)) return [];
    const check = type === DKG_BROADCAST && round === 2 ? 'K3' : 'K1';
    return [{ failure: 'BLAME', check, culprits: [from], message: `a message of round ${round} has the wrong length` }];
  });
}

interface Opened {
  readonly sid: Uint8Array;
  readonly echo: Uint8Array;
  readonly dealings: readonly Dealing[];
}

function complaints(frame: Frame, places: Places, context: Opened): readonly Finding[] {
  return [...places.values()]
    .filter((envelope) => envelope.type === DKG_COMPLAINT && equalBytes(envelope.sid, context.sid))
    .map((envelope) => judgeComplaint(frame, context, envelope, verify));
}

/**
 * K9 and K10. Who confirms has seen equal echoes from everybody; its own round 3 must therefore name the round 2 that is
 * shown here, or the messages say nothing about it. The digest holds the hash of the chain code, which only members know:
 * so it is compared with what t others have signed, of whom one is honest.
 */
function confirmations(
  frame: Frame,
  places: Places,
  { sid, echo, round2, dealings }: Opened & { readonly round2: readonly ParsedEnvelope[] },
): readonly Finding[] {
  const points = sumCommitments(frame, dealings);
  const epoch = makeEpoch(frame.config, sid, points, () => ZERO_SID);
  if (epoch === undefined) return [];
  const said = frame.holders.flatMap(({ index, pid }) => {
    const echoed = places.get(place(DKG_BROADCAST, 3, pid));
    const envelope = places.get(place(DKG_BROADCAST, 4, pid));
    const body = envelope && readRound4(envelope.body);
    if (echoed === undefined || body === undefined || !equalBytes(envelope?.sid ?? ZERO_SID, sid)) return [];
    if (!equalBytes(echoed.sid, sid) || !checkEchoes(echo, round2, [echoed]).ok) return [];
    return [{ pid, index, body }];
  });
  const voices = new Map<string, number>();
  for (const { body } of said) voices.set(toHex(body.digest), (voices.get(toHex(body.digest)) ?? 0) + 1);
  const agreed = [...voices].find(([, count]) => count >= frame.threshold)?.[0];
  const alone = said.filter(({ body }) => agreed !== undefined && toHex(body.digest) !== agreed);
  const unproven = said.filter(({ body, index, pid }) => !proves(epoch, pid, index, body));
  return [
    ...alone.map(({ pid }): Finding => {
      return { failure: 'BLAME', check: 'K9', culprits: [pid], message: 'it confirms another result than the others' };
    }),
    ...unproven.map(({ pid }): Finding => {
      const message = 'it does not prove knowledge of its share of what it confirms';
      return { failure: 'BLAME', check: 'K10', culprits: [pid], message };
    }),
  ];
}

function proves(
  epoch: Epoch,
  pid: number,
  index: number,
  body: { readonly digest: Uint8Array; readonly proof: Uint8Array },
): boolean {
  const bytes = epoch.publicShares[index - 1];
  const point = bytes && curve.decode(bytes);
  const proof = readSchnorr(body.proof);
  if (bytes === undefined || point === undefined || proof === undefined) return false;
  return verifySchnorr('dkg/share-pok', epoch.sid, shareStatement(body.digest, pid, bytes), point, proof);
}

function complete(frame: Frame, places: Places, round: number): readonly ParsedEnvelope[] | undefined {
  const found = frame.members.flatMap(({ pid }) => places.get(place(DKG_BROADCAST, round, pid)) ?? []);
  return found.length === frame.members.length ? found : undefined;
}

function place(type: number, round: number, from: number): string {
  return `${type}/${round}/${from}`;
}
