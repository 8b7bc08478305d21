/** `keymoot coordinator …` */
import { dispatch } from '../../proto/control/command.ts';
import { adopt } from './adopt.ts';
import { broadcast } from './broadcast.ts';
import { cancel } from './cancel.ts';
import { importKey, refresh, reshare } from './change.ts';
import { exportKey } from './export.ts';
import { freeze } from './freeze.ts';
import { migrate } from './migrate.ts';
import { keygen, sign } from './propose.ts';
import { run } from './run.ts';
import { init, join } from './setup.ts';
import { status } from './status.ts';
import { wallets } from './wallets.ts';

export function coordinator(args: readonly string[]): Promise<number> {
  const commands = {
    ...{ init, join, adopt, run },
    ...{ keygen, sign, refresh, reshare, import: importKey, export: exportKey, migrate },
    ...{ cancel, freeze, status, wallets, broadcast },
  };
  return dispatch('coordinator', commands, args);
}
