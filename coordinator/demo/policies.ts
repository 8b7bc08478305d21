/** The demo's common policy, in two versions: the second one also speaks about the Safe, which did not exist before. */
import { type Address, parseEther } from 'viem';
import { WALLET } from './names.ts';

export interface PolicyPlaces {
  readonly chainId: number;
  /** The only account that may be paid. */
  readonly payee: Address;
  /** Whose transactions the wallet may sign as an owner; from version 2 on. */
  readonly safe?: Address | undefined;
}

/** Largest payment from the wallet itself without anybody's approval, in wei. */
export const UNATTENDED_LIMIT: bigint = parseEther('0.1');
/** Largest payment from the Safe, in wei. */
const SAFE_LIMIT: bigint = parseEther('5');
/** Largest fee of one transaction, in wei. */
const FEE_LIMIT: bigint = parseEther('0.02');

const EXEC_TRANSACTION = '0x6a761202';

export function commonPolicy(version: 1 | 2, { chainId, payee, safe }: PolicyPlaces): object {
  const safes = safe === undefined ? {} : { safes: [{ chainId, address: safe, label: 'Company Safe' }] };
  return {
    schema: 'keymoot/policy/1',
    id: 'demo',
    version,
    wallets: { [WALLET]: { chainIds: [chainId] } },
    addressLists: { payees: [{ chainId, address: payee, label: 'Supplier' }], ...safes },
    assets: { ETH: { chainId, address: 'native', decimals: 18 } },
    rules: [
      {
        id: 'small-payment',
        note: 'Up to 0.1 ETH to the supplier, unattended',
        effect: 'allow',
        match: {
          wallets: [WALLET],
          kinds: ['evm-transaction'],
          selectors: ['none'],
          assets: ['ETH'],
          counterparties: '@payees',
          amount: { max: UNATTENDED_LIMIT.toString() },
          fee: { totalMax: FEE_LIMIT.toString() },
        },
      },
      ...(safe === undefined ? [] : safeRules()),
    ],
  };
}

function safeRules(): readonly object[] {
  return [
    {
      id: 'safe-payment',
      note: 'Up to 5 ETH from the Safe to the supplier, two key holders approve by hand',
      effect: 'require',
      match: {
        wallets: [WALLET],
        kinds: ['evm-typed-data', 'evm-transaction'],
        safes: '@safes',
        selectors: ['none'],
        assets: ['ETH'],
        counterparties: '@payees',
        amount: { max: SAFE_LIMIT.toString() },
      },
      consents: 2,
    },
    {
      id: 'safe-carry',
      note: 'The wallet takes a signed Safe transaction to the chain; what it does needs a rule of its own',
      effect: 'allow',
      match: {
        wallets: [WALLET],
        kinds: ['evm-transaction'],
        to: '@safes',
        selectors: [EXEC_TRANSACTION],
        fee: { totalMax: FEE_LIMIT.toString() },
      },
    },
  ];
}
