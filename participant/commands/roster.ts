/** `keymoot roster …`: made by one person, signed by all parties, pinned by everybody. */

import { type Command, type CommandCall, dispatch } from '../../proto/control/command.ts';
import { readTextFile } from '../../proto/control/files.ts';
import { HOME_OPTION, homeOf, PASSPHRASE_OPTION } from '../../proto/control/home-option.ts';
import { readFileIfPresent, writeFileAtomic } from '../../proto/rest/atomic-file.ts';
import { readPassphrase } from '../../proto/rest/passphrase.ts';
import { Vault } from '../../proto/rest/vault.ts';
import { readCard } from '../../protocol/ceremony/card.ts';
import {
  createRoster,
  fingerprint,
  type RosterBody,
  type RosterFile,
  signRoster,
  unsignedParties,
} from '../../protocol/ceremony/roster.ts';
import { networkKeyHash, networkKeyText, readRosterFile, rosterText } from '../../protocol/ceremony/roster-file.ts';
import { equalBytes, fromHex, toHex, utf8 } from '../../protocol/common/bytes.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { loadIdentity, wipeIdentity } from '../keystore/identity.ts';
import { systemRandom } from '../randomness.ts';
import { rosterLines } from './roster-lines.ts';

const create: Command = {
  usage:
    '--name NAME --threshold T --party CARD... --operator CARD... --network-key FILE --out ROSTER | --previous ROSTER [--threshold T] --party NAME|CARD... [--operator NAME|CARD...] --out ROSTER',
  summary:
    "compose a roster from the members' cards; makes the network key if FILE does not exist. With --previous, its successor: who stays is given by name",
  options: {
    name: { type: 'string' },
    threshold: { type: 'string' },
    party: { type: 'string', multiple: true },
    operator: { type: 'string', multiple: true },
    'network-key': { type: 'string' },
    announcement: { type: 'string' },
    previous: { type: 'string' },
    out: { type: 'string' },
  },
  positionals: { min: 0, max: 0 },
  async run(call) {
    const previousPath = call.text('previous');
    const body =
      previousPath === undefined ? await firstBody(call) : await nextBody(call, await rosterAt(previousPath));
    const roster = createRoster(body);
    if (!roster.ok) throw new InvalidArgument(roster.error.code, 'ROSTER', roster.error.message);
    const path = call.required('out');
    // Read back as anybody else will read it, so that what was typed cannot make an unreadable roster.
    const again = readRosterFile(rosterText(roster.value));
    if (!again.ok) throw new InvalidArgument(again.error.code, 'ROSTER', again.error.message);
    await writeFileAtomic(path, utf8(rosterText(roster.value)));
    return shown(call, roster.value, path);
  },
};

const sign: Command = {
  usage: 'ROSTER --home DIR [--passphrase-file FILE] [--yes]',
  summary: 'sign a roster as one of its parties; the file gains the signature',
  options: { ...HOME_OPTION, ...PASSPHRASE_OPTION, yes: { type: 'boolean' } },
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [path = ''] = call.positionals;
    const file = await rosterAt(path);
    call.terminal.print(rosterLines(file).join('\n'));
    const question = { text: 'Sign this roster?', yes: call.flag('yes') };
    if (!(await call.terminal.confirm(question))) throw new Refusal('NOT_CONFIRMED', 'nothing was signed');
    const passphrase = await readPassphrase({ file: call.text('passphrase-file'), creating: false });
    const vault = await Vault.open(homeOf(call), passphrase, systemRandom);
    passphrase.fill(0);
    const identity = await loadIdentity(homeOf(call), vault);
    const self = file.body.parties.find((party) => equalBytes(party.statementKey, identity.statementKey));
    if (self === undefined) throw new Refusal('NOT_A_PARTY', 'this roster does not list the keys of this home');
    const signed = signRoster(file, self.index, identity.statement, identity.transport);
    wipeIdentity(identity);
    vault.wipe();
    const checked = readRosterFile(rosterText(signed));
    if (!checked.ok) throw new InvalidArgument(checked.error.code, path, checked.error.message);
    await writeFileAtomic(path, utf8(rosterText(signed)));
    const missing = unsignedParties(signed).map((party) => party.name);
    const left = missing.length === 0 ? 'All parties have signed.' : `Still to sign: ${missing.join(', ')}.`;
    call.terminal.result(
      { ok: true, party: self.index, missing },
      `Signed as party ${self.index} (${self.name}). ${left}`,
    );
    return 0;
  },
};

const show: Command = {
  usage: 'ROSTER',
  summary: 'print a roster with its keys, signatures and fingerprint',
  options: {},
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [path = ''] = call.positionals;
    return shown(call, await rosterAt(path), path);
  },
};

const fingerprintCommand: Command = {
  usage: 'ROSTER',
  summary: 'print only the fingerprint, as words and digits',
  options: {},
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [path = ''] = call.positionals;
    const { digits, words } = fingerprint((await rosterAt(path)).digest);
    call.terminal.result({ words, digits }, `${words}\n${digits}`);
    return 0;
  },
};

export function roster(args: readonly string[]): Promise<number> {
  return dispatch('roster', { create, sign, show, fingerprint: fingerprintCommand }, args);
}

function shown(call: CommandCall, file: RosterFile, path: string): number {
  const { digits, words } = fingerprint(file.digest);
  const json = {
    roster: path,
    digest: toHex(file.digest),
    threshold: file.body.threshold,
    parties: file.body.parties.map((party) => ({ index: party.index, name: party.name, person: party.person })),
    missing: unsignedParties(file).map((party) => party.name),
    fingerprint: { words, digits },
  };
  call.terminal.result(json, rosterLines(file).join('\n'));
  return 0;
}

async function firstBody(call: CommandCall): Promise<RosterBody> {
  const networkKey = await networkKeyAt(call.required('network-key'));
  const parties = await Promise.all(call.list('party').map((path) => cardAt(path, 'participant')));
  const operators = await Promise.all(call.list('operator').map((path) => cardAt(path, 'operator')));
  return {
    name: call.required('name'),
    version: 1,
    threshold: wholeNumber(call, 'threshold', undefined),
    parties: parties.map((card, i) => ({ ...card, index: i + 1 })),
    operators: operators.map((card) => ({ ...card, key: card.statementKey })),
    network: networkKeyHash(networkKey),
    announcement: wholeNumber(call, 'announcement', 72 * 3600),
  };
}

/** A successor keeps name and network; what is not said stays as it was. The order of the parties gives the indices. */
async function nextBody(call: CommandCall, previous: RosterFile): Promise<RosterBody> {
  const { body } = previous;
  if (unsignedParties(previous).length > 0) {
    throw new InvalidArgument('ROSTER_UNSIGNED', '--previous', 'only a roster that all parties signed can be replaced');
  }
  if (call.text('name') !== undefined || call.text('network-key') !== undefined) {
    throw new InvalidArgument('OPTION_INVALID', '--previous', 'a successor keeps the name and the network key');
  }
  const parties = await Promise.all(
    call.list('party').map(async (given) => {
      return body.parties.find((party) => party.name === given) ?? (await cardAt(given, 'participant'));
    }),
  );
  const operators = await Promise.all(
    call.list('operator').map(async (given) => {
      const known = body.operators.find((operator) => operator.name === given);
      if (known !== undefined) return known;
      const card = await cardAt(given, 'operator');
      return { ...card, key: card.statementKey };
    }),
  );
  return {
    name: body.name,
    version: body.version + 1,
    previous: previous.digest,
    threshold: wholeNumber(call, 'threshold', body.threshold),
    parties: (parties.length === 0 ? body.parties : parties).map((party, i) => ({ ...party, index: i + 1 })),
    operators: operators.length === 0 ? body.operators : operators,
    network: body.network,
    announcement: wholeNumber(call, 'announcement', body.announcement),
  };
}

async function rosterAt(path: string): Promise<RosterFile> {
  const file = readRosterFile(await readTextFile(path));
  if (file.ok) return file.value;
  throw new InvalidArgument(file.error.code, path, file.error.message);
}

async function cardAt(path: string, role: 'participant' | 'operator') {
  const card = readCard(await readTextFile(path));
  if (!card.ok) throw new InvalidArgument('CARD_MALFORMED', path, card.error);
  if (card.value.role !== role) throw new InvalidArgument('CARD_ROLE', path, `this is not the card of a ${role}`);
  return card.value;
}

async function networkKeyAt(path: string): Promise<Uint8Array> {
  const present = await readFileIfPresent(path);
  if (present === undefined) {
    const key = systemRandom.bytes(32);
    await writeFileAtomic(path, utf8(networkKeyText(key)));
    return key;
  }
  const key = fromHex(new TextDecoder().decode(present).trim());
  if (key?.length === 32) return key;
  throw new InvalidArgument('NETWORK_KEY_MALFORMED', '--network-key', 'the file must hold 64 hex digits');
}

function wholeNumber(call: CommandCall, name: string, otherwise: number | undefined): number {
  const value = call.text(name) ?? (otherwise === undefined ? call.required(name) : String(otherwise));
  if (/^(0|[1-9][0-9]{0,8})$/.test(value)) return Number(value);
  throw new InvalidArgument('OPTION_INVALID', `--${name}`, 'must be a whole number');
}
