import { readFileSync } from 'node:fs';
import { hmac } from '@noble/hashes/hmac.js';
import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { createBase58check } from '@scure/base';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressOf } from '../../protocol/ceremony/address.ts';
import { toHex, utf8 } from '../../protocol/common/bytes.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import {
  childOf,
  deriveKey,
  type ExtendedKey,
  formatPath,
  MAX_DEPTH,
  parsePath,
  parsePaths,
} from '../../protocol/threshold/derivation.ts';
import { mod, ORDER, scalarToBytes } from '../../protocol/threshold/math/scalar.ts';
import { bytes, toNumber } from './support/labels.ts';
import { protocolVectors } from './support/protocol-vectors.ts';

const base58 = createBase58check(sha256);

const vectors = JSON.parse(readFileSync(new URL('../vectors/bip32.json', import.meta.url), 'utf8')) as {
  readonly valid: readonly {
    readonly seed: string;
    readonly path: string;
    readonly xpub: string;
    readonly xprv: string;
  }[];
  readonly invalid: readonly { readonly key: string; readonly why: string }[];
};

/** version 4 | depth 1 | fingerprint 4 | index 4 | chain code 32 | key 33 */
function extended(text: string): ExtendedKey {
  const raw = base58.decode(text);
  return { chainCode: raw.slice(13, 45), publicKey: raw.slice(45) };
}

const codeOf = (text: string): string | undefined => {
  const read = parsePath(text, '--path');
  return read.ok ? undefined : read.error.code;
};

describe('BIP32, published vectors', () => {
  const byPath = new Map(vectors.valid.map((row) => [`${row.seed}/${row.path}`, row]));
  const steps = vectors.valid.flatMap((row) => {
    const [, head = '', last = ''] = /^(.*)\/([^/]*)$/.exec(row.path) ?? [];
    const parent = byPath.get(`${row.seed}/${head}`);
    return parent === undefined ? [] : [{ row, parent, last }];
  });
  const soft = steps.filter(({ last }) => !last.endsWith("'"));

  it('has non-hardened steps to check', () => expect(soft.length).toBe(6));

  it.each(soft)('$row.path', ({ row, parent, last }) => {
    const derived = deriveKey(extended(parent.xpub), [Number(last)]);
    const expected = extended(row.xpub);
    expect(derived.ok && toHex(derived.value.publicKey)).toBe(toHex(expected.publicKey));
    expect(derived.ok && toHex(derived.value.chainCode)).toBe(toHex(expected.chainCode));
  });

  it.each(steps.filter(({ last }) => last.endsWith("'")))('refuses the hardened $row.path', ({ row }) => {
    expect(codeOf(row.path)).toBe('PATH_HARDENED');
  });

  it.each(vectors.invalid.filter(({ key, why }) => key.startsWith('xpub') && why.startsWith('invalid pubkey')))(
    'takes no parent with $why',
    ({ key }) => {
      expect(() => deriveKey(extended(key), [0])).toThrow('not a point');
    },
  );

  it('gives what the private side gives: tau is the difference of the private keys', () => {
    for (const { row, parent, last } of soft) {
      const key = (text: string): bigint => toNumber(base58.decode(text).slice(46));
      const derived = deriveKey(extended(parent.xpub), [Number(last)]);
      expect(derived.ok && derived.value.tau).toBe(mod(key(row.xprv) - key(parent.xprv)));
    }
  });
});

describe('vectors of the protocol', () => {
  const { chainCode, Q, cases } = protocolVectors.elements.bip32;
  it.each(cases)('$path', ({ path, tau, childPk, childChainCode }) => {
    const derived = deriveKey({ publicKey: bytes(Q), chainCode: bytes(chainCode) }, path);
    expect(derived.ok && toHex(derived.value.publicKey)).toBe(childPk);
    expect(derived.ok && toHex(derived.value.chainCode)).toBe(childChainCode);
    expect(derived.ok && toHex(scalarToBytes(derived.value.tau))).toBe(tau);
  });

  it.each([protocolVectors.sign.path, protocolVectors.sign.root])('signing with path $path', (known) => {
    const root = { publicKey: bytes(protocolVectors.keygen.Q), chainCode: bytes(protocolVectors.keygen.chainCode) };
    const derived = deriveKey(root, known.path);
    expect(derived.ok && toHex(derived.value.publicKey)).toBe(known.childPk);
    expect(derived.ok && toHex(scalarToBytes(derived.value.tau))).toBe(known.tau);
  });
});

describe('one step', () => {
  const parent = curve.encode(curve.base(7n));
  const step = (tweak: bigint): ReturnType<typeof childOf> => {
    const left = tweak.toString(16).padStart(64, '0');
    return childOf(parent, bytes(`${left}${'11'.repeat(32)}`));
  };

  it('IL = 0, IL = q, IL above q and the identity are errors, never reduced', () => {
    expect(step(0n)).toBeUndefined();
    expect(step(ORDER)).toBeUndefined();
    expect(step(ORDER + 5n)).toBeUndefined();
    expect(step(2n ** 256n - 1n)).toBeUndefined();
    expect(step(ORDER - 7n)).toBeUndefined();
  });

  it('its neighbours are keys', () => {
    for (const tweak of [1n, ORDER - 1n, ORDER - 8n, ORDER - 6n]) {
      const made = step(tweak);
      expect(made !== undefined && toHex(curve.encode(made.child))).toBe(toHex(curve.encode(curve.base(7n + tweak))));
    }
  });
});

describe('properties', () => {
  const index = fc.integer({ min: 0, max: 2 ** 31 - 1 });
  const root = (seed: Uint8Array): ExtendedKey => {
    const hash = hmac(sha512, utf8('Bitcoin seed'), seed);
    return { publicKey: curve.encode(curve.base(toNumber(hash.slice(0, 32)))), chainCode: hash.slice(32) };
  };

  it('Q plus tau G is the child, step by step or at once', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 32 }),
        fc.array(index, { maxLength: MAX_DEPTH }),
        (seed, path) => {
          const key = root(seed);
          const whole = deriveKey(key, path);
          const stepped = path.reduce<ExtendedKey>((at, next) => {
            const made = deriveKey(at, [next]);
            if (!made.ok) throw made.error;
            return made.value;
          }, key);
          if (!whole.ok) throw whole.error;
          expect(toHex(whole.value.publicKey)).toBe(toHex(stepped.publicKey));
          expect(toHex(whole.value.chainCode)).toBe(toHex(stepped.chainCode));
          const q = curve.decode(key.publicKey);
          if (q === undefined) throw new Error('no point');
          const shifted = curve.add(q, curve.base(whole.value.tau));
          expect(toHex(curve.encode(shifted))).toBe(toHex(whole.value.publicKey));
        },
      ),
      { numRuns: 30 },
    );
  });

  it('what is written is read again', () => {
    fc.assert(
      fc.property(fc.array(index, { maxLength: MAX_DEPTH }), (path) => {
        const text = formatPath(path);
        expect(parsePath(text, '--path')).toEqual({ ok: true, value: path });
        if (path.length > 0) expect(parsePath(text.slice(2), '--path')).toEqual({ ok: true, value: path });
      }),
    );
  });

  it('reads anything without an untyped error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[m0-9/'h.]*$/)), (text) => {
        const read = parsePaths(text, '--derive');
        if (!read.ok) expect(read.error.code).toMatch(/^PATH_/);
      }),
    );
  });
});

describe('what a caller may ask for', () => {
  it.each([
    ["m/0'/5", 'PATH_HARDENED'],
    ['0h', 'PATH_HARDENED'],
    ['m/2147483648', 'PATH_HARDENED'],
    ['m/0/1/2/3/4/5/6/7/8/9/10', 'PATH_TOO_LONG'],
    ['', 'PATH_MALFORMED'],
    ['m/', 'PATH_MALFORMED'],
    ['M/0', 'PATH_MALFORMED'],
    ['0//1', 'PATH_MALFORMED'],
    ['/0', 'PATH_MALFORMED'],
    ['01', 'PATH_MALFORMED'],
    ['-1', 'PATH_MALFORMED'],
    ['1e3', 'PATH_MALFORMED'],
    ['m/99999999999', 'PATH_MALFORMED'],
    ['m/m/0', 'PATH_MALFORMED'],
  ])('%s is refused with %s', (text, code) => {
    expect(codeOf(text)).toBe(code);
  });

  it('one clear sentence, with the field', () => {
    const read = parsePath("m/44'/60'/0'", '--path');
    expect(!read.ok && [read.error.field, read.error.message]).toEqual([
      '--path',
      'must not be hardened: a hardened step needs the private key, and no single machine has it',
    ]);
  });

  it('ranges', () => {
    expect(parsePaths('0/3..5', '--derive')).toEqual({
      ok: true,
      value: [
        [0, 3],
        [0, 4],
        [0, 5],
      ],
    });
    expect(parsePaths('m/7', '--derive')).toEqual({ ok: true, value: [[7]] });
    for (const text of ['0/5..3', '0/0..1000']) {
      const read = parsePaths(text, '--derive');
      expect(!read.ok && read.error.code).toBe('PATH_RANGE');
    }
  });

  it('ten levels are enough for anybody, eleven are a bug of the caller', () => {
    const key = { publicKey: curve.encode(curve.base(3n)), chainCode: new Uint8Array(32) };
    expect(
      deriveKey(
        key,
        Array.from({ length: 10 }, () => 1),
      ).ok,
    ).toBe(true);
    for (const path of [Array.from({ length: 11 }, () => 1), [2 ** 31], [-1], [0.5]]) {
      expect(() => deriveKey(key, path)).toThrow('10 steps');
    }
  });
});

describe('addresses', () => {
  it('of the key 1', () => {
    expect(toHex(addressOf(curve.encode(curve.base(1n))))).toBe('7e5f4552091a69125d5dfcb7b8c2659029395bdf');
  });
});
