import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DemoWallet, Stage } from './stage.ts';

export async function writeNextSteps(stage: Stage, wallet: DemoWallet): Promise<void> {
  await writeFile(join(stage.dir, 'README.txt'), wallet.address);
}
