/** The life of a key from beginning to end. Each step fails the whole if anything is not as it should be. */
import type { Narrator } from '../narrator.ts';
import type { Processes } from '../processes.ts';
import { type DemoWallet, openTheatre } from '../stage.ts';
import { auditLifecycle } from './act-audit.ts';
import { banAndLift } from './act-ban.ts';
import { found, makeKey } from './act-begin.ts';
import { grow, replaceLost } from './act-members.ts';
import { refresh } from './act-refresh.ts';
import type { Cast } from './cast.ts';
import { writeLifecycleNotes } from './keep.ts';

export async function openCast(dir: string, kept: boolean, processes: Processes, narrator: Narrator): Promise<Cast> {
  return { ...(await openTheatre(dir, kept, processes, narrator)), rosters: [], nodes: new Map(), steps: [] };
}

export async function tellLifecycle(cast: Cast): Promise<DemoWallet> {
  cast.narrator.title(
    'KEYMOOT DEMO: THE LIFE OF A KEY',
    'The same address from the first day to the last, while shares, machines, people and the threshold change.',
    'Everything runs on this machine in separate processes, on loopback. Openly weaker than real life: homes on one machine, passphrases in files and hardened little (--weak-kdf), no announcement delay (--announcement 0).',
  );
  await found(cast);
  const estate = await makeKey(cast);
  await refresh(cast, estate);
  await replaceLost(cast, estate);
  await grow(cast, estate);
  await banAndLift(cast, estate);
  await auditLifecycle(cast, estate);
  if (cast.kept) await writeLifecycleNotes(cast, estate);
  return estate.wallet;
}
