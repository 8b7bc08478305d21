/** `keymoot participant bans`, `lift-ban`, `reset-pair`: who cannot sign with whom, and how key holders end that. */
import { field, listOf } from '../../proto/control/answer.ts';
import type { Command, CommandCall } from '../../proto/control/command.ts';
import { HOME_OPTION } from '../../proto/control/home-option.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { formatTable } from '../../proto/control/terminal.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { askNode } from './common.ts';

export const bans: Command = {
  usage: '--home DIR',
  summary: 'list the parties that this one cannot sign with, and what was done about it',
  options: HOME_OPTION,
  positionals: { min: 0, max: 0 },
  async run(call) {
    const answer = await askNode(call, 'bans');
    const rows = listOf(answer).map((row) => [
      field(row, 'wallet'),
      field(row, 'party'),
      field(row, 'banned') === 'true' ? `banned at check ${field(row, 'check')}` : 'has banned this party',
      liftWords(row),
    ]);
    const table = formatTable([['WALLET', 'PARTY', 'STATE', 'LIFT'], ...rows]);
    call.terminal.result(answer, rows.length === 0 ? 'No bans.' : table);
    return 0;
  },
};

/** What names a pair of this party, and answers the question about it. */
const PAIR_OPTIONS = {
  ...HOME_OPTION,
  wallet: { type: 'string' },
  peer: { type: 'string' },
  yes: { type: 'boolean' },
} as const;

export const liftBan: Command = {
  usage: '--wallet NAME --peer INDEX --home DIR [--yes]',
  summary: 'lift the ban between this party and another; it ends when both key holders have done so',
  options: PAIR_OPTIONS,
  positionals: { min: 0, max: 0 },
  async run(call) {
    const params = { wallet: call.required('wallet'), peer: peerOf(call) };
    call.terminal.print(
      [
        `A ban says that party ${params.peer} or its machine broke the protocol in a way that may cost this party its share.`,
        'Lift it only if you know what happened there. It can be lifted once; after another one only a reshare helps.',
      ].join('\n'),
    );
    const question = { text: `Lift the ban with party ${params.peer}?`, yes: call.flag('yes') };
    if (!(await call.terminal.confirm(question))) throw new Refusal('NOT_CONFIRMED', 'the ban stays');
    const answer = await askNode(call, 'lift-ban', params);
    const words =
      field(answer, 'state') === 'lifted'
        ? 'The ban is lifted.'
        : `Signed. The ban ends when the key holder of party ${params.peer} lifts it, too.`;
    call.terminal.result(answer, words);
    return 0;
  },
};

export const resetPair: Command = {
  usage: '--wallet NAME --peer INDEX --home DIR [--yes]',
  summary: 'count the failed pair setups with another party anew, after 16 have stopped them',
  options: PAIR_OPTIONS,
  positionals: { min: 0, max: 0 },
  async run(call) {
    const params = { wallet: call.required('wallet'), peer: peerOf(call) };
    call.terminal.print(
      [
        `Each failed setup may be a fault, or a guess of party ${params.peer} at one bit of a secret that then is thrown away.`,
        'Sixteen in a row are no accident: look at both machines before you let them go on.',
      ].join('\n'),
    );
    const question = { text: `Count the failures with party ${params.peer} anew?`, yes: call.flag('yes') };
    if (!(await call.terminal.confirm(question))) throw new Refusal('NOT_CONFIRMED', 'the pair stays refused');
    const answer = await askNode(call, 'reset-pair', params);
    call.terminal.result(answer, 'The failures are counted anew.');
    return 0;
  },
};

function peerOf(call: CommandCall): string {
  const peer = call.required('peer');
  if (/^[1-9][0-9]{0,1}$/.test(peer)) return peer;
  throw new InvalidArgument('OPTION_INVALID', '--peer', 'must be the index of a party, a whole number from 1 on');
}

function liftWords(row: JsonValue): string {
  if (field(row, 'permanent') === 'true') return 'lifted once already: only a reshare helps';
  const lift = field(row, 'lift');
  if (lift === 'own') return 'lifted here, waits for the other key holder';
  return lift === 'peer' ? 'lifted there, waits for you' : '';
}
