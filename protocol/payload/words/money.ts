/** Amounts of coins, tokens and NFTs in words, with the raw number beside; unknown tokens in raw units only. */
import { checksumAddress } from '../address.ts';
import type { Movement } from '../calldata/call.ts';
import { isUnlimited } from '../calldata/movements.ts';
import { decimalAmount, nativeAmount, tokenAmount } from './amounts.ts';
import { coinOf, tokenFacts } from './tokens.ts';

/** As `amountWords` for a line below the call itself: a known token that is the call's target is named only. */
export function callAmountWords(movement: Amount, chainId: bigint | undefined, target: string | undefined): string {
  const { amount, asset, kind, tokenId } = movement;
  const facts =
    asset === 'native' || asset !== target || tokenId !== undefined ? undefined : tokenFacts(chainId, asset);
  if (facts === undefined || asset === 'native') return amountWords(movement, chainId);
  const unlimited = kind === 'approve' && isUnlimited(amount);
  return unlimited ? `UNLIMITED ${facts.symbol} (${unitsWords(amount)})` : tokenAmount(amount, facts);
}

type Amount = Pick<Movement, 'kind' | 'asset' | 'amount' | 'tokenId'>;

export function amountWords({ kind, asset, amount, tokenId }: Amount, chainId: bigint | undefined): string {
  if (asset === 'native') return nativeAmount(amount, coinOf(chainId));
  const token = `token ${checksumAddress(asset)}`;
  if (tokenId !== undefined) return `NFT number ${tokenId} of ${token}${amount === 1n ? '' : `, ${amount} of it`}`;
  const facts = tokenFacts(chainId, asset);
  if (kind === 'approve' && isUnlimited(amount)) {
    return `UNLIMITED ${facts === undefined ? 'units' : facts.symbol} (${unitsWords(amount)}) of ${token}`;
  }
  if (facts !== undefined) return `${tokenAmount(amount, facts)} of ${token}`;
  return `${amount} units of ${token} (decimals unknown; or the NFT of that number)`;
}

/** Powers of two by their name: no one counts 78 digits. The digits stand with the arguments of the call. */
export function unitsWords(amount: bigint): string {
  for (const bits of [256n, 255n, 160n, 128n, 96n]) {
    if (amount === (1n << bits) - 1n) return `2^${bits} - 1 units`;
  }
  return `${amount} units`;
}

/** For totals, where each part was shown in full before. */
export function totalWords(asset: Movement['asset'], amount: bigint, chainId: bigint | undefined): string {
  const facts = asset === 'native' ? undefined : tokenFacts(chainId, asset);
  if (asset === 'native') return `${decimalAmount(amount, 18)} ${coinOf(chainId)}`;
  return facts === undefined
    ? `${amount} units of token ${checksumAddress(asset)}`
    : `${decimalAmount(amount, facts.decimals)} ${facts.symbol}`;
}
