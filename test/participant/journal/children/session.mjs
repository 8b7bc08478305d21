/**
 * session.mjs HOME STEP HALF: consents to proposal 1, claims session 1 and records R2 and R3, telling the parent after
 * each step; the process kills itself at the given step of the disk.
 */
import { claimSession, endSession, recordR2, recordR3 } from '../../../../dist/participant/journal/claim.js';
import { Journal } from '../../../../dist/participant/journal/journal.js';
import { HomeLock } from '../../../../dist/proto/rest/lock.js';
import { acknowledge, killingDisk, random } from '../../../proto/rest/children/killing-disk.mjs';

const [home, step, half] = process.argv.slice(2);
const id = (value) => new Uint8Array(32).fill(value, 31);
const must = (result) => {
  if (!result.ok) throw result.error;
  return result.value;
};

const lock = await HomeLock.acquire(home);
const journal = await Journal.open(lock, { random, disk: killingDisk(Number(step), half === 'half') });
const counter = await journal.nextCounter();
acknowledge(`counter ${counter}`);
await journal.record({
  type: 'verdict-given',
  proposal: id(1),
  attempt: 1,
  decision: 'consent',
  body: id(2),
  counter,
});
acknowledge('verdict');
const permit = must(
  await claimSession(journal, {
    sessionId: id(3),
    proposal: id(1),
    attempt: 1,
    epochId: id(4),
    walletId: id(5),
    path: [],
    signers: [1, 2],
    digest: id(6),
    slot: { chainId: 1n, nonce: 1n },
    replaces: false,
    self: 1,
    consent: id(2),
  }),
);
acknowledge('claimed');
must(await recordR2(permit, id(7), [{ party: 2, hash: id(8) }], 1));
acknowledge('r2');
must(await recordR3(permit, 1));
acknowledge('r3');
await journal.record({ type: 'ban', epochId: id(4), peer: 2, check: 'C1', failure: 'LEAK', count: 1, software: '' });
acknowledge('ban');
must(await endSession(permit, 'aborted', 'TIMEOUT'));
acknowledge('ended');
await journal.close();
await lock.release();
