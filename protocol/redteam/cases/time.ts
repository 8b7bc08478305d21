/** Attacks that take many steps, each of which the policy permits: only a ledger that counts can end them. */

import type { Payload } from '../../payload/payload.ts';
import type { Limit } from '../../policy/schema.ts';
import { weight } from '../acts.ts';
import { ATTACKER, actTrial, anyTwin, attackCase, eachPayment, heaviest } from '../case-parts.ts';
import { inventedAddress, safePayload } from '../encode.ts';
import { callOf, direct, pay } from '../pay.ts';
import { addressesOf, permittingRules } from '../setting-parts.ts';
import type { Act, AttackCase, PayloadStep, Setting, Trial } from '../types.ts';

/** More payments than this in a row are no payments any more. */
const MAX_STEPS = 200;
/** Nobody has so many payments under way at once. */
const STOCKPILE = 40;
const DAY = 24 * 3600;
/** All of it goes to whoever builds the block. */
const FORTUNE = { gas: 30_000_000n, maxFeePerGas: 10n ** 15n, tip: 10n ** 15n };

/** Limits over time on the asset of a payment; `wide` ones count all payees and all initiators together. */
export function limitsOn({ policy, chainId, wallet }: Setting, act: Act, wide: boolean): readonly Limit[] {
  const { assets, limits = [] } = policy.document;
  return limits.filter(({ asset, match, measure, onExceed, per = ['wallet'], windowSec }) => {
    const declared = asset === undefined ? undefined : assets.get(asset);
    const isAbout = declared?.address === act.asset && declared.chainId === chainId;
    const isOfWallet = match?.wallets === undefined || match.wallets.includes(wallet.name);
    const isWide = !per.some((key) => key === 'counterparty' || key === 'initiator' || key === 'selector');
    const denies = onExceed === undefined || onExceed === 'deny';
    return measure === 'amount' && windowSec !== undefined && isAbout && isOfWallet && denies && (isWide || !wide);
  });
}

function least(limits: readonly Limit[]): bigint | undefined {
  return limits.reduce<bigint | undefined>((min, { max }) => (min === undefined || max < min ? max : min), undefined);
}

interface Series {
  readonly act: Act;
  /** Of each payment; what the whole series adds up to is more than `above`, if there are not too many. */
  readonly amount: bigint;
  readonly above: bigint | undefined;
  readonly payees?: readonly Act['receiver'][];
  readonly initiators?: readonly string[];
  /** Seconds between two payments. */
  readonly pause?: number;
  readonly hoarded?: boolean;
}

function series(
  setting: Setting,
  { act, amount, above, payees, initiators, pause = 1, hoarded }: Series,
): readonly PayloadStep[] {
  const wanted = above === undefined || amount === 0n ? 40 : Number(above / amount) + 1;
  return Array.from({ length: Math.min(MAX_STEPS, wanted) }, (_, i) => ({
    kind: 'payload',
    payload: pay(
      setting,
      { ...act, amount, receiver: payees?.[i % payees.length] ?? act.receiver },
      setting.nonce + BigInt(i),
    ),
    initiator: initiators?.[i % initiators.length] ?? act.initiator,
    at: setting.now + i * pause,
    ...(hoarded === true ? { hoarded } : {}),
  }));
}

/** Of each asset the payment that moves the most, since a policy that bounds that one bounds them all. */
export function largest({ acts }: Setting): readonly Act[] {
  const found = new Map<string, Act>();
  for (const act of acts) {
    const known = found.get(act.asset);
    if (known === undefined || known.amount < act.amount) found.set(act.asset, act);
  }
  return [...found.values()];
}

function splitting(setting: Setting, label: string, plan: (act: Act) => Series): readonly Trial[] {
  return largest(setting).map((act) => ({ label: `${label}, ${act.what}`, steps: series(setting, plan(act)) }));
}

function min(a: bigint, b: bigint | undefined): bigint {
  return b === undefined || a < b ? a : b;
}

export const TIME_CASES: readonly AttackCase[] = [
  attackCase({
    id: 'velocity-amount',
    name: 'One payment after the other, each as large as a rule permits',
    source: 'drained hot wallets: every single withdrawal was below the limit',
    family: 'time',
    build: (setting) =>
      splitting(setting, 'the same payment again and again', (act) => {
        const above = least(limitsOn(setting, act, false));
        return { act, amount: min(act.amount, above), above };
      }),
    twin: anyTwin,
  }),
  attackCase({
    id: 'velocity-count',
    name: 'Many small payments that add up to what no single one could be',
    source: 'splitting below a limit',
    family: 'time',
    build: (setting) =>
      splitting(setting, 'many small payments', (act) => {
        const above = least(limitsOn(setting, act, false)) ?? act.amount * 10n;
        return { act, amount: above / 150n + 1n < act.amount ? above / 150n + 1n : act.amount, above };
      }),
    twin: anyTwin,
  }),
  attackCase({
    id: 'velocity-payees',
    name: 'The same split over every payee that is listed',
    source: 'limits that count each payee by itself',
    family: 'time',
    build: (setting) => {
      const { document } = setting.policy;
      const named = permittingRules(document, setting.wallet.name).flatMap((match) => {
        return addressesOf(document, match.counterparties, setting.chainId);
      });
      const known = [...new Set([...named, ...setting.payees])];
      // Where nobody is named, everybody can be paid.
      const payees =
        known.length > 0 ? known : ['a', 'b', 'c', 'd', 'e'].map((name) => inventedAddress(`payee ${name}`));
      return splitting(setting, `split over ${payees.length} payees`, (act) => {
        const above = least(limitsOn(setting, act, true));
        const each = min(act.amount, least(limitsOn(setting, act, false)));
        return {
          act,
          amount: above === undefined ? each / 20n + 1n : each,
          above,
          payees,
        };
      });
    },
    twin: anyTwin,
  }),
  attackCase({
    id: 'velocity-initiators',
    name: 'The same split over every operator that may ask',
    source: 'limits that count each operator by itself',
    family: 'time',
    build: (setting) => {
      const { document } = setting.policy;
      const named = permittingRules(document, setting.wallet.name).map(({ initiators }) => initiators);
      const initiators = named.some((names) => names === undefined)
        ? [setting.initiator, 'another operator', 'a third operator']
        : [...new Set(named.flatMap((names) => names ?? []))];
      return splitting(setting, `split over ${initiators.length} operators`, (act) => {
        const above = least(limitsOn(setting, act, true));
        const each = min(act.amount, least(limitsOn(setting, act, false)));
        // Only who may ask for this very payment is of use.
        const able = initiators.filter((name) => isOpenTo(setting, act, name));
        return {
          act,
          amount: above === undefined ? each / 40n + 1n : each,
          above,
          initiators: able.length > 0 ? able : [act.initiator],
        };
      });
    },
    twin: anyTwin,
  }),
  attackCase({
    id: 'hoarding',
    name: 'Signatures are collected over weeks, kept back, and used on one day',
    source: 'windows that forget what was signed and never seen on a chain',
    family: 'time',
    build: (setting) =>
      splitting(setting, 'all that a window permits, every window, never sent', (act) => {
        const limits = limitsOn(setting, act, false);
        const above = least(limits);
        const window = limits.reduce((most, { windowSec = 0 }) => Math.max(most, windowSec), DAY);
        return { act, amount: min(act.amount, above), above, pause: window + 1, hoarded: true };
      }),
    twin: anyTwin,
  }),
  attackCase({
    id: 'stockpile',
    name: 'Small payments are signed in numbers, kept back, and set loose together at a bad hour',
    source: 'signed transactions as a weapon: whoever holds them chooses when',
    family: 'time',
    build: (setting) =>
      splitting(setting, `${STOCKPILE} signatures that nobody sends`, (act) => {
        const lowest =
          setting.acts.filter(({ asset }) => asset === act.asset).sort((a, b) => weight(a) - weight(b))[0] ?? act;
        const each = lowest.amount / 1000n + 1n;
        return { act: lowest, amount: each, above: each * BigInt(STOCKPILE - 1), hoarded: true };
      }),
    twin: anyTwin,
  }),
  attackCase({
    id: 'fee-drain',
    name: 'A usual payment whose fee is a fortune, for whoever builds the block',
    source: 'fees paid by mistake or by theft: 84 BTC, 2023; 7,676 ETH, 2021',
    family: 'time',
    build: (setting) => [
      ...eachPayment(setting, 'a fortune for the block', (payment) => {
        if (payment.carrier !== 'transaction') return undefined;
        return direct(setting, callOf(payment), setting.nonce, FORTUNE);
      }),
      ...eachPayment(setting, 'a fortune for the sender', (payment): Payload | undefined => {
        if (payment.carrier === 'transaction') return undefined;
        return safePayload(payment.safe, setting.chainId, {
          ...callOf(payment),
          gasPrice: 10n ** 15n,
          baseGas: 10n ** 6n,
          refundReceiver: ATTACKER,
          nonce: setting.nonce,
        });
      }),
    ],
    twin: (setting) => actTrial(heaviest(setting)),
  }),
  attackCase({
    id: 'too-much-at-once',
    name: 'A usual payment of a thousand times the amount',
    source: 'a slipped decimal point, or somebody who says it was one',
    family: 'time',
    build: (setting) =>
      eachPayment(setting, 'a thousand times as much', (payment) => {
        const most = largest(setting).find(({ asset }) => asset === payment.asset) ?? payment;
        return pay(setting, { ...payment, amount: most.amount * 1000n });
      }),
    twin: (setting) => actTrial(heaviest(setting)),
  }),
];

function isOpenTo({ policy, wallet }: Setting, act: Act, initiator: string): boolean {
  const ids = new Set(act.verdict.rules.map(({ id }) => id));
  const rules = policy.document.rules.filter(({ id }) => ids.has(id));
  return permittingRules({ ...policy.document, rules }, wallet.name).every(({ initiators }) => {
    return initiators === undefined || initiators.includes(initiator);
  });
}
