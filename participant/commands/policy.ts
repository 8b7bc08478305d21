import { field, listOf, memberOf } from '../../proto/control/answer.ts';
import type { Command, CommandCall } from '../../proto/control/command.ts';
import { readTextFile } from '../../proto/control/files.ts';
import { HOME_OPTION } from '../../proto/control/home-option.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { InvalidArgument, Refusal } from '../../protocol/common/errors.ts';
import { parsePolicy } from '../../protocol/policy/parse.ts';
import { askNode } from './common.ts';
import { changeLine, pendingLines, refusalLines, waitWords } from './policy-lines.ts';

export const policy: Command = {
  usage: 'show | set common|own FILE | veto DIGEST --reason TEXT --home DIR [--yes]',
  summary: 'show the policies, adopt or announce a version, veto one that waits',
  options: { ...HOME_OPTION, yes: { type: 'boolean' }, reason: { type: 'string' } },
  positionals: { min: 1, max: 3 },
  async run(call) {
    const [action, first = '', path = ''] = call.positionals;
    if (action === 'show') return await show(call);
    if (action === 'veto' && first !== '') return await veto(call, first);
    if (action === 'set' && path !== '') return await set(call, first, path);
    throw new InvalidArgument(
      'POLICY_ACTION',
      'ACTION',
      'use "show", or "set common FILE", or "set own FILE", or "veto DIGEST"',
    );
  },
};

async function show(call: CommandCall): Promise<number> {
  const answer = await askNode(call, 'policy-show');
  const rows = ['common', 'own'].map((name) => {
    const row = memberOf(answer, name);
    return `${name.padEnd(8)}${row === undefined || row === null ? 'none' : `${named(row)}  ${field(row, 'digest')}`}`;
  });
  const waiting = listOf(memberOf(answer, 'pending')).flatMap((row) => [
    ...pendingLines(row),
    `        digest ${field(row, 'digest')}`,
    ...listOf(memberOf(row, 'changes')).map((change) => `        ${changeLine(change)}`),
  ]);
  call.terminal.result(answer, [...rows, ...waiting, ...refusalLines(memberOf(answer, 'lastRefusal'))].join('\n'));
  return 0;
}

async function set(call: CommandCall, scope: string, path: string): Promise<number> {
  const text = await readTextFile(path);
  const parsed = parsePolicy(text);
  if (!parsed.ok) throw new InvalidArgument(parsed.error.code, parsed.error.field || path, parsed.error.message);
  const { id, version, rules } = parsed.value.document;
  const preview = await askNode(call, 'policy-preview', { scope, text });
  for (const change of listOf(memberOf(preview, 'changes'))) call.terminal.print(changeLine(change));
  const signers = listOf(memberOf(preview, 'signers')).map(String);
  if (signers.length > 0) call.terminal.print(`signed by ${signers.join(', ')}`);
  const question = {
    text: `Adopt ${id} version ${version} with ${rules.length} rules as the ${scope} policy?`,
    yes: call.flag('yes'),
  };
  if (!(await call.terminal.confirm(question))) throw new Refusal('NOT_CONFIRMED', 'nothing was changed');
  const answer = await askNode(call, 'policy-set', { scope, text });
  const done =
    memberOf(answer, 'inForce') === true
      ? `In force: ${id} version ${version}, digest ${field(answer, 'digest')}`
      : `Announced: ${id} version ${version}, digest ${field(answer, 'digest')}; in force ${waitWords(memberOf(answer, 'waits'))}`;
  call.terminal.result(answer, done);
  return 0;
}

async function veto(call: CommandCall, digest: string): Promise<number> {
  if (!/^[0-9a-f]{8,64}$/.test(digest)) {
    throw new InvalidArgument('POLICY_UNKNOWN', 'DIGEST', 'give at least 8 hex digits, as "policy show" prints them');
  }
  const reason = call.text('reason') ?? '';
  const question = { text: 'Veto this version for ever, at every node?', yes: call.flag('yes') };
  if (!(await call.terminal.confirm(question))) throw new Refusal('NOT_CONFIRMED', 'nothing was changed');
  const answer = await askNode(call, 'policy-veto', { digest, reason });
  call.terminal.result(answer, `Vetoed: ${named(answer)}, digest ${field(answer, 'digest')}`);
  return 0;
}

function named(row: JsonValue): string {
  return `${field(row, 'id')} version ${field(row, 'version')}`;
}
