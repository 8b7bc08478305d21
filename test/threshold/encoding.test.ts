import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes, concat, toHex } from '../../protocol/common/bytes.ts';
import { BugError } from '../../protocol/common/errors.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import {
  encodeConsents,
  encodePartyList,
  encodePath,
  encodeSignerSet,
  type PartyRow,
  split,
  u8,
  u16,
  u32,
  u64,
} from '../../protocol/threshold/encoding.ts';
import { ZERO_SID } from '../../protocol/threshold/hash.ts';
import { evaluate, evaluateCommitment, lagrange } from '../../protocol/threshold/math/polynomial.ts';
import { invertScalar, mod, ORDER, readScalar, scalarToBytes } from '../../protocol/threshold/math/scalar.ts';
import {
  configHash,
  exportDigest,
  parentSharesHash,
  type SessionIdFields,
  sessionId,
  walletId,
} from '../../protocol/threshold/session-id.ts';
import { hexBytes, keygenVectors } from './support/keygen-vectors.ts';
import { vec, vscalar } from './support/labels.ts';

const { elements, tags, keygen, sign35, reshare } = keygenVectors;

const B = (name: string) => vec(`tags/${name}`);
const point = (name: string) => curve.encode(curve.base(vscalar(`tags/${name}`)));

function tagOutput(tag: string, note?: string): string | undefined {
  return tags.vectors.find((vector) => vector.tag === tag && (note === undefined || vector.note === note))?.out;
}

describe('elements of docs/protocol.md a.7', () => {
  it('integers are big-endian and never cut', () => {
    expect(toHex(concat(u8(1), u16(0x0203), u32(0x04050607), u64(8n)))).toBe('010203040506070000000000000008');
    for (const wrong of [() => u8(256), () => u16(-1), () => u32(2 ** 32), () => u64(2n ** 64n), () => u8(0.5)]) {
      expect(wrong).toThrow(BugError);
    }
  });

  it('paths and signer sets', () => {
    expect(toHex(encodePath([]))).toBe(elements.path.empty);
    expect(toHex(encodePath([0, 7]))).toBe(elements.path.p0_7);
    expect(toHex(encodeSignerSet([1, 3]))).toBe(elements.S.s1_3);
    expect(() => encodePath([2 ** 31])).toThrow(BugError);
    for (const set of [
      [3, 1],
      [1, 1],
      [0, 1],
      [1, 256],
    ])
      expect(() => encodeSignerSet(set)).toThrow(BugError);
  });

  it('consents are sorted by party, one each', () => {
    const consents = [1, 3].map((party) => ({ party, digest: B(`consent${party}`) }));
    expect(toHex(encodeConsents([...consents].reverse()))).toBe(toHex(encodeConsents(consents)));
    expect(() => encodeConsents([...consents, ...consents])).toThrow(BugError);
    expect(encodeConsents([]).length).toBe(0);
  });

  it('split wants the exact length', () => {
    expect(split(new Uint8Array(5), [2, 3])?.map((part) => part.length)).toEqual([2, 3]);
    expect(split(new Uint8Array(4), [2, 3])).toBeUndefined();
    expect(split(new Uint8Array(6), [2, 3])).toBeUndefined();
  });

  it('Lagrange coefficients', () => {
    for (const [set, coefficients] of Object.entries(elements.lagrange)) {
      const indices = set.split(',').map(Number);
      for (const [i, expected] of Object.entries(coefficients)) {
        expect(toHex(scalarToBytes(lagrange(Number(i), indices)))).toBe(expected);
      }
    }
    expect(() => lagrange(2, [1, 3])).toThrow(BugError);
    expect(() => lagrange(1, [1, 1, 3])).toThrow(BugError);
    expect(() => lagrange(0, [0, 1])).toThrow(BugError);
  });

  it('hash to curve', () => {
    for (const { msg, dst, out } of elements.hashToCurve) {
      expect(toHex(curve.encode(curve.hashToCurve(hexBytes(msg), dst)))).toBe(out);
    }
  });
});

describe('ids', () => {
  const common = { rosterDigest: B('roster'), proposalDigest: B('proposal') };
  const consents = (parties: readonly number[]) => parties.map((party) => ({ party, digest: B(`consent${party}`) }));

  it('sessionId of SIGN, KEYGEN and SELFTEST', () => {
    const sign: SessionIdFields = {
      ...common,
      epochId: B('epochId'),
      purpose: 'SIGN',
      path: [0, 7],
      childPk: point('Qp'),
      attempt: 3,
      signers: [1, 3],
      digest: B('m'),
      consents: consents([1, 3]),
    };
    expect(toHex(sessionId(sign))).toBe(tagOutput('sess', 'SIGN, path m/0/7'));
    const none = new Uint8Array(0);
    const keygenFields: SessionIdFields = {
      ...common,
      epochId: ZERO_SID,
      purpose: 'KEYGEN',
      path: [],
      childPk: none,
      attempt: 1,
      signers: [1, 2, 3],
      digest: B('cfgHash'),
      consents: consents([1, 2, 3]),
    };
    expect(toHex(sessionId(keygenFields))).toBe(tagOutput('sess', 'KEYGEN'));
    const selftest: SessionIdFields = {
      ...sign,
      purpose: 'SELFTEST',
      path: [],
      childPk: none,
      proposalDigest: B('pairSid'),
      attempt: 0,
      digest: B('conf'),
      consents: [],
    };
    expect(toHex(sessionId(selftest))).toBe(tagOutput('sess', 'SELFTEST'));
    expect(() => sessionId({ ...sign, childPk: none })).toThrow(BugError);
    expect(() => sessionId({ ...keygenFields, childPk: point('Qp') })).toThrow(BugError);
  });

  it('walletId, cfg of REMOVE with its parent shares, export', () => {
    expect(toHex(walletId(B('proposal'), 1))).toBe(tagOutput('wallet'));
    const hX = parentSharesHash([1, 2, 3].map((i) => point(`X${i}`)));
    expect(toHex(hX)).toBe(tagOutput('cfg/x'));
    const rows: PartyRow[] = [
      { identityKey: B('idA'), dealer: true, oldIndex: 1, newIndex: 2 },
      { identityKey: B('idB'), dealer: true, oldIndex: 3, newIndex: 0 },
      { identityKey: B('idC'), dealer: false, oldIndex: 0, newIndex: 1 },
    ];
    const remove = configHash({
      purpose: 'REMOVE',
      threshold: 2,
      parties: rows.sort((a, b) => compareBytes(a.identityKey, b.identityKey)),
      parentEpochId: B('epochId'),
      gen: 2,
      walletId: B('walletId'),
      exportable: false,
      oldThreshold: 2,
      publicKey: point('Q'),
      chainCodeHash: B('ccPub'),
      parentSharesHash: hX,
    });
    expect(toHex(remove)).toBe(tagOutput('cfg', 'REMOVE'));
    expect(toHex(exportDigest(B('epochId'), B('x25519')))).toBe(tagOutput('cfg/export'));
  });

  it('the ids of RESHARE after the KEYGEN of the vectors', () => {
    const publicShares = Object.keys(keygen.X).map((i) => hexBytes(keygen.X[i] ?? ''));
    const hX = parentSharesHash(publicShares);
    expect(toHex(hX)).toBe(reshare.hX);
    const rows = [...keygen.dealers]
      .sort((a, b) => a.pid - b.pid)
      .map((dealer) => ({
        identityKey: hexBytes(dealer.identityKey),
        dealer: reshare.dealersPid.includes(dealer.pid),
        oldIndex: reshare.pidToOld[dealer.pid] ?? 0,
        newIndex: reshare.pidToNew[dealer.pid] ?? 0,
      }));
    expect(toHex(encodePartyList(rows))).toBe(reshare.pList);
    const cfgHash = configHash({
      purpose: 'RESHARE',
      threshold: 2,
      parties: rows,
      parentEpochId: hexBytes(keygen.epochId),
      gen: 2,
      walletId: hexBytes(keygen.walletId),
      exportable: false,
      oldThreshold: keygen.t,
      publicKey: hexBytes(keygen.Q),
      chainCodeHash: hexBytes(keygen.ccPub),
      parentSharesHash: hX,
    });
    expect(toHex(cfgHash)).toBe(reshare.cfgHash);
    const id = sessionId({
      rosterDigest: hexBytes(keygen.rosterDigest),
      epochId: hexBytes(keygen.epochId),
      purpose: 'RESHARE',
      path: [],
      childPk: hexBytes(keygen.Q),
      proposalDigest: vec('reshare/proposalDigest'),
      attempt: 1,
      signers: reshare.dealersPid,
      digest: cfgHash,
      consents: rows.map((_, i) => ({ party: i + 1, digest: vec(`reshare/consent/${i + 1}`) })),
    });
    expect(toHex(id)).toBe(reshare.sessionId);
    expect(sign35.keygen.n).toBe(5);
  });
});

describe('scalars and points on the wire', () => {
  it('a scalar is 32 bytes and below q; zero is one', () => {
    expect(readScalar(scalarToBytes(0n))).toBe(0n);
    expect(readScalar(scalarToBytes(ORDER - 1n))).toBe(ORDER - 1n);
    const order = hexBytes(ORDER.toString(16));
    expect(readScalar(order)).toBeUndefined();
    expect(readScalar(new Uint8Array(32).fill(255))).toBeUndefined();
    expect(readScalar(new Uint8Array(31))).toBeUndefined();
    expect(readScalar(new Uint8Array(33))).toBeUndefined();
  });

  it('a point is 33 bytes with prefix 02 or 03, on the curve, never O', () => {
    const good = point('Q');
    expect(curve.decode(good)).toBeDefined();
    const x = good.slice(1);
    const offCurve = [...Array(20).keys()]
      .map((i) => concat(Uint8Array.of(2), vec(`off/${i}`)))
      .find((bytes) => curve.decode(bytes) === undefined);
    expect(offCurve).toBeDefined();
    const field = hexBytes('fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f');
    for (const bad of [
      new Uint8Array(0),
      new Uint8Array(1),
      new Uint8Array(33),
      x,
      concat(Uint8Array.of(4), x),
      concat(Uint8Array.of(4), x, x),
      concat(Uint8Array.of(0), x),
      concat(good, Uint8Array.of(0)),
      concat(Uint8Array.of(2), field),
    ]) {
      expect(curve.decode(bad)).toBeUndefined();
    }
  });

  it('the curve never throws on zero or O', () => {
    const P = curve.base(5n);
    const O = curve.identity;
    expect(curve.isIdentity(curve.base(0n))).toBe(true);
    expect(curve.isIdentity(curve.base(ORDER))).toBe(true);
    for (const multiply of [curve.multiply, curve.multiplyOnce, curve.multiplyPublic]) {
      expect(curve.isIdentity(multiply(P, 0n))).toBe(true);
      expect(curve.isIdentity(multiply(O, 5n))).toBe(true);
      expect(curve.equals(multiply(P, ORDER + 1n), P)).toBe(true);
      expect(curve.equals(multiply(P, -1n), curve.negate(P))).toBe(true);
    }
    expect(curve.isIdentity(curve.add(P, curve.negate(P)))).toBe(true);
    expect(curve.equals(curve.add(O, P), P)).toBe(true);
    expect(curve.isIdentity(curve.negate(O))).toBe(true);
    expect(() => curve.encode(O)).toThrow(BugError);
    expect(curve.liftX(curve.encode(P).slice(1), false)).toBeDefined();
    expect(curve.liftX(new Uint8Array(31), false)).toBeUndefined();
  });

  it('inverses, negative inputs, and commitments follow the polynomial', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: 1n, max: ORDER - 1n }),
        fc.array(fc.bigInt({ min: 0n, max: ORDER }), { maxLength: 4 }),
        fc.integer({ min: 1, max: 255 }),
        (a, f, x) => {
          expect(mod(a * invertScalar(a))).toBe(1n);
          expect(mod(a + mod(-a))).toBe(0n);
          const commitments = f.map((coefficient) => curve.base(coefficient));
          expect(curve.equals(evaluateCommitment(commitments, x), curve.base(evaluate(f, x)))).toBe(true);
        },
      ),
      { numRuns: 10 },
    );
    expect(() => invertScalar(ORDER)).toThrow(BugError);
  });
});
