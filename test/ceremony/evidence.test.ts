/** Who can be proven guilty of what, by what they signed; and that nobody else can be. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../protocol/ceremony/evidence/document.ts';
import { evidenceJson, readEvidence } from '../../protocol/ceremony/evidence/document.ts';
import { gatherEvidence, type Seen } from '../../protocol/ceremony/evidence/gather.ts';
import { type JudgeOptions, judgeEvidence } from '../../protocol/ceremony/evidence/judge.ts';
import { type Ceremony, newCeremony } from '../../protocol/ceremony/lifecycle.ts';
import { signProposal } from '../../protocol/ceremony/proposal.ts';
import { signVerdict } from '../../protocol/ceremony/verdict-statement.ts';
import { concat, fromHex, toHex } from '../../protocol/common/bytes.ts';
import { canonicalText, type Json } from '../../protocol/common/canonical-json.ts';
import { DKG_BROADCAST, DKG_COMPLAINT, DKG_SHARE } from '../../protocol/threshold/keygen/messages.ts';
import { ORDER } from '../../protocol/threshold/math/scalar.ts';
import {
  type EnvelopeFields,
  encodeEnvelope,
  type ParsedEnvelope,
  parseEnvelope,
} from '../../protocol/threshold/rounds/envelope.ts';
import { SIGN } from '../../protocol/threshold/sign/messages.ts';
import { must } from '../support/must.ts';
import type { Plan } from '../support/plan.ts';
import type { Story } from '../support/story.ts';
import { readyMoot, transfer, treasuryMoot } from '../support/treasury.ts';

const CORRUPT = 2;

function parsed(bytes: Uint8Array): ParsedEnvelope {
  const envelope = parseEnvelope(bytes);
  if (envelope === undefined) throw new Error('no envelope');
  return envelope;
}

/** What the ceremony of a story looks like to a member. */
function ceremonyOf({ proposal, start, verdicts }: Story): Ceremony {
  return { ...newCeremony(proposal), start, verdicts: new Map(verdicts.map((item) => [item.body.party, item])) };
}

const moot = treasuryMoot('evidence');
const { roster } = moot;
const key = moot.keyOf(`party:${CORRUPT}`);

/** The same message with another body, signed again by its corrupt sender. */
function resigned(bytes: Uint8Array, change: Partial<EnvelopeFields>): Uint8Array {
  return encodeEnvelope({ ...parsed(bytes), ...change }, key.sign);
}

function flip(body: Uint8Array, at: number): Uint8Array {
  const changed = body.slice();
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

interface Watched {
  readonly seen: Seen;
  /** Messages to one receiver, as the corrupt network saw them. */
  readonly unicasts: readonly Uint8Array[];
}

/** A keygen in which party 2 sends `attack(message)` instead of what it should. */
function keygen(name: string, attack: (message: ParsedEnvelope) => Uint8Array | undefined): Watched {
  const heard: Uint8Array[] = [];
  const unicasts: Uint8Array[] = [];
  const network: Plan['network'] = ({ bytes, from }) => {
    const sent = from === CORRUPT ? (attack(parsed(bytes)) ?? bytes) : bytes;
    (parsed(sent).to === 0 ? heard : unicasts).push(sent);
    return sent;
  };
  const { story } = moot.keygen(name.replaceAll(' ', '-').toLowerCase(), { network, outcome: () => undefined });
  return { seen: { roster, ceremony: ceremonyOf(story), envelopes: heard }, unicasts };
}

const round = (number: number) => (message: ParsedEnvelope) =>
  message.type === DKG_BROADCAST && message.round === number;

/** Changes what party 2 broadcasts in one round of a keygen. */
function changing(number: number, change: (body: Uint8Array) => Uint8Array) {
  return (message: ParsedEnvelope): Uint8Array | undefined =>
    round(number)(message) ? resigned(message.bytes, { body: change(message.body) }) : undefined;
}

function guilts(seen: Seen): readonly string[] {
  return gatherEvidence(seen).map(({ guilt }) => `${guilt.accused} ${guilt.check}`);
}

describe('a keygen', () => {
  it('of honest parties shows nothing', () => {
    expect(guilts(keygen('honest', () => undefined).seen)).toEqual([]);
  });

  const attacks: readonly (readonly [string, string, (message: ParsedEnvelope) => Uint8Array | undefined])[] = [
    ['a round 1 of the wrong length', 'K1', changing(1, (body) => body.slice(1))],
    ['a round 2 of the wrong length', 'K3', changing(2, (body) => body.slice(0, -1))],
    ['one commitment too many', 'K3', changing(2, (body) => concat(body, new Uint8Array(98)))],
    [
      'a point that is none',
      'K3',
      changing(2, (body) => concat(body.slice(0, 32), new Uint8Array(33), body.slice(65))),
    ],
    ['a dealing that opens nothing', 'K4', changing(2, (body) => flip(body, 32 + 66 + 33))],
    ['a proof of knowledge that fails', 'K5', changing(2, (body) => flip(body, body.length - 1))],
    ['an echo of the wrong length', 'K1', changing(3, (body) => concat(body, body))],
    ['another result than the others', 'K9', changing(4, (body) => flip(body, 0))],
    ['no proof for its share', 'K10', changing(4, (body) => flip(body, body.length - 1))],
  ];

  it.each(attacks)('%s is %s', (name, check, attack) => {
    const { seen } = keygen(name, attack);
    expect(guilts(seen)).toContain(`party:${CORRUPT} ${check}`);
    expect(gatherEvidence(seen).every(({ guilt }) => guilt.accused === `party:${CORRUPT}` && !guilt.members)).toBe(
      true,
    );
    for (const { document } of gatherEvidence(seen)) expect(must(judgeEvidence(document, roster)).members).toBe(false);
  });

  it('two first messages prove themselves, and accuse nobody else', () => {
    const { seen } = keygen('equivocation', () => undefined);
    const first = seen.envelopes.find((bytes) => round(1)(parsed(bytes)) && isCorrupt(bytes));
    if (first === undefined) throw new Error('no round 1');
    const second = resigned(first, { body: flip(parsed(first).body, 3) });
    expect(guilts({ ...seen, envelopes: [...seen.envelopes, second] })).toEqual([`party:${CORRUPT} two-messages`]);
    expect(guilts({ ...seen, envelopes: [second, ...seen.envelopes] })).toEqual([`party:${CORRUPT} two-messages`]);
  });

  it('another echo proves nothing: somebody may have shown it other messages', () => {
    for (const number of [2, 3]) {
      const { seen } = keygen(
        `echo ${number}`,
        changing(number, (body) => flip(body, 0)),
      );
      expect(guilts(seen)).toEqual([]);
    }
  });

  it('K10 is not judged by a round 2 that the accused has not seen', () => {
    const { seen } = keygen('shown otherwise', () => undefined);
    // Party 2 shows the judge another opening of its own than it showed the others: only itself can be hurt by it.
    const swapped = seen.envelopes.map((bytes) =>
      round(2)(parsed(bytes)) && isCorrupt(bytes)
        ? resigned(bytes, { body: flip(parsed(bytes).body, 32 + 66) })
        : bytes,
    );
    for (const guilt of guilts({ ...seen, envelopes: swapped })) expect(guilt).toMatch(`party:${CORRUPT} `);
  });

  describe('a share that does not fit', () => {
    const isShare = (message: ParsedEnvelope): boolean => message.type === DKG_SHARE;
    const { seen } = keygen('complaint', (message) =>
      isShare(message) ? resigned(message.bytes, { body: flip(message.body, 63) }) : undefined,
    );

    it('is proven to the members by the complaint, and to nobody else', () => {
      expect(seen.envelopes.some((bytes) => parsed(bytes).type === DKG_COMPLAINT)).toBe(true);
      const found = gatherEvidence(seen).filter(({ guilt }) => guilt.check === 'K7');
      expect(found.map(({ guilt }) => [guilt.accused, guilt.members])).toEqual([[`party:${CORRUPT}`, true]]);
      for (const { document } of found) {
        expect(codeOf(document)).toBe('EVIDENCE_CONFIDENTIAL');
        expect(must(judgeEvidence(document, roster, { members: true })).check).toBe('K7');
      }
    });

    it('a complaint about a good share falls back on who complains', () => {
      const { seen: honest, unicasts } = keygen('false complaint', () => undefined);
      const share = unicasts.find((bytes) => isShare(parsed(bytes)) && !isCorrupt(bytes) && toCorrupt(bytes, honest));
      if (share === undefined) throw new Error('no share');
      const { sid } = parsed(share);
      const from = pidOf(honest, CORRUPT);
      const complaint = encodeEnvelope({ type: DKG_COMPLAINT, round: 8, from, to: 0, sid, body: share }, key.sign);
      expect(guilts({ ...honest, envelopes: [...honest.envelopes, complaint] })).toEqual([`party:${CORRUPT} K7`]);
    });
  });

  it('whatever one corrupt member signs, nobody else is guilty', () => {
    const { seen } = keygen('property', () => undefined);
    const own = seen.envelopes.filter(isCorrupt);
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ pick: fc.nat(), at: fc.nat(), cut: fc.integer({ min: -40, max: 40 }), keep: fc.boolean() }),
          {
            minLength: 1,
            maxLength: 4,
          },
        ),
        (changes) => {
          let envelopes = seen.envelopes;
          for (const { at, cut, keep, pick } of changes) {
            const bytes = own[pick % own.length];
            if (bytes === undefined) throw new Error('no message');
            const { body } = parsed(bytes);
            const longer = cut > 0 ? concat(body, new Uint8Array(cut)) : body.slice(0, body.length + cut);
            const changed = resigned(bytes, { body: flip(longer, at % Math.max(1, longer.length)) });
            envelopes = keep ? [changed, ...envelopes] : envelopes.map((one) => (one === bytes ? changed : one));
          }
          for (const { document, guilt } of gatherEvidence({ ...seen, envelopes })) {
            expect(guilt.accused).toBe(`party:${CORRUPT}`);
            expect(judgeEvidence(document, roster, { members: true }).ok).toBe(true);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  function isCorrupt(bytes: Uint8Array): boolean {
    return toHex(encodeEnvelope(parsed(bytes), key.sign)) === toHex(bytes);
  }
});

function pidOf(seen: Seen, party: number): number {
  const wanted = moot.keyOf(`party:${party}`);
  const own = seen.envelopes.find((bytes) => toHex(encodeEnvelope(parsed(bytes), wanted.sign)) === toHex(bytes));
  return own === undefined ? 0 : parsed(own).from;
}

function toCorrupt(bytes: Uint8Array, seen: Seen): boolean {
  return parsed(bytes).to === pidOf(seen, CORRUPT);
}

function codeOf(document: Json, options: JudgeOptions = {}): string {
  const judged = judgeEvidence(document, roster, options);
  return judged.ok ? 'guilty' : judged.error.code;
}

describe('a signing', () => {
  const { moot: own, from } = readyMoot('evidence of signing');
  const signer = own.keyOf('party:2');
  const { story } = own.sign(from, { payload: transfer(), signers: [1, 2] });
  const seen: Seen = { roster: own.roster, ceremony: ceremonyOf(story), envelopes: story.rounds };
  const with2 = (number: number, change: (body: Uint8Array) => Uint8Array): Seen => ({
    ...seen,
    envelopes: story.rounds.map((bytes) => {
      const message = parsed(bytes);
      if (message.type !== SIGN || message.round !== number || message.from !== 2) return bytes;
      return encodeEnvelope({ ...message, body: change(message.body) }, signer.sign);
    }),
  });

  it('of honest signers shows nothing', () => expect(guilts(seen)).toEqual([]));

  it.each([
    ['a commitment of the wrong length', 'S1', 1, (body: Uint8Array) => body.slice(1)],
    [
      'a nonce point that is none',
      'S1',
      2,
      (body: Uint8Array) => concat(body.slice(0, 32), new Uint8Array(33), body.slice(65)),
    ],
    ['a key point that is none', 'S1', 2, (body: Uint8Array) => concat(body.slice(0, 97), new Uint8Array(33))],
    ['a blind that does not open', 'S2', 2, (body: Uint8Array) => flip(body, 70)],
    ['a scalar of q', 'S1', 3, (body: Uint8Array) => concat(fromHex(ORDER.toString(16)) ?? body, body.slice(32))],
  ])('%s is %s', (_, check, number, change) => {
    expect(guilts(with2(number, change))).toEqual([`party:2 ${check}`]);
  });

  it('another echo, another share of the signature, prove nothing', () => {
    expect(guilts(with2(2, (body) => flip(body, 0)))).toEqual([]);
    expect(guilts(with2(3, (body) => flip(body, 31)))).toEqual([]);
  });

  it('messages of two sessions are not held against each other', () => {
    const { story: other } = own.sign(from, { payload: transfer(2n), signers: [1, 2] });
    const of2 = (rounds: readonly Uint8Array[], number: number): Uint8Array =>
      rounds.find((bytes) => parsed(bytes).from === 2 && parsed(bytes).round === number) ?? new Uint8Array();
    const crossed: Evidence = {
      kind: 'signing',
      accused: 'party:2',
      check: 'S2',
      roster: own.roster.digest,
      statements: [],
      envelopes: [of2(story.rounds, 1), of2(other.rounds, 2)],
    };
    expect(judgeEvidence(evidenceJson(crossed), own.roster).ok).toBe(false);
    expect(guilts({ ...seen, envelopes: [...story.rounds, ...other.rounds] })).toEqual([]);
  });
});

describe('statements', () => {
  const { story } = moot.keygen('statements');
  const [verdict] = story.verdicts;
  if (verdict === undefined) throw new Error('no verdict');
  const second = signVerdict({ ...verdict.body, counter: 99 }, moot.keyOf('party:1'));
  const rival = signProposal({ ...story.proposal.body, note: 'another face' }, moot.keyOf('operator:olivia'));

  it('two verdicts on one attempt, two proposals under one nonce', () => {
    const ceremony = { ...ceremonyOf(story), equivocations: new Map([[1, second]]) };
    const seen: Seen = { roster, ceremony, rival, envelopes: [] };
    expect(guilts(seen)).toEqual(['party:1 two-verdicts', 'operator:olivia two-proposals']);
  });

  it('one verdict twice, verdicts of two parties or on two attempts, proposals under two nonces prove nothing', () => {
    const [, other] = story.verdicts;
    if (other === undefined) throw new Error('no second verdict');
    const later = signVerdict({ ...verdict.body, attempt: 2 }, moot.keyOf('party:1'));
    const fresh = signProposal({ ...story.proposal.body, nonce: new Uint8Array(16) }, moot.keyOf('operator:olivia'));
    for (const [one, two] of [
      [verdict, verdict],
      [verdict, other],
      [verdict, later],
      [story.proposal, fresh],
      [story.proposal, verdict],
    ] as const) {
      for (const check of ['two-verdicts', 'two-proposals']) {
        const statements = [one.envelope, two.envelope];
        const base = { kind: 'statements', roster: roster.digest, envelopes: [] } as const;
        for (const accused of ['party:1', 'party:2', 'operator:olivia']) {
          expect(codeOf(evidenceJson({ ...base, accused, check, statements }))).toBe('EVIDENCE_UNPROVEN');
        }
      }
    }
  });
});

describe('what a document may not do', () => {
  const { seen, unicasts } = keygen(
    'documents',
    changing(2, (body) => flip(body, body.length - 1)),
  );
  const [found] = gatherEvidence(seen);
  if (found === undefined) throw new Error('nothing was found');
  const good = found.document as { readonly [key: string]: Json };

  it('is read as it was written', () => {
    const evidence = must(readEvidence(good));
    expect(canonicalText(evidenceJson(evidence))).toBe(canonicalText(good));
    expect(codeOf(good)).toBe('guilty');
  });

  it('another accused, another check, another roster, other messages', () => {
    expect(codeOf({ ...good, accused: 'party:1' })).toBe('EVIDENCE_UNPROVEN');
    expect(codeOf({ ...good, accused: 'operator:olivia' })).toBe('EVIDENCE_UNPROVEN');
    expect(codeOf({ ...good, check: 'K4' })).toBe('EVIDENCE_UNPROVEN');
    expect(codeOf({ ...good, kind: 'messages' })).toBe('EVIDENCE_UNPROVEN');
    expect(codeOf({ ...good, kind: 'signing' })).toBe('EVIDENCE_UNPROVEN');
    expect(codeOf({ ...good, kind: 'statements' })).toBe('EVIDENCE_UNPROVEN');
    expect(codeOf({ ...good, roster: '00'.repeat(32) })).toBe('EVIDENCE_FOREIGN');
    expect(judgeEvidence(good, treasuryMoot('elsewhere').roster).ok).toBe(false);
    const statements = good['statements'] as readonly Json[];
    expect(codeOf({ ...good, statements: statements.slice(0, -1) })).toBe('EVIDENCE_UNPROVEN');
    expect(codeOf({ ...good, statements: [] })).toBe('EVIDENCE_UNPROVEN');
  });

  it('hold a message to one receiver', () => {
    const envelopes = good['envelopes'] as readonly string[];
    for (const bytes of unicasts) {
      for (const members of [false, true]) {
        const document = { ...good, envelopes: [...envelopes, toHex(bytes)] };
        expect(codeOf(document, { members })).toBe('EVIDENCE_CONFIDENTIAL');
      }
    }
  });

  it('an unknown field, another schema, a broken message', () => {
    expect(codeOf({ ...good, more: 'x' })).toBe('EVIDENCE_MALFORMED');
    expect(codeOf({ ...good, schema: 'keymoot.evidence.v2' })).toBe('EVIDENCE_MALFORMED');
    expect(codeOf({ ...good, envelopes: ['00'] })).toBe('EVIDENCE_MALFORMED');
    expect(codeOf('x')).toBe('EVIDENCE_MALFORMED');
    expect(codeOf([])).toBe('EVIDENCE_MALFORMED');
  });

  it('a message that its member did not sign, or any byte changed, is no evidence', () => {
    const envelopes = good['envelopes'] as readonly string[];
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (pick, at) => {
        const index = pick % envelopes.length;
        const bytes = fromHex(envelopes[index] ?? '') ?? new Uint8Array();
        const changed = toHex(flip(bytes, at % bytes.length));
        const document = { ...good, envelopes: envelopes.map((one, i) => (i === index ? changed : one)) };
        expect(codeOf(document)).not.toBe('guilty');
      }),
      { numRuns: 40 },
    );
  });
});
