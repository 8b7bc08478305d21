/**
 * What a backup holds: for each wallet of this party its share, chain code and configuration as the key store has them,
 * and the wallet document with its certificate. Never identity keys, pair state or ledgers (docs/protocol.md f.3): a
 * restored share belongs to an identity that is gone, so it can be dealt from and never signs.
 *
 *   contents = ( length (u32) || wallet document, canonical JSON || length (u32) || key share )*
 */
import { concat } from '../../protocol/common/bytes.ts';
import { canonicalBytes, type Json, parseCanonical } from '../../protocol/common/canonical-json.ts';
import { decodeKeyshare, type Keyshare, wipeKeyshare } from '../../protocol/threshold/keygen/keyshare.ts';

/** Name of the kind inside the sealed file. */
export const BACKUP_KIND = 'keymoot-backup';

export interface BackupEntry {
  readonly document: Json;
  /** As `encodeKeyshare` writes it; secret. */
  readonly keyshare: Uint8Array;
}

/** The contents in the clear; the caller wipes them. */
export function encodeBackup(entries: readonly BackupEntry[]): Uint8Array {
  return concat(
    ...entries.flatMap(({ document, keyshare }) => [...sized(canonicalBytes(document)), ...sized(keyshare)]),
  );
}

export interface OpenedBackup {
  readonly document: Json;
  readonly keyshare: Keyshare;
  /** The same in its binary form; the caller wipes both. */
  readonly bytes: Uint8Array;
}

/** `undefined` if anything is not as `encodeBackup` wrote it. */
export function decodeBackup(contents: Uint8Array): readonly OpenedBackup[] | undefined {
  const opened: OpenedBackup[] = [];
  let rest = contents;
  const take = (): Uint8Array | undefined => {
    if (rest.length < 4) return undefined;
    const length = new DataView(rest.buffer, rest.byteOffset).getUint32(0);
    if (rest.length < 4 + length) return undefined;
    const part = rest.slice(4, 4 + length);
    rest = rest.subarray(4 + length);
    return part;
  };
  while (rest.length > 0) {
    const document = take();
    const bytes = take();
    const json = document && parseCanonical(document);
    const keyshare = bytes && decodeKeyshare(bytes);
    if (json?.ok !== true || keyshare?.ok !== true || bytes === undefined) {
      bytes?.fill(0);
      for (const entry of opened) {
        wipeKeyshare(entry.keyshare);
        entry.bytes.fill(0);
      }
      return undefined;
    }
    opened.push({ document: json.value, keyshare: keyshare.value, bytes });
  }
  return opened;
}

function sized(bytes: Uint8Array): readonly [Uint8Array, Uint8Array] {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, bytes.length);
  return [length, bytes];
}
