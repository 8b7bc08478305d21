/** Small changes to what honest members say, signed again by the right keys. */
import { type OutcomeBody, signOutcome } from '../../protocol/ceremony/outcome.ts';
import { type StartBody, signStart } from '../../protocol/ceremony/start.ts';
import { signVerdict, type VerdictBody } from '../../protocol/ceremony/verdict-statement.ts';
import { signWithdrawal } from '../../protocol/ceremony/withdrawal.ts';
import { leafTreeDigest } from '../../protocol/payload/leaf-tree.ts';
import { decode, type Payload } from '../../protocol/payload/payload.ts';
import { encodeEnvelope, type ParsedEnvelope, parseEnvelope } from '../../protocol/threshold/rounds/envelope.ts';
import type { Moot } from '../support/moot.ts';
import { must } from '../support/must.ts';
import type { Story } from '../support/story.ts';

export type Verdicting = (body: VerdictBody) => VerdictBody | undefined;

/** Only what this party says. */
export function byParty(party: number, change: Verdicting): Verdicting {
  return (body) => (body.party === party ? change(body) : body);
}

export const silent: Verdicting = () => undefined;

/** Declines by hand what the policy would allow. */
export const declined: Verdicting = (body) => ({
  ...body,
  decision: 'reject',
  byHand: true,
  reasons: [{ code: 'HOLDER_REJECTED', detail: 'not today' }],
});

/** Claims that a payload is allowed, whatever the policy says. */
export function claimed(payload: Payload): Verdicting {
  const decoded = must(decode(payload));
  const reading = { digest: decoded.digest, tree: leafTreeDigest(decoded) };
  const allowed = { judgement: 'allow', byHand: false, consents: 2, rejections: 1 } as const;
  return (body) => ({ ...body, ...allowed, decision: 'consent', reading, rules: ['common/small'], reasons: [] });
}

export function reVerdict(moot: Moot, story: Story, party: number, change: Partial<VerdictBody>): Story {
  const verdicts = story.verdicts.map((verdict) =>
    verdict.body.party === party ? signVerdict({ ...verdict.body, ...change }, moot.keyOf(`party:${party}`)) : verdict,
  );
  return { ...story, verdicts };
}

/** A second verdict beside the first. */
export function alsoVerdict(moot: Moot, story: Story, party: number, change: Partial<VerdictBody>): Story {
  const verdict = story.verdicts.find(({ body }) => body.party === party);
  if (verdict === undefined) throw new Error(`party ${party} gave no verdict`);
  const second = signVerdict({ ...verdict.body, ...change }, moot.keyOf(`party:${party}`));
  return { ...story, verdicts: [...story.verdicts, second] };
}

export function reStart(moot: Moot, story: Story, change: Partial<StartBody>): Story {
  return { ...story, start: signStart({ ...startOf(story), ...change }, moot.keyOf('operator:olivia')) };
}

export function startOf(story: Story): StartBody {
  if (story.start === undefined) throw new Error('nothing was started');
  return story.start.body;
}

export function alsoOutcome(moot: Moot, story: Story, party: number): Story {
  const [first] = story.outcomes;
  if (first === undefined) throw new Error('no outcome');
  const body: OutcomeBody = { ...first.body, party, counter: moot.counter(`party:${party}`) };
  return { ...story, outcomes: [...story.outcomes, signOutcome(body, moot.keyOf(`party:${party}`))] };
}

export function withdrawn(moot: Moot, story: Story, author: string, created: number): Story {
  const { digest, body } = story.proposal;
  const withdrawal = { proposal: digest, attempt: body.attempt, author, reason: 'a mistake', created };
  return { ...story, withdrawals: [...story.withdrawals, signWithdrawal(withdrawal, moot.keyOf(author))] };
}

/** Round messages through `change`, signed again by their senders; undefined leaves one out. */
export function reRound(
  moot: Moot,
  story: Story,
  change: (envelope: ParsedEnvelope, index: number) => Partial<ParsedEnvelope> | undefined,
): Story {
  const rounds = story.rounds.flatMap((bytes) => {
    const envelope = parseEnvelope(bytes);
    if (envelope === undefined) throw new Error('not an envelope');
    const index = senderOf(moot, envelope);
    const changes = change(envelope, index);
    if (changes === undefined) return [];
    return [encodeEnvelope({ ...envelope, ...changes }, moot.keyOf(`party:${index}`).sign)];
  });
  return { ...story, rounds };
}

/** The party behind a round message: `from` is an index in a signing, a position among the sorted keys in a keygen. */
export function senderOf(moot: Moot, { type, from }: ParsedEnvelope): number {
  if (type === 0x30) return from;
  const hex = (key: Uint8Array): string => Buffer.from(key).toString('hex');
  const sorted = [...moot.roster.parties].sort((a, b) => (hex(a.statementKey) < hex(b.statementKey) ? -1 : 1));
  return sorted[from - 1]?.index ?? 0;
}

/** `bytes` with the byte at `at` changed, counted from the end if negative. */
export function flip(bytes: Uint8Array, at: number): Uint8Array {
  const changed = bytes.slice();
  const i = at < 0 ? bytes.length + at : at;
  changed[i] = (changed[i] ?? 0) ^ 1;
  return changed;
}
