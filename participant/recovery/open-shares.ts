/**
 * The recipient's side of an export: opens the sealed shares, checks each against the wallet's certificate, and puts the
 * private key together. A share that does not fit names its party and is left out; t good ones are enough.
 */
import { type SealedShare, type SealedShareBody, sealedShareInfo } from '../../protocol/ceremony/sealed-share.ts';
import type { Wallet } from '../../protocol/ceremony/wallet.ts';
import { equalBytes, toHex } from '../../protocol/common/bytes.ts';
import { Refusal } from '../../protocol/common/errors.ts';
import { err, ok, type Result } from '../../protocol/common/result.ts';
import { curve } from '../../protocol/threshold/curve/accelerated.ts';
import { hashChainCode } from '../../protocol/threshold/keygen/epoch.ts';
import { lagrange } from '../../protocol/threshold/math/polynomial.ts';
import { mod, readScalar, scalarToBytes } from '../../protocol/threshold/math/scalar.ts';
import { Secret } from '../../protocol/threshold/secret.ts';
import { open, recipientPublicKey } from './hpke.ts';

export interface Recovered {
  /** sk, 32 bytes big-endian; sk G is the wallet's public key. */
  readonly privateKey: Secret<Uint8Array>;
  /** 32 bytes, if any party sealed the one that the certificate binds. */
  readonly chainCode: Secret<Uint8Array> | undefined;
  /** Parties whose shares went into the key. */
  readonly used: readonly number[];
  /** What was wrong with the shares that did not. */
  readonly faults: readonly ShareFault[];
}

export interface ShareFault {
  readonly party: number;
  readonly reason: string;
}

/**
 * @param wallet opened under the pinned roster, so its public shares are what all parties acknowledged
 * @param shares opened statements: each is signed by the party it names
 *
 * Refused with `RECOVERY_SESSIONS_MIXED`, `RECOVERY_TOO_FEW_SHARES`, `RECOVERY_KEY_DIFFERS`.
 */
export async function recoverKey(
  wallet: Wallet,
  shares: readonly SealedShare[],
  secretKey: Secret<Uint8Array>,
): Promise<Result<Recovered, Refusal>> {
  const sessions = new Set(shares.map(({ body }) => toHex(body.sessionId)));
  if (sessions.size > 1) {
    return refuse('RECOVERY_SESSIONS_MIXED', 'the sealed shares come from several exports; give those of one');
  }
  const own = recipientPublicKey(secretKey);
  const good = new Map<number, Opened>();
  const faults: ShareFault[] = [];
  for (const { body } of shares) {
    const opened = await openShare(wallet, body, own, secretKey);
    if (!opened.ok) faults.push({ party: body.party, reason: opened.error });
    else if (good.has(body.party)) opened.value.wipe();
    else good.set(body.party, opened.value);
  }
  try {
    return assemble(wallet, good, faults);
  } finally {
    for (const share of good.values()) share.wipe();
  }
}

interface Opened {
  readonly x: Secret<bigint>;
  /** Present if it is the one that the certificate binds. */
  readonly chainCode: Secret<Uint8Array> | undefined;
  wipe(): void;
}

async function openShare(
  wallet: Wallet,
  body: SealedShareBody,
  own: Uint8Array,
  secretKey: Secret<Uint8Array>,
): Promise<Result<Opened, string>> {
  if (!equalBytes(body.epochId, wallet.epochId)) return err('it belongs to another epoch');
  if (!equalBytes(body.recipient, own)) return err('it is sealed to another recipient');
  const plaintext = await open(secretKey, sealedShareInfo(body), body);
  if (plaintext === undefined) return err('it does not open with this key');
  try {
    const x = plaintext.length === 64 ? readScalar(plaintext.subarray(0, 32)) : undefined;
    const expected = wallet.epoch.publicShares[body.party - 1];
    if (x === undefined || expected === undefined) return err('it holds no share');
    const point = curve.base(x);
    if (curve.isIdentity(point) || !equalBytes(curve.encode(point), expected)) {
      return err('it holds another share than the one that this party acknowledged');
    }
    const code = plaintext.slice(32);
    const isBound = equalBytes(hashChainCode(wallet.publicKey, code), wallet.epoch.chainCodeHash);
    const [share, chainCode] = [new Secret(x), isBound ? new Secret(code) : undefined];
    const wipe = (): void => {
      share.wipe();
      chainCode?.wipe();
    };
    return ok({ x: share, chainCode, wipe });
  } finally {
    plaintext.fill(0);
  }
}

/** sk = sum lambda_i x_i over t shares. */
function assemble(
  { epoch, publicKey }: Wallet,
  good: ReadonlyMap<number, Opened>,
  faults: readonly ShareFault[],
): Result<Recovered, Refusal> {
  const { threshold } = epoch.config;
  const used = [...good.keys()].sort((a, b) => a - b).slice(0, threshold);
  if (used.length < threshold) {
    const said = faults.map(({ party, reason }) => `; party ${party}: ${reason}`).join('');
    return refuse('RECOVERY_TOO_FEW_SHARES', `${used.length} of ${threshold} shares are good${said}`);
  }
  const sum = used.reduce((total, party) => {
    const share = good.get(party)?.x.use((x) => x) ?? 0n;
    return mod(total + lagrange(party, used) * share);
  }, 0n);
  const point = curve.base(sum);
  if (curve.isIdentity(point) || !equalBytes(curve.encode(point), publicKey)) {
    // The certificate says that all public shares lie on one polynomial, so this is not a party's doing.
    return refuse('RECOVERY_KEY_DIFFERS', 'the shares are those of the certificate, and still give another key');
  }
  const code = [...good.values()].find(({ chainCode }) => chainCode !== undefined)?.chainCode;
  return ok({
    privateKey: new Secret(scalarToBytes(sum)),
    chainCode: code && new Secret(code.use((bytes) => bytes.slice())),
    used,
    faults,
  });
}

function refuse(code: string, message: string): Result<never, Refusal> {
  return err(new Refusal(code, message));
}
