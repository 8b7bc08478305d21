/** `keymoot participant backup`, `restore`: the shares of a party under a passphrase of their own. */
import { resolve } from 'node:path';
import type { Command, CommandCall } from '../../proto/control/command.ts';
import { HOME_OPTION, homeOf, PASSPHRASE_OPTION } from '../../proto/control/home-option.ts';
import { createFileAtomic, readFileIfPresent } from '../../proto/rest/atomic-file.ts';
import { HomeLock } from '../../proto/rest/lock.ts';
import { readPassphrase } from '../../proto/rest/passphrase.ts';
import { openArchive, sealArchive } from '../../proto/rest/sealed-archive.ts';
import { Vault } from '../../proto/rest/vault.ts';
import { openWallet, type Wallet } from '../../protocol/ceremony/wallet.ts';
import { equalBytes, toHex } from '../../protocol/common/bytes.ts';
import { canonicalBytes, parseCanonical } from '../../protocol/common/canonical-json.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { checksumAddress } from '../../protocol/payload/address.ts';
import { wipeKeyshare } from '../../protocol/threshold/keygen/keyshare.ts';
import { BACKUP_KIND, type BackupEntry, decodeBackup, encodeBackup, type OpenedBackup } from '../keystore/backup.ts';
import { readPublicIdentity } from '../keystore/identity.ts';
import { decodeKeyRecord, epochFacts, type KeyRecord } from '../keystore/key-record.ts';
import { Keyshares } from '../keystore/keyshares.ts';
import { homeLayout, SEALED_KEY_RECORD } from '../keystore/settings.ts';
import { systemRandom } from '../randomness.ts';
import { Rosters } from '../rosters.ts';

const BACKUP_OPTION = { 'backup-passphrase-file': { type: 'string' } } as const;
/** log2 of the scrypt cost with `--weak-kdf`: for tests. */
const WEAK_LOG_N = 14;

export const backup: Command = {
  usage: '--home DIR --out FILE [--passphrase-file FILE] [--backup-passphrase-file FILE]',
  summary: 'write the shares of this home into one file, under a passphrase of its own; the node may run meanwhile',
  options: {
    ...HOME_OPTION,
    ...PASSPHRASE_OPTION,
    ...BACKUP_OPTION,
    out: { type: 'string' },
    'weak-kdf': { type: 'boolean' },
  },
  positionals: { min: 0, max: 0 },
  async run(call) {
    const out = resolve(call.required('out'));
    const home = homeOf(call);
    const passphrase = await readPassphrase({ file: call.text('passphrase-file'), creating: false });
    const vault = await Vault.open(home, passphrase, systemRandom);
    passphrase.fill(0);
    const entries: (BackupEntry & { readonly record: KeyRecord })[] = [];
    let isMoving = false;
    try {
      for (const id of await vault.list(SEALED_KEY_RECORD)) {
        const { keyshare, record } = decodeKeyRecord(await vault.open(SEALED_KEY_RECORD, id), id);
        const document = record.certificate === undefined ? undefined : parseCanonical(record.certificate);
        if (record.state === 'active' && document?.ok === true) {
          entries.push({ record, document: document.value, keyshare: keyshare.use((bytes) => bytes.slice()) });
        }
        isMoving ||= record.state === 'prepared';
        keyshare.wipe();
      }
      const current = entries.filter(({ record }) => !entries.some((other) => isAbove(other.record, record)));
      if (current.length === 0) throw new Refusal('NOTHING_TO_BACK_UP', 'this home holds no share of any wallet');
      const chosen = await backupPassphrase(call, true);
      const contents = encodeBackup(current);
      const file = await sealArchive(BACKUP_KIND, contents, chosen, systemRandom, weakness(call));
      contents.fill(0);
      chosen.fill(0);
      await createFileAtomic(out, file);
      const wallets = current.map(({ record }) => ({ walletId: toHex(record.walletId), gen: record.gen }));
      const advice = isMoving
        ? '\nA change of a key is under way: make another backup when it is done.'
        : '\nAfter every refresh or change of the group make a new one, and destroy this: enough old ones together are the key.';
      call.terminal.result(
        { ok: true, backup: out, wallets, isMoving },
        `Wrote ${out} with ${current.length} share(s).${advice}`,
      );
      return 0;
    } finally {
      for (const entry of entries) entry.keyshare.fill(0);
      vault.wipe();
    }
  },
};

export const restore: Command = {
  usage: 'BACKUP --home DIR [--passphrase-file FILE] [--backup-passphrase-file FILE] [--yes]',
  summary: 'put the shares of a backup into the home of a new identity, to be dealt from in a reshare; they never sign',
  options: { ...HOME_OPTION, ...PASSPHRASE_OPTION, ...BACKUP_OPTION, yes: { type: 'boolean' } },
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [path = ''] = call.positionals;
    const file = await readFileIfPresent(resolve(path));
    if (file === undefined) throw new InvalidArgument('BACKUP_MISSING', path, 'there is no such file');
    const lock = await HomeLock.acquire(homeOf(call));
    const opened: OpenedBackup[] = [];
    try {
      const layout = homeLayout(lock.home);
      const rosters = await Rosters.open(layout);
      const { statementKey } = await readPublicIdentity(lock.home);
      const chosen = await backupPassphrase(call, false);
      const contents = await openArchive(BACKUP_KIND, file, chosen, path);
      chosen.fill(0);
      const found = decodeBackup(contents);
      contents.fill(0);
      if (found === undefined) throw new Refusal('BACKUP_UNREADABLE', `${path} does not hold what a backup holds`);
      opened.push(...found);
      const wallets = opened.map((entry) => walletOf(entry, rosters));
      call.terminal.print(wallets.map(line).join('\n'));
      const question = { text: 'Restore these shares, to be dealt from in a reshare?', yes: call.flag('yes') };
      if (!(await call.terminal.confirm(question))) throw new Refusal('NOT_CONFIRMED', 'nothing was restored');
      const passphrase = await readPassphrase({ file: call.text('passphrase-file'), creating: false });
      const vault = await Vault.open(lock.home, passphrase, systemRandom);
      passphrase.fill(0);
      const keyshares = await Keyshares.open(lock, vault);
      for (const [i, { bytes, document }] of opened.entries()) {
        const epoch = wallets[i]?.epoch;
        if (epoch !== undefined)
          await keyshares.putRestored(epochFacts(epoch, statementKey), canonicalBytes(document), bytes);
      }
      vault.wipe();
      const rows = wallets.map(({ epoch, name }, i) => ({
        wallet: name,
        gen: epoch.config.gen,
        oldIndex: opened[i]?.keyshare.index ?? 0,
      }));
      call.terminal.result(
        { ok: true, wallets: rows },
        'Restored. The shares stay silent until a reshare that names this party as the one that deals them.',
      );
      return 0;
    } finally {
      for (const entry of opened) {
        wipeKeyshare(entry.keyshare);
        entry.bytes.fill(0);
      }
      await lock.release();
    }
  },
};

/** The wallet of a backed-up share, under a roster that this home has confirmed. */
function walletOf({ document, keyshare }: OpenedBackup, rosters: Rosters): Wallet {
  for (const roster of rosters.all()) {
    const wallet = openWallet(document, roster);
    if (!wallet.ok) continue;
    if (equalBytes(wallet.value.epochId, keyshare.epochId)) return wallet.value;
  }
  throw new Refusal(
    'BACKUP_FOREIGN',
    'the backup was made under a roster that this home does not know: join with the roster of that time as --previous',
  );
}

function line(wallet: Wallet): string {
  return `${wallet.name}  ${checksumAddress(`0x${toHex(wallet.address)}`)}  generation ${wallet.epoch.config.gen}`;
}

async function backupPassphrase(call: CommandCall, creating: boolean): Promise<Uint8Array> {
  const prompt = 'Passphrase of the backup';
  return await readPassphrase({ file: call.text('backup-passphrase-file'), creating, prompt });
}

function weakness(call: CommandCall): number | undefined {
  return call.flag('weak-kdf') ? WEAK_LOG_N : undefined;
}

function isAbove(a: KeyRecord, b: KeyRecord): boolean {
  return equalBytes(a.walletId, b.walletId) && a.gen > b.gen;
}
