import { describe, expect, test } from 'vitest';
import { HeadsWatch } from '../../../participant/ceremonies/heads-watch.ts';
import type { NodeContext } from '../../../participant/context.ts';
import type { FrameMessage } from '../../../proto/codec.ts';
import { openHeads, signHeads } from '../../../protocol/ceremony/heads.ts';
import { type Envelope, parseEnvelope } from '../../../protocol/ceremony/statement.ts';
import { answer, endOf, keyOf, NOW, propose, ROSTER, rosterBody, sealed } from '../../ceremony/support/members.ts';
import { must } from '../../support/must.ts';
import { openJournal } from '../journal/samples.ts';

const proposal = propose();

/** Party 1 after a start with this counter in its journal. */
async function watching(counter = 0, roster = ROSTER) {
  const { journal } = await openJournal();
  for (let i = 0; i < counter; i++) await journal.nextCounter();
  const notes: string[] = [];
  const sent: FrameMessage[] = [];
  const members = { send: async (_: string, frame: FrameMessage) => void sent.push(frame) };
  const node = {
    roster,
    rosters: { past: [] },
    statementKey: keyOf('party:1').publicKey,
    self: 1,
    signer: keyOf('party:1'),
    clock: { now: () => NOW },
    journal,
    members: () => members,
    note: (code: string) => void notes.push(code),
  } as unknown as NodeContext;
  const alarms: string[] = [];
  return { watch: new HeadsWatch(node, (why) => void alarms.push(why)), journal, notes, sent, alarms };
}

/** What `party` says that it has seen of party 1. */
function heads(party: number, highest?: Envelope, about = 1, key = `party:${party}`): Envelope {
  return signHeads({ party, about, highest, created: NOW }, keyOf(key)).envelope;
}

const own = (counter: number): Envelope => answer(proposal, 1, { counter }).envelope;

describe('after a start', () => {
  test('a node is held back until another party has compared counters', async () => {
    const { watch } = await watching(5);
    expect(watch.heldBack()).toBeDefined();
    expect(watch.receive(heads(2, own(5)), 'party:2')).toBe(true);
    expect(watch.heldBack()).toBeUndefined();
    expect(watch.receive(heads(3), 'party:3')).toBe(false);
  });

  test('a higher counter in its own signed statement is an alarm that nothing lifts', async () => {
    for (const proof of [own(6), endOf(proposal, 1, { counter: 6 }).envelope]) {
      const { alarms, notes, watch } = await watching(5);
      expect(watch.receive(heads(3), 'party:3')).toBe(true);
      expect(watch.receive(heads(2, proof), 'party:2')).toBe(false);
      expect(watch.heldBack()).toContain('rolled back');
      expect(notes).toEqual(['ROLLBACK_SUSPECTED']);
      // Its pair setups may exist twice: they are overwritten, once.
      watch.receive(heads(2, proof), 'party:2');
      expect(alarms).toEqual(['this node may exist twice']);
      expect(watch.receive(heads(3, own(5)), 'party:3')).toBe(false);
      expect(watch.heldBack()).toContain('rolled back');
    }
  });

  test('only its own statement proves a counter: nobody can hold it back with another one', async () => {
    const { watch } = await watching(5);
    const foreign = answer(proposal, 2, { counter: 99 }).envelope;
    expect(watch.receive(heads(2, foreign), 'party:2')).toBe(true);
    expect(watch.heldBack()).toBeUndefined();
  });

  test('what this process has signed since is no news', async () => {
    const { journal, watch } = await watching(5);
    await journal.nextCounter();
    expect(watch.receive(heads(2, own(6)), 'party:2')).toBe(true);
  });

  test('heads count only from the party itself, about this one, under its own key', async () => {
    const { watch } = await watching(5);
    for (const [envelope, from] of [
      [heads(2, own(5)), 'operator:ops'], // shown again by somebody else
      [heads(2, own(5)), 'party:3'],
      [heads(2, own(5), 3), 'party:2'],
      [heads(2, own(5), 1, 'party:3'), 'party:2'],
      [heads(1, own(5)), 'party:1'],
      [own(5), 'party:2'],
    ] as const) {
      expect(watch.receive(envelope, from)).toBe(false);
      expect(watch.heldBack()).toBeDefined();
    }
  });

  test('the same party twice is still one', async () => {
    const { watch } = await watching(0, sealed(rosterBody({ threshold: 3 })));
    watch.receive(heads(2), 'party:2');
    watch.receive(heads(2), 'party:2');
    expect(watch.heldBack()).toBeDefined();
    expect(watch.receive(heads(3), 'party:3')).toBe(true);
  });
});

describe('what is remembered of a peer', () => {
  test('is its highest counter, with the statement that proves it, and is told when it connects', async () => {
    const { sent, watch } = await watching();
    const proof = answer(proposal, 2, { counter: 41 }).envelope;
    await watch.remember(answer(proposal, 2, { counter: 40 }).envelope);
    await watch.remember(proof);
    await watch.remember(endOf(proposal, 2, { counter: 12 }).envelope);
    await watch.remember(own(77));
    await watch.remember(proposal.envelope);
    await watch.greet(2);
    await watch.greet(3);
    const told = sent.map((frame) => {
      const envelope = frame.kind === 'statement' ? must(parseEnvelope(frame.envelope)) : proposal.envelope;
      return must(openHeads(envelope, ROSTER)).body;
    });
    expect(told).toMatchObject([
      { party: 1, about: 2, highest: proof },
      { party: 1, about: 3 },
    ]);
    expect(told[1]?.highest).toBeUndefined();
  });
});
