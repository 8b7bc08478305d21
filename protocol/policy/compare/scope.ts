/** Everything of two versions that is no rule, limit, person or counterparty: times, wallets, flows, lists, assets. */
import { vouchedFor } from '../familiar.ts';
import type { PolicyDocument, WalletScope } from '../schema.ts';
import { judgedBy, narrows, type PolicyChange, widens } from './change.ts';
import { listed } from './rule-words.ts';
import { timeWords } from './values.ts';

export function compareScope(old: PolicyDocument, next: PolicyDocument): readonly PolicyChange[] {
  return [
    ...compareHead(old, next),
    ...compareWallets(old, next),
    ...compareFlows(old, next),
    ...compareHardDeny(old, next),
    ...compareLists(old, next),
    ...compareAssets(old, next),
    ...compareFamiliar(old, next),
  ];
}

function compareHead(old: PolicyDocument, next: PolicyDocument): readonly PolicyChange[] {
  const changes: PolicyChange[] = [];
  if (old.id !== next.id) changes.push(widens('id', `the policy is "${next.id}", was "${old.id}"`));
  if (old.unmatched !== next.unmatched) {
    changes.push(widens('unmatched', `what no rule names: ${next.unmatched}, was ${old.unmatched}`));
  }
  const [began, begins] = [old.effectiveAt ?? 0, next.effectiveAt ?? 0];
  if (began !== begins) {
    const since = (at: number): string => (at === 0 ? 'any time' : timeWords(at));
    changes.push(judgedBy(begins > began, 'effectiveAt', `in force from ${since(begins)}, was from ${since(began)}`));
  }
  const [ended, ends] = [old.expiresAt ?? Number.POSITIVE_INFINITY, next.expiresAt ?? Number.POSITIVE_INFINITY];
  if (ended !== ends) {
    const until = (at: number): string => (at === Number.POSITIVE_INFINITY ? 'no end' : timeWords(at));
    changes.push(judgedBy(ends < ended, 'expiresAt', `in force until ${until(ends)}, was until ${until(ended)}`));
  }
  return changes;
}

function compareWallets(old: PolicyDocument, next: PolicyDocument): readonly PolicyChange[] {
  const names = [...new Set([...old.wallets.keys(), ...next.wallets.keys()])].sort();
  const looksAtFlows = old.flows !== undefined;
  return names.flatMap((name): readonly PolicyChange[] => {
    const path = `wallets.${name}`;
    const [was, is] = [old.wallets.get(name), next.wallets.get(name)];
    if (was === undefined) return [widens(path, `new wallet "${name}"`)];
    if (is === undefined) {
      // Flows to its accounts would be flows to strangers.
      return [judgedBy(!looksAtFlows || was.accounts === undefined, path, `wallet "${name}" removed`)];
    }
    const words = walletWords(was, is);
    if (words.length === 0) return [];
    return [judgedBy(isWithin(was, is, looksAtFlows), path, `wallet "${name}": ${words.join('; ')}`)];
  });
}

function isWithin(was: WalletScope, is: WalletScope, looksAtFlows: boolean): boolean {
  const chains = was.chainIds === undefined || is.chainIds?.every((id) => was.chainIds?.includes(id)) === true;
  const legacy = is.legacyChainId === undefined || is.legacyChainId === was.legacyChainId;
  const named = was.class === is.class || (is.class === 'cold' && !looksAtFlows);
  const own = looksAtFlows
    ? (was.accounts ?? []).join() === (is.accounts ?? []).join()
    : (is.accounts ?? []).every((account) => was.accounts?.includes(account) === true);
  return chains && legacy && named && own;
}

function walletWords(was: WalletScope, is: WalletScope): readonly string[] {
  const parts = [
    ['chains', was.chainIds?.join(', ') ?? 'any', is.chainIds?.join(', ') ?? 'any'],
    ['chain for payloads without one', String(was.legacyChainId ?? 'none'), String(is.legacyChainId ?? 'none')],
    ['class', was.class ?? 'none', is.class ?? 'none'],
    ['own accounts', (was.accounts ?? []).join(', ') || 'none', (is.accounts ?? []).join(', ') || 'none'],
  ] as const;
  return parts.flatMap(([name, before, after]) => (before === after ? [] : [`${name} ${after}, was ${before}`]));
}

function compareFlows(old: PolicyDocument, next: PolicyDocument): readonly PolicyChange[] {
  const edges = ({ flows }: PolicyDocument): readonly string[] | undefined =>
    flows?.map(({ from, to }) => `${from} to ${to}`);
  const [before, after] = [edges(old), edges(next)];
  if (before === undefined && after === undefined) return [];
  if (before === undefined)
    return [narrows('flows', `value moves only from ${listed(after ?? [])}; was not looked at`)];
  if (after === undefined) return [widens('flows', `flows are looked at no longer, were ${listed(before)}`)];
  return [
    ...after.filter((edge) => !before.includes(edge)).map((edge) => widens('flows', `new flow from ${edge}`)),
    ...before.filter((edge) => !after.includes(edge)).map((edge) => narrows('flows', `no flow any more from ${edge}`)),
  ];
}

function compareHardDeny(
  { hardDeny: was = [] }: PolicyDocument,
  { hardDeny: is = [] }: PolicyDocument,
): readonly PolicyChange[] {
  return [
    ...is.filter((code) => !was.includes(code)).map((code) => narrows('hardDeny', `${code} always denies now`)),
    ...was.filter((code) => !is.includes(code)).map((code) => widens('hardDeny', `rules may accept ${code} again`)),
  ];
}

/** What an entry does is said by the rules that name it, and by what it makes familiar; here only that it changed. */
function compareLists(old: PolicyDocument, next: PolicyDocument): readonly PolicyChange[] {
  const names = [...new Set([...old.addressLists.keys(), ...next.addressLists.keys()])].sort();
  const vouched = new Set(vouchedFor(next).map(keyOf));
  return names.flatMap((name): readonly PolicyChange[] => {
    const path = `addressLists.${name}`;
    const [was, is] = [old.addressLists.get(name) ?? [], next.addressLists.get(name) ?? []];
    const before = new Map(was.map((entry) => [keyOf(entry), entry.label]));
    const after = new Map(is.map((entry) => [keyOf(entry), entry.label]));
    const changes: PolicyChange[] = [];
    for (const [key, label] of after) {
      const known = before.get(key);
      const shown = `${placeOf(key)} "${label}"`;
      if (known === undefined) changes.push(judgedBy(!vouched.has(key), path, `list "${name}" gains ${shown}`));
      else if (known !== label) changes.push(widens(path, `list "${name}": ${shown} was called "${known}"`));
    }
    for (const [key, label] of before) {
      if (!after.has(key)) changes.push(narrows(path, `list "${name}" loses ${placeOf(key)} "${label}"`));
    }
    return changes;
  });
}

function compareAssets(old: PolicyDocument, next: PolicyDocument): readonly PolicyChange[] {
  const names = [...new Set([...old.assets.keys(), ...next.assets.keys()])].sort();
  const words = (symbol: string, { assets }: PolicyDocument): string | undefined => {
    const asset = assets.get(symbol);
    return asset && `${asset.address} on chain ${asset.chainId} with ${asset.decimals} decimals`;
  };
  return names.flatMap((symbol): readonly PolicyChange[] => {
    const path = `assets.${symbol}`;
    const [was, is] = [words(symbol, old), words(symbol, next)];
    if (was === is) return [];
    if (is === undefined) return [narrows(path, `asset "${symbol}" removed, was ${was ?? ''}`)];
    return [
      widens(path, was === undefined ? `new asset "${symbol}": ${is}` : `asset "${symbol}" is ${is}, was ${was}`),
    ];
  });
}

/** What is familiar raises no question; so whatever becomes familiar widens (rule 8). */
function compareFamiliar(old: PolicyDocument, next: PolicyDocument): readonly PolicyChange[] {
  const known = new Set(vouchedFor(old).map(keyOf));
  const added = [...new Set(vouchedFor(next).map(keyOf))].filter((key) => !known.has(key));
  // Entries of lists, assets and the book are named one by one already.
  const booked = new Set([...(next.counterparties?.values() ?? [])].flatMap(({ addresses }) => addresses.map(keyOf)));
  const named = new Set([...next.addressLists.values()].flat().map(keyOf));
  const fresh = added.filter((key) => !booked.has(key) && (!named.has(key) || isKnownEntry(old, key)));
  const functions = familiarSelectors(next).filter((selector) => !familiarSelectors(old).includes(selector));
  return [
    ...fresh.map((key) => widens('rules', `${placeOf(key)} becomes familiar`)),
    ...functions.map((selector) => widens('rules', `the function ${selector} becomes familiar`)),
  ];
}

/** In a list already that did not vouch for it before. */
function isKnownEntry({ addressLists }: PolicyDocument, key: string): boolean {
  return [...addressLists.values()].some((list) => list.some((entry) => keyOf(entry) === key));
}

function familiarSelectors({ rules }: PolicyDocument): readonly string[] {
  const permits = rules.filter(({ effect }) => effect !== 'deny');
  return [...new Set(permits.flatMap(({ match }) => match.selectors ?? []))].filter((selector) => selector !== 'none');
}

function keyOf({ address, chainId }: { readonly address: string; readonly chainId: bigint }): string {
  return `${chainId}:${address}`;
}

function placeOf(key: string): string {
  const [chainId = '', address = ''] = key.split(':');
  return `${address} on chain ${chainId}`;
}
