/** What wallets have in common that pay by themselves. */
import type { Answers } from '../answers.ts';
import { amountLimit, coins, DAY, type FileJson, type FileObject, HOUR, tokens } from './parts.ts';

/** Wei for the gas of one payment, and of a day of payments. */
const FEE_MAX = '20000000000000000';
const FEES_A_DAY = '200000000000000000';
/** A token transfer takes 30,000 to 100,000 gas. */
const GAS_LIMIT = '200000';
const GAS_PRICE = '300000000000';
const PAYMENTS_A_DAY = '200';
const OUTSTANDING = '8';
/** How often the unattended amount fits into an hour. */
const SMALL_AN_HOUR = 5n;

export function hotWallet({ accounts, chainId, wallet }: Answers): FileObject {
  return {
    wallets: {
      [wallet]: { chainIds: [Number(chainId)], class: 'hot', accounts: accounts.map(({ address }) => address) },
    },
    flows: [{ from: 'hot', to: 'external' }],
  };
}

export function hotMatch({ proposers, wallet }: Answers, counterparties: FileJson): FileObject {
  return {
    wallets: [wallet],
    ...(proposers.length > 0 ? { initiators: proposers } : {}),
    counterparties,
    txTypes: ['eip1559'],
    fee: { totalMax: FEE_MAX },
    gas: { limitMax: GAS_LIMIT, maxFeePerGasMax: GAS_PRICE },
  };
}

/** `small`: the amount that goes unattended. */
export function hotLimits(answers: Answers, small: bigint): readonly FileObject[] {
  const { coin, token, wallet } = answers;
  const perDay = tokens(answers);
  return [
    { id: 'outstanding', note: 'Signed and not yet seen on chain', measure: 'outstanding', max: OUTSTANDING },
    { id: 'payments-a-day', measure: 'count', windowSec: DAY, max: PAYMENTS_A_DAY },
    { id: 'fees-a-day', measure: 'fee', windowSec: DAY, max: FEES_A_DAY },
    amountLimit('coin-a-day', coin, coins(answers), DAY),
    ...(token === undefined || perDay === undefined ? [] : [amountLimit('token-a-day', token.symbol, perDay, DAY)]),
    ...(token === undefined || small === 0n
      ? []
      : [
          {
            ...amountLimit('token-an-hour', token.symbol, small * SMALL_AN_HOUR, HOUR),
            note: 'Above this an hour a person looks, however small each payment is',
            onExceed: { require: { holder: true } },
            match: { wallets: [wallet] },
          },
        ]),
  ];
}
