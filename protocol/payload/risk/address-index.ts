/** Known addresses, and which of them a strange one imitates. */
import type { Address } from '../address.ts';

/** So many hex digits at both ends together are what people and short forms on screens compare. */
export const LOOKALIKE_DIGITS = 8;
/** Leading zeros are cheap and common among contracts; more of them than this tell nothing apart. */
const COUNTED_ZEROS = 4;
const BUCKET_DIGITS = 4;
const DIGITS = 40;

/** Bounded: beyond `max` the address that was added or touched longest ago is forgotten. */
export class AddressIndex {
  readonly #max: number;
  /** How often an address was added, oldest first. */
  readonly #known = new Map<Address, number>();
  readonly #byEnd = new Map<string, Set<Address>>();

  constructor(max = 100_000) {
    this.#max = max;
  }

  get size(): number {
    return this.#known.size;
  }

  add(address: Address): void {
    const times = this.#known.get(address) ?? 0;
    this.#known.delete(address);
    this.#known.set(address, times + 1);
    if (times > 0) return;
    for (const end of endsOf(address)) this.#byEnd.set(end, (this.#byEnd.get(end) ?? new Set()).add(address));
    const [oldest] = this.#known.keys();
    if (this.#known.size > this.#max && oldest !== undefined) this.#forget(oldest);
  }

  has(address: Address): boolean {
    return this.#known.has(address);
  }

  /** Other known addresses that look like this one at their ends, sorted. Costs what shares four digits with it. */
  imitatedBy(address: Address): readonly Address[] {
    const near = new Set(endsOf(address).flatMap((end) => [...(this.#byEnd.get(end) ?? [])]));
    return [...near].filter((known) => looksLike(known, address)).sort();
  }

  #forget(address: Address): void {
    this.#known.delete(address);
    for (const end of endsOf(address)) {
      const bucket = this.#byEnd.get(end);
      bucket?.delete(address);
      if (bucket?.size === 0) this.#byEnd.delete(end);
    }
  }
}

/**
 * Whether two different addresses agree in at least eight hex digits at their ends together, like the four first and the
 * four last ones that screens show; or are the same digits moved past zeros.
 */
export function looksLike(a: Address, b: Address): boolean {
  if (a === b) return false;
  const [left, right] = [a.slice(2), b.slice(2)];
  let first = 0;
  while (left[first] === right[first]) first++;
  let last = 0;
  while (left[DIGITS - 1 - last] === right[DIGITS - 1 - last]) last++;
  const zeros = Math.min(first, leadingZeros(left));
  const counted = first - Math.max(0, zeros - COUNTED_ZEROS);
  return counted + last >= LOOKALIKE_DIGITS || isShifted(left, right);
}

function isShifted(left: string, right: string): boolean {
  const core = coreOf(left);
  return core.length >= LOOKALIKE_DIGITS && core === coreOf(right);
}

/** The digits without the zeros before and behind them. */
function coreOf(digits: string): string {
  return digits.replace(/^0+/, '').replace(/0+$/, '');
}

function leadingZeros(digits: string): number {
  return DIGITS - digits.replace(/^0+/, '').length;
}

/** Two addresses that look alike share one of these. */
function endsOf(address: Address): readonly string[] {
  const digits = address.slice(2);
  return [`^${digits.slice(0, BUCKET_DIGITS)}`, `${digits.slice(-BUCKET_DIGITS)}$`, coreOf(digits)];
}
