/** What a limit makes of a spend: how much of it counts, and in which of the separate counts of the limit. */
import type { PreparedLimit } from './prepare.ts';
import type { PerKey } from './schema.ts';
import { type Move, type Spend, summed, UNKNOWN_ASSET } from './spend.ts';

export interface Charge {
  /** `asset=…;wallet=…`: the values of the keys in `per`, sorted by key; `*` where one is unknown. */
  readonly bucket: string;
  /** Base units, 1 for a payload or a nonce, or wei; `undefined`: it cannot be known. Never 0. */
  readonly charge: bigint | undefined;
}

const DEFAULT_PER: readonly PerKey[] = ['wallet'];
/** A value that is not known; it belongs to every count. */
export const ANY = '*';

/** Whether a limit looks at this payload at all, whatever it moves. */
export function isCovered({ limit }: PreparedLimit, spend: Spend): boolean {
  const { match } = limit;
  if (match === undefined) return true;
  return (
    match.wallets?.includes(spend.wallet) !== false &&
    match.initiators?.includes(spend.initiator) !== false &&
    match.kinds?.includes(spend.kind) !== false &&
    (spend.chainId === undefined || match.chainIds?.includes(spend.chainId) !== false)
  );
}

/** Sorted by bucket, each once. Empty: the payload does not concern this limit. */
export function chargesOf(limit: PreparedLimit, spend: Spend): readonly Charge[] {
  if (!isCovered(limit, spend)) return [];
  const { measure } = limit.limit;
  const per = limit.limit.per === undefined ? DEFAULT_PER : limit.limit.per.toSorted();
  const charges = new Map<string, bigint | undefined>();
  if (measure === 'fee' && spend.fee === 0n) return [];
  if (measure === 'outstanding' && spend.place.kind === 'none') return [];
  for (const move of spend.moves) {
    if (!concerns(limit, spend, move)) continue;
    const bucket = bucketOf(per, limit, spend, move);
    const unknown = bucket.includes(ANY);
    if (measure !== 'amount') {
      charges.set(bucket, unknown ? undefined : measure === 'fee' ? spend.fee : 1n);
      continue;
    }
    if (move.amount === 0n) continue;
    const before = charges.has(bucket) ? charges.get(bucket) : 0n;
    const isKnown = !unknown && before !== undefined && move.amount !== undefined;
    charges.set(bucket, isKnown ? summed(before, move.amount) : undefined);
  }
  return [...charges].map(([bucket, charge]) => ({ bucket, charge })).sort((a, b) => (a.bucket < b.bucket ? -1 : 1));
}

/** Whether two buckets may be one: where a value is unknown it may be any. */
export function mayBe(bucket: string, asked: string): boolean {
  if (bucket === asked) return true;
  if (!bucket.includes(ANY)) return false;
  const parts = asked.split(';');
  return bucket.split(';').every((part, i) => part.endsWith(`=${ANY}`) || part === parts[i]);
}

/** Doubt counts: a limit is not escaped by what nobody can tell. */
function concerns({ limit, asset, counterparties }: PreparedLimit, spend: Spend, move: Move): boolean {
  if (asset !== undefined && !isAsset(move.asset, asset)) return false;
  if (
    limit.match?.selectors?.some((selector) => selector === move.selector) === false &&
    move.selector !== UNKNOWN_ASSET
  )
    return false;
  if (counterparties === undefined || move.counterparty === undefined) return true;
  return counterparties.has(spend.chainId, move.counterparty) !== false;
}

/** A payload that names no chain may be used on this one. */
function isAsset(moved: string, asset: string): boolean {
  if (moved === asset || moved === UNKNOWN_ASSET) return true;
  return moved.startsWith('?') && asset.endsWith(moved.slice(1));
}

function bucketOf(per: readonly PerKey[], limit: PreparedLimit, spend: Spend, move: Move): string {
  return per.map((key) => `${key}=${partOf(key, limit, spend, move)}`).join(';');
}

function partOf(key: PerKey, limit: PreparedLimit, spend: Spend, move: Move): string {
  switch (key) {
    case 'wallet':
      return spend.wallet;
    case 'initiator':
      return spend.initiator;
    case 'counterparty':
      return move.counterparty ?? ANY;
    case 'selector':
      return move.selector === UNKNOWN_ASSET ? ANY : move.selector;
    case 'asset':
      if (limit.asset !== undefined) return limit.asset;
      if (limit.limit.measure === 'fee') return spend.chainId === undefined ? ANY : `${spend.chainId}:native`;
      return move.asset === UNKNOWN_ASSET || move.asset.startsWith('?') ? ANY : move.asset;
  }
}
