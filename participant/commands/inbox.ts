/** The key holder’s commands on proposals: read, decide. They speak to the node that runs in the home. */

import { field, listOf, memberOf } from '../../proto/control/answer.ts';
import type { Command } from '../../proto/control/command.ts';
import { HOME_OPTION } from '../../proto/control/home-option.ts';
import { formatTable } from '../../proto/control/terminal.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import { askNode } from './common.ts';

export const inbox: Command = {
  usage: '--home DIR',
  summary: 'list the proposals that wait for your decision',
  options: HOME_OPTION,
  positionals: { min: 0, max: 0 },
  async run(call) {
    const answer = await askNode(call, 'inbox');
    const rows = listOf(answer).map((row) =>
      ['ceremony', 'kind', 'wallet', 'attempt', 'initiator', 'note'].map((name) => field(row, name)),
    );
    const table = formatTable([['CEREMONY', 'KIND', 'WALLET', 'ATTEMPT', 'PROPOSED BY', 'NOTE (claimed)'], ...rows]);
    const held = listOf(answer).flatMap((row) => {
      const times = memberOf(row, 'repeated');
      const name = field(row, 'ceremony');
      return [
        ...(typeof times === 'number' && times > 0 ? [`!! ${name}: ASKED BEFORE (${times}) and never signed`] : []),
        ...(field(row, 'hold') === '' ? [] : [`${name}: ${field(row, 'hold')}`]),
      ];
    });
    const text = [table, ...held].join('\n');
    call.terminal.result(answer, rows.length === 0 ? 'Nothing waits for you.' : text);
    return 0;
  },
};

export const show: Command = {
  usage: 'CEREMONY --home DIR',
  summary: 'show what a proposal would do, as this machine reads it',
  options: HOME_OPTION,
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [ceremony = ''] = call.positionals;
    const answer = await askNode(call, 'show', { ceremony });
    call.terminal.result(answer, screenOf(memberOf(answer, 'screen')));
    return 0;
  },
};

export const approve: Command = {
  usage: 'CEREMONY --home DIR [--yes]',
  summary: 'consent to a proposal after reading it',
  options: { ...HOME_OPTION, yes: { type: 'boolean' } },
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [ceremony = ''] = call.positionals;
    const shown = await askNode(call, 'show', { ceremony });
    call.terminal.print(screenOf(memberOf(shown, 'screen')));
    const question = { text: 'Consent to exactly this?', yes: call.flag('yes') };
    if (!(await call.terminal.confirm(question))) throw new Refusal('NOT_CONFIRMED', 'nothing was signed');
    const [digest, risks] = [memberOf(shown, 'digest') ?? null, memberOf(shown, 'risks') ?? []];
    const answer = await askNode(call, 'approve', { ceremony, digest, risks });
    call.terminal.result(answer, 'Consent signed.');
    return 0;
  },
};

export const reject: Command = {
  usage: 'CEREMONY --home DIR --reason TEXT',
  summary: 'reject a proposal; your reason is signed and recorded',
  options: { ...HOME_OPTION, reason: { type: 'string' } },
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [ceremony = ''] = call.positionals;
    const answer = await askNode(call, 'reject', { ceremony, reason: call.required('reason') });
    call.terminal.result(answer, 'Rejection signed.');
    return 0;
  },
};

export const withdraw: Command = {
  usage: 'CEREMONY --home DIR --reason TEXT',
  summary: 'take a proposal off the table, before its last round has left',
  options: { ...HOME_OPTION, reason: { type: 'string' } },
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [ceremony = ''] = call.positionals;
    const answer = await askNode(call, 'withdraw', { ceremony, reason: call.required('reason') });
    call.terminal.result(answer, 'Withdrawal signed.');
    return 0;
  },
};

function screenOf(screen: Parameters<typeof listOf>[0]): string {
  return listOf(screen)
    .map((line) => (typeof line === 'string' ? line : ''))
    .join('\n');
}
