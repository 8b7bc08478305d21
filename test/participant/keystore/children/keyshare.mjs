/** keyshare.mjs HOME STEP HALF: stores a key share and activates it; tells the parent after each step. */
import { Keyshares } from '../../../../dist/participant/keystore/keyshares.js';
import { HomeLock } from '../../../../dist/proto/rest/lock.js';
import { Vault } from '../../../../dist/proto/rest/vault.js';
import { acknowledge, killingDisk, random } from '../../../proto/rest/children/killing-disk.mjs';

const [home, step, half] = process.argv.slice(2);
const id = (value) => new Uint8Array(32).fill(value, 31);
const passphrase = new TextEncoder().encode('correct horse battery');

const lock = await HomeLock.acquire(home);
const vault = await Vault.open(home, passphrase, random, { disk: killingDisk(Number(step), half === 'half') });
const keyshares = await Keyshares.open(lock, vault);
const parentEpochId = new Uint8Array(32);
const epoch = { walletId: id(1), epochId: id(2), parentEpochId, gen: 1, purpose: 'KEYGEN', holders: 3, index: 1 };
await keyshares.putPrepared(epoch, new Uint8Array([7]), new Uint8Array(5000).fill(7));
acknowledge('prepared');
await keyshares.activate(id(2), new Uint8Array([1, 2, 3]));
acknowledge('active');
await lock.release();
