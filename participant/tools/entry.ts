/** `keymoot policy entry …`: a counterparty signs its addresses, and a policy takes the entry into its next version. */
import type { Command, CommandCall } from '../../proto/control/command.ts';
import { readTextFile } from '../../proto/control/files.ts';
import { HOME_OPTION, homeOf, PASSPHRASE_OPTION } from '../../proto/control/home-option.ts';
import { createFileAtomic } from '../../proto/rest/atomic-file.ts';
import { createHome } from '../../proto/rest/directory.ts';
import { HomeLock } from '../../proto/rest/lock.ts';
import { readPassphrase } from '../../proto/rest/passphrase.ts';
import { Vault } from '../../proto/rest/vault.ts';
import { isEntrySigned, signEntry } from '../../protocol/ceremony/address-entry.ts';
import { toHex, utf8 } from '../../protocol/common/bytes.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { checksumAddress } from '../../protocol/payload/address.ts';
import { COUNTERPARTY_KINDS, type Counterparty, type CounterpartyAddress } from '../../protocol/policy/schema.ts';
import { systemClock } from '../clock.ts';
import { createIdentity, type Identity, loadIdentity, wipeIdentity } from '../keystore/identity.ts';
import { systemRandom } from '../randomness.ts';
import { entryText, readEntryFile, withEntry } from './entry-file.ts';
import { addressFrom, policyFrom } from './policy-file.ts';

/** log2 of the scrypt cost with `--weak-kdf`: for tests and demos. */
const WEAK_LOG_N = 14;

export const entry: Command = {
  usage:
    'init --home DIR | sign --home DIR --name NAME --label LABEL --address CHAIN:ADDRESS:KIND... [--entry-version V] [--expires SECONDS] --out FILE | verify FILE | add FILE --into POLICY --out POLICY',
  summary: 'entries of the address book: a counterparty makes its key and signs its addresses; a policy takes them in',
  options: {
    ...HOME_OPTION,
    ...PASSPHRASE_OPTION,
    'weak-kdf': { type: 'boolean' },
    name: { type: 'string' },
    label: { type: 'string' },
    address: { type: 'string', multiple: true },
    'entry-version': { type: 'string' },
    expires: { type: 'string' },
    into: { type: 'string' },
    out: { type: 'string' },
  },
  positionals: { min: 1, max: 2 },
  async run(call) {
    const [action = '', path = ''] = call.positionals;
    switch (action) {
      case 'init':
        return await initialise(call);
      case 'sign':
        return await sign(call);
      case 'verify':
        return await verify(call, path);
      case 'add':
        return await add(call, path);
      default:
        throw new InvalidArgument('ENTRY_ACTION', 'ACTION', 'use "init", "sign", "verify" or "add"');
    }
  },
};

/** The counterparty's own key: it needs no roster, and signs nothing but its addresses. */
async function initialise(call: CommandCall): Promise<number> {
  const passphrase = await readPassphrase({ file: call.text('passphrase-file'), creating: true });
  const lock = await HomeLock.acquire(await createHome(homeOf(call)));
  try {
    const weak = call.flag('weak-kdf') ? { weakLogN: WEAK_LOG_N } : {};
    const vault = await Vault.create(lock.home, passphrase, systemRandom, weak);
    const identity = await createIdentity(lock, vault, systemRandom);
    const key = `0x${toHex(identity.statementKey)}`;
    wipeIdentity(identity);
    vault.wipe();
    call.terminal.result(
      { ok: true, identity: key },
      `Identity ${key}\nTell it to those who pay you in person or by telephone: whoever holds its key can name your addresses.`,
    );
    return 0;
  } finally {
    passphrase.fill(0);
    await lock.release();
  }
}

async function sign(call: CommandCall): Promise<number> {
  const name = call.required('name');
  const unsigned = {
    label: call.required('label'),
    addresses: call.list('address').map(addressOf),
    version: wholeFrom(call, 'entry-version', 1),
    created: systemClock.now(),
    ...(call.text('expires') === undefined ? {} : { expires: wholeFrom(call, 'expires', 0) }),
  };
  if (unsigned.addresses.length === 0) throw new InvalidArgument('ENTRY_INVALID', '--address', 'is missing');
  const out = call.required('out');
  const signed = await withIdentity(call, (identity) => signEntry(name, unsigned, identity.statement));
  const text = entryText(name, signed);
  readEntryFile(text, out);
  await createFileAtomic(out, utf8(text));
  call.terminal.result({ ok: true, path: out, identity: signed.identity }, entryLines(name, signed).join('\n'));
  return 0;
}

async function verify(call: CommandCall, path: string): Promise<number> {
  const { entry: read, name } = readEntryFile(await readTextFile(path), path);
  requireSigned(name, read);
  call.terminal.result({ ok: true, name, identity: read.identity }, entryLines(name, read).join('\n'));
  return 0;
}

async function add(call: CommandCall, path: string): Promise<number> {
  const { entry: read, name } = readEntryFile(await readTextFile(path), path);
  requireSigned(name, read);
  const into = call.required('into');
  const out = call.required('out');
  const next = withEntry(await readTextFile(into), await policyFrom(into), name, read);
  await createFileAtomic(out, utf8(next.text));
  const { version } = next.policy.document;
  call.terminal.result(
    { ok: true, path: out, version },
    [
      ...entryLines(name, read),
      `${out}: version ${version}, not signed yet. See what changes: keymoot policy diff ${into} ${out}`,
    ].join('\n'),
  );
  return 0;
}

function requireSigned(name: string, read: Counterparty): void {
  if (isEntrySigned(name, read)) return;
  throw new Refusal('ENTRY_SIGNATURE', `the entry "${name}" is not signed by the identity it names; do not use it`);
}

function entryLines(name: string, { addresses, expires, identity, label, version }: Counterparty): readonly string[] {
  return [
    `"${label}" (${name}), version ${version}, signed by ${identity}`,
    ...addresses.map(({ address, chainId, kind }) => `  chain ${chainId}  ${checksumAddress(address)}  ${kind}`),
    ...(expires === undefined ? [] : [`  void from ${new Date(expires * 1000).toISOString()}`]),
    'Compare the identity with what its owner told you in person or by telephone.',
  ];
}

async function withIdentity<T>(call: CommandCall, use: (identity: Identity) => T): Promise<T> {
  const passphrase = await readPassphrase({ file: call.text('passphrase-file'), creating: false });
  const lock = await HomeLock.acquire(homeOf(call));
  try {
    const vault = await Vault.open(lock.home, passphrase, systemRandom);
    const identity = await loadIdentity(lock.home, vault);
    vault.wipe();
    try {
      return use(identity);
    } finally {
      wipeIdentity(identity);
    }
  } finally {
    passphrase.fill(0);
    await lock.release();
  }
}

/** `1:0x...:eoa`. */
function addressOf(text: string): CounterpartyAddress {
  const [chainId = '', address = '', name = ''] = text.split(':');
  const kind = COUNTERPARTY_KINDS.find((known) => known === name);
  if (!/^[1-9][0-9]{0,15}$/.test(chainId) || kind === undefined) {
    const kinds = COUNTERPARTY_KINDS.join(', ');
    throw new InvalidArgument('ENTRY_INVALID', '--address', `write it as CHAIN:ADDRESS:KIND, with a kind of ${kinds}`);
  }
  return { chainId: BigInt(chainId), address: addressFrom(address, '--address'), kind };
}

function wholeFrom(call: CommandCall, name: string, usual: number): number {
  const value = call.text(name) ?? String(usual);
  if (/^[1-9][0-9]{0,11}$/.test(value)) return Number(value);
  throw new InvalidArgument('NUMBER_INVALID', `--${name}`, 'must be a whole number above 0');
}
