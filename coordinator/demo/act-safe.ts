/** Steps 5 and 6: a real Safe that the wallet owns, and a transfer out of it that people approve by hand. */
import { type Address, encodeFunctionData, parseAbi, parseEther } from 'viem';
import { field } from '../../proto/control/answer.ts';
import { adoptPolicy, SUPPLIER } from './act-wallet.ts';
import { approveByHand, ceremonyInInboxes, finished, proposeFile, readScreen } from './ceremonies.ts';
import type { DemoChain } from './chain.ts';
import { demand } from './narrator.ts';
import { createSafe, deploySafeContracts, SAFE_ADDRESSES, safeImplementation, safeNonce, safeOwners } from './safe.ts';
import { hashOnChain, type SafeTx, safeCall, safePayload } from './safe-tx.ts';
import { type DemoWallet, type Holder, type Stage, writeJson } from './stage.ts';
import { broadcast, ether, walletTransaction } from './transactions.ts';

const SAFE_FUNDS = parseEther('100');
const TRANSFER = parseEther('2');

const EXEC_ABI = parseAbi([
  'function execTransaction(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, bytes signatures) payable returns (bool success)',
]);

export async function deploySafe(stage: Stage, wallet: DemoWallet, chain: DemoChain): Promise<Address> {
  const { narrator } = stage;
  narrator.step('A real Safe 1.4.1 that the wallet owns, and version 2 of the policy');
  await deploySafeContracts(chain);
  const safe = await createSafe(chain, { owners: [wallet.address], threshold: 1, balance: SAFE_FUNDS });
  const [owner, ...others] = await safeOwners(chain, safe);
  demand(owner === wallet.address && others.length === 0, 'the Safe has other owners than the wallet');
  narrator.say(`The Safe at ${safe} has one owner, the wallet, and ${ether(await chain.balance(safe))}.`);
  await adoptPolicy(stage, 2, { chainId: chain.chainId, payee: SUPPLIER, safe });
  narrator.say('Version 2 adds: up to 5 ETH from this Safe to the supplier, if two key holders approve by hand.');
  narrator.proved(
    `the Safe runs the published code, ${SAFE_ADDRESSES.Safe}, and all parties know this Safe by its address.`,
  );
  return safe;
}

export async function payFromSafe(stage: Stage, wallet: DemoWallet, chain: DemoChain, safe: Address): Promise<void> {
  const { holders, narrator } = stage;
  const [ada, ben, cleo] = holders;
  narrator.step('A Safe transaction: approved by people, executed on chain');
  const tx = safeCall({ to: SUPPLIER, value: TRANSFER, nonce: await safeNonce(chain, safe) });
  const file = await writeJson(stage, 'payloads', 'safe-payment', safePayload(chain.chainId, safe, tx));
  narrator.say(
    `The operator proposes a SafeTx: ${ether(TRANSFER)} from the Safe to the supplier. The policy wants two people.`,
  );
  const running = proposeFile(stage, file, 'Invoice 1042, second instalment');
  const ceremony = await ceremonyInInboxes(running, holders);
  narrator.quote(`WHAT BEN READS  (keymoot participant show ${ceremony})`, await readScreen(stage, ben, ceremony));
  await approveByHand(stage, [ada, ben], ceremony, running);
  narrator.say('ada and ben approved it, each with "participant approve". cleo has not looked yet; two are enough.');
  const result = await finished(stage, running, 'completed', 'the Safe transaction');
  const digest = await hashOnChain(chain, safe, tx);
  demand(field(result, 'digest') === digest, 'the parties signed another digest than the Safe computes');
  narrator.say(`Signed: ${digest}, which is what the Safe’s own getTransactionHash says.`);
  await execute(stage, { wallet, chain, safe, tx, by: [ben, cleo] }, result);
}

interface Execution {
  readonly wallet: DemoWallet;
  readonly chain: DemoChain;
  readonly safe: Address;
  readonly tx: SafeTx;
  readonly by: readonly [Holder, Holder];
}

/** The wallet itself carries its signature to the Safe: one more payload that every party sees through. */
async function execute(
  stage: Stage,
  { wallet, chain, safe, tx, by }: Execution,
  signed: Parameters<typeof field>[0],
): Promise<void> {
  const { holders, narrator } = stage;
  const signature = field(signed, 'signature');
  demand(/^0x[0-9a-f]{130}$/.test(signature), 'the wallet’s signature does not have 65 bytes');
  const data = encodeFunctionData({
    abi: EXEC_ABI,
    functionName: 'execTransaction',
    args: [
      tx.to,
      tx.value,
      tx.data,
      tx.operation,
      tx.safeTxGas,
      tx.baseGas,
      tx.gasPrice,
      tx.gasToken,
      tx.refundReceiver,
      `0x${signature.slice(2)}`,
    ],
  });
  const payload = await walletTransaction(chain, wallet, { to: safe, value: 0n, data });
  const file = await writeJson(stage, 'payloads', 'safe-execution', payload);
  narrator.say(
    'Now the wallet takes this signature to the chain. The parties see through execTransaction to the same transfer.',
  );
  const running = proposeFile(stage, file, 'Executes the Safe transaction for invoice 1042');
  const ceremony = await ceremonyInInboxes(running, holders);
  await approveByHand(stage, by, ceremony, running);
  narrator.say(`${by[0].name} and ${by[1].name} approved that one.`);
  const result = await finished(stage, running, 'completed', 'the execution of the Safe transaction');
  const before = { supplier: await chain.balance(SUPPLIER), safe: await chain.balance(safe) };
  const receipt = await broadcast(stage, chain, result);
  demand((await chain.balance(SUPPLIER)) - before.supplier === TRANSFER, 'the supplier did not get the transfer');
  demand(before.safe - (await chain.balance(safe)) === TRANSFER, 'the Safe did not pay exactly the transfer');
  demand((await safeNonce(chain, safe)) === tx.nonce + 1n, 'the Safe did not count its transaction');
  demand((await safeImplementation(chain, safe)) === SAFE_ADDRESSES.Safe, 'the Safe runs other code now');
  const carried = { rawTransaction: field(result, 'rawTransaction'), transactionHash: receipt.transactionHash };
  stage.signed.push(
    {
      ceremony: field(signed, 'ceremony'),
      kind: 'evm-typed-data',
      ...carried,
      transcript: field(signed, 'transcript'),
      digest: field(signed, 'digest'),
      signature,
    },
    {
      ceremony: field(result, 'ceremony'),
      kind: 'evm-transaction',
      ...carried,
      transcript: field(result, 'transcript'),
    },
  );
  narrator.say(`Mined in block ${receipt.blockNumber}: ${receipt.transactionHash}`);
  narrator.proved('the Safe itself verified the parties’ signature, and exactly 2 ETH moved.');
}
