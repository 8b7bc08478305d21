/** A policy file in which every field of the schema appears at least once. */
import type { PolicyFile } from './policies.ts';

export const ALICE_PAYS = `0x${'a1'.repeat(20)}`;
const HASH = (digit: string): string => `0x${digit.repeat(64)}`;
const chainId = 1;

export function fullPolicy(): PolicyFile {
  return structuredClone(FULL);
}

const FULL: PolicyFile = {
  schema: 'keymoot/policy/1',
  id: 'treasury',
  version: 2,
  parentHash: HASH('7'),
  effectiveAt: 1_700_000_000,
  expiresAt: '1900000000',
  unmatched: 'deny',
  wallets: {
    vault: { chainIds: [1], legacyChainId: 1, class: 'cold', accounts: [`0x${'51'.repeat(20)}`] },
    desk: { chainIds: ['1'], class: 'middle', accounts: [`0x${'52'.repeat(20)}`] },
    till: { chainIds: [1, 10], class: 'hot' },
  },
  addressLists: { payees: [{ chainId, address: ALICE_PAYS, label: 'Alice' }] },
  assets: {
    ETH: { chainId, address: 'native', decimals: 18 },
    USDC: { chainId, address: `0x${'c0'.repeat(20)}`, decimals: 6 },
  },
  flows: [
    { from: 'cold', to: 'middle' },
    { from: 'desk', to: 'till' },
    { from: 'till', to: 'external' },
  ],
  hardDeny: ['DELEGATECALL_UNTRUSTED'],
  approvers: {
    'ann-phone': { person: 'Ann Smith', device: 'phone', key: `ed25519:${'1'.repeat(64)}`, transportKey: HASH('a') },
    'bob-laptop': { person: 'Bob Jones', device: 'laptop', key: `ed25519:${'2'.repeat(64)}` },
    'cleo-phone': { person: 'Cleo Lee', device: 'cleo phone', key: `ed25519:${'3'.repeat(64)}` },
  },
  groups: { finance: ['ann-phone', 'bob-laptop', 'cleo-phone'], board: ['ann-phone', 'bob-laptop'] },
  counterparties: {
    acme: {
      label: 'Acme GmbH',
      identity: HASH('d'),
      addresses: [{ chainId, address: `0x${'ac'.repeat(20)}`, kind: 'eoa' }],
      version: 3,
      created: 1_700_000_000,
      expires: 1_850_000_000,
      signature: `0x${'5'.repeat(128)}`,
    },
  },
  admin: {
    group: 'board',
    quorum: 2,
    widenDelaySec: 259_200,
    freezeGroup: 'finance',
    book: { group: 'finance', quorum: 2, delaySec: 86_400 },
  },
  rules: [
    {
      id: 'pay',
      effect: 'require',
      note: 'to known payees in office hours',
      match: {
        wallets: ['vault', 'till'],
        chainIds: [1],
        initiators: ['olivia'],
        kinds: ['evm-transaction'],
        operations: ['call'],
        to: [`0x${'c0'.repeat(20)}`],
        counterparties: ['@payees', '@acme', '@book'],
        selectors: ['0xa9059cbb'],
        assets: ['USDC'],
        amount: { min: '1', max: '5000000' },
        nativeValue: { max: '0' },
        fee: { totalMax: '10000000000000000' },
        gas: { limitMax: '200000', maxFeePerGasMax: '100000000000' },
        txTypes: ['eip1559', 'legacy'],
        args: [
          { arg: 'amount', op: 'lte', value: '5000000' },
          { arg: 'to', op: 'inList', value: '@payees' },
          { arg: '1', op: 'notIn', value: ['7', '13'] },
        ],
        time: [{ days: [1, 2, 3, 4, '5'], from: '08:00', to: '18:00' }],
        risks: ['BATCH'],
      },
      consents: 3,
      rejections: 1,
      require: {
        groups: [{ group: 'finance', quorum: 2 }],
        holder: false,
        distinctDevices: true,
        ttlSec: 3600,
        delaySec: 600,
        rejects: 1,
      },
    },
    {
      id: 'never',
      effect: 'deny',
      match: {
        safes: [`0x${'5a'.repeat(20)}`],
        calldataHash: HASH('b'),
        typeHashes: [HASH('c')],
      },
    },
  ],
  limits: [
    {
      id: 'usdc-day',
      note: 'as agreed',
      measure: 'amount',
      asset: 'USDC',
      windowSec: 86_400,
      max: '20000000',
      per: ['wallet', 'counterparty'],
      match: {
        wallets: ['till'],
        chainIds: [1],
        initiators: ['olivia'],
        counterparties: ['@payees'],
        selectors: ['0xa9059cbb'],
        kinds: ['evm-transaction'],
      },
      onExceed: { require: { groups: [{ group: 'board', quorum: 1 }] } },
    },
    { id: 'open', measure: 'outstanding', max: '2', onExceed: 'deny' },
    { id: 'fees', measure: 'fee', windowSec: 3600, max: '1000000000000000000' },
    { id: 'count', measure: 'count', windowSec: 3600, max: '20', per: ['initiator'] },
  ],
  signatures: [{ payloadType: 'keymoot.policy-version.v1', payload: 'e30=', signatures: [] }],
};
