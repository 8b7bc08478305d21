/** What cases are put together from. */
import type { Address } from '../payload/address.ts';
import type { Payload } from '../payload/payload.ts';
import type { Observation } from '../payload/risk/observed.ts';
import { weight } from './acts.ts';
import { inventedAddress } from './encode.ts';
import { incidentTrial } from './incidents.ts';
import type { Act, AttackCase, Carrier, Family, Payment, Setting, Trial } from './types.ts';

/** Who gains by the attacks; nobody has these keys. */
export const ATTACKER: Address = inventedAddress('the attacker');
/** Code that is not what its functions are called. */
export const TROJAN: Address = inventedAddress('a trojan');
/** Somebody who once allowed the wallet to spend. */
export const VICTIM: Address = inventedAddress('somebody with an allowance for the wallet');
export const SWEEPER: Address = inventedAddress('a sweeper');

interface CaseParts {
  readonly id: string;
  readonly name: string;
  readonly source: string;
  readonly family: Family;
  /** Files of test/vectors/incidents that are this attack. */
  readonly incidents?: readonly string[];
  build(setting: Setting): readonly Trial[];
  twin(setting: Setting): Trial | undefined;
}

export function attackCase({ incidents = [], build, twin, ...rest }: CaseParts): AttackCase {
  return {
    ...rest,
    incidents,
    build: (setting) => [...build(setting), ...incidents.map(incidentTrial)],
    twin: (setting) => twin(setting) ?? 'nothing-like-it',
  };
}

export function trial(label: string, ...payloads: readonly Payload[]): Trial {
  return { label, steps: payloads.map((payload) => ({ kind: 'payload', payload })) };
}

/** With what the history of an honest node adds that the short one of this tool cannot know. */
export function seenTrial(label: string, payload: Payload, code: Observation['code'], detail: string): Trial {
  return { label, steps: [{ kind: 'payload', payload, observed: [{ code, path: '0', detail }] }] };
}

/** The payment of this policy that is most like what an attack pretends to be. */
export function actTrial(act: Act | undefined): Trial | undefined {
  return act && { label: act.what, steps: [{ kind: 'payload', payload: act.payload, initiator: act.initiator }] };
}

export function twinBy(...carriers: readonly Carrier[]): (setting: Setting) => Trial | undefined {
  return ({ acts }) => actTrial(acts.find(({ carrier }) => carriers.includes(carrier)));
}

export function tokenTwin({ acts }: Setting): Trial | undefined {
  return actTrial(acts.find(({ asset }) => asset !== 'native'));
}

export function anyTwin({ acts }: Setting): Trial | undefined {
  return actTrial(acts[0]);
}

const UNIT = 10n ** 6n;

/**
 * Payments to change: those of the policy, one for each carrier and asset, and the plain ones that any wallet can make.
 * What a policy lets pass it may let pass in a form that its author never uses.
 */
export function payments(setting: Setting): readonly Payment[] {
  const { acts, safe, token, initiator } = setting;
  const receiver = payeeOf(setting);
  const plain = (['transaction', 'safe-transaction'] as const).flatMap((carrier) =>
    ([token, 'native'] as const).map((asset): Payment => ({ carrier, safe, asset, receiver, amount: UNIT, initiator })),
  );
  const found = new Map<string, Payment>();
  for (const payment of [...acts, ...plain]) {
    const name = `${payment.carrier}/${payment.asset}`;
    if (!found.has(name)) found.set(name, payment);
  }
  return [...found.values()];
}

/** One trial for each form of payment. */
export function eachPayment(
  setting: Setting,
  what: string,
  change: (payment: Payment) => Payload | undefined,
): readonly Trial[] {
  return payments(setting).flatMap((payment): readonly Trial[] => {
    const payload = change(payment);
    if (payload === undefined) return [];
    const asset = payment.asset === 'native' ? 'the coin of the chain' : `token ${payment.asset}`;
    return [
      {
        label: `${what}, ${asset}, by ${payment.carrier}`,
        steps: [{ kind: 'payload', payload, initiator: payment.initiator }],
      },
    ];
  });
}

export function payeeOf({ acts, payees }: Setting): Address {
  return acts[0]?.receiver ?? payees[0] ?? inventedAddress('a supplier');
}

/** What the policy asks the most people about. */
export function heaviest({ acts }: Setting): Act | undefined {
  return acts.reduce<Act | undefined>(
    (most, act) => (most === undefined || weight(act) >= weight(most) ? act : most),
    undefined,
  );
}

/** Safes of the wallet's payments, the setting's own included. */
export function safesOf({ acts, safe }: Setting): readonly Address[] {
  return [...new Set([...acts.filter(({ carrier }) => carrier !== 'transaction').map((act) => act.safe), safe])];
}
