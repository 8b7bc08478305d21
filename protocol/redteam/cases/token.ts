/** Attacks on what a wallet holds: other receivers, allowances, other owners, and functions nobody can read. */
import { type Address, ZERO_ADDRESS } from '../../payload/address.ts';
import {
  ATTACKER,
  actTrial,
  anyTwin,
  attackCase,
  eachPayment,
  payeeOf,
  safesOf,
  seenTrial,
  tokenTwin,
  trial,
  VICTIM,
} from '../case-parts.ts';
import type { Sent } from '../encode.ts';
import { calldata, lookalikeOf, NO_DATA, transaction } from '../encode.ts';
import { carry, direct, pay } from '../pay.ts';
import type { AttackCase, Setting, Trial } from '../types.ts';

const EVERYTHING = 2n ** 256n - 1n;

/** By the wallet itself and by each of its Safes. */
function anyway(setting: Setting, what: string, call: Sent): readonly Trial[] {
  return [
    trial(`${what}, by the wallet`, direct(setting, call)),
    ...safesOf(setting).map((safe) => {
      return trial(`${what}, by the Safe`, carry(setting, { carrier: 'safe-transaction', safe }, call));
    }),
  ];
}

export const TOKEN_CASES: readonly AttackCase[] = [
  attackCase({
    id: 'payee-swapped',
    name: 'A payment of the usual kind to somebody whom nobody listed',
    source: 'changed bank details of a supplier, the most common fraud there is',
    family: 'token',
    build: (setting) =>
      eachPayment(setting, 'a stranger is paid', (payment) => pay(setting, { ...payment, receiver: ATTACKER })),
    twin: anyTwin,
  }),
  attackCase({
    id: 'address-poisoning',
    name: 'A payment to an address that looks like a listed one at both ends',
    source: 'address poisoning, 3 May 2024: 1,155 WBTC',
    family: 'token',
    incidents: ['address-poisoning'],
    build: (setting) => {
      const known = setting.payees.length > 0 ? setting.payees : [payeeOf(setting)];
      return known
        .slice(0, 4)
        .flatMap((payee) =>
          eachPayment(setting, `a look-alike of ${payee}`, (payment) =>
            pay(setting, { ...payment, receiver: lookalikeOf(payee) }),
          ),
        );
    },
    twin: anyTwin,
  }),
  attackCase({
    id: 'cold-pays-out',
    name: 'A cold wallet pays somebody outside, whom a list names',
    source: 'cold storage that became a till: every hot wallet theft that was also a cold one',
    family: 'token',
    build: (setting) => {
      const { document } = setting.policy;
      if (document.wallets.get(setting.wallet.name)?.class !== 'cold') return [];
      const own = new Set([...document.wallets.values()].flatMap(({ accounts }) => accounts ?? []));
      const outside = [...setting.payees.filter((payee) => !own.has(payee)), ATTACKER].slice(0, 4);
      return outside.flatMap((receiver) =>
        eachPayment(setting, `to ${receiver}`, (payment) => pay(setting, { ...payment, receiver })),
      );
    },
    twin: anyTwin,
  }),
  attackCase({
    id: 'unlimited-allowance',
    name: 'An allowance without end, for the attacker or for a contract that is listed',
    source: 'approval phishing; and listed contracts that were hacked later',
    family: 'token',
    incidents: ['approval-phishing'],
    build: (setting) => {
      const { token } = setting;
      const payee = payeeOf(setting);
      const approve = (spender: Address): Uint8Array => calldata('approve(address,uint256)', spender, EVERYTHING);
      return [
        ...anyway(setting, 'approve for the attacker', { to: token, data: approve(ATTACKER) }),
        ...anyway(setting, 'approve for a payee', { to: token, data: approve(payee) }),
        ...anyway(setting, 'increaseAllowance', {
          to: token,
          data: calldata('increaseAllowance(address,uint256)', payee, EVERYTHING),
        }),
        ...anyway(setting, 'setApprovalForAll', {
          to: token,
          data: calldata('setApprovalForAll(address,bool)', ATTACKER, true),
        }),
      ];
    },
    twin: tokenTwin,
  }),
  attackCase({
    id: 'taken-from-others',
    name: 'The wallet spends what others have allowed it to spend',
    source: 'transferFrom as a way to make a payer a thief',
    family: 'token',
    incidents: ['taken-from-others'],
    build: (setting) => {
      const data = calldata('transferFrom(address,address,uint256)', VICTIM, ATTACKER, 10n ** 12n);
      return anyway(setting, 'transferFrom', { to: setting.token, data });
    },
    twin: tokenTwin,
  }),
  attackCase({
    id: 'ownership',
    name: 'Ownership of a contract goes to the attacker, asked for again after a failure',
    source: 'Radiant, 16 October 2024',
    family: 'token',
    incidents: ['radiant'],
    build: (setting) => {
      const call: Sent = { to: setting.token, data: calldata('transferOwnership(address)', ATTACKER) };
      const seen = 'asked for twice before, and the device said that it failed';
      return [
        ...anyway(setting, 'transferOwnership', call),
        seenTrial('transferOwnership, the third time', direct(setting, call), 'REPEATED_REQUEST', seen),
      ];
    },
    twin: tokenTwin,
  }),
  attackCase({
    id: 'code-replaced',
    name: 'The code of a contract that the wallet owns is replaced',
    source: 'Radiant, the new owner replaces the lending pool',
    family: 'token',
    incidents: ['radiant-pool'],
    build: (setting) => [
      ...anyway(setting, 'upgradeTo', { to: setting.token, data: calldata('upgradeTo(address)', ATTACKER) }),
      ...anyway(setting, 'upgradeToAndCall', {
        to: setting.token,
        data: calldata('upgradeToAndCall(address,bytes)', ATTACKER, NO_DATA),
      }),
    ],
    twin: tokenTwin,
  }),
  attackCase({
    id: 'unread-call',
    name: 'A function that nobody here can read, of a contract that is listed',
    source: 'Ronin, March 2022, and the mint of UXLINK',
    family: 'token',
    incidents: ['ronin', 'uxlink-mint'],
    build: (setting) => [
      ...anyway(setting, 'an unknown function of the token', {
        to: setting.token,
        data: calldata('withdrawERC20For(uint256,address,uint256)', 1n, ATTACKER, 10n ** 12n),
      }),
      ...anyway(setting, 'an unknown function of a payee', {
        to: payeeOf(setting),
        value: 10n ** 15n,
        data: calldata('claim(address)', ATTACKER),
      }),
    ],
    twin: tokenTwin,
  }),
  attackCase({
    id: 'bait',
    name: 'A button that says security update and takes ether',
    source: 'drainers of 2023 and later',
    family: 'token',
    incidents: ['bait'],
    build: (setting) =>
      anyway(setting, 'SecurityUpdate()', { to: ATTACKER, value: 10n ** 16n, data: calldata('SecurityUpdate()') }),
    twin: anyTwin,
  }),
  attackCase({
    id: 'contract-created',
    name: 'The wallet creates a contract and gives it money',
    source: 'drainers that deploy from the victim',
    family: 'token',
    build: (setting) => {
      const { chainId, nonce, gasPrice } = setting;
      const envelope = { chainId, nonce, gas: 200_000n, maxFeePerGas: gasPrice };
      const created = transaction({ to: ZERO_ADDRESS, value: 10n ** 15n, data: CREATION }, envelope, { to: undefined });
      return [trial('a creation with value', created)];
    },
    twin: anyTwin,
  }),
  attackCase({
    id: 'other-chain',
    name: 'A payment of the usual kind on a chain that the policy does not mention',
    source: 'replays and look-alike deployments on other chains',
    family: 'token',
    build: (setting) => {
      const { policy, wallet } = setting;
      const known = policy.document.wallets.get(wallet.name)?.chainIds ?? [setting.chainId];
      const foreign =
        [10n, 56n, 137n, 999_999n].find((chain) => !known.includes(chain) && chain !== setting.chainId) ?? 424_242n;
      return eachPayment(setting, `on chain ${foreign}`, (payment) => pay({ ...setting, chainId: foreign }, payment));
    },
    twin: anyTwin,
  }),
  attackCase({
    id: 'two-payloads-one-nonce',
    name: 'One payment is shown and agreed to, another one at the same nonce follows',
    source: 'Bybit: the page showed one transaction and had another one signed',
    family: 'token',
    build: (setting) =>
      setting.acts.slice(0, 4).map((act) => {
        const other = pay(setting, { ...act, amount: act.amount > 1n ? act.amount - 1n : act.amount + 1n });
        return {
          label: `two amounts at nonce ${setting.nonce}, by ${act.carrier}`,
          steps: [act.payload, other].map((payload) => ({ kind: 'payload', payload, initiator: act.initiator })),
        };
      }),
    twin: ({ acts }) => actTrial(acts[0]),
  }),
];

/** Init code that hands what it got to nobody: PUSH1 0 PUSH1 0 RETURN. */
const CREATION = Uint8Array.of(0x60, 0x00, 0x60, 0x00, 0xf3);
