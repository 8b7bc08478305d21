/** Every call of a decoded payload against the catalogue of risks. Pure: the same input gives the same list. */
import { type Address, checksumAddress, ZERO_ADDRESS } from '../address.ts';
import type { AbiValue } from '../calldata/abi.ts';
import type { Call, Executor } from '../calldata/call.ts';
import { KNOWN_FUNCTIONS, TOKEN_SELECTORS } from '../calldata/table.ts';
import type { Decoded } from '../payload.ts';
import { feeCap, type Transaction } from '../transaction.ts';
import { RISKS, type Risk, type RiskCode } from './codes.ts';
import { type Observation, observedRisks } from './observed.ts';

declare const assessmentBrand: unique symbol;

/** A decoded payload with everything that is unusual about it. Only `assess` makes one. */
export interface Assessment {
  readonly [assessmentBrand]: true;
  readonly decoded: Decoded;
  /** Of the bytes, in order of the calls, then what was observed outside of them; no code twice for one call. */
  readonly risks: readonly Risk[];
}

export interface AssessmentContext {
  /** Address of the wallet that would sign, if known: its own tokens are then not "another account's". */
  readonly wallet?: Address;
  /** What a party saw outside of the bytes, in canonical form: it is added to what they say and takes nothing away. */
  readonly observed?: readonly Observation[] | undefined;
}

/**
 * Batch contracts whose code only forwards calls, so that a delegatecall to them is no more than the calls inside.
 * Canonical MultiSendCallOnly 1.3.0 (two deployments), 1.4.1, 1.5.0 and MultiSend 1.3.0 (two), 1.4.1, 1.5.0. The
 * addresses hold this code on chains with the canonical deployments; elsewhere a policy must say more.
 */
export const BATCH_CONTRACTS: ReadonlySet<string> = new Set([
  '0x40a2accbd92bca938b02010e17a5b8929b49130d',
  '0xa1dabef33b3b82c7814b6d82a79e50f4ac44102b',
  '0x9641d764fc13c8b624c04430c7356c1c7c8102e2',
  '0xa83c336b20401af773b6219ba5027174338d1836',
  '0xa238cbeb142c10ef7ad8442c6d1f9e89e07e7761',
  '0x998739bfdaadde7c933b942a68053933098f9eda',
  '0x38869bf66a61cf6bdb996a6ae40d5853fd43b526',
  '0x218543288004cd07832472d464648173c77d7eb7',
]);

/** Approvals from here on count as unlimited: half of the largest amount, which no real token reaches. */
export const UNLIMITED_FROM: bigint = 1n << 255n;
/** The same for Permit2, whose amounts have 160 bits. */
export const UNLIMITED_PERMIT2_FROM: bigint = 1n << 159n;
/** 10,000 gwei per gas, in wei: far above every congestion seen on a public chain. */
export const ABSURD_FEE_PER_GAS: bigint = 10_000n * 10n ** 9n;
/** One whole native coin as the worst-case fee of one transaction, in wei. */
export const ABSURD_TOTAL_FEE: bigint = 10n ** 18n;

export function assess(decoded: Decoded, context: AssessmentContext = {}): Assessment {
  const risks: Risk[] = [];
  const raise =
    (path: string): Raise =>
    (code, detail = '') => {
      risks.push({ code, severity: RISKS[code].severity, path, detail });
    };
  if (decoded.transaction !== undefined) assessFees(decoded.transaction, raise('0'));
  if (decoded.safeTx?.domain === 'legacy') raise('0')('NO_CHAIN_BINDING');
  for (const call of decoded.calls) assessCall(call, context, raise(call.path));
  const { observed = [] } = context;
  if (observed.length > 0) risks.push(...observedRisks(observed, new Set(decoded.calls.map(({ path }) => path))));
  return Object.freeze({ decoded, risks }) as unknown as Assessment;
}

type Raise = (code: RiskCode, detail?: string) => void;

function assessFees(tx: Transaction, raise: Raise): void {
  const cap = feeCap(tx.fees);
  if (cap > ABSURD_FEE_PER_GAS) raise('FEE_ABUSE', `up to ${cap} wei per gas`);
  else if (cap * tx.gas > ABSURD_TOTAL_FEE) raise('FEE_ABUSE', `up to ${cap * tx.gas} wei in total`);
}

function assessCall(call: Call, context: AssessmentContext, raise: Raise): void {
  const known = call.selector === undefined ? undefined : KNOWN_FUNCTIONS.get(call.selector);
  if (call.operation === 'create') raise('CONTRACT_CREATE');
  if (call.operation === 'delegatecall') assessDelegatecall(call, raise);
  for (const code of known?.risks ?? []) raise(code, call.call?.signature);
  if (call.operation !== 'create' && call.data.length > 0 && call.call === undefined) {
    raise('UNDECODED', call.selector === undefined ? 'fewer than 4 bytes' : `function 0x${call.selector}`);
  }
  if (isDisguisedToken(call)) raise('SELECTOR_CONTEXT_MISMATCH', call.call?.signature);
  if (call.safeGas !== undefined && paysRefund(call)) raise('SAFE_REFUND');
  if (isOwnerChangeOfSelf(call) && known?.risks.includes('SAFE_SELF_CHANGE') !== true) raise('SAFE_SELF_CHANGE');
  assessApproval(call, raise);
  assessForeignTokens(call, context, raise);
}

function assessDelegatecall(call: Call, raise: Raise): void {
  const target = call.to === undefined ? '' : checksumAddress(call.to);
  raise('DELEGATECALL', `to ${target}`);
  const batch = call.to !== undefined && BATCH_CONTRACTS.has(call.to) && call.call?.name === 'multiSend';
  if (!batch) raise('DELEGATECALL_UNTRUSTED', `to ${target}`);
}

/** A token function that cannot reach a token: run as foreign code, or sent to the account itself or to nobody. */
function isDisguisedToken(call: Call): boolean {
  if (call.selector === undefined || !TOKEN_SELECTORS.has(call.selector)) return false;
  return call.operation === 'delegatecall' || call.to === call.from || call.to === ZERO_ADDRESS;
}

function paysRefund({ safeGas }: Call): boolean {
  if (safeGas === undefined) return false;
  const { gasPrice, baseGas, gasToken, refundReceiver } = safeGas;
  return gasPrice !== 0n || baseGas !== 0n || gasToken !== ZERO_ADDRESS || refundReceiver !== ZERO_ADDRESS;
}

/** A call of a Safe to itself with data: whatever it is, only the Safe itself is allowed to make it. */
function isOwnerChangeOfSelf(call: Call): boolean {
  return call.operation === 'call' && call.from !== 'wallet' && call.to === call.from && call.data.length > 0;
}

function assessApproval(call: Call, raise: Raise): void {
  const spender = argument(call, call.selector === 'a22cb465' ? 'operator' : 'spender');
  const to = typeof spender === 'string' ? `for ${checksumAddress(spender)}` : '';
  if (call.selector === 'a22cb465') {
    if (argument(call, 'approved') === true) raise('UNLIMITED_APPROVAL', to);
    return;
  }
  const amount = argument(call, 'amount');
  if (typeof spender !== 'string' || typeof amount !== 'bigint') return;
  const limit = call.selector === '87517c45' ? UNLIMITED_PERMIT2_FROM : UNLIMITED_FROM;
  if (call.selector !== 'a457c2d7' && amount >= limit) raise('UNLIMITED_APPROVAL', to);
}

/**
 * `transferFrom`, unless the tokens are those of the account that calls and so a plain movement. NFT transfers always:
 * no movement stands for them, so a policy would otherwise see nothing leave.
 */
function assessForeignTokens(call: Call, context: AssessmentContext, raise: Raise): void {
  if (call.selector === undefined || !TOKEN_SELECTORS.has(call.selector)) return;
  const owner = argument(call, 'from');
  if (typeof owner !== 'string') return;
  const self: Executor | undefined = call.from === 'wallet' ? context.wallet : call.from;
  if (owner !== self || call.selector !== '23b872dd') raise('TRANSFER_FROM_OTHER', `from ${checksumAddress(owner)}`);
}

function argument(call: Call, name: string): AbiValue | undefined {
  return call.call?.args.find((candidate) => candidate.name === name)?.value;
}
