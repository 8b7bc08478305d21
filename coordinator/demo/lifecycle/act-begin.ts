/** Steps 1 and 2: three key holders, their first roster, the key, and a first payment with it. */
import { parseEther } from 'viem';
import { field } from '../../../proto/control/answer.ts';
import { SUPPLIER } from '../act-wallet.ts';
import { approveByHand, ceremonyInInboxes, finished } from '../ceremonies.ts';
import { startChain } from '../chain.ts';
import { chainState } from '../chain-process.ts';
import { WALLET } from '../names.ts';
import { checksummed, demand } from '../narrator.ts';
import { commonPolicy } from '../policies.ts';
import { type Holder, startCoordinator, writeJson } from '../stage.ts';
import { ether } from '../transactions.ts';
import {
  allReady,
  type Cast,
  composeRoster,
  currentRoster,
  type Estate,
  newHolder,
  newOperator,
  startNode,
} from './cast.ts';
import { recordChange } from './change.ts';
import { pay } from './pay.ts';

const FUNDS = parseEther('5');

export async function found(cast: Cast): Promise<void> {
  const { narrator, networkKey, operator, processes } = cast;
  narrator.step('Three key holders, any 2 of 3 sign');
  const [ada, ben, cleo] = await Promise.all([
    newHolder(cast, 'ada', 'Ada Lindqvist'),
    newHolder(cast, 'ben', 'Ben Okafor'),
    newHolder(cast, 'cleo', 'Cleo Marchetti'),
    newOperator(cast),
  ]);
  const holders = [ada, ben, cleo];
  const roster = await composeRoster(cast, holders, 2);
  const join = ['--network-key', networkKey, '--fingerprint', roster.fingerprint];
  await Promise.all([
    ...holders.map(({ home }) => processes.json(['participant', 'join', roster.file, '--home', home, ...join])),
    processes.json(['coordinator', 'join', roster.file, '--home', operator.home, ...join]),
  ]);
  cast.rosters.push(roster);
  await Promise.all(roster.parties.map((holder) => startNode(cast, holder)));
  await startCoordinator(cast);
  await allReady(cast);
  narrator.quote('ROSTER FINGERPRINT, version 1: the only thing the auditor will be given at the end', [
    roster.fingerprint,
  ]);
}

/** @param options more words for the keygen command */
export async function makeKey(cast: Cast, options: readonly string[] = []): Promise<Estate> {
  const { narrator, operator, processes } = cast;
  const { parties } = currentRoster(cast);
  narrator.step('A key, a chain, a policy, and a first payment');
  const running = processes.answer([
    ...['coordinator', 'keygen', '--home', operator.home, '--wallet', WALLET, ...options],
  ]);
  await approveByHand(cast, parties, await ceremonyInInboxes(running, parties), running);
  const result = await finished(cast, running, 'completed', 'the key generation');
  const address = checksummed(field(result, 'address'));
  const wallet = { name: WALLET, address, publicKey: `0x${field(result, 'publicKey')}` };
  recordChange(cast, wallet, 'keygen', result);
  await allReady(cast);
  const chain = await startChain(cast.kept ? chainState(cast.dir) : undefined);
  cast.chain = chain;
  await chain.fund(address, FUNDS);
  const policy = await writeJson(
    cast,
    'policies',
    'common',
    commonPolicy(1, { chainId: chain.chainId, payee: SUPPLIER }),
  );
  await adoptPolicy(cast, policy, parties);
  narrator.say(`The wallet is ${address}; it has ${ether(FUNDS)} on a chain of this machine.`);
  const estate = { wallet, chain };
  await pay(cast, estate, 'first payment');
  narrator.proved('two of three machines signed with a key that none of them has, and the chain accepted it.');
  return estate;
}

/** The same file everywhere, as a newcomer is handed it too. */
export async function adoptPolicy({ processes }: Cast, file: string, holders: readonly Holder[]): Promise<void> {
  const adopted = await Promise.all(
    holders.map(({ home }) =>
      processes.json(['participant', 'policy', 'set', 'common', file, '--home', home, '--yes']),
    ),
  );
  demand(new Set(adopted.map((row) => field(row, 'digest'))).size === 1, 'the key holders adopted different policies');
}
