/**
 * What stands behind hashes: Safe transactions that came along with a payload which holds only their hash. Each is read
 * as carefully as the payload itself, belongs to exactly the hash it hashes to, and must be needed.
 */
import { toHex } from '../common/bytes.ts';
import type { Address } from './address.ts';
import type { Frame, OpaqueHashes } from './calldata/expand.ts';
import { MAX_PREIMAGES } from './limits.ts';
import { refuse } from './refusal.ts';
import type { SafeTx } from './safe-tx.ts';
import type { TypedReading } from './typed-data/reading.ts';

export interface Preimage extends Pick<TypedReading, 'frame' | 'chainId' | 'digest'> {
  readonly safeTx: SafeTx;
}

export class Preimages implements OpaqueHashes {
  readonly #byHash = new Map<string, Preimage>();
  readonly #used = new Set<Preimage>();
  /** Of the transaction that they came with; `undefined` for other payloads. */
  readonly #chainId: bigint | undefined;

  /** Throws a refusal if one of `readings` is no Safe transaction, or is there twice. */
  constructor(readings: readonly TypedReading[], chainId: bigint | undefined) {
    if (readings.length > MAX_PREIMAGES) refuse('PREIMAGE_UNUSED', `there are more than ${MAX_PREIMAGES}`);
    this.#chainId = chainId;
    for (const { safeTx, ...reading } of readings) {
      if (safeTx === undefined) refuse('PREIMAGE_UNSUPPORTED');
      const hash = toHex(reading.digest);
      if (this.#byHash.has(hash)) refuse('PREIMAGE_UNUSED', 'one is there twice');
      this.#byHash.set(hash, { ...reading, safeTx });
    }
  }

  /** `safe` looks a hash up only among its own transactions, so another Safe's behind it would be a disguise. */
  open(hash: Uint8Array, safe: Address): Frame | undefined {
    const preimage = this.take(hash);
    if (preimage === undefined) return undefined;
    if (preimage.safeTx.safe !== safe) refuse('PREIMAGE_MISMATCH', 'it is the transaction of another Safe');
    const { chainId } = preimage;
    if (chainId !== undefined && this.#chainId !== undefined && chainId !== this.#chainId) {
      refuse('PREIMAGE_MISMATCH', 'it is a transaction on another chain');
    }
    return preimage.frame;
  }

  /** What hashes to these 32 bytes; from now on it counts as used. */
  take(hash: Uint8Array): Preimage | undefined {
    const preimage = this.#byHash.get(toHex(hash));
    if (preimage !== undefined) this.#used.add(preimage);
    return preimage;
  }

  /** What a screen could show and no signature would cover is refused. */
  assertAllUsed(): void {
    if (this.#used.size !== this.#byHash.size) refuse('PREIMAGE_UNUSED');
  }

  get size(): number {
    return this.#byHash.size;
  }
}
