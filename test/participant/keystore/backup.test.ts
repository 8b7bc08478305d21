/** A backup gives back exactly the shares it was made of, to whoever has its passphrase, and nothing to anybody else. */
import { describe, expect, test } from 'vitest';
import { BACKUP_KIND, decodeBackup, encodeBackup } from '../../../participant/keystore/backup.ts';
import { openArchive, sealArchive } from '../../../proto/rest/sealed-archive.ts';
import { equalBytes } from '../../../protocol/common/bytes.ts';
import { canonicalText } from '../../../protocol/common/canonical-json.ts';
import { encodeKeyshare } from '../../../protocol/threshold/keygen/keyshare.ts';
import { codeOf, counterRandom, spellings } from '../../proto/rest/temporary.ts';
import { treasuryMoot } from '../../support/treasury.ts';

const PASSPHRASE = new TextEncoder().encode('correct horse battery');
const WEAK = 14;

const { wallet: from } = treasuryMoot('backup').keygen('treasury');
if (from === undefined) throw new Error('the keygen gave no key');
const entries = [1, 3].map((party) => {
  const keyshare = from.shares.get(party);
  if (keyshare === undefined) throw new Error(`party ${party} has no share`);
  return { document: from.wallet.document, keyshare: encodeKeyshare(keyshare) };
});
const contents = encodeBackup(entries);

function seal(bytes = contents): Promise<Uint8Array> {
  return sealArchive(BACKUP_KIND, bytes, PASSPHRASE, counterRandom(), WEAK);
}

describe('the contents of a backup', () => {
  test('read back as they were written', () => {
    const opened = decodeBackup(contents);
    expect(opened?.map(({ bytes }) => bytes)).toEqual(entries.map(({ keyshare }) => keyshare));
    expect(opened?.map(({ keyshare }) => keyshare.index)).toEqual([1, 3]);
    expect(opened?.map(({ document }) => canonicalText(document))).toEqual(
      entries.map(({ document }) => canonicalText(document)),
    );
    expect(decodeBackup(new Uint8Array())).toEqual([]);
  });

  test('are refused when they are cut, longer, or hold a share that does not belong to its epoch', () => {
    const first = encodeBackup(entries.slice(0, 1)).length;
    for (let end = 1; end < contents.length; end += 7) {
      if (end !== first) expect(decodeBackup(contents.slice(0, end))).toBeUndefined();
    }
    expect(decodeBackup(new Uint8Array([...contents, 0]))).toBeUndefined();
    const [one] = entries;
    const wrong = one?.keyshare.slice() ?? new Uint8Array();
    wrong[wrong.length - 40] = (wrong[wrong.length - 40] ?? 0) ^ 1;
    expect(decodeBackup(encodeBackup([{ document: from.wallet.document, keyshare: wrong }]))).toBeUndefined();
  });
});

describe('a sealed backup', () => {
  test('opens under its passphrase only, and as nothing else', async () => {
    const file = await seal();
    expect(equalBytes(await openArchive(BACKUP_KIND, file, PASSPHRASE, 'F'), contents)).toBe(true);
    const other = new TextEncoder().encode('correct horse batterx');
    expect(await codeOf(openArchive(BACKUP_KIND, file, other, 'F'))).toBe('WRONG_PASSPHRASE');
    expect(await codeOf(openArchive('another-kind', file, PASSPHRASE, 'F'))).toBe('SEALED_FILE_CORRUPT');
    const short = new TextEncoder().encode('short');
    expect(await codeOf(sealArchive(BACKUP_KIND, contents, short, counterRandom(), WEAK))).toBe('PASSPHRASE_TOO_SHORT');
  });

  test('is refused with any byte changed, cut or added', async () => {
    const file = await seal(encodeBackup(entries.slice(0, 1)));
    for (const at of [0, 9, 30, 100, 140, 150, 200, file.length - 1]) {
      const bad = file.slice();
      bad[at] = (bad[at] ?? 0) ^ 1;
      expect(['SEALED_FILE_CORRUPT', 'KDF_REFUSED']).toContain(
        await codeOf(openArchive(BACKUP_KIND, bad, PASSPHRASE, 'F')),
      );
    }
    for (const bad of [file.slice(0, 100), file.slice(0, -1), new Uint8Array([...file, 0])]) {
      expect(await codeOf(openArchive(BACKUP_KIND, bad, PASSPHRASE, 'F'))).toBe('SEALED_FILE_CORRUPT');
    }
  });

  test('shows no share', async () => {
    const text = Buffer.from(await seal()).toString('latin1');
    for (const { keyshare } of entries) {
      for (const secret of spellings(keyshare.slice(-64))) expect(text.includes(secret)).toBe(false);
    }
  });
});
