/** The form of a certificate in statements, transcripts and files: the canonical JSON subset, one form per certificate. */
import { toHex } from '../../common/bytes.ts';
import type { Json } from '../../common/canonical-json.ts';
import { array, boolean, bytes, integer, literal, object, type Reader } from '../../common/schema.ts';
import type { PartyRow } from '../encoding.ts';
import type { EpochConfig } from '../session-id.ts';
import type { Certificate } from './certificate.ts';

const MEMBERS_MAX = 255;
/** 107 bytes of envelope and 132 of ACK. */
const ACK_BYTES = 239;

export function certificateToJson(certificate: Certificate): Json {
  const { config } = certificate;
  return {
    acknowledgements: certificate.acknowledgements.map(toHex),
    chainCodeHash: toHex(certificate.chainCodeHash),
    commitments: certificate.commitments.map(toHex),
    config: {
      chainCodeHash: toHex(config.chainCodeHash),
      exportable: config.exportable,
      gen: String(config.gen),
      oldThreshold: String(config.oldThreshold),
      parentEpochId: toHex(config.parentEpochId),
      parentSharesHash: toHex(config.parentSharesHash),
      parties: config.parties.map((row) => ({
        dealer: row.dealer,
        identityKey: toHex(row.identityKey),
        newIndex: String(row.newIndex),
        oldIndex: String(row.oldIndex),
      })),
      publicKey: toHex(config.publicKey),
      purpose: config.purpose,
      threshold: String(config.threshold),
      walletId: toHex(config.walletId),
    },
    publicShares: certificate.publicShares.map(toHex),
    sid: toHex(certificate.sid),
  };
}

const id: Reader<Uint8Array> = bytes({ length: 32 });
const point: Reader<Uint8Array> = bytes({ length: 33 });

const partyRow: Reader<PartyRow> = object<PartyRow>({
  identityKey: id,
  dealer: boolean,
  oldIndex: integer({ max: 255 }),
  newIndex: integer({ max: 255 }),
});

const epochConfig: Reader<EpochConfig> = object<EpochConfig>({
  purpose: literal('KEYGEN', 'RESHARE', 'REMOVE', 'IMPORT'),
  threshold: integer({ min: 2, max: 255 }),
  parties: array(partyRow, { min: 2, max: MEMBERS_MAX }),
  parentEpochId: id,
  gen: integer({ min: 1, max: 0xffffffff }),
  walletId: id,
  exportable: boolean,
  oldThreshold: integer({ max: 255 }),
  publicKey: bytes({ max: 33 }),
  chainCodeHash: bytes({ max: 32 }),
  parentSharesHash: bytes({ max: 32 }),
});

/** Structure only; `verifyCertificate` decides whether to believe it. */
export const readCertificate: Reader<Certificate> = object<Certificate>({
  config: epochConfig,
  sid: id,
  commitments: array(point, { min: 2, max: MEMBERS_MAX }),
  publicShares: array(point, { min: 2, max: MEMBERS_MAX }),
  chainCodeHash: id,
  acknowledgements: array(bytes({ length: ACK_BYTES }), { min: 2, max: MEMBERS_MAX }),
});
