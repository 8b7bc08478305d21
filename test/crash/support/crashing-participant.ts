/**
 * crashing-participant HOME PASSPHRASE-FILE: the same node as `keymoot participant run`, over a disk that kills the
 * process at the write that a line on standard input names, `{"write":7,"phase":"half"}`. `{}` asks for the count.
 */
import { createInterface } from 'node:readline';
import { systemClock } from '../../../participant/clock.ts';
import { openHome } from '../../../participant/home.ts';
import { systemRandom } from '../../../participant/randomness.ts';
import { serveNode } from '../../../participant/serve.ts';
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
const served = await serveNode({ home, clock: systemClock, random: systemRandom, note });
say({ ready: true, party: home.self });

async function stop(): Promise<void> {
  await served.stop();
  process.exit(0);
}
process.once('SIGTERM', () => void stop());
