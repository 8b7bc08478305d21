/** An export from both sides: what each party seals, and what the recipient makes of it when somebody cheats. */
import { beforeAll, describe, expect, it } from 'vitest';
import { recipientPublicKey } from '../../../participant/recovery/hpke.ts';
import { recoverKey } from '../../../participant/recovery/open-shares.ts';
import { sealShare } from '../../../participant/recovery/seal-share.ts';
import {
  openSealedShare,
  type SealedShare,
  type SealedShareBody,
  signSealedShare,
} from '../../../protocol/ceremony/sealed-share.ts';
import { toHex } from '../../../protocol/common/bytes.ts';
import { curve } from '../../../protocol/threshold/curve/accelerated.ts';
import { integerFromBytes } from '../../../protocol/threshold/math/scalar.ts';
import { Secret } from '../../../protocol/threshold/secret.ts';
import { must } from '../../support/must.ts';
import { readyMoot } from '../../support/treasury.ts';
import { vec } from '../../threshold/support/labels.ts';

const { moot, from } = readyMoot('export');
const { wallet, shares: keyshares } = from;
const secretKey = new Secret(vec('recipient key'));
const recipient = recipientPublicKey(secretKey);
const sessionId = vec('export session');

interface Change {
  readonly share?: bigint;
  readonly chainCode?: Uint8Array;
  readonly body?: Partial<SealedShareBody>;
  /** Sealed as if by this party or for this recipient; the statement still says what it should. */
  readonly about?: Partial<Pick<SealedShareBody, 'party' | 'recipient' | 'sessionId' | 'epochId'>>;
}

async function sealedBy(party: number, change: Change = {}): Promise<SealedShare> {
  const own = keyshares.get(party);
  if (own === undefined) throw new Error(`party ${party} has no share`);
  const share = change.share === undefined ? own.share : new Secret(change.share);
  const chainCode = change.chainCode === undefined ? own.chainCode : new Secret(change.chainCode);
  const about = { sessionId, epochId: wallet.epochId, recipient, party };
  const sealed = must(await sealShare({ share, chainCode }, { ...about, ...change.about }));
  const body = { proposal: vec('proposal'), attempt: 1, ...about, ...sealed, created: 1_795_000_000, ...change.body };
  const statement = signSealedShare(body, moot.keyOf(`party:${party}`));
  return must(openSealedShare(statement.envelope, moot.roster));
}

const xOf = (party: number): bigint => keyshares.get(party)?.share.use((x) => x) ?? 0n;

describe('an export', () => {
  let all: readonly SealedShare[] = [];
  beforeAll(async () => {
    all = await Promise.all([1, 2, 3].map((party) => sealedBy(party)));
  });

  it('gives the private key of the wallet, and its chain code', async () => {
    const recovered = must(await recoverKey(wallet, all, secretKey));
    const sk = recovered.privateKey.use(integerFromBytes);
    expect(toHex(curve.encode(curve.base(sk)))).toBe(toHex(wallet.publicKey));
    expect(recovered.used).toEqual([1, 2]);
    expect(recovered.faults).toEqual([]);
    expect(recovered.chainCode?.use(toHex)).toBe(keyshares.get(1)?.chainCode.use(toHex));
  });

  it.each([
    [1, 2],
    [1, 3],
    [2, 3],
  ])('from parties %i and %i alone', async (a, b) => {
    const some = all.filter(({ body }) => body.party === a || body.party === b);
    const recovered = must(await recoverKey(wallet, some, secretKey));
    expect(toHex(curve.encode(curve.base(recovered.privateKey.use(integerFromBytes))))).toBe(toHex(wallet.publicKey));
  });

  it('what does not fit names its party and is left out', async () => {
    const bad: readonly (readonly [string, Change])[] = [
      ['another share', { share: xOf(2) + 1n }],
      ['the share of somebody else', { share: xOf(1) }],
      ['another epoch', { body: { epochId: vec('epoch') } }],
      ['another recipient', { body: { recipient: vec('somebody') } }],
      ['sealed to another recipient', { about: { recipient: recipientPublicKey(new Secret(vec('x'))) } }],
      ['sealed in another session', { about: { sessionId: vec('other') } }],
      ['sealed as another party', { about: { party: 1 } }],
      ['garbage', { body: { ciphertext: vec('garbage', 80) } }],
    ];
    for (const [, change] of bad) {
      const [one, , three] = all;
      if (one === undefined || three === undefined) throw new Error('no shares');
      const recovered = must(await recoverKey(wallet, [one, await sealedBy(2, change), three], secretKey));
      expect(recovered.used).toEqual([1, 3]);
      expect(recovered.faults.map(({ party }) => party)).toEqual([2]);
    }
  });

  it('a wrong chain code spoils no share; without a right one there is none', async () => {
    const wrong = { chainCode: vec('wrong') };
    const [, two] = all;
    if (two === undefined) throw new Error('no share');
    const mixed = must(await recoverKey(wallet, [await sealedBy(1, wrong), two], secretKey));
    expect(mixed.chainCode?.use(toHex)).toBe(keyshares.get(1)?.chainCode.use(toHex));
    const none = must(await recoverKey(wallet, [await sealedBy(1, wrong), await sealedBy(2, wrong)], secretKey));
    expect(none.chainCode).toBeUndefined();
  });

  it('too few good ones are no key, and it says whose fault', async () => {
    const [one] = all;
    if (one === undefined) throw new Error('no share');
    const short = await recoverKey(wallet, [one, await sealedBy(2, { share: 5n })], secretKey);
    expect(!short.ok && short.error.code).toBe('RECOVERY_TOO_FEW_SHARES');
    expect(!short.ok && short.error.message).toContain('party 2');
    const twice = await recoverKey(wallet, [one, one], secretKey);
    expect(!twice.ok && twice.error.code).toBe('RECOVERY_TOO_FEW_SHARES');
  });

  it('shares of two exports are not mixed', async () => {
    const [one] = all;
    if (one === undefined) throw new Error('no share');
    const other = await sealedBy(2, { body: { sessionId: vec('later') }, about: { sessionId: vec('later') } });
    const mixed = await recoverKey(wallet, [one, other], secretKey);
    expect(!mixed.ok && mixed.error.code).toBe('RECOVERY_SESSIONS_MIXED');
  });

  it('another recipient learns nothing', async () => {
    const stranger = await recoverKey(wallet, all, new Secret(vec('stranger')));
    expect(!stranger.ok && stranger.error.code).toBe('RECOVERY_TOO_FEW_SHARES');
  });

  it('no statement holds a share in the clear, and a secret does not print', async () => {
    const text = all.map(({ envelope }) => toHex(envelope.body) + toHex(envelope.bytes)).join();
    for (const party of [1, 2, 3]) expect(text).not.toContain(xOf(party).toString(16).padStart(64, '0'));
    const recovered = must(await recoverKey(wallet, all, secretKey));
    expect(JSON.stringify(recovered)).not.toContain(recovered.privateKey.use(toHex));
  });
});
