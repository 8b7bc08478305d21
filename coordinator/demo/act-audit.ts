/** The last step: an auditor who trusts nobody, with the roster’s fingerprint and the files. */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { field, listOf, memberOf } from '../../proto/control/answer.ts';
import { demand } from './narrator.ts';
import type { DemoWallet, Stage } from './stage.ts';

export async function auditAll(stage: Stage, wallet: DemoWallet): Promise<void> {
  const { fingerprint, narrator, operator, processes, roster } = stage;
  narrator.step('Audit: every transcript, refusals included');
  const folder = join(operator.home, 'transcripts');
  const files = (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).map((name) => join(folder, name));
  const missing = stage.transcripts.find((transcript) => !files.includes(transcript));
  demand(missing === undefined, `the transcript ${missing ?? ''} is gone`);
  const transcripts = [...stage.transcripts, ...files.filter((file) => !stage.transcripts.includes(file))];
  const args = ['audit', 'verify', ...transcripts, '--roster', roster, '--fingerprint', fingerprint];
  const { code, value } = await processes.answer(args);
  const error = memberOf(value, 'error');
  demand(code === 0, `the audit failed: ${field(error, 'code')}: ${field(error, 'message')}`);
  const rows = listOf(memberOf(value, 'transcripts'));
  demand(rows.length === transcripts.length, 'the audit left out a transcript');
  narrator.table([
    ['TRANSCRIPT', 'CEREMONY', 'ENDING', 'CHECKS', 'WHAT IT WAS'],
    ...rows.map((row) => [
      basename(field(row, 'file')),
      field(row, 'ceremony'),
      field(row, 'ending'),
      `${listOf(memberOf(row, 'checks')).length} ok`,
      description(stage, field(row, 'file')),
    ]),
  ]);
  const unanchored = await processes.run(['audit', 'verify', ...transcripts]);
  demand(
    unanchored.code === 1 && unanchored.stderr.includes('UNANCHORED'),
    'the audit believed files without a roster',
  );
  narrator.proved(
    `${rows.length} of ${rows.length} transcripts verify offline: payloads decoded again, every judgement recomputed, every signature checked. Without the roster the same files are worth nothing (UNANCHORED).`,
  );
  narrator.say('');
  narrator.say(
    `SUMMARY  1 key made by 3 machines (${wallet.address}), ${stage.signed.length} payloads signed, 3 attacks and ${stage.refused.length} hostile proposals refused, 0 wei lost.`,
  );
}

function description({ refused, signed, transcripts }: Stage, file: string): string {
  const attack = refused.find((entry) => entry.transcript === file);
  if (attack !== undefined) return `attack, refused: ${attack.case}`;
  const payload = signed.find((entry) => entry.transcript === file);
  if (payload !== undefined) return `signed: ${payload.kind}`;
  return file === transcripts[0] ? 'the wallet is made' : 'an attempt that did not finish';
}
