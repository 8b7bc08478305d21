import { field, listOf, memberOf } from '../../proto/control/answer.ts';
import type { Command, CommandCall } from '../../proto/control/command.ts';
import { HOME_OPTION } from '../../proto/control/home-option.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { formatTable } from '../../proto/control/terminal.ts';
import { createFileAtomic } from '../../proto/rest/atomic-file.ts';
import { utf8 } from '../../protocol/common/bytes.ts';
import { parsePaths } from '../../protocol/threshold/derivation.ts';
import { askNode } from './common.ts';

/** For an auditor that should derive keys again. It signs nothing, but tells which addresses are this wallet's. */
async function writeChainCode(call: CommandCall, wallet: string, file: string): Promise<0> {
  const answer = await askNode(call, 'chain-code', { wallet });
  await createFileAtomic(file, utf8(`${field(answer, 'chainCode')}\n`));
  const words = `Wrote the chain code of ${wallet} to ${file}. Whoever reads it can list every address of this wallet.`;
  call.terminal.result({ ok: true, wallet, file }, words);
  return 0;
}

export const wallets: Command = {
  usage: '--home DIR [--wallet NAME] [--derive 0/0..9] [--chain-code FILE]',
  summary: 'every wallet with its root address, the addresses that have signed, and those of the paths you name',
  options: {
    ...HOME_OPTION,
    wallet: { type: 'string' },
    derive: { type: 'string', multiple: true },
    'chain-code': { type: 'string' },
  },
  positionals: { min: 0, max: 0 },
  async run(call) {
    const derive = call.list('derive');
    for (const text of derive) {
      const paths = parsePaths(text, '--derive');
      if (!paths.ok) throw paths.error;
    }
    const wallet = call.text('wallet');
    const file = call.text('chain-code');
    if (file !== undefined) return await writeChainCode(call, call.required('wallet'), file);
    const answer = await askNode(call, 'wallets', { derive, ...(wallet === undefined ? {} : { wallet }) });
    const rows = listOf(memberOf(answer, 'wallets')).flatMap((row) => [
      [`${field(row, 'name')}${labels(row)}`, 'm', field(row, 'address'), field(row, 'signed')],
      ...listOf(memberOf(row, 'derived')).map((derived) => [
        field(row, 'name'),
        ...['path', 'address', 'signed'].map((name) => field(derived, name)),
      ]),
    ]);
    const table = formatTable([['WALLET', 'PATH', 'ADDRESS', 'SIGNED'], ...rows]);
    call.terminal.result(answer, rows.length === 0 ? 'This party holds no wallet yet.' : table);
    return 0;
  },
};

/** What nobody must forget about a wallet. */
export function labels(row: JsonValue): string {
  const marks = [
    ...(field(row, 'origin') === 'imported' ? ['IMPORTED'] : []),
    ...(field(row, 'exported') === '' ? [] : ['EXPORTED']),
  ];
  return marks.length === 0 ? '' : ` (${marks.join(', ')})`;
}
