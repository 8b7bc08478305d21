/** What a collector was sent and what belongs into the transcript are two things. */
import { describe, expect, it } from 'vitest';
import type { Wallet } from '../../protocol/ceremony/wallet.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { encodeEnvelope, type ParsedEnvelope, parseEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import { selectRounds } from '../../protocol/transcript/select-rounds.ts';
import { verifyTranscript } from '../../protocol/transcript/verify.ts';
import type { Story } from '../support/story.ts';
import { draft } from '../support/story.ts';
import { readyMoot, transfer } from '../support/treasury.ts';
import { vec } from '../threshold/support/labels.ts';
import { flip, senderOf } from './support.ts';

const { moot, from } = readyMoot('select');
const { roster } = moot;
const keygen = moot.keygen('treasury');
const signing = moot.sign(from, { payload: transfer() });

function select(story: Story, wallet: Wallet | undefined, collected: readonly Uint8Array[]): readonly Uint8Array[] {
  const { proposal, start } = story;
  if (start === undefined) throw new Error('nothing was started');
  return selectRounds({ roster, proposal, start, wallet }, collected);
}

function sorted(rounds: readonly Uint8Array[]): readonly string[] {
  return rounds.map(toHex).sort((a, b) => (a < b ? -1 : 1));
}

function changed(bytes: Uint8Array, change: (envelope: ParsedEnvelope) => Partial<ParsedEnvelope>): Uint8Array {
  const envelope = parseEnvelope(bytes);
  if (envelope === undefined) throw new Error('not an envelope');
  const { sign } = moot.keyOf(`party:${senderOf(moot, envelope)}`);
  return encodeEnvelope({ ...envelope, ...change(envelope) }, sign);
}

/** Everything a corrupt network and a corrupt first party can add. */
function flooded(rounds: readonly Uint8Array[]): readonly Uint8Array[] {
  const corrupt = rounds.filter((bytes) => {
    const envelope = parseEnvelope(bytes);
    return envelope !== undefined && senderOf(moot, envelope) === 1;
  });
  return [
    vec('noise'),
    ...corrupt.map((bytes) => changed(bytes, ({ body }) => ({ body: flip(body, 0) }))),
    ...rounds.map((bytes) => flip(bytes, -1)),
    ...rounds.map((bytes) => changed(bytes, () => ({ sid: vec('another session') }))),
    ...corrupt.map((bytes) => changed(bytes, () => ({ round: 9 }))),
    ...corrupt.map((bytes) => changed(bytes, () => ({ type: 0x31, to: 2 }))),
    ...rounds,
    ...rounds,
  ];
}

describe('selecting round messages', () => {
  it('of a signing: exactly those that lead to the signature', () => {
    const { story } = signing;
    expect(sorted(select(story, from.wallet, flooded(story.rounds)))).toEqual(sorted(story.rounds));
  });

  it('of a keygen: exactly those that lead to the key', () => {
    const { story, wallet } = keygen;
    const selected = select(story, wallet?.wallet, flooded(story.rounds));
    const report = verifyTranscript(draft({ ...story, rounds: selected }), { roster, draft: true });
    expect(report).toMatchObject({ ok: true, ending: 'completed' });
    expect(sorted(story.rounds)).toEqual(expect.arrayContaining([...sorted(selected)]));
  });

  it('leaves out a party that did not sign', () => {
    const { story } = signing;
    const [first] = story.rounds;
    const envelope = first && parseEnvelope(first);
    if (envelope === undefined) throw new Error('no round');
    const stranger = encodeEnvelope({ ...envelope, from: 3 }, moot.keyOf('party:3').sign);
    expect(sorted(select(story, from.wallet, [stranger, ...story.rounds]))).toEqual(sorted(story.rounds));
  });

  it('keeps what was said when nothing came of it, both of two versions', () => {
    const { story } = signing;
    const some = story.rounds.slice(0, 3);
    const second = some.slice(0, 1).map((bytes) => changed(bytes, ({ body }) => ({ body: flip(body, 0) })));
    expect(sorted(select(story, from.wallet, [...some, ...second]))).toEqual(sorted([...some, ...second]));
    const { story: made } = keygen;
    const early = made.rounds.filter((bytes) => parseEnvelope(bytes)?.round === 1);
    expect(sorted(select(made, undefined, early))).toEqual(sorted(early));
  });
});
