/** Approvals by file: a request goes out to a device that is not connected, and what it says comes back. */
import { field } from '../../proto/control/answer.ts';
import type { Command } from '../../proto/control/command.ts';
import { readTextFile } from '../../proto/control/files.ts';
import { HOME_OPTION } from '../../proto/control/home-option.ts';
import { writeFileAtomic } from '../../proto/rest/atomic-file.ts';
import { utf8 } from '../../protocol/common/bytes.ts';
import { InvalidArgument } from '../../protocol/common/errors.ts';
import { askNode } from './common.ts';

export const request: Command = {
  usage: 'CEREMONY --home DIR --out FILE',
  summary: 'write a request for approval to a file, for an approver whose device is not connected',
  options: { ...HOME_OPTION, out: { type: 'string' } },
  positionals: { min: 1, max: 1 },
  async run(call) {
    const [ceremony = ''] = call.positionals;
    const out = call.required('out');
    const answer = await askNode(call, 'approval-request', { ceremony });
    await writeFileAtomic(out, utf8(field(answer, 'text')));
    const name = field(answer, 'ceremony');
    call.terminal.result({ ok: true, ceremony: name, file: out }, `${out} holds the request ${name}.`);
    return 0;
  },
};

export const approvals: Command = {
  usage: 'import FILE --home DIR',
  summary: 'take in what an approver has said in a file, and tell the other parties',
  options: HOME_OPTION,
  positionals: { min: 2, max: 2 },
  async run(call) {
    const [action = '', path = ''] = call.positionals;
    if (action !== 'import') throw new InvalidArgument('APPROVALS_ACTION', 'ACTION', 'use "import FILE"');
    const answer = await askNode(call, 'approval-import', { text: await readTextFile(path) });
    const [approver, decision, ceremony] = ['approver', 'decision', 'ceremony'].map((name) => field(answer, name));
    call.terminal.result(answer, `${approver ?? ''}: ${decision ?? ''}, about ${ceremony ?? ''}.`);
    return 0;
  },
};
