/** `migrate`: payloads that move everything from one wallet to another. Signing them is up to the parties, as ever. */
import { join } from 'node:path';
import { field, listOf, memberOf } from '../../proto/control/answer.ts';
import type { Command } from '../../proto/control/command.ts';
import { HOME_OPTION } from '../../proto/control/home-option.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { writeFileAtomic } from '../../proto/rest/atomic-file.ts';
import { ensureDirectory } from '../../proto/rest/directory.ts';
import { utf8 } from '../../protocol/common/bytes.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { askService } from './common.ts';

export const migrate: Command = {
  usage: '--home DIR --wallet OLD --to NEW --rpc URL --out DIR [--token ADDRESS]... [--reserve WEI]',
  summary: 'write the payloads that move all coin, and the tokens named, from one wallet to another',
  options: {
    ...HOME_OPTION,
    wallet: { type: 'string' },
    to: { type: 'string' },
    rpc: { type: 'string' },
    out: { type: 'string' },
    token: { type: 'string', multiple: true },
    reserve: { type: 'string' },
  },
  positionals: { min: 0, max: 0 },
  async run(call) {
    const [old, next] = [call.required('wallet'), call.required('to')];
    const rpc = call.required('rpc');
    const out = call.required('out');
    if (!/^https?:\/\//.test(rpc))
      throw new InvalidArgument('OPTION_INVALID', '--rpc', 'must be an http or https address');
    const reserve = call.text('reserve') ?? '0';
    if (!/^[0-9]{1,30}$/.test(reserve))
      throw new InvalidArgument('OPTION_INVALID', '--reserve', 'must be a number of wei');
    if (old === next) throw new InvalidArgument('OPTION_INVALID', '--to', 'must be another wallet than --wallet');
    const status = await askService(call, 'status');
    const { parseAddress, planSweep } = await import('../broadcast/sweep.ts');
    const sweep = await planSweep({
      rpc,
      from: parseAddress('--wallet', addressOf(status, old)),
      to: parseAddress('--to', addressOf(status, next)),
      tokens: call.list('token').map((token) => parseAddress('--token', token)),
      reserve: BigInt(reserve),
    });
    const directory = await ensureDirectory(out).then(() => out);
    const files: { file: string; what: string }[] = [];
    for (const { name, payload, what } of sweep.steps) {
      const file = join(directory, `${name}.json`);
      await writeFileAtomic(file, utf8(`${JSON.stringify(payload)}\n`));
      files.push({ file, what });
    }
    const lines = [
      `From wallet ${old} to wallet ${next} on chain ${sweep.chainId}:`,
      ...files.flatMap(({ file, what }) => [`  ${what}`, `    ${file}`]),
      ...sweep.left.map((what) => `  stays: ${what}`),
      '',
      'Sign them in this order, and put each on chain before the next; the policies must permit them:',
      ...files.map(({ file }) => `  keymoot coordinator sign ${file} --wallet ${old}`),
    ];
    call.terminal.result(
      { ok: true, chainId: sweep.chainId, payloads: files, left: [...sweep.left] },
      lines.join('\n'),
    );
    return 0;
  },
};

function addressOf(status: JsonValue, name: string): string {
  const wallet = listOf(memberOf(status, 'wallets')).find((row) => field(row, 'name') === name);
  if (wallet !== undefined) return field(wallet, 'address');
  throw new Refusal('UNKNOWN_WALLET', `no party has shown a wallet named ${name} yet`);
}
