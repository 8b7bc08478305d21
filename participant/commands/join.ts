import type { Command } from '../../proto/control/command.ts';
import { readTextFile } from '../../proto/control/files.ts';
import { HOME_OPTION, homeOf } from '../../proto/control/home-option.ts';
import { readFileIfPresent, writeFileAtomic } from '../../proto/rest/atomic-file.ts';
import { HomeLock } from '../../proto/rest/lock.ts';
import { fingerprint, type Roster } from '../../protocol/ceremony/roster.ts';
import { checkSuccessor, partyByKey } from '../../protocol/ceremony/roster-change.ts';
import { networkKeyText, readNetworkKey, readRoster, rosterText } from '../../protocol/ceremony/roster-file.ts';
import { equalBytes, utf8 } from '../../protocol/common/bytes.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { readPublicIdentity } from '../keystore/identity.ts';
import { homeLayout } from '../keystore/settings.ts';
import { confirmRoster } from './adopt.ts';

export const join: Command = {
  usage: 'ROSTER --home DIR --network-key FILE [--previous ROSTER] [--fingerprint WORDS] [--yes]',
  summary:
    'pin the roster that all parties have signed, after comparing its fingerprint; a newcomer to a group also names the roster it replaces',
  options: {
    ...HOME_OPTION,
    'network-key': { type: 'string' },
    fingerprint: { type: 'string' },
    previous: { type: 'string' },
    yes: { type: 'boolean' },
  },
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [path = ''] = call.positionals;
    const layout = homeLayout(homeOf(call));
    const roster = await rosterAt(path);
    const previousPath = call.text('previous');
    const previous = previousPath === undefined ? undefined : await rosterAt(previousPath);
    const keyPath = call.required('network-key');
    const networkKey = readNetworkKey(await readTextFile(keyPath), roster);
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
      const self = partyByKey(roster, statementKey);
      if (self === undefined || !equalBytes(self.transportKey, transportKey)) {
        throw new Refusal('NOT_A_PARTY', 'this roster does not list the keys of this home');
      }
      const pinned = await readFileIfPresent(layout.roster);
      if (pinned !== undefined) {
        throw new Refusal('ROSTER_PINNED', 'this home has joined a roster already; a successor of it is adopted');
      }
      if (previous !== undefined) mustPrecede(previous, roster, statementKey);
      await confirmRoster(call, roster);
      await writeFileAtomic(layout.networkKey, utf8(networkKeyText(networkKey)));
      // A guest lives under the roster that its own will replace; the successor is there before that.
      if (previous !== undefined) await writeFileAtomic(layout.successor, utf8(rosterText(roster.file)));
      await writeFileAtomic(layout.roster, utf8(rosterText((previous ?? roster).file)));
      const { words } = fingerprint(roster.digest);
      const guest = previous === undefined ? '' : ' It is a guest until the wallets are handed over.';
      call.terminal.result(
        { ok: true, party: self.index, fingerprint: words, guest: previous !== undefined },
        `Joined as party ${self.index} (${self.name}).${guest}`,
      );
      return 0;
    } finally {
      await lock.release();
    }
  },
};

async function rosterAt(path: string): Promise<Roster> {
  const roster = readRoster(await readTextFile(path));
  if (!roster.ok) throw new InvalidArgument(roster.error.code, path, roster.error.message);
  return roster.value;
}

/** The confirmed fingerprint of the successor binds the roster before it. */
function mustPrecede(previous: Roster, next: Roster, statementKey: Uint8Array): void {
  const succession = checkSuccessor(previous, next);
  if (!succession.ok) throw new Refusal(succession.error.code, succession.error.message);
  if (partyByKey(previous, statementKey) !== undefined) {
    throw new Refusal('NOT_A_GUEST', 'this home is a party of the roster before it: it adopts the successor');
  }
}
