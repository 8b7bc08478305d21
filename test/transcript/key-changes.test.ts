/** Changes of keys in memory, with every real part, and their audits with nothing but the first roster pinned. */
import { x25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../protocol/common/bytes.ts';
import { History } from '../../protocol/transcript/history.ts';
import { selectRounds } from '../../protocol/transcript/select-rounds.ts';
import { type Report, verifyTranscript } from '../../protocol/transcript/verify.ts';
import { type Ended, exportKey, importKey, reshare } from '../support/key-changes.ts';
import { dealPairs, type Moot } from '../support/moot.ts';
import type { MootWallet, Told } from '../support/plan.ts';
import { fileOf } from '../support/story.ts';
import { readyMoot, transfer, treasuryMoot } from '../support/treasury.ts';
import { vec } from '../threshold/support/labels.ts';
import { byParty, declined, silent } from './support.ts';

const { moot, from } = readyMoot('key changes');
const { roster } = moot;

function audit({ lines }: Told, history = new History(), pinned = roster): Report {
  return verifyTranscript(fileOf(lines), { roster: pinned, history });
}

function verified(report: Report): string | undefined {
  return report.ok ? 'VERIFIED' : `${report.failure?.code}: ${report.failure?.message}`;
}

function walletOf({ wallet }: Ended): MootWallet {
  if (wallet === undefined) throw new Error('no key');
  return wallet;
}

/** A moot with other parties, after this one. */
function successor(keys: readonly string[], threshold = 2, before: Moot = moot): Moot {
  return treasuryMoot('key changes', 1, { keys, threshold, after: before });
}

describe('a refresh', () => {
  const history = new History();
  const refreshed = reshare(moot, from);
  const wallet = walletOf(refreshed);
  dealPairs(moot, wallet);

  it('gives the same key new shares, and all parties report it', () => {
    const report = audit(refreshed, history);
    expect(verified(report)).toBe('VERIFIED');
    expect(report).toMatchObject({ ending: 'completed', notes: [] });
    expect(report.wallet).toMatchObject({ gen: 2, name: 'treasury', origin: 'generated' });
    expect(report.wallet?.publicKey).toEqual(from.wallet.publicKey);
    expect(refreshed.story.start?.body.signers).toEqual([1, 2, 3]);
    for (const [index, share] of wallet.shares) {
      const before = from.shares.get(index)?.share.use((x) => x);
      expect(share.share.use((x) => x)).not.toBe(before);
    }
  });

  it('signs with the new shares', () => {
    const signed = moot.sign(wallet, { payload: transfer() });
    const report = audit(signed, history);
    expect(verified(report)).toBe('VERIFIED');
    expect(report.wallet?.gen).toBe(2);
  });

  it('a signing with the old ones afterwards is remarked upon', () => {
    moot.time += 120;
    const late = moot.sign(from, { payload: transfer() });
    const report = audit(late, history);
    expect(verified(report)).toBe('VERIFIED');
    expect(report.notes.join()).toContain('newer shares');
  });

  it('works with every set of dealers', () => {
    for (const dealers of [
      [1, 3],
      [2, 3],
    ]) {
      expect(verified(audit(reshare(moot, from, { dealers })))).toBe('VERIFIED');
    }
  });

  it('holds no secret of anybody', () => {
    const text = new TextDecoder().decode(fileOf(refreshed.lines));
    for (const { share, chainCode } of [...from.shares.values(), ...wallet.shares.values()]) {
      expect(text).not.toContain(share.use((x) => x.toString(16).padStart(64, '0')));
      expect(text).not.toContain(chainCode.use(toHex));
    }
  });
});

describe('a hand-over', () => {
  const history = new History();
  const next = successor(['2', 'new', '1']);
  const handed = reshare(moot, from, { next, answer: byParty(3, silent) });
  const wallet = walletOf(handed);
  dealPairs(next, wallet);
  const signed = next.sign(wallet, { payload: transfer() });

  it('replaces a lost party, moves the others, and hands the pin on to the next roster', () => {
    const report = audit(handed, history);
    expect(verified(report)).toBe('VERIFIED');
    expect(handed.story.start?.body.signers).toEqual([1, 2]);
    expect(report.wallet?.publicKey).toEqual(from.wallet.publicKey);
    const later = audit(signed, history);
    expect(verified(later)).toBe('VERIFIED');
    expect(later.roster?.version).toBe(2);
  });

  it('leads nobody anywhere who has not seen its transcript', () => {
    expect(audit(signed).failure?.code).toBe('WRONG_ROSTER');
  });

  it('twice, to two successors, is a fork: SUCCESSION_FORK', () => {
    const elsewhere = reshare(moot, from, { next: successor(['1', '2', 'other']), answer: byParty(3, silent) });
    expect(verified(audit(elsewhere))).toBe('VERIFIED');
    expect(audit(elsewhere, history).failure?.code).toBe('SUCCESSION_FORK');
  });

  it('removes: who is left may not sign with the old shares any more (EPOCH_REPLACED)', () => {
    moot.time += 120;
    const late = moot.sign(from, { payload: transfer(), signers: [2, 3] });
    expect(verified(audit(late))).toBe('VERIFIED');
    expect(audit(late, history).failure?.code).toBe('EPOCH_REPLACED');
  });

  it('a pin of the newest roster reaches back to the earlier ones that it names', () => {
    const back = new History();
    expect(back.trustEarlier(roster, next.roster)).toBe(true);
    expect(back.trustEarlier(next.roster, roster)).toBe(false);
    expect(verified(audit(handed, back, next.roster))).toBe('VERIFIED');
    expect(verified(audit(signed, back, next.roster))).toBe('VERIFIED');
  });

  it('goes on over years: the successor hands over again', () => {
    const last = successor(['1', '2', 'new', 'newest'], 3, next);
    const again = reshare(next, wallet, { next: last });
    expect(verified(audit(again, history))).toBe('VERIFIED');
    const heir = walletOf(again);
    expect(heir.wallet.gen).toBe(3);
    dealPairs(last, heir);
    expect(verified(audit(last.sign(heir, { payload: transfer(), signers: [1, 2, 4] }), history))).toBe('VERIFIED');
  });
});

describe('other changes', () => {
  it('a party that leaves may deal', () => {
    const next = successor(['1', '2']);
    const report = audit(reshare(moot, from, { next, dealers: [1, 3] }));
    expect(verified(report)).toBe('VERIFIED');
  });

  it('who leaves and does not deal need not be asked, and its consent is listed all the same', () => {
    const handed = reshare(moot, from, { next: successor(['1', '2']) });
    expect(verified(audit(handed))).toBe('VERIFIED');
    expect(handed.story.start?.body.signers).toEqual([1, 2]);
    expect(handed.story.start?.body.standings.map(({ answer }) => answer)).toEqual(['consent', 'consent', 'consent']);
  });

  it('a newcomer may bring back the share of a lost party', () => {
    const handed = reshare(moot, from, {
      next: successor(['1', 'heir', 'new']),
      dealers: [1, 3],
      proposal: (body) => ({ ...body, restored: [{ oldIndex: 3, joining: 2 }] }),
      answer: (body) => (body.party === 1 ? body : undefined),
      authors: ['party:1'],
    });
    expect(verified(audit(handed))).toBe('VERIFIED');
    expect(handed.story.start?.body.signers).toEqual([1]);
  });

  it.each([1, 2, 3])('a veto of party %i ends it, even if it is the one that leaves', (party) => {
    const vetoed = reshare(moot, from, { next: successor(['1', '2']), answer: byParty(party, declined) });
    expect(vetoed.wallet).toBeUndefined();
    expect(audit(vetoed)).toMatchObject({ ok: true, ending: 'refused' });
  });

  it('a lost share is made anew without its party', () => {
    const report = audit(reshare(moot, from, { answer: byParty(3, silent) }));
    expect(report.ok).toBe(false);
    expect(report.failure?.code).toBe('ENDING_UNFOUNDED');
  });
});

describe('an import', () => {
  const imported = importKey(moot, 'spare', { secret: 0x1234567890n, holder: 2 });
  const wallet = walletOf(imported);

  it('makes a wallet that says for ever where it came from', () => {
    const history = new History();
    const report = audit(imported, history);
    expect(verified(report)).toBe('VERIFIED');
    expect(report.wallet).toMatchObject({ gen: 1, name: 'spare', origin: 'imported', exportable: true });
    const refreshed = reshare(moot, wallet);
    expect(verified(audit(refreshed, history))).toBe('VERIFIED');
    expect(walletOf(refreshed).wallet).toMatchObject({ gen: 2, name: 'spare', origin: 'imported' });
    dealPairs(moot, wallet);
  });

  it('needs all', () => {
    const refused = importKey(moot, 'spare', { secret: 77n, answer: byParty(2, declined) });
    expect(audit(refused)).toMatchObject({ ok: true, ending: 'refused' });
  });

  describe('and an export of it', () => {
    const recipient = x25519.getPublicKey(vec('a recipient'));
    const exported = exportKey(moot, wallet, { recipient });

    it('is recorded by digests of what each party sealed', () => {
      const report = audit(exported);
      expect(verified(report)).toBe('VERIFIED');
      expect(report.ending).toBe('completed');
      expect(report.notes.join()).toContain('party 1, 2, 3 handed its share');
      const text = new TextDecoder().decode(fileOf(exported.lines));
      for (const { body } of exported.sealed) expect(text).not.toContain(toHex(body.ciphertext));
    });

    it('of a key that was not made for it is refused by all', () => {
      const refused = exportKey(moot, from, { recipient });
      expect(audit(refused)).toMatchObject({ ok: true, ending: 'refused' });
      const codes = refused.story.verdicts.flatMap(({ body }) => body.reasons.map(({ code }) => code));
      expect(codes).toEqual(['NOT_EXPORTABLE', 'NOT_EXPORTABLE', 'NOT_EXPORTABLE']);
    });
  });
});

describe('what a collector was sent', () => {
  it('gives the rounds of a reshare again, whatever else is among them', () => {
    const next = successor(['1', '2', 'new']);
    const { story, wallet } = reshare(moot, from, { next });
    const stray = reshare(moot, from).story.rounds;
    if (story.start === undefined) throw new Error('nothing was started');
    const session = {
      roster,
      proposal: story.proposal,
      start: story.start,
      wallet: wallet?.wallet,
      parent: from.wallet,
    };
    const chosen = selectRounds(session, [...stray, ...story.rounds].reverse());
    expect(new Set(chosen.map(toHex))).toEqual(new Set(ranOnly(story.rounds).map(toHex)));
  });
});

/** Without the notices that come after the certificate. */
function ranOnly(rounds: readonly Uint8Array[]): readonly Uint8Array[] {
  return rounds.filter((bytes) => bytes[3] === 0x10 || bytes[3] === 0x12);
}
