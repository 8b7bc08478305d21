/** `init` and `join`: an operator’s keys, and the roster it works under. */

import type { Command } from '../../proto/control/command.ts';
import { readTextFile } from '../../proto/control/files.ts';
import { HOME_OPTION, homeOf, PASSPHRASE_OPTION } from '../../proto/control/home-option.ts';
import { readFileIfPresent, writeFileAtomic } from '../../proto/rest/atomic-file.ts';
import { createHome } from '../../proto/rest/directory.ts';
import { HomeLock } from '../../proto/rest/lock.ts';
import { readPassphrase } from '../../proto/rest/passphrase.ts';
import { Vault } from '../../proto/rest/vault.ts';
import { cardText } from '../../protocol/ceremony/card.ts';
import { fingerprint, MEMBER_NAME, matchesFingerprint, PERSON } from '../../protocol/ceremony/roster.ts';
import { networkKeyText, readNetworkKey, readRoster, rosterText } from '../../protocol/ceremony/roster-file.ts';
import { utf8 } from '../../protocol/common/bytes.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { type Reader, read } from '../../protocol/common/schema.ts';
import { systemRandom } from '../effects.ts';
import { createOperatorKeys } from '../home.ts';
import { homeLayout } from '../layout.ts';

/** log2 of the scrypt cost with `--weak-kdf`: for tests and demos. */
const WEAK_LOG_N = 14;

export const init: Command = {
  usage: '--home DIR --name NAME --person "FULL NAME" [--passphrase-file FILE]',
  summary: "make an operator's keys; prints the card to hand to whoever composes the roster",
  options: {
    ...HOME_OPTION,
    ...PASSPHRASE_OPTION,
    name: { type: 'string' },
    person: { type: 'string' },
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
      const vault = await Vault.create(
        home,
        passphrase,
        systemRandom,
        call.flag('weak-kdf') ? { weakLogN: WEAK_LOG_N } : {},
      );
      const keys = await createOperatorKeys(lock, vault, systemRandom);
      const { card } = homeLayout(home);
      const { publicKey: statementKey } = keys.statement;
      const { publicKey: transportKey } = keys.transport;
      await writeFileAtomic(
        card,
        utf8(cardText({ role: 'operator', name, person, statementKey, transportKey, addresses: [] })),
      );
      keys.transportSeed.wipe();
      vault.wipe();
      call.terminal.result({ ok: true, home, card }, `Made ${home}\nHand ${card} to whoever composes the roster.`);
      return 0;
    } finally {
      passphrase.fill(0);
      await lock.release();
    }
  },
};

export const join: Command = {
  usage: 'ROSTER --home DIR --network-key FILE [--fingerprint WORDS] [--yes]',
  summary: 'pin the roster that all parties have signed',
  options: {
    ...HOME_OPTION,
    'network-key': { type: 'string' },
    fingerprint: { type: 'string' },
    yes: { type: 'boolean' },
  },
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [path = ''] = call.positionals;
    const layout = homeLayout(homeOf(call));
    const roster = readRoster(await readTextFile(path));
    if (!roster.ok) throw new InvalidArgument(roster.error.code, path, roster.error.message);
    const networkKey = readNetworkKey(await readTextFile(call.required('network-key')), roster.value);
    if (networkKey === undefined) {
      throw new InvalidArgument(
        'NETWORK_KEY_WRONG',
        '--network-key',
        'this is not the key whose hash is in the roster',
      );
    }
    if ((await readFileIfPresent(layout.roster)) !== undefined)
      throw new Refusal('ROSTER_PINNED', 'this home has joined a roster already');
    const given = call.text('fingerprint');
    if (given !== undefined && !matchesFingerprint(roster.value.digest, given)) {
      throw new Refusal('FINGERPRINT_DIFFERS', 'the roster has another fingerprint than the one given');
    }
    const { digits, words } = fingerprint(roster.value.digest);
    call.terminal.print(`Fingerprint of ${roster.value.name}:\n  ${words}\n  ${digits}`);
    const question = {
      text: 'Is this the fingerprint that the parties read?',
      yes: call.flag('yes') || given !== undefined,
    };
    if (!(await call.terminal.confirm(question))) throw new Refusal('NOT_CONFIRMED', 'nothing was changed');
    await writeFileAtomic(layout.networkKey, utf8(networkKeyText(networkKey)));
    await writeFileAtomic(layout.roster, utf8(rosterText(roster.value.file)));
    call.terminal.result({ ok: true, fingerprint: words }, 'Joined.');
    return 0;
  },
};

function checked(reader: Reader<string>, option: string, value: string): string {
  const result = read(reader, value);
  if (result.ok) return result.value;
  throw new InvalidArgument('OPTION_INVALID', option, result.error.message);
}
