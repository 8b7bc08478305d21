/**
 * First decoder, EIP-191 messages (`personal_sign`). The payload says whether the message is text or bytes, since
 * `"0x1234"` is a text to some wallets and two bytes to others. Its bytes are the canonical JSON text of
 * `{"encoding":"text"|"hex","message":"..."}`; `hex` is `0x` and lower-case digits.
 */
import { concat, equalBytes, fromHex, toHex, utf8 } from '../common/bytes.ts';
import { canonicalBytes } from '../common/canonical-json.ts';
import { parseStrictJson, type StrictJson } from '../common/strict-json.ts';
import { keccak256 } from './keccak.ts';
import { DECODE_LIMITS } from './limits.ts';
import { refuse } from './refusal.ts';

/** A message as the payload states it. */
export interface Message {
  readonly encoding: 'text' | 'hex';
  /** Of `text`: as the payload says it, any characters; sanitise before showing. */
  readonly text: string | undefined;
  /** What the prefix of EIP-191 is put before: the text in UTF-8, or the bytes themselves. */
  readonly bytes: Uint8Array;
}

/** Canonical text is ASCII; anything else becomes characters that are not written back as the same bytes. */
const TEXT = new TextDecoder('utf-8', { ignoreBOM: true });

/** Reads payload bytes; anything but the canonical text of a message is refused (throws PayloadRefusal). */
export function decodeMessage(bytes: Uint8Array): Message {
  const parsed = parseStrictJson(TEXT.decode(bytes), { maxLength: DECODE_LIMITS.maxBytes });
  if (!parsed.ok) return refuse('MESSAGE_MALFORMED', parsed.error.message);
  if (parsed.value.type !== 'object' || parsed.value.members.size !== 2) {
    return refuse('MESSAGE_MALFORMED', 'expected exactly an encoding and a message');
  }
  const message = readMessage(parsed.value.members);
  if (!equalBytes(messagePayload(message), bytes)) refuse('MESSAGE_MALFORMED', 'the bytes are not its canonical text');
  return message;
}

/** From the members `encoding` and `message`; hex digits in any case. Throws PayloadRefusal. */
export function readMessage(members: ReadonlyMap<string, StrictJson>): Message {
  const encoding = textOf(members, 'encoding');
  const message = textOf(members, 'message');
  if (encoding === 'text') return { encoding, text: message, bytes: utf8(message) };
  if (encoding !== 'hex') return refuse('MESSAGE_MALFORMED', 'the encoding is neither "text" nor "hex"');
  const bytes = message.startsWith('0x') ? fromHex(message.slice(2).toLowerCase()) : undefined;
  return bytes === undefined
    ? refuse('MESSAGE_MALFORMED', 'a message in hex is 0x and an even number of hex digits')
    : { encoding, text: undefined, bytes };
}

/** The payload bytes of a message. */
export function messagePayload({ encoding, text, bytes }: Message): Uint8Array {
  return canonicalBytes({ encoding, message: text ?? `0x${toHex(bytes)}` });
}

/** The 32 bytes that are signed: EIP-191, version 0x45. */
export function messageDigest({ bytes }: Message): Uint8Array {
  return keccak256(concat(utf8(`\u0019Ethereum Signed Message:\n${bytes.length}`), bytes));
}

function textOf(members: ReadonlyMap<string, StrictJson>, key: string): string {
  const value = members.get(key);
  return value?.type === 'string' ? value.text : refuse('MESSAGE_MALFORMED', `${key} is not a string`);
}
