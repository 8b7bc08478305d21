/** How a coordinator goes over from one roster to the next, and from wherever it was killed on the way. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { type HomeLayout, homeLayout } from '../../coordinator/layout.ts';
import { Rosters } from '../../coordinator/rosters.ts';
import { rosterText } from '../../protocol/ceremony/roster-file.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { Moot } from '../support/moot.ts';
import { treasuryPolicy } from '../support/treasury.ts';

const LABEL = 'coordinator-rosters';
const first = new Moot({ label: LABEL, common: treasuryPolicy() });
const second = new Moot({ label: LABEL, common: treasuryPolicy(), keys: ['1', '2', 'new'], after: first });
const stranger = new Moot({ label: 'another group', common: treasuryPolicy() });
const operator = first.keyOf('operator:olivia').publicKey;
const homes: string[] = [];
let layout: HomeLayout;

beforeEach(async () => {
  const home = await mkdtemp(join(tmpdir(), 'keymoot-rosters-'));
  homes.push(home);
  layout = homeLayout(home);
  await writeFile(layout.roster, rosterText(first.roster.file));
  await writeFile(layout.log, 'what was said under the first roster');
});

afterAll(async () => {
  for (const home of homes) await rm(home, { recursive: true });
});

const pastLog = (): string => join(layout.rosters, `${toHex(first.roster.digest)}.log`);

async function expectSecond(): Promise<void> {
  const rosters = await Rosters.open(layout);
  expect(rosters.current.version).toBe(2);
  expect(rosters.successor).toBeUndefined();
  expect(await readFile(pastLog(), 'utf8')).toBe('what was said under the first roster');
  expect((await readdir(layout.home)).sort((a, b) => a.localeCompare(b))).toEqual(['roster.json', 'rosters']);
}

test('a successor is in force when it is put there, and its time has a log of its own', async () => {
  const rosters = await Rosters.open(layout);
  await rosters.adopt(second.roster, operator);
  expect((await Rosters.open(layout)).successor?.version).toBe(2);
  expect((await Rosters.open(layout)).current.version).toBe(1);
  await rosters.advance();
  await expectSecond();
});

test('killed after the roster was replaced, or after the log was put aside: the next start ends it', async () => {
  const rosters = await Rosters.open(layout);
  await rosters.adopt(second.roster, operator);
  await rosters.advance();
  await Rosters.open(layout);
  // As if the successor's file had not been removed any more.
  await writeFile(layout.successor, rosterText(second.roster.file));
  await expectSecond();
});

test('only a roster that may follow and that names this operator is adopted', async () => {
  const rosters = await Rosters.open(layout);
  await expect(rosters.adopt(stranger.roster, operator)).rejects.toMatchObject({ code: 'NOT_SUCCESSOR' });
  const someone = first.keyOf('party:1').publicKey;
  await expect(rosters.adopt(second.roster, someone)).rejects.toMatchObject({ code: 'NOT_AN_OPERATOR' });
  await expect(rosters.advance()).rejects.toMatchObject({ code: 'NO_SUCCESSOR' });
});

test('who joins is spoken to as soon as the successor is adopted, and nobody twice', async () => {
  const rosters = await Rosters.open(layout);
  const [party] = first.roster.parties;
  const names = (): readonly string[] => [...rosters.peers(party?.transportKey ?? new Uint8Array()).keys()];
  expect(names()).toEqual(['party:2', 'party:3', 'operator:olivia']);
  await rosters.adopt(second.roster, operator);
  expect(names()).toEqual(['party:2', 'party:3', 'operator:olivia', 'joining:3']);
});
