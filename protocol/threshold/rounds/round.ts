/** The contract between a run of the protocol and its host: the protocol asks, the host acts. */
import type { Abort } from '../errors.ts';
import type { EnvelopeFields } from './envelope.ts';

/** What a machine asks its host to do, strictly in the order given. */
export type Effect<Output, RunRecord> =
  /** Must be durable before any later effect in the list is carried out. */
  | { readonly kind: 'record'; readonly record: RunRecord }
  /**
   * `to` is numbered as in the envelope: a pid in KEYGEN, IMPORT, RESHARE and REMOVE, whose members need not all have
   * an index of one epoch (`identityKeyOfPid` names the peer), a party index elsewhere. 0 = every other member of the
   * run, and whoever archives broadcasts.
   */
  | { readonly kind: 'send'; readonly to: number; readonly envelope: Uint8Array }
  /** The run is over and its secrets are wiped; the last effect of its list. */
  | { readonly kind: 'abort'; readonly abort: Abort }
  | { readonly kind: 'done'; readonly output: Output };

export interface Machine<Output, RunRecord> {
  /** Which envelope sids belong to this run right now. */
  accepts(sid: Uint8Array): boolean;
  start(): readonly Effect<Output, RunRecord>[];
  /** A complete envelope. Unauthenticated, foreign or duplicate ones give no effect and no error. */
  deliver(bytes: Uint8Array): readonly Effect<Output, RunRecord>[];
  /** Wipes all secrets; later calls return no effects. */
  stop(): void;
}

/** What a round function returns: state for the next round and messages to sign and send, or the end of the run. */
export type RoundResult<Keep> =
  | { readonly kind: 'next'; readonly keep: Keep; readonly outbox: readonly EnvelopeFields[] }
  /** `outbox`: what the others must still learn (a complaint), signed and sent as evidence. */
  | { readonly kind: 'abort'; readonly abort: Abort; readonly outbox?: readonly EnvelopeFields[] };
