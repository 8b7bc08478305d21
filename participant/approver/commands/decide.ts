/** An approver's commands on requests: read, decide about one. There is no way to decide about several at once. */
import { field, listOf, memberOf } from '../../../proto/control/answer.ts';
import type { Command, CommandCall } from '../../../proto/control/command.ts';
import { readTextFile } from '../../../proto/control/files.ts';
import { HOME_OPTION, PASSPHRASE_OPTION } from '../../../proto/control/home-option.ts';
import type { JsonValue } from '../../../proto/control/message.ts';
import { formatTable } from '../../../proto/control/terminal.ts';
import { InvalidArgument, Refusal } from '../../../protocol/common/errors.ts';
import { type Ask, ceremonyOf, mustHaveOut, withDesk, writeOut } from './common.ts';

const HOME = { ...HOME_OPTION, ...PASSPHRASE_OPTION };
const DECIDING = {
  ...HOME,
  out: { type: 'string' },
  signature: { type: 'string' },
  yes: { type: 'boolean' },
} as const;

export const inbox: Command = {
  usage: '--home DIR [--passphrase-file FILE]',
  summary: 'list the open requests; what was asked for before and never signed stands first',
  options: HOME,
  positionals: { min: 0, max: 0 },
  async run(call) {
    return await withDesk(call, async (ask) => {
      const answer = await ask('inbox');
      const rows = listOf(answer);
      const cells = rows.map((row) =>
        ['ceremony', 'wallet', 'attempt', 'initiator', 'judgement', 'said', 'note'].map((name) => field(row, name)),
      );
      const heading = ['CEREMONY', 'WALLET', 'ATTEMPT', 'PROPOSED BY', 'POLICY', 'YOU SAID', 'NOTE (claimed)'];
      const lines = rows.flatMap((row) => {
        const times = memberOf(row, 'repeated');
        const name = field(row, 'ceremony');
        const hold = field(row, 'hold');
        return [
          ...(typeof times === 'number' && times > 0 ? [`!! ${name}: ASKED BEFORE (${times}) and never signed`] : []),
          ...(hold === '' ? [] : [`${name}: ${hold}`]),
        ];
      });
      const text = [formatTable([heading, ...cells]), ...lines].join('\n');
      call.terminal.result(answer, rows.length === 0 ? 'Nothing waits for you.' : text);
      return 0;
    });
  },
};

export const show: Command = {
  usage: 'CEREMONY|FILE --home DIR [--passphrase-file FILE]',
  summary: 'show what a request would do, as this device reads it',
  options: HOME,
  positionals: { min: 1, max: 1 },
  async run(call) {
    return await withDesk(call, async (ask) => {
      const answer = await ask('show', { ceremony: await ceremonyOf(ask, call.positionals[0] ?? '') });
      call.terminal.result(answer, screenOf(answer));
      return 0;
    });
  },
};

export const approve: Command = {
  usage: 'CEREMONY|FILE --home DIR [--comment TEXT] [--ttl SECONDS] [--out FILE] [--signature SSHSIG] [--yes]',
  summary: 'approve exactly one request after reading it',
  options: { ...DECIDING, comment: { type: 'string' }, ttl: { type: 'string' } },
  positionals: { min: 1, max: 1 },
  run: (call) => decide(call, 'approve', call.text('comment') ?? '', 'Approve exactly this?'),
};

export const reject: Command = {
  usage: 'CEREMONY|FILE --home DIR --reason TEXT [--out FILE] [--signature SSHSIG] [--yes]',
  summary: 'refuse a request; by default one refusal ends it everywhere',
  options: { ...DECIDING, reason: { type: 'string' } },
  positionals: { min: 1, max: 1 },
  run: (call) => decide(call, 'reject', call.required('reason'), 'Refuse this?'),
};

export const cancel: Command = {
  usage: 'CEREMONY|FILE --home DIR --reason TEXT [--out FILE] [--signature SSHSIG] [--yes]',
  summary: 'take an own approval back; it counts as a refusal',
  options: { ...DECIDING, reason: { type: 'string' } },
  positionals: { min: 1, max: 1 },
  run: (call) => decide(call, 'cancel', call.required('reason'), 'Take your approval of this back?'),
};

async function decide(
  call: CommandCall,
  decision: 'approve' | 'reject' | 'cancel',
  comment: string,
  question: string,
): Promise<number> {
  const [target = ''] = call.positionals;
  return await withDesk(call, async (ask) => {
    const ceremony = await ceremonyOf(ask, target);
    const signature = call.text('signature');
    const answer =
      signature === undefined
        ? await ask('decide', { ceremony, comment, decision, ...(await read(call, ask, ceremony, decision, question)) })
        : await ask('seal', { ceremony, signature: await readTextFile(signature) });
    const reason = decision === 'approve' ? '' : ' --reason TEXT';
    call.terminal.result(answer, await writeOut(call, answer, `${decision} ${target} --home DIR${reason}`));
    return 0;
  });
}

/** Shows the request and asks. Fails with why it cannot be approved, or `NOT_CONFIRMED`. */
async function read(
  call: CommandCall,
  ask: Ask,
  ceremony: string,
  decision: string,
  question: string,
): Promise<{ readonly [name: string]: JsonValue }> {
  const life = lifeOf(call);
  await mustHaveOut(call, ask);
  const shown = await ask('show', { ceremony });
  call.terminal.print(screenOf(shown));
  const refusal = memberOf(shown, 'refusal') ?? null;
  if (decision === 'approve' && refusal !== null) throw new Refusal(codeOf(refusal), field(refusal, 'detail'));
  if (!(await call.terminal.confirm({ text: question, yes: call.flag('yes') }))) {
    throw new Refusal('NOT_CONFIRMED', 'nothing was signed');
  }
  return { digest: field(shown, 'digest'), ...(life === undefined ? {} : { life }) };
}

function codeOf(refusal: JsonValue): Uppercase<string> {
  return field(refusal, 'code') as Uppercase<string>;
}

function lifeOf(call: CommandCall): number | undefined {
  const text = call.text('ttl');
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (/^[1-9][0-9]{1,6}$/.test(text)) return seconds;
  throw new InvalidArgument('OPTION_INVALID', '--ttl', 'must be a number of seconds, at least 10');
}

function screenOf(answer: JsonValue): string {
  return listOf(memberOf(answer, 'screen'))
    .map((line) => (typeof line === 'string' ? line : ''))
    .join('\n');
}
