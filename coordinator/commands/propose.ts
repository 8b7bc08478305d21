/** `keygen` and `sign`: propose, and follow the ceremony to its end. */

import type { Command, CommandCall } from '../../proto/control/command.ts';
import { readTextFile } from '../../proto/control/files.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { toHex } from '../../protocol/common/bytes.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { payloadFromInspectJson } from '../../protocol/payload/inspect-json.ts';
import { parsePath } from '../../protocol/threshold/derivation.ts';
import { finish, propose, WISH_OPTIONS, wish } from './follow.ts';

export const keygen: Command = {
  usage: '--home DIR --wallet NAME [--exportable] [--note TEXT] [--expires-in SECONDS] [--detach]',
  summary: 'propose a new wallet; every key holder must approve it by hand',
  options: { ...WISH_OPTIONS, wallet: { type: 'string' }, exportable: { type: 'boolean' } },
  positionals: { min: 0, max: 0 },
  async run(call) {
    const exportable = call.flag('exportable');
    const answer = await propose(call, 'keygen', { wallet: call.required('wallet'), exportable, ...wish(call) });
    return finish(call, answer);
  },
};

export const sign: Command = {
  usage:
    'FILE --home DIR --wallet NAME [--path m/0/5] [--address 0x...] [--note TEXT] [--expires-in SECONDS] [--detach]',
  summary: 'propose a payload (a file as inspect reads it) for signing by a wallet, or by a key derived from it',
  options: { ...WISH_OPTIONS, wallet: { type: 'string' }, path: { type: 'string' }, address: { type: 'string' } },
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [path = ''] = call.positionals;
    const payload = payloadFromInspectJson(await readTextFile(path));
    if (!payload.ok) throw new InvalidArgument(payload.error.code, path, payload.error.message);
    const { bytes, kind, preimages } = payload.value;
    const answer = await propose(call, 'sign', {
      wallet: call.required('wallet'),
      kind,
      bytes: toHex(bytes),
      ...(preimages === undefined ? {} : { preimages: preimages.map(toHex) }),
      ...account(call),
      ...wish(call),
    });
    return finish(call, answer);
  },
};

/** Refused here already, so that a mistyped path is one sentence at once. */
function account(call: CommandCall): { readonly [key: string]: JsonValue } {
  const [path, address] = [call.text('path'), call.text('address')];
  const read = path === undefined ? undefined : parsePath(path, '--path');
  if (read?.ok === false) throw read.error;
  return { ...(path === undefined ? {} : { path }), ...(address === undefined ? {} : { address }) };
}
