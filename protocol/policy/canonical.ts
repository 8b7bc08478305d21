/** The one JSON value, and the one digest, of what a policy says. */
import type { Json } from '../common/canonical-json.ts';
import { documentDigest } from '../common/document.ts';
import type { Policy } from './prepare.ts';
import type { Admin, Counterparty, Limit, Obligation, PolicyDocument, Rule, RuleMatch } from './schema.ts';

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
    admin: document.admin && adminJson(document.admin),
    addressLists: mapped(document.addressLists, (list) =>
      list.map(({ address, chainId, label }) => ({ address, chainId: chainId.toString(), label })),
    ),
    assets: mapped(document.assets, ({ address, chainId, decimals }) => ({
      address,
      chainId: chainId.toString(),
      decimals: decimals.toString(),
    })),
    approvers: document.approvers && mapped(document.approvers, (approver) => present({ ...approver })),
    counterparties: document.counterparties && mapped(document.counterparties, counterpartyJson),
    effectiveAt: document.effectiveAt?.toString(),
    expiresAt: document.expiresAt?.toString(),
    flows: document.flows?.map(({ from, to }) => ({ from, to })),
    groups: document.groups && mapped(document.groups, (names) => names),
    hardDeny: document.hardDeny,
    id: document.id,
    limits: document.limits?.map(limitJson),
    parentHash: document.parentHash,
    rules: document.rules.map(ruleJson),
    schema: document.schema,
    unmatched: document.unmatched,
    version: document.version.toString(),
    wallets: mapped(document.wallets, ({ accounts, chainIds, class: named, legacyChainId }) =>
      present({ accounts, chainIds: chainIds?.map(String), class: named, legacyChainId: legacyChainId?.toString() }),
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
    require: rule.require && obligationJson(rule.require),
  });
}

function obligationJson({ delaySec, distinctDevices, groups, holder, rejects, ttlSec }: Obligation): Json {
  return present({
    delaySec: delaySec?.toString(),
    distinctDevices,
    groups: groups?.map(({ group, quorum }) => ({ group, quorum: quorum.toString() })),
    holder,
    rejects: rejects?.toString(),
    ttlSec: ttlSec?.toString(),
  });
}

function limitJson({ asset, id, match, max, measure, note, onExceed, per, windowSec }: Limit): Json {
  return present({
    asset,
    id,
    match: match && matchJson(match),
    max: max.toString(),
    measure,
    note,
    onExceed: typeof onExceed === 'object' ? { require: obligationJson(onExceed.require) } : onExceed,
    per,
    windowSec: windowSec?.toString(),
  });
}

function counterpartyJson(entry: Counterparty): Json {
  const { addresses, created, expires, identity, label, signature, version } = entry;
  return present({
    addresses: addresses.map(({ address, chainId, kind }) => ({ address, chainId: chainId.toString(), kind })),
    created: created.toString(),
    expires: expires?.toString(),
    identity,
    label,
    signature,
    version: version.toString(),
  });
}

function adminJson({ book, freezeGroup, group, quorum, widenDelaySec }: Admin): Json {
  return present({
    book: book && { delaySec: book.delaySec.toString(), group: book.group, quorum: book.quorum.toString() },
    freezeGroup,
    group,
    quorum: quorum.toString(),
    widenDelaySec: widenDelaySec.toString(),
  });
}

function matchJson(match: RuleMatch): Json {
  const { amount, args, fee, gas, nativeValue, time } = match;
  return present({
    amount: amount && present({ max: amount.max?.toString(), min: amount.min?.toString() }),
    args: args?.map(({ arg, op, value }) => ({ arg, op, value })),
    assets: match.assets,
    calldataHash: match.calldataHash,
    chainIds: match.chainIds?.map(String),
    counterparties: match.counterparties,
    fee: fee && { totalMax: fee.totalMax.toString() },
    gas: gas && present({ limitMax: gas.limitMax?.toString(), maxFeePerGasMax: gas.maxFeePerGasMax?.toString() }),
    initiators: match.initiators,
    kinds: match.kinds,
    nativeValue: nativeValue && { max: nativeValue.max.toString() },
    operations: match.operations,
    risks: match.risks,
    safes: match.safes,
    selectors: match.selectors,
    time: time?.map(({ days, from, to }) => ({ days: days.map(String), from, to })),
    to: match.to,
    txTypes: match.txTypes,
    typeHashes: match.typeHashes,
    wallets: match.wallets,
  });
}
