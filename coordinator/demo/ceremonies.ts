/** One ceremony as the demo drives it: the operator’s command runs, key holders read and approve with theirs. */

import { setTimeout as delay } from 'node:timers/promises';
import { field, listOf, memberOf } from '../../proto/control/answer.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import { WALLET } from './names.ts';
import { demand } from './narrator.ts';
import { ask, eventually, type Holder, type Theatre } from './stage.ts';

/** How often further attempts are looked for, in milliseconds. */
const RETRY_POLL = 1_000;

/** What a command of the operator answered at the end of its ceremony. */
export interface Answer {
  readonly code: number;
  readonly value: JsonValue;
}

/** `coordinator sign FILE`: proposes, and follows the ceremony to its end. */
export function proposeFile(stage: Theatre, file: string, note: string): Promise<Answer> {
  const { operator, processes } = stage;
  const args = ['coordinator', 'sign', file, '--home', operator.home, '--wallet', WALLET, '--note', note];
  return processes.answer(args);
}

/**
 * The ceremony that now waits in the inboxes of these key holders.
 *
 * @param running the command that proposed it; if it ends first, nothing will come
 */
export async function ceremonyInInboxes(running: Promise<Answer>, holders: readonly Holder[]): Promise<string> {
  const ended: { early: Answer | undefined } = { early: undefined };
  // A failure of the command is told by whoever awaits it; here it only ends the waiting.
  running.then(
    (answer) => {
      ended.early = answer;
    },
    () => {
      ended.early = { code: 1, value: null };
    },
  );
  return await eventually('a proposal in the inboxes', async () => {
    if (ended.early !== undefined) {
      const why = field(ended.early.value, 'code') || field(memberOf(ended.early.value, 'error'), 'message');
      throw new Refusal('DEMO_DEVIATED', `the proposal ended before any key holder could decide: ${why}`);
    }
    const inboxes = await Promise.all(holders.map((holder) => ask(holder, 'inbox')));
    const [names = [], ...others] = inboxes.map((inbox) => listOf(inbox).map((row) => field(row, 'ceremony')));
    return names.find((name) => others.every((other) => other.includes(name)));
  });
}

/** `participant show`: the lines that the key holder reads. */
export async function readScreen({ processes }: Theatre, holder: Holder, ceremony: string): Promise<readonly string[]> {
  const shown = await processes.run(['participant', 'show', ceremony, '--home', holder.home]);
  demand(shown.code === 0, `${holder.name} could not read ceremony ${ceremony}: ${shown.stderr.trim()}`);
  return shown.stdout.trimEnd().split('\n');
}

/**
 * `participant approve` by each of these key holders: the one act of a person in all of this. Consents are for one
 * attempt; if a busy machine needs another one before the command ends, they are asked, and approve, again.
 */
export async function approveByHand(
  stage: Theatre,
  holders: readonly Holder[],
  ceremony: string,
  running: Promise<Answer>,
): Promise<void> {
  await Promise.all(holders.map((holder) => approve(stage, holder, ceremony)));
  const ended = running.then(
    () => true,
    () => true,
  );
  while (!(await Promise.race([ended, delay(RETRY_POLL, false)]))) {
    for (const holder of holders) {
      const again = listOf(await ask(holder, 'inbox')).find((row) => Number(field(row, 'attempt')) > 1);
      if (again === undefined) continue;
      stage.narrator.say(`The attempt before did not finish; ${holder.name} is asked again.`);
      await approve(stage, holder, field(again, 'ceremony'));
    }
  }
}

async function approve({ processes }: Theatre, holder: Holder, ceremony: string): Promise<void> {
  const answer = await processes.json(['participant', 'approve', ceremony, '--home', holder.home, '--yes']);
  demand(field(answer, 'decision') === 'consent', `the approval of ${holder.name} did not become a consent`);
}

/** The end of a ceremony, which must be the expected one and must leave a transcript. */
export async function finished(
  stage: Theatre,
  running: Promise<Answer>,
  ending: 'completed' | 'refused' | 'aborted',
  what: string,
): Promise<JsonValue> {
  const { value } = await running;
  const came = field(value, 'ending');
  const why = [field(value, 'code') || field(memberOf(value, 'error'), 'message'), refusalCodes(value)];
  const because = why.filter((text) => text !== '').join(': ');
  const was = came === '' ? 'failed' : `was ${came}`;
  demand(came === ending, `${what} should have been ${ending}, but it ${was} (${because})`);
  // A busy machine may need a second try to close it.
  const closed = await eventually(`the transcript of ${what}`, async () => {
    if (field(value, 'transcript') !== '') return value;
    const again = await ask(stage.operator, 'ceremony', { ceremony: field(value, 'ceremony') });
    return field(again, 'transcript') === '' ? undefined : again;
  });
  stage.transcripts.push(field(closed, 'transcript'));
  return closed;
}

function refusalCodes(ceremony: JsonValue): string {
  return listOf(memberOf(ceremony, 'refusals'))
    .flatMap((refusal) => listOf(memberOf(refusal, 'reasons')).map((reason) => field(reason, 'code')))
    .join(', ');
}
