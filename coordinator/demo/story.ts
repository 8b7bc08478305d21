/** The demo from beginning to end. Each step fails the whole if anything is not as it should be. */

import { attackByAlteration, attackByPayload, attackByTwoFaces, showUntouched, takeStock } from './act-attacks.ts';
import { auditAll } from './act-audit.ts';
import { deploySafe, payFromSafe } from './act-safe.ts';
import { gatherMembers, makeWallet } from './act-setup.ts';
import { fundWallet, payUnattended } from './act-wallet.ts';
import { writeNextSteps } from './keep.ts';
import type { DemoWallet, Stage } from './stage.ts';

export async function tellStory(stage: Stage): Promise<DemoWallet> {
  stage.narrator.title(
    'KEYMOOT DEMO',
    'Three key holders sign with a key that none of them has, and refuse what they should refuse.',
    'Everything runs on this machine in separate processes, on loopback. Openly weaker than real life: homes on one machine, passphrases in files and hardened little (--weak-kdf), no announcement delay (--announcement 0).',
  );
  await gatherMembers(stage);
  const wallet = await makeWallet(stage);
  const chain = await fundWallet(stage, wallet);
  await payUnattended(stage, wallet, chain);
  const safe = await deploySafe(stage, wallet, chain);
  await payFromSafe(stage, wallet, chain, safe);
  const before = await takeStock(chain, wallet, safe);
  await attackByPayload(stage, chain, safe);
  await attackByTwoFaces(stage, chain, wallet);
  await attackByAlteration(stage, chain, wallet);
  await showUntouched(stage, before, { chain, wallet, safe });
  await auditAll(stage, wallet);
  if (stage.kept) await writeNextSteps(stage, wallet, chain);
  return wallet;
}
