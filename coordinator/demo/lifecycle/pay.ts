/** One small payment after each change: the same address, another way to sign for it, mined on a real chain. */
import { parseEther } from 'viem';
import { field } from '../../../proto/control/answer.ts';
import type { JsonValue } from '../../../proto/control/message.ts';
import { SUPPLIER } from '../act-wallet.ts';
import { finished, proposeFile } from '../ceremonies.ts';
import { demand } from '../narrator.ts';
import { writeJson } from '../stage.ts';
import { broadcast, walletTransaction } from '../transactions.ts';
import type { Cast, Estate } from './cast.ts';
import { addStep, signersOf } from './change.ts';

const AMOUNT = parseEther('0.01');

/** A payload file with the next payment, which the policy lets the parties consent to by themselves. */
export async function nextPayment(cast: Cast, { chain, wallet }: Estate): Promise<string> {
  const payload = await walletTransaction(chain, wallet, { to: SUPPLIER, value: AMOUNT });
  return await writeJson(cast, 'payloads', `payment-${cast.steps.length + 1}`, payload);
}

/** Signs a payment and puts it on chain; @returns what the operator's command answered. */
export async function pay(cast: Cast, estate: Estate, name: string): Promise<JsonValue> {
  const { chain, wallet } = estate;
  const before = await chain.balance(SUPPLIER);
  const file = await nextPayment(cast, estate);
  const result = await finished(cast, proposeFile(cast, file, name), 'completed', name);
  const receipt = await broadcast(cast, chain, result);
  demand(receipt.from.toLowerCase() === wallet.address.toLowerCase(), 'the chain names another sender');
  demand((await chain.balance(SUPPLIER)) === before + AMOUNT, 'the supplier was not paid what was signed');
  addStep(cast, wallet, name, result, receipt.transactionHash);
  const signers = signersOf(result).join(', ');
  cast.narrator.say(`Signed by parties ${signers}, mined in block ${receipt.blockNumber}: ${receipt.transactionHash}`);
  return result;
}

/** A payment that must not come to be; @returns how it ended. */
export async function failToPay(cast: Cast, estate: Estate, name: string): Promise<JsonValue> {
  const file = await nextPayment(cast, estate);
  const result = await finished(cast, proposeFile(cast, file, name), 'aborted', name);
  demand(field(result, 'rawTransaction') === '', `"${name}" was signed`);
  addStep(cast, estate.wallet, name, result);
  return result;
}
