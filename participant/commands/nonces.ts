/** `keymoot participant nonces`: what is charged to the limits, and that something of it is used up. */
import { field, listOf } from '../../proto/control/answer.ts';
import type { Command, CommandCall } from '../../proto/control/command.ts';
import { HOME_OPTION } from '../../proto/control/home-option.ts';
import { formatTable } from '../../proto/control/terminal.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { askNode } from './common.ts';

export const nonces: Command = {
  usage: '[consumed ADDRESS CHAIN NONCE [--safe] | void DIGEST] --home DIR [--yes]',
  summary: 'list what is charged to the limits, or say that a nonce or a signature is used up',
  options: { ...HOME_OPTION, safe: { type: 'boolean' }, yes: { type: 'boolean' } },
  positionals: { min: 0, max: 4 },
  async run(call) {
    const [action] = call.positionals;
    switch (action) {
      case undefined:
        return await list(call);
      case 'consumed':
        return await consumed(call);
      case 'void':
        return await ended(call);
      default:
        throw new InvalidArgument('NONCE_ACTION', 'ACTION', 'use "consumed ADDRESS CHAIN NONCE", or "void DIGEST"');
    }
  },
};

async function list(call: CommandCall): Promise<number> {
  const answer = await askNode(call, 'nonces');
  const rows = listOf(answer).map((row) => [
    field(row, 'wallet'),
    field(row, 'account'),
    field(row, 'chain'),
    field(row, 'place') === 'until' ? `until ${field(row, 'until')}` : field(row, 'nonce').replace('null', '-'),
    field(row, 'state'),
    field(row, 'digest').slice(0, 16),
  ]);
  const table = formatTable([['WALLET', 'ACCOUNT', 'CHAIN', 'NONCE', 'STATE', 'DIGEST'], ...rows]);
  call.terminal.result(answer, rows.length === 0 ? 'Nothing is charged.' : table);
  return 0;
}

async function consumed(call: CommandCall): Promise<number> {
  const [, account = '', chain = '', nonce = ''] = call.positionals;
  const kind = call.flag('safe') ? 'safe' : 'account';
  call.terminal.print(
    [
      'Say so only if you have seen it on the chain yourself, with blocks on top: a signature for a nonce that is not',
      'used up can still be executed, and would then be charged in no later window.',
    ].join('\n'),
  );
  const question = {
    text: `Are all nonces of ${account} on chain ${chain} up to ${nonce} used up?`,
    yes: call.flag('yes'),
  };
  if (!(await call.terminal.confirm(question))) throw new Refusal('NOT_CONFIRMED', 'everything stays charged');
  const answer = await askNode(call, 'nonce-consumed', { kind, account: account.toLowerCase(), chain, nonce });
  call.terminal.result(answer, 'Written down. What was signed for them is charged for one more window.');
  return 0;
}

async function ended(call: CommandCall): Promise<number> {
  const [, digest = ''] = call.positionals;
  const question = {
    text: `Can nobody use the signature over ${digest} any more?`,
    yes: call.flag('yes'),
  };
  if (!(await call.terminal.confirm(question))) throw new Refusal('NOT_CONFIRMED', 'everything stays charged');
  const answer = await askNode(call, 'signature-void', { digest: digest.toLowerCase() });
  call.terminal.result(answer, 'Written down. It is charged for one more window.');
  return 0;
}
