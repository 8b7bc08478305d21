/** One order, one byte string: whoever knows the same assembles the same. */

import { sha256 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CeremonyBook } from '../../protocol/ceremony/book.ts';
import { concat, toHex } from '../../protocol/common/bytes.ts';
import { encodeEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { appendClose, assemble, bodyOf, closeBody } from '../../protocol/transcript/assemble.ts';
import { parseTranscript, transcriptBytes } from '../../protocol/transcript/entry.ts';
import { merkleRoot } from '../../protocol/transcript/merkle.ts';
import { compareMembers } from '../../protocol/transcript/order.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import { must } from '../support/must.ts';
import { draft, fileOf } from '../support/story.ts';
import { readyMoot, transfer } from '../support/treasury.ts';
import { vec } from '../threshold/support/labels.ts';

const { moot, from } = readyMoot('assemble');
const { roster } = moot;
const { story, lines } = moot.sign(from, { payload: transfer() });

/** The ceremony as a member's book holds it after these statements, in the order of arrival. */
function heard(order: readonly number[]) {
  const { proposal, verdicts, start, outcomes } = story;
  const statements = [...verdicts, ...(start === undefined ? [] : [start]), ...outcomes];
  const book = new CeremonyBook(roster);
  must(book.apply(proposal.envelope, proposal.body.created));
  for (const i of order) {
    const statement = statements[i];
    if (statement !== undefined) must(book.apply(statement.envelope, proposal.body.created + 5));
  }
  const entry = book.get(proposal.digest);
  if (entry === undefined) throw new Error('no entry');
  return { ...entry.ceremony, start: entry.starts[0] };
}

const count = story.verdicts.length + 1 + story.outcomes.length;

describe('assembling', () => {
  it('gives the same bytes whatever order things arrived in', () => {
    const shuffled = <T>(items: readonly T[]): fc.Arbitrary<T[]> =>
      fc.shuffledSubarray([...items], { minLength: items.length, maxLength: items.length });
    const indices = Array.from({ length: count }, (_, i) => i);
    const expected = toHex(transcriptBytes(draft(story)));
    fc.assert(
      fc.property(shuffled(indices), shuffled(story.documents), shuffled(story.rounds), (order, documents, rounds) => {
        const made = assemble({ roster, ceremony: heard(order), documents, rounds });
        return toHex(transcriptBytes(made)) === expected;
      }),
      { numRuns: 30 },
    );
  });

  it('takes everything once and leaves out what is not for everybody', () => {
    const fields = { type: 0x31, round: 1, from: 1, to: 2, sid: vec('sid'), body: vec('secret') };
    const confidential = encodeEnvelope(fields, moot.keyOf('party:1').sign);
    const made = assemble({
      roster,
      ceremony: heard(Array.from({ length: count }, (_, i) => i)),
      documents: [...story.documents, ...story.documents],
      rounds: [confidential, ...story.rounds, ...story.rounds, vec('noise')],
    });
    expect(toHex(transcriptBytes(made))).toBe(toHex(transcriptBytes(draft(story))));
  });

  it('can be verified before anybody closes it, and only then', () => {
    const made = draft(story);
    expect(verifyTranscript(made, { roster, draft: true })).toMatchObject({ ok: true, ending: 'completed' });
    expect(verifyTranscript(made, { roster }).failure?.code).toBe('CLOSE_MISSING');
  });

  it('reads back what it wrote', () => {
    const file = fileOf(lines);
    const read = must(parseTranscript(file));
    expect(toHex(transcriptBytes(read))).toBe(toHex(file));
    expect(bodyOf(read)).toHaveLength(draft(story).length);
  });
});

describe('closing', () => {
  it('puts closes in order of members and replaces an older one', () => {
    let closing = draft(story);
    for (const author of ['party:3', 'operator:olivia', 'party:1', 'party:3']) {
      const body = closeBody(closing, { author, ending: 'completed', counter: 9, created: moot.now() });
      expect(body.entries).toBe(draft(story).length);
      closing = appendClose(closing, moot.close({ ...body, counter: author.startsWith('operator') ? 0 : 99 }));
    }
    expect(closing).toHaveLength(draft(story).length + 3);
    expect(verifyTranscript(closing, { roster }).failure).toBeUndefined();
  });

  it('orders parties by number, operators behind them', () => {
    const members = ['operator:ada', 'party:10', 'party:2', 'operator:olivia', 'party:1'];
    expect(members.sort(compareMembers)).toEqual(['party:1', 'party:2', 'party:10', 'operator:ada', 'operator:olivia']);
  });
});

describe('the Merkle root', () => {
  const leaf = (bytes: Uint8Array): Uint8Array => sha256(concat(Uint8Array.of(0), bytes));
  const node = (a: Uint8Array, b: Uint8Array): Uint8Array => sha256(concat(Uint8Array.of(1), a, b));
  const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map((name) => vec(name)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];

  it('splits at the largest power of two, as RFC 6962 does', () => {
    expect(merkleRoot([])).toEqual(sha256(new Uint8Array()));
    expect(merkleRoot([a])).toEqual(leaf(a));
    expect(merkleRoot([a, b, c])).toEqual(node(node(leaf(a), leaf(b)), leaf(c)));
    const four = node(node(leaf(a), leaf(b)), node(leaf(c), leaf(d)));
    expect(merkleRoot([a, b, c, d, e])).toEqual(node(four, leaf(e)));
  });
});
