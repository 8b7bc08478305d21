/** replace.mjs PATH STEP HALF: replaces a file by 100000 times "b". */
import { writeFileAtomic } from '../../../../dist/proto/rest/atomic-file.js';
import { acknowledge, killingDisk } from './killing-disk.mjs';

const [path, step, half] = process.argv.slice(2);
await writeFileAtomic(path, new Uint8Array(100_000).fill(0x62), killingDisk(Number(step), half === 'half'));
acknowledge('replaced');
