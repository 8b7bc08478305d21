/** What every member of a run agrees on before round 1 (docs/protocol.md b.0), and who is who in it. */
import { compareBytes, equalBytes } from '../../common/bytes.ts';
import { InvalidArgument } from '../../common/errors.ts';
import type { PartyRow } from '../encoding.ts';
import { ZERO_SID } from '../hash.ts';
import { configHash, type EpochConfig } from '../session-id.ts';

/** A party of the new epoch as the roster knows it. */
export interface Party {
  /** 1..n; the Shamir x coordinate. */
  readonly index: number;
  /** Ed25519 key, 32 bytes. */
  readonly identityKey: Uint8Array;
}

/** One participant of a run. */
export interface Member {
  /** Position in the byte-sorted identity keys, from 1; what envelopes of the run name. */
  readonly pid: number;
  /** newIndex, or 0 if it gets no share. */
  readonly index: number;
  readonly identityKey: Uint8Array;
  readonly dealer: boolean;
}

/** The public frame of a run: all that a bystander with roster and proposal knows. */
export interface Frame {
  readonly sessionId: Uint8Array;
  readonly config: EpochConfig;
  readonly cfgHash: Uint8Array;
  /** t'. */
  readonly threshold: number;
  /** P, by pid. */
  readonly members: readonly Member[];
  readonly pids: readonly number[];
  readonly dealers: readonly Member[];
  /** N, by index: who holds a share afterwards. */
  readonly holders: readonly Member[];
}

/** A run as one member sees it. */
export interface Run extends Frame {
  readonly self: Member;
}

/** Configuration of a KEYGEN: all parties deal, the parent epoch is empty. */
export function keygenConfig(options: {
  readonly threshold: number;
  readonly parties: readonly Party[];
  readonly gen: number;
  readonly walletId: Uint8Array;
  readonly exportable: boolean;
}): EpochConfig {
  const none = new Uint8Array(0);
  const rows: PartyRow[] = [...options.parties]
    .sort((a, b) => compareBytes(a.identityKey, b.identityKey))
    .map(({ identityKey, index }) => ({ identityKey, dealer: true, oldIndex: 0, newIndex: index }));
  return {
    purpose: 'KEYGEN',
    threshold: options.threshold,
    parties: rows,
    parentEpochId: ZERO_SID,
    gen: options.gen,
    walletId: options.walletId,
    exportable: options.exportable,
    oldThreshold: 0,
    publicKey: none,
    chainCodeHash: none,
    parentSharesHash: none,
  };
}

/** Why a configuration cannot be run or believed; `undefined` if it can. */
export function configProblem(config: EpochConfig): string | undefined {
  const { parties, purpose, threshold } = config;
  const fresh = purpose === 'KEYGEN';
  const rootless = fresh || purpose === 'IMPORT';
  if (parties.length < 2 || parties.length > 255) return 'a run has 2 to 255 members';
  if (parties.some((row) => row.identityKey.length !== 32)) return 'an identity key is 32 bytes';
  for (const [i, row] of parties.entries()) {
    const before = parties[i - 1];
    if (before !== undefined && compareBytes(before.identityKey, row.identityKey) >= 0) {
      return 'members are sorted by identity key and distinct';
    }
    if (!isByte(row.oldIndex) || !isByte(row.newIndex)) return 'an index is 0 to 255';
  }
  const indices = parties.flatMap((row) => (row.newIndex > 0 ? [row.newIndex] : [])).sort((a, b) => a - b);
  if (indices.some((index, i) => index !== i + 1)) return 'the indices of the share holders are exactly 1..n';
  if (!Number.isInteger(threshold) || threshold < 2 || threshold > indices.length) return 'the threshold is 2..n';
  if (!Number.isInteger(config.gen) || config.gen < 1 || config.gen > 0xffffffff) return 'a generation is a u32 from 1';
  if (config.walletId.length !== 32 || config.parentEpochId.length !== 32) return 'ids are 32 bytes';
  if (config.publicKey.length !== (fresh ? 0 : 33)) return 'the public key is given exactly if there is one already';
  if (config.chainCodeHash.length !== (fresh ? 0 : 32)) return 'ccPub is given exactly if there is a key already';
  if (config.parentSharesHash.length !== (rootless ? 0 : 32)) return 'hX is given exactly if there is a parent epoch';
  if (rootless !== equalBytes(config.parentEpochId, ZERO_SID)) return 'a parent epoch is given exactly if there is one';
  if (rootless && (config.gen !== 1 || config.oldThreshold !== 0))
    return 'a first epoch has generation 1 and no parent';
  if (rootless && parties.some((row) => row.oldIndex !== 0)) return 'a first epoch has no old indices';
  if (fresh && parties.some((row) => !row.dealer || row.newIndex === 0)) return 'in KEYGEN everybody deals and holds';
  if (!rootless && (!isByte(config.oldThreshold) || config.oldThreshold < 2)) return 'the old threshold is 2 or more';
  return parties.some((row) => row.dealer) ? undefined : 'somebody deals';
}

/** Throws `InvalidArgument` if the configuration is unusable. */
export function makeFrame(sessionId: Uint8Array, config: EpochConfig): Frame {
  const problem = configProblem(config);
  if (problem !== undefined)
    throw new InvalidArgument('KEYGEN_CONFIG', 'config', `Unusable configuration: ${problem}.`);
  if (sessionId.length !== 32) {
    throw new InvalidArgument('KEYGEN_CONFIG', 'sessionId', 'Unusable configuration: a session id is 32 bytes.');
  }
  const members = config.parties.map((row, i) => ({
    pid: i + 1,
    index: row.newIndex,
    identityKey: row.identityKey,
    dealer: row.dealer,
  }));
  return {
    sessionId,
    config,
    cfgHash: configHash(config),
    threshold: config.threshold,
    members,
    pids: members.map((member) => member.pid),
    dealers: members.filter((member) => member.dealer),
    holders: members.filter((member) => member.index > 0).sort((a, b) => a.index - b.index),
  };
}

/** The share holder with this index. Throws `InvalidArgument` if there is none. */
export function memberOf(frame: Frame, index: number): Member {
  const member = frame.holders.find((candidate) => candidate.index === index);
  if (member === undefined) {
    throw new InvalidArgument('KEYGEN_CONFIG', 'self', `Unusable configuration: there is no party ${index}.`);
  }
  return member;
}

/** Party indices of these pids; a member without a new index has none and is named by its old index. */
export function indicesOf(frame: Frame, pids: readonly number[]): readonly number[] {
  return pids.flatMap((pid) => {
    const row = frame.config.parties[pid - 1];
    return row === undefined ? [] : [row.newIndex > 0 ? row.newIndex : row.oldIndex];
  });
}

function isByte(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 255;
}
