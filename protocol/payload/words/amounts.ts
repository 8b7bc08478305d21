/** Exact decimal amounts; nothing is rounded, since a screen must show what is signed. */

/** `1.5` for 1500000000000000000 with 18 decimals. */
export function decimalAmount(amount: bigint, decimals: number): string {
  const digits = amount.toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

/** Wei with the same amount in ether, the unit's usual name; other chains call their coin otherwise. */
export function nativeAmount(wei: bigint): string {
  return `${decimalAmount(wei, 18)} ether (${wei} wei)`;
}
