/** The one order of a transcript's entries, so that all members who saw the same assemble the same bytes. */

import type { Statement } from '../ceremony/statement.ts';
import { compareBytes } from '../common/bytes.ts';
import type { Json } from '../common/canonical-json.ts';
import { documentDigest } from '../common/document.ts';
import { ABORT_MESSAGE, DKG_ABANDON, DKG_ACK, DKG_ACTIVE, DKG_BROADCAST } from '../threshold/keygen/messages.ts';
import { type ParsedEnvelope, parseEnvelope } from '../threshold/rounds/envelope.ts';
import { SIGN } from '../threshold/sign/messages.ts';

/** Types of round messages that everybody may see; all others are for one receiver and never enter a transcript. */
export const BROADCAST_TYPES: readonly number[] = [
  DKG_BROADCAST,
  DKG_ACK,
  DKG_ACTIVE,
  DKG_ABANDON,
  SIGN,
  ABORT_MESSAGE,
];

/** The envelope, if it is a broadcast that may stand in a transcript; its signature is not checked. */
export function parseBroadcast(bytes: Uint8Array): ParsedEnvelope | undefined {
  const envelope = parseEnvelope(bytes);
  return envelope !== undefined && envelope.to === 0 && BROADCAST_TYPES.includes(envelope.type) ? envelope : undefined;
}

/** By round, type, sender; two different messages in one slot by their hash. */
export function compareRounds(a: ParsedEnvelope, b: ParsedEnvelope): number {
  return a.round - b.round || a.type - b.type || a.from - b.from || compareBytes(a.eh, b.eh);
}

/** Parties by index, then operators by name. */
export function compareMembers(a: string, b: string): number {
  return compareText(rank(a), rank(b));
}

/** By party; two different statements of one party by their digest, so that neither comes first by rumour. */
export function compareByParty<T extends { readonly party: number }>(a: Statement<T>, b: Statement<T>): number {
  return a.body.party - b.body.party || compareBytes(a.digest, b.digest);
}

export function compareByAuthor<T extends { readonly author: string }>(a: Statement<T>, b: Statement<T>): number {
  return compareMembers(a.body.author, b.body.author) || compareBytes(a.digest, b.digest);
}

export function compareDocuments(a: Json, b: Json): number {
  return compareBytes(documentDigest(a), documentDigest(b));
}

function rank(member: string): string {
  const [role, name = ''] = member.split(':');
  return role === 'party' ? `0:${name.padStart(3, '0')}` : `1:${name}`;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
