/**
 * What two parties hold after a PAIRSETUP (docs/protocol.md p): both directions of base OT and the zero-share seed.
 * Memory only: never on a disk, in a log or in evidence. Whoever learns Delta or the seeds opens every recorded
 * session of this setup.
 */
import { BugError } from '../../common/errors.ts';
import { fixed } from '../encoding.ts';
import { KAPPA } from '../math/bits.ts';
import { SEED_BYTES } from '../multiply/extension.ts';
import type { SenderSetup } from '../multiply/sender.ts';

const DELTA_BYTES = KAPPA / 8;
const CHOSEN_BYTES = KAPPA * SEED_BYTES;
const BOTH_BYTES = 2 * CHOSEN_BYTES;

/** Offsets in the one buffer that holds a setup. */
const EPOCH_AT = 2;
const PAIR_SID_AT = 34;
const PAIR_EPOCH_AT = 66;
const ZERO_SEED_AT = 98;
const DELTA_AT = 130;
const CHOSEN_AT = DELTA_AT + DELTA_BYTES;
const BOTH_AT = CHOSEN_AT + CHOSEN_BYTES;
const SETUP_BYTES = BOTH_AT + BOTH_BYTES;

export interface PairSetupParts {
  /** Own index and the peer's, in the epoch. */
  readonly self: number;
  readonly peer: number;
  readonly epochId: Uint8Array;
  readonly pairSid: Uint8Array;
  readonly pairEpoch: Uint8Array;
  /** zs, 32 bytes, the same on both sides. Secret. */
  readonly zeroSeed: Uint8Array;
  /** As A: Delta (16 bytes) and the keys K_{1 - Delta_r} (4096 bytes). Secret. */
  readonly sender: SenderSetup;
  /** As B: K_0 and K_1 of each base OT, 8192 bytes. Secret. */
  readonly receiverSeeds: Uint8Array;
}

/** One live setup. All sessions with the peer share the object, so that wiping it ends them all. */
export class PairSetup {
  readonly self: number;
  readonly peer: number;
  readonly epochId: Uint8Array;
  readonly pairSid: Uint8Array;
  readonly pairEpoch: Uint8Array;
  readonly #bytes: Uint8Array;
  #wiped = false;

  private constructor(bytes: Uint8Array) {
    this.self = bytes[0] ?? 0;
    this.peer = bytes[1] ?? 0;
    this.epochId = bytes.slice(EPOCH_AT, PAIR_SID_AT);
    this.pairSid = bytes.slice(PAIR_SID_AT, PAIR_EPOCH_AT);
    this.pairEpoch = bytes.slice(PAIR_EPOCH_AT, ZERO_SEED_AT);
    this.#bytes = bytes;
  }

  /** Copies the parts; the caller wipes its own. */
  static of(parts: PairSetupParts): PairSetup {
    const bytes = new Uint8Array(SETUP_BYTES);
    bytes[0] = parts.self;
    bytes[1] = parts.peer;
    bytes.set(fixed(parts.epochId, 32), EPOCH_AT);
    bytes.set(fixed(parts.pairSid, 32), PAIR_SID_AT);
    bytes.set(fixed(parts.pairEpoch, 32), PAIR_EPOCH_AT);
    bytes.set(fixed(parts.zeroSeed, 32), ZERO_SEED_AT);
    bytes.set(fixed(parts.sender.delta, DELTA_BYTES), DELTA_AT);
    bytes.set(fixed(parts.sender.seeds, CHOSEN_BYTES), CHOSEN_AT);
    bytes.set(fixed(parts.receiverSeeds, BOTH_BYTES), BOTH_AT);
    return new PairSetup(bytes);
  }

  /** Takes over a buffer made by `toTransfer` in another thread. */
  static fromTransfer(buffer: ArrayBuffer): PairSetup {
    return new PairSetup(fixed(new Uint8Array(buffer), SETUP_BYTES));
  }

  /** The whole setup in one buffer for the transfer list of a message; this object is wiped. */
  toTransfer(): ArrayBuffer {
    const copy = new ArrayBuffer(SETUP_BYTES);
    new Uint8Array(copy).set(this.#live());
    this.wipe();
    return copy;
  }

  get wiped(): boolean {
    return this.#wiped;
  }

  /** Views, not copies: they turn to zeros when the setup is wiped. */
  get zeroSeed(): Uint8Array {
    return this.#live().subarray(ZERO_SEED_AT, DELTA_AT);
  }

  get sender(): SenderSetup {
    const bytes = this.#live();
    return { delta: bytes.subarray(DELTA_AT, CHOSEN_AT), seeds: bytes.subarray(CHOSEN_AT, BOTH_AT) };
  }

  get receiverSeeds(): Uint8Array {
    return this.#live().subarray(BOTH_AT);
  }

  /** Overwrites both directions and the zero-share seed. */
  wipe(): void {
    this.#wiped = true;
    this.#bytes.fill(0);
  }

  toJSON(): string {
    return '[secret]';
  }

  #live(): Uint8Array {
    if (this.#wiped) throw new BugError('BUG_SECRET_GONE', 'A pair setup was used after it had been wiped.');
    return this.#bytes;
  }
}
