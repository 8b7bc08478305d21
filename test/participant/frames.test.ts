/** Who may say what to a node: the same frame from a party, an operator, an approver, and one who was left behind. */
import { expect, test } from 'vitest';
import { Frames, type FramesOptions } from '../../participant/frames.ts';
import type { FrameMessage } from '../../proto/codec.ts';
import { sealEnvelope } from '../../protocol/ceremony/statement.ts';
import { canonicalBytes } from '../../protocol/common/canonical-json.ts';
import { propose } from '../ceremony/support/members.ts';
import { must } from '../support/must.ts';

const proposal = propose();
const of = (type: Parameters<typeof sealEnvelope>[0]): FrameMessage => ({
  kind: 'statement',
  envelope: sealEnvelope(type, canonicalBytes({}), new Uint8Array(64)).bytes,
});
const FRAMES: Readonly<Record<string, FrameMessage>> = {
  proposal: { kind: 'statement', envelope: proposal.envelope.bytes },
  approval: of('keymoot.approval.v1'),
  verdict: of('keymoot.verdict.v1'),
  heads: of('keymoot.heads.v1'),
  'ban lift': of('keymoot.ban-lift.v1'),
  freeze: of('keymoot.freeze.v1'),
  thaw: of('keymoot.thaw.v1'),
  veto: of('keymoot.policy-veto.v1'),
  settlement: of('keymoot.settlement.v1'),
  wallet: { kind: 'document', content: canonicalBytes({ schema: 'keymoot.wallet.v1' }) },
  'approval as a document': { kind: 'document', content: canonicalBytes({ schema: 'keymoot.approval.v1' }) },
  'announced policy': { kind: 'document', content: canonicalBytes({ schema: 'keymoot.policy-announcement.v1' }) },
  want: { kind: 'want', digests: [new Uint8Array(32)] },
  transcript: { kind: 'transcript', ceremony: new Uint8Array(32), entries: new Uint8Array(1) },
};

/** What parts of the node hear of a frame from this member. */
async function heard(from: string, frame: FrameMessage): Promise<readonly string[]> {
  const calls: string[] = [];
  const part = (name: string): unknown =>
    new Proxy(
      {},
      {
        get: (_, method) => {
          if (method === 'then') return undefined;
          if (method === 'exclusively') return (action: () => unknown) => action();
          return (...args: readonly unknown[]) => {
            if (method !== 'note') calls.push(`${name}.${String(method)}`);
            return args.length > 99;
          };
        },
      },
    );
  const node = {
    exchange: part('exchange'),
    approvals: part('approvals'),
    governance: part('governance'),
    limits: part('limits'),
    documents: part('documents'),
    note: () => undefined,
  };
  const names = ['answers', 'heads', 'bans', 'pairs', 'sessions', 'activations', 'cosigner', 'offers', 'clockWatch'];
  const options = { node, ...Object.fromEntries(names.map((name) => [name, part(name)])) };
  await new Frames(options as unknown as FramesOptions).take(from, frame);
  return calls;
}

test('an approver is heard on approvals, vetoes, freezes and thaws, and on nothing else', async () => {
  const taken: Record<string, readonly string[]> = {};
  for (const [name, frame] of Object.entries(FRAMES)) {
    const calls = await heard('approver:ada', frame);
    if (calls.length > 0) taken[name] = calls;
  }
  expect(Object.keys(taken)).toEqual(['approval', 'freeze', 'thaw', 'veto']);
  expect(taken['approval']).toEqual(['approvals.receive']);
});

test('what an approver may not say is for others to say', async () => {
  for (const [name, frame] of Object.entries(FRAMES)) {
    if (name === 'transcript') continue;
    expect((await heard('party:2', frame)).length, name).toBeGreaterThan(0);
  }
  expect(await heard('operator:ops', FRAMES['transcript'] ?? must({ ok: false, error: 'none' }))).not.toEqual([]);
});

test('one who was left behind has no voice', async () => {
  for (const frame of Object.values(FRAMES)) expect(await heard('former:1', frame)).toEqual([]);
});
