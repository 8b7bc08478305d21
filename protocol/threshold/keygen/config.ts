/** What every member of a run agrees on before round 1 (docs/protocol.md b.0, f.1), and who is who in it. */
import { compareBytes, equalBytes } from '../../common/bytes.ts';
import { InvalidArgument } from '../../common/errors.ts';
import type { PartyRow } from '../encoding.ts';
import { ZERO_SID } from '../hash.ts';
import { configHash, type EpochConfig, hasParent } from '../session-id.ts';
import { configProblem, lineageProblem } from './config-rules.ts';
import type { Epoch } from './epoch.ts';

/** A party of the new epoch as the roster knows it. */
export interface Party {
  /** 1..n; the Shamir x coordinate. */
  readonly index: number;
  /** Ed25519 key, 32 bytes. */
  readonly identityKey: Uint8Array;
}

/** One participant of a run. */
export interface Member {
  /** Position in the byte-sorted identity keys, from 1; what envelopes, effects and culprits of the run name. */
  readonly pid: number;
  /** newIndex, or 0 if it gets no share. */
  readonly index: number;
  /** Index in the parent epoch, or 0. */
  readonly oldIndex: number;
  readonly identityKey: Uint8Array;
  readonly dealer: boolean;
}

/** The public frame of a run: all that a bystander with roster, proposal and parent certificate knows. */
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
  /** The verified parent epoch; absent in KEYGEN and IMPORT. */
  readonly parent?: Epoch;
}

/** A run as one member sees it. */
export interface Run extends Frame {
  readonly self: Member;
}

/** Configuration of a KEYGEN: all parties deal, the parent epoch is empty. Nothing is checked here. */
export function keygenConfig(options: {
  readonly threshold: number;
  readonly parties: readonly Party[];
  /** 1: a KEYGEN attempt is its own wallet. */
  readonly gen: number;
  readonly walletId: Uint8Array;
  readonly exportable: boolean;
}): EpochConfig {
  const none = new Uint8Array(0);
  return {
    purpose: 'KEYGEN',
    threshold: options.threshold,
    parties: partyRows(options.parties, () => ({ dealer: true, oldIndex: 0 })),
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

/** The rows of P, sorted by identity key; a dealer that is not in N has index 0. */
export function partyRows(
  members: readonly Party[],
  role: (identityKey: Uint8Array) => Pick<PartyRow, 'dealer' | 'oldIndex'>,
): readonly PartyRow[] {
  return [...members]
    .sort((a, b) => compareBytes(a.identityKey, b.identityKey))
    .map(({ identityKey, index }) => ({ identityKey, ...role(identityKey), newIndex: index }));
}

/**
 * Throws `InvalidArgument` if the configuration is unusable or no child of `parent`. A frame of RESHARE or REMOVE
 * without the parent serves to sort messages only: dealings cannot be judged in it.
 */
export function makeFrame(sessionId: Uint8Array, config: EpochConfig, parent?: Epoch): Frame {
  const problem = configProblem(config) ?? (parent && lineageProblem(config, parent));
  if (problem !== undefined) throw unusable('config', problem);
  if (sessionId.length !== 32) throw unusable('sessionId', 'a session id is 32 bytes');
  const members = config.parties.map((row, i) => ({
    pid: i + 1,
    index: row.newIndex,
    oldIndex: row.oldIndex,
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
    ...(parent === undefined ? {} : { parent }),
  };
}

/** Whether everything that round 2 is judged by is at hand. */
export function canJudge(frame: Frame): boolean {
  return frame.parent !== undefined || !hasParent(frame.config.purpose);
}

/** The member with this pid. Throws `InvalidArgument` if there is none. */
export function memberOf(frame: Frame, pid: number): Member {
  const member = frame.members[pid - 1];
  if (member === undefined) throw unusable('pid', `there is no member ${pid}`);
  return member;
}

/** pid of this identity key in a run; 0 if it takes no part. */
export function pidOf(config: EpochConfig, identityKey: Uint8Array): number {
  return config.parties.findIndex((row) => equalBytes(row.identityKey, identityKey)) + 1;
}

/** pid of the share holder with this index of the new epoch; 0 if there is none. */
export function pidOfIndex(config: EpochConfig, index: number): number {
  return index < 1 ? 0 : config.parties.findIndex((row) => row.newIndex === index) + 1;
}

/** Identity key of the member with this pid: how a host finds the peer that an effect or a culprit names. */
export function identityKeyOfPid(config: EpochConfig, pid: number): Uint8Array | undefined {
  return config.parties[pid - 1]?.identityKey;
}

/** pids of the dealers, ascending: the signer set in the session id of a run. */
export function dealerPids(config: EpochConfig): readonly number[] {
  return config.parties.flatMap((row, i) => (row.dealer ? [i + 1] : []));
}

export function unusable(field: string, problem: string): InvalidArgument {
  return new InvalidArgument('KEYGEN_CONFIG', field, `Unusable configuration: ${problem}.`);
}
