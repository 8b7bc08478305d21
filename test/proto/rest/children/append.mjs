/** append.mjs PATH STEP HALF: opens an append log and appends records 1, 2, 3 (n bytes 100 times). */
import { AppendLog } from '../../../../dist/proto/rest/append-log.js';
import { acknowledge, killingDisk, random } from './killing-disk.mjs';

const [path, step, half] = process.argv.slice(2);
const disk = killingDisk(Number(step), half === 'half');
const log = await AppendLog.open({ path, id: random.bytes(16), replay: () => undefined, disk });
for (const value of [1, 2, 3]) {
  await log.append(new Uint8Array(100 * value).fill(value));
  acknowledge(String(value));
}
await log.close();
