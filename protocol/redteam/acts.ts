/** Payments that a policy permits: every way its rules could mean, tried with the real judge. */
import { type Address, checksumAddress } from '../payload/address.ts';
import { decode } from '../payload/payload.ts';
import { assess } from '../payload/risk/assess.ts';
import { BATCH_CONTRACTS } from '../payload/risk/batch-contracts.ts';
import { quantityWords } from '../policy/compare/values.ts';
import { judge } from '../policy/judge.ts';
import type { Asset, PolicyDocument, RuleMatch } from '../policy/schema.ts';
import { pay } from './pay.ts';
import { addressesOf, permittingRules } from './setting-parts.ts';
import type { Act, Carrier, Payment, Setting } from './types.ts';

/** So many payments are tried for one rule; a rule that names hundreds of payees says nothing more with each. */
const MAX_TRIED = 96;
/** And for all rules together: some seconds, whatever the file. */
const MAX_TRIED_IN_ALL = 2000;
const MAX_PAYEES = 3;
/** No treasury has more, and a rule that permits all there can be says nothing about amounts. */
const MOST_UNITS = 10n ** 9n;

/** At most one for each carrier, asset, and set of obligations: the largest that was found of each. Lightest first. */
export function permittedActs(setting: Setting): readonly Act[] {
  const { document } = setting.policy;
  const found = new Map<string, Act>();
  const tried = new Set<string>();
  for (const match of permittingRules(document, setting.wallet.name)) {
    for (const payment of payments(setting, document, match).slice(0, MAX_TRIED)) {
      const name = Object.values(payment).join('/');
      if (tried.has(name) || tried.size >= MAX_TRIED_IN_ALL) continue;
      tried.add(name);
      const act = permitted(setting, payment);
      if (act === undefined) continue;
      const { decision, obligations, consents } = act.verdict;
      const asked = obligations.groups.map(({ group, quorum }) => `${group}:${quorum}`).join();
      const kind = [act.carrier, act.asset, decision, consents, asked].join('/');
      const known = found.get(kind);
      if (known === undefined || known.amount < act.amount) found.set(kind, act);
    }
  }
  return [...found.values()].sort((a, b) => weight(a) - weight(b));
}

/** How much it takes to get a payment through. */
export function weight({ verdict }: Act): number {
  const asked = verdict.obligations.groups.reduce((sum, { quorum }) => sum + quorum, 0);
  return (verdict.decision === 'require' ? 1000 : 0) + asked * 10 + verdict.consents;
}

function permitted(setting: Setting, payment: Payment): Act | undefined {
  const { wallet, policy, own, now } = setting;
  const payload = pay(setting, payment);
  const decoded = decode(payload);
  if (!decoded.ok) return undefined;
  const assessment = assess(decoded.value, { wallet: wallet.address });
  const { initiator } = payment;
  const verdict = judge({ assessment, wallet, initiator, now, common: policy, own, ledger: 'uncounted' });
  if (verdict.decision === 'deny') return undefined;
  return { ...payment, payload, verdict, what: wordsFor(policy.document, payment, setting.chainId) };
}

function payments(setting: Setting, document: PolicyDocument, match: RuleMatch): readonly Payment[] {
  const { chainId, wallet } = setting;
  const safes = addressesOf(document, match.safes, chainId);
  const initiator = match.initiators?.[0] ?? setting.initiator;
  const assets = assetsFor(document, match, chainId);
  const named = addressesOf(document, match.counterparties ?? (match.assets === undefined ? match.to : []), chainId);
  const payees = named.length > 0 ? named : otherPayees(setting, match);
  return carriersOf(match).flatMap((carrier) => {
    const froms = carrier === 'transaction' ? [wallet.address] : safes.length > 0 ? safes : [setting.safe];
    return assets.flatMap(([symbol, asset]) =>
      payees.slice(0, MAX_PAYEES).flatMap((receiver) =>
        amountsOf(match, asset.decimals, capsOf(document, symbol)).map((amount) => {
          return { carrier, safe: froms[0] ?? setting.safe, asset: asset.address, receiver, amount, initiator };
        }),
      ),
    );
  });
}

/** Those that the rule names; else all that are declared, the coin, and whatever contract it lets be asked for a transfer. */
function assetsFor(document: PolicyDocument, match: RuleMatch, chainId: bigint): readonly (readonly [string, Asset])[] {
  const declared = [...document.assets].filter(([symbol, asset]) => {
    return asset.chainId === chainId && (match.assets === undefined || match.assets.includes(symbol));
  });
  if (match.assets !== undefined) return declared;
  const targets = match.selectors?.includes('0xa9059cbb') === true ? addressesOf(document, match.to, chainId) : [];
  const others = (['native', ...targets] as const).filter((address) => {
    return !declared.some(([, asset]) => asset.address === address);
  });
  return [...declared, ...others.map((address) => ['', { chainId, address, decimals: USUAL_DECIMALS }] as const)];
}

const USUAL_DECIMALS = 18;

/** A rule for native value may name its payees as targets; one that names nobody pays anybody. */
function otherPayees(setting: Setting, match: RuleMatch): readonly Address[] {
  const targets = addressesOf(setting.policy.document, match.to, setting.chainId).filter(
    (to) => !BATCH_CONTRACTS.has(to),
  );
  return [...targets, ...setting.payees, STRANGER];
}

/** Nobody in particular, for policies that name nobody. */
export const STRANGER: Address = '0x00a329c0648769a73afac7f9381e08fb43dbea72';

function carriersOf({ kinds = ['evm-transaction'] }: RuleMatch): readonly Carrier[] {
  return [
    ...(kinds.includes('evm-typed-data') ? (['safe-transaction', 'safe-batch'] as const) : []),
    ...(kinds.includes('evm-transaction') ? (['transaction', 'safe-execution'] as const) : []),
  ];
}

/** What limits leave of an asset. */
function capsOf({ limits = [] }: PolicyDocument, symbol: string): readonly bigint[] {
  return limits.flatMap(({ asset, max }) => (asset === symbol && max > 0n ? [max] : []));
}

/** The most that the rule permits, what limits permit, a hundredth of a whole unit, and one base unit. */
function amountsOf({ amount, nativeValue }: RuleMatch, decimals: number, caps: readonly bigint[]): readonly bigint[] {
  const unit = 10n ** BigInt(decimals);
  const most = [amount?.max, nativeValue?.max, unit].find((value) => value !== undefined && value > 0n) ?? unit;
  const tries = [
    most,
    ...caps.filter((cap) => cap < most),
    most < 100n * unit ? most / 10n : 100n * unit,
    unit,
    unit / 100n,
    amount?.min ?? 1n,
    1n,
  ];
  const least = amount?.min ?? 1n;
  return [...new Set(tries.filter((value) => value >= least && value <= MOST_UNITS * unit))];
}

function wordsFor({ assets }: PolicyDocument, { amount, asset, carrier, receiver }: Payment, chainId: bigint): string {
  const declared = [...assets].find(([, known]) => known.address === asset && known.chainId === chainId);
  const sum = quantityWords(amount, declared?.[0] ?? '', declared?.[1]);
  return `${sum} to ${checksumAddress(receiver)}, ${WAYS[carrier]}`;
}

const WAYS: Readonly<Record<Carrier, string>> = {
  transaction: 'as a transaction',
  'safe-transaction': 'as a Safe transaction',
  'safe-execution': 'executed on a Safe',
  'safe-batch': 'in a batch of a Safe',
};
