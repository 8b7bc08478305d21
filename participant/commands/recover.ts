/** `keymoot recover …`: the recipient of an export. Needs no network, no roster of its own, and no running node. */
import { basename } from 'node:path';
import { type Command, type CommandCall, dispatch } from '../../proto/control/command.ts';
import { readTextFile } from '../../proto/control/files.ts';
import { HOME_OPTION, homeOf, PASSPHRASE_OPTION } from '../../proto/control/home-option.ts';
import { createFileAtomic } from '../../proto/rest/atomic-file.ts';
import { createHome } from '../../proto/rest/directory.ts';
import { HomeLock } from '../../proto/rest/lock.ts';
import { readPassphrase } from '../../proto/rest/passphrase.ts';
import { Vault } from '../../proto/rest/vault.ts';
import { matchesFingerprint, type Roster } from '../../protocol/ceremony/roster.ts';
import { readRoster } from '../../protocol/ceremony/roster-file.ts';
import { openSealedShare, type SealedShare } from '../../protocol/ceremony/sealed-share.ts';
import { parseEnvelope } from '../../protocol/ceremony/statement.ts';
import { openWallet, WALLET_SCHEMA, type Wallet } from '../../protocol/ceremony/wallet.ts';
import { toHex, utf8 } from '../../protocol/common/bytes.ts';
import { type Json, parseCanonical } from '../../protocol/common/canonical-json.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { checksumAddress } from '../../protocol/payload/address.ts';
import { parseTranscript } from '../../protocol/transcript/entry.ts';
import { systemRandom } from '../randomness.ts';
import { type Recovered, recoverKey } from '../recovery/open-shares.ts';
import { createRecipient, loadRecipient } from '../recovery/recipient.ts';

/** log2 of the scrypt cost with `--weak-kdf`: for tests and demos. */
const WEAK_LOG_N = 14;

const init: Command = {
  usage: '--home DIR [--passphrase-file FILE]',
  summary: 'make the key to which an export is sealed; prints its public half, for the proposal',
  options: { ...HOME_OPTION, ...PASSPHRASE_OPTION, 'weak-kdf': { type: 'boolean' } },
  positionals: { min: 0, max: 0 },
  async run(call) {
    const passphrase = await readPassphrase({ file: call.text('passphrase-file'), creating: true });
    const home = await createHome(homeOf(call));
    const lock = await HomeLock.acquire(home);
    try {
      const weak = call.flag('weak-kdf') ? { weakLogN: WEAK_LOG_N } : {};
      const vault = await Vault.create(home, passphrase, systemRandom, weak);
      const publicKey = toHex(await createRecipient(lock, vault, systemRandom));
      vault.wipe();
      const words = `Recipient key ${publicKey}\nEvery key holder should hear it from you, and compare it before approving an export.`;
      call.terminal.result({ ok: true, home, publicKey }, words);
      return 0;
    } finally {
      passphrase.fill(0);
      await lock.release();
    }
  },
};

const open: Command = {
  usage:
    'SEALED... --home DIR --wallet FILE --roster FILE [--fingerprint WORDS] (--out FILE [--chain-code FILE] | --show) [--passphrase-file FILE]',
  summary: 'open the sealed shares of an export and put the private key together, offline',
  options: {
    ...HOME_OPTION,
    ...PASSPHRASE_OPTION,
    wallet: { type: 'string' },
    roster: { type: 'string' },
    fingerprint: { type: 'string' },
    out: { type: 'string' },
    'chain-code': { type: 'string' },
    show: { type: 'boolean' },
  },
  positionals: { min: 1, max: 64 },
  async run(call) {
    const target = targetOf(call);
    const roster = await pinned(call.required('roster'), call.text('fingerprint'));
    const wallet = await readWallet(call.required('wallet'), roster);
    const shares: SealedShare[] = [];
    for (const path of call.positionals) shares.push(await readSealed(path, roster));
    const passphrase = await readPassphrase({ file: call.text('passphrase-file'), creating: false });
    const lock = await HomeLock.acquire(homeOf(call));
    try {
      const vault = await Vault.open(lock.home, passphrase, systemRandom);
      const secretKey = await loadRecipient(vault);
      vault.wipe();
      const recovered = await recoverKey(wallet, shares, secretKey);
      secretKey.wipe();
      if (!recovered.ok) throw recovered.error;
      await deliver(call, wallet, recovered.value, target);
      return 0;
    } finally {
      passphrase.fill(0);
      await lock.release();
    }
  },
};

export function recover(args: readonly string[]): Promise<number> {
  return dispatch('recover', { init, open }, args);
}

interface Target {
  readonly out: string | undefined;
  readonly chainCode: string | undefined;
}

/** Exactly one place for the key, and never a pipe by accident. */
function targetOf(call: CommandCall): Target {
  const [out, chainCode, show] = [call.text('out'), call.text('chain-code'), call.flag('show')];
  if ((out === undefined) === !show) {
    throw new InvalidArgument('OPTION_INVALID', '--out', 'give either --out FILE or --show, which prints the key');
  }
  if (show && (call.terminal.json || process.stdout.isTTY !== true)) {
    throw new InvalidArgument('OPTION_INVALID', '--show', 'prints to a terminal only; use --out FILE');
  }
  return { out, chainCode };
}

async function deliver(call: CommandCall, wallet: Wallet, recovered: Recovered, target: Target): Promise<void> {
  const { chainCode, faults, privateKey, used } = recovered;
  const address = checksumAddress(`0x${toHex(wallet.address)}`);
  const key = privateKey.use(toHex);
  privateKey.wipe();
  if (target.out !== undefined) await createFileAtomic(target.out, utf8(`${key}\n`));
  if (target.chainCode !== undefined && chainCode !== undefined) {
    await createFileAtomic(target.chainCode, utf8(`${chainCode.use(toHex)}\n`));
  }
  chainCode?.wipe();
  const files = [target.out, target.chainCode].flatMap((path) => (path === undefined ? [] : [basename(path)]));
  call.terminal.result(
    { ok: true, wallet: wallet.name, address, used: [...used], faults: faults.map((fault) => ({ ...fault })), files },
    [
      `The key of ${wallet.name}, ${address}, from the shares of parties ${used.join(', ')}.`,
      ...faults.map(({ party, reason }) => `!! The share of party ${party} was left out: ${reason}.`),
      ...(target.out === undefined ? [`private key ${key}`] : [`Written to ${target.out}, readable by you alone.`]),
      'Whoever has it can spend everything of this wallet. Move the funds to a new one when you can.',
    ].join('\n'),
  );
}

async function pinned(path: string, fingerprint: string | undefined): Promise<Roster> {
  const roster = readRoster(await readTextFile(path));
  if (!roster.ok) throw new InvalidArgument(roster.error.code, '--roster', roster.error.message);
  if (fingerprint !== undefined && !matchesFingerprint(roster.value.digest, fingerprint)) {
    throw new Refusal('FINGERPRINT_DIFFERS', 'the roster does not have this fingerprint');
  }
  return roster.value;
}

/** A wallet document by itself, or any transcript of the wallet, which holds it. */
async function readWallet(path: string, roster: Roster): Promise<Wallet> {
  const text = await readTextFile(path);
  const single = parseCanonical(utf8(text.trim()));
  const documents: readonly Json[] = single.ok ? [single.value] : documentsOf(text);
  const found = documents.find((document) => schemaOf(document) === WALLET_SCHEMA);
  const wallet = found === undefined ? undefined : openWallet(found, roster);
  if (wallet?.ok === true) return wallet.value;
  const why = wallet === undefined ? 'holds no wallet document' : wallet.error;
  throw new InvalidArgument('WALLET_INVALID', '--wallet', `${path}: ${why}`);
}

function documentsOf(text: string): readonly Json[] {
  const lines = parseTranscript(utf8(text));
  return lines.ok ? lines.value.flatMap(({ entry }) => (entry.kind === 'document' ? [entry.content] : [])) : [];
}

async function readSealed(path: string, roster: Roster): Promise<SealedShare> {
  const envelope = parseEnvelope(utf8((await readTextFile(path)).trim()));
  const share = envelope.ok ? openSealedShare(envelope.value, roster) : envelope;
  if (share.ok) return share.value;
  throw new InvalidArgument('SEALED_SHARE_INVALID', path, share.error.message);
}

function schemaOf(document: Json): Json | undefined {
  if (typeof document !== 'object' || Array.isArray(document)) return undefined;
  return (document as { readonly [key: string]: Json })['schema'];
}
