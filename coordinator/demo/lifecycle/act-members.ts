/** Steps 4 and 5: a machine is lost and replaced; then two more people join, and three of five must sign. */
import { join } from 'node:path';
import { demand } from '../narrator.ts';
import { adoptPolicy } from './act-begin.ts';
import { type Cast, currentRoster, destroyNode, type Estate, holderNamed, newHolder } from './cast.ts';
import { listed, moveTo } from './change.ts';
import { pay } from './pay.ts';

export async function replaceLost(cast: Cast, estate: Estate): Promise<void> {
  const { narrator } = cast;
  narrator.step('A machine is lost and replaced');
  const lost = holderNamed(cast, 'cleo');
  await destroyNode(cast, lost);
  narrator.say('cleo’s machine dies (kill -9), and its disk with it. Two of three are left, which is just enough.');
  await pay(cast, estate, 'payment by the two that are left');
  const newcomer = await newHolder(cast, 'cleo-new', lost.person);
  const [ada, ben] = [holderNamed(cast, 'ada'), holderNamed(cast, 'ben')];
  await moveTo(cast, estate.wallet, {
    name: 'replace',
    parties: [ada, ben, newcomer],
    threshold: 2,
    staying: [ada, ben],
  });
  await handPolicy(cast, ['cleo-new']);
  await pay(cast, estate, 'payment after the replacement');
  demand(currentRoster(cast).parties.length === 3, 'the roster is not what was adopted');
  narrator.proved('the group is whole again with a new identity in the lost one’s place; the address is the same.');
}

export async function grow(cast: Cast, estate: Estate): Promise<void> {
  const { narrator } = cast;
  narrator.step('Two more key holders: 3 of 5');
  const staying = currentRoster(cast).parties;
  const added = await Promise.all([newHolder(cast, 'dan', 'Dan Osei'), newHolder(cast, 'eve', 'Eve Sorensen')]);
  await moveTo(cast, estate.wallet, { name: 'grow', parties: [...staying, ...added], threshold: 3, staying });
  await handPolicy(cast, ['dan', 'eve']);
  await pay(cast, estate, 'payment by three of five');
  narrator.proved(`${listed(currentRoster(cast).parties)} hold shares of the same key; now any three of them sign.`);
}

async function handPolicy(cast: Cast, names: readonly string[]): Promise<void> {
  const newcomers = names.map((name) => holderNamed(cast, name));
  await adoptPolicy(cast, join(cast.dir, 'policies', 'common.json'), newcomers);
}
