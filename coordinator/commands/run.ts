import type { Command } from '../../proto/control/command.ts';
import { HOME_OPTION, homeOf, PASSPHRASE_OPTION } from '../../proto/control/home-option.ts';
import { nodeLog } from '../../proto/control/node-log.ts';
import { serveControl } from '../../proto/control/serve.ts';
import { readPassphrase } from '../../proto/rest/passphrase.ts';
import { systemClock, systemRandom } from '../effects.ts';
import type { Home } from '../home.ts';
import type { CoordinatorService as Service } from '../service.ts';

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
    const opened = await openHome(homeOf(call), passphrase, systemRandom);
    passphrase.fill(0);
    const note = nodeLog((line) => call.terminal.warn(line), Date.now);
    const start = async (home: Home): Promise<Service> => {
      const service = new CoordinatorService({ home, clock: systemClock, random: systemRandom, note });
      await service.start();
      return service;
    };
    // Commands that come while one roster replaces another wait for the new one.
    let service = start(opened);
    await service;
    const control = await serveControl(
      opened.layout.control,
      async (request) => answerControl(await service, request),
      {
        onUnexpected: (error) =>
          note('CONTROL_UNEXPECTED', error instanceof Error ? (error.stack ?? error.message) : 'unknown'),
      },
    );
    const { name } = opened.self;
    call.terminal.result({ ok: true, name }, `Coordinator ${name} is running.`);
    const stopped = new Promise<'stopped'>((resolve) => {
      process.once('SIGINT', () => resolve('stopped'));
      process.once('SIGTERM', () => resolve('stopped'));
    });
    for (;;) {
      const running = await service;
      if ((await Promise.race([stopped, running.succeeded])) === 'stopped') break;
      service = running.succeedTo().then((home) => {
        note('ROSTER_IN_FORCE', `${home.roster.name} version ${home.roster.version}`);
        return start(home);
      });
    }
    await control.close();
    await (await service).stop();
    return 0;
  },
};
