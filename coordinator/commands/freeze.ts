import { field, listOf, memberOf } from '../../proto/control/answer.ts';
import type { Command } from '../../proto/control/command.ts';
import { HOME_OPTION } from '../../proto/control/home-option.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import { askService } from './common.ts';

export const freeze: Command = {
  usage: '[WALLET] [--reason TEXT] --home DIR [--yes]',
  summary: 'stop a wallet, or all of them, at every party; a quorum lets go again, an operator cannot',
  options: { ...HOME_OPTION, yes: { type: 'boolean' }, reason: { type: 'string' } },
  positionals: { min: 0, max: 1 },
  async run(call) {
    const [wallet] = call.positionals;
    const what = wallet === undefined ? 'all wallets' : `the wallet ${wallet}`;
    const question = { text: `Freeze ${what}? Only a quorum lets go again.`, yes: call.flag('yes') };
    if (!(await call.terminal.confirm(question))) throw new Refusal('NOT_CONFIRMED', 'nothing was changed');
    const params = { reason: call.text('reason') ?? '', ...(wallet === undefined ? {} : { wallet }) };
    const answer = await askService(call, 'freeze', params);
    const told = listOf(memberOf(answer, 'told')).map(String).join(', ');
    call.terminal.result(answer, `Frozen: ${what}, by statement ${field(answer, 'freeze')}; sent to ${told}`);
    return 0;
  },
};
