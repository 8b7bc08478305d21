/** kill -9 at every step of the disk while consents are recorded: a consent and its charge are there together or not. */
import { expect, test } from 'vitest';
import { sweepKills } from '../../proto/rest/child.ts';
import { temporaryHome } from '../../proto/rest/temporary.ts';
import { id, openJournal } from '../journal/samples.ts';
import { dayLimit } from './party.ts';

const CONSENTS = new URL('./children/consents.mjs', import.meta.url);
const STEPS = ['consent 1', 'consent 2'];

test('killed at any step of the disk, no consent is without its charge and no charge is lost', async () => {
  const reached = new Set<number>();
  const killed = await sweepKills(CONSENTS, temporaryHome, async (home, { lines }) => {
    expect(lines).toEqual(STEPS.slice(0, lines.length));
    reached.add(lines.length);
    const { state } = (await openJournal(home)).journal;
    const given = [1, 2].filter((proposal) => state.verdict(id(proposal), 1) !== undefined).length;
    const view = state.ledger.view(1000, { common: dayLimit(100n) });
    const usage = view({ layer: 'common', limit: 'day', bucket: 'wallet=treasury', charge: 1n });
    expect(usage).toEqual({ used: BigInt(given) * 6n, entries: given });
    // What was told is there; of what was not, at most the one that was being written.
    expect(given).toBeGreaterThanOrEqual(lines.length);
    expect(given).toBeLessThanOrEqual(lines.length + 1);
  });
  expect(reached).toEqual(new Set([0, 1, 2]));
  expect(killed).toBeGreaterThanOrEqual(15);
});
