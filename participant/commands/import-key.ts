/** `keymoot participant import-key`: an existing private key is sealed in this home, to be dealt in an import. */
import type { Command } from '../../proto/control/command.ts';
import { readTextFile } from '../../proto/control/files.ts';
import { HOME_OPTION, homeOf, PASSPHRASE_OPTION } from '../../proto/control/home-option.ts';
import { readPassphrase } from '../../proto/rest/passphrase.ts';
import { Vault } from '../../proto/rest/vault.ts';
import { fromHex, toHex } from '../../protocol/common/bytes.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { checksumAddress } from '../../protocol/payload/address.ts';
import { ImportedKeys } from '../keystore/imported-keys.ts';
import { systemRandom } from '../randomness.ts';
import { importedKey, readPrivateKey } from '../recovery/private-key.ts';

export const importKeyCommand: Command = {
  usage: 'FILE|- --home DIR [--chain-code-file FILE] [--password-file FILE] [--passphrase-file FILE] [--yes]',
  summary: 'seal a private key in this home until an import has dealt it; prints what the proposal must name',
  options: {
    ...HOME_OPTION,
    ...PASSPHRASE_OPTION,
    'chain-code-file': { type: 'string' },
    'password-file': { type: 'string' },
    yes: { type: 'boolean' },
  },
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [file = ''] = call.positionals;
    const password = (): Promise<Uint8Array> =>
      readPassphrase({ file: call.text('password-file'), creating: false, prompt: 'Password of the keystore' });
    const chainCode = await chainCodeAt(call.text('chain-code-file'));
    const secret = await readPrivateKey({ file, password });
    try {
      const { address, chainCodeHash, publicKey } = importedKey(secret, chainCode);
      const shown = checksumAddress(`0x${toHex(address)}`);
      call.terminal.print(`The key of ${shown}. Whoever had it before may keep a copy: the wallet is called IMPORTED.`);
      const question = { text: 'Is this the address of the key that you want to hand over?', yes: call.flag('yes') };
      if (!(await call.terminal.confirm(question))) throw new Refusal('NOT_CONFIRMED', 'nothing was sealed');
      const passphrase = await readPassphrase({ file: call.text('passphrase-file'), creating: false });
      const vault = await Vault.open(homeOf(call), passphrase, systemRandom);
      passphrase.fill(0);
      await new ImportedKeys(vault).add(publicKey, secret, chainCode);
      vault.wipe();
      const named = { publicKey: toHex(publicKey), chainCodeHash: toHex(chainCodeHash) };
      call.terminal.result(
        { ok: true, address: shown, ...named },
        `Sealed. The operator proposes the import with\n  public key       ${named.publicKey}\n  chain code hash  ${named.chainCodeHash}`,
      );
      return 0;
    } finally {
      secret.wipe();
      chainCode.fill(0);
    }
  },
};

/** A key without a chain code gets a random one: addresses below it are new ones. */
async function chainCodeAt(path: string | undefined): Promise<Uint8Array> {
  if (path === undefined) return systemRandom.bytes(32);
  const bytes = fromHex((await readTextFile(path)).trim());
  if (bytes?.length === 32) return bytes;
  throw new InvalidArgument('CHAIN_CODE_MALFORMED', '--chain-code-file', 'the file must hold 64 hex digits');
}
