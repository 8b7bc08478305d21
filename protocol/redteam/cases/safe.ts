/** Attacks on a Safe: whoever controls one call of it that runs foreign code, or changes its rules, has all of it. */
import { type Address, ZERO_ADDRESS } from '../../payload/address.ts';
import type { Payload } from '../../payload/payload.ts';
import { safeTxDigest } from '../../payload/safe-tx.ts';
import { ATTACKER, anyTwin, attackCase, payeeOf, safesOf, TROJAN, trial, twinBy } from '../case-parts.ts';
import {
  bytesMessage,
  calldata,
  multiSend,
  NO_DATA,
  type SafeFields,
  safePayload,
  safeTypedData,
  TRANSFER,
} from '../encode.ts';
import { BATCH_CONTRACT, batch, carry, direct } from '../pay.ts';
import type { AttackCase, Setting, Trial } from '../types.ts';

/** Canonical MultiSend 1.4.1, which runs delegatecalls, too, and MultiSend 1.5.0, whose zero address is the Safe. */
const FULL_BATCH: Address = '0x38869bf66a61cf6bdb996a6ae40d5853fd43b526';
const BATCH_1_5: Address = '0x218543288004cd07832472d464648173c77d7eb7';

/** As owners sign it, and as the wallet carries it out itself. */
function asSafe(setting: Setting, what: string, fields: (safe: Address) => SafeFields): readonly Trial[] {
  return safesOf(setting).flatMap((safe) => [
    trial(`${what}, as a Safe transaction`, carry(setting, { carrier: 'safe-transaction', safe }, fields(safe))),
    trial(`${what}, executed by the wallet`, carry(setting, { carrier: 'safe-execution', safe }, fields(safe))),
  ]);
}

const disguised = (): SafeFields => ({ to: TROJAN, data: calldata(TRANSFER, TROJAN, 0n), operation: 1 });
const safeTwin = twinBy('safe-transaction', 'safe-execution', 'safe-batch');

function self(setting: Setting, what: string, data: (safe: Address) => Uint8Array): readonly Trial[] {
  return asSafe(setting, what, (safe) => ({ to: safe, data: data(safe) }));
}

/** The hash of a Safe transaction as a message, with its content beside it: how hardware wallets were asked. */
function asMessage(setting: Setting, safe: Address, fields: SafeFields): Payload {
  const { chainId, nonce } = setting;
  const preimages = [safeTypedData(safe, chainId, { ...fields, nonce })];
  return { ...bytesMessage(safeHash(setting, safe, fields)), preimages };
}

function safeHash({ chainId, nonce }: Setting, safe: Address, fields: SafeFields): Uint8Array {
  return safeTxDigest({
    safe,
    domain: 'chain-bound',
    chainId,
    to: fields.to,
    value: fields.value ?? 0n,
    data: fields.data ?? NO_DATA,
    operation: fields.operation ?? 0,
    safeTxGas: 0n,
    baseGas: 0n,
    gasPrice: 0n,
    gasToken: ZERO_ADDRESS,
    refundReceiver: ZERO_ADDRESS,
    nonce,
    gasField: 'baseGas',
  });
}

export const SAFE_CASES: readonly AttackCase[] = [
  attackCase({
    id: 'bybit',
    name: 'A delegatecall dressed as a token transfer replaces the code of the Safe',
    source: 'Bybit, 21 February 2025',
    family: 'safe',
    incidents: ['bybit', 'bybit-as-message', 'bybit-executed'],
    build: (setting) => [
      ...asSafe(setting, 'transfer(address,uint256) of a trojan by delegatecall', disguised),
      ...safesOf(setting).map((safe) => trial('its hash as a message', asMessage(setting, safe, disguised()))),
    ],
    twin: safeTwin,
  }),
  attackCase({
    id: 'wazirx',
    name: 'Foreign code with a function that nobody knows runs as the Safe',
    source: 'WazirX, 18 July 2024',
    family: 'safe',
    incidents: ['wazirx'],
    build: (setting) =>
      asSafe(setting, 'delegatecall of an unknown function', () => ({
        to: TROJAN,
        data: calldata('pwn(address)', TROJAN),
        operation: 1,
      })),
    twin: safeTwin,
  }),
  attackCase({
    id: 'uxlink',
    name: 'A batch adds an owner and runs foreign code',
    source: 'UXLINK, 22 September 2025',
    family: 'safe',
    incidents: ['uxlink'],
    build: (setting) =>
      asSafe(setting, 'a new owner and a delegatecall in one batch', (safe) => ({
        to: FULL_BATCH,
        operation: 1,
        data: multiSend([
          { to: safe, data: calldata('addOwnerWithThreshold(address,uint256)', ATTACKER, 1n) },
          { to: TROJAN, data: calldata(TRANSFER, TROJAN, 0n), operation: 1 },
        ]),
      })),
    twin: twinBy('safe-batch', 'safe-transaction', 'safe-execution'),
  }),
  attackCase({
    id: 'owner-added',
    name: 'The attacker becomes an owner of the Safe, alone able to sign',
    source: 'the second half of UXLINK, and of every takeover of a Safe',
    family: 'safe',
    build: (setting) => [
      ...self(setting, 'a new owner', () => calldata('addOwnerWithThreshold(address,uint256)', ATTACKER, 1n)),
      ...self(setting, 'an owner replaced', () =>
        calldata(
          'swapOwner(address,address,address)',
          '0x0000000000000000000000000000000000000001',
          setting.wallet.address,
          ATTACKER,
        ),
      ),
      ...self(setting, 'a lower threshold', () => calldata('changeThreshold(uint256)', 1n)),
    ],
    twin: safeTwin,
  }),
  attackCase({
    id: 'module-enabled',
    name: 'A module is enabled that moves what it likes without the owners',
    source: 'Safes with a router as a module, 25 May 2026',
    family: 'safe',
    incidents: ['squid-module'],
    build: (setting) => self(setting, 'enableModule', () => calldata('enableModule(address)', ATTACKER)),
    twin: safeTwin,
  }),
  attackCase({
    id: 'module-used',
    name: 'A module that is enabled already is asked to empty the Safe',
    source: 'the same incident, its second half',
    family: 'safe',
    incidents: ['squid-module-used'],
    build: (setting) =>
      safesOf(setting).map((safe) => {
        const inner = calldata(TRANSFER, ATTACKER, 10n ** 12n);
        const data = calldata('execTransactionFromModule(address,uint256,bytes,uint8)', setting.token, 0n, inner, 0n);
        return trial('execTransactionFromModule of a Safe', direct(setting, { to: safe, data }));
      }),
    twin: safeTwin,
  }),
  attackCase({
    id: 'guards-down',
    name: 'The guard or the fallback handler of the Safe is replaced',
    source: 'the step before many takeovers: whoever sets the guard decides what passes',
    family: 'safe',
    incidents: ['guard-removed'],
    build: (setting) => [
      ...self(setting, 'a foreign fallback handler', () => calldata('setFallbackHandler(address)', ATTACKER)),
      ...self(setting, 'the guard removed', () => calldata('setGuard(address)', ZERO_ADDRESS)),
      ...self(setting, 'a module removed', () =>
        calldata('disableModule(address,address)', '0x0000000000000000000000000000000000000001', TROJAN),
      ),
    ],
    twin: safeTwin,
  }),
  attackCase({
    id: 'blind-approve-hash',
    name: 'A hash is approved on the Safe, whose content nobody sees',
    source: 'blind signing by approveHash',
    family: 'safe',
    incidents: ['approve-hash', 'approve-hash-opened'],
    build: (setting) =>
      safesOf(setting).flatMap((safe) => {
        const { digest, typed } = hashOf(setting, safe);
        const payload = direct(setting, { to: safe, data: calldata('approveHash(bytes32)', { fixed: digest }) });
        return [
          trial('approveHash without the content', payload),
          trial('approveHash with the content', { ...payload, preimages: [typed] }),
        ];
      }),
    twin: safeTwin,
  }),
  attackCase({
    id: 'refund-siphon',
    name: 'A Safe transaction that refunds its sender more than it moves',
    source: 'refund fields of Safe transactions as a way out',
    family: 'safe',
    incidents: ['refund-siphon'],
    build: (setting) =>
      [ATTACKER, payeeOf(setting)].flatMap((refundReceiver) =>
        asSafe(setting, refundReceiver === ATTACKER ? 'refund to the attacker' : 'refund to a listed receiver', () => ({
          to: payeeOf(setting),
          gasPrice: 10n ** 15n,
          baseGas: 10n ** 6n,
          refundReceiver,
        })),
      ),
    twin: safeTwin,
  }),
  attackCase({
    id: 'nested-delegatecall',
    name: 'A delegatecall deep inside a batch that is allowed',
    source: 'MultiSend inside MultiSend',
    family: 'safe',
    incidents: ['nested-delegatecall'],
    build: (setting) => {
      const real = { to: setting.token, data: calldata(TRANSFER, payeeOf(setting), 1n) };
      const inner = multiSend([{ ...disguised(), operation: 1 }]);
      return [FULL_BATCH, BATCH_CONTRACT].flatMap((to) =>
        asSafe(setting, `a delegatecall two batches deep, from ${to}`, () => ({
          to,
          operation: 1,
          data: multiSend([real, { to: FULL_BATCH, operation: 1, data: inner }]),
        })),
      );
    },
    twin: twinBy('safe-batch', 'safe-transaction', 'safe-execution'),
  }),
  attackCase({
    id: 'hidden-in-a-batch',
    name: 'An approval for the attacker behind real payments',
    source: 'users of Request Finance, 12 September 2025',
    family: 'safe',
    incidents: ['request-finance', 'request-finance-unread'],
    build: (setting) => {
      const real = { to: setting.token, data: calldata(TRANSFER, payeeOf(setting), 1n) };
      const hidden = { to: setting.token, data: calldata('approve(address,uint256)', ATTACKER, 2n ** 256n - 1n) };
      return safesOf(setting).map((safe) =>
        trial('two payments and an approval', batch(setting, safe, [real, real, hidden])),
      );
    },
    twin: twinBy('safe-batch', 'safe-transaction'),
  }),
  attackCase({
    id: 'zero-address-in-a-batch',
    name: 'The zero address in a batch of MultiSend 1.5.0 is the Safe itself',
    source: 'MultiSend 1.5.0',
    family: 'safe',
    incidents: ['multisend-zero', 'multisend-zero-unread'],
    build: (setting) =>
      asSafe(setting, 'a new owner, addressed as zero', () => ({
        to: BATCH_1_5,
        operation: 1,
        data: multiSend([{ to: ZERO_ADDRESS, data: calldata('addOwnerWithThreshold(address,uint256)', ATTACKER, 1n) }]),
      })),
    twin: twinBy('safe-batch', 'safe-transaction', 'safe-execution'),
  }),
  attackCase({
    id: 'no-chain',
    name: 'A Safe transaction without a chain, valid wherever this Safe exists',
    source: 'Safes before 1.3, and replays on the chains that came later',
    family: 'safe',
    incidents: ['bybit-shown'],
    build: (setting) =>
      safesOf(setting).map((safe) =>
        trial(
          'a payment to a stranger in the domain of old Safes',
          safePayload(safe, undefined, { to: ATTACKER, value: 10n ** 18n, nonce: setting.nonce }),
        ),
      ),
    twin: anyTwin,
  }),
];

function hashOf(setting: Setting, safe: Address): { readonly digest: Uint8Array; readonly typed: Uint8Array } {
  const fields = { ...disguised(), nonce: setting.nonce };
  return { digest: safeHash(setting, safe, fields), typed: safeTypedData(safe, setting.chainId, fields) };
}
