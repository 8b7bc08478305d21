/** What `--keep` leaves behind of this story: homes of three rosters, and a page with the commands to go on. */
import { chmod, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { CLI } from '../processes.ts';
import { type Cast, currentRoster, type Estate } from './cast.ts';

export async function writeLifecycleNotes(cast: Cast, { wallet }: Estate): Promise<void> {
  const script = join(cast.dir, 'keymoot');
  await writeFile(script, `#!/bin/sh\nexec ${quoted(process.execPath)} ${quoted(CLI)} "$@"\n`);
  await chmod(script, 0o700);
  await writeFile(join(cast.dir, 'README.txt'), page(cast, wallet.address));
}

function page(cast: Cast, address: string): string {
  const { operator, rosters } = cast;
  const { parties, threshold } = currentRoster(cast);
  const names = parties.map(({ home }) => basename(home)).join(' ');
  const keys = `--home ${basename(operator.home)} --passphrase-file passphrases/${basename(operator.home)}`;
  const lines = rosters.map(
    (roster) =>
      `  ${basename(roster.file)}  any ${roster.threshold} of ${roster.parties.map(({ name }) => name).join(', ')}\n    ${roster.fingerprint}`,
  );
  return `What the lifecycle demo left behind
===================================

Wallet  ${address}, named treasury; now any ${threshold} of ${parties.length} parties sign
Rosters, the last is in force:

${lines.join('\n')}

Each home has its past rosters, with the logs of their time, in rosters/. A home called -stolen is the thief's copy. The
chain is in chain-state.json. All commands below are for bash, in this directory.

  cd ${quoted(cast.dir)}

1. Start everything again

  for who in ${names}; do
    ./keymoot participant run --home $who --passphrase-file passphrases/$who >> logs/$who.log 2>&1 &
    echo $! > $who.pid
  done
  ./keymoot coordinator run ${keys} >> logs/coordinator.log 2>&1 &
  echo $! > coordinator.pid
  ./keymoot coordinator status --home ${basename(operator.home)}

2. New shares for all five; each key holder approves by hand (in other terminals, or with --detach)

  ./keymoot coordinator refresh --home ${basename(operator.home)} --wallet treasury --detach
  for who in ${names}; do ./keymoot participant approve CEREMONY --home $who --yes; done
  ./keymoot coordinator status CEREMONY --home ${basename(operator.home)}

3. Audit everything with the first roster's fingerprint

  ./keymoot audit verify ${basename(operator.home)}/transcripts/*.jsonl --roster ${basename(rosters[0]?.file ?? '')} \\
    --fingerprint "${rosters[0]?.fingerprint ?? ''}"

4. Stop everything

  kill $(cat *.pid)
`;
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
