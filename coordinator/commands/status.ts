import { field, listOf, memberOf } from '../../proto/control/answer.ts';
import type { Command } from '../../proto/control/command.ts';
import { HOME_OPTION } from '../../proto/control/home-option.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { formatTable } from '../../proto/control/terminal.ts';
import { askService } from './common.ts';
import { resultLines } from './follow.ts';

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
      (wallet) =>
        `wallet     ${field(wallet, 'name')}  ${field(wallet, 'address')}  epoch ${field(wallet, 'gen')} (${field(wallet, 'epoch').slice(0, 16)}), held by roster version ${field(wallet, 'roster') || 'unknown'}`,
    );
    const rosters = [
      rosterLine('roster', memberOf(answer, 'roster')),
      ...(field(answer, 'successor') === '' ? [] : [rosterLine('successor', memberOf(answer, 'successor'))]),
    ];
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
      [...rosters, `connected  ${connected}`, ...wallets, '', rows.length === 0 ? 'No ceremonies yet.' : table].join(
        '\n',
      ),
    );
    return 0;
  },
};

function rosterLine(title: string, roster: JsonValue | undefined): string {
  const names = listOf(memberOf(roster, 'names')).map(String).join(', ');
  const rule = `any ${field(roster, 'threshold')} of ${field(roster, 'parties')} sign`;
  return `${title.padEnd(11)}${field(roster, 'name')} version ${field(roster, 'version')}, ${rule}: ${names}`;
}
