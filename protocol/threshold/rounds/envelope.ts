/**
 * The signed envelope of every round message (docs/protocol.md a.3.5). Integers are big-endian:
 * `ver 1 | suite 2 | type 1 | round 1 | from 1 | to 1 | sid 32 | len 4 | body | sig 64`, 107 bytes around the body.
 */
import { concat, utf8 } from '../../common/bytes.ts';
import { fixed, readU32, u8, u16, u32 } from '../encoding.ts';
import { sha256 } from '../sha256.ts';
import { suite } from '../suite.ts';

/** Ed25519 signature, 64 bytes, by the own identity key. */
export type SignBytes = (message: Uint8Array) => Uint8Array;
/** Ed25519 verification by the one implementation of the product: canonical bytes, small-order keys refused. */
export type VerifySignature = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

const HEAD_BYTES = 43;
const SIGNATURE_BYTES = 64;
export const ENVELOPE_OVERHEAD: number = HEAD_BYTES + SIGNATURE_BYTES;
/** Larger than any body of the protocol (40 132 B); a longer one is not worth hashing. */
export const BODY_MAX = 65_536;

const CONTEXT: Uint8Array = utf8('dkls-ts/v2/env\0');

export interface EnvelopeFields {
  readonly type: number;
  readonly round: number;
  /** pid in 0x10-0x15 and in an ABORT of a DKG run; party index elsewhere. */
  readonly from: number;
  /** Receiver, numbered as `from`; 0 = broadcast. */
  readonly to: number;
  readonly sid: Uint8Array;
  readonly body: Uint8Array;
}

export interface ParsedEnvelope extends EnvelopeFields {
  /** SHA-256 of all bytes before the signature. */
  readonly eh: Uint8Array;
  readonly signature: Uint8Array;
  /** The complete envelope. */
  readonly bytes: Uint8Array;
}

/** Everything before the signature, and `room` zero bytes for it. */
function encodeUnsigned(fields: EnvelopeFields, room: number): Uint8Array {
  return concat(
    u8(suite.version),
    u16(suite.number),
    u8(fields.type),
    u8(fields.round),
    u8(fields.from),
    u8(fields.to),
    fixed(fields.sid, 32),
    u32(fields.body.length),
    fields.body,
    new Uint8Array(room),
  );
}

/** `eh`, 32 bytes; does not depend on the signature. */
export function envelopeHash(fields: EnvelopeFields): Uint8Array {
  return sha256(encodeUnsigned(fields, 0));
}

/** What the identity key signs. */
function signedMessage(eh: Uint8Array): Uint8Array {
  return concat(CONTEXT, eh);
}

export function sealEnvelope(fields: EnvelopeFields, sign: SignBytes): ParsedEnvelope {
  const bytes = encodeUnsigned(fields, SIGNATURE_BYTES);
  const end = bytes.length - SIGNATURE_BYTES;
  const eh = sha256(bytes.subarray(0, end));
  bytes.set(fixed(sign(signedMessage(eh)), SIGNATURE_BYTES), end);
  const { type, round, from, to, sid, body } = fields;
  return { type, round, from, to, sid, body, eh, signature: bytes.subarray(end), bytes };
}

/** Complete envelope of `fields`. */
export function encodeEnvelope(fields: EnvelopeFields, sign: SignBytes): Uint8Array {
  return sealEnvelope(fields, sign).bytes;
}

/**
 * Structure only, nothing authenticated: `undefined` for another version or suite, or if the lengths do not fit.
 * The result owns a copy, so later changes to `bytes` cannot reach it.
 */
export function parseEnvelope(bytes: Uint8Array): ParsedEnvelope | undefined {
  if (bytes.length < ENVELOPE_OVERHEAD || bytes.length > ENVELOPE_OVERHEAD + BODY_MAX) return undefined;
  const own = bytes.slice();
  const [version, suiteHigh, suiteLow, type, round, from, to] = own;
  if (version !== suite.version || suiteHigh !== suite.number >> 8 || suiteLow !== (suite.number & 0xff))
    return undefined;
  if (type === undefined || round === undefined || from === undefined || to === undefined) return undefined;
  if (from === 0 || readU32(own.subarray(39, HEAD_BYTES)) !== own.length - ENVELOPE_OVERHEAD) return undefined;
  const end = own.length - SIGNATURE_BYTES;
  return {
    type,
    round,
    from,
    to,
    sid: own.subarray(7, 39),
    body: own.subarray(HEAD_BYTES, end),
    eh: sha256(own.subarray(0, end)),
    signature: own.subarray(end),
    bytes: own,
  };
}

/** Whether `publicKey` signed this envelope. The caller picks the key by `from` out of the pinned roster. */
export function verifyEnvelope(envelope: ParsedEnvelope, publicKey: Uint8Array, verify: VerifySignature): boolean {
  return verify(publicKey, signedMessage(envelope.eh), envelope.signature);
}
