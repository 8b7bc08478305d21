/**
 * Looks through what was seen of a ceremony for anything that proves somebody's guilt to others. What is returned has been
 * judged: a document that did not stand its own judgement would be evidence against whoever shows it.
 */
import { toHex } from '../../common/bytes.ts';
import { canonicalText, type Json } from '../../common/canonical-json.ts';
import { ABORT_MESSAGE, DKG_COMPLAINT } from '../../threshold/keygen/messages.ts';
import { type ParsedEnvelope, parseEnvelope, verifyEnvelope } from '../../threshold/rounds/envelope.ts';
import { SIGN } from '../../threshold/sign/messages.ts';
import { verify } from '../ed25519.ts';
import type { Ceremony } from '../lifecycle.ts';
import type { Proposal } from '../proposal.ts';
import type { Roster } from '../roster.ts';
import type { Statement } from '../statement.ts';
import type { VerdictStatement } from '../verdict-statement.ts';
import { type Evidence, evidenceJson } from './document.ts';
import { type Guilt, judgeEvidence } from './judge.ts';
import { judgeRun, runContext } from './run.ts';

/** What one member has seen of a ceremony. */
export interface Seen {
  readonly roster: Roster;
  /** With the accepted start, if there is one. */
  readonly ceremony: Ceremony;
  /** Another proposal of the same operator under the same nonce. */
  readonly rival?: Proposal | undefined;
  /** The document of the wallet that is dealt anew, if it is a reshare. */
  readonly wallet?: Json | undefined;
  /** Round broadcasts in the order in which they came; whatever does not belong is ignored. */
  readonly envelopes: readonly Uint8Array[];
}

export interface Found {
  readonly document: Json;
  readonly guilt: Guilt;
}

export function gatherEvidence(seen: Seen): readonly Found[] {
  const { ceremony, rival, roster } = seen;
  const candidates: Evidence[] = [];
  const base = { roster: roster.digest, statements: [], envelopes: [] };
  for (const [party, second] of ceremony.equivocations) {
    const first = ceremony.verdicts.get(party);
    if (first === undefined) continue;
    const statements = pair(first, second);
    candidates.push({ ...base, kind: 'statements', accused: `party:${party}`, check: 'two-verdicts', statements });
  }
  if (rival !== undefined) {
    const accused = `operator:${ceremony.proposal.body.initiator}`;
    const statements = pair(ceremony.proposal, rival);
    candidates.push({ ...base, kind: 'statements', accused, check: 'two-proposals', statements });
  }
  const places = sorted(seen);
  for (const { accused, messages } of places) {
    const [first, second] = messages;
    if (accused === undefined || first === undefined || second === undefined) continue;
    const envelopes = [first.bytes, second.bytes];
    candidates.push({ ...base, kind: 'messages', accused, check: 'two-messages', envelopes });
  }
  candidates.push(...ofSigning(base, places));
  try {
    candidates.push(...ofRun(seen, base, places));
  } catch {
    // A proposal that no run can follow from, say: there is nothing to prove by it, and the rest still counts.
  }
  return judged(candidates, roster);
}

type Base = Pick<Evidence, 'roster' | 'statements' | 'envelopes'>;

/** The messages in one place: the first that came, and the first that differs from it. */
interface Place {
  /** Member of the roster that signed them, if its key is known. */
  readonly accused: string | undefined;
  readonly messages: readonly ParsedEnvelope[];
}

function sorted({ ceremony, envelopes, roster }: Seen): readonly Place[] {
  const places = new Map<string, { accused: string | undefined; messages: ParsedEnvelope[] }>();
  for (const bytes of envelopes) {
    const envelope = parseEnvelope(bytes);
    if (envelope === undefined || envelope.to !== 0 || envelope.type === ABORT_MESSAGE) continue;
    const party = roster.parties.find(({ statementKey }) => verifyEnvelope(envelope, statementKey, verify));
    const author = party && `party:${party.index}`;
    // Who joins by a reshare is in the next roster only; its messages are kept for the run to judge.
    if (author === undefined && ceremony.proposal.body.ceremony !== 'reshare') continue;
    const { from, round, sid, type } = envelope;
    const name = `${type}/${round}/${from}/${toHex(sid)}/${author ?? ''}`;
    const place = places.get(name) ?? { accused: author, messages: [] };
    places.set(name, place);
    const isNew = place.messages.every(({ eh }) => toHex(eh) !== toHex(envelope.eh));
    if (isNew && place.messages.length < 2) place.messages.push(envelope);
  }
  return [...places.values()];
}

/** Of each signer and session: rounds 1 and 2 together, and each message by itself. */
function ofSigning(base: Base, places: readonly Place[]): readonly Evidence[] {
  const all = places.filter(({ messages }) => messages[0]?.type === SIGN);
  return all.flatMap(({ accused, messages }) => {
    if (accused === undefined) return [];
    return messages.flatMap((message): readonly Evidence[] => {
      const alone = { ...base, kind: 'signing', accused, check: 'S1', envelopes: [message.bytes] } as const;
      if (message.round !== 2) return [alone];
      const commits = all.filter((other) => {
        const [first] = other.messages;
        return other.accused === accused && first?.round === 1 && toHex(first.sid) === toHex(message.sid);
      });
      const commit = commits[0]?.messages[0];
      if (commit === undefined) return [alone];
      return [alone, { ...alone, check: 'S2', envelopes: [commit.bytes, message.bytes] }];
    });
  });
}

/** All broadcasts of the run together; who is guilty of what is asked of the judge. */
function ofRun(seen: Seen, base: Base, places: readonly Place[]): readonly Evidence[] {
  const { ceremony, roster, wallet } = seen;
  const { start, proposal } = ceremony;
  if (start === undefined || proposal.body.ceremony === 'sign' || proposal.body.ceremony === 'export') return [];
  const consents = start.body.standings.flatMap(({ answer, party, verdict }) => {
    const known = [ceremony.verdicts.get(party), ceremony.equivocations.get(party)];
    const named = known.find((item) => verdict !== undefined && item !== undefined && same(item.digest, verdict));
    return answer === 'consent' && named !== undefined ? [named.envelope] : [];
  });
  const context = { statements: [proposal.envelope, ...consents], ...(wallet === undefined ? {} : { wallet }) };
  const run = runContext(context, roster);
  if (!run.ok) return [];
  const { frame } = run.value;
  const own = places.flatMap(({ messages: [first] }) => {
    if (first === undefined || first.type === SIGN) return [];
    const member = frame.members.find(({ pid }) => pid === first.from);
    return member !== undefined && verifyEnvelope(first, member.identityKey, verify) ? [first] : [];
  });
  const open = own.filter(({ type }) => type !== DKG_COMPLAINT);
  return [open, own].flatMap((messages) => {
    const proven = judgeRun(context, messages, roster);
    const envelopes = messages.map(({ bytes }) => bytes);
    const guilty = proven.ok ? proven.value : [];
    return guilty.map(
      ({ accused, check }): Evidence => ({ ...base, ...context, kind: 'run', accused, check, envelopes }),
    );
  });
}

/** Those that stand, each guilt once; with a complaint only where nothing public proves the same. */
function judged(candidates: readonly Evidence[], roster: Roster): readonly Found[] {
  const found = new Map<string, Found>();
  for (const evidence of candidates) {
    const document = evidenceJson(evidence);
    const guilt = judgeEvidence(document, roster, { members: true });
    if (!guilt.ok) continue;
    const name = canonicalText([guilt.value.accused, guilt.value.check]);
    if (!found.has(name)) found.set(name, { document, guilt: guilt.value });
  }
  return [...found.values()];
}

function pair(one: Statement<unknown>, two: Statement<unknown>): Evidence['statements'] {
  return [one, two].sort((a, b) => (toHex(a.digest) < toHex(b.digest) ? -1 : 1)).map(({ envelope }) => envelope);
}

function same(a: VerdictStatement['digest'], b: Uint8Array): boolean {
  return toHex(a) === toHex(b);
}
