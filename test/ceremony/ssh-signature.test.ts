/** Signatures that ssh-keygen made or accepts, and everything near them that must not pass. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { approverPublicKey, approverVerifier } from '../../protocol/ceremony/approver-key.ts';
import { signerFromSeed } from '../../protocol/ceremony/ed25519.ts';
import { parseSshKey, readSshSignature, verifySshSignature } from '../../protocol/ceremony/ssh-signature.ts';
import { concat, toHex, utf8 } from '../../protocol/common/bytes.ts';

interface Vectors {
  readonly message: string;
  readonly namespace: string;
  readonly plain: Readonly<Record<'key' | 'signature' | 'otherNamespace' | 'otherHash', string>>;
  readonly securityKey: Readonly<Record<'key' | 'touched' | 'verified' | 'untouched', string>>;
}

const VECTORS = JSON.parse(readFileSync(new URL('../vectors/ssh-signatures.json', import.meta.url), 'utf8')) as Vectors;
const { namespace, plain, securityKey } = VECTORS;
const MESSAGE = utf8(VECTORS.message);

function verifies(key: string, armored: string, message: Uint8Array = MESSAGE, purpose: string = namespace): boolean {
  return check(key, blobOf(armored), message, purpose);
}

function check(line: string, blob: Uint8Array, message: Uint8Array = MESSAGE, purpose: string = namespace): boolean {
  const key = parseSshKey(line);
  if (key === undefined) throw new Error('no key');
  return verifySshSignature(key, purpose, message, blob);
}

function blobOf(armored: string): Uint8Array {
  const blob = readSshSignature(armored);
  if (blob === undefined) throw new Error('no signature');
  return blob;
}

describe('a signature by ssh-keygen', () => {
  it('verifies under its key, for its namespace and its message', () => {
    expect(verifies(plain.key, plain.signature)).toBe(true);
    expect(verifies(`${plain.key} somebody@somewhere`, plain.signature)).toBe(true);
    expect(verifies(plain.key, plain.signature, utf8('Pay 2 ETH to the payee.\n'))).toBe(false);
    expect(verifies(plain.key, plain.signature, MESSAGE, 'keymoot.freeze.v1')).toBe(false);
    expect(verifies(securityKey.key, plain.signature)).toBe(false);
  });

  it('for another namespace, or with another hash than SHA-512, is none', () => {
    expect(verifies(plain.key, plain.otherNamespace)).toBe(false);
    expect(verifies(plain.key, plain.otherNamespace, MESSAGE, 'file')).toBe(true);
    expect(verifies(plain.key, plain.otherHash)).toBe(false);
  });

  it('by a security key needs its touch', () => {
    expect(verifies(securityKey.key, securityKey.touched)).toBe(true);
    expect(verifies(securityKey.key, securityKey.verified)).toBe(true);
    expect(verifies(securityKey.key, securityKey.untouched)).toBe(false);
    expect(verifies(securityKey.key, securityKey.touched, utf8('x'))).toBe(false);
    expect(verifies(plain.key, securityKey.touched)).toBe(false);
  });
});

describe.each([
  ['plain', plain.key, plain.signature],
  ['security key', securityKey.key, securityKey.touched],
] as const)('every byte of a signature counts: %s', (_name, key, armored) => {
  const blob = blobOf(armored);

  it('changed, it does not verify', () => {
    for (let at = 0; at < blob.length; at++) {
      const changed = blob.slice();
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(check(key, changed), `byte ${at}`).toBe(false);
    }
  });

  it('cut off or continued, it does not verify', () => {
    for (let length = 0; length < blob.length; length++) expect(check(key, blob.slice(0, length))).toBe(false);
    expect(check(key, concat(blob, Uint8Array.of(0)))).toBe(false);
  });
});

describe('a key of an approver', () => {
  const signer = signerFromSeed(new Uint8Array(32).fill(7));
  const bare = `ed25519:${toHex(signer.publicKey)}`;

  it('is an Ed25519 key in one of three forms', () => {
    expect(approverPublicKey(bare)).toEqual(signer.publicKey);
    expect(approverPublicKey(plain.key)).toHaveLength(32);
    expect(approverPublicKey(securityKey.key)).toHaveLength(32);
  });

  it.each([
    ['of another kind', 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQ'],
    ['called what it is not', plain.key.replace('ssh-ed25519', 'sk-ssh-ed25519@openssh.com')],
    ['cut off', plain.key.slice(0, -4)],
    ['without bytes', 'ssh-ed25519'],
    ['of small order', `ed25519:01${'00'.repeat(31)}`],
    ['too short', bare.slice(0, -2)],
    ['in capitals', bare.toUpperCase()],
  ])('is none if it is %s', (_name, key) => {
    expect(approverPublicKey(key)).toBeUndefined();
    expect(approverVerifier(key, 'keymoot.approval.v1')).toBeUndefined();
  });

  it('verifies for one type of statement', () => {
    const message = utf8('message');
    expect(approverVerifier(bare, 'keymoot.approval.v1')?.(message, signer.sign(message))).toBe(true);
    expect(approverVerifier(bare, 'keymoot.approval.v1')?.(utf8('other'), signer.sign(message))).toBe(false);
    const ssh = blobOf(plain.signature);
    expect(approverVerifier(plain.key, 'keymoot.approval.v1')?.(MESSAGE, ssh)).toBe(true);
    expect(approverVerifier(plain.key, 'keymoot.thaw.v1')?.(MESSAGE, ssh)).toBe(false);
  });
});

describe('a signature file', () => {
  it('is read with or without its two lines', () => {
    const bare = plain.signature.split('\n').slice(1, -2).join('');
    expect(readSshSignature(bare)).toEqual(blobOf(plain.signature));
    expect(readSshSignature(plain.signature.replaceAll('\n', '\r\n'))).toEqual(blobOf(plain.signature));
    expect(readSshSignature('-----BEGIN SSH SIGNATURE-----\n*\n-----END SSH SIGNATURE-----')).toBeUndefined();
  });
});

describe('whatever else', () => {
  it('is neither a key nor a signature, and makes nothing fall over', () => {
    const key = parseSshKey(plain.key);
    if (key === undefined) throw new Error('no key');
    const blob = blobOf(plain.signature);
    const spliced = fc
      .record({ at: fc.nat(blob.length), cut: fc.nat(40), put: fc.uint8Array({ maxLength: 40 }) })
      .map(({ at, cut, put }) => concat(blob.subarray(0, at), put, blob.subarray(at + cut)));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), spliced), (bytes) => {
        const isWhole = toHex(bytes) === toHex(blob);
        return verifySshSignature(key, namespace, MESSAGE, bytes) === isWhole;
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String().map((text) => `ssh-ed25519 ${text}`),
        ),
        (text) => {
          return parseSshKey(text) === undefined && approverPublicKey(text) === undefined;
        },
      ),
    );
  });
});
