import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRecipientKey, open, recipientPublicKey, seal } from '../../../participant/recovery/hpke.ts';
import { fromHex, toHex, utf8 } from '../../../protocol/common/bytes.ts';
import { Secret } from '../../../protocol/threshold/secret.ts';
import { must } from '../../support/must.ts';
import { vec } from '../../threshold/support/labels.ts';
import { AES_128, AES_256, referenceOpen, referenceSeal } from './reference-hpke.ts';

const hex = (text: string): Uint8Array => {
  const bytes = fromHex(text);
  if (bytes === undefined) throw new Error('no hex');
  return bytes;
};

describe('the reference, by RFC 9180 A.1.1', () => {
  it('gives the published shared secret, key, nonce and ciphertext', () => {
    const recipient = hex('3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d');
    const { ciphertext, encapsulated, used } = referenceSeal(
      AES_128,
      hex('52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736'),
      recipient,
      hex('4f6465206f6e2061204772656369616e2055726e'),
      hex('4265617574792069732074727574682c20747275746820626561757479'),
      utf8('Count-0'),
    );
    expect(toHex(encapsulated)).toBe('37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431');
    expect(toHex(used.sharedSecret)).toBe('fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc');
    expect(toHex(used.key)).toBe('4531685d41d65f03dc48f6b8302c05b0');
    expect(toHex(used.nonce)).toBe('56d890e5accaaf011cff4b7d');
    expect(toHex(ciphertext)).toBe(
      'f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a',
    );
  });
});

describe('sealing to a recipient', () => {
  const secretKey = new Secret(vec('recipient'));
  const publicKey = recipientPublicKey(secretKey);
  const info = utf8('about this');

  it('opens what the reference sealed, and the reference opens what it sealed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), fc.uint8Array({ maxLength: 40 }), async (plain, about) => {
        const theirs = referenceSeal(AES_256, vec(`ephemeral/${plain.length}`), publicKey, about, plain);
        expect(await open(secretKey, about, theirs)).toEqual(new Uint8Array(plain));
        const ours = must(await seal(publicKey, about, plain));
        expect(ours.ciphertext.length).toBe(plain.length + 16);
        expect(secretKey.use((key) => referenceOpen(AES_256, key, about, ours))).toEqual(new Uint8Array(plain));
      }),
      { numRuns: 25 },
    );
  });

  it('nothing else opens: another key, another info, a flipped bit', async () => {
    const sealed = must(await seal(publicKey, info, vec('share')));
    expect(await open(new Secret(vec('another')), info, sealed)).toBeUndefined();
    expect(await open(secretKey, utf8('about that'), sealed)).toBeUndefined();
    for (const field of ['encapsulated', 'ciphertext'] as const) {
      for (const at of [0, sealed[field].length - 1]) {
        const altered = sealed[field].slice();
        altered[at] = (altered[at] ?? 0) ^ 1;
        expect(await open(secretKey, info, { ...sealed, [field]: altered })).toBeUndefined();
      }
    }
    for (const ciphertext of [new Uint8Array(0), sealed.ciphertext.slice(0, 15), sealed.ciphertext.slice(0, -1)]) {
      expect(await open(secretKey, info, { ...sealed, ciphertext })).toBeUndefined();
    }
    expect(await open(secretKey, info, { ...sealed, encapsulated: new Uint8Array(31) })).toBeUndefined();
  });

  it('two seals of one text differ', async () => {
    const [a, b] = [must(await seal(publicKey, info, info)), must(await seal(publicKey, info, info))];
    expect(toHex(a.encapsulated)).not.toBe(toHex(b.encapsulated));
    expect(toHex(a.ciphertext)).not.toBe(toHex(b.ciphertext));
  });

  it.each([
    ['zero', '00'.repeat(32)],
    ['one', `01${'00'.repeat(31)}`],
    ['a point of order 8', 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'],
    ['another point of order 8', '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157'],
    ['p - 1', `ec${'ff'.repeat(30)}7f`],
    ['p, which is zero', `ed${'ff'.repeat(30)}7f`],
    ['p + 1, which is one', `ee${'ff'.repeat(30)}7f`],
    ['31 bytes', '22'.repeat(31)],
    ['33 bytes', '22'.repeat(33)],
  ])('refuses %s as a recipient', async (_, key) => {
    expect(isRecipientKey(hex(key))).toBe(false);
    const sealed = await seal(hex(key), info, info);
    expect(!sealed.ok && sealed.error.code).toBe('RECIPIENT_KEY_INVALID');
  });
});
