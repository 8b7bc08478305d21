import type { Command } from '../../proto/control/command.ts';
import { HOME_OPTION } from '../../proto/control/home-option.ts';
import { askService } from './common.ts';

export const cancel: Command = {
  usage: 'CEREMONY --home DIR --reason TEXT',
  summary: 'take one of your proposals back; the withdrawal is signed and recorded',
  options: { ...HOME_OPTION, reason: { type: 'string' } },
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [ceremony = ''] = call.positionals;
    const answer = await askService(call, 'cancel', { ceremony, reason: call.required('reason') });
    call.terminal.result(answer, 'Withdrawal signed.');
    return 0;
  },
};
