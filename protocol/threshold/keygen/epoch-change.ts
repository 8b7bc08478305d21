/** What a RESHARE or REMOVE changes, for screens (docs/protocol.md f.2). */
import { equalBytes } from '../../common/bytes.ts';
import type { PartyRow } from '../encoding.ts';
import type { EpochConfig } from '../session-id.ts';
import { indexIn } from './config-rules.ts';
import type { Epoch } from './epoch.ts';

/** A party under its index of one of the two epochs. */
export interface ChangedParty {
  readonly index: number;
  /** Ed25519 key, 32 bytes. */
  readonly identityKey: Uint8Array;
}

export interface EpochChange {
  /** Who gets a share and had none; new indices. */
  readonly added: readonly ChangedParty[];
  /** Who had a share and gets none; old indices. */
  readonly removed: readonly ChangedParty[];
  /** Who keeps its key under another index. */
  readonly moved: readonly { readonly identityKey: Uint8Array; readonly from: number; readonly to: number }[];
  /** Indices that another identity key takes over: a new device, or another person. Also in `added`, `removed`, `moved`. */
  readonly replaced: readonly { readonly index: number; readonly from: Uint8Array; readonly to: Uint8Array }[];
  readonly threshold: { readonly from: number; readonly to: number };
  readonly parties: { readonly from: number; readonly to: number };
  /** Old indices of those who deal. */
  readonly dealers: readonly number[];
  /** Nothing changes but the shares. */
  readonly refresh: boolean;
}

/** `config` is a child of `parent`: `lineageProblem` has nothing to say. */
export function epochChange(parent: Epoch, config: EpochConfig): EpochChange {
  const before = holdersOf(parent.config);
  const after = holdersOf(config);
  const added = after.filter((row) => indexIn(parent.config, row.identityKey) === 0).map(party);
  const removed = before.filter((row) => indexIn(config, row.identityKey) === 0).map(party);
  const moved = after.flatMap(({ identityKey, newIndex }) => {
    const from = indexIn(parent.config, identityKey);
    return from === 0 || from === newIndex ? [] : [{ identityKey, from, to: newIndex }];
  });
  const replaced = after.flatMap(({ identityKey, newIndex }) => {
    const from = before.find((row) => row.newIndex === newIndex)?.identityKey;
    return from === undefined || equalBytes(from, identityKey) ? [] : [{ index: newIndex, from, to: identityKey }];
  });
  const threshold = { from: parent.config.threshold, to: config.threshold };
  const changed = added.length + removed.length + moved.length > 0 || threshold.from !== threshold.to;
  return {
    added,
    removed,
    moved,
    replaced,
    threshold,
    parties: { from: before.length, to: after.length },
    dealers: config.parties.flatMap((row) => (row.dealer ? [row.oldIndex] : [])).sort((a, b) => a - b),
    refresh: !changed,
  };
}

function holdersOf(config: EpochConfig): readonly PartyRow[] {
  return config.parties.filter((row) => row.newIndex > 0).sort((a, b) => a.newIndex - b.newIndex);
}

function party({ identityKey, newIndex }: PartyRow): ChangedParty {
  return { index: newIndex, identityKey };
}
