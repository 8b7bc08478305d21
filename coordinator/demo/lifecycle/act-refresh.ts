/** Step 3: new shares of the same key. The one share that a thief copied before fits nothing afterwards. */
import { field, listOf, memberOf } from '../../../proto/control/answer.ts';
import { demand } from '../narrator.ts';
import { reasonsOf } from '../report.ts';
import { ask, eventually, startCoordinator, stopCoordinator } from '../stage.ts';
import { allReady, type Cast, copyHome, currentRoster, type Estate, holderNamed, startNode, stopNode } from './cast.ts';
import { changeKey, recordChange } from './change.ts';
import { nextPayment, pay } from './pay.ts';

export async function refresh(cast: Cast, estate: Estate): Promise<void> {
  const { narrator } = cast;
  const { parties } = currentRoster(cast);
  narrator.step('Refresh: new shares, same key');
  const before = cast.steps.find((step) => step.name === 'keygen')?.epoch ?? '';
  const stolen = await copyHome(cast, holderNamed(cast, 'ben'));
  narrator.say('A thief copies all of ben’s disk, share and passphrase included. Nobody notices.');
  const result = await changeKey(cast, {
    name: 'refresh',
    command: ['refresh', '--note', 'Quarterly refresh'],
    approve: parties,
    reader: holderNamed(cast, 'ada'),
  });
  recordChange(cast, estate.wallet, 'refresh', result);
  await allReady(cast);
  await pay(cast, estate, 'payment after the refresh');
  await proposeOldEpoch(cast, estate, before);
  await runStolenCopy(cast, estate, stolen);
  narrator.proved(
    'all shares are new and the address is the same; the old epoch signs nothing any more, and the stolen copy of one machine takes part in nothing.',
  );
}

/** The operator's key in wrong hands: a proposal that names the old epoch. */
async function proposeOldEpoch(cast: Cast, estate: Estate, epoch: string): Promise<void> {
  const { narrator, operator, processes } = cast;
  const file = await nextPayment(cast, estate);
  await stopCoordinator(cast);
  const attacked = await processes.json([
    ...['demo', 'attack', 'old-epoch', file, '--epoch', epoch, '--wallet', estate.wallet.name],
    ...['--home', operator.home, '--passphrase-file', operator.passphrase],
  ]);
  await startCoordinator(cast);
  const [row] = listOf(memberOf(attacked, 'ceremonies'));
  const ceremony = field(row, 'ceremony');
  const ended = await eventually('the transcript of the refusal', async () => {
    const answer = await ask(operator, 'ceremony', { ceremony }).catch(() => null);
    return field(answer, 'transcript') === '' ? undefined : answer;
  });
  cast.transcripts.push(field(ended, 'transcript'));
  const reasons = reasonsOf(ended);
  cast.refused.push({ case: 'old-epoch', ceremony, reasons, transcript: field(ended, 'transcript') });
  const [reason] = reasons;
  narrator.say(
    `A proposal under the old epoch, with the operator’s real key, is refused by every party: ${reason?.code ?? ''}: ${reason?.detail ?? ''}.`,
  );
}

/** The thief's copy of one home takes ben's place in the network, with ben's keys. */
async function runStolenCopy(cast: Cast, estate: Estate, stolen: ReturnType<typeof holderNamed>): Promise<void> {
  const { narrator } = cast;
  await stopNode(cast, 'ben');
  await startNode(cast, stolen);
  const held = await eventually('the copy to be found out', async () => {
    const why = field(await ask(stolen, 'status'), 'heldBack');
    return why.includes('rolled back') ? why : undefined;
  });
  narrator.say(
    `The thief starts the copy in ben’s place. Its peers hold later statements of ben’s, and it falls silent: ${held}.`,
  );
  const result = await pay(cast, estate, 'payment beside the stolen copy');
  demand(
    listOf(memberOf(result, 'consents')).every((party) => Number(party) !== 2),
    'the stolen copy of an old home consented to a signing',
  );
  await stopNode(cast, 'ben');
  await startNode(cast, holderNamed(cast, 'ben'));
  await allReady(cast);
}
