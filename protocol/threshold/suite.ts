/** Parameters of the one suite (docs/protocol.md a.2). Any other suite is refused. */
import { utf8 } from '../common/bytes.ts';
import { H, ZERO_SID } from './hash.ts';

interface Suite {
  /** The number on the wire. */
  readonly number: 1;
  /** Version of the envelope format. */
  readonly version: 2;
  /** Base OTs of one direction = bits of the OT extension sender's secret Delta. */
  readonly kappa: 128;
  /** Bytes of OT seeds, PRG keys and zero-share seeds. */
  readonly seedBytes: 32;
  /** SoftSpoken subfield size is 2^k. */
  readonly k: 1;
  /** Bits of the check field. */
  readonly s: 128;
  /** Statistical security per signing session, bits. */
  readonly lambda: 80;
  /** OTs per multiplication: 256 + 2 * lambda. */
  readonly xi: 416;
  /** Values multiplied at once (r_i and sk_i). */
  readonly l: 2;
  /** Check columns. */
  readonly rho: 1;
  /** Bits and bytes of an extended row: xi data bits and s mask bits. */
  readonly rowBits: 544;
  readonly rowBytes: 68;
  /** ASCII text that suiteId hashes. */
  readonly preimage: string;
}

export const suite: Suite = {
  number: 1,
  version: 2,
  kappa: 128,
  seedBytes: 32,
  k: 1,
  s: 128,
  lambda: 80,
  xi: 416,
  l: 2,
  rho: 1,
  rowBits: 544,
  rowBytes: 68,
  preimage: 'curve=secp256k1;hash=sha256;kappa=128;seed=32;k=1;s=128;lambda=80;xi=416;l=2;rho=1;bot=endemic-2v;spec=2',
};

/** Folds every parameter into each session id: parties with different parameters never share one. */
export const suiteId: Uint8Array = H('suite', ZERO_SID, utf8(suite.preimage));
