/** What the node and its pair thread say to each other. Setups cross as transferred buffers and leave no copy behind. */
import type { KeyObject } from 'node:crypto';

export interface ThreadData {
  /** Statement key of this party; stays inside the process. */
  readonly key: KeyObject;
  /** 32 bytes for the hedged generator; the thread wipes its copy when it ends. */
  readonly hedge: Uint8Array;
  /** 1 for the first thread of the process, then 2: its place in the counter of the generator; the node itself is 0. */
  readonly lane: number;
}

export type ToThread =
  | {
      readonly kind: 'open';
      readonly id: number;
      readonly epochId: Uint8Array;
      readonly rosterDigest: Uint8Array;
      readonly self: number;
      readonly peer: number;
      readonly peerKey: Uint8Array;
      /** Lifted bans of this pair in this epoch. */
      readonly counter: number;
    }
  | { readonly kind: 'deliver'; readonly id: number; readonly envelope: Uint8Array }
  | { readonly kind: 'close'; readonly id: number };

export type FromThread =
  | { readonly kind: 'send'; readonly id: number; readonly envelope: Uint8Array }
  | {
      /** To be on disk before the `aborted` that follows is acted on. */
      readonly kind: 'failed';
      readonly id: number;
      readonly epochId: Uint8Array;
      readonly peer: number;
      readonly check: string;
    }
  | {
      readonly kind: 'prepared';
      readonly id: number;
      readonly setup: ArrayBuffer;
      readonly pack: Uint8Array;
      readonly active: boolean;
    }
  | {
      readonly kind: 'aborted';
      readonly id: number;
      readonly failure: string;
      readonly check: string;
      readonly message: string;
    };
