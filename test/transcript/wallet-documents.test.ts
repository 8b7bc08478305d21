/** Wallet documents of any epoch: what binds the name, the key and the holders, and under which roster. */
import { describe, expect, it } from 'vitest';
import { signProposal } from '../../protocol/ceremony/proposal.ts';
import { envelopeJson } from '../../protocol/ceremony/statement.ts';
import { openWallet, type Wallet } from '../../protocol/ceremony/wallet.ts';
import { canonicalText, type Json } from '../../protocol/common/canonical-json.ts';
import { importKey, reshare } from '../support/key-changes.ts';
import type { MootWallet } from '../support/plan.ts';
import { readyMoot, treasuryMoot } from '../support/treasury.ts';
import { byParty, silent } from './support.ts';

const { moot, from } = readyMoot('wallet documents');
const next = treasuryMoot('wallet documents', 1, { keys: ['2', 'new', '1'], after: moot });
const last = treasuryMoot('wallet documents', 1, { keys: ['new', '1', 'newest'], after: next });

function made({ wallet }: { readonly wallet: MootWallet | undefined }): MootWallet {
  if (wallet === undefined) throw new Error('no key');
  return wallet;
}

const refreshed = made(reshare(moot, from));
const handed = made(reshare(moot, from, { next, answer: byParty(3, silent) }));
const again = made(reshare(next, handed, { next: last }));
const imported = made(importKey(moot, 'spare', { secret: 4242n }));
const importedAgain = made(reshare(moot, imported));

function opened(document: Json, roster = moot.roster): Wallet | string {
  const wallet = openWallet(document, roster);
  return wallet.ok ? wallet.value : wallet.error;
}

type Members = { readonly [key: string]: Json };

describe('a wallet document', () => {
  it('opens under the roster whose parties hold the epoch, and no other', () => {
    const rosters = [moot.roster, next.roster, last.roster];
    const opens = (document: Json): readonly boolean[] => rosters.map((roster) => openWallet(document, roster).ok);
    expect(opens(from.wallet.document)).toEqual([true, false, false]);
    expect(opens(refreshed.wallet.document)).toEqual([true, false, false]);
    expect(opens(handed.wallet.document)).toEqual([false, true, false]);
    expect(opens(again.wallet.document)).toEqual([false, false, true]);
  });

  it('keeps name, id, key, address and origin over all epochs, and does not grow', () => {
    for (const { wallet } of [refreshed, handed, again]) {
      expect(wallet.name).toBe('treasury');
      expect(wallet.origin).toBe('generated');
      expect(wallet.exportable).toBe(false);
      expect(wallet.walletId).toEqual(from.wallet.walletId);
      expect(wallet.publicKey).toEqual(from.wallet.publicKey);
      expect(wallet.address).toEqual(from.wallet.address);
    }
    expect([from, refreshed, handed, again].map(({ wallet }) => wallet.gen)).toEqual([1, 2, 2, 3]);
    expect(importedAgain.wallet).toMatchObject({ origin: 'imported', exportable: true, name: 'spare', gen: 2 });
    const size = ({ wallet }: MootWallet): number => canonicalText(wallet.document).length;
    expect(size(again)).toBeLessThan(size(from) + 600);
  });

  it('is bound to the proposal that it came from, whatever the roster', () => {
    const other = moot.keygen('other').story.proposal;
    for (const [{ wallet }, roster] of [
      [from, moot.roster],
      [refreshed, moot.roster],
      [handed, next.roster],
    ] as const) {
      const swapped = { ...(wallet.document as Members), proposal: envelopeJson(other.envelope) };
      expect(opened(swapped, roster)).toContain('another wallet');
    }
    const { body } = reshare(moot, from).story.proposal;
    const reshares = signProposal(body, moot.keyOf('operator:olivia'));
    const noOrigin = { ...(handed.wallet.document as Members), proposal: envelopeJson(reshares.envelope) };
    expect(opened(noOrigin, next.roster)).toContain('neither a keygen nor an import');
  });

  it('needs its operator’s signature as long as the roster is the same', () => {
    const { document, source } = refreshed.wallet;
    const signature = source.signature.map((byte, i) => (i === 7 ? byte ^ 1 : byte));
    const forged = { ...(document as Members), proposal: envelopeJson({ ...source, signature }) };
    expect(opened(forged)).toContain('does not verify');
    // Under the next roster nobody can check it any more; the hash in the certificate binds it.
    const later = { ...(handed.wallet.document as Members), proposal: envelopeJson({ ...source, signature }) };
    expect(openWallet(later, next.roster).ok).toBe(true);
  });

  it('is refused if its certificate is another epoch’s, or altered', () => {
    const certificateOf = ({ wallet }: MootWallet): Json => (wallet.document as Members)['certificate'] ?? '';
    const mixed = { ...(importedAgain.wallet.document as Members), certificate: certificateOf(refreshed) };
    expect(opened(mixed)).toContain('another wallet');
    const text = canonicalText(again.wallet.document);
    for (const field of ['"gen":"3"', '"exportable":false', '"oldThreshold":"2"', '"purpose":"REMOVE"']) {
      expect(text, field).toContain(field);
    }
    const alterations = [
      ['"gen":"3"', '"gen":"4"'],
      ['"oldThreshold":"2"', '"oldThreshold":"3"'],
      ['"purpose":"REMOVE"', '"purpose":"RESHARE"'],
    ] as const;
    for (const [before, after] of alterations) {
      expect(typeof opened(JSON.parse(text.replace(before, after)) as Json, last.roster), after).toBe('string');
    }
    const exportable = text.replaceAll('"exportable":false', '"exportable":true');
    expect(typeof opened(JSON.parse(exportable) as Json, last.roster)).toBe('string');
  });
});
