/** `keymoot participant adopt`: the key holder's decision for the roster that is to replace the present one. */
import { callControl } from '../../proto/control/call.ts';
import type { Command, CommandCall } from '../../proto/control/command.ts';
import { readTextFile } from '../../proto/control/files.ts';
import { HOME_OPTION, homeOf } from '../../proto/control/home-option.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { StoreError } from '../../proto/rest/errors.ts';
import { HomeLock } from '../../proto/rest/lock.ts';
import { fingerprint, matchesFingerprint, type Roster } from '../../protocol/ceremony/roster.ts';
import { readRoster, rosterText } from '../../protocol/ceremony/roster-file.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { readPublicIdentity } from '../keystore/identity.ts';
import { homeLayout } from '../keystore/settings.ts';
import { Rosters } from '../rosters.ts';
import { rosterLines } from './roster-lines.ts';

export const adopt: Command = {
  usage: 'ROSTER --home DIR [--fingerprint WORDS] [--yes]',
  summary: 'adopt the roster that is to replace the present one, after comparing its fingerprint',
  options: { ...HOME_OPTION, fingerprint: { type: 'string' }, yes: { type: 'boolean' } },
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [path = ''] = call.positionals;
    const roster = readRoster(await readTextFile(path));
    if (!roster.ok) throw new InvalidArgument(roster.error.code, path, roster.error.message);
    await confirmRoster(call, roster.value);
    const layout = homeLayout(homeOf(call));
    const { words } = fingerprint(roster.value.digest);
    const params = { roster: rosterText(roster.value.file) };
    const live = await callControl(layout.control, 'adopt', params).catch((error: unknown): JsonValue => {
      if (error instanceof StoreError && error.code === 'NODE_NOT_RUNNING') return null;
      throw error;
    });
    if (live === null) await adoptStopped(layout.home, roster.value);
    call.terminal.result(
      { ok: true, version: roster.value.version, fingerprint: words },
      `Adopted. Version ${roster.value.version} comes into force when every wallet has been handed over to it.`,
    );
    return 0;
  },
};

/** Shows a roster and asks whether its fingerprint was compared. Fails with `FINGERPRINT_DIFFERS`, `NOT_CONFIRMED`. */
export async function confirmRoster(call: CommandCall, roster: Roster): Promise<void> {
  const given = call.text('fingerprint');
  if (given !== undefined && !matchesFingerprint(roster.digest, given)) {
    throw new Refusal('FINGERPRINT_DIFFERS', 'the roster has another fingerprint than the one given');
  }
  call.terminal.print(rosterLines(roster.file).join('\n'));
  const question = {
    text: 'Do all these words agree with what every other party reads, over another channel?',
    yes: call.flag('yes') || given !== undefined,
  };
  if (!(await call.terminal.confirm(question))) {
    throw new Refusal('NOT_CONFIRMED', 'the fingerprint was not confirmed; nothing was changed');
  }
}

async function adoptStopped(home: string, next: Roster): Promise<void> {
  const lock = await HomeLock.acquire(home);
  try {
    const rosters = await Rosters.open(homeLayout(lock.home));
    await rosters.settle();
    const { statementKey } = await readPublicIdentity(lock.home);
    const fault = rosters.fault(next, statementKey);
    if (fault !== undefined) throw fault;
    await rosters.adopt(next);
  } finally {
    await lock.release();
  }
}
