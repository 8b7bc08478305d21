/** Bytes that mean one thing to a screen and another to a chain. All of these end before anybody is asked. */
import { concat } from '../../common/bytes.ts';
import { encodeRlp, minimalBytes, type RlpItem } from '../../payload/rlp.ts';
import {
  ATTACKER,
  anyTwin,
  attackCase,
  eachPayment,
  payeeOf,
  payments,
  tokenTwin,
  trial,
  twinBy,
} from '../case-parts.ts';
import { bytes, calldata, execTransaction, senderSignature, TRANSFER } from '../encode.ts';
import { direct, pay } from '../pay.ts';
import type { AttackCase, Setting, Trial } from '../types.ts';

/** A transaction whose items are changed before they are encoded. */
function bent(setting: Setting, label: string, bend: (items: readonly RlpItem[]) => readonly RlpItem[]): Trial {
  const { chainId, nonce, gasPrice } = setting;
  const items: readonly RlpItem[] = [
    minimalBytes(chainId),
    minimalBytes(nonce),
    minimalBytes(gasPrice),
    minimalBytes(gasPrice),
    minimalBytes(21_000n),
    bytes(payeeOf(setting)),
    minimalBytes(1n),
    new Uint8Array(0),
    [],
  ];
  return trial(label, { kind: 'evm-transaction', bytes: concat(Uint8Array.of(2), encodeRlp(bend(items))) });
}

export const ENVELOPE_CASES: readonly AttackCase[] = [
  attackCase({
    id: 'bare-digest',
    name: 'A hash instead of a payload',
    source: 'blind signing in its purest form',
    family: 'envelope',
    incidents: ['bare-digest'],
    build: () => [trial('32 bytes', { kind: 'evm-transaction', bytes: new Uint8Array(32).fill(0xb3) })],
    twin: anyTwin,
  }),
  attackCase({
    id: 'trailing-bytes',
    name: 'Bytes behind the arguments, which the chain ignores and another reader shows',
    source: 'decoys behind calldata',
    family: 'envelope',
    incidents: ['trailing-bytes'],
    build: (setting) => {
      const data = concat(calldata(TRANSFER, payeeOf(setting), 1n), new Uint8Array(32).fill(1));
      return [trial('a transfer with a word too many', direct(setting, { to: setting.token, data }))];
    },
    twin: tokenTwin,
  }),
  attackCase({
    id: 'two-spellings',
    name: 'One transaction in two spellings, so that two readers hash two things',
    source: 'numbers with leading zeros',
    family: 'envelope',
    incidents: ['non-minimal-rlp'],
    build: (setting) => [
      bent(setting, 'a nonce with a leading zero', (items) => items.with(1, Uint8Array.of(0, 7))),
      bent(setting, 'a field too many', (items) => [...items, new Uint8Array(0)]),
    ],
    twin: anyTwin,
  }),
  attackCase({
    id: 'operation-257',
    name: 'An operation that is 257 to some readers and a delegatecall to the chain',
    source: 'the word 0x…0101',
    family: 'envelope',
    incidents: ['operation-257'],
    build: (setting) => {
      const data = execTransaction(
        { to: setting.token, data: calldata(TRANSFER, ATTACKER, 1n) },
        senderSignature(setting.wallet.address),
      );
      const odd = new Uint8Array(data);
      // The fourth word behind the selector, its last two bytes.
      odd.set([1, 1], 4 + 4 * 32 - 2);
      return [trial('operation 257', direct(setting, { to: setting.safe, data: odd }))];
    },
    twin: twinBy('safe-execution', 'safe-transaction', 'safe-batch'),
  }),
  attackCase({
    id: 'smuggled-signatures',
    name: 'Junk behind the signatures of the owners',
    source: 'room for what only one reader sees',
    family: 'envelope',
    incidents: ['smuggled-signatures'],
    build: (setting) => {
      const signatures = concat(senderSignature(setting.wallet.address), new Uint8Array(20).fill(0xee));
      const data = execTransaction({ to: setting.token, data: calldata(TRANSFER, payeeOf(setting), 1n) }, signatures);
      return [trial('signatures and junk', direct(setting, { to: setting.safe, data }))];
    },
    twin: twinBy('safe-execution', 'safe-transaction', 'safe-batch'),
  }),
  attackCase({
    id: 'unsigned-field',
    name: 'A field that a screen shows and no signature covers',
    source: 'typed data with more than its type has',
    family: 'envelope',
    incidents: ['typed-data-extra-field'],
    build: (setting) => {
      const payment = payments(setting).find(({ carrier }) => carrier === 'safe-transaction');
      if (payment === undefined) return [];
      const text = asText(pay(setting, payment).bytes).replace(
        '"message":{',
        '"message":{"note":"refill of the hot wallet",',
      );
      return [trial('a note in the message', { kind: 'evm-typed-data', bytes: fromText(text) })];
    },
    twin: twinBy('safe-transaction', 'safe-batch'),
  }),
  attackCase({
    id: 'valid-everywhere',
    name: 'A transaction without a chain, valid on all of them',
    source: 'transactions from before EIP-155',
    family: 'envelope',
    incidents: ['legacy-without-chain'],
    build: (setting) => {
      const { nonce, gasPrice } = setting;
      const fields = [nonce, gasPrice, 21_000n].map(minimalBytes);
      const body = encodeRlp([...fields, bytes(payeeOf(setting)), minimalBytes(1n), new Uint8Array(0)]);
      return [trial('six fields', { kind: 'evm-transaction', bytes: body })];
    },
    twin: anyTwin,
  }),
  attackCase({
    id: 'cut-short',
    name: 'A payload that ends in the middle, so that the rest can be added later',
    source: 'truncated requests',
    family: 'envelope',
    build: (setting) =>
      eachPayment(setting, 'cut short', (payment) => {
        const { kind, bytes: whole } = pay(setting, payment);
        return { kind, bytes: whole.slice(0, -1) };
      }),
    twin: anyTwin,
  }),
];

/** ASCII both ways: canonical text has nothing else. */
function asText(data: Uint8Array): string {
  return [...data].map((byte) => String.fromCharCode(byte)).join('');
}

function fromText(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}
