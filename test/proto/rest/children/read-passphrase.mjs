/** read-passphrase.mjs FILE: prints how many bytes the passphrase has, or the code of the refusal. */
import { readPassphrase } from '../../../../dist/proto/rest/passphrase.js';

const [file] = process.argv.slice(2);
try {
  const passphrase = await readPassphrase({ file: file === 'none' ? undefined : file, creating: true });
  process.stdout.write(`${passphrase.length}\n`);
} catch (error) {
  process.stdout.write(`${error.code}\n`);
}
