/** The key holder's external checker: a program that reads each payload, too, before this party answers. */
import type { Command } from '../../proto/control/command.ts';
import { HOME_OPTION, homeOf } from '../../proto/control/home-option.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { tryChecker } from '../checker/look.ts';
import { type CheckerSettings, clearChecker, DEFAULT_SECONDS, readChecker, writeChecker } from '../checker/settings.ts';
import { homeLayout } from '../keystore/settings.ts';

const WHEN = 'It counts from the next start of the node on.';

export const checker: Command = {
  usage: 'show | clear | set --home DIR [--seconds N] -- COMMAND [ARGUMENT...]',
  summary: 'name a program that must agree with this node on every payload (docs/checker.md)',
  options: { ...HOME_OPTION, seconds: { type: 'string' } },
  positionals: { min: 1, max: 65 },
  async run(call) {
    const [action, ...command] = call.positionals;
    const { checker: file } = homeLayout(homeOf(call));
    if (action === 'set' && command.length > 0) {
      const settings = { command, seconds: secondsOf(call.text('seconds')) };
      const fault = await tryChecker(settings);
      if (fault !== undefined)
        throw new Refusal('CHECKER_UNFIT', `nothing was changed; on a sample transaction: ${fault}`);
      await writeChecker(file, settings);
      call.terminal.result({ ok: true, ...settings }, `${words(settings)}\n${WHEN}`);
      return 0;
    }
    if (command.length > 0 || (action !== 'show' && action !== 'clear')) {
      throw new InvalidArgument('CHECKER_ACTION', 'ACTION', 'use "show", "clear", or "set --home DIR -- COMMAND"');
    }
    if (action === 'clear') {
      await clearChecker(file);
      call.terminal.result({ ok: true }, `No checker is set. ${WHEN}`);
      return 0;
    }
    const settings = await readChecker(file);
    if (settings === undefined) {
      call.terminal.result({ ok: true, command: null }, 'No checker is set.');
      return 0;
    }
    const fault = await tryChecker(settings);
    const state = fault === undefined ? 'It agrees on a sample transaction.' : `On a sample transaction: ${fault}`;
    call.terminal.result({ ok: true, ...settings, fault: fault ?? null }, `${words(settings)}\n${state}`);
    return 0;
  },
};

function words({ command, seconds }: CheckerSettings): string {
  return `Checker: ${JSON.stringify(command)}, within ${seconds} seconds`;
}

function secondsOf(given: string | undefined): number {
  if (given === undefined) return DEFAULT_SECONDS;
  const seconds = Number(given);
  if (/^[1-9][0-9]?$/.test(given) && seconds <= 15) return seconds;
  throw new InvalidArgument('CHECKER_SETTINGS', '--seconds', 'must be a whole number from 1 to 15');
}
