/** A cold wallet: an owner of Safes, whose transactions it signs as typed data. It refills warm wallets and does nothing else. */
import type { Answers, NamedAddress } from '../answers.ts';
import {
  amountLimit,
  coins,
  DAY,
  denials,
  type FileObject,
  HOUR,
  head,
  listed,
  people,
  TRANSFER,
  tokens,
} from './parts.ts';

const REFILLS_PER_DAY = '6';
const OUTSTANDING = '2';
/** Where Safe's factory puts them on every chain that has it. They run calls and nothing by delegatecall. */
const BATCH_CONTRACTS: readonly NamedAddress[] = [
  { label: 'MultiSendCallOnly 1.3.0', address: '0x40A2aCCbd92BCA938b02010E17A5b8929b49130D' },
  { label: 'MultiSendCallOnly 1.3.0 (eip155)', address: '0xA1dabEF33b3B82c7814B6D82A79e50F4AC44102B' },
  { label: 'MultiSendCallOnly 1.4.1', address: '0x9641d764fc13c8B624c04430C7356C1C7C8102e2' },
  { label: 'MultiSendCallOnly 1.5.0', address: '0xA83c336B20401Af773B6219BA5027174338D1836' },
];
/** Their function `multiSend(bytes)`. */
const MULTISEND = '0x8d80ff0a';

export function treasury(answers: Answers): FileObject {
  const { accounts, coin, payees, token, wallet } = answers;
  const chainId = Number(answers.chainId);
  const coinMax = coins(answers);
  const tokenMax = tokens(answers);
  const match = { wallets: [wallet], kinds: ['evm-typed-data'], safes: '@safes' };
  const asked = people(answers, HOUR);
  return {
    ...head(answers),
    wallets: {
      [wallet]: { chainIds: [chainId], class: 'cold', accounts: accounts.map(({ address }) => address) },
      warm: { chainIds: [chainId], class: 'middle', accounts: payees.map(({ address }) => address) },
    },
    flows: [{ from: 'cold', to: 'middle' }],
    addressLists: {
      safes: listed(answers, accounts),
      warm: listed(answers, payees),
      batch: listed(answers, BATCH_CONTRACTS),
    },
    limits: [
      { id: 'outstanding', note: 'Signed and not yet seen on chain', measure: 'outstanding', max: OUTSTANDING },
      { id: 'refills-a-day', measure: 'count', windowSec: DAY, max: REFILLS_PER_DAY },
      amountLimit('coin-a-day', coin, coinMax, DAY),
      ...(token === undefined || tokenMax === undefined
        ? []
        : [amountLimit('token-a-day', token.symbol, tokenMax, DAY)]),
    ],
    rules: [
      {
        id: 'coin-refill',
        note: 'The coin, to a warm wallet of this group',
        effect: 'require',
        match: {
          ...match,
          selectors: ['none'],
          assets: [coin],
          counterparties: '@warm',
          amount: { max: coinMax.toString() },
        },
        ...asked,
      },
      ...(token === undefined || tokenMax === undefined
        ? []
        : [
            {
              id: 'token-refill',
              note: `${token.symbol}, to a warm wallet of this group`,
              effect: 'require',
              match: {
                ...match,
                selectors: [TRANSFER],
                assets: [token.symbol],
                counterparties: '@warm',
                amount: { max: tokenMax.toString() },
              },
              ...asked,
            },
          ]),
      {
        id: 'batch',
        note: 'Several refills at once; every call inside needs a rule of its own',
        effect: 'require',
        match: {
          ...match,
          operations: ['delegatecall'],
          to: '@batch',
          selectors: [MULTISEND],
          risks: ['BATCH', 'DELEGATECALL'],
        },
        ...asked,
      },
      ...denials(),
    ],
  };
}
