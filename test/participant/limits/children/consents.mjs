/**
 * consents.mjs HOME STEP HALF: consents to two payments, each with what it reserves, telling the parent after each; the
 * process kills itself at the given step of the disk.
 */
import { Journal } from '../../../../dist/participant/journal/journal.js';
import { HomeLock } from '../../../../dist/proto/rest/lock.js';
import { acknowledge, killingDisk, random } from '../../../proto/rest/children/killing-disk.mjs';

const [home, step, half] = process.argv.slice(2);
const id = (value) => new Uint8Array(32).fill(value, 31);
const account = `0x${'11'.repeat(20)}`;

const lock = await HomeLock.acquire(home);
const journal = await Journal.open(lock, { random, disk: killingDisk(Number(step), half === 'half') });
for (const number of [1, 2]) {
  const counter = await journal.nextCounter();
  const move = { asset: '31337:native', amount: 6n, counterparty: `0x${'a1'.repeat(20)}`, selector: 'none' };
  const place = { kind: 'account', account, chainId: 31337n, nonce: BigInt(number) };
  const about = { wallet: 'treasury', account, initiator: 'ops', chainId: 31337n, kind: 'evm-transaction', fee: 1n };
  await journal.record({
    type: 'verdict-given',
    proposal: id(number),
    attempt: 1,
    decision: 'consent',
    body: id(100 + number),
    counter,
    reservation: {
      walletId: id(7),
      digest: id(200 + number),
      spend: { ...about, moves: [move], place },
      at: 1000,
      until: 2000,
    },
  });
  acknowledge(`consent ${number}`);
}
await journal.close();
await lock.release();
