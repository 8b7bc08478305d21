import { field, listOf, memberOf } from '../../proto/control/answer.ts';
import type { Command } from '../../proto/control/command.ts';
import { HOME_OPTION } from '../../proto/control/home-option.ts';
import { formatTable } from '../../proto/control/terminal.ts';
import { askService } from './common.ts';

export const wallets: Command = {
  usage: '--home DIR',
  summary: 'every wallet with its root address, and the derived addresses that parties have shown',
  options: HOME_OPTION,
  positionals: { min: 0, max: 0 },
  async run(call) {
    const answer = await askService(call, 'wallets');
    const rows = listOf(memberOf(answer, 'wallets')).flatMap((wallet) => [
      [field(wallet, 'name'), 'm', field(wallet, 'address'), field(wallet, 'signed')],
      ...listOf(memberOf(wallet, 'derived')).map((derived) => [
        field(wallet, 'name'),
        field(derived, 'path'),
        `${field(derived, 'address')}${memberOf(derived, 'disputed') === true ? '  DISPUTED' : ''}`,
        field(derived, 'signed'),
      ]),
    ]);
    const table = formatTable([['WALLET', 'PATH', 'ADDRESS', 'SIGNED'], ...rows]);
    call.terminal.result(answer, rows.length === 0 ? 'No party has shown a wallet yet.' : table);
    return 0;
  },
};
