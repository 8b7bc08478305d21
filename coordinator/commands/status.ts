import { field, listOf, memberOf } from '../../proto/control/answer.ts';
import type { Command } from '../../proto/control/command.ts';
import { HOME_OPTION } from '../../proto/control/home-option.ts';
import { formatTable } from '../../proto/control/terminal.ts';
import { askService } from './common.ts';
import { resultLines } from './propose.ts';

export const status: Command = {
  usage: '[CEREMONY] --home DIR',
  summary: 'who is connected, which wallets exist, how each ceremony stands',
  options: HOME_OPTION,
  positionals: { min: 0, max: 1 },
  async run(call) {
    const [ceremony] = call.positionals;
    if (ceremony !== undefined) {
      const answer = await askService(call, 'ceremony', { ceremony });
      call.terminal.result(answer, resultLines(answer).join('\n'));
      return 0;
    }
    const answer = await askService(call, 'status');
    const wallets = listOf(memberOf(answer, 'wallets')).map(
      (wallet) => `wallet     ${field(wallet, 'name')}  ${field(wallet, 'address')}`,
    );
    const rows = listOf(memberOf(answer, 'ceremonies')).map((row) => [
      ...['ceremony', 'kind', 'wallet', 'attempt', 'phase'].map((name) => field(row, name)),
      listOf(memberOf(row, 'parties'))
        .map((party) => `${field(party, 'name')}: ${field(party, 'state')}`)
        .join(' | '),
    ]);
    const table = formatTable([['CEREMONY', 'KIND', 'WALLET', 'ATTEMPT', 'PHASE', 'PARTIES'], ...rows]);
    const members = listOf(memberOf(answer, 'connected')).filter((member) => typeof member === 'string');
    const connected = members.join(', ') || 'nobody';
    call.terminal.result(
      answer,
      [`connected  ${connected}`, ...wallets, '', rows.length === 0 ? 'No ceremonies yet.' : table].join('\n'),
    );
    return 0;
  },
};
