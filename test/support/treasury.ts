/** The moot that most transcript tests use: three parties, two sign, a treasury policy, an own policy of party 2. */
import { readFileSync } from 'node:fs';
import type { Address } from '../../protocol/payload/address.ts';
import type { Payload } from '../../protocol/payload/payload.ts';
import { encodeTransaction } from '../../protocol/payload/transaction.ts';
import { canonicalizeTypedData } from '../../protocol/payload/typed-data.ts';
import { approversOf, GROUPS } from './approvers.ts';
import { dealPairs, Moot, type MootOptions } from './moot.ts';
import { must } from './must.ts';
import type { MootWallet } from './plan.ts';

export const PAYEE: Address = '0xa1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1';
/** May be paid although one party objects. */
export const FRIEND: Address = '0xf1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1';
export const ETHER: bigint = 10n ** 18n;

/** Up to one ether to the payee without asking, also again after a failure; up to ten by hand and by all three. */
export function treasuryPolicy(version = 1): object {
  const match = { wallets: ['treasury', 'spare'], assets: ['ETH'], counterparties: '@payees' };
  return {
    schema: 'keymoot/policy/1',
    id: 'treasury',
    version,
    wallets: { treasury: { chainIds: [31337] }, spare: { chainIds: [31337] } },
    addressLists: {
      payees: [{ chainId: 31337, address: PAYEE, label: 'Payee' }],
      friends: [{ chainId: 31337, address: FRIEND, label: 'Friend' }],
    },
    assets: { ETH: { chainId: 31337, address: 'native', decimals: 18 } },
    rules: [
      {
        id: 'small',
        effect: 'allow',
        match: { ...match, amount: { max: String(ETHER) }, risks: ['REPEATED_REQUEST'] },
      },
      {
        id: 'friendly',
        effect: 'allow',
        match: { ...match, counterparties: '@friends', amount: { max: String(ETHER) } },
        rejections: 2,
      },
      {
        id: 'large',
        effect: 'require',
        match: { ...match, amount: { min: String(ETHER + 1n), max: String(10n * ETHER) } },
        consents: 3,
      },
    ],
  };
}

/**
 * As the treasury policy, but from one to ten ether two people of finance and one of security approve, and no key holder
 * is asked; above that, up to twenty, one of security and the key holders.
 */
export function peoplePolicy(version = 1, require: object = {}): object {
  const base = treasuryPolicy(version) as {
    readonly rules: readonly { readonly id: string; readonly match: object }[];
  };
  const large = base.rules.find(({ id }) => id === 'large');
  const groups = [
    { group: 'finance', quorum: 2 },
    { group: 'security', quorum: 1 },
  ];
  const amount = { min: String(10n * ETHER + 1n), max: String(20n * ETHER) };
  return {
    ...base,
    approvers: approversOf(),
    groups: GROUPS,
    rules: [
      ...base.rules.filter(({ id }) => id !== 'large'),
      { ...large, id: 'people', consents: 2, require: { groups, holder: false, ...require } },
      {
        ...large,
        id: 'everybody',
        match: { ...large?.match, amount },
        require: { groups: [{ group: 'security', quorum: 1 }] },
      },
    ],
  };
}

/** Party 2 also refuses to pay before its own policy is in force, which it is. */
export const OWN_POLICY: object = {
  schema: 'keymoot/policy/1',
  id: 'own-of-party-2',
  version: 4,
  unmatched: 'defer',
  wallets: { treasury: {}, spare: {} },
  addressLists: {},
  assets: { ETH: { chainId: 31337, address: 'native', decimals: 18 } },
  rules: [
    {
      id: 'never-more',
      effect: 'deny',
      match: { wallets: ['treasury'], assets: ['ETH'], amount: { min: String(100n * ETHER) } },
    },
  ],
};

export function treasuryMoot(label = 'treasury', version = 1, options: Partial<MootOptions> = {}): Moot {
  return new Moot({ label, common: treasuryPolicy(), own: new Map([[2, OWN_POLICY]]), version, ...options });
}

/** A moot after its keygen, with dealt pair setups. */
export function readyMoot(
  label = 'treasury',
  options: Partial<MootOptions> = {},
): { readonly moot: Moot; readonly from: MootWallet } {
  const moot = treasuryMoot(label, 1, options);
  const { wallet: from } = moot.keygen('treasury');
  if (from === undefined) throw new Error('the keygen gave no key');
  dealPairs(moot, from);
  return { moot, from };
}

/** An EIP-1559 transfer of ether to the payee. */
export function transfer(value: bigint = ETHER / 2n, to: Address = PAYEE): Payload {
  const bytes = encodeTransaction({
    type: 'eip1559',
    chainId: 31337n,
    nonce: 0n,
    gas: 21_000n,
    fees: { kind: 'cap', maxFeePerGas: 10n ** 9n, maxPriorityFeePerGas: 0n },
    to,
    value,
    data: new Uint8Array(),
    accessList: [],
    blobs: undefined,
    authorizations: [],
  });
  return { kind: 'evm-transaction', bytes };
}

/** The Safe transaction of February 2025 in its shape: a delegatecall that the signers were not shown. */
export function trojan(): Payload {
  const file = new URL('../vectors/bybit-shapes.json', import.meta.url);
  const shapes = JSON.parse(readFileSync(file, 'utf8')) as { readonly modeA: { readonly typedData: object } };
  const bytes = must(canonicalizeTypedData(JSON.stringify(shapes.modeA.typedData)));
  return { kind: 'evm-typed-data', bytes };
}
