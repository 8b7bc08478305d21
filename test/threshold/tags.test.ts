import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../../protocol/common/bytes.ts';
import { BugError } from '../../protocol/common/errors.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import { H, hot, hotMidstate, ZERO_SID } from '../../protocol/threshold/hash.ts';
import { scalarFromHash, scalarToBytes } from '../../protocol/threshold/math/scalar.ts';
import { suite, suiteId } from '../../protocol/threshold/suite.ts';
import { HOT_TAGS, type HotTag, TAGS, type Tag } from '../../protocol/threshold/tags.ts';
import { hexBytes, keygenVectors, type TagVector } from './support/keygen-vectors.ts';
import { vec } from './support/labels.ts';
import { mirrorVectors } from './support/mirror-vectors.ts';

const vectors = [...keygenVectors.tags.vectors, ...mirrorVectors.tags];

function tagOf(vector: TagVector): Tag {
  const tag = TAGS.find((candidate) => candidate === vector.tag);
  if (tag === undefined) throw new Error(`tag ${vector.tag} is not in the table`);
  return tag;
}

function hotTagOf(vector: TagVector): HotTag {
  const tag = HOT_TAGS.find((candidate) => candidate === vector.tag);
  if (tag === undefined) throw new Error(`hot tag ${vector.tag} is not in the table`);
  return tag;
}

function result(vector: TagVector): Uint8Array {
  if (vector.fn === 'hash_to_curve')
    return curve.encode(curve.hashToCurve(hexBytes(vector.msg ?? ''), vector.dst ?? ''));
  const sid = hexBytes(vector.sid ?? '');
  if (vector.fn === 'h') return hot(hotTagOf(vector), sid, hexBytes(vector.w ?? ''));
  const fields = (vector.fields ?? []).map((field) =>
    typeof field === 'string' ? hexBytes(field) : vec(field.label, field.len),
  );
  return H(tagOf(vector), sid, ...fields);
}

describe('hash tags', () => {
  it('are unique, and no general tag starts like a hot one', () => {
    const labels = [...TAGS, ...HOT_TAGS.map((tag) => `hot/${tag}`)];
    expect(new Set(labels).size).toBe(labels.length);
    expect(TAGS.filter((tag) => tag.startsWith('hot/'))).toEqual([]);
  });

  it('each have a known answer', () => {
    const general = new Set(vectors.filter((vector) => vector.fn === 'H').map((vector) => vector.tag));
    const short = new Set(vectors.filter((vector) => vector.fn === 'h').map((vector) => vector.tag));
    expect([...general].sort()).toEqual([...TAGS].sort());
    expect([...short].sort()).toEqual([...HOT_TAGS].sort());
  });

  for (const [i, vector] of vectors.entries()) {
    it(`${vector.fn} ${vector.tag} #${i} gives the known answer`, () => {
      const out = result(vector);
      const scalar = vector.scalar === undefined ? undefined : toHex(scalarToBytes(scalarFromHash(out)));
      expect({ out: toHex(out), scalar }).toEqual({ out: vector.out, scalar: vector.scalar });
    });
  }

  it('suiteId folds in the preimage', () => {
    expect(toHex(suiteId)).toBe(vectors.find((vector) => vector.tag === 'suite')?.out);
    expect(suite.preimage).toContain(`kappa=${suite.kappa};seed=${suite.seedBytes};k=${suite.k};s=${suite.s}`);
    expect(suite.preimage).toContain(`lambda=${suite.lambda};xi=${suite.xi};l=${suite.l};rho=${suite.rho}`);
  });

  it('fields are length-prefixed: moving a byte between fields changes the hash', () => {
    const one = H('sess', ZERO_SID, utf8('ab'), utf8('c'));
    expect(toHex(H('sess', ZERO_SID, utf8('a'), utf8('bc')))).not.toBe(toHex(one));
    expect(toHex(H('sess', ZERO_SID, utf8('ab'), utf8('c'), new Uint8Array(0)))).not.toBe(toHex(one));
  });

  it('a midstate can be used again and again', () => {
    const state = hotMidstate('rv/pad', vec('sid'));
    const first = toHex(state.digest(vec('w')));
    state.digest(vec('other'));
    expect(toHex(state.digest(vec('w')))).toBe(first);
    expect(first).toBe(toHex(hot('rv/pad', vec('sid'), vec('w'))));
  });

  it('a sid of another length or a long hot input is our bug', () => {
    expect(() => H('sess', new Uint8Array(31))).toThrow(BugError);
    expect(() => hot('rv/pad', new Uint8Array(33), new Uint8Array(4))).toThrow(BugError);
    expect(() => hot('rv/pad', ZERO_SID, new Uint8Array(53))).toThrow(BugError);
  });
});
