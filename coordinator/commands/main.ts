/** `keymoot coordinator …` */
import { dispatch } from '../../proto/control/command.ts';
import { broadcast } from './broadcast.ts';
import { cancel } from './cancel.ts';
import { migrate } from './migrate.ts';
import { keygen, sign } from './propose.ts';
import { run } from './run.ts';
import { init, join } from './setup.ts';
import { status } from './status.ts';
import { wallets } from './wallets.ts';

export function coordinator(args: readonly string[]): Promise<number> {
  return dispatch('coordinator', { init, join, run, keygen, sign, cancel, status, wallets, broadcast, migrate }, args);
}
