/** Steps 1 and 2: homes, the roster that everybody pins, nodes in processes of their own, and the key they make. */
import { join } from 'node:path';
import { field, listOf, memberOf } from '../../proto/control/answer.ts';
import type { JsonValue } from '../../proto/control/message.ts';
import { approveByHand, ceremonyInInboxes, finished, readScreen } from './ceremonies.ts';
import { THRESHOLD, WALLET } from './names.ts';
import { checksummed, demand } from './narrator.ts';
import { ask, type DemoWallet, eventually, nodeOf, type Stage, startCoordinator } from './stage.ts';

export async function gatherMembers(stage: Stage): Promise<void> {
  const { holders, narrator, operator, processes } = stage;
  narrator.step('Three key holders and a coordinator, each in a process of its own');
  const identity = (member: typeof operator): readonly string[] => [
    ...['--home', member.home, '--name', member.name, '--person', member.person],
    ...['--passphrase-file', member.passphrase, '--weak-kdf'],
  ];
  await Promise.all([
    ...holders.map((holder) =>
      processes.json(['participant', 'init', ...identity(holder), '--listen', `/ip4/127.0.0.1/tcp/${holder.port}`]),
    ),
    processes.json(['coordinator', 'init', ...identity(operator)]),
  ]);
  narrator.say(
    'ada, ben and cleo each made their own keys in their own home. ops made an operator’s keys; the coordinator holds no share of anything.',
  );
  await processes.json([
    ...['roster', 'create', '--name', 'demo', '--threshold', String(THRESHOLD)],
    ...holders.flatMap((holder) => ['--party', join(holder.home, 'card.json')]),
    ...['--operator', join(operator.home, 'card.json'), '--network-key', stage.networkKey],
    ...['--announcement', '0', '--out', stage.roster],
  ]);
  // One after the other: each adds a signature to the same file.
  for (const { home, passphrase } of holders) {
    await processes.json(['roster', 'sign', stage.roster, '--home', home, '--passphrase-file', passphrase, '--yes']);
  }
  const { words, digits } = await fingerprint(stage);
  stage.fingerprint = words;
  await Promise.all(
    [...holders.map((holder) => ['participant', holder.home]), ['coordinator', operator.home]].map(
      ([role = '', home = '']) =>
        processes.json([
          role,
          'join',
          stage.roster,
          '--home',
          home,
          '--network-key',
          stage.networkKey,
          '--fingerprint',
          words,
        ]),
    ),
  );
  narrator.say('All three signed one roster, any 2 of 3 sign, and everybody pinned it by its fingerprint:');
  narrator.quote('ROSTER FINGERPRINT, read out over the phone in real life', [words, digits]);
  const nodes = await Promise.all(
    holders.map((holder) => processes.start(`the node of ${holder.name}`, nodeOf(holder), holder.log)),
  );
  await startCoordinator(stage);
  await eventually('all nodes to be connected', async () => {
    const states = await Promise.all([...holders, operator].map((member) => ask(member, 'status')));
    return states.every(isMeshed) ? true : undefined;
  });
  const pids = nodes.map((node, i) => `${holders[i]?.name ?? ''} ${node.pid}`).join(', ');
  narrator.say(`Processes: ${pids}, coordinator ${stage.coordinator?.pid ?? 0}. All are connected over libp2p.`);
  narrator.proved('four separate processes, one signed roster, and no machine that holds more than its own keys.');
}

/** Everybody sees all three others, and no node is held back by its comparison of counters. */
function isMeshed(status: JsonValue): boolean {
  const held = memberOf(status, 'heldBack') ?? null;
  return listOf(memberOf(status, 'connected')).length === 3 && held === null;
}

/** The node knows the wallet, and is set up with every other party. */
function isReady(wallets: JsonValue | undefined, address: string): boolean {
  const [wallet] = listOf(wallets);
  const pairs = listOf(memberOf(wallet, 'pairs'));
  return (
    field(wallet, 'address').toLowerCase() === address.toLowerCase() &&
    pairs.length === 2 &&
    pairs.every((pair) => field(pair, 'state') === 'ready')
  );
}

async function fingerprint({ processes, roster }: Stage): Promise<{ readonly words: string; readonly digits: string }> {
  const answer = await processes.json(['roster', 'fingerprint', roster]);
  return { words: field(answer, 'words'), digits: field(answer, 'digits') };
}

export async function makeWallet(stage: Stage): Promise<DemoWallet> {
  const { holders, narrator, operator, processes } = stage;
  narrator.step('Distributed key generation, 2 of 3');
  const note = 'A wallet for the supplier payments';
  const running = processes.answer([
    'coordinator',
    'keygen',
    '--home',
    operator.home,
    '--wallet',
    WALLET,
    '--note',
    note,
  ]);
  const ceremony = await ceremonyInInboxes(running, holders);
  narrator.quote(
    `WHAT ADA READS  (keymoot participant show ${ceremony})`,
    await readScreen(stage, holders[0], ceremony),
  );
  await approveByHand(stage, holders, ceremony, running);
  narrator.say('ada, ben and cleo each approved it with their own command.');
  const result = await finished(stage, running, 'completed', 'the key generation');
  const address = checksummed(field(result, 'address'));
  const wallet = { name: WALLET, address, publicKey: `0x${field(result, 'publicKey')}` };
  await eventually('every node to hold its share and to be ready to sign with both others', async () => {
    const states = await Promise.all(holders.map((holder) => ask(holder, 'status')));
    return states.every((state) => isReady(memberOf(state, 'wallets'), address)) ? true : undefined;
  });
  narrator.say(`The new wallet is ${address}`);
  narrator.say('Each pair of nodes also made what it needs to sign together; that is kept in memory only.');
  narrator.proved(
    'three processes made one key together; each checked all the others’ proofs and keeps one encrypted share. The whole key exists nowhere.',
  );
  demand(stage.transcripts.length === 1, 'the key generation left no transcript');
  return wallet;
}
