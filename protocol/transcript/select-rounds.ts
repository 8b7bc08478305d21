/**
 * Out of everything a collector was sent, the round broadcasts that belong into a transcript. A corrupt member may send
 * the collector other messages than it sent the parties; of several in one place, those are taken that lead to the
 * result. If nothing leads to one, all that are authentic stay, as evidence of what was said.
 */

import { planCeremony } from '../ceremony/ceremony-plan.ts';
import { verify } from '../ceremony/ed25519.ts';
import type { Proposal } from '../ceremony/proposal.ts';
import { partyOf, type Roster } from '../ceremony/roster.ts';
import type { RunPlan } from '../ceremony/run-plan.ts';
import type { Start } from '../ceremony/start.ts';
import type { Wallet } from '../ceremony/wallet.ts';
import { equalBytes } from '../common/bytes.ts';
import { deriveSid } from '../threshold/keygen/checks.ts';
import { type Frame, makeFrame } from '../threshold/keygen/config.ts';
import { DKG_ACK, DKG_BROADCAST, ROUND_OF } from '../threshold/keygen/messages.ts';
import { verifyKeygenBroadcasts } from '../threshold/keygen/public-check.ts';
import { type ParsedEnvelope, verifyEnvelope } from '../threshold/rounds/envelope.ts';
import { SIGN } from '../threshold/sign/messages.ts';
import { verifySignBroadcasts } from '../threshold/sign/public-check.ts';
import { compareRounds, parseBroadcast } from './order.ts';

export interface AcceptedSession {
  readonly roster: Roster;
  readonly proposal: Proposal;
  readonly start: Start;
  /** The wallet that signs, or the one that outcomes report; undefined if none came about. */
  readonly wallet: Wallet | undefined;
  /** Of a reshare: the wallet in the epoch that was dealt anew. */
  readonly parent?: Wallet | undefined;
  /** The key of the proposal's path, as the consents name it; undefined for the root key. */
  readonly childKey?: Uint8Array | undefined;
}

/** As many choices are tried; a member that floods the collector only loses its own messages. */
const MAX_CHOICES = 256;
const MAX_IN_ONE_PLACE = 4;

/** @param collected complete envelopes of any sessions, in any order, nothing about them checked */
export function selectRounds(session: AcceptedSession, collected: readonly Uint8Array[]): readonly Uint8Array[] {
  const envelopes = collected.flatMap((bytes) => parseBroadcast(bytes) ?? []);
  const { proposal, roster } = session;
  const { ceremony } = proposal.body;
  const plan = planCeremony(proposal, roster, ceremony === 'reshare' ? session.parent : session.wallet);
  if (!plan.ok || plan.value.kind === 'export') return [];
  const chosen = plan.value.kind === 'run' ? ofRun(session, plan.value.run, envelopes) : ofSigning(session, envelopes);
  return chosen.map((envelope) => envelope.bytes);
}

function ofSigning(
  { roster, start, wallet, childKey: derived }: AcceptedSession,
  all: readonly ParsedEnvelope[],
): readonly ParsedEnvelope[] {
  const { sessionId, signers, digest } = start.body;
  const identityKey = (index: number): Uint8Array | undefined =>
    signers.includes(index) ? partyOf(roster, index)?.statementKey : undefined;
  const places = authentic(all, identityKey, ({ type, round, sid }) => {
    return type === SIGN && round >= 1 && round <= 3 && equalBytes(sid, sessionId);
  });
  const right = choices(places).find((choice) => {
    const broadcasts = choice.map((envelope) => envelope.bytes);
    const childKey = derived ?? wallet?.publicKey ?? new Uint8Array();
    return verifySignBroadcasts({ sessionId, signers, childKey, digest, identityKey, verify, broadcasts }).ok;
  });
  return right ?? places.flat();
}

function ofRun(
  { start, wallet }: AcceptedSession,
  { config, parent }: RunPlan,
  all: readonly ParsedEnvelope[],
): readonly ParsedEnvelope[] {
  const { sessionId } = start.body;
  const frame = makeFrame(sessionId, config, parent);
  const early = placesOf(frame, all, sessionId, (envelope) => envelope.type === DKG_BROADCAST && envelope.round <= 2);
  const first = early.filter((place) => place[0]?.round === 1);
  const openings = choices(first).map((choice) => {
    const byPid = [...choice].sort(compareRounds);
    return { choice, sid: deriveSid(frame, byPid) };
  });
  for (const { choice, sid } of openings) {
    if (sid === undefined || wallet === undefined) continue;
    const rest = [...early.filter((place) => !first.includes(place)), ...laterOf(frame, all, sid)];
    const right = choices(rest).find((others) => {
      const envelopes = [...choice, ...others].map((envelope) => envelope.bytes);
      const { chainCodeHash } = wallet.certificate;
      const lineage = parent === undefined ? {} : { parent };
      return verifyKeygenBroadcasts({ sessionId, config, ...lineage, chainCodeHash, envelopes, verify }).ok;
    });
    if (right !== undefined) return [...choice, ...right];
  }
  const later = openings.flatMap(({ sid }) => (sid === undefined ? [] : laterOf(frame, all, sid)));
  return [...early, ...later].flat();
}

function laterOf(frame: Frame, all: readonly ParsedEnvelope[], sid: Uint8Array): Places {
  return placesOf(frame, all, sid, ({ type, round }) => {
    return type === DKG_ACK ? round === ROUND_OF.get(DKG_ACK) : type === DKG_BROADCAST && (round === 3 || round === 4);
  });
}

function placesOf(
  frame: Frame,
  all: readonly ParsedEnvelope[],
  sid: Uint8Array,
  belongs: (envelope: ParsedEnvelope) => boolean,
): Places {
  const keyOf = (pid: number): Uint8Array | undefined =>
    frame.members.find((member) => member.pid === pid)?.identityKey;
  return authentic(all, keyOf, (envelope) => equalBytes(envelope.sid, sid) && belongs(envelope));
}

/** The different messages in each place: same type, round and sender. */
type Places = readonly (readonly ParsedEnvelope[])[];

function authentic(
  all: readonly ParsedEnvelope[],
  keyOf: (from: number) => Uint8Array | undefined,
  belongs: (envelope: ParsedEnvelope) => boolean,
): Places {
  const places = new Map<string, ParsedEnvelope[]>();
  for (const envelope of all) {
    const key = keyOf(envelope.from);
    if (key === undefined || !belongs(envelope)) continue;
    const name = `${envelope.type}/${envelope.round}/${envelope.from}`;
    const place = places.get(name) ?? [];
    places.set(name, place);
    const full = place.length >= MAX_IN_ONE_PLACE || place.some((known) => equalBytes(known.eh, envelope.eh));
    if (!full && verifyEnvelope(envelope, key, verify)) place.push(envelope);
  }
  return [...places.values()].filter((place) => place.length > 0);
}

/** Every way to take one message out of each place, the first ones first, up to a bound. */
function choices(places: Places): readonly (readonly ParsedEnvelope[])[] {
  return places.reduce<readonly (readonly ParsedEnvelope[])[]>(
    (before, place) => before.flatMap((choice) => place.map((one) => [...choice, one])).slice(0, MAX_CHOICES),
    [[]],
  );
}
