import type { Command } from '../../proto/control/command.ts';
import { HOME_OPTION, homeOf, PASSPHRASE_OPTION } from '../../proto/control/home-option.ts';
import { nodeLog } from '../../proto/control/node-log.ts';
import { readPassphrase } from '../../proto/rest/passphrase.ts';
import { systemClock } from '../clock.ts';
import { homeLayout } from '../keystore/settings.ts';
import { systemRandom } from '../randomness.ts';

export const run: Command = {
  usage: '--home DIR [--passphrase-file FILE] [--listen MULTIADDR] [--simulate RPC]',
  summary: "run this party's node until it is stopped",
  options: {
    ...HOME_OPTION,
    ...PASSPHRASE_OPTION,
    listen: { type: 'string', multiple: true },
    simulate: { type: 'string', multiple: true },
  },
  positionals: { min: 0, max: 0 },
  async run(call) {
    // The default action of SIGUSR1 opens a debugger port; a node must never do that.
    process.on('SIGUSR1', () => undefined);
    // Loaded here and not above: the network takes half a second to load, and the other commands need none of it.
    const [{ openHome }, { serveNode }, { configuredLooks }] = await Promise.all([
      import('../home.ts'),
      import('../serve.ts'),
      import('../observe/configured.ts'),
    ]);
    const looks = await configuredLooks(homeLayout(homeOf(call)), call.list('simulate'));
    const passphrase = await readPassphrase({ file: call.text('passphrase-file'), creating: false });
    const home = await openHome(homeOf(call), { passphrase, random: systemRandom });
    passphrase.fill(0);
    const note = nodeLog((line) => call.terminal.warn(line), Date.now);
    const listen = call.list('listen');
    const served = await serveNode({
      home,
      clock: systemClock,
      random: systemRandom,
      note,
      ...(listen.length > 0 ? { listen } : {}),
      looks,
    });
    const addresses = (await served.node()).addresses();
    const { own, self } = home;
    const who =
      self === 0 ? `Guest ${own.name} (party ${own.index} of the next roster)` : `Party ${self} (${own.name})`;
    const ready = { ok: true, party: self, name: own.name, addresses };
    call.terminal.result(ready, `${who} listens on ${addresses.join(', ')}`);
    try {
      await Promise.race([stopSignal(), served.failed]);
    } finally {
      await served.stop();
    }
    return 0;
  },
};

/** Resolves when the process is asked to end. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}
