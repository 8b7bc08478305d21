/** hold-lock.mjs HOME [once]: takes the home, prints its fencing epoch (or the code of the refusal), then waits. */
import { HomeLock } from '../../../../dist/proto/rest/lock.js';

const [home, mode] = process.argv.slice(2);
try {
  const lock = await HomeLock.acquire(home);
  process.stdout.write(`${lock.epoch}\n`);
  // Reading on keeps the process, and with it the lock, until the parent closes the pipe or kills us.
  process.stdin.resume();
  process.stdin.on('end', () => (mode === 'once' ? lock.release() : undefined));
} catch (error) {
  process.stdout.write(`${error.code} ${error.message}\n`);
}
