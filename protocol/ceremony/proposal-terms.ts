/**
 * What proposals of the kinds that change or hand over keys say beside their head: reshare, import, export. Each names
 * the complete new state, so that it can be shown as a difference to the present one.
 */
import { toHex } from '../common/bytes.ts';
import type { Json } from '../common/canonical-json.ts';
import { array, boolean, bytes, integer, object, optional, problem, type Reader } from '../common/schema.ts';
import { MAX_PARTIES, parseRosterFile, type Roster, rosterFileJson, sealRoster } from './roster.ts';

/** A lost party's share that a newcomer brings back from a backup; it deals in the lost party's place. */
export interface Restored {
  /** Index of the lost party in the current roster; one of the dealers. */
  readonly oldIndex: number;
  /** Index of the newcomer in the next roster. */
  readonly joining: number;
}

/** New shares of the same key: refresh, add, remove, replace, change t, recover. */
export interface ReshareTerms {
  readonly walletId: Uint8Array;
  /** The epoch whose shares are dealt anew. */
  readonly epochId: Uint8Array;
  /** Above every generation known for the wallet. */
  readonly gen: number;
  /** Indices of the current roster, ascending; as many as the threshold of the epoch. */
  readonly dealers: readonly number[];
  /** Ascending by old index; absent if nobody's share is restored. */
  readonly restored?: readonly Restored[] | undefined;
  /** The roster whose parties hold the key afterwards, signed by all of them; absent in a refresh. */
  readonly next?: Roster | undefined;
}

/** A key that one party holds becomes a wallet of all parties. */
export interface ImportTerms {
  /** Index of the party that has the private key. */
  readonly holder: number;
  /** 33 bytes, compressed. */
  readonly publicKey: Uint8Array;
  /** ccPub, 32 bytes: binds the chain code, which the holder deals with the key. */
  readonly chainCodeHash: Uint8Array;
  readonly exportable: boolean;
}

/** The whole private key is handed to one recipient. */
export interface ExportTerms {
  readonly walletId: Uint8Array;
  readonly epochId: Uint8Array;
  /** X25519 public key, 32 bytes, to which every party seals its share. */
  readonly recipient: Uint8Array;
}

type Members = { readonly [key: string]: Json };

export function reshareJson(terms: ReshareTerms): Members {
  return {
    dealers: terms.dealers.map(String),
    epoch: toHex(terms.epochId),
    gen: String(terms.gen),
    ...(terms.next === undefined ? {} : { next: rosterFileJson(terms.next.file) }),
    ...(terms.restored === undefined
      ? {}
      : {
          restored: terms.restored.map(({ joining, oldIndex }) => ({
            joining: String(joining),
            oldIndex: String(oldIndex),
          })),
        }),
    walletId: toHex(terms.walletId),
  };
}

export function importJson(terms: ImportTerms): Members {
  return {
    chainCodeHash: toHex(terms.chainCodeHash),
    exportable: terms.exportable,
    holder: String(terms.holder),
    publicKey: toHex(terms.publicKey),
  };
}

export function exportJson(terms: ExportTerms): Members {
  return { epoch: toHex(terms.epochId), recipient: toHex(terms.recipient), walletId: toHex(terms.walletId) };
}

/** A field of the body that is called otherwise in the program. */
type Named<T extends { readonly epochId: Uint8Array }> = Omit<T, 'epochId'> & { readonly epoch: Uint8Array };

const DIGEST: Reader<Uint8Array> = bytes({ length: 32 });
const INDEX: Reader<number> = integer({ min: 1, max: MAX_PARTIES });

/** A complete roster: every signature in it is checked, and all its parties have signed. */
const ROSTER: Reader<Roster> = (value, field) => {
  if (value === undefined) return problem(field, 'is missing');
  const file = parseRosterFile(value);
  const roster = file.ok ? sealRoster(file.value) : file;
  return roster.ok ? roster.value : problem(field, `is no complete roster: ${roster.error.message}`);
};

type Fields<T> = { readonly [K in keyof T]-?: Reader<T[K]> };

export const RESHARE_FIELDS: Fields<Named<ReshareTerms>> = {
  dealers: array(INDEX, { min: 2, max: MAX_PARTIES }),
  epoch: DIGEST,
  gen: integer({ min: 2, max: 0xffffffff }),
  next: optional(ROSTER),
  restored: optional(array(object<Restored>({ joining: INDEX, oldIndex: INDEX }), { min: 1, max: MAX_PARTIES })),
  walletId: DIGEST,
};

export const IMPORT_FIELDS: Fields<ImportTerms> = {
  chainCodeHash: DIGEST,
  exportable: boolean,
  holder: INDEX,
  publicKey: bytes({ length: 33 }),
};

export const EXPORT_FIELDS: Fields<Named<ExportTerms>> = { epoch: DIGEST, recipient: DIGEST, walletId: DIGEST };
