/** An operator stops wallets by its one signature; the parties pass it on among themselves and keep it. */

import type { Members } from '../proto/link/members.ts';
import { signFreeze } from '../protocol/ceremony/freeze.ts';
import type { Clock, Random } from '../protocol/common/effects.ts';
import { Refusal } from '../protocol/common/errors.ts';
import type { Home } from './home.ts';

export interface Frozen {
  /** 32 bytes: what a thaw has to name. */
  readonly freeze: Uint8Array;
  /** The parties that it was handed to. */
  readonly told: readonly string[];
}

/** @param walletId none for all wallets. Fails with `NOBODY_CONNECTED`: then nothing is frozen anywhere. */
export async function sendFreeze(
  { clock, home, random }: { readonly clock: Clock; readonly home: Home; readonly random: Random },
  members: Members,
  walletId: Uint8Array,
  reason: string,
): Promise<Frozen> {
  const body = {
    roster: home.roster.digest,
    walletId,
    author: `operator:${home.self.name}`,
    reason: reason.slice(0, 140),
    nonce: random.bytes(16),
    created: clock.now(),
  };
  const { digest, envelope } = signFreeze(body, home.keys.statement);
  const told: string[] = [];
  for (const member of members.connected().filter((name) => name.startsWith('party:'))) {
    if (await members.send(member, { kind: 'statement', envelope: envelope.bytes })) told.push(member);
  }
  if (told.length === 0) throw new Refusal('NOBODY_CONNECTED', 'no party is connected; nothing is frozen');
  return { freeze: digest, told };
}
