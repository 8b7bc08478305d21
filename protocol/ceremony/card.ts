/** What a future member hands to whoever composes the roster: its public keys and how it is called and reached. */
import { toHex } from '../common/bytes.ts';
import type { Json } from '../common/canonical-json.ts';
import { err, ok, type Result } from '../common/result.ts';
import { array, bytes, literal, object, type Reader, read, text } from '../common/schema.ts';
import { parseStrictJson, toJson } from '../common/strict-json.ts';
import { MEMBER_NAME, PERSON } from './roster.ts';
import { describeProblem } from './statement.ts';

export interface Card {
  readonly role: 'participant' | 'operator';
  readonly name: string;
  readonly person: string;
  /** Ed25519, 32 bytes each. */
  readonly statementKey: Uint8Array;
  readonly transportKey: Uint8Array;
  /** Multiaddrs; empty for operators. */
  readonly addresses: readonly string[];
}

export function cardText(card: Card): string {
  const json: Json = {
    role: card.role,
    name: card.name,
    person: card.person,
    statementKey: toHex(card.statementKey),
    transportKey: toHex(card.transportKey),
    addresses: card.addresses,
  };
  return `${JSON.stringify(json, undefined, 2)}\n`;
}

/** The error is a sentence that names the field. */
export function readCard(source: string): Result<Card, string> {
  const parsed = parseStrictJson(source);
  const json = parsed.ok ? toJson(parsed.value, 'refuse') : parsed;
  if (!json.ok) return err(`the card is not readable: ${json.error.message}`);
  const card = read(CARD, json.value);
  return card.ok ? ok(card.value) : err(describeProblem(card.error));
}

const KEY: Reader<Uint8Array> = bytes({ length: 32 });

const CARD: Reader<Card> = object<Card>({
  role: literal('participant', 'operator'),
  name: MEMBER_NAME,
  person: PERSON,
  statementKey: KEY,
  transportKey: KEY,
  addresses: array(text({ min: 1, max: 120, pattern: /^\/[\x21-\x7e]+$/ }), { max: 8 }),
});
