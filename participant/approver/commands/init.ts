import type { Command } from '../../../proto/control/command.ts';
import { readTextFile } from '../../../proto/control/files.ts';
import { HOME_OPTION, homeOf, PASSPHRASE_OPTION } from '../../../proto/control/home-option.ts';
import type { JsonValue } from '../../../proto/control/message.ts';
import { writeFileAtomic } from '../../../proto/rest/atomic-file.ts';
import { createHome } from '../../../proto/rest/directory.ts';
import { HomeLock } from '../../../proto/rest/lock.ts';
import { readPassphrase } from '../../../proto/rest/passphrase.ts';
import { Vault } from '../../../proto/rest/vault.ts';
import { MEMBER_NAME, PERSON } from '../../../protocol/ceremony/roster.ts';
import { utf8 } from '../../../protocol/common/bytes.ts';
import { InvalidArgument } from '../../../protocol/common/errors.ts';
import { type Reader, read } from '../../../protocol/common/schema.ts';
import { createIdentity, wipeIdentity } from '../../keystore/identity.ts';
import { systemRandom } from '../../randomness.ts';
import { approverLayout } from '../layout.ts';
import { policyEntry, sshKeyOf, writeProfile } from '../profile.ts';

/** log2 of the scrypt cost with `--weak-kdf`: enough to test with, far too little for keys that matter. */
const WEAK_LOG_N = 14;

export const init: Command = {
  usage:
    '--home DIR --name NAME --person "FULL NAME" --device "WHICH ONE" [--ssh-key FILE.pub] [--out FILE] [--passphrase-file FILE]',
  summary: "make this device's keys; prints the entry that the common policy lists it by",
  options: {
    ...HOME_OPTION,
    ...PASSPHRASE_OPTION,
    name: { type: 'string' },
    person: { type: 'string' },
    device: { type: 'string' },
    'ssh-key': { type: 'string' },
    out: { type: 'string' },
    'weak-kdf': { type: 'boolean' },
  },
  positionals: { min: 0, max: 0 },
  async run(call) {
    const sshPath = call.text('ssh-key');
    const profile = {
      name: checked(MEMBER_NAME, '--name', call.required('name')),
      person: checked(PERSON, '--person', call.required('person')),
      device: checked(PERSON, '--device', call.required('device')),
      ...(sshPath === undefined ? {} : { sshKey: sshKeyOf(await readTextFile(sshPath), sshPath) }),
    };
    const passphrase = await readPassphrase({ file: call.text('passphrase-file'), creating: true });
    const home = await createHome(homeOf(call));
    const lock = await HomeLock.acquire(home);
    try {
      const weak = call.flag('weak-kdf') ? { weakLogN: WEAK_LOG_N } : {};
      const vault = await Vault.create(home, passphrase, systemRandom, weak);
      const identity = await createIdentity(lock, vault, systemRandom);
      await writeProfile(approverLayout(lock.home), profile);
      const entry: JsonValue = policyEntry(profile, identity);
      wipeIdentity(identity);
      vault.wipe();
      const text = JSON.stringify(entry, undefined, 2);
      const out = call.text('out');
      if (out !== undefined) await writeFileAtomic(out, utf8(`${text}\n`));
      call.terminal.result(entry, text);
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
