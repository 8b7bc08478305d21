/**
 * crashing-participant HOME PASSPHRASE-FILE: the same node as `keymoot participant run`, over a disk that kills the
 * process at the write that a line on standard input names, `{"write":7,"phase":"half"}`. `{}` asks for the count.
 */
import { createInterface } from 'node:readline';
import { systemClock } from '../../../participant/clock.ts';
import { answerControl } from '../../../participant/control.ts';
import { openHome } from '../../../participant/home.ts';
import { ParticipantNode } from '../../../participant/node.ts';
import { systemRandom } from '../../../participant/randomness.ts';
import { serveControl } from '../../../proto/control/serve.ts';
import { readPassphrase } from '../../../proto/rest/passphrase.ts';
import { KillingDisk, type KillOrder } from './killing-disk.ts';

const [path = '', passphraseFile = ''] = process.argv.slice(2);
const say = (line: object): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

const disk = new KillingDisk();
createInterface({ input: process.stdin }).on('line', (line) => {
  const order = JSON.parse(line) as Partial<KillOrder>;
  if (order.phase !== undefined) disk.arm({ ...order, phase: order.phase });
  say({ writes: disk.writes });
});

const passphrase = await readPassphrase({ file: passphraseFile, creating: false });
const home = await openHome(path, { passphrase, random: systemRandom, disk });
const note = (code: string, detail: string): void => {
  process.stderr.write(`${new Date().toISOString()} ${code} ${detail}\n`);
};
const node = new ParticipantNode({ home, clock: systemClock, random: systemRandom, note });
await node.start();
const control = await serveControl(home.layout.control, (call) => answerControl(node, call));
say({ ready: true, party: home.self.index });

async function stop(): Promise<void> {
  await control.close();
  await node.stop();
  process.exit(0);
}
process.once('SIGTERM', () => void stop());
