import { expect, test } from 'vitest';
import { claimSession } from '../../../participant/journal/claim.ts';
import { sweepKills } from '../../proto/rest/child.ts';
import { temporaryHome } from '../../proto/rest/temporary.ts';
import { claimOf, consent, id, openJournal, refusalOf } from './samples.ts';

const SESSION = new URL('./children/session.mjs', import.meta.url);
const STEPS = ['counter 1', 'verdict', 'claimed', 'r2', 'r3', 'ban', 'ended'] as const;

/** What the journal of a killed process must say, given the steps it acknowledged: those, and at most one more. */
async function checkAfterCrash(home: string, acknowledged: readonly string[]): Promise<void> {
  const { journal } = await openJournal(home);
  const { state } = journal;
  const session = state.session(id(3));
  const there = {
    'counter 1': state.counter >= 1,
    verdict: state.verdict(id(1), 1) !== undefined,
    claimed: session !== undefined,
    r2: session?.phase === 'completed' || session?.phase === 'aborted',
    r3: session?.released === true,
    ban: state.pairs.isBarred(id(4), 2),
    ended: session?.reason === 'TIMEOUT',
  };
  for (const step of acknowledged) expect([step, there[step as keyof typeof there]]).toEqual([step, true]);
  const next = STEPS.slice(acknowledged.length + 1);
  const early = next.filter((step) => step !== 'r2' && there[step]);
  expect(early).toEqual([]);
  expect(state.openSessions()).toEqual([]);
  expect(session?.phase ?? 'aborted').toBe('aborted');

  // The id is burned exactly if the claim reached the disk; a released digest keeps its nonce.
  const slot = { chainId: 1n, nonce: 1n };
  const peer = { epochId: id(44), walletId: id(5), slot };
  await consent(journal, 50);
  expect(refusalOf(await claimSession(journal, claimOf(3, 50, { ...peer, digest: id(6) })))).toBe(
    there.claimed ? 'SESSION_USED' : 'none',
  );
  await consent(journal, 51);
  expect(refusalOf(await claimSession(journal, claimOf(51, 51, peer)))).toBe(
    there.r3 ? 'NONCE_ALREADY_RELEASED' : there.claimed ? 'none' : 'NONCE_CLAIMED',
  );
}

test('killed at any step of the disk, a session is never run twice and nothing acknowledged is forgotten', async () => {
  const reached = new Set<number>();
  const killed = await sweepKills(SESSION, temporaryHome, async (home, { lines }) => {
    expect(lines).toEqual(STEPS.slice(0, lines.length));
    reached.add(lines.length);
    await checkAfterCrash(home, lines);
  });
  expect(reached).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7]));
  expect(killed).toBeGreaterThanOrEqual(28);
});
