/** Signatures that others use later: permits, orders, delegations, messages. Nothing moves when they are made. */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { utf8 } from '../../common/bytes.ts';
import type { Json } from '../../common/canonical-json.ts';
import { type Address, ZERO_ADDRESS } from '../../payload/address.ts';
import { authorizationDigest } from '../../payload/authorization.ts';
import { PERMIT2_ADDRESS } from '../../payload/calldata/movements.ts';
import { ATTACKER, anyTwin, attackCase, payeeOf, SWEEPER, tokenTwin, trial } from '../case-parts.ts';
import { authorization, bytesMessage, calldata, lookalikeOf, transaction, typedPayload } from '../encode.ts';
import { direct } from '../pay.ts';
import type { AttackCase, Setting, Trial } from '../types.ts';
import { walletKey } from '../wallet-key.ts';

const EVERYTHING = (2n ** 256n - 1n).toString();
const EVERYTHING_160 = (2n ** 160n - 1n).toString();
const YEAR = 365 * 24 * 3600;

type Field = readonly [name: string, type: string];

function typesOf(types: Readonly<Record<string, readonly Field[]>>): Json {
  return Object.fromEntries(
    Object.entries(types).map(([name, fields]) => [name, fields.map(([field, type]) => ({ name: field, type }))]),
  );
}

/** EIP-2612 for the token of the policy. */
function permit(setting: Setting, spender: Address, value: string, lifetime: number): Json {
  return {
    types: typesOf({
      Permit: [
        ['owner', 'address'],
        ['spender', 'address'],
        ['value', 'uint256'],
        ['nonce', 'uint256'],
        ['deadline', 'uint256'],
      ],
    }),
    primaryType: 'Permit',
    domain: domain(setting, 'Token', setting.token, '1'),
    message: {
      owner: setting.wallet.address,
      spender,
      value,
      nonce: '0',
      deadline: String(setting.now + lifetime),
    },
  };
}

function domain({ chainId }: Setting, name: string, contract: Address, version?: string): Json {
  return {
    name,
    ...(version === undefined ? {} : { version }),
    chainId: String(chainId),
    verifyingContract: contract,
  };
}

function permit2(setting: Setting, spender: Address, contract: Address = PERMIT2_ADDRESS): Json {
  return {
    types: typesOf({
      PermitSingle: [
        ['details', 'PermitDetails'],
        ['spender', 'address'],
        ['sigDeadline', 'uint256'],
      ],
      PermitDetails: [
        ['token', 'address'],
        ['amount', 'uint160'],
        ['expiration', 'uint48'],
        ['nonce', 'uint48'],
      ],
    }),
    primaryType: 'PermitSingle',
    domain: domain(setting, 'Permit2', contract),
    message: {
      details: {
        token: setting.token,
        amount: EVERYTHING_160,
        expiration: String(setting.now + YEAR),
        nonce: '0',
      },
      spender,
      sigDeadline: String(setting.now + YEAR),
    },
  };
}

const SEAPORT: Address = '0x0000000000000068f116a894984e2db1123eb395';
const ITEM: readonly Field[] = [
  ['itemType', 'uint8'],
  ['token', 'address'],
  ['identifierOrCriteria', 'uint256'],
  ['startAmount', 'uint256'],
  ['endAmount', 'uint256'],
];

/** Everything of the token against nothing, or against a price that goes to somebody else. */
function order(setting: Setting, price: { readonly amount: string; readonly recipient: Address } | undefined): Json {
  const item = { itemType: '1', token: setting.token, identifierOrCriteria: '0' };
  return {
    types: typesOf({
      OrderComponents: [
        ['offerer', 'address'],
        ['zone', 'address'],
        ['offer', 'OfferItem[]'],
        ['consideration', 'ConsiderationItem[]'],
        ['orderType', 'uint8'],
        ['startTime', 'uint256'],
        ['endTime', 'uint256'],
        ['zoneHash', 'bytes32'],
        ['salt', 'uint256'],
        ['conduitKey', 'bytes32'],
        ['counter', 'uint256'],
      ],
      OfferItem: ITEM,
      ConsiderationItem: [...ITEM, ['recipient', 'address']],
    }),
    primaryType: 'OrderComponents',
    domain: domain(setting, 'Seaport', SEAPORT, '1.6'),
    message: {
      offerer: setting.wallet.address,
      zone: ZERO_ADDRESS,
      offer: [{ ...item, startAmount: '1000000000000', endAmount: '1000000000000' }],
      consideration:
        price === undefined
          ? []
          : [
              {
                itemType: '0',
                token: ZERO_ADDRESS,
                identifierOrCriteria: '0',
                startAmount: price.amount,
                endAmount: price.amount,
                recipient: price.recipient,
              },
            ],
      orderType: '0',
      startTime: '0',
      endTime: String(setting.now + YEAR),
      zoneHash: `0x${'00'.repeat(32)}`,
      salt: '1',
      conduitKey: `0x${'00'.repeat(32)}`,
      counter: '0',
    },
  };
}

/** A delegation that the wallet has signed already, on its way to the chain in somebody's transaction. */
function delegating(setting: Setting): Trial {
  const { chainId, nonce, gasPrice, wallet } = setting;
  const unsigned = { chainId, address: SWEEPER, nonce: nonce + 1n };
  const signed = secp256k1.sign(authorizationDigest(unsigned), walletKey(wallet.name), {
    prehash: false,
    format: 'recovered',
  });
  const { r, s, recovery } = secp256k1.Signature.fromBytes(signed, 'recovered');
  const payload = transaction(
    { to: wallet.address },
    { chainId, nonce, gas: 200_000n, maxFeePerGas: gasPrice },
    {
      type: 'eip7702',
      authorizations: [{ ...unsigned, yParity: recovery === 1 ? 1 : 0, r, s, authority: wallet.address }],
    },
  );
  return trial('a transaction of type 4 that delegates the wallet', payload);
}

export const SIGNATURE_CASES: readonly AttackCase[] = [
  attackCase({
    id: 'permit',
    name: 'A permit for all of the token, to a stranger, to a listed address, to one that looks like it',
    source: 'permit phishing, 28 September 2024: 12,083.6 spWETH',
    family: 'signature',
    incidents: ['permit-phishing'],
    build: (setting) => {
      const payee = payeeOf(setting);
      return [
        trial('a permit for the attacker', typedPayload(permit(setting, ATTACKER, EVERYTHING, YEAR))),
        trial('a permit for a look-alike', typedPayload(permit(setting, lookalikeOf(payee), EVERYTHING, 600))),
        trial('a permit for a payee', typedPayload(permit(setting, payee, EVERYTHING, 600))),
      ];
    },
    twin: tokenTwin,
  }),
  attackCase({
    id: 'permit2',
    name: 'A permit of Permit2, which holds the allowances of every token',
    source: 'Permit2 phishing',
    family: 'signature',
    incidents: ['permit2-phishing', 'permit2-copy'],
    build: (setting) => [
      trial('Permit2 for the attacker', typedPayload(permit2(setting, ATTACKER))),
      trial('Permit2 for a look-alike', typedPayload(permit2(setting, lookalikeOf(payeeOf(setting))))),
      trial('a contract that calls itself Permit2', typedPayload(permit2(setting, ATTACKER, ATTACKER))),
    ],
    twin: tokenTwin,
  }),
  attackCase({
    id: 'order-without-price',
    name: 'A market order that gives and gets nothing, or whose price goes to somebody else',
    source: 'Seaport orders without a price, December 2024',
    family: 'signature',
    incidents: ['seaport-gift', 'seaport-to-attacker'],
    build: (setting) => [
      trial('an order without a price', typedPayload(order(setting, undefined))),
      trial(
        'an order paid to the attacker',
        typedPayload(order(setting, { amount: '1000000000000000000', recipient: ATTACKER })),
      ),
    ],
    twin: tokenTwin,
  }),
  attackCase({
    id: 'unknown-typed-data',
    name: 'Typed data that nobody here understands, of a contract that may understand it well',
    source: 'delegations and meta-transactions of wallets, signed blindly',
    family: 'signature',
    build: (setting) => [
      trial(
        'an unknown type',
        typedPayload({
          types: typesOf({
            Grant: [
              ['to', 'address'],
              ['everything', 'bool'],
            ],
          }),
          primaryType: 'Grant',
          domain: domain(setting, 'Vault', setting.token, '1'),
          message: { to: ATTACKER, everything: true },
        }),
      ),
    ],
    twin: anyTwin,
  }),
  attackCase({
    id: 'blind-message',
    name: 'Bytes to be signed as a message, which are the hash of something',
    source: 'eth_sign phishing; Bybit owners signed in this form',
    family: 'signature',
    incidents: ['bybit-blind-message'],
    build: () => [
      trial('32 bytes without content', bytesMessage(new Uint8Array(32).fill(0xb3))),
      trial('bytes that are no text', bytesMessage(utf8('\u0000\u0001withdraw everything'))),
    ],
    twin: anyTwin,
  }),
  attackCase({
    id: 'sweeper',
    name: 'The wallet puts itself under the code of a sweeper',
    source: 'EIP-7702 sweepers, May 2025',
    family: 'account',
    incidents: ['eip7702-sweeper', 'eip7702-transaction'],
    build: (setting) => [
      trial('an authorization for every chain', authorization(0n, SWEEPER, setting.nonce)),
      trial('an authorization for this chain', authorization(setting.chainId, SWEEPER, setting.nonce)),
      delegating(setting),
    ],
    twin: anyTwin,
  }),
  attackCase({
    id: 'account-batch',
    name: 'An honest account program runs a batch of approvals',
    source: 'EIP-7702 batch phishing, Inferno, May 2025',
    family: 'account',
    incidents: ['eip7702-batch-phishing'],
    build: (setting) => {
      const approve = calldata('approve(address,uint256)', ATTACKER, 2n ** 256n - 1n);
      const call = { tuple: [setting.token, 0n, approve] };
      const own: Address = setting.wallet.address;
      return [
        trial(
          'executeBatch of the wallet on itself',
          direct(setting, {
            to: own,
            data: calldata('executeBatch((address,uint256,bytes)[])', { list: [call, call] }),
          }),
        ),
        trial(
          'execute of the wallet on itself',
          direct(setting, {
            to: own,
            data: calldata('execute(address,uint256,bytes)', setting.token, 0n, approve),
          }),
        ),
      ];
    },
    twin: tokenTwin,
  }),
];
