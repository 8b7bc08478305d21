/** Keygens that went wrong in one point, validly signed all the way down. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { describe, expect, it } from 'vitest';
import { signOutcome } from '../../protocol/ceremony/outcome.ts';
import { walletDocument } from '../../protocol/ceremony/wallet.ts';
import { documentDigest } from '../../protocol/common/document.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import { ackBody, makeCertificate } from '../../protocol/threshold/keygen/certificate.ts';
import { type Epoch, makeEpoch } from '../../protocol/threshold/keygen/epoch.ts';
import { encodeEnvelope, parseEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import type { AuditCode } from '../../protocol/transcript/codes.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import type { Moot } from '../support/moot.ts';
import type { Plan, Told } from '../support/plan.ts';
import { fileOf, type Story } from '../support/story.ts';
import { treasuryMoot } from '../support/treasury.ts';
import { vec } from '../threshold/support/labels.ts';
import { byParty, declined, flip, reRound, reStart, senderOf, silent } from './support.ts';

const moot = treasuryMoot('wrong keygens');
const { roster } = moot;

function codeOf({ lines }: Told): AuditCode | 'VERIFIED' | undefined {
  const report = verifyTranscript(fileOf(lines), { roster });
  return report.ok ? 'VERIFIED' : report.failure?.code;
}

/** The epoch with other commitments: the same run, but a key that its messages do not add up to. */
function forged(epoch: Epoch): Epoch {
  const points = epoch.commitments.map((_, i) => curve.base(BigInt(41 + i)));
  const other = makeEpoch(epoch.config, epoch.sid, points, () => epoch.chainCodeHash);
  if (other === undefined) throw new Error('no epoch');
  return other;
}

/** All parties together sign a certificate for `epoch`, and report it. */
function certified(story: Story, epoch: Epoch, acknowledgedInRounds: boolean): Story {
  const { pids, acks } = signedAcks(moot, story, epoch);
  const document = walletDocument(story.proposal, makeCertificate(epoch, acks));
  const { epochId, publicKey, config } = epoch;
  const key = { walletId: config.walletId, epochId, publicKey, certificate: documentDigest(document) };
  return {
    ...story,
    documents: [...story.documents.filter((other) => !isWallet(other)), document],
    rounds: story.rounds.map((bytes) => {
      const envelope = parseEnvelope(bytes);
      if (envelope?.type !== 0x12 || !acknowledgedInRounds) return bytes;
      return pids.get(envelope.from) ?? bytes;
    }),
    outcomes: story.outcomes.map(({ body }) => signOutcome({ ...body, key }, moot.keyOf(`party:${body.party}`))),
  };
}

function signedAcks(by: Moot, story: Story, epoch: Epoch) {
  const pids = new Map<number, Uint8Array>();
  const byIndex = new Map<number, Uint8Array>();
  for (const bytes of story.rounds) {
    const envelope = parseEnvelope(bytes);
    if (envelope?.type !== 0x12) continue;
    const index = senderOf(by, envelope);
    const ack = encodeEnvelope({ ...envelope, body: ackBody(epoch) }, by.keyOf(`party:${index}`).sign);
    pids.set(envelope.from, ack);
    byIndex.set(index, ack);
  }
  return { pids, acks: by.indices.map((index) => byIndex.get(index) ?? new Uint8Array()) };
}

function isWallet(document: unknown): boolean {
  return (document as { readonly schema?: string }).schema === 'keymoot.wallet.v1';
}

/** The epoch that the story's own messages lead to. */
function epochOf(story: Story): Epoch {
  const report = verifyTranscript(fileOf(moot.finish(story).lines), { roster });
  if (report.wallet === undefined) throw new Error('no wallet');
  return report.wallet.epoch;
}

const right: readonly (readonly [string, Plan])[] = [
  ['three key holders agree by hand', {}],
  ['one key holder declines', { answer: byParty(2, declined), story: (story) => unstarted(story) }],
  ['aborted in round 3', { network: ({ from, bytes }) => (from === 1 && roundOf(bytes) === 3 ? undefined : bytes) }],
  [
    'aborted: a message of round 2 came damaged',
    { network: ({ from, bytes }) => (from === 1 && roundOf(bytes) === 2 ? flip(bytes, 60) : bytes) },
  ],
];

function roundOf(bytes: Uint8Array): number | undefined {
  return parseEnvelope(bytes)?.round;
}

function unstarted(story: Story): Story {
  return {
    ...story,
    start: undefined,
    rounds: [],
    outcomes: [],
    documents: story.documents.filter((d) => !isWallet(d)),
  };
}

describe('right keygens', () => {
  it.each(right)('%s', (_, plan) => {
    expect(codeOf(moot.keygen('treasury', plan))).toBe('VERIFIED');
  });
});

const wrong: readonly (readonly [string, AuditCode, Plan])[] = [
  ['a key that its messages do not add up to', 'ROUND_CHECK', { story: (s) => certified(s, forged(epochOf(s)), true) }],
  [
    'a certificate that its messages do not add up to',
    'KEY_DIFFERS',
    { story: (s) => certified(s, forged(epochOf(s)), false) },
  ],
  [
    'an altered proof for a share',
    'ROUND_CHECK',
    { story: (s) => reRound(moot, s, (e, index) => (isRound(e, 4) && index === 2 ? { body: flip(e.body, -1) } : {})) },
  ],
  [
    'an altered commitment',
    'ROUND_CHECK',
    { story: (s) => reRound(moot, s, (e, index) => (isRound(e, 2) && index === 3 ? { body: flip(e.body, 40) } : {})) },
  ],
  [
    'an altered nonce of round 1',
    'ROUND_FOREIGN',
    { story: (s) => reRound(moot, s, (e, index) => (isRound(e, 1) && index === 1 ? { body: flip(e.body, 0) } : {})) },
  ],
  [
    'an altered echo',
    'ROUND_CHECK',
    { story: (s) => reRound(moot, s, (e, index) => (isRound(e, 3) && index === 1 ? { body: flip(e.body, 0) } : {})) },
  ],
  [
    'a missing acknowledgement',
    'ROUND_MISSING',
    { story: (s) => reRound(moot, s, (e, index) => (e.type === 0x12 && index === 1 ? undefined : {})) },
  ],
  [
    'a missing round 2',
    'ROUND_MISSING',
    { story: (s) => reRound(moot, s, (e, index) => (isRound(e, 2) && index === 1 ? undefined : {})) },
  ],
  [
    'a party that acknowledged something else',
    'ROUND_CHECK',
    {
      story: (s) => reRound(moot, s, (e, index) => (e.type === 0x12 && index === 1 ? { body: flip(e.body, -1) } : {})),
    },
  ],
  [
    'a sign message among them',
    'ROUND_FOREIGN',
    { story: (s) => reRound(moot, s, (e) => ({ type: 0x30, round: e.round })) },
  ],
  [
    'an outcome with another public key',
    'OUTCOMES_DIFFER',
    {
      outcome: (body) =>
        body.party === 2 && body.key ? { ...body, key: { ...body.key, publicKey: otherKey() } } : body,
    },
  ],
  [
    'outcomes with another public key',
    'KEY_DIFFERS',
    { outcome: (body) => (body.key === undefined ? body : { ...body, key: { ...body.key, publicKey: otherKey() } }) },
  ],
  [
    'an outcome with a signature',
    'OUTCOME_INVALID',
    {
      outcome: (body) => ({ ...body, key: undefined, signature: { r: vec('r'), s: vec('s'), recovery: 0 } }),
    },
  ],
  [
    'no certificate',
    'DOCUMENT_MISSING',
    { story: (s) => ({ ...s, documents: s.documents.filter((document) => !isWallet(document)) }) },
  ],
  [
    'an altered certificate',
    'CERTIFICATE_INVALID',
    { story: (s) => ({ ...s, documents: s.documents.map((d) => (isWallet(d) ? altered(d) : d)) }) },
  ],
  ['a party that did not answer', 'QUORUM_MISSING', { answer: byParty(3, silent) }],
  ['a party that declined', 'QUORUM_MISSING', { answer: byParty(3, declined) }],
  ['too few dealers', 'START_SIGNERS', { story: (s) => reStart(moot, s, { signers: [1, 2] }) }],
  ['a session id of its own', 'SESSION_ID', { composed: (body) => ({ ...body, sessionId: vec('session') }) }],
  [
    'a consent by policy alone',
    'JUDGEMENT_DIFFERS',
    { answer: byParty(1, (body) => ({ ...body, judgement: 'allow', byHand: false })) },
  ],
  [
    'another configuration',
    'DIGEST_DIFFERS',
    { answer: (body) => ({ ...body, reading: { digest: vec('configuration') } }), composed: (body) => body },
  ],
];

function isRound({ type, round }: { readonly type: number; readonly round: number }, wanted: number): boolean {
  return type === 0x10 && round === wanted;
}

function otherKey(): Uint8Array {
  return curve.encode(curve.base(77n));
}

function altered(document: Story['documents'][number]): Story['documents'][number] {
  const text = JSON.stringify(document);
  const at = text.indexOf('"chainCodeHash":"') + '"chainCodeHash":"'.length;
  const digit = text[at] === '0' ? '1' : '0';
  return JSON.parse(`${text.slice(0, at)}${digit}${text.slice(at + 1)}`) as Story['documents'][number];
}

describe('wrong keygens', () => {
  it.each(wrong)('%s: %s', (_, code, plan) => {
    expect(codeOf(moot.keygen('treasury', plan))).toBe(code);
  });

  it('the certificate of another wallet: WALLET_DIFFERS', () => {
    const other = moot.keygen('treasury');
    const told = moot.keygen('treasury', { story: (story) => ({ ...story, ...stolen(story, other.story) }) });
    expect(codeOf(told)).toBe('WALLET_DIFFERS');
  });
});

/** The other wallet's certificate and results, reported as the own. */
function stolen(story: Story, other: Story): Partial<Story> {
  const key = other.outcomes[0]?.body.key;
  const documents = [...story.documents.filter((d) => !isWallet(d)), ...other.documents.filter(isWallet)];
  const outcomes = story.outcomes.map(({ body }) => signOutcome({ ...body, key }, moot.keyOf(`party:${body.party}`)));
  return { documents, outcomes };
}

/** Another signature of the same key over the same bytes, as only its owner can make it: with a nonce of its own. */
function signedAgain(label: string, message: Uint8Array): Uint8Array {
  const { Point } = ed25519;
  const little = (bytes: Uint8Array): bigint => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  const { scalar, pointBytes } = ed25519.utils.getExtendedPublicKey(vec(label));
  const order = Point.Fn.ORDER;
  const nonce = little(vec('a nonce of its own')) % order;
  const R = Point.BASE.multiply(nonce).toBytes();
  const challenge = little(sha512(Uint8Array.of(...R, ...pointBytes, ...message))) % order;
  let s = (nonce + challenge * scalar) % order;
  const S = Uint8Array.from({ length: 32 }, () => {
    const byte = Number(s & 0xffn);
    s >>= 8n;
    return byte;
  });
  return Uint8Array.of(...R, ...S);
}

describe('a member that signs its acknowledgement twice', () => {
  it('neither keeps the others from recording the key nor makes one of them look wrong', () => {
    const honest = moot.keygen('treasury');
    const { story } = honest;
    const document = story.documents.find(isWallet);
    if (document === undefined) throw new Error('no wallet');
    const text = JSON.stringify(document);
    const ack = story.rounds
      .map((bytes) => parseEnvelope(bytes))
      .find((e) => e?.type === 0x12 && senderOf(moot, e) === 2);
    if (ack === undefined) throw new Error('no acknowledgement');
    const again = encodeEnvelope(ack, (message) => signedAgain('wrong keygens/statement/2', message));
    const other = JSON.parse(text.replace(hexOf(ack.bytes), hexOf(again))) as Story['documents'][number];
    expect(hexOf(again)).not.toBe(hexOf(ack.bytes));
    const told = moot.finish({
      ...story,
      documents: [...story.documents, other],
      outcomes: story.outcomes.map(({ body }) => {
        const key = body.key && body.party === 3 ? { ...body.key, certificate: documentDigest(other) } : body.key;
        return signOutcome({ ...body, key }, moot.keyOf(`party:${body.party}`));
      }),
    });
    const report = verifyTranscript(fileOf(told.lines), { roster });
    expect(report.failure).toBeUndefined();
    expect(report.notes.join()).toContain('party 3 names the certificate with other signatures');
  });
});

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
