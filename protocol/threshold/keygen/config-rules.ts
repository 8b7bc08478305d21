/**
 * Which configurations may be run or believed (docs/protocol.md b.0, f.1): the rules within one, and those between one
 * and the verified parent epoch.
 */
import { compareBytes, equalBytes } from '../../common/bytes.ts';
import { curve } from '../curve/accelerated.ts';
import type { PartyRow } from '../encoding.ts';
import { ZERO_SID } from '../hash.ts';
import { type EpochConfig, hasParent, parentSharesHash } from '../session-id.ts';
import type { Epoch } from './epoch.ts';

/** Why a configuration cannot be run or believed, as part of a sentence; `undefined` if it can. */
export function configProblem(config: EpochConfig): string | undefined {
  return membersProblem(config) ?? fieldsProblem(config) ?? rolesProblem(config);
}

/**
 * Why this configuration is no child of this epoch; `undefined` if it is one. The caller has verified the parent's
 * certificate against the roster that it pins for it, and `configProblem` has nothing to say.
 */
export function lineageProblem(config: EpochConfig, parent: Epoch): string | undefined {
  const before = parent.config;
  if (!hasParent(config.purpose)) return 'it has no parent epoch';
  if (!equalBytes(config.parentEpochId, parent.epochId)) return 'it names another parent epoch';
  if (!equalBytes(config.walletId, before.walletId)) return 'the wallet is inherited';
  if (config.exportable !== before.exportable) return 'whether the key may be exported is inherited';
  if (!equalBytes(config.publicKey, parent.publicKey)) return 'the public key is inherited';
  if (!equalBytes(config.chainCodeHash, parent.chainCodeHash)) return 'the chain code is inherited';
  if (!equalBytes(config.parentSharesHash, parentSharesHash(parent.publicShares))) return 'hX is that of the parent';
  if (config.oldThreshold !== before.threshold) return 'the old threshold is that of the parent';
  if (config.gen <= before.gen) return 'the generation is above that of the parent';
  const wrong = config.parties.some(
    (row) => row.oldIndex !== indexIn(before, row.identityKey) && !isRestored(config, before, row),
  );
  if (wrong) return 'each member has the index it has in the parent epoch, or none';
  const leaves = before.parties.some((row) => row.newIndex > 0 && indexIn(config, row.identityKey) === 0);
  return leaves === (config.purpose === 'REMOVE') ? undefined : 'it is REMOVE exactly if a holder of the parent leaves';
}

/**
 * A newcomer that deals a lost party's share out of a backup, under the lost index: F1 proves that it has the share.
 * The lost party's own key takes no part.
 */
function isRestored(config: EpochConfig, before: EpochConfig, row: PartyRow): boolean {
  const lost = before.parties.find((candidate) => candidate.newIndex > 0 && candidate.newIndex === row.oldIndex);
  return (
    lost !== undefined &&
    row.dealer &&
    row.newIndex > 0 &&
    indexIn(before, row.identityKey) === 0 &&
    !config.parties.some((other) => equalBytes(other.identityKey, lost.identityKey))
  );
}

/** Index of this identity key in the epoch of `config`; 0 if it holds no share of it. */
export function indexIn(config: EpochConfig, identityKey: Uint8Array): number {
  return config.parties.find((row) => equalBytes(row.identityKey, identityKey))?.newIndex ?? 0;
}

function membersProblem({ parties, threshold }: EpochConfig): string | undefined {
  if (parties.length < 2 || parties.length > 255) return 'a run has 2 to 255 members';
  if (parties.some((row) => row.identityKey.length !== 32)) return 'an identity key is 32 bytes';
  for (const [i, row] of parties.entries()) {
    const before = parties[i - 1];
    if (before !== undefined && compareBytes(before.identityKey, row.identityKey) >= 0) {
      return 'members are sorted by identity key and distinct';
    }
    if (!isByte(row.oldIndex) || !isByte(row.newIndex)) return 'an index is 0 to 255';
    if (!row.dealer && row.newIndex === 0) return 'a member deals or holds';
  }
  const indices = parties.flatMap((row) => (row.newIndex > 0 ? [row.newIndex] : [])).sort((a, b) => a - b);
  if (indices.some((index, i) => index !== i + 1)) return 'the indices of the share holders are exactly 1..n';
  return isCount(threshold, 2, indices.length) ? undefined : 'the threshold is 2..n';
}

function fieldsProblem(config: EpochConfig): string | undefined {
  const fresh = config.purpose === 'KEYGEN';
  const parent = hasParent(config.purpose);
  if (!isCount(config.gen, 1, 0xffffffff)) return 'a generation is a u32 from 1';
  if (config.walletId.length !== 32 || config.parentEpochId.length !== 32) return 'ids are 32 bytes';
  if (config.publicKey.length !== (fresh ? 0 : 33)) return 'the public key is given exactly if there is one already';
  if (!fresh && curve.decode(config.publicKey) === undefined) return 'the public key is a point';
  if (config.chainCodeHash.length !== (fresh ? 0 : 32)) return 'ccPub is given exactly if there is a key already';
  if (config.parentSharesHash.length !== (parent ? 32 : 0)) return 'hX is given exactly if there is a parent epoch';
  if (parent === equalBytes(config.parentEpochId, ZERO_SID)) return 'a parent epoch is given exactly if there is one';
  if (parent) return config.gen > 1 ? undefined : 'an epoch with a parent has a generation above 1';
  return config.gen === 1 && config.oldThreshold === 0 ? undefined : 'a first epoch has generation 1 and no parent';
}

function rolesProblem({ oldThreshold, parties, purpose }: EpochConfig): string | undefined {
  const dealers = parties.filter((row) => row.dealer);
  const old = parties.flatMap((row) => (row.oldIndex > 0 ? [row.oldIndex] : []));
  if (!hasParent(purpose)) {
    if (old.length > 0) return 'a first epoch has no old indices';
    if (purpose === 'IMPORT') return dealers.length === 1 ? undefined : 'in IMPORT one member deals';
    return parties.every((row) => row.dealer && row.newIndex > 0) ? undefined : 'in KEYGEN everybody deals and holds';
  }
  if (!isCount(oldThreshold, 2, 255)) return 'the old threshold is 2 or more';
  if (new Set(old).size !== old.length) return 'an old index belongs to one member';
  if (dealers.some((row) => row.oldIndex === 0)) return 'who deals holds a share of the parent epoch';
  if (dealers.length !== oldThreshold) return 'exactly as many deal as the old threshold says';
  const leaves = parties.some((row) => row.oldIndex > 0 && row.newIndex === 0);
  return leaves && purpose !== 'REMOVE' ? 'it is REMOVE exactly if a holder of the parent leaves' : undefined;
}

function isByte(value: number): boolean {
  return isCount(value, 0, 255);
}

function isCount(value: number, min: number, max: number): boolean {
  return Number.isInteger(value) && value >= min && value <= max;
}
