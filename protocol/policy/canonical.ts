/** The one JSON value, and the one digest, of what a policy says. */
import type { Json } from '../common/canonical-json.ts';
import { documentDigest } from '../common/document.ts';
import type { Policy } from './prepare.ts';
import type { PolicyDocument, Rule, RuleMatch } from './schema.ts';

/** Sorted, lower case, integers as decimal strings; `readPolicy` of it gives the same policy again. */
export function canonicalPolicy(policy: Policy): Json {
  return documentJson(policy.document);
}

/** A policy never changes, every verdict names its digest, and large lists take a while to write out. */
const DIGESTS = new WeakMap<Policy, Uint8Array>();

/** 32 bytes, the digest of the policy as a document: equal for files that say the same, whatever their formatting. */
export function policyDigest(policy: Policy): Uint8Array {
  const digest = DIGESTS.get(policy) ?? documentDigest(canonicalPolicy(policy));
  DIGESTS.set(policy, digest);
  return digest.slice();
}

type Fields = { readonly [key: string]: Json | undefined };

/** An object without the members that are absent. */
function present(fields: Fields): { readonly [key: string]: Json } {
  const result: { [key: string]: Json } = {};
  for (const [key, value] of Object.entries(fields)) if (value !== undefined) result[key] = value;
  return result;
}

function documentJson(document: PolicyDocument): Json {
  return present({
    addressLists: mapped(document.addressLists, (list) =>
      list.map(({ address, chainId, label }) => ({ address, chainId: chainId.toString(), label })),
    ),
    assets: mapped(document.assets, ({ address, chainId, decimals }) => ({
      address,
      chainId: chainId.toString(),
      decimals: decimals.toString(),
    })),
    effectiveAt: document.effectiveAt?.toString(),
    expiresAt: document.expiresAt?.toString(),
    id: document.id,
    rules: document.rules.map(ruleJson),
    schema: document.schema,
    unmatched: document.unmatched,
    version: document.version.toString(),
    wallets: mapped(document.wallets, ({ chainIds, class: named, legacyChainId }) =>
      present({ chainIds: chainIds?.map(String), class: named, legacyChainId: legacyChainId?.toString() }),
    ),
  });
}

function mapped<T>(map: ReadonlyMap<string, T>, json: (value: T) => Json): Json {
  return Object.fromEntries([...map].map(([key, value]) => [key, json(value)]));
}

function ruleJson(rule: Rule): Json {
  return present({
    consents: rule.consents?.toString(),
    effect: rule.effect,
    id: rule.id,
    match: matchJson(rule.match),
    note: rule.note,
    rejections: rule.rejections?.toString(),
  });
}

function matchJson(match: RuleMatch): Json {
  const { amount, fee, nativeValue } = match;
  return present({
    amount: amount && present({ max: amount.max?.toString(), min: amount.min?.toString() }),
    assets: match.assets,
    calldataHash: match.calldataHash,
    chainIds: match.chainIds?.map(String),
    counterparties: match.counterparties,
    fee: fee && { totalMax: fee.totalMax.toString() },
    initiators: match.initiators,
    kinds: match.kinds,
    nativeValue: nativeValue && { max: nativeValue.max.toString() },
    operations: match.operations,
    risks: match.risks,
    safes: match.safes,
    selectors: match.selectors,
    to: match.to,
    typeHashes: match.typeHashes,
    wallets: match.wallets,
  });
}
