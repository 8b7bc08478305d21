/**
 * One party's share in an export, sealed to the recipient by HPKE and signed by the party. It goes to the recipient;
 * outcomes and transcripts hold its digest only. What the ciphertext is bound to follows from `sealedShareInfo`.
 */
import { concat, toHex, utf8 } from '../common/bytes.ts';
import type { Json } from '../common/canonical-json.ts';
import type { Result } from '../common/result.ts';
import { bytes, integer, object, type Reader } from '../common/schema.ts';
import { fixed, u8 } from '../threshold/encoding.ts';
import type { Signer } from './ed25519.ts';
import { MAX_ATTEMPTS, UNIX_SECONDS } from './proposal.ts';
import { MAX_PARTIES, partyOf, type RosterBody } from './roster.ts';
import { type Envelope, openStatement, type Statement, type StatementError, signStatement } from './statement.ts';

export interface SealedShareBody {
  readonly proposal: Uint8Array;
  readonly attempt: number;
  readonly party: number;
  readonly sessionId: Uint8Array;
  readonly epochId: Uint8Array;
  /** X25519 key of the recipient, 32 bytes. */
  readonly recipient: Uint8Array;
  /** Encapsulated key of HPKE, 32 bytes. */
  readonly encapsulated: Uint8Array;
  /** The share, 32 bytes, and the chain code, 32 bytes, and the tag, 16 bytes. */
  readonly ciphertext: Uint8Array;
  readonly created: number;
}

export type SealedShare = Statement<SealedShareBody>;

/** Share, chain code and tag. */
export const SEALED_SHARE_BYTES = 80;

export function signSealedShare(body: SealedShareBody, statementKey: Signer): SealedShare {
  return signStatement('keymoot.sealed-share.v1', body, sealedShareJson, statementKey);
}

export function openSealedShare(envelope: Envelope, roster: RosterBody): Result<SealedShare, StatementError> {
  return openStatement(
    envelope,
    'keymoot.sealed-share.v1',
    SEALED_SHARE,
    (body) => partyOf(roster, body.party)?.statementKey,
  );
}

/** HPKE `info`: a share sealed in one session, for one recipient, by one party opens as nothing else. */
export function sealedShareInfo(
  share: Pick<SealedShareBody, 'sessionId' | 'epochId' | 'recipient' | 'party'>,
): Uint8Array {
  return concat(
    utf8('keymoot.sealed-share.v1\0'),
    fixed(share.sessionId, 32),
    fixed(share.epochId, 32),
    fixed(share.recipient, 32),
    u8(share.party),
  );
}

function sealedShareJson(body: SealedShareBody): Json {
  return {
    attempt: String(body.attempt),
    ciphertext: toHex(body.ciphertext),
    created: String(body.created),
    encapsulated: toHex(body.encapsulated),
    epoch: toHex(body.epochId),
    party: String(body.party),
    proposal: toHex(body.proposal),
    recipient: toHex(body.recipient),
    sessionId: toHex(body.sessionId),
  };
}

const DIGEST: Reader<Uint8Array> = bytes({ length: 32 });

type Written = Omit<SealedShareBody, 'epochId'> & { readonly epoch: Uint8Array };

const SHAPE: Reader<Written> = object<Written>({
  attempt: integer({ min: 1, max: MAX_ATTEMPTS }),
  ciphertext: bytes({ length: SEALED_SHARE_BYTES }),
  created: UNIX_SECONDS,
  encapsulated: DIGEST,
  epoch: DIGEST,
  party: integer({ min: 1, max: MAX_PARTIES }),
  proposal: DIGEST,
  recipient: DIGEST,
  sessionId: DIGEST,
});

const SEALED_SHARE: Reader<SealedShareBody> = (value, field) => {
  const { epoch, ...rest } = SHAPE(value, field);
  return { ...rest, epochId: epoch };
};
