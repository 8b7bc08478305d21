/** `keymoot approver …` */
import { dispatch } from '../../../proto/control/command.ts';
import { approve, cancel, inbox, reject, show } from './decide.ts';
import { adoptPolicy, freeze, signPolicy, status, thaw, veto } from './governance.ts';
import { init } from './init.ts';
import { join } from './join.ts';
import { run } from './run.ts';

export function approver(args: readonly string[]): Promise<number> {
  return dispatch(
    'approver',
    {
      ...{ init, join, run, status, inbox, show, approve, reject, cancel },
      ...{ 'sign-policy': signPolicy, 'adopt-policy': adoptPolicy, veto, freeze, thaw },
    },
    args,
  );
}
