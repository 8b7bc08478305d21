/** One small payment after each change: the same address, another way to sign for it, mined on a real chain. */
import { setTimeout as delay } from 'node:timers/promises';
import { parseEther } from 'viem';
import { field, listOf } from '../../../proto/control/answer.ts';
import type { JsonValue } from '../../../proto/control/message.ts';
import { SUPPLIER } from '../act-wallet.ts';
import { type Answer, finished, proposeFile } from '../ceremonies.ts';
import { demand } from '../narrator.ts';
import { ask, writeJson } from '../stage.ts';
import { broadcast, walletTransaction } from '../transactions.ts';
import { type Cast, currentRoster, type Estate } from './cast.ts';
import { addStep, signersOf } from './change.ts';

const AMOUNT = parseEther('0.01');
/** How often the inboxes are looked at, in milliseconds. */
const POLL = 1_000;

/** A payload file with the next payment, which the policy lets the parties consent to by themselves. */
export async function nextPayment(cast: Cast, { chain, wallet }: Estate): Promise<string> {
  const payload = await walletTransaction(chain, wallet, { to: SUPPLIER, value: AMOUNT });
  return await writeJson(cast, 'payloads', `payment-${cast.steps.length + 1}`, payload);
}

/**
 * Signs a payment and puts it on chain. `asked`: what happens while the operator's command runs, if people have a part.
 *
 * @returns what the operator's command answered
 */
export async function pay(
  cast: Cast,
  estate: Estate,
  name: string,
  asked: (running: Promise<Answer>) => Promise<void> = async () => undefined,
): Promise<JsonValue> {
  const { chain, wallet } = estate;
  const before = await chain.balance(SUPPLIER);
  const running = proposeFile(cast, await nextPayment(cast, estate), name);
  await asked(running);
  const result = await finished(cast, running, 'completed', name);
  const receipt = await broadcast(cast, chain, result);
  demand(receipt.from.toLowerCase() === wallet.address.toLowerCase(), 'the chain names another sender');
  demand((await chain.balance(SUPPLIER)) === before + AMOUNT, 'the supplier was not paid what was signed');
  addStep(cast, wallet, name, result, receipt.transactionHash);
  const signers = signersOf(result).join(', ');
  cast.narrator.say(`Signed by parties ${signers}, mined in block ${receipt.blockNumber}: ${receipt.transactionHash}`);
  return result;
}

/** Every holder whose machine leaves the decision to a person approves, until the command ends. */
export async function approveWhereAsked(cast: Cast, running: Promise<Answer>): Promise<void> {
  const ended = running.then(
    () => true,
    () => true,
  );
  const approved = new Set<string>();
  do {
    for (const holder of currentRoster(cast).parties) {
      for (const row of listOf(await ask(holder, 'inbox'))) {
        const request = `${holder.name} ${field(row, 'ceremony')} ${field(row, 'attempt')}`;
        if (approved.has(request)) continue;
        approved.add(request);
        // It may be over by now, with the consents of others: then there is nothing left to approve.
        await cast.processes.run(['participant', 'approve', field(row, 'ceremony'), '--home', holder.home, '--yes']);
      }
    }
  } while (!(await Promise.race([ended, delay(POLL, false)])));
}

/** A payment that must not come to be; @returns how it ended. */
export async function failToPay(cast: Cast, estate: Estate, name: string): Promise<JsonValue> {
  const file = await nextPayment(cast, estate);
  const result = await finished(cast, proposeFile(cast, file, name), 'aborted', name);
  demand(field(result, 'rawTransaction') === '', `"${name}" was signed`);
  addStep(cast, estate.wallet, name, result);
  return result;
}
