/** `refresh`, `reshare` and `import`: new shares of a key, for the same parties, for others, or of a key that exists. */
import { field, memberOf } from '../../proto/control/answer.ts';
import type { Command } from '../../proto/control/command.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { finish, propose, WISH_OPTIONS, wish } from './follow.ts';

export const refresh: Command = {
  usage: '--home DIR --wallet NAME [--dealers I,J...] [--note TEXT] [--expires-in SECONDS] [--detach]',
  summary: 'propose new shares of a key for the same parties; old shares and backups no longer combine with them',
  options: { ...WISH_OPTIONS, wallet: { type: 'string' }, dealers: { type: 'string' } },
  positionals: { min: 0, max: 0 },
  async run(call) {
    const wallet = call.required('wallet');
    const answer = await propose(call, 'reshare', {
      wallet,
      refresh: true,
      ...dealers(call.text('dealers')),
      ...wish(call),
    });
    return finish(call, answer, [
      'every key holder makes a new backup and destroys the old ones (participant backup)',
      'sign something harmless once all nodes are ready again',
    ]);
  },
};

export const reshare: Command = {
  usage:
    '--home DIR --wallet NAME [--dealers I,J...] [--restore OLD=NEW]... [--note TEXT] [--expires-in SECONDS] [--detach]',
  summary: 'propose to hand a key to the parties of the successor that was adopted; its address stays the same',
  options: {
    ...WISH_OPTIONS,
    wallet: { type: 'string' },
    dealers: { type: 'string' },
    restore: { type: 'string', multiple: true },
  },
  positionals: { min: 0, max: 0 },
  async run(call) {
    const wallet = call.required('wallet');
    const restored = call.list('restore').map(restoredPair);
    const given = { wallet, ...dealers(call.text('dealers')), ...(restored.length === 0 ? {} : { restored }) };
    const answer = await propose(call, 'reshare', { ...given, ...wish(call) });
    const next = memberOf(answer, 'next');
    return finish(call, answer, [
      `reshare every other wallet too: roster version ${field(next, 'version')} is in force when its parties hold all of them`,
      'who leaves: keep the node running, or start it once more, until its log says that the share is erased',
      'who joins: adopt the policies (participant policy set); everybody: make new backups, destroy old ones',
      `auditors go on with the fingerprint they have; the transcript hands over to: ${field(next, 'fingerprint')}`,
      'sign something harmless once all nodes are ready',
    ]);
  },
};

export const importKey: Command = {
  usage:
    '--home DIR --wallet NAME --holder INDEX --public-key HEX --chain-code-hash HEX [--exportable] [--note TEXT] [--expires-in SECONDS] [--detach]',
  summary: 'propose to take in a key that one party holds; "participant import-key" prints what to give here',
  options: {
    ...WISH_OPTIONS,
    wallet: { type: 'string' },
    holder: { type: 'string' },
    'public-key': { type: 'string' },
    'chain-code-hash': { type: 'string' },
    exportable: { type: 'boolean' },
  },
  positionals: { min: 0, max: 0 },
  async run(call) {
    const answer = await propose(call, 'import', {
      wallet: call.required('wallet'),
      holder: index('--holder', call.required('holder')),
      publicKey: hex(call.required('public-key')),
      chainCodeHash: hex(call.required('chain-code-hash')),
      exportable: call.flag('exportable'),
      ...wish(call),
    });
    return finish(call, answer, [
      'destroy every copy of the private key: whoever has one signs alone, past every policy',
      'better still: move the funds to a key that never existed whole (coordinator keygen, coordinator migrate)',
    ]);
  },
};

function dealers(text: string | undefined): { readonly dealers?: number[] } {
  if (text === undefined) return {};
  return { dealers: text.split(',').map((part) => index('--dealers', part.trim())) };
}

function restoredPair(text: string): number[] {
  const [old = '', joining = '', ...rest] = text.split('=');
  if (rest.length > 0) throw new InvalidArgument('OPTION_INVALID', '--restore', 'must be OLD=NEW, two indices');
  return [index('--restore', old), index('--restore', joining)];
}

function index(option: string, text: string): number {
  if (/^[1-9][0-9]?$/.test(text)) return Number(text);
  throw new InvalidArgument('OPTION_INVALID', option, 'an index of a party is a whole number from 1 on');
}

function hex(text: string): string {
  return (text.startsWith('0x') ? text.slice(2) : text).toLowerCase();
}
