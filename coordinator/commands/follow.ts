/** How every command that proposes follows its ceremony: progress while it runs, then how it ended and what is next. */
import { field, listOf, memberOf } from '../../proto/control/answer.ts';
import type { Command, CommandCall } from '../../proto/control/command.ts';
import { HOME_OPTION } from '../../proto/control/home-option.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { duration } from '../../protocol/ceremony/announcement.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { systemClock } from '../effects.ts';
import { askService } from './common.ts';

export const WISH_OPTIONS: Command['options'] = {
  ...HOME_OPTION,
  note: { type: 'string' },
  'expires-in': { type: 'string' },
  detach: { type: 'boolean' },
};

/** How often a countdown is drawn again, in milliseconds. */
const TICK = 1_000;

export async function propose(
  call: CommandCall,
  method: string,
  params: { readonly [key: string]: JsonValue },
): Promise<JsonValue> {
  const { terminal } = call;
  const shown: { event: JsonValue; change: boolean } = { event: null, change: false };
  const draw = (): void => {
    if (shown.event !== null) terminal.progress(progressLine(shown.event));
  };
  const tick = setInterval(draw, TICK);
  try {
    const answer = await askService(call, method, params, (event) => {
      shown.event = event;
      if (!shown.change) terminal.print(changeLines(event).join('\n'));
      shown.change = true;
      draw();
    });
    terminal.progress('');
    return answer;
  } finally {
    clearInterval(tick);
  }
}

export function wish(call: CommandCall): { readonly [key: string]: JsonValue } {
  const life = call.text('expires-in');
  if (life !== undefined && !/^[1-9][0-9]{0,5}$/.test(life)) {
    throw new InvalidArgument('OPTION_INVALID', '--expires-in', 'must be a whole number of seconds');
  }
  return {
    note: call.text('note') ?? '',
    detach: call.flag('detach'),
    ...(life === undefined ? {} : { life: Number(life) }),
  };
}

/** Exit code 1 when the parties refused, or it did not come to an end. */
export function finish(call: CommandCall, answer: JsonValue, next: readonly string[] = []): number {
  const isDone = memberOf(answer, 'ok') === true;
  const isOver = field(answer, 'ending') !== '';
  const steps = isDone && isOver && next.length > 0 ? ['', 'Next:', ...next.map((step) => `  ${step}`)] : [];
  call.terminal.result(answer, [...resultLines(answer), ...steps].join('\n'));
  return isDone ? 0 : 1;
}

export function resultLines(answer: JsonValue): readonly string[] {
  const line = (name: string, key: string): readonly string[] =>
    field(answer, key) === '' ? [] : [`${name.padEnd(12)}${field(answer, key)}`];
  return [
    ...line('ceremony', 'ceremony'),
    ...line('ending', 'ending'),
    ...line('phase', 'phase'),
    ...(field(answer, 'ending') === '' ? changeLines(answer) : []),
    ...waitLines(answer),
    ...listOf(memberOf(answer, 'parties')).map(
      (party) => `  ${field(party, 'name').padEnd(12)}${field(party, 'state')}`,
    ),
    ...(field(answer, 'code') === '' ? [] : [`${'because'.padEnd(12)}${because(answer)}`]),
    ...line('address', 'address'),
    ...line('epoch', 'epoch'),
    ...signerLines(answer),
    ...line('signature', 'signature'),
    ...authorizationLines(answer),
    ...line('hash', 'transactionHash'),
    ...line('raw', 'rawTransaction'),
    ...listOf(memberOf(answer, 'refusals')).flatMap((refusal) => [
      `party ${field(refusal, 'party')} refuses:`,
      ...listOf(memberOf(refusal, 'reasons')).map((reason) => `  ${field(reason, 'code')}: ${field(reason, 'detail')}`),
    ]),
    ...abortLines(answer),
    ...line('transcript', 'transcript'),
  ];
}

/** As a type-4 transaction takes it. */
function authorizationLines(answer: JsonValue): readonly string[] {
  const authorization = memberOf(answer, 'authorization');
  return authorization === undefined ? [] : [`${'signed'.padEnd(12)}${JSON.stringify(authorization)}`];
}

/** Who says that it failed, at which check, by whose fault; then what to do about each kind of failure, once. */
function abortLines(answer: JsonValue): readonly string[] {
  const aborts = listOf(memberOf(answer, 'aborts'));
  const steps = new Map(aborts.map((abort) => [field(abort, 'check'), field(abort, 'next')]));
  return [
    ...aborts.flatMap((abort) => {
      const culprits = listOf(memberOf(abort, 'culprits')).map((party) => `party ${String(party)}`);
      const joining = listOf(memberOf(abort, 'joining')).map((index) => `party ${String(index)} of the next roster`);
      const fault = [...culprits, ...joining].join(', ');
      return [
        `party ${field(abort, 'party')} aborted: ${field(abort, 'failure')}, check ${field(abort, 'check')}: ${field(abort, 'sentence')}`,
        ...(fault === '' ? [] : [`  at fault  ${fault}, as party ${field(abort, 'party')} reports`]),
      ];
    }),
    ...listOf(memberOf(answer, 'proven')).map(
      (proof) =>
        `PROVEN      ${field(proof, 'message')} (check ${field(proof, 'check')}); the transcript shows it to anybody`,
    ),
    ...[...steps].map(([check, next]) => `next        ${check}: ${next}`),
  ];
}

/** What the key holders read about a change of the key. */
function changeLines(row: JsonValue): readonly string[] {
  const change = memberOf(row, 'change');
  if (change === undefined) return [];
  const lines = (name: string): readonly string[] => listOf(memberOf(change, name)).map(String);
  return [
    field(change, 'title'),
    ...lines('lines').map((line) => `  ${line}`),
    ...lines('warnings').map((line) => `  !! ${line}`),
  ];
}

function waitLines(row: JsonValue): readonly string[] {
  const left = announcementLeft(row);
  if (left !== undefined) return [`${'announced'.padEnd(12)}can start in ${left}; until then every party may veto it`];
  return field(row, 'waits') === '' ? [] : [`${'waits'.padEnd(12)}${field(row, 'waits')}`];
}

/** Of parties that are banned from each other an operator should know, although signers were found without them. */
function signerLines(answer: JsonValue): readonly string[] {
  const signers = listOf(memberOf(answer, 'signers')).map(String);
  const pairs = listOf(memberOf(answer, 'separated')).map((pair) => listOf(pair).map(String).join(' and '));
  return [
    ...(signers.length === 0 ? [] : [`${'signers'.padEnd(12)}parties ${signers.join(', ')}`]),
    ...(pairs.length === 0
      ? []
      : [`${'avoided'.padEnd(12)}parties ${pairs.join(', ')} are banned from each other: lift it, or reshare`]),
  ];
}

function progressLine(event: JsonValue): string {
  const parties = listOf(memberOf(event, 'parties')).map(
    (party) => `${field(party, 'name')}: ${field(party, 'state')}`,
  );
  const left = announcementLeft(event);
  const waits = left === undefined ? field(event, 'waits') : `announced, starts in ${left}`;
  const head = `${field(event, 'ceremony')}  attempt ${field(event, 'attempt')}  ${field(event, 'phase')}`;
  return [head, ...(waits === '' ? [] : [waits]), parties.join(' | ')].join('  ');
}

/** Of an announcement that still runs. */
function announcementLeft(row: JsonValue): string | undefined {
  const left = Number(field(row, 'announcedUntil') || 0) - systemClock.now();
  return left > 0 && field(row, 'phase') !== 'running' ? duration(left) : undefined;
}

function because(answer: JsonValue): string {
  const message = field(answer, 'message');
  return message === '' ? field(answer, 'code') : `${field(answer, 'code')}: ${message}`;
}
