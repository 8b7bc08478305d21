/** What expand.ts opens, and what it asks of the rest of the room while it does. */
import type { Address } from '../address.ts';
import type { Argument, ControlChange, DecodedCall, Executor, Movement, Operation, SafeGas } from './call.ts';
import type { KnownFunction } from './functions/row.ts';
import type { PackedCall, PackedField } from './multisend.ts';

/** A call that has not been read yet. */
export interface Frame {
  readonly operation: Operation;
  readonly from: Executor;
  readonly to: Address | undefined;
  readonly value: bigint;
  readonly data: Uint8Array;
  readonly safeGas?: SafeGas;
  /** Of `authorize` alone, which has no calldata to read. */
  readonly grant?: Grant;
  /** What hangs below by itself, before what the calldata holds: authorizations, the content of a hash. */
  readonly inside?: readonly Frame[];
}

/** What a signature lets others do. */
export interface Grant {
  /** 32 bytes that are signed. */
  readonly digest: Uint8Array;
  /** See `Call.call`. */
  readonly call: DecodedCall | undefined;
  /** Everything it lets others take, or nothing: half a list would look like the whole. */
  readonly movements: readonly Movement[];
  readonly controlChange?: ControlChange;
}

/** Finds what an opaque hash stands for, among the preimages that came along with the payload. */
export interface OpaqueHashes {
  /** The call behind `hash` on behalf of `safe`; `undefined`: nobody has said. Throws a refusal if it does not fit. */
  open(hash: Uint8Array, safe: Address): Frame | undefined;
}

export const NO_PREIMAGES: OpaqueHashes = { open: () => undefined };

/** Where the second decoder looks at what the first one has read; each throws a refusal when they differ. */
export interface SecondReading {
  call(known: Pick<KnownFunction, 'canonical'>, args: readonly Argument[], data: Uint8Array): void;
  multiSend(entries: readonly PackedCall[], transactions: Uint8Array): void;
  /** Bytes that are cut into fields without padding; the last one takes the rest. */
  packed(fields: readonly PackedField[], data: Uint8Array): void;
  /** The selector of a function given as text, 8 lower hex digits. */
  selector(signature: string, selector: string): void;
}
