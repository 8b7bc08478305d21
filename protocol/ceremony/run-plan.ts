/**
 * What the members of a run agree on before its first round, computed by each of them from the proposal and the rosters
 * and never carried in it: configuration, wallet, and who is who. Keygen, import and reshare are runs of one protocol
 * (docs/protocol.md f); an export is no run, but it is bound in the same way.
 */
import { x25519 } from '@noble/curves/ed25519.js';
import { equalBytes } from '../common/bytes.ts';
import { BugError } from '../common/errors.ts';
import { err, ok, type Result } from '../common/result.ts';
import { keygenConfig } from '../threshold/keygen/config.ts';
import type { Epoch } from '../threshold/keygen/epoch.ts';
import { importConfig, reshareConfig } from '../threshold/keygen/reshare-config.ts';
import { configHash, type EpochConfig, exportDigest, walletId } from '../threshold/session-id.ts';
import { addressOfClaimed } from './address.ts';
import { mustAgree } from './agreement.ts';
import type { ExportProposal, ImportProposal, KeygenProposal, ReshareProposal } from './proposal.ts';
import { type Party, partyOf, type Roster, type RosterBody } from './roster.ts';
import { checkSuccessor, partyByKey } from './roster-change.ts';
import type { VerdictReason } from './verdict-statement.ts';

/** One participant of a run. */
export interface RunMember {
  /** Position of its identity key in byte order, from 1; what envelopes of the run name. */
  readonly pid: number;
  readonly identityKey: Uint8Array;
  /** `party:INDEX` of the current roster, or `joining:INDEX` of the next one. */
  readonly name: string;
  /** Index in the current roster; absent for who joins. */
  readonly party?: number | undefined;
  /** Index in the next roster, of who is not in the current one. */
  readonly joining?: number | undefined;
}

export interface RunPlan {
  readonly config: EpochConfig;
  readonly cfgHash: Uint8Array;
  readonly walletId: Uint8Array;
  /** By pid. */
  readonly members: readonly RunMember[];
  /** The epoch whose shares are dealt; absent in keygen and import. */
  readonly parent?: Epoch | undefined;
}

/** A generation may not run far ahead, or one proposal could use up all there are. */
export const MAX_GENERATION_STEP = 1024;

export function keygenPlan(roster: RosterBody, digest: Uint8Array, body: KeygenProposal): RunPlan {
  return keygenPlanOf(roster, walletId(digest, body.attempt), body.exportable);
}

/** The same from a wallet id: what an auditor of a later signature knows. */
export function keygenPlanOf(roster: RosterBody, id: Uint8Array, exportable: boolean): RunPlan {
  const { threshold } = roster;
  return planOf(roster, keygenConfig({ threshold, parties: holdersOf(roster), gen: 1, walletId: id, exportable }));
}

/** Plan of an import, or why every party rejects it. */
export function importPlan(
  roster: RosterBody,
  digest: Uint8Array,
  body: ImportProposal,
): Result<RunPlan, VerdictReason> {
  const holder = partyOf(roster, body.holder);
  if (holder === undefined) return refuse('IMPORT_HOLDER', `there is no party ${body.holder} to hold the key`);
  if (addressOfClaimed(body.publicKey) === undefined) return refuse('IMPORT_KEY', 'the public key is not a point');
  const config = importConfig({
    threshold: roster.threshold,
    parties: holdersOf(roster),
    dealer: holder.statementKey,
    walletId: walletId(digest, body.attempt),
    exportable: body.exportable,
    publicKey: body.publicKey,
    chainCodeHash: body.chainCodeHash,
  });
  return config.ok ? ok(planOf(roster, config.value)) : refuse('RUN_CONFIG', config.error);
}

/**
 * Plan of a reshare, or why every party rejects it.
 *
 * @param parent the epoch that the proposal names, out of a certificate verified under `roster`
 */
export function resharePlan(roster: Roster, parent: Epoch, body: ReshareProposal): Result<RunPlan, VerdictReason> {
  if (!equalBytes(parent.epochId, body.epochId) || !equalBytes(parent.config.walletId, body.walletId)) {
    return refuse('WRONG_EPOCH', 'the proposal names another epoch of this wallet');
  }
  const fault = termsFault(roster, parent, body);
  if (fault !== undefined) return err(fault);
  const { next = roster, restored = [] } = body;
  const config = reshareConfig({
    parent,
    dealers: body.dealers,
    restored: restored.map(({ joining, oldIndex }) => ({ oldIndex, identityKey: keyAt(next, joining) })),
    parties: holdersOf(next),
    threshold: next.threshold,
    gen: body.gen,
  });
  return config.ok ? ok({ ...planOf(roster, config.value), parent }) : refuse('RUN_CONFIG', config.error);
}

export interface ExportPlan {
  /** cfg/export, 32 bytes: what all consents name. */
  readonly digest: Uint8Array;
}

/** What an export binds, or why every party rejects it. `epoch` is the one that the proposal names. */
export function exportPlan(epoch: Epoch, body: ExportProposal): Result<ExportPlan, VerdictReason> {
  if (!equalBytes(epoch.epochId, body.epochId) || !equalBytes(epoch.config.walletId, body.walletId)) {
    return refuse('WRONG_EPOCH', 'the proposal names another epoch of this wallet');
  }
  if (!epoch.config.exportable) {
    return refuse('NOT_EXPORTABLE', 'this key was made so that it can never be exported');
  }
  if (!isRecipientKey(body.recipient)) return refuse('EXPORT_RECIPIENT', 'the recipient is no usable X25519 key');
  return ok({ digest: exportDigest(body.epochId, body.recipient) });
}

/** The member of a run with this identity key. */
export function memberByKey(plan: RunPlan, identityKey: Uint8Array): RunMember | undefined {
  return plan.members.find((member) => equalBytes(member.identityKey, identityKey));
}

/** What reshare proposals can get wrong that their form does not show. */
function termsFault(roster: Roster, parent: Epoch, body: ReshareProposal): VerdictReason | undefined {
  const { dealers, gen, next, restored = [] } = body;
  const { config } = parent;
  const isOfRoster = roster.parties.every(({ index, statementKey }) =>
    config.parties.some((row) => row.newIndex === index && equalBytes(row.identityKey, statementKey)),
  );
  if (!isOfRoster || config.parties.filter((row) => row.newIndex > 0).length !== roster.parties.length) {
    return reason('WRONG_EPOCH', 'the shares of this epoch are not held by the parties of this roster');
  }
  const succession = next === undefined ? undefined : checkSuccessor(roster, next);
  if (succession?.ok === false) return reason(succession.error.code, succession.error.message);
  if (gen <= config.gen || gen > config.gen + MAX_GENERATION_STEP) {
    return reason('RESHARE_GENERATION', `generation ${gen} cannot follow generation ${config.gen}`);
  }
  const isKnown = (index: number): boolean => partyOf(roster, index) !== undefined;
  if (dealers.length !== config.threshold || !ascending(dealers) || !dealers.every(isKnown)) {
    return reason(
      'RESHARE_DEALERS',
      `exactly ${config.threshold} different parties of this roster must deal, in order`,
    );
  }
  const odd = restored.length > 0 ? restoredFault(roster, body) : undefined;
  if (odd !== undefined) return reason('RESHARE_RESTORED', odd);
  if (mustAgree(body, roster)?.length === 0) {
    return reason('RESHARE_NOBODY_STAYS', 'no party of this roster would be asked');
  }
  return undefined;
}

function restoredFault(roster: RosterBody, { dealers, next, restored = [] }: ReshareProposal): string | undefined {
  if (next === undefined) return 'a share can only be restored by somebody who joins';
  if (!ascending(restored.map((item) => item.oldIndex))) return 'restored shares must stand in order, each once';
  if (new Set(restored.map((item) => item.joining)).size !== restored.length) return 'one party restores one share';
  for (const { joining, oldIndex } of restored) {
    if (!dealers.includes(oldIndex)) return `party ${oldIndex} does not deal, so its share need not be restored`;
    const lost = partyOf(roster, oldIndex);
    if (lost === undefined || partyByKey(next, lost.statementKey) !== undefined) {
      return `party ${oldIndex} stays, so it has its share itself`;
    }
    const newcomer = partyOf(next, joining);
    if (newcomer === undefined || partyByKey(roster, newcomer.statementKey) !== undefined) {
      return `party ${joining} of the next roster is nobody who joins`;
    }
  }
  return undefined;
}

function planOf(roster: RosterBody, config: EpochConfig): RunPlan {
  const members = config.parties.map(({ identityKey, newIndex }, i): RunMember => {
    const party = partyByKey(roster, identityKey)?.index;
    const common = { pid: i + 1, identityKey };
    return party === undefined
      ? { ...common, name: `joining:${newIndex}`, joining: newIndex }
      : { ...common, name: `party:${party}`, party };
  });
  return { config, cfgHash: configHash(config), walletId: config.walletId, members };
}

function holdersOf(roster: RosterBody) {
  return roster.parties.map((party: Party) => ({ index: party.index, identityKey: party.statementKey }));
}

function keyAt(roster: RosterBody, index: number): Uint8Array {
  const party = partyOf(roster, index);
  if (party === undefined) throw new BugError('BUG_RUN_PLAN', 'restored shares are checked before they are planned');
  return party.statementKey;
}

/** Not of small order and in its one form: a share sealed to another could be opened by anybody, or by nobody. */
function isRecipientKey(key: Uint8Array): boolean {
  const top = key[31] ?? 0xff;
  const isAboveField = top === 0x7f && key.subarray(1, 31).every((byte) => byte === 0xff) && (key[0] ?? 0) >= 0xed;
  if (key.length !== 32 || top >= 0x80 || isAboveField) return false;
  try {
    return x25519.scalarMult(new Uint8Array(32).fill(1), key).length === 32;
  } catch {
    return false;
  }
}

function ascending(values: readonly number[]): boolean {
  return values.every((value, i) => i === 0 || value > (values[i - 1] ?? 0));
}

function reason(code: string, detail: string): VerdictReason {
  return { code, detail };
}

function refuse(code: string, detail: string): Result<never, VerdictReason> {
  return err({ code, detail });
}
