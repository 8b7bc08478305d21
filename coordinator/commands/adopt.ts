/** `adopt`: the operator's decision for the roster that is to replace the present one. */
import { callControl } from '../../proto/control/call.ts';
import type { Command } from '../../proto/control/command.ts';
import { readTextFile } from '../../proto/control/files.ts';
import { HOME_OPTION, homeOf } from '../../proto/control/home-option.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { StoreError } from '../../proto/rest/errors.ts';
import { HomeLock } from '../../proto/rest/lock.ts';
import { readCard } from '../../protocol/ceremony/card.ts';
import { changeLines } from '../../protocol/ceremony/key-change-words.ts';
import { fingerprint, matchesFingerprint, type Roster } from '../../protocol/ceremony/roster.ts';
import { rosterChange } from '../../protocol/ceremony/roster-change.ts';
import { readRoster, rosterText } from '../../protocol/ceremony/roster-file.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { homeLayout } from '../layout.ts';
import { Rosters } from '../rosters.ts';

export const adopt: Command = {
  usage: 'ROSTER --home DIR [--fingerprint WORDS] [--yes]',
  summary: 'adopt the roster that is to replace the present one, after comparing its fingerprint',
  options: { ...HOME_OPTION, fingerprint: { type: 'string' }, yes: { type: 'boolean' } },
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [path = ''] = call.positionals;
    const layout = homeLayout(homeOf(call));
    const next = await rosterAt(path);
    const given = call.text('fingerprint');
    if (given !== undefined && !matchesFingerprint(next.digest, given)) {
      throw new Refusal('FINGERPRINT_DIFFERS', 'the roster has another fingerprint than the one given');
    }
    const { digits, words } = fingerprint(next.digest);
    const change = rosterChange(await rosterAt(layout.roster), next);
    call.terminal.print(
      [
        `${next.name} version ${next.version}`,
        ...changeLines(change).map((line) => `  ${line}`),
        `Fingerprint:\n  ${words}\n  ${digits}`,
      ].join('\n'),
    );
    const question = {
      text: 'Is this the fingerprint that the parties read?',
      yes: call.flag('yes') || given !== undefined,
    };
    if (!(await call.terminal.confirm(question))) throw new Refusal('NOT_CONFIRMED', 'nothing was changed');
    const params = { roster: rosterText(next.file) };
    const live = await callControl(layout.control, 'adopt', params).catch((error: unknown): JsonValue => {
      if (error instanceof StoreError && error.code === 'NODE_NOT_RUNNING') return null;
      throw error;
    });
    if (live === null) await adoptStopped(layout.home, next);
    call.terminal.result(
      { ok: true, version: next.version, fingerprint: words },
      `Adopted. Now every key holder who stays adopts it too, newcomers join with it, and you propose for each wallet:
  keymoot coordinator reshare --wallet NAME`,
    );
    return 0;
  },
};

async function adoptStopped(home: string, next: Roster): Promise<void> {
  const lock = await HomeLock.acquire(home);
  try {
    const layout = homeLayout(lock.home);
    const card = readCard(await readTextFile(layout.card));
    if (!card.ok) throw new InvalidArgument('CARD_MALFORMED', layout.card, card.error);
    const rosters = await Rosters.open(layout);
    await rosters.adopt(next, card.value.statementKey);
  } finally {
    await lock.release();
  }
}

async function rosterAt(path: string): Promise<Roster> {
  const roster = readRoster(await readTextFile(path));
  if (roster.ok) return roster.value;
  throw new InvalidArgument(roster.error.code, path, roster.error.message);
}
