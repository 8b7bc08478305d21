import type { Command } from '../../proto/control/command.ts';
import { readTextFile } from '../../proto/control/files.ts';
import { HOME_OPTION, homeOf } from '../../proto/control/home-option.ts';
import { readFileIfPresent, writeFileAtomic } from '../../proto/rest/atomic-file.ts';
import { HomeLock } from '../../proto/rest/lock.ts';
import { fingerprint, matchesFingerprint } from '../../protocol/ceremony/roster.ts';
import { networkKeyText, readNetworkKey, readRoster, rosterText } from '../../protocol/ceremony/roster-file.ts';
import { equalBytes, utf8 } from '../../protocol/common/bytes.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { readPublicIdentity } from '../keystore/identity.ts';
import { homeLayout } from '../keystore/settings.ts';
import { rosterLines } from './roster-lines.ts';

export const join: Command = {
  usage: 'ROSTER --home DIR --network-key FILE [--fingerprint WORDS] [--yes]',
  summary: 'pin the roster that all parties have signed, after comparing its fingerprint',
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
    const keyPath = call.required('network-key');
    const networkKey = readNetworkKey(await readTextFile(keyPath), roster.value);
    if (networkKey === undefined) {
      throw new InvalidArgument(
        'NETWORK_KEY_WRONG',
        '--network-key',
        'this is not the key whose hash is in the roster',
      );
    }
    const lock = await HomeLock.acquire(layout.home);
    try {
      const { statementKey, transportKey } = await readPublicIdentity(layout.home);
      const self = roster.value.parties.find((party) => equalBytes(party.statementKey, statementKey));
      if (self === undefined || !equalBytes(self.transportKey, transportKey)) {
        throw new Refusal('NOT_A_PARTY', 'this roster does not list the keys of this home');
      }
      const pinned = await readFileIfPresent(layout.roster);
      if (pinned !== undefined) throw new Refusal('ROSTER_PINNED', 'this home has joined a roster already');
      const given = call.text('fingerprint');
      if (given !== undefined && !matchesFingerprint(roster.value.digest, given)) {
        throw new Refusal('FINGERPRINT_DIFFERS', 'the roster has another fingerprint than the one given');
      }
      call.terminal.print(rosterLines(roster.value.file).join('\n'));
      const question = {
        text: 'Do all these words agree with what every other party reads, over another channel?',
        yes: call.flag('yes') || given !== undefined,
      };
      if (!(await call.terminal.confirm(question))) {
        throw new Refusal('NOT_CONFIRMED', 'the fingerprint was not confirmed; nothing was changed');
      }
      await writeFileAtomic(layout.networkKey, utf8(networkKeyText(networkKey)));
      await writeFileAtomic(layout.roster, utf8(rosterText(roster.value.file)));
      const { words } = fingerprint(roster.value.digest);
      call.terminal.result(
        { ok: true, party: self.index, fingerprint: words },
        `Joined as party ${self.index} (${self.name}).`,
      );
      return 0;
    } finally {
      await lock.release();
    }
  },
};
