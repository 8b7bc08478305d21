/** What `--keep` leaves behind for a person: everything the demo used, and a page with the commands to go on. */
import { chmod, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { parseEther } from 'viem';
import { SUPPLIER } from './act-wallet.ts';
import type { DemoChain } from './chain.ts';
import { findAnvil } from './chain-process.ts';
import { WALLET } from './names.ts';
import { UNATTENDED_LIMIT } from './policies.ts';
import { CLI } from './processes.ts';
import { type DemoWallet, type Stage, writeJson } from './stage.ts';
import { ether, walletTransaction } from './transactions.ts';

export async function writeNextSteps(stage: Stage, wallet: DemoWallet, chain: DemoChain): Promise<void> {
  const payload = await walletTransaction(chain, wallet, { to: SUPPLIER, value: parseEther('0.03') });
  await writeJson(stage, 'payloads', 'next-payment', payload);
  const script = join(stage.dir, 'keymoot');
  await writeFile(script, `#!/bin/sh\nexec ${quoted(process.execPath)} ${quoted(CLI)} "$@"\n`);
  await chmod(script, 0o700);
  await writeFile(join(stage.dir, 'README.txt'), page(stage, wallet, chain));
}

function page(stage: Stage, wallet: DemoWallet, chain: DemoChain): string {
  const { dir, fingerprint, holders, operator } = stage;
  const sign = `./keymoot coordinator sign FILE --home ${basename(operator.home)} --wallet ${WALLET}`;
  const keys = `--home ${basename(operator.home)} --passphrase-file passphrases/${basename(operator.home)}`;
  const people = holders.map(({ home, name, person }) => `  ${basename(home)}  party of ${person} (${name})`);
  return `What a keymoot demo left behind
===============================

Wallet     ${wallet.address}, named ${WALLET}, any 2 of 3 parties sign
Supplier   ${SUPPLIER}, the only account that the policy lets it pay
Policy     policies/common-v2.json: up to ${ether(UNATTENDED_LIMIT)} at a time unattended; from the Safe up to 5 ETH,
           if two key holders approve by hand; nothing else
Roster     roster.json, fingerprint: ${fingerprint}

${people.join('\n')}
  ${basename(operator.home)}    the operator's coordinator; holds no share
  passphrases/   of all four. They are in files, and weakly hardened, because this is a demo
  payloads/      every payload of the demo, and next-payment.json, which nobody has signed yet

All commands below are for bash, in this directory:

  cd ${quoted(dir)}

1. Start everything again
-------------------------

  for i in 1 2 3; do
    ./keymoot participant run --home participant-$i --passphrase-file passphrases/participant-$i >> logs/participant-$i.log 2>&1 &
    echo $! > participant-$i.pid
  done
  ./keymoot coordinator run ${keys} >> logs/coordinator.log 2>&1 &
  echo $! > coordinator.pid

and, to put transactions on chain, the chain as the demo left it:

  ${quoted(findAnvil())} --host 127.0.0.1 --port ${new URL(chain.rpc).port} --chain-id ${chain.chainId} --mnemonic-random --state chain-state.json > logs/chain.log 2>&1 &
  echo $! > chain.pid

Wait until "connected" names three parties, and until every pair of nodes is ready again (what they share to sign is made
anew by every process):

  ./keymoot coordinator status --home coordinator
  ./keymoot participant status --home participant-1

2. Sign a payload
-----------------

A payload is a file: {"kind":"evm-transaction","unsigned":"0x..."} with the unsigned bytes that any wallet library
serialises, or {"kind":"evm-typed-data","typedData":{...}}. What would happen, without any node or key:

  ./keymoot inspect payloads/next-payment.json

Propose it; the policy lets the parties consent by themselves:

  ${sign.replace('FILE', 'payloads/next-payment.json')} --note "My own payment"

If it needs approval by hand, the command waits; in other terminals two key holders do:

  ./keymoot participant inbox --home participant-1
  ./keymoot participant approve CEREMONY --home participant-1

To put it on chain, with the ceremony's name that "sign" printed:

  ./keymoot coordinator broadcast CEREMONY --home coordinator --rpc ${chain.rpc}

3. Any two sign, none signs alone
---------------------------------

  kill $(cat participant-3.pid)
  ${sign.replace('FILE', 'payloads/next-payment.json')}

is signed again by the two that are left (the same bytes; another payload under a nonce that was signed is refused).

  kill $(cat participant-2.pid)
  ${sign.replace('FILE', 'payloads/next-payment.json')} --expires-in 15

ends after 15 seconds without a signature. Start the two again as above before you go on.

4. Be refused
-------------

  ${sign.replace('FILE', 'payloads/hostile-delegatecall.json')} --note "Just a transfer"

is refused by every party with a rejection that it signs. Try payloads of your own: another receiver, a larger amount, an
approval. A coordinator that lies has the same keys and none of the manners; it takes the place of the honest one:

  kill $(cat coordinator.pid)
  ./keymoot demo attack two-faces payloads/two-faces-001.json payloads/two-faces-009.json ${keys} --wallet ${WALLET}
  ./keymoot demo attack alter payloads/next-payment.json --byte 39 ${keys} --wallet ${WALLET}
  ./keymoot coordinator run ${keys} >> logs/coordinator.log 2>&1 &
  echo $! > coordinator.pid
  ./keymoot coordinator status --home coordinator

5. Audit
--------

  ./keymoot audit verify coordinator/transcripts/*.jsonl --roster roster.json --fingerprint "${fingerprint}"
  ./keymoot audit show coordinator/transcripts/CEREMONY.jsonl --roster roster.json

6. Stop everything
------------------

  kill $(cat participant-1.pid participant-2.pid participant-3.pid coordinator.pid chain.pid)
`;
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
