/** `export`: the whole key to one recipient. The coordinator only carries what the parties sealed. */
import { join } from 'node:path';
import { field, listOf, memberOf } from '../../proto/control/answer.ts';
import type { Command } from '../../proto/control/command.ts';
import { createFileAtomic } from '../../proto/rest/atomic-file.ts';
import { ensureDirectory } from '../../proto/rest/directory.ts';
import { utf8 } from '../../protocol/common/bytes.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { askService } from './common.ts';
import { finish, propose, WISH_OPTIONS, wish } from './follow.ts';

export const exportKey: Command = {
  usage:
    '--home DIR --wallet NAME --recipient HEX --out DIR [--note TEXT] [--expires-in SECONDS] | CEREMONY --home DIR --out DIR',
  summary: 'propose to hand a whole private key to one recipient; all parties must agree and seal their shares to it',
  options: {
    ...WISH_OPTIONS,
    wallet: { type: 'string' },
    recipient: { type: 'string' },
    out: { type: 'string' },
  },
  positionals: { min: 0, max: 1 },
  async run(call) {
    const [earlier] = call.positionals;
    if (earlier !== undefined) {
      const files = await collect(earlier, call.required('out'), (params) => askService(call, 'sealed-shares', params));
      call.terminal.result({ ok: true, files: [...files] }, nextSteps(files).join('\n'));
      return 0;
    }
    const recipient = call.required('recipient').replace(/^0x/, '').toLowerCase();
    if (!/^[0-9a-f]{64}$/.test(recipient)) {
      throw new InvalidArgument(
        'OPTION_INVALID',
        '--recipient',
        'must be the 32 bytes that "keymoot recover init" prints',
      );
    }
    const out = call.flag('detach') ? '' : call.required('out');
    const answer = await propose(call, 'export', { wallet: call.required('wallet'), recipient, ...wish(call) });
    if (memberOf(answer, 'ok') !== true || field(answer, 'ending') === '') return finish(call, answer);
    const ceremony = field(answer, 'ceremony');
    const files = await collect(ceremony, out, (params) => askService(call, 'sealed-shares', params));
    return finish(call, answer, nextSteps(files));
  },
};

type Ask = (params: { readonly ceremony: string }) => ReturnType<typeof askService>;

/** Writes the wallet document and a file for each sealed share. */
async function collect(ceremony: string, out: string, ask: Ask): Promise<readonly string[]> {
  const answer = await ask({ ceremony });
  await ensureDirectory(out);
  const contents: [string, string][] = [
    ['wallet.json', field(answer, 'wallet')],
    ...listOf(memberOf(answer, 'shares')).map((share, i): [string, string] => [`sealed-${i + 1}.json`, String(share)]),
  ];
  const files: string[] = [];
  for (const [name, content] of contents) {
    const path = join(out, name);
    await createFileAtomic(path, utf8(content));
    files.push(path);
  }
  return files;
}

function nextSteps(files: readonly string[]): readonly string[] {
  const [wallet = '', ...shares] = files;
  return [
    `hand ${files.length} files to the recipient, who opens them offline:`,
    `keymoot recover open ${shares.join(' ')} --wallet ${wallet} --roster ROSTER --home DIR --out KEY`,
    "the key is known whole from now on: treat the wallet as the recipient's, or move the funds to a new one",
  ];
}
