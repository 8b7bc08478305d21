/**
 * The shares that this party has sealed in exports: kept in its log, and sent to the operators, who hand them to the
 * recipient. Nobody but the recipient can open them.
 */

import type { Members } from '../../proto/link/members.ts';
import type { RecordLog } from '../../proto/rest/record-log.ts';
import type { Roster } from '../../protocol/ceremony/roster.ts';
import { openSealedShare, type SealedShare } from '../../protocol/ceremony/sealed-share.ts';
import { type Envelope, parseEnvelope } from '../../protocol/ceremony/statement.ts';
import { equalBytes } from '../../protocol/common/bytes.ts';
import type { Clock } from '../../protocol/common/effects.ts';
import { LOG_SEALED_SHARE } from '../home.ts';

export interface SealedSharesOptions {
  readonly roster: Roster;
  readonly log: RecordLog;
  readonly clock: Clock;
  readonly members: () => Members;
  /** Envelopes that the log holds already. */
  readonly kept: readonly Uint8Array[];
}

export class SealedShares {
  readonly #options: SealedSharesOptions;
  readonly #shares: SealedShare[] = [];

  constructor(options: SealedSharesOptions) {
    this.#options = options;
    for (const bytes of options.kept) {
      const envelope = parseEnvelope(bytes);
      if (envelope.ok) this.#take(envelope.value);
    }
  }

  /** Durable, then on its way. */
  async add(envelope: Envelope): Promise<void> {
    const { clock, log, members } = this.#options;
    await log.append({ at: clock.now(), kind: LOG_SEALED_SHARE, bytes: envelope.bytes });
    this.#take(envelope);
    void members().sendAll({ kind: 'statement', envelope: envelope.bytes }, (member) => member.startsWith('operator:'));
  }

  /** Digest of the share sealed in this session. */
  of(sessionId: Uint8Array): Uint8Array | undefined {
    return this.#shares.find(({ body }) => equalBytes(body.sessionId, sessionId))?.digest;
  }

  async greet(member: string): Promise<void> {
    for (const { envelope } of this.#shares) {
      await this.#options.members().send(member, { kind: 'statement', envelope: envelope.bytes });
    }
  }

  #take(envelope: Envelope): void {
    const share = openSealedShare(envelope, this.#options.roster);
    if (share.ok) this.#shares.push(share.value);
  }
}
