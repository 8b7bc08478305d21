/** `keymoot policy …`: make, check, understand and try policies, without keys and without a node. */
import { type Command, dispatch } from '../../proto/control/command.ts';
import type { ChainRunner } from '../../protocol/redteam/chain.ts';
import { check, lint } from './check.ts';
import { diff } from './diff.ts';
import { entry } from './entry.ts';
import { explain } from './explain.ts';
import { init } from './init.ts';
import { redteamCommand } from './redteam.ts';
import { test } from './test-cases.ts';

const COMMANDS: Readonly<Record<string, Command>> = { init, check, lint, explain, diff, test, entry };

/** @param runner a development chain, on which \`redteam\` shows what an attack does */
export async function policy(args: readonly string[], runner?: ChainRunner): Promise<number> {
  return await dispatch('policy', { ...COMMANDS, redteam: redteamCommand(runner) }, args);
}
