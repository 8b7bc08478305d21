/** From one roster to the next on disk, whatever moment a process dies at. */
import { mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type HomeLayout, homeLayout } from '../../participant/keystore/settings.ts';
import { Rosters } from '../../participant/rosters.ts';
import { type Disk, nodeDisk } from '../../proto/rest/disk.ts';
import type { Roster, RosterBody } from '../../protocol/ceremony/roster.ts';
import { rosterText } from '../../protocol/ceremony/roster-file.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { keyOf, ROSTER, rosterBody, sealed } from '../ceremony/support/members.ts';

const CHANGES: readonly (keyof Disk)[] = ['createFile', 'rename', 'remove', 'makeDirectory', 'syncDirectory'];
const OWN = keyOf('party:1').publicKey;

function successor(changes: Partial<RosterBody> = {}): Roster {
  return sealed({ ...rosterBody(), version: ROSTER.version + 1, previous: ROSTER.digest, ...changes });
}

async function homeUnder(roster: Roster): Promise<HomeLayout> {
  const dir = await mkdtemp(join(await realpath(tmpdir()), 'keymoot-rosters-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const layout = homeLayout(dir);
  await writeFile(layout.roster, rosterText(roster.file));
  await writeFile(layout.log, 'said under the first roster');
  return layout;
}

/** The disk, which fails for good at its nth change. */
function failingDisk(last: number): Disk {
  let changes = 0;
  const guarded = CHANGES.map((name) => {
    const real = nodeDisk[name] as (...args: readonly string[]) => Promise<unknown>;
    const guard = async (...args: readonly string[]): Promise<unknown> => {
      changes += 1;
      if (changes > last) throw Object.assign(new Error('the process is dead'), { code: 'EIO' });
      return await real(...args);
    };
    return [name, guard] as const;
  });
  return { ...nodeDisk, ...Object.fromEntries(guarded) };
}

describe('a successor', () => {
  test('with the same holders leaves what they bind their pair setups to as it is', async () => {
    const layout = await homeUnder(ROSTER);
    const rosters = await Rosters.open(layout);
    const same = successor({ announcement: ROSTER.announcement + 1 });
    await rosters.adopt(same);
    expect(rosters.founding.digest).toEqual(ROSTER.digest);
    await rosters.advance();
    expect(rosters.current.digest).toEqual(same.digest);
    expect(rosters.founding.digest).toEqual(ROSTER.digest);
    await rosters.settle();
    expect((await Rosters.open(layout)).founding.digest).toEqual(ROSTER.digest);
    const other = sealed({ ...rosterBody(), threshold: 3, version: same.version + 1, previous: same.digest });
    await rosters.adopt(other);
    await rosters.advance();
    expect(rosters.founding.digest).toEqual(other.digest);
  });

  test('must follow the present roster, keep its name and network, and list this home', async () => {
    const rosters = await Rosters.open(await homeUnder(ROSTER));
    expect(rosters.fault(successor(), OWN)).toBeUndefined();
    for (const odd of [
      successor({ version: ROSTER.version + 2 }),
      successor({ previous: new Uint8Array(32).fill(7) }),
      successor({ name: 'other' }),
      successor({ network: new Uint8Array(32).fill(7) }),
    ]) {
      expect(rosters.fault(odd, OWN)?.code).toBe('NOT_SUCCESSOR');
    }
    expect(rosters.fault(successor(), keyOf('stranger').publicKey)?.code).toBe('NOT_A_PARTY');
  });

  test('is spoken to under the names of the present roster, and as joining where it is new', async () => {
    const layout = await homeUnder(ROSTER);
    const rosters = await Rosters.open(layout);
    const own = ROSTER.parties[0]?.transportKey ?? new Uint8Array();
    const before = [...rosters.peers(own).keys()];
    expect(before).toEqual(['party:2', 'party:3', 'operator:ops', 'operator:eve']);
    const newcomer = {
      index: 4,
      name: 'dora',
      person: 'Dora',
      statementKey: keyOf('party:4').publicKey,
      transportKey: keyOf('party:4/transport').publicKey,
      addresses: ['/ip4/127.0.0.1/tcp/9004'],
    };
    await rosters.adopt(successor({ parties: [...ROSTER.parties, newcomer] }));
    expect([...rosters.peers(own).keys()]).toEqual([...before, 'joining:4']);
    expect([...rosters.peers(newcomer.transportKey).keys()]).toEqual(['party:1', ...before]);
  });

  test('comes into force whole or not at all, with a log of its own', async () => {
    const next = successor();
    let steps = 0;
    for (let last = 0; ; last++) {
      const layout = await homeUnder(ROSTER);
      const rosters = await Rosters.open(layout);
      await rosters.adopt(next);
      const dying = await Rosters.open(layout, failingDisk(last));
      const died = await dying
        .advance()
        .then(() => dying.settle())
        .then(() => false)
        .catch(() => true);
      const later = await Rosters.open(layout);
      await later.settle();
      const isNext = toHex(later.current.digest) === toHex(next.digest);
      const kept = (await readdir(layout.rosters).catch(() => [])).filter((name) => name.endsWith('.log'));
      const log = await readFile(layout.log, 'utf8').catch(() => undefined);
      expect(log === undefined).toBe(isNext);
      expect(kept).toHaveLength(isNext ? 1 : 0);
      expect(later.successor === undefined).toBe(isNext);
      expect(later.past.map(({ digest }) => toHex(digest))).toEqual(isNext ? [toHex(ROSTER.digest)] : []);
      steps = last;
      if (!died) break;
    }
    expect(steps).toBeGreaterThan(5);
  });
});
