/**
 * crashing-participant HOME PASSPHRASE-FILE: the same node as `keymoot participant run`, over a disk that kills the
 * process at the write that a line on standard input names, `{"write":7,"phase":"half"}`, or after a durable step,
 * `{"step":7}`, `{"after":"journal acked"}`. `{}` asks for the counts.
 */
import { createInterface } from 'node:readline';
import { systemClock } from '../../../participant/clock.ts';
import { openHome } from '../../../participant/home.ts';
import { configuredLooks } from '../../../participant/observe/configured.ts';
import { systemRandom } from '../../../participant/randomness.ts';
import { serveNode } from '../../../participant/serve.ts';
import { readPassphrase } from '../../../proto/rest/passphrase.ts';
import { KillingDisk, type KillOrder, type StepOrder } from './killing-disk.ts';

const [path = '', passphraseFile = ''] = process.argv.slice(2);
const say = (line: object): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

const disk = new KillingDisk();
createInterface({ input: process.stdin }).on('line', (line) => {
  const order = JSON.parse(line) as KillOrder | StepOrder | Record<string, never>;
  if ('phase' in order || 'step' in order || 'after' in order) disk.arm(order as KillOrder | StepOrder);
  say({ writes: disk.writes, steps: disk.steps });
});

const passphrase = await readPassphrase({ file: passphraseFile, creating: false });
const home = await openHome(path, { passphrase, random: systemRandom, disk });
const note = (code: string, detail: string): void => {
  process.stderr.write(`${new Date().toISOString()} ${code} ${detail}\n`);
};
const looks = await configuredLooks(home.layout);
const served = await serveNode({ home, clock: systemClock, random: systemRandom, note, looks });
say({ ready: true, party: home.self });

async function stop(): Promise<void> {
  await served.stop();
  process.exit(0);
}
process.once('SIGTERM', () => void stop());
