/** Step 6: one machine runs an altered program, is caught and banned; others sign; both key holders lift the ban. */
import { field, listOf, memberOf } from '../../../proto/control/answer.ts';
import { ceremonyInInboxes, readScreen } from '../ceremonies.ts';
import { demand } from '../narrator.ts';
import { ask, eventually } from '../stage.ts';
import { allReady, type Cast, type Estate, holderNamed, startNode, stopNode } from './cast.ts';
import { signersOf } from './change.ts';
import { approveWhereAsked, failToPay, pay } from './pay.ts';

const ALTERED = new URL('./altered-program.js', import.meta.url).href;

export async function banAndLift(cast: Cast, estate: Estate): Promise<void> {
  const { narrator, processes } = cast;
  narrator.step('A machine that cheats is caught, avoided, and let in again');
  const [ada, ben] = [holderNamed(cast, 'ada'), holderNamed(cast, 'ben')];
  await stopNode(cast, 'ben');
  await startNode(cast, ben, ['--import', ALTERED]);
  await allReady(cast);
  narrator.say(
    'ben’s machine now runs an altered program: in each signing it sends one wrong bit in an OT extension, the first step of an attack on a peer’s secrets.',
  );
  const caught = await failToPay(cast, estate, 'payment with an altered program');
  const abort = listOf(memberOf(caught, 'aborts')).find((row) => field(row, 'failure') === 'LEAK');
  demand(field(abort, 'party') === String(ada.index), 'the honest party did not notice the altered program');
  demand(field(abort, 'culprits') === JSON.stringify([ben.index]), 'the abort names another culprit');
  narrator.quote('WHAT THE OPERATOR READS', [
    `party ${field(abort, 'party')} aborted: ${field(abort, 'failure')} (check ${field(abort, 'check')}, culprits ${field(abort, 'culprits')})`,
  ]);
  await stopNode(cast, 'ben');
  await startNode(cast, ben);
  narrator.say(
    'ben’s machine is cleaned and runs the real program again. The ban stays: ada’s machine wrote it down before anything else.',
  );
  await readyButBanned(cast, ada.home);
  const avoided = await pay(cast, estate, 'payment without the pair', async (running) => {
    const ceremony = await ceremonyInInboxes(running, [ada]);
    const screen = await readScreen(cast, ada, ceremony);
    const repeated = screen.filter((line) => line.includes('REPEATED_REQUEST'));
    demand(repeated.length > 0, 'nobody was told that this payment was asked for before');
    narrator.quote(
      `FROM WHAT ADA READS  (keymoot participant show ${ceremony})`,
      repeated.map((line) => line.trim()),
    );
    narrator.say(
      'The same payment, asked for again after a failure: that is how signatures are collected for something else. So each machine that agreed before leaves it to its holder now. They know why it failed, and approve.',
    );
    await approveWhereAsked(cast, running);
  });
  const both = (signers: readonly number[]): boolean => signers.includes(ada.index) && signers.includes(ben.index);
  demand(!both(signersOf(avoided)), 'a banned pair was made to sign together');
  narrator.say('The coordinator chose three signers without that pair, and said so.');
  const lift = (home: string, peer: number): readonly string[] => [
    ...['participant', 'lift-ban', '--home', home, '--wallet', estate.wallet.name, '--peer', String(peer), '--yes'],
  ];
  await processes.json(lift(ada.home, ben.index));
  await processes.json(lift(ben.home, ada.index));
  await allReady(cast);
  const together = await pay(cast, estate, 'payment with the pair again');
  demand(both(signersOf(together)), 'the pair did not sign together');
  narrator.proved(
    'the cheat was caught before it learned anything, the others went on, and only the two key holders could end the ban.',
  );
}

/** ada's node shows the ban, and is ready with everybody else. */
async function readyButBanned(cast: Cast, home: string): Promise<void> {
  const rows = await eventually('the ban on ada’s screen', async () => {
    const bans = await cast.processes.json(['participant', 'bans', '--home', home]);
    const shown = listOf(bans);
    return shown.length > 0 ? shown : undefined;
  });
  demand(rows.length === 1, 'there are other bans than the one expected');
  await eventually('ada’s node to be ready with three others', async () => {
    const state = await ask(holderNamed(cast, 'ada'), 'status');
    const pairs = listOf(memberOf(state, 'wallets')).flatMap((wallet) => listOf(memberOf(wallet, 'pairs')));
    return pairs.filter((pair) => field(pair, 'state') === 'ready').length === 3 ? true : undefined;
  });
}
