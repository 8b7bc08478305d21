/** A seeded source of choices for the fuzzer: small, fast and the same on every machine (SFC32). */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#a = 0x9e3779b9;
    this.#b = 0x243f6a88;
    this.#c = seed >>> 0;
    for (let i = 0; i < 15; i++) this.next();
  }

  /** 32 bits. */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** 0 .. limit - 1. */
  below(limit: number): number {
    return limit <= 1 ? 0 : this.next() % limit;
  }

  chance(oneIn: number): boolean {
    return this.below(oneIn) === 0;
  }

  pick<T>(items: readonly [T, ...T[]] | readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.next() & 0xff);
  }

  hex(length: number): `0x${string}` {
    return `0x${Buffer.from(this.bytes(length)).toString('hex')}`;
  }

  /** A number of at most `bits` bits; the ends of ranges come up often. */
  number(bits: number): bigint {
    const width = this.chance(3) ? bits : 1 + this.below(bits);
    const top = (1n << BigInt(width)) - 1n;
    const shape = this.below(6);
    if (shape === 0) return 0n;
    if (shape === 1) return top;
    if (shape === 2) return 1n << BigInt(width - 1);
    return BigInt(this.hex(Math.ceil(width / 8))) & top;
  }
}
