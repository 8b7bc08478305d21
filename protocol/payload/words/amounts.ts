/** Exact decimal amounts; nothing is rounded, since a screen must show what is signed. The raw number stands beside. */
import type { TokenFacts } from './tokens.ts';

/** `1.5` for 1500000000000000000 with 18 decimals; `-` in front of a negative one. */
export function decimalAmount(amount: bigint, decimals: number): string {
  const sign = amount < 0n ? '-' : '';
  const digits = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, '0');
  const whole = grouped(digits.slice(0, digits.length - decimals));
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
}

/** Wei with the same amount in the chain's own coin: `1.5 ETH (1500000000000000000 wei)`. */
export function nativeAmount(wei: bigint, coin: string): string {
  return `${decimalAmount(wei, 18)} ${coin} (${wei} wei)`;
}

/** `1,234.5 USDC (1234500000 units)`. */
export function tokenAmount(amount: bigint, { symbol, decimals }: TokenFacts): string {
  return `${decimalAmount(amount, decimals)} ${symbol} (${amount} units)`;
}

/** Commas between thousands: an amount of seven digits is easily taken for one of six. */
function grouped(whole: string): string {
  return whole.replaceAll(/\B(?=(?:[0-9]{3})+$)/g, ',');
}
