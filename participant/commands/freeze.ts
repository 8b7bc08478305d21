import { field, listOf, memberOf } from '../../proto/control/answer.ts';
import type { Command } from '../../proto/control/command.ts';
import { HOME_OPTION } from '../../proto/control/home-option.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import { askNode } from './common.ts';
import { freezeLine } from './policy-lines.ts';

export const freeze: Command = {
  usage: '[WALLET] [--reason TEXT] --home DIR [--yes]',
  summary: 'stop a wallet, or all of them, at every node; a quorum lets go again',
  options: { ...HOME_OPTION, yes: { type: 'boolean' }, reason: { type: 'string' } },
  positionals: { min: 0, max: 1 },
  async run(call) {
    const [wallet] = call.positionals;
    const what = wallet === undefined ? 'all wallets' : `the wallet ${wallet}`;
    const question = { text: `Freeze ${what}? Only a quorum lets go again.`, yes: call.flag('yes') };
    if (!(await call.terminal.confirm(question))) throw new Refusal('NOT_CONFIRMED', 'nothing was changed');
    const params = { reason: call.text('reason') ?? '', ...(wallet === undefined ? {} : { wallet }) };
    const answer = await askNode(call, 'freeze', params);
    call.terminal.result(answer, `Frozen: ${what}, by statement ${field(answer, 'freeze')}`);
    return 0;
  },
};

export const thaw: Command = {
  usage: '[WALLET] --home DIR [--yes]',
  summary: 'sign that a wallet, or all of them, may be used again, where the policy names no admins',
  options: { ...HOME_OPTION, yes: { type: 'boolean' } },
  positionals: { min: 0, max: 1 },
  async run(call) {
    const [wallet] = call.positionals;
    const what = wallet === undefined ? 'everything that is frozen' : `the wallet ${wallet}`;
    const question = { text: `Sign that ${what} may be used again?`, yes: call.flag('yes') };
    if (!(await call.terminal.confirm(question))) throw new Refusal('NOT_CONFIRMED', 'nothing was changed');
    const answer = await askNode(call, 'thaw', wallet === undefined ? {} : { wallet });
    const left = listOf(memberOf(answer, 'stillFrozen'));
    const lines = left.map((row) => `${freezeLine(row)}; have ${listOf(memberOf(row, 'thawedBy')).length}`);
    call.terminal.result(
      answer,
      ['Signed.', ...(left.length === 0 ? ['Nothing is frozen any more.'] : lines)].join('\n'),
    );
    return 0;
  },
};
