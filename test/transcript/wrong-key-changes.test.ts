/** Reshares, imports and exports that went wrong in one point, validly signed all the way down. */
import { x25519 } from '@noble/curves/ed25519.js';
import { describe, expect, it } from 'vitest';
import { signOutcome } from '../../protocol/ceremony/outcome.ts';
import type { StartBody } from '../../protocol/ceremony/start.ts';
import { nextWalletDocument } from '../../protocol/ceremony/wallet.ts';
import { documentDigest } from '../../protocol/common/document.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import { ackBody, makeCertificate } from '../../protocol/threshold/keygen/certificate.ts';
import { type Epoch, makeEpoch } from '../../protocol/threshold/keygen/epoch.ts';
import { encodeEnvelope, type ParsedEnvelope, parseEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import type { AuditCode } from '../../protocol/transcript/codes.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import { exportKey, importKey, type ResharePlan, reshare } from '../support/key-changes.ts';
import type { Told } from '../support/plan.ts';
import { fileOf, type Story } from '../support/story.ts';
import { readyMoot, treasuryMoot } from '../support/treasury.ts';
import { vec } from '../threshold/support/labels.ts';
import { byParty, declined, flip, reStart, silent, startOf, type Verdicting, withdrawn } from './support.ts';

const { moot, from } = readyMoot('wrong key changes');
const { roster } = moot;
const next = treasuryMoot('wrong key changes', 1, { keys: ['2', 'new', '1'], after: moot });
const recipient = x25519.getPublicKey(vec('a recipient'));

function codeOf({ lines }: Told): AuditCode | 'VERIFIED' | undefined {
  const report = verifyTranscript(fileOf(lines), { roster });
  return report.ok ? 'VERIFIED' : report.failure?.code;
}

/** By statement key of whoever runs: 1 and 2 stay, `new` joins. */
const SIGNERS = [moot.keyOf('party:1'), moot.keyOf('party:2'), moot.keyOf('party:3'), next.keyOf('party:2')];

function signerAt(pid: number, members: readonly Uint8Array[]) {
  const key = members[pid - 1];
  const signer = SIGNERS.find(({ publicKey }) => key !== undefined && hex(publicKey) === hex(key));
  if (signer === undefined) throw new Error(`no member ${pid}`);
  return signer;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Identity keys of the hand-over to `next`, by pid. */
const MEMBERS = [SIGNERS[0], SIGNERS[1], SIGNERS[3]]
  .flatMap((signer) => (signer === undefined ? [] : [signer.publicKey]))
  .sort((a, b) => (hex(a) < hex(b) ? -1 : 1));

const PID = { one: pidOf(moot.keyOf('party:1').publicKey), joining: pidOf(next.keyOf('party:2').publicKey) };

function pidOf(key: Uint8Array): number {
  return MEMBERS.findIndex((member) => hex(member) === hex(key)) + 1;
}

/** Round messages of the hand-over through `change`, signed again by their senders; undefined leaves one out. */
function reRun(story: Story, change: (envelope: ParsedEnvelope) => Partial<ParsedEnvelope> | undefined): Story {
  const rounds = story.rounds.flatMap((bytes) => {
    const envelope = parseEnvelope(bytes);
    if (envelope === undefined) throw new Error('not an envelope');
    const changes = change(envelope);
    if (changes === undefined) return [];
    return [encodeEnvelope({ ...envelope, ...changes }, signerAt(envelope.from, MEMBERS).sign)];
  });
  return { ...story, rounds };
}

function isOf(
  { type, round, from: sender }: ParsedEnvelope,
  pid: number,
  wantedRound: number,
  wantedType = 0x10,
): boolean {
  return type === wantedType && round === wantedRound && sender === pid;
}

/** The epoch with other commitments for the same key: shares that its messages do not add up to. */
function forged(epoch: Epoch): Epoch {
  const [Q] = epoch.commitments.map((bytes) => curve.decode(bytes));
  if (Q === undefined) throw new Error('no key');
  const points = epoch.commitments.map((_, i) => (i === 0 ? Q : curve.base(BigInt(41 + i))));
  const other = makeEpoch(epoch.config, epoch.sid, points, () => epoch.chainCodeHash);
  if (other === undefined) throw new Error('no epoch');
  return other;
}

/** All holders together sign a certificate for another epoch, and the old parties report it. */
function certified(story: Story, honest: Epoch): Story {
  const epoch = forged(honest);
  const acks = new Map<number, Uint8Array>();
  for (const bytes of story.rounds) {
    const envelope = parseEnvelope(bytes);
    if (envelope?.type !== 0x12) continue;
    acks.set(
      envelope.from,
      encodeEnvelope({ ...envelope, body: ackBody(epoch) }, signerAt(envelope.from, MEMBERS).sign),
    );
  }
  const byIndex = epoch.config.parties
    .map((row, i) => ({ index: row.newIndex, ack: acks.get(i + 1) ?? new Uint8Array() }))
    .filter(({ index }) => index > 0)
    .sort((a, b) => a.index - b.index);
  const document = nextWalletDocument(
    from.wallet,
    makeCertificate(
      epoch,
      byIndex.map(({ ack }) => ack),
    ),
  );
  const { epochId, publicKey, config } = epoch;
  const key = { walletId: config.walletId, epochId, publicKey, certificate: documentDigest(document) };
  return {
    ...story,
    documents: [...story.documents.filter((other) => !isNew(story, other)), document],
    outcomes: story.outcomes.map(({ body }) => signOutcome({ ...body, key }, moot.keyOf(`party:${body.party}`))),
  };
}

function isNew(story: Story, document: Story['documents'][number]): boolean {
  const named = story.outcomes[0]?.body.key?.certificate;
  return named !== undefined && hex(documentDigest(document)) === hex(named);
}

const HAND_OVER: ResharePlan = { next, answer: byParty(3, silent) };

describe('right hand-overs', () => {
  const right: readonly (readonly [string, ResharePlan])[] = [
    ['two stay, one joins', {}],
    ['aborted in round 3', { network: ({ bytes }) => (parseEnvelope(bytes)?.round === 3 ? undefined : bytes) }],
    [
      'aborted: a message of who joins came damaged',
      { network: ({ from: pid, bytes }) => (pid === PID.joining ? flip(bytes, 60) : bytes) },
    ],
    ['withdrawn by the party that leaves', { story: (s) => withdrawn(moot, unstarted(s), 'party:3', moot.time) }],
  ];
  it.each(right)('%s', (_, plan) => {
    expect(codeOf(reshare(moot, from, { ...HAND_OVER, ...plan }))).toBe('VERIFIED');
  });
});

function unstarted(story: Story): Story {
  const documents = story.documents.filter((document) => !isNew(story, document));
  return { ...story, start: undefined, rounds: [], outcomes: [], documents };
}

const wrong: readonly (readonly [string, AuditCode, ResharePlan])[] = [
  [
    'a dealing of something else than the share (F1)',
    'ROUND_CHECK',
    { story: (s) => reRun(s, (e) => (isOf(e, PID.one, 2) ? { body: flip(e.body, 40) } : {})) },
  ],
  [
    'an altered echo of who joins',
    'ROUND_CHECK',
    { story: (s) => reRun(s, (e) => (isOf(e, PID.joining, 3) ? { body: flip(e.body, 0) } : {})) },
  ],
  [
    'an altered proof of who joins',
    'ROUND_CHECK',
    { story: (s) => reRun(s, (e) => (isOf(e, PID.joining, 4) ? { body: flip(e.body, -1) } : {})) },
  ],
  [
    'a missing acknowledgement of who joins',
    'ROUND_MISSING',
    { story: (s) => reRun(s, (e) => (isOf(e, PID.joining, 5, 0x12) ? undefined : {})) },
  ],
  ['a missing round 1', 'ROUND_MISSING', { story: (s) => reRun(s, (e) => (isOf(e, PID.joining, 1) ? undefined : {})) }],
  [
    'a message of somebody who takes no part',
    'ROUND_FOREIGN',
    { story: (s) => ({ ...s, rounds: s.rounds.map((bytes, i) => (i === 0 ? fromStranger(bytes) : bytes)) }) },
  ],
  [
    'a message signed by somebody else',
    'ROUND_SIGNATURE',
    { story: (s) => ({ ...s, rounds: s.rounds.map((bytes, i) => (i === 0 ? flip(bytes, -3) : bytes)) }) },
  ],
  [
    'outcomes with another public key',
    'KEY_DIFFERS',
    { outcome: (body) => (body.key === undefined ? body : { ...body, key: { ...body.key, publicKey: otherKey() } }) },
  ],
  [
    'one outcome with another public key',
    'OUTCOMES_DIFFER',
    {
      outcome: (body) =>
        body.party === 2 && body.key ? { ...body, key: { ...body.key, publicKey: otherKey() } } : body,
    },
  ],
  [
    'an outcome with a signature',
    'OUTCOME_INVALID',
    { outcome: (body) => ({ ...body, key: undefined, signature: { r: vec('r'), s: vec('s'), recovery: 0 } }) },
  ],
  ['an outcome with an export', 'OUTCOME_INVALID', { outcome: (body) => ({ ...body, exported: vec('a share') }) }],
  [
    'no certificate of the new epoch',
    'DOCUMENT_MISSING',
    { story: (s) => ({ ...s, documents: s.documents.filter((document) => !isNew(s, document)) }) },
  ],
  [
    'no certificate of the old epoch',
    'DOCUMENT_MISSING',
    { story: (s) => ({ ...s, documents: s.documents.filter((document) => document !== from.wallet.document) }) },
  ],
  [
    'an altered certificate',
    'CERTIFICATE_INVALID',
    {
      story: (s) => ({
        ...s,
        documents: s.documents.map((document) => (isNew(s, document) ? altered(document) : document)),
      }),
    },
  ],
  ['a party that stays and did not answer', 'QUORUM_MISSING', { answer: byParties([2, 3]), insist: true }],
  ['who deals left out of the signers', 'START_SIGNERS', { story: (s) => reStart(moot, s, { signers: [1] }) }],
  ['who leaves among the signers', 'START_SIGNERS', { story: (s) => reStart(moot, s, { signers: [1, 2, 3] }) }],
  ['a session id of its own', 'SESSION_ID', { composed: (body) => ({ ...body, sessionId: vec('session') }) }],
  [
    'a consent by policy alone',
    'QUORUM_MISSING',
    { answer: (body) => (body.party === 3 ? undefined : { ...body, judgement: 'allow', byHand: false }) },
  ],
  [
    'a judgement that policy alone decided, by hand',
    'JUDGEMENT_DIFFERS',
    { answer: (body) => (body.party === 3 ? undefined : { ...body, judgement: 'allow' }) },
  ],
  [
    'another configuration',
    'DIGEST_DIFFERS',
    { answer: (body) => (body.party === 3 ? undefined : { ...body, reading: { digest: vec('configuration') } }) },
  ],
  ['no close', 'CLOSE_MISSING', { authors: [] }],
  ['one close', 'CLOSE_TOO_FEW', { authors: ['party:1'] }],
];

/** Silence of these; the others answer. */
function byParties(parties: readonly number[]): Verdicting {
  return (body) => (parties.includes(body.party) ? undefined : body);
}

function fromStranger(bytes: Uint8Array): Uint8Array {
  const envelope = parseEnvelope(bytes);
  if (envelope === undefined) throw new Error('not an envelope');
  return encodeEnvelope({ ...envelope, from: 9 }, moot.keyOf('party:1').sign);
}

function otherKey(): Uint8Array {
  return curve.encode(curve.base(77n));
}

function altered(document: Story['documents'][number]): Story['documents'][number] {
  const text = JSON.stringify(document);
  const at = text.indexOf('"sid":"') + '"sid":"'.length;
  const digit = text[at] === '0' ? '1' : '0';
  return JSON.parse(`${text.slice(0, at)}${digit}${text.slice(at + 1)}`) as Story['documents'][number];
}

describe('wrong hand-overs', () => {
  it.each(wrong)('%s: %s', (_, code, plan) => {
    expect(codeOf(reshare(moot, from, { ...HAND_OVER, ...plan }))).toBe(code);
  });

  it('shares that the messages do not add up to, certified by everybody: KEY_DIFFERS', () => {
    const honest = reshare(moot, from, HAND_OVER);
    const epoch = honest.wallet?.wallet.epoch;
    if (epoch === undefined) throw new Error('no epoch');
    expect(codeOf(moot.finish(certified(honest.story, epoch)))).toBe('KEY_DIFFERS');
  });

  it('the certificate of another reshare of the same wallet: WALLET_DIFFERS', () => {
    const other = reshare(moot, from, { proposal: (body) => ({ ...body, gen: 7 }) });
    const stolen = (story: Story): Story => {
      const key = other.story.outcomes[0]?.body.key;
      const document = other.wallet?.wallet.document;
      if (document === undefined) throw new Error('no document');
      return {
        ...story,
        documents: [...story.documents.filter((one) => !isNew(story, one)), document],
        outcomes: story.outcomes.map(({ body }) => signOutcome({ ...body, key }, moot.keyOf(`party:${body.party}`))),
      };
    };
    expect(codeOf(reshare(moot, from, { ...HAND_OVER, story: stolen }))).toBe('WALLET_DIFFERS');
  });

  it('a veto of the party that leaves, kept from the start: REJECTION_HIDDEN', () => {
    const unheard = (body: StartBody): StartBody => ({
      ...body,
      standings: body.standings.map((item) => (item.party === 3 ? { party: 3, answer: 'unreachable' } : item)),
    });
    const told = reshare(moot, from, { next, answer: byParty(3, declined), insist: true, composing: unheard });
    expect(codeOf(told)).toBe('REJECTION_HIDDEN');
  });

  it('a withdrawal by the party that leaves, dated before the start: WITHDRAWN', () => {
    const told = reshare(moot, from, {
      ...HAND_OVER,
      story: (story) => withdrawn(moot, story, 'party:3', startOf(story).created - 1),
    });
    expect(codeOf(told)).toBe('WITHDRAWN');
  });
});

describe('wrong imports and exports', () => {
  const imported = importKey(moot, 'spare', { secret: 0xabcdefn, holder: 2 });
  const { wallet } = imported;
  if (wallet === undefined) throw new Error('no key');

  it('a dealing of another key than the proposal names: ROUND_CHECK', () => {
    const members = moot.roster.parties
      .map(({ statementKey }) => statementKey)
      .sort((a, b) => (hex(a) < hex(b) ? -1 : 1));
    const holder = moot.keyOf('party:2');
    const pid = members.findIndex((key) => hex(key) === hex(holder.publicKey)) + 1;
    const told = importKey(moot, 'spare', {
      secret: 0x123n,
      holder: 2,
      story: (story) => ({
        ...story,
        rounds: story.rounds.map((bytes) => {
          const envelope = parseEnvelope(bytes);
          if (envelope === undefined || !isOf(envelope, pid, 2)) return bytes;
          return encodeEnvelope({ ...envelope, body: flip(envelope.body, 45) }, holder.sign);
        }),
      }),
    });
    expect(codeOf(told)).toBe('ROUND_CHECK');
  });

  const exports: readonly (readonly [string, AuditCode, Partial<Parameters<typeof exportKey>[2]>])[] = [
    ['a party missing', 'QUORUM_MISSING', { answer: byParty(2, silent), insist: true }],
    ['only two signers', 'START_SIGNERS', { story: (s) => reStart(moot, s, { signers: [1, 2] }) }],
    ['another session', 'SESSION_ID', { composed: (body) => ({ ...body, sessionId: vec('session') }) }],
    [
      'an outcome that claims that nothing left',
      'OUTCOME_INVALID',
      { outcome: (body) => ({ ...body, released: false }) },
    ],
    [
      'an outcome with a key',
      'OUTCOME_INVALID',
      {
        outcome: (body) => ({
          ...body,
          exported: undefined,
          key: { walletId: vec('w'), epochId: vec('e'), publicKey: otherKey(), certificate: vec('c') },
        }),
      },
    ],
    ['a round message', 'ROUND_FOREIGN', { story: (s) => ({ ...s, rounds: imported.story.rounds.slice(0, 1) }) }],
    [
      'another recipient in a consent',
      'DIGEST_DIFFERS',
      { answer: (body) => ({ ...body, reading: { digest: vec('another recipient') } }) },
    ],
    [
      'no wallet',
      'DOCUMENT_MISSING',
      { story: (s) => ({ ...s, documents: s.documents.filter((d) => d !== wallet.wallet.document) }) },
    ],
  ];

  it.each(exports)('an export with %s: %s', (_, code, plan) => {
    expect(codeOf(exportKey(moot, wallet, { recipient, ...plan }))).toBe(code);
  });
});
