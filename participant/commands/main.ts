/** `keymoot participant …` */
import { dispatch } from '../../proto/control/command.ts';
import { adopt } from './adopt.ts';
import { approvals, request } from './approvals.ts';
import { backup, restore } from './backup.ts';
import { bans, liftBan, resetPair } from './bans.ts';
import { checker } from './checker.ts';
import { freeze, thaw } from './freeze.ts';
import { importKeyCommand } from './import-key.ts';
import { approve, inbox, reject, show, withdraw } from './inbox.ts';
import { init } from './init.ts';
import { join } from './join.ts';
import { nonces } from './nonces.ts';
import { policy } from './policy.ts';
import { run } from './run.ts';
import { status } from './status.ts';
import { wallets } from './wallets.ts';

export function participant(args: readonly string[]): Promise<number> {
  return dispatch(
    'participant',
    {
      ...{ init, join, adopt, run, status, inbox, show, approve, reject, withdraw, policy, freeze, thaw, wallets },
      ...{
        bans,
        'lift-ban': liftBan,
        'reset-pair': resetPair,
        ...{ request, approvals },
        checker,
        nonces,
        backup,
        restore,
        'import-key': importKeyCommand,
      },
    },
    args,
  );
}
