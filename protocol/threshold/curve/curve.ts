/**
 * The one interface between the protocol and an elliptic-curve implementation of secp256k1. No operation throws on
 * a value that a peer can choose: zero scalars and the identity O are ordinary values (docs/protocol.md a.8).
 * `accelerated.ts` is what runs; `noble.ts` is the reference that the tests compare it with.
 */
declare const pointBrand: unique symbol;

/** A group element, O included. Only the `Curve` that made it can read it. */
export interface Point {
  readonly [pointBrand]: true;
}

export interface Curve {
  /** The identity O. */
  readonly identity: Point;
  /** The base point G. */
  readonly generator: Point;
  /** `kG`, as constant-time as the implementation can; k is reduced mod q, 0 gives O. */
  base(k: bigint): Point;
  /** `kP` for secret k that is used once or twice (no defence against averaging over many uses). */
  multiply(point: Point, k: bigint): Point;
  /**
   * `kP`, variable-time, for a secret k that is made for this product, among many others, and thrown away with it: of
   * one such number the time of all tells next to nothing (docs/protocol.md p.9).
   */
  multiplyOnce(point: Point, k: bigint): Point;
  /** `kP`, variable-time. For public k only. */
  multiplyPublic(point: Point, k: bigint): Point;
  add(a: Point, b: Point): Point;
  negate(point: Point): Point;
  equals(a: Point, b: Point): boolean;
  isIdentity(point: Point): boolean;
  /** 33 bytes, compressed. Throws `BugError` for O, which has no encoding: callers check `isIdentity` first. */
  encode(point: Point): Uint8Array;
  /** Exactly 33 bytes with prefix 02 or 03 and on the curve, else `undefined`. Never O. */
  decode(bytes: Uint8Array): Point | undefined;
  /** The point with this 32-byte x coordinate and parity of y; `undefined` if x >= p or not on the curve. */
  liftX(x: Uint8Array, odd: boolean): Point | undefined;
  /** A random oracle into the group by try-and-increment, for public messages (see hash-to-point.ts). Never O. */
  hashToPoint(message: Uint8Array, dst: string): Point;
  /** RFC 9380 `secp256k1_XMD:SHA-256_SSWU_RO_`. */
  hashToCurve(message: Uint8Array, dst: string): Point;
  /**
   * The public key under which ECDSA (r, s) with this parity of the nonce point's y signs m:
   * `(sR - mG) / r` for the R with x coordinate r. Public values only. r and s in 1..q-1; `undefined` if there is no
   * such R or the key would be O.
   */
  recover(m: bigint, r: bigint, s: bigint, odd: boolean): Point | undefined;
}
