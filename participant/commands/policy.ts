import { field, memberOf } from '../../proto/control/answer.ts';
import type { Command } from '../../proto/control/command.ts';
import { readTextFile } from '../../proto/control/files.ts';
import { HOME_OPTION } from '../../proto/control/home-option.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { parsePolicy } from '../../protocol/policy/parse.ts';
import { askNode } from './common.ts';

export const policy: Command = {
  usage: 'show | set common|own FILE --home DIR [--yes]',
  summary: 'show the policies in force, or adopt a new version of one',
  options: { ...HOME_OPTION, yes: { type: 'boolean' } },
  positionals: { min: 1, max: 3 },
  async run(call) {
    const [action, scope = '', path = ''] = call.positionals;
    if (action === 'show') {
      const answer = await askNode(call, 'policy-show');
      const rows = ['common', 'own'].map((name) => {
        const row = memberOf(answer, name);
        const words =
          row === undefined || row === null
            ? 'none'
            : `${field(row, 'id')} version ${field(row, 'version')}  ${field(row, 'digest')}`;
        return `${name.padEnd(8)}${words}`;
      });
      call.terminal.result(answer, rows.join('\n'));
      return 0;
    }
    if (action !== 'set' || path === '')
      throw new InvalidArgument('POLICY_ACTION', 'ACTION', 'use "show", or "set common FILE", or "set own FILE"');
    const text = await readTextFile(path);
    const parsed = parsePolicy(text);
    if (!parsed.ok) throw new InvalidArgument(parsed.error.code, parsed.error.field || path, parsed.error.message);
    const { id, version, rules } = parsed.value.document;
    const question = {
      text: `Adopt ${id} version ${version} with ${rules.length} rules as the ${scope} policy?`,
      yes: call.flag('yes'),
    };
    if (!(await call.terminal.confirm(question))) throw new Refusal('NOT_CONFIRMED', 'nothing was changed');
    const answer = await askNode(call, 'policy-set', { scope, text });
    call.terminal.result(answer, `In force: ${id} version ${version}, digest ${field(answer, 'digest')}`);
    return 0;
  },
};
