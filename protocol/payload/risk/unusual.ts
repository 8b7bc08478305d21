/**
 * What is unusual about a payload for whoever is asked to sign it: measured against the own history, the address lists of
 * the adopted policies, and balances if somebody names them. Pure; everything it finds is an observation, so it adds
 * risks and takes none away. Nothing here depends on what the proposer claims.
 */
import { type Address, checksumAddress } from '../address.ts';
import type { Executor } from '../calldata/call.ts';
import type { AddressIndex } from './address-index.ts';
import type { History, PlaceUse, Range, Unfinished } from './history.ts';
import type { Observation } from './observed.ts';
import type { Reach } from './reach.ts';

/** What key holders have written down by hand: the policies' lists, assets and rules, and the own wallets. */
export interface Familiar {
  /** Whether an address is one of these on this chain. */
  isListed(chainId: bigint | undefined, address: Address): boolean;
  /** All of them on every chain, for imitations. */
  readonly addresses: AddressIndex;
  labelOf(address: Address): string | undefined;
  /** Functions that a permission names, as 8 hex digits. */
  readonly selectors: ReadonlySet<string>;
}

/** How a policy classes a wallet: what may leave a cold one goes to addresses that are listed. */
export type WalletClass = 'cold' | 'middle' | 'hot';

/** What an account holds, as somebody outside says: unproven, and so good for adding a risk only. */
export interface Balances {
  /** Where it comes from, like `simulation on block 123`. */
  readonly source: string;
  of(account: Address, asset: 'native' | Address): bigint | undefined;
}

export interface UnusualInput {
  readonly reach: Reach;
  /** The address whose key signs. */
  readonly wallet: Address;
  /** Hex of the digest that would be signed. */
  readonly digest: string;
  readonly history: History;
  readonly familiar: Familiar;
  readonly walletClass?: WalletClass | undefined;
  /** Other payloads at the place that `reach` names. */
  readonly uses: readonly PlaceUse[];
  /** Earlier requests with the intent that `reach` names. */
  readonly unfinished?: Unfinished | undefined;
  readonly balances?: Balances | undefined;
}

/** More than this part of a balance in one payload is a large share: a half. */
const LARGE_SHARE_PERCENT = 50n;
/** A fee cap this many times the highest one before. */
const FEE_FACTOR = 10n;
/** An amount this many times the largest one before. */
const AMOUNT_FACTOR = 10n;
/** So many earlier payloads are needed before they say what is usual. */
const ENOUGH = 3;

const OWN = 'own history';

export function unusual(input: UnusualInput): readonly Observation[] {
  return [
    ...strangers(input),
    ...newFunctions(input),
    ...largeShares(input),
    ...unusualAmounts(input),
    ...unusualFee(input),
    ...reuse(input),
    ...repetition(input),
  ];
}

/** Addresses that are neither listed nor known; those that look like one that is; those that a cold wallet must not pay. */
function strangers({ familiar, history, reach, walletClass }: UnusualInput): readonly Observation[] {
  const found: Observation[] = [];
  for (const { address, path } of reach.reached) {
    if (familiar.isListed(reach.chainId, address)) continue;
    const shown = checksumAddress(address);
    const isKnown = history.reached(reach.chainId, address) !== undefined;
    if (!isKnown) {
      found.push({ code: 'FIRST_SEEN_DESTINATION', path, detail: `${OWN}: nothing signed here ever reached ${shown}` });
    }
    if (walletClass === 'cold') {
      found.push({
        code: 'COLD_TO_EXTERNAL',
        path,
        detail: `policy: a cold wallet reaches ${shown}, which no list names`,
      });
    }
    const [listed] = familiar.addresses.imitatedBy(address);
    // The same address, listed for another chain, imitates nobody.
    if (listed !== undefined && !familiar.addresses.has(address)) {
      const label = familiar.labelOf(listed);
      const named = label === undefined ? 'listed' : `listed (${label})`;
      const detail = `policy: ${shown} looks like ${checksumAddress(listed)}, which is ${named}`;
      found.push({ code: 'LOOKALIKE_LISTED', path, detail });
    }
    const [before] = isKnown ? [] : history.imitatedBy(address);
    if (before !== undefined) {
      const detail = `${OWN}: ${shown} looks like ${checksumAddress(before)}, which was reached before`;
      found.push({ code: 'LOOKALIKE', path, detail });
    }
  }
  return found;
}

/** Of contracts that are known: an unknown contract is a stranger already. */
function newFunctions({ familiar, history, reach }: UnusualInput): readonly Observation[] {
  const { called, chainId } = reach;
  return called.flatMap(({ path, selector, to }): readonly Observation[] => {
    const isStranger = !familiar.isListed(chainId, to) && history.reached(chainId, to) === undefined;
    if (isStranger || familiar.selectors.has(selector) || history.hasCalled(chainId, to, selector)) return [];
    const detail = `${OWN}: function 0x${selector} of ${checksumAddress(to)} was never called from here`;
    return [{ code: 'NEW_SELECTOR', path, detail }];
  });
}

function largeShares({ balances, reach, wallet }: UnusualInput): readonly Observation[] {
  if (balances === undefined) return [];
  return reach.outflows.flatMap(({ amount, asset, owner, path }): readonly Observation[] => {
    const balance = balances.of(owner === 'wallet' ? wallet : owner, asset);
    if (balance === undefined || amount * 100n <= balance * LARGE_SHARE_PERCENT) return [];
    const share = balance === 0n || amount > balance ? 'more than all' : `${(amount * 100n) / balance}%`;
    const detail = `${balances.source}: ${share} of ${nameOf(asset)} that ${accountWords(owner)} holds leaves at once`;
    return [{ code: 'LARGE_SHARE', path, detail }];
  });
}

function unusualAmounts({ history, reach, wallet }: UnusualInput): readonly Observation[] {
  return reach.outflows.flatMap(({ amount, asset, owner, path }): readonly Observation[] => {
    const before = history.amounts(owner === 'wallet' ? wallet : owner, reach.chainId, asset);
    if (!isFarAbove(amount, before, AMOUNT_FACTOR)) return [];
    const detail = `${OWN}: ${amount} of ${nameOf(asset)}, at most ${before.max} in ${before.count} payloads before`;
    return [{ code: 'UNUSUAL_AMOUNT', path, detail }];
  });
}

function unusualFee({ history, reach, wallet }: UnusualInput): readonly Observation[] {
  const { chainId, feeCap } = reach;
  const before = history.fees(wallet, chainId);
  if (feeCap === undefined || !isFarAbove(feeCap, before, FEE_FACTOR)) return [];
  const detail = `${OWN}: up to ${feeCap} wei per gas, at most ${before.max} in ${before.count} transactions before`;
  return [{ code: 'UNUSUAL_FEE', path: '0', detail }];
}

/** The digest may be signed again (a new attempt); another one at the same place is one too many. */
function reuse({ digest, reach, uses }: UnusualInput): readonly Observation[] {
  const other =
    uses.find((use) => use.digest !== digest && use.state === 'signed') ?? uses.find((use) => use.digest !== digest);
  if (reach.place === undefined || other === undefined) return [];
  const what = other.state === 'signed' ? 'was signed' : 'is agreed to';
  return [
    { code: 'NONCE_REUSE', path: '0', detail: `${OWN}: at ${reach.place} the digest ${other.digest} ${what} already` },
  ];
}

function repetition({ unfinished }: UnusualInput): readonly Observation[] {
  if (unfinished === undefined) return [];
  const { how, times } = unfinished;
  const detail = `${OWN}: the same was asked for ${times} ${times === 1 ? 'time' : 'times'} before and ${how}`;
  return [{ code: 'REPEATED_REQUEST', path: '0', detail }];
}

function isFarAbove(value: bigint, before: Range | undefined, factor: bigint): before is Range {
  return before !== undefined && before.count >= ENOUGH && value > before.max * factor;
}

function nameOf(asset: 'native' | Address): string {
  return asset === 'native' ? "the chain's own coin" : `the token ${checksumAddress(asset)}`;
}

function accountWords(owner: Executor): string {
  return owner === 'wallet' ? 'the wallet' : checksumAddress(owner);
}
