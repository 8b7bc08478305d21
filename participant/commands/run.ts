import type { Command } from '../../proto/control/command.ts';
import { HOME_OPTION, homeOf, PASSPHRASE_OPTION } from '../../proto/control/home-option.ts';
import { nodeLog } from '../../proto/control/node-log.ts';
import { serveControl } from '../../proto/control/serve.ts';
import { readPassphrase } from '../../proto/rest/passphrase.ts';
import { systemClock } from '../clock.ts';
import { systemRandom } from '../randomness.ts';

export const run: Command = {
  usage: '--home DIR [--passphrase-file FILE] [--listen MULTIADDR]',
  summary: "run this party's node until it is stopped",
  options: { ...HOME_OPTION, ...PASSPHRASE_OPTION, listen: { type: 'string', multiple: true } },
  positionals: { min: 0, max: 0 },
  async run(call) {
    // The default action of SIGUSR1 opens a debugger port; a node must never do that.
    process.on('SIGUSR1', () => undefined);
    // Loaded here and not above: the network takes half a second to load, and the other commands need none of it.
    const [{ openHome }, { ParticipantNode }, { answerControl }] = await Promise.all([
      import('../home.ts'),
      import('../node.ts'),
      import('../control.ts'),
    ]);
    const passphrase = await readPassphrase({ file: call.text('passphrase-file'), creating: false });
    const home = await openHome(homeOf(call), { passphrase, random: systemRandom });
    passphrase.fill(0);
    const note = nodeLog((line) => call.terminal.warn(line), Date.now);
    const listen = call.list('listen');
    const node = new ParticipantNode({
      home,
      clock: systemClock,
      random: systemRandom,
      note,
      ...(listen.length > 0 ? { listen } : {}),
    });
    await node.start();
    const control = await serveControl(home.layout.control, (request) => answerControl(node, request), {
      onUnexpected: (error) =>
        note('CONTROL_UNEXPECTED', error instanceof Error ? (error.stack ?? error.message) : 'unknown'),
    });
    const ready = { ok: true, party: home.self.index, name: home.self.name, addresses: node.addresses() };
    call.terminal.result(
      ready,
      `Party ${home.self.index} (${home.self.name}) listens on ${node.addresses().join(', ')}`,
    );
    await stopSignal();
    await control.close();
    await node.stop();
    return 0;
  },
};

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}
