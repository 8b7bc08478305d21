/** What the starter policies have in common. */
import { KNOWN_FUNCTIONS } from '../../../protocol/payload/calldata/table.ts';
import { POLICY_SCHEMA } from '../../../protocol/policy/schema.ts';
import { type Answers, baseUnits, type NamedAddress } from '../answers.ts';

/** A policy as it stands in a file. */
export type FileJson = string | number | boolean | readonly FileJson[] | { readonly [key: string]: FileJson };
export type FileObject = { readonly [key: string]: FileJson };

export const DAY = 86_400;
export const HOUR = 3600;
/** A widening version waits so long, time for anybody to object. */
const WIDEN_DELAY = 3 * DAY;

/** `transfer(address,uint256)`. */
export const TRANSFER = '0xa9059cbb';

const ALLOWANCES: ReadonlySet<string> = new Set([
  'allowance',
  'approve',
  'permit',
  'permit-all',
  'permit2-approve',
  'permit2-permit',
]);

/** Every function known to let somebody else take tokens, now or later. */
const GIVES_ALLOWANCE: readonly string[] = [...KNOWN_FUNCTIONS.values()]
  .filter(({ moves = '', name }) => name === 'setApprovalForAll' || ALLOWANCES.has(moves))
  .map(({ selector }) => `0x${selector}`)
  .sort();

/** Code that only a mistake or an attack puts into a payment, so no later rule may accept it by accident either. */
const NEVER = [
  'APPROVE_HASH',
  'CONTRACT_CREATE',
  'DELEGATECALL_UNTRUSTED',
  'EIP7702_AUTH',
  'LOOKALIKE_LISTED',
  'MODULE_EXEC',
  'NO_CHAIN_BINDING',
  'ORDER_WITHOUT_RETURN',
  'OWNERSHIP',
  'RAW_MESSAGE',
  'SAFE_MIGRATION',
  'SAFE_REFUND',
  'SAFE_SELF_CHANGE',
  'SELECTOR_CONTEXT_MISMATCH',
  'SIM_CONTROL_CHANGE',
  'SIM_FOREIGN_DELEGATECALL',
  'UNDECODED',
  'UNKNOWN_TYPED_DATA',
  'UPGRADE',
] as const;

/** The part of the file in which people, assets and the whole stand. */
export function head(answers: Answers): FileObject {
  const { approvers, coin, counterparties, expiresAt, quorum, template, token } = answers;
  const chainId = Number(answers.chainId);
  const names = Object.keys(approvers as object);
  return {
    schema: POLICY_SCHEMA,
    id: template,
    version: 1,
    expiresAt: Number(expiresAt),
    ...(hasApprovers(answers)
      ? {
          approvers,
          groups: { approvers: names },
          // A new version takes two persons where there are two, even if one of them can approve a payment.
          admin: {
            group: 'approvers',
            quorum: Math.max(quorum, Math.min(2, names.length)),
            widenDelaySec: WIDEN_DELAY,
          },
        }
      : {}),
    ...(counterparties === undefined ? {} : { counterparties }),
    assets: {
      [coin]: { chainId, address: 'native', decimals: 18 },
      ...(token === undefined ? {} : { [token.symbol]: { chainId, address: token.address, decimals: token.decimals } }),
    },
    hardDeny: NEVER,
  };
}

export function hasApprovers({ approvers }: Answers): boolean {
  return typeof approvers === 'object' && Object.keys(approvers).length > 0;
}

/** Who must have said yes to a payment that is not small. */
export function people(answers: Answers, delaySec: number): FileObject {
  const groups = hasApprovers(answers) ? { groups: [{ group: 'approvers', quorum: answers.quorum }] } : {};
  return {
    require: { ...groups, holder: true, distinctDevices: true, ttlSec: DAY, ...(delaySec > 0 ? { delaySec } : {}) },
  };
}

/** One consent above the threshold where there are parties for it: then two honest machines have judged every payment. */
export function consents({ parties, threshold }: Answers): number {
  return Math.min(parties, threshold + 1);
}

export function listed({ chainId }: Answers, addresses: readonly NamedAddress[]): FileJson {
  return addresses.map(({ address, label }) => ({ chainId: Number(chainId), address, label }));
}

export function coins({ coinPerDay }: Answers): bigint {
  return baseUnits(coinPerDay, 18, 'coinPerDay');
}

/** `undefined`: no token was named. */
export function tokens({ token, tokenPerDay }: Answers): bigint | undefined {
  return token === undefined || tokenPerDay === undefined
    ? undefined
    : baseUnits(tokenPerDay, token.decimals, 'tokenPerDay');
}

/** Denials say what must not become possible by a later rule either. */
export function denials(): readonly FileObject[] {
  return [
    {
      id: 'no-allowances',
      note: 'Nobody is given leave to take tokens, by a call',
      effect: 'deny',
      match: { selectors: GIVES_ALLOWANCE },
    },
    {
      id: 'no-signed-allowances',
      note: 'nor by a signature, nor by an order on a market',
      effect: 'deny',
      match: { risks: ['ORDER_SIG', 'PERMIT_SIG', 'UNLIMITED_APPROVAL'] },
    },
  ];
}

/** `id` names the limit; amounts are base units. */
export function amountLimit(
  id: string,
  asset: string,
  max: bigint,
  windowSec: number,
  per?: readonly string[],
): FileObject {
  return { id, measure: 'amount', asset, windowSec, max: max.toString(), ...(per === undefined ? {} : { per }) };
}
