/** What a thief and an owner look at: balances, allowances, who rules over the Safe, whose code runs. */
import {
  decodeFunctionResult,
  encodeFunctionData,
  formatEther,
  formatUnits,
  keccak256,
  parseAbi,
  parseUnits,
  toHex,
} from 'viem';
import type { Theatre } from './stage.ts';

/** Name of a thing, then its value in words. */
export type Sights = ReadonlyMap<string, string>;

const SAFE_ABI = parseAbi([
  'function getOwners() view returns (address[])',
  'function getThreshold() view returns (uint256)',
  'function isModuleEnabled(address) view returns (bool)',
]);

const GUARD = keccak256(toHex('guard_manager.guard.address'));
const HANDLER = keccak256(toHex('fallback_manager.handler.address'));

export async function look(theatre: Theatre): Promise<Sights> {
  const { attacker, payee, safe, token, wallet } = theatre.stage;
  const who = { wallet, safe, attacker } as const;
  const rows: [string, Promise<string>][] = [];
  for (const [name, address] of Object.entries(who)) {
    rows.push([`coins of the ${name}`, theatre.chain.balance(address).then(coins)]);
    rows.push([`tokens of the ${name}`, theatre.token('balanceOf', address)]);
  }
  for (const [name, address] of [
    ['wallet', wallet],
    ['safe', safe],
  ] as const) {
    rows.push([`what the attacker may take from the ${name}`, theatre.token('allowance', address, attacker)]);
    rows.push([`what a payee may take from the ${name}`, theatre.token('allowance', address, payee)]);
    rows.push([
      `whether the attacker may take all NFTs of the ${name}`,
      theatre.token('isApprovedForAll', address, attacker),
    ]);
  }
  rows.push(['owner of the token', theatre.token('owner')]);
  rows.push(['code of the token', theatre.token('implementation')]);
  rows.push(['code of the Safe (slot 0)', theatre.storage(safe, 0n)]);
  rows.push(['guard of the Safe', theatre.storage(safe, GUARD)]);
  rows.push(['fallback handler of the Safe', theatre.storage(safe, HANDLER)]);
  rows.push(['owners of the Safe', ask(theatre, 'getOwners')]);
  rows.push(['threshold of the Safe', ask(theatre, 'getThreshold')]);
  rows.push(['whether the attacker is a module of the Safe', ask(theatre, 'isModuleEnabled')]);
  rows.push(['code that the wallet runs', theatre.chain.code(wallet)]);
  rows.push(['coins of the token contract', theatre.chain.balance(token).then(coins)]);
  const values = await Promise.all(rows.map(([, value]) => value));
  return new Map(rows.map(([name], i) => [name, values[i] ?? ''] as const));
}

export function differences(before: Sights, after: Sights): readonly string[] {
  return [...after].flatMap(([name, value]) => {
    const was = before.get(name) ?? '';
    return was === value ? [] : [`${name}: ${isAmount(name) ? moved(was, value) : `${short(was)} -> ${short(value)}`}`];
  });
}

function isAmount(name: string): boolean {
  return name.startsWith('coins ') || name.startsWith('tokens ');
}

/** What was there before is the stage's own doing, so that only the difference says something. */
function moved(was: string, is: string): string {
  if (Number(is) === 0) return 'all gone';
  // Coins are told in thousandths, tokens in base units.
  const places = was.includes('.') || is.includes('.') ? 1000 : 1;
  const change = places === 1 ? BigInt(is) - BigInt(was) : thousandths(is) - thousandths(was);
  const size = change < 0n ? -change : change;
  const text = places === 1 ? String(size) : formatUnits(size, 3);
  return `${change < 0n ? 'less by' : 'more by'} ${text}`;
}

function thousandths(text: string): bigint {
  return parseUnits(text, 3);
}

/** To a thousandth, so that the gas of a payment is no difference. */
function coins(wei: bigint): string {
  const unit = 10n ** 15n;
  return `${formatEther(((wei + unit / 2n) / unit) * unit)}`;
}

/** A Safe whose code was replaced does not answer any more. */
async function ask(theatre: Theatre, functionName: 'getOwners' | 'getThreshold' | 'isModuleEnabled'): Promise<string> {
  const { attacker, safe } = theatre.stage;
  try {
    const data =
      functionName === 'isModuleEnabled'
        ? encodeFunctionData({ abi: SAFE_ABI, functionName, args: [attacker] })
        : encodeFunctionData({ abi: SAFE_ABI, functionName });
    return String(decodeFunctionResult({ abi: SAFE_ABI, functionName, data: await theatre.chain.call(safe, data) }));
  } catch {
    return 'no answer';
  }
}

function short(value: string): string {
  const text = /^0x0{24}[0-9a-f]{40}$/.test(value) ? `0x${value.slice(26)}` : value;
  if (/^[0-9]{30,}$/.test(text)) return 'without end';
  return text.length <= 90 ? text : `${text.slice(0, 87)}...`;
}
