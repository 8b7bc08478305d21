/** Configurations of IMPORT, RESHARE and REMOVE from what a proposal says (docs/protocol.md f). */
import { equalBytes } from '../../common/bytes.ts';
import { err, ok, type Result } from '../../common/result.ts';
import { ZERO_SID } from '../hash.ts';
import { type EpochConfig, parentSharesHash } from '../session-id.ts';
import { type Party, partyRows } from './config.ts';
import { configProblem, indexIn, lineageProblem } from './config-rules.ts';
import type { Epoch } from './epoch.ts';

const NONE: Uint8Array = new Uint8Array(0);

export interface ImportRequest {
  readonly threshold: number;
  /** N: who shall hold a share. */
  readonly parties: readonly Party[];
  /** Identity key of the one who has the private key, in N or not. */
  readonly dealer: Uint8Array;
  /** As for KEYGEN, of the import proposal. */
  readonly walletId: Uint8Array;
  readonly exportable: boolean;
  /** Q of the imported key, 33 bytes. */
  readonly publicKey: Uint8Array;
  /** ccPub = `hashChainCode(publicKey, chainCode)`, 32 bytes; a key without a chain code gets a random one first. */
  readonly chainCodeHash: Uint8Array;
}

/** Configuration of an IMPORT; the error is part of a sentence. */
export function importConfig(request: ImportRequest): Result<EpochConfig, string> {
  const isDealer = (identityKey: Uint8Array): boolean => equalBytes(identityKey, request.dealer);
  const config: EpochConfig = {
    purpose: 'IMPORT',
    threshold: request.threshold,
    parties: partyRows(withLeaving(request.parties, [request.dealer]), (key) => ({
      dealer: isDealer(key),
      oldIndex: 0,
    })),
    parentEpochId: ZERO_SID,
    gen: 1,
    walletId: request.walletId,
    exportable: request.exportable,
    oldThreshold: 0,
    publicKey: request.publicKey,
    chainCodeHash: request.chainCodeHash,
    parentSharesHash: NONE,
  };
  const problem = configProblem(config);
  return problem === undefined ? ok(config) : err(problem);
}

export interface ReshareRequest {
  /** The current epoch, out of a certificate verified against the roster that is pinned for it. */
  readonly parent: Epoch;
  /** D: indices of the parent epoch, exactly as many as its threshold. */
  readonly dealers: readonly number[];
  /** Dealers whose share a newcomer restores from a backup, with the identity key of the newcomer, who is in N. */
  readonly restored?: readonly { readonly oldIndex: number; readonly identityKey: Uint8Array }[];
  /** N with the new indices, exactly 1..n'. */
  readonly parties: readonly Party[];
  /** t'. */
  readonly threshold: number;
  /** Above every generation known for the wallet: `nextGeneration` of generations.ts. */
  readonly gen: number;
}

/**
 * Configuration of RESHARE(D, N, t'): refresh, adding, removing and replacing parties, a change of the threshold,
 * recovery. Its purpose is REMOVE if a holder of the parent epoch is not in N, else RESHARE. The error is part of a
 * sentence.
 */
export function reshareConfig(request: ReshareRequest): Result<EpochConfig, string> {
  const { parent, dealers, parties, restored = [] } = request;
  if (new Set(dealers).size !== dealers.length) return err('a dealer is named once');
  const dealing: Uint8Array[] = [];
  for (const index of dealers) {
    const row = index > 0 ? parent.config.parties.find((candidate) => candidate.newIndex === index) : undefined;
    if (row === undefined) return err(`the parent epoch has no party ${index}`);
    dealing.push(restored.find((item) => item.oldIndex === index)?.identityKey ?? row.identityKey);
  }
  const holders = parent.config.parties.filter((row) => row.newIndex > 0);
  const leaves = holders.some((row) => !parties.some((party) => equalBytes(party.identityKey, row.identityKey)));
  const config: EpochConfig = {
    purpose: leaves ? 'REMOVE' : 'RESHARE',
    threshold: request.threshold,
    parties: partyRows(withLeaving(parties, dealing), (key) => ({
      dealer: dealing.some((dealer) => equalBytes(dealer, key)),
      oldIndex: restored.find((item) => equalBytes(item.identityKey, key))?.oldIndex ?? indexIn(parent.config, key),
    })),
    parentEpochId: parent.epochId,
    gen: request.gen,
    walletId: parent.config.walletId,
    exportable: parent.config.exportable,
    oldThreshold: parent.config.threshold,
    publicKey: parent.publicKey,
    chainCodeHash: parent.chainCodeHash,
    parentSharesHash: parentSharesHash(parent.publicShares),
  };
  const problem = configProblem(config) ?? lineageProblem(config, parent);
  return problem === undefined ? ok(config) : err(problem);
}

/** P = D u N: dealers without a place in N have index 0. */
function withLeaving(parties: readonly Party[], dealers: readonly Uint8Array[]): readonly Party[] {
  const leaving = dealers.filter((dealer) => !parties.some((party) => equalBytes(party.identityKey, dealer)));
  return [...parties, ...leaving.map((identityKey) => ({ index: 0, identityKey }))];
}
