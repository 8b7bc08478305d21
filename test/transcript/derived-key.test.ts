/** A signature by a derived key, from the proposal to the audit, and what an auditor sees if somebody lies about it. */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { describe, expect, it } from 'vitest';
import { addressOf } from '../../protocol/ceremony/address.ts';
import { concat, toHex } from '../../protocol/common/bytes.ts';
import { decode } from '../../protocol/payload/payload.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import { childOf } from '../support/moot.ts';
import { must } from '../support/must.ts';
import type { SignPlan } from '../support/plan.ts';
import { fileOf } from '../support/story.ts';
import { readyMoot, transfer, trojan } from '../support/treasury.ts';
import { byParty } from './support.ts';

const PATH = [0, 5];
const { moot, from } = readyMoot('derived');
const { roster } = moot;
const child = childOf(from, PATH);
const other = childOf(from, [0, 6]);

function audit(plan: Partial<SignPlan>, chainCodes: readonly Uint8Array[] = []) {
  const { lines, story } = moot.sign(from, { payload: transfer(), path: PATH, ...plan });
  return { story, report: verifyTranscript(fileOf(lines), { roster, chainCodes }) };
}

function chainCode(): Uint8Array {
  const [share] = from.shares.values();
  if (share === undefined) throw new Error('no share');
  return share.chainCode.use((bytes) => bytes.slice());
}

describe('a derived key', () => {
  it('signs, verifies under Q′ and not under Q, and is named by all', () => {
    const { report, story } = audit({});
    expect(report.failure).toBeUndefined();
    expect(report).toMatchObject({ ok: true, ending: 'completed' });
    expect(story.proposal.body).toMatchObject({ path: PATH, address: addressOf(child.publicKey) });
    for (const { body } of story.verdicts) expect(body.reading?.key).toEqual(child.publicKey);
    const { digest } = must(decode(transfer()));
    const { signature } = report;
    if (signature === undefined) throw new Error('no signature');
    const compact = concat(signature.r, signature.s);
    expect(secp256k1.verify(compact, digest, child.publicKey, { prehash: false })).toBe(true);
    expect(secp256k1.verify(compact, digest, from.wallet.publicKey, { prehash: false })).toBe(false);
    expect(report.derived).toMatchObject({
      path: PATH,
      publicKey: child.publicKey,
      namedBy: [1, 2, 3],
      repeated: false,
    });
    expect(report.notes.join()).toContain('the word of party 1, 2, 3');
  });

  it('with the chain code the auditor derives it again', () => {
    const { report } = audit({}, [new Uint8Array(32), chainCode()]);
    expect(report.derived).toMatchObject({ repeated: true });
    expect(report.notes.join()).toContain('follows from the chain code');
  });

  it('no transcript tells the chain code', () => {
    const { lines } = moot.sign(from, { payload: transfer(), path: PATH });
    expect(new TextDecoder().decode(fileOf(lines))).not.toContain(toHex(chainCode()));
  });

  it('a refused payload is refused for what it is', () => {
    const { report, story } = audit({ payload: trojan() });
    expect(report).toMatchObject({ ok: true, ending: 'refused' });
    for (const { body } of story.verdicts) expect(body.reading?.key).toEqual(child.publicKey);
  });

  it('what cannot be decoded is refused by everybody in the same words, and verifies', () => {
    const { report, story } = audit({ payload: { kind: 'evm-transaction', bytes: new Uint8Array([1, 2, 3]) } });
    expect(report.failure).toBeUndefined();
    expect(report.ending).toBe('refused');
    for (const { body } of story.verdicts) expect(body.reading).toBeUndefined();
  });

  it('another address than the path has is rejected by everybody, with the right one', () => {
    const { report, story } = audit({ proposal: (body) => ({ ...body, address: addressOf(other.publicKey) }) });
    expect(report.failure).toBeUndefined();
    expect(report.ending).toBe('refused');
    for (const { body } of story.verdicts) {
      expect(body.reasons).toEqual([
        {
          code: 'WRONG_ADDRESS',
          detail: `the path m/0/5 of this wallet has the address 0x${toHex(addressOf(child.publicKey))}`,
        },
      ]);
    }
  });

  it('the address of the root key does not do for a path', () => {
    const { story } = audit({ proposal: (body) => ({ ...body, address: from.wallet.address }) });
    for (const { body } of story.verdicts) expect(body.reasons.map(({ code }) => code)).toEqual(['WRONG_ADDRESS']);
  });

  it('a party that names another key stands alone: the others sign', () => {
    const answer = byParty(3, (body) => ({
      ...body,
      reading: body.reading && { ...body.reading, key: other.publicKey },
    }));
    const composing: SignPlan['composing'] = (body) => ({
      ...body,
      standings: body.standings.map((item) => (item.party === 3 ? { party: 3, answer: 'unreachable' } : item)),
    });
    const { report } = audit({ answer, composing, signers: [1, 2] });
    expect(report.failure).toMatchObject({ name: 'derivation', code: 'CHILD_KEY_DIFFERS' });
    expect(report.failure?.message).toContain('party 3');
    const { lines } = moot.sign(from, { payload: transfer(), path: PATH, answer, composing, signers: [1, 2] });
    const draft = verifyTranscript(lines, { roster, draft: true });
    expect(draft.failure).toBeUndefined();
  });

  it('consents to two different keys never make a session', () => {
    const answer = byParty(1, (body) => ({
      ...body,
      reading: body.reading && { ...body.reading, key: other.publicKey },
    }));
    const { report } = audit({ answer });
    expect(report.failure?.code).toBe('CONSENTS_DIFFER');
  });

  it.each([
    ['no key', undefined],
    ['something that is no point', Uint8Array.of(4, ...new Uint8Array(32))],
  ])('everybody names %s', (_, key) => {
    const answer: SignPlan['answer'] = (body) => ({
      ...body,
      reading: body.reading && { digest: body.reading.digest, tree: body.reading.tree, ...(key ? { key } : {}) },
    });
    const { report } = audit({ answer });
    expect(report.ok).toBe(false);
    expect(['CONSENTS_DIFFER', 'CHILD_KEY_DIFFERS']).toContain(report.failure?.code);
  });

  it('everybody names another key, which has another address', () => {
    const answer: SignPlan['answer'] = (body) => ({
      ...body,
      reading: body.reading && { ...body.reading, key: other.publicKey },
    });
    expect(audit({ answer }).report.failure).toMatchObject({ name: 'derivation', code: 'CHILD_KEY_DIFFERS' });
  });

  it('a whole moot that lies is found out with the chain code only', () => {
    const stranger = childOf(from, [9]);
    const answer: SignPlan['answer'] = (body) => ({
      ...body,
      decision: 'consent',
      judgement: 'allow',
      reasons: [],
      rules: ['common/small'],
      reading: { ...readingOf(), key: stranger.publicKey },
    });
    const proposal: SignPlan['proposal'] = (body) => ({ ...body, address: addressOf(stranger.publicKey) });
    // The rounds run for another key than the start names: they are not what this test is about.
    const { report } = audit({ answer, proposal }, [chainCode()]);
    expect(report.failure).toMatchObject({ name: 'derivation', code: 'CHILD_KEY_DIFFERS' });
    expect(audit({ answer, proposal }).report.checks.find(({ name }) => name === 'derivation')?.ok).toBe(true);
  });

  it('the root key needs no name', () => {
    const answer: SignPlan['answer'] = (body) => ({
      ...body,
      reading: body.reading && { ...body.reading, key: from.wallet.publicKey },
    });
    expect(audit({ path: [], answer }).report.failure?.code).toBe('CONSENTS_DIFFER');
    expect(audit({ path: [] }).report).toMatchObject({ ok: true, notes: [] });
  });
});

function readingOf() {
  const { story } = moot.sign(from, { payload: transfer(), path: PATH });
  const reading = story.verdicts[0]?.body.reading;
  if (reading === undefined) throw new Error('no reading');
  return reading;
}
