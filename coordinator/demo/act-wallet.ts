/** Steps 3 and 4: the policy that all parties adopt, and a payment that it lets pass without anybody’s hand. */
import { type Address, parseEther } from 'viem';
import { field } from '../../proto/control/answer.ts';
import { finished, proposeFile } from './ceremonies.ts';
import { type DemoChain, startChain } from './chain.ts';
import { chainState } from './chain-process.ts';
import { checksummed, demand } from './narrator.ts';
import { commonPolicy, type PolicyPlaces, UNATTENDED_LIMIT } from './policies.ts';
import { type DemoWallet, type Stage, writeJson } from './stage.ts';
import { broadcast, ether, walletTransaction } from './transactions.ts';

/** Whom the company pays: the only destination that the policies name. Nobody has its key. */
export const SUPPLIER: Address = checksummed('0x5a11ce0000000000000000000000000000000001');

const FUNDS = parseEther('10');
const PAYMENT = parseEther('0.05');

export async function fundWallet(stage: Stage, wallet: DemoWallet): Promise<DemoChain> {
  const { narrator } = stage;
  narrator.step('A real chain, and a policy that every key holder adopts by hand');
  const chain = await startChain(stage.kept ? chainState(stage.dir) : undefined);
  stage.chain = chain;
  await chain.fund(wallet.address, FUNDS);
  demand((await chain.balance(wallet.address)) === FUNDS, 'the wallet was not funded');
  narrator.say(
    `anvil runs as process ${chain.process.pid}, chain ${chain.chainId}. The wallet now has ${ether(FUNDS)}.`,
  );
  await adoptPolicy(stage, 1, { chainId: chain.chainId, payee: SUPPLIER });
  narrator.say(
    `Version 1 says: up to ${ether(UNATTENDED_LIMIT)} at a time to the supplier ${SUPPLIER} may leave unattended. Nothing else is permitted.`,
  );
  narrator.proved('all three hold the same policy, by its digest; a version that is not higher is refused.');
  return chain;
}

/** `participant policy set common FILE` at every key holder; all must come to the same digest. */
export async function adoptPolicy(stage: Stage, version: 1 | 2, places: PolicyPlaces): Promise<void> {
  const { holders, narrator, processes } = stage;
  const file = await writeJson(stage, 'policies', `common-v${version}`, commonPolicy(version, places));
  const set = (home: string): readonly string[] => [
    'participant',
    'policy',
    'set',
    'common',
    file,
    '--home',
    home,
    '--yes',
  ];
  const adopted = await Promise.all(holders.map(({ home }) => processes.json(set(home))));
  const digests = new Set(adopted.map((row) => field(row, 'digest')));
  const [digest = ''] = digests;
  demand(digests.size === 1 && digest !== '', 'the key holders adopted different policies');
  const again = await processes.answer(set(holders[0].home));
  demand(
    again.code !== 0 && JSON.stringify(again.value).includes('POLICY_VERSION_OLD'),
    'a policy was adopted again without a higher version',
  );
  narrator.say(`ada, ben and cleo adopted version ${version}: ${digest}`);
}

export async function payUnattended(stage: Stage, wallet: DemoWallet, chain: DemoChain): Promise<void> {
  const { narrator } = stage;
  narrator.step('A small payment: signed by policy alone, mined');
  const payload = await walletTransaction(chain, wallet, { to: SUPPLIER, value: PAYMENT });
  const file = await writeJson(stage, 'payloads', 'small-payment', payload);
  narrator.say(`The operator proposes an EIP-1559 transaction: ${ether(PAYMENT)} to the supplier.`);
  const begun = performance.now();
  const result = await finished(stage, proposeFile(stage, file, 'Invoice 1041'), 'completed', 'the small payment');
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  narrator.say(
    `Each node decoded it, judged it and consented; two of them signed (${seconds} s with the start of the command).`,
  );
  const receipt = await broadcast(stage, chain, result);
  const fee = receipt.gasUsed * receipt.effectiveGasPrice;
  demand((await chain.balance(SUPPLIER)) === PAYMENT, 'the supplier was not paid what was signed');
  demand(
    (await chain.balance(wallet.address)) === FUNDS - PAYMENT - fee,
    'the wallet did not pay exactly this and the fee',
  );
  demand(receipt.from.toLowerCase() === wallet.address.toLowerCase(), 'the chain names another sender');
  stage.signed.push({
    ceremony: field(result, 'ceremony'),
    kind: 'evm-transaction',
    rawTransaction: field(result, 'rawTransaction'),
    transactionHash: receipt.transactionHash,
    transcript: field(result, 'transcript'),
  });
  narrator.say(`Mined in block ${receipt.blockNumber}: ${receipt.transactionHash}`);
  narrator.proved('the chain accepts the signature as the wallet’s own, and exactly the proposed amount moved.');
}
