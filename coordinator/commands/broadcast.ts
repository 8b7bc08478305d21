import { field } from '../../proto/control/answer.ts';
import type { Command } from '../../proto/control/command.ts';
import { HOME_OPTION } from '../../proto/control/home-option.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { askService } from './common.ts';

export const broadcast: Command = {
  usage: 'CEREMONY --home DIR --rpc URL',
  summary: 'put the transaction that a ceremony signed on chain',
  options: { ...HOME_OPTION, rpc: { type: 'string' } },
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [ceremony = ''] = call.positionals;
    const rpc = call.required('rpc');
    if (!/^https?:\/\//.test(rpc))
      throw new InvalidArgument('OPTION_INVALID', '--rpc', 'must be an http or https address');
    const raw = field(await askService(call, 'ceremony', { ceremony }), 'rawTransaction');
    if (!/^0x[0-9a-f]+$/.test(raw))
      throw new Refusal('NOTHING_TO_BROADCAST', 'this ceremony signed no transaction; `status` has what it did');
    if (raw.startsWith('0x03')) {
      throw new Refusal('BLOBS_MISSING', 'whoever has the blobs must add them to the signed transaction and send both');
    }
    const { broadcastTransaction } = await import('../broadcast/broadcast.ts');
    const hash = await broadcastTransaction(rpc, `0x${raw.slice(2)}`);
    call.terminal.result({ ok: true, transactionHash: hash }, `Sent ${hash}`);
    return 0;
  },
};
