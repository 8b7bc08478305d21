/** The last step: an auditor who was given one fingerprint, on the first day, and all the files. */
import { basename } from 'node:path';
import { field, listOf, memberOf } from '../../../proto/control/answer.ts';
import { demand } from '../narrator.ts';
import type { Cast, Estate } from './cast.ts';

export async function auditLifecycle(cast: Cast, { wallet }: Estate): Promise<void> {
  const { narrator, processes, rosters, steps, transcripts } = cast;
  narrator.step('Audit: from the first fingerprint to the last signature');
  const [first] = rosters;
  demand(first !== undefined, 'there is no roster');
  const args = ['audit', 'verify', ...transcripts, '--roster', first.file, '--fingerprint', first.fingerprint];
  const { code, value } = await processes.answer(args);
  const error = memberOf(value, 'error');
  demand(code === 0, `the audit failed: ${field(error, 'code')}: ${field(error, 'message')}`);
  const rows = listOf(memberOf(value, 'transcripts'));
  demand(rows.length === transcripts.length, 'the audit left out a transcript');
  narrator.table([
    ['STEP', 'ROSTER', 'SIGNERS', 'ADDRESS', 'TRANSCRIPT'],
    ...steps.map((step) => [
      step.name,
      `${step.threshold} of ${step.parties.length}, version ${step.roster}`,
      step.signers.join(','),
      `${step.address.slice(0, 10)}...`,
      basename(step.transcript, '.jsonl'),
    ]),
  ]);
  demand(new Set(steps.map((step) => step.address)).size === 1, 'the address did not stay the same');
  narrator.proved(
    `${rows.length} of ${rows.length} transcripts verify offline with only the fingerprint of the first roster: each change of members was signed by those who held the key before.`,
  );
  const payments = steps.filter((step) => step.transactionHash !== undefined).length;
  narrator.say('');
  narrator.say(
    `SUMMARY  one address (${wallet.address}), ${rosters.length} rosters, ${steps.filter((step) => step.epoch !== undefined).length} epochs, ${payments} payments mined.`,
  );
}
