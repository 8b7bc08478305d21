/**
 * Every effect enters the product through one of these interfaces, given at a composition root.
 * Production gives the real thing; a simulation gives its own and stays bit for bit reproducible.
 */
export interface Clock {
  /** Wall time in whole seconds since 1970, as written in statements. */
  now(): number;
  /** Milliseconds that never go back, for deadlines. */
  monotonic(): number;
  /** Runs `action` once after `milliseconds`; the returned function cancels it. */
  after(milliseconds: number, action: () => void): () => void;
}

/** Randomness for everything secret. */
export interface Random {
  /** `length` fresh bytes. */
  bytes(length: number): Uint8Array;
}
