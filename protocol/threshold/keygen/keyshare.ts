/**
 * The key share of one party: the public epoch plus its secrets, and its one binary form for the key store. Reading
 * recomputes everything that can be recomputed, so a `Keyshare` that exists is consistent.
 *
 * `version 1 = 1 | purpose 1 | t 1 | rows 1 | P-list 35 each | index 1 | parent 32 | gen 4 | walletId 32 |
 * exportable 1 | oldThreshold 1 | hX flag 1 | hX 32 if the flag is 1 | sid 32 | F_k 33 each | epochId 32 | share 32 |
 * chain code 32`
 */
import { concat, equalBytes } from '../../common/bytes.ts';
import { BugError } from '../../common/errors.ts';
import { err, ok, type Result } from '../../common/result.ts';
import { curve } from '../curve/accelerated.ts';
import { chunks, encodePartyList, fixed, type PartyRow, readU32, split, u8, u32 } from '../encoding.ts';
import { readScalar, scalarToBytes } from '../math/scalar.ts';
import { Secret } from '../secret.ts';
import { type EpochConfig, hasParent, PURPOSES } from '../session-id.ts';
import { configProblem } from './config-rules.ts';
import { type Epoch, hashChainCode, makeEpoch } from './epoch.ts';

export interface Keyshare extends Epoch {
  /** The own index, 1..n. */
  readonly index: number;
  /** x_i, with x_i G = X_i; never 0. */
  readonly share: Secret<bigint>;
  /** Chain code of the root key, 32 bytes; known to the parties only. */
  readonly chainCode: Secret<Uint8Array>;
}

const VERSION = 1;
const ROW_BYTES = 35;

/** The bytes for the key store. They hold the share in the clear: seal them before they touch a disk. */
export function encodeKeyshare(keyshare: Keyshare): Uint8Array {
  const { config } = keyshare;
  const hX = config.parentSharesHash;
  return concat(
    u8(VERSION),
    u8(PURPOSES[config.purpose]),
    u8(config.threshold),
    u8(config.parties.length),
    encodePartyList(config.parties),
    u8(keyshare.index),
    fixed(config.parentEpochId, 32),
    u32(config.gen),
    fixed(config.walletId, 32),
    u8(config.exportable ? 1 : 0),
    u8(config.oldThreshold),
    u8(hX.length === 0 ? 0 : 1),
    hX,
    fixed(keyshare.sid, 32),
    ...keyshare.commitments,
    fixed(keyshare.epochId, 32),
    keyshare.share.use(scalarToBytes),
    keyshare.chainCode.use((chainCode) => fixed(chainCode, 32).slice()),
  );
}

/** Reads what `encodeKeyshare` wrote; the error is a plain sentence without secrets. */
export function decodeKeyshare(bytes: Uint8Array): Result<Keyshare, string> {
  const head = bytes.subarray(0, 4);
  const [version, purposeByte, threshold, rows] = head;
  const purpose = epochPurpose(purposeByte);
  if (version !== VERSION || purpose === undefined) return err('not a key share of a known version and purpose');
  if (threshold === undefined || rows === undefined) return err('too short for a key share');
  const fresh = purpose === 'KEYGEN';
  const hXLength = hasParent(purpose) ? 32 : 0;
  const parts = split(bytes, [4, ROW_BYTES * rows, 1, 32, 4, 32, 1, 1, 1, hXLength, 32, 33 * threshold, 32, 32, 32]);
  if (parts === undefined) return err('not as long as a key share of this kind');
  const [, list, index, parentEpochId, gen, walletId, exportable, oldThreshold, hXFlag, hX, sid, F, epochId, x, code] =
    parts.map((part) => part.slice()) as unknown as typeof parts;
  const [self, exportFlag, oldT, flag] = [index[0] ?? 0, exportable[0], oldThreshold[0] ?? 0, hXFlag[0]];
  const parties = readRows(list);
  if (parties === undefined || exportFlag === undefined || exportFlag > 1) return err('a flag is neither 0 nor 1');
  if (flag !== (hXLength === 0 ? 0 : 1)) return err('the parent shares hash does not fit the purpose');
  const points = chunks(F, 33).flatMap((point) => curve.decode(point) ?? []);
  if (points.length !== threshold || threshold === 0) return err('a commitment is not a point');
  const share = readScalar(x);
  if (share === undefined || share === 0n) return err('the share is not a scalar in 1..q-1');

  const none = new Uint8Array(0);
  const publicKey = F.slice(0, 33);
  const config: EpochConfig = {
    purpose,
    threshold,
    parties,
    parentEpochId,
    gen: readU32(gen),
    walletId,
    exportable: exportFlag === 1,
    oldThreshold: oldT,
    publicKey: fresh ? none : publicKey,
    chainCodeHash: fresh ? none : hashChainCode(publicKey, code),
    parentSharesHash: hX,
  };
  const problem = configProblem(config);
  if (problem !== undefined) return err(`the configuration is unusable: ${problem}`);
  const epoch = makeEpoch(config, sid, points, (key) => hashChainCode(key, code));
  if (epoch === undefined || !equalBytes(epoch.epochId, epochId))
    return err('the epoch id does not follow from the contents');
  const publicShare = epoch.publicShares[self - 1];
  if (publicShare === undefined || !equalBytes(curve.encode(curve.base(share)), publicShare)) {
    return err('the share does not belong to its public share');
  }
  return ok({ ...epoch, index: self, share: new Secret(share), chainCode: new Secret(code) });
}

/** Overwrites what can be overwritten and forgets the rest. */
export function wipeKeyshare(keyshare: Keyshare): void {
  keyshare.share.wipe();
  keyshare.chainCode.wipe();
}

/** The identity key of the party with this index. */
export function identityKeyOf(epoch: Epoch, index: number): Uint8Array {
  const row = epoch.config.parties.find((candidate) => candidate.newIndex === index);
  if (row === undefined || index === 0) throw new BugError('BUG_PARTY_INDEX', `The epoch has no party ${index}.`);
  return row.identityKey;
}

function epochPurpose(byte: number | undefined): EpochConfig['purpose'] | undefined {
  const known: readonly EpochConfig['purpose'][] = ['KEYGEN', 'RESHARE', 'REMOVE', 'IMPORT'];
  return known.find((purpose) => PURPOSES[purpose] === byte);
}

function readRows(list: Uint8Array): readonly PartyRow[] | undefined {
  const rows = chunks(list, ROW_BYTES).map((row) => ({
    identityKey: row.slice(0, 32),
    dealer: row[32] === 1,
    oldIndex: row[33] ?? 0,
    newIndex: row[34] ?? 0,
  }));
  return equalBytes(encodePartyList(rows), list) ? rows : undefined;
}
