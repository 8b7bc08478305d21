/**
 * Second decoder: who made a signature, in plain integers from the equations of SEC 1 (4.1.6), since the library of the
 * second decoder recovers with the package that the first one uses. Everything here is public; it need not be fast nor
 * take the same time for all inputs.
 */

const P = 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fn;
const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const G: Point = {
  x: 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n,
  y: 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n,
};

export interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

/** Jacobian: x / z^2, y / z^3; z = 0 is the point at infinity. */
interface Triple extends Point {
  readonly z: bigint;
}

const INFINITY: Triple = { x: 1n, y: 1n, z: 0n };

/** The key Q with sR = hash G + rQ, where R has x = r and the given parity; `undefined`: there is none. */
export function secondRecovery(hash: bigint, yParity: 0 | 1, r: bigint, s: bigint): Point | undefined {
  const nonce = lift(r, yParity);
  if (nonce === undefined) return undefined;
  const inverse = power(r, N - 2n, N);
  return affine(sumOf(modulo(-hash * inverse, N), G, modulo(s * inverse, N), nonce));
}

/** The point with this x and parity of y. */
function lift(x: bigint, parity: 0 | 1): Point | undefined {
  const square = modulo(x * x * x + 7n, P);
  const y = power(square, (P + 1n) / 4n, P);
  if (modulo(y * y, P) !== square) return undefined;
  return { x, y: y % 2n === BigInt(parity) ? y : P - y };
}

/** a A + b B, both sums at once. */
function sumOf(a: bigint, pointA: Point, b: bigint, pointB: Point): Triple {
  let result = INFINITY;
  for (let bit = 255n; bit >= 0n; bit--) {
    result = doubled(result);
    if ((a >> bit) & 1n) result = added(result, pointA);
    if ((b >> bit) & 1n) result = added(result, pointB);
  }
  return result;
}

function doubled({ x, y, z }: Triple): Triple {
  if (z === 0n) return INFINITY;
  const square = modulo(y * y, P);
  const s = modulo(4n * x * square, P);
  const m = modulo(3n * x * x, P);
  const newX = modulo(m * m - 2n * s, P);
  return { x: newX, y: modulo(m * (s - newX) - 8n * square * square, P), z: modulo(2n * y * z, P) };
}

function added(a: Triple, b: Point): Triple {
  if (a.z === 0n) return { ...b, z: 1n };
  const square = modulo(a.z * a.z, P);
  const h = modulo(b.x * square - a.x, P);
  const r = modulo(b.y * square * a.z - a.y, P);
  if (h === 0n) return r === 0n ? doubled(a) : INFINITY;
  const hh = modulo(h * h, P);
  const hhh = modulo(h * hh, P);
  const v = modulo(a.x * hh, P);
  const x = modulo(r * r - hhh - 2n * v, P);
  return { x, y: modulo(r * (v - x) - a.y * hhh, P), z: modulo(a.z * h, P) };
}

function affine({ x, y, z }: Triple): Point | undefined {
  if (z === 0n) return undefined;
  const inverse = power(z, P - 2n, P);
  const square = modulo(inverse * inverse, P);
  return { x: modulo(x * square, P), y: modulo(y * square * inverse, P) };
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let factor = modulo(base, modulus);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = modulo(result * factor, modulus);
    factor = modulo(factor * factor, modulus);
  }
  return result;
}

function modulo(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}
