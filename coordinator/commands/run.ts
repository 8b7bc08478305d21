import type { Command } from '../../proto/control/command.ts';
import { HOME_OPTION, homeOf, PASSPHRASE_OPTION } from '../../proto/control/home-option.ts';
import { nodeLog } from '../../proto/control/node-log.ts';
import { serveControl } from '../../proto/control/serve.ts';
import { readPassphrase } from '../../proto/rest/passphrase.ts';
import { systemClock, systemRandom } from '../effects.ts';

export const run: Command = {
  usage: '--home DIR [--passphrase-file FILE]',
  summary: "run this operator's coordinator until it is stopped",
  options: { ...HOME_OPTION, ...PASSPHRASE_OPTION },
  positionals: { min: 0, max: 0 },
  async run(call) {
    // The default action of SIGUSR1 opens a debugger port.
    process.on('SIGUSR1', () => undefined);
    // Loaded here and not above: the network takes half a second to load, and the other commands need none of it.
    const [{ openHome }, { CoordinatorService }, { answerControl }] = await Promise.all([
      import('../home.ts'),
      import('../service.ts'),
      import('../control.ts'),
    ]);
    const passphrase = await readPassphrase({ file: call.text('passphrase-file'), creating: false });
    const home = await openHome(homeOf(call), passphrase, systemRandom);
    passphrase.fill(0);
    const note = nodeLog((line) => call.terminal.warn(line), Date.now);
    const service = new CoordinatorService({ home, clock: systemClock, random: systemRandom, note });
    await service.start();
    const control = await serveControl(home.layout.control, (request) => answerControl(service, request), {
      onUnexpected: (error) =>
        note('CONTROL_UNEXPECTED', error instanceof Error ? (error.stack ?? error.message) : 'unknown'),
    });
    call.terminal.result({ ok: true, name: home.self.name }, `Coordinator ${home.self.name} is running.`);
    await new Promise<void>((resolve) => {
      process.once('SIGINT', () => resolve());
      process.once('SIGTERM', () => resolve());
    });
    await control.close();
    await service.stop();
    return 0;
  },
};
