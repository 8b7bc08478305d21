import type { Command } from '../../../proto/control/command.ts';
import { HOME_OPTION, homeOf, PASSPHRASE_OPTION } from '../../../proto/control/home-option.ts';
import { nodeLog } from '../../../proto/control/node-log.ts';
import { serveControl } from '../../../proto/control/serve.ts';
import { readPassphrase } from '../../../proto/rest/passphrase.ts';
import { systemClock } from '../../clock.ts';
import { stopSignal } from '../../commands/run.ts';
import { systemRandom } from '../../randomness.ts';
import { answerDesk } from '../control.ts';
import { ApproverDesk } from '../desk.ts';
import { openApproverHome } from '../home.ts';

export const run: Command = {
  usage: '--home DIR [--passphrase-file FILE]',
  summary: 'stay connected to every participant until it is stopped; decide with the other commands',
  options: { ...HOME_OPTION, ...PASSPHRASE_OPTION },
  positionals: { min: 0, max: 0 },
  async run(call) {
    // The default action of SIGUSR1 opens a debugger port.
    process.on('SIGUSR1', () => undefined);
    const { ApproverNode } = await import('../node.ts');
    const passphrase = await readPassphrase({ file: call.text('passphrase-file'), creating: false });
    const home = await openApproverHome(homeOf(call), passphrase, systemRandom);
    passphrase.fill(0);
    const note = nodeLog((line) => call.terminal.warn(line), Date.now);
    try {
      const desk = new ApproverDesk({ home, clock: systemClock, random: systemRandom, note });
      const node = await ApproverNode.start(desk, note);
      const control = await serveControl(
        home.layout.control,
        async (request) => answerDesk(desk, request, node.connected()),
        {
          onUnexpected: (error) =>
            note('CONTROL_UNEXPECTED', error instanceof Error ? (error.stack ?? error.message) : 'unknown'),
        },
      );
      const { name, person } = home.profile;
      call.terminal.result(
        { ok: true, name },
        `Approver ${name} (${person}) dials ${home.roster.parties.length} parties`,
      );
      try {
        await stopSignal();
      } finally {
        await control.close();
        await node.stop();
      }
      return 0;
    } finally {
      await home.close();
    }
  },
};
