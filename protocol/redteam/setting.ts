/**
 * What a policy says about itself: its wallet, its chain, whom it pays and with what. From there come the payments that
 * it permits, and each attack is one of those with something changed.
 */
import { secp256k1 } from '@noble/curves/secp256k1.js';
import { addressOf } from '../ceremony/address.ts';
import { toHex } from '../common/bytes.ts';
import { err, ok, type Result } from '../common/result.ts';
import type { Address } from '../payload/address.ts';
import type { Policy } from '../policy/prepare.ts';
import type { PolicyDocument, RuleMatch } from '../policy/schema.ts';
import { permittedActs } from './acts.ts';
import { inventedAddress } from './encode.ts';
import { addressesOf, permittingRules } from './setting-parts.ts';
import type { Setting } from './types.ts';
import { walletKey } from './wallet-key.ts';

export interface SettingOptions {
  readonly policy: Policy;
  readonly own?: Policy | undefined;
  /** Absent: the first wallet, by name, that may pay anybody. */
  readonly wallet?: string | undefined;
  /** Absent: that of `walletKey`, which a development chain can sign with. */
  readonly address?: Address | undefined;
  /** Unix seconds. */
  readonly now: number;
}

/** The setting with the most business: of the wallets asked for, and of their chains. */
export function settingOf(options: SettingOptions): Result<Setting, string> {
  const { document } = options.policy;
  const names = options.wallet === undefined ? [...document.wallets.keys()].sort() : [options.wallet];
  if (options.wallet !== undefined && !document.wallets.has(options.wallet)) {
    return err(`the policy declares no wallet "${options.wallet}"; it has ${[...document.wallets.keys()].join(', ')}`);
  }
  // What takes effect later is tried as it will be then.
  const dated = { ...options, now: Math.max(options.now, document.effectiveAt ?? 0) };
  const settings = names.flatMap((name) => chainsOf(document, name).map((chain) => settingFor(dated, name, chain)));
  const [first] = settings;
  if (first === undefined) return err('the policy declares no wallet, so there is nothing to attack');
  return ok(settings.find(({ acts }) => acts.length > 0) ?? first);
}

const HOUR = 3600;
const WEEK = 7 * 24;

function settingFor(options: SettingOptions, name: string, chainId: bigint): Setting {
  const base = bareSetting(options, name, chainId);
  const found = { ...base, acts: permittedActs(base) };
  const hasHours = options.policy.document.rules.some(({ match }) => match.time !== undefined);
  if (found.acts.length > 0 || !hasHours) return found;
  // Somebody who runs this at night still wants to know about the day.
  for (let hour = 1; hour < WEEK; hour++) {
    const later = { ...base, now: base.now + hour * HOUR };
    const acts = permittedActs(later);
    if (acts.length > 0) return { ...later, acts };
  }
  return found;
}

function bareSetting({ policy, own, address, now }: SettingOptions, name: string, chainId: bigint): Setting {
  const { document } = policy;
  const key = secp256k1.getPublicKey(walletKey(name), true);
  const [token] = [...document.assets.values()].flatMap((asset) => {
    return asset.chainId === chainId && asset.address !== 'native' ? [asset.address] : [];
  });
  const rules = permittingRules(document, name);
  const [safe] = rules.flatMap(({ safes }) => addressesOf(document, safes, chainId));
  const named = rules.flatMap(({ counterparties }) => addressesOf(document, counterparties, chainId));
  const initiators = rules.flatMap((match) => match.initiators ?? []);
  return {
    policy,
    own,
    wallet: { name, address: address ?? `0x${toHex(addressOf(key))}`, ...quorumFor(document) },
    chainId,
    safe: safe ?? inventedAddress(`a Safe of ${name}`),
    payees: [...new Set(named)].sort(),
    token: token ?? inventedAddress('a token'),
    initiator: initiators[0] ?? 'operator',
    now,
    acts: [],
    nonce: 7n,
    gasPrice: gasPriceFor(rules),
  };
}

function chainsOf(document: PolicyDocument, wallet: string): readonly bigint[] {
  const scope = document.wallets.get(wallet);
  if (scope?.chainIds !== undefined) return scope.chainIds;
  const assets = [...document.assets.values()].map(({ chainId }) => chainId);
  const listed = [...document.addressLists.values()].flat().map(({ chainId }) => chainId);
  const named = permittingRules(document, wallet).flatMap(({ chainIds }) => chainIds ?? []);
  const chains = [...new Set([...named, ...assets, ...listed])];
  return chains.length === 0 ? [1n] : chains;
}

/** A policy does not say how many parties a wallet has; as few as its rules allow, at least two of three. */
function quorumFor({ rules }: PolicyDocument): { readonly threshold: number; readonly parties: number } {
  const consents = rules.flatMap((rule) => rule.consents ?? []);
  const rejections = rules.flatMap((rule) => rule.rejections ?? []);
  return { threshold: Math.min(2, ...consents), parties: Math.max(3, ...consents, ...rejections) };
}

const USUAL_PRICE = 10n ** 9n;
const MOST_GAS = 200_000n;

/** Below every cap, so that a fee is what an attack changes and never what stops a payment. */
function gasPriceFor(rules: readonly RuleMatch[]): bigint {
  const caps = rules.flatMap(({ fee, gas }) => [
    ...(fee === undefined ? [] : [fee.totalMax / MOST_GAS]),
    ...(gas?.maxFeePerGasMax === undefined ? [] : [gas.maxFeePerGasMax]),
  ]);
  const [lowest = 0n] = [...caps, USUAL_PRICE].sort((a, b) => Number(a - b));
  return lowest > 0n ? lowest : 1n;
}
