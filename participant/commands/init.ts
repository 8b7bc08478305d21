import { join } from 'node:path';
import type { Command } from '../../proto/control/command.ts';
import { HOME_OPTION, homeOf, PASSPHRASE_OPTION } from '../../proto/control/home-option.ts';
import { writeFileAtomic } from '../../proto/rest/atomic-file.ts';
import { createHome } from '../../proto/rest/directory.ts';
import { HomeLock } from '../../proto/rest/lock.ts';
import { readPassphrase } from '../../proto/rest/passphrase.ts';
import { Vault } from '../../proto/rest/vault.ts';
import { cardText } from '../../protocol/ceremony/card.ts';
import { MEMBER_NAME, PERSON } from '../../protocol/ceremony/roster.ts';
import { utf8 } from '../../protocol/common/bytes.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { type Reader, read } from '../../protocol/common/schema.ts';
import { createIdentity, wipeIdentity } from '../keystore/identity.ts';
import { systemRandom } from '../randomness.ts';

/** log2 of the scrypt cost with `--weak-kdf`: enough to test with, far too little for keys that matter. */
const WEAK_LOG_N = 14;

export const init: Command = {
  usage: '--home DIR --name NAME --person "FULL NAME" --listen MULTIADDR [--passphrase-file FILE]',
  summary: "make this machine's identity; prints the card to hand to whoever composes the roster",
  options: {
    ...HOME_OPTION,
    ...PASSPHRASE_OPTION,
    name: { type: 'string' },
    person: { type: 'string' },
    listen: { type: 'string', multiple: true },
    'weak-kdf': { type: 'boolean' },
  },
  positionals: { min: 0, max: 0 },
  async run(call) {
    const name = checked(MEMBER_NAME, '--name', call.required('name'));
    const person = checked(PERSON, '--person', call.required('person'));
    const passphrase = await readPassphrase({ file: call.text('passphrase-file'), creating: true });
    const home = await createHome(homeOf(call));
    const lock = await HomeLock.acquire(home);
    try {
      const weak = call.flag('weak-kdf') ? { weakLogN: WEAK_LOG_N } : {};
      const vault = await Vault.create(home, passphrase, systemRandom, weak);
      const identity = await createIdentity(lock, vault, systemRandom);
      const { statementKey, transportKey } = identity;
      const card = cardText({
        role: 'participant',
        name,
        person,
        statementKey,
        transportKey,
        addresses: call.list('listen'),
      });
      const path = join(home, 'card.json');
      await writeFileAtomic(path, utf8(card));
      wipeIdentity(identity);
      vault.wipe();
      call.terminal.result(
        { ok: true, home, card: path },
        `Made ${home}\nHand ${path} to whoever composes the roster.`,
      );
      return 0;
    } finally {
      passphrase.fill(0);
      await lock.release();
    }
  },
};

function checked(reader: Reader<string>, option: string, value: string): string {
  const result = read(reader, value);
  if (result.ok) return result.value;
  throw new InvalidArgument('OPTION_INVALID', option, result.error.message);
}
