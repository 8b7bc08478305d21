/** What a party keeps of what it saw: evidence on its own disk, digests for its outcome, and never a reason to be silent. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepContradictions, Witness } from '../../../participant/ceremonies/witness.ts';
import type { NodeContext } from '../../../participant/context.ts';
import { Documents } from '../../../participant/documents.ts';
import { EvidenceStore } from '../../../participant/evidence.ts';
import type { FrameMessage } from '../../../proto/codec.ts';
import type { BookEntry } from '../../../protocol/ceremony/book.ts';
import { judgeEvidence } from '../../../protocol/ceremony/evidence/judge.ts';
import { newCeremony } from '../../../protocol/ceremony/lifecycle.ts';
import { signProposal } from '../../../protocol/ceremony/proposal.ts';
import { signVerdict } from '../../../protocol/ceremony/verdict-statement.ts';
import { equalBytes, toHex } from '../../../protocol/common/bytes.ts';
import { parseCanonical } from '../../../protocol/common/canonical-json.ts';
import { encodeEnvelope, type ParsedEnvelope, parseEnvelope } from '../../../protocol/threshold/rounds/envelope.ts';
import { must } from '../../support/must.ts';
import { readyMoot, transfer } from '../../support/treasury.ts';

const { moot, from } = readyMoot('witness');
const { roster } = moot;
const { story } = moot.sign(from, { payload: transfer(), signers: [1, 2] });
const { proposal } = story;
const second = moot.keyOf('party:2');

let directory = '';
beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'keymoot-witness-')), 'evidence');
});
afterEach(async () => {
  await rm(join(directory, '..'), { recursive: true });
});

interface Place {
  readonly node: NodeContext;
  readonly notes: string[];
  readonly sent: FrameMessage[];
}

function place(change: Partial<BookEntry> = {}, self = 1): Place {
  const verdicts = new Map(story.verdicts.map((item) => [item.body.party, item]));
  const ceremony = { ...newCeremony(proposal), start: story.start, verdicts };
  const entry: BookEntry = { ceremony, starts: [], ...change };
  const notes: string[] = [];
  const sent: FrameMessage[] = [];
  const node = {
    roster,
    self,
    book: { get: (digest: Uint8Array) => (equalBytes(digest, proposal.digest) ? entry : undefined) },
    documents: new Documents({ now: () => 0, monotonic: () => 0, after: () => () => undefined }),
    evidence: new EvidenceStore(directory),
    wallets: { known: () => undefined },
    members: () => ({
      sendAll: async (frame: FrameMessage, chosen: (member: string) => boolean) => {
        if (chosen('operator:olivia') && !chosen('party:1')) sent.push(frame);
      },
    }),
    note: (code: string, detail: string) => notes.push(`${code} ${detail}`),
  } as unknown as NodeContext;
  return { node, notes, sent };
}

const rounds = story.rounds.flatMap((bytes): readonly ParsedEnvelope[] => {
  const envelope = parseEnvelope(bytes);
  return envelope === undefined ? [] : [envelope];
});

function spoiled(envelope: ParsedEnvelope): ParsedEnvelope {
  const body = envelope.body.slice();
  body[70] = (body[70] ?? 0) ^ 1;
  const bytes = encodeEnvelope({ ...envelope, body: envelope.round === 2 ? body : body.slice(1) }, second.sign);
  const made = parseEnvelope(bytes);
  if (made === undefined) throw new Error('no envelope');
  return made;
}

describe('a witness', () => {
  it('has nothing to say of an honest session, ended well or not', async () => {
    for (const aborted of [false, true]) {
      const { node, notes } = place();
      const witness = new Witness(node);
      for (const envelope of rounds) witness.see(envelope);
      expect(await witness.testify(proposal.digest, aborted)).toEqual([]);
      expect(notes).toEqual([]);
    }
    await expect(readdir(directory)).rejects.toThrow();
  });

  it('keeps what proves a cheat, sends it to the operators ahead, and names it', async () => {
    const { node, notes, sent } = place();
    const witness = new Witness(node);
    for (const envelope of rounds)
      witness.see(envelope.from === 2 && envelope.round === 2 ? spoiled(envelope) : envelope);
    const digests = await witness.testify(proposal.digest, true);
    expect(digests).toHaveLength(1);
    const [name] = await readdir(directory);
    expect(name).toMatch(/^[0-9a-f]{16}-party-2-S2\.json$/);
    const bytes = new Uint8Array(await readFile(join(directory, name ?? '')));
    expect(must(judgeEvidence(must(parseCanonical(bytes)), roster)).accused).toBe('party:2');
    expect(sent).toEqual([{ kind: 'document', content: bytes }]);
    const [digest = new Uint8Array()] = digests;
    expect(node.documents.get(digest)).toEqual(must(parseCanonical(bytes)));
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain('EVIDENCE_KEPT S2');
    const [kept] = await node.evidence.list(roster);
    expect(kept?.guilt).toMatchObject({ accused: 'party:2', check: 'S2', members: false });
  });

  it('notices a contradiction although the session came to its result', async () => {
    const { node } = place();
    const witness = new Witness(node);
    const first = rounds.find((envelope) => envelope.from === 2 && envelope.round === 1);
    if (first === undefined) throw new Error('no round 1');
    const again = parseEnvelope(encodeEnvelope({ ...first, body: first.body.slice().reverse() }, second.sign));
    for (const envelope of rounds) witness.see(envelope);
    if (again !== undefined) witness.see(again);
    expect(await witness.testify(proposal.digest, false)).toHaveLength(1);
    expect((await readdir(directory))[0]).toContain('party-2-two-messages');
  });

  it('does not keep messages to one receiver, nor a flood', async () => {
    const { node } = place();
    const witness = new Witness(node);
    const [first] = rounds;
    if (first === undefined) throw new Error('no message');
    for (let round = 0; round < 255; round++) {
      const envelope = parseEnvelope(encodeEnvelope({ ...first, from: 2, to: 1, round, type: 0x31 }, second.sign));
      if (envelope !== undefined) witness.see(envelope);
    }
    expect(await witness.testify(proposal.digest, true)).toEqual([]);
    for (let i = 0; i < 2000; i++) {
      witness.see({ ...first, to: 0, round: i % 256, type: i % 7, eh: new Uint8Array(32).fill(i % 256) });
    }
    expect(await witness.testify(proposal.digest, true)).toEqual([]);
  });

  it('does not accuse itself', async () => {
    const { node } = place({}, 2);
    const witness = new Witness(node);
    for (const envelope of rounds)
      witness.see(envelope.from === 2 && envelope.round === 2 ? spoiled(envelope) : envelope);
    expect(await witness.testify(proposal.digest, true)).toEqual([]);
  });

  it('keeps two verdicts and two faces as soon as it sees them', async () => {
    const [verdict] = story.verdicts;
    if (verdict === undefined) throw new Error('no verdict');
    const other = signVerdict({ ...verdict.body, counter: 77 }, moot.keyOf('party:1'));
    const rival = signProposal({ ...proposal.body, note: 'other' }, moot.keyOf('operator:olivia'));
    const { node } = place();
    const entry = node.book.get(proposal.digest);
    if (entry === undefined) throw new Error('no entry');
    await keepContradictions(node, {
      ...entry,
      conflict: rival,
      ceremony: { ...entry.ceremony, equivocations: new Map([[1, other]]) },
    });
    const names = await readdir(directory);
    expect(names.map((name) => name.slice(17)).sort()).toEqual([
      'operator-olivia-two-proposals.json',
      'party-1-two-verdicts.json',
    ]);
    await keepContradictions(node, entry);
    expect(await readdir(directory)).toHaveLength(2);
  });

  it('lists only what is evidence under this roster', async () => {
    const { node } = place();
    expect(await node.evidence.list(roster)).toEqual([]);
    const store = new EvidenceStore(join(directory, '..'));
    expect(await store.list(roster)).toEqual([]);
    expect(toHex(roster.digest)).toHaveLength(64);
  });
});
