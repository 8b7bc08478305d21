/**
 * Where a key comes from, for ever (docs/protocol.md f.4): an imported key was once in one place, and no reshare undoes
 * that. A configuration says it of its own epoch only; the rest is inherited from the root.
 */
import { err, ok, type Result } from '../../common/result.ts';
import { hasParent } from '../session-id.ts';
import { lineageProblem } from './config-rules.ts';
import type { Epoch } from './epoch.ts';

export type KeyOrigin = 'generated' | 'imported';

/**
 * `lineage`: epochs out of verified certificates, from the first one of the wallet to the one in question, each the
 * parent of the next. The error is part of a sentence.
 *
 * Who keeps the proposal that made the wallet needs no lineage: walletId is its hash and is inherited.
 */
export function originOf(lineage: readonly Epoch[]): Result<KeyOrigin, string> {
  const [root] = lineage;
  if (root === undefined || hasParent(root.config.purpose)) return err('the first epoch of the wallet is missing');
  for (const [i, epoch] of lineage.entries()) {
    const parent = lineage[i - 1];
    const problem = parent && lineageProblem(epoch.config, parent);
    if (problem !== undefined) return err(`generation ${epoch.config.gen} is no child of the one before: ${problem}`);
  }
  return ok(root.config.purpose === 'IMPORT' ? 'imported' : 'generated');
}
