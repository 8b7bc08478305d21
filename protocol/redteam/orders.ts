/** Which attacks a chain is asked to carry out: those that got through or, on demand, all as if they had been signed. */
import { ATTACKER, payeeOf, SWEEPER, TROJAN } from './case-parts.ts';
import type { ChainOrder } from './chain.ts';
import type { Played } from './run.ts';
import type { Setting, Trial } from './types.ts';
import { walletKey } from './wallet-key.ts';

/** So many trials of a case, and payloads of a trial, are enough to see what it does. */
const MAX_TRIALS = 4;
const MAX_PAYLOADS = 12;

export function chainOrders(setting: Setting, played: readonly Played[], all: boolean): readonly ChainOrder[] {
  const stage = {
    chainId: setting.chainId,
    wallet: setting.wallet.address,
    walletKey: walletKey(setting.wallet.name),
    safe: setting.safe,
    token: setting.token,
    nonce: setting.nonce,
    attacker: ATTACKER,
    trojan: TROJAN,
    sweeper: SWEEPER,
    payee: payeeOf(setting),
    now: setting.now,
  };
  return played.flatMap(({ attack, passing, stopped }): readonly ChainOrder[] => {
    // The exact bytes of an incident are about somebody else's Safe, on which nobody here signs.
    const own = [...passing, ...(all ? stopped : [])].filter(({ label }) => !label.startsWith('the bytes of'));
    const trials = own
      .slice(0, MAX_TRIALS)
      .map(payloadsOf)
      .filter(({ payloads }) => payloads.length > 0);
    return trials.length === 0 ? [] : [{ id: attack.id, trials, stage }];
  });
}

function payloadsOf({ label, steps }: Trial): ChainOrder['trials'][number] {
  const payloads = steps.flatMap((step) => (step.kind === 'payload' ? [step.payload] : []));
  return { label, payloads: payloads.slice(0, MAX_PAYLOADS) };
}
