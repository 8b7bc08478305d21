/**
 * The types we know, each pinned by its whole encoded type, from the contracts that check them. A document with one of
 * their names and another content is not one of them; test/payload recomputes the published type hashes.
 */

import type { StrictJson } from '../../common/strict-json.ts';
import { refuse } from '../refusal.ts';
import type { KnownTyped } from './reading.ts';
import { membersOf, number } from './values.ts';

const SAFE_TX_HEAD = 'SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,';
const SAFE_TX_TAIL = 'uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)';
export const SAFE_TX_TYPE: string = `${SAFE_TX_HEAD}uint256 baseGas,${SAFE_TX_TAIL}`;
/** Safe 0.1.0, which called the same field `dataGas`. */
export const SAFE_TX_TYPE_0_1: string = `${SAFE_TX_HEAD}uint256 dataGas,${SAFE_TX_TAIL}`;

const PERMIT_DETAILS = 'PermitDetails(address token,uint160 amount,uint48 expiration,uint48 nonce)';
const TOKEN_PERMISSIONS = 'TokenPermissions(address token,uint256 amount)';
const AUTHORIZATION = 'address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce';

const ORDER_FIELDS =
  'address offerer,address zone,OfferItem[] offer,ConsiderationItem[] consideration,uint8 orderType,uint256 startTime,uint256 endTime,bytes32 zoneHash,uint256 salt,bytes32 conduitKey,uint256 counter';
const ITEM_FIELDS = 'uint8 itemType,address token,uint256 identifierOrCriteria,uint256 startAmount,uint256 endAmount';
const CONSIDERATION_ITEM = `ConsiderationItem(${ITEM_FIELDS},address recipient)`;
const OFFER_ITEM = `OfferItem(${ITEM_FIELDS})`;
const ORDER_COMPONENTS = `OrderComponents(${ORDER_FIELDS})`;
/** Seaport takes trees of 2 to 2^24 orders; no payload has room for more than a few levels. */
const MAX_BULK_HEIGHT = 24;

const SAFE_OPERATION_HEAD = 'SafeOp(address safe,uint256 nonce,bytes initCode,bytes callData,';
const SAFE_OPERATION_TAIL = 'bytes paymasterAndData,uint48 validAfter,uint48 validUntil,address entryPoint)';

const PINNED: ReadonlyMap<string, KnownTyped> = new Map<string, KnownTyped>([
  [SAFE_TX_TYPE, 'safe-tx'],
  [SAFE_TX_TYPE_0_1, 'safe-tx'],
  ['SafeMessage(bytes message)', 'safe-message'],
  ['Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)', 'permit-2612'],
  ['Permit(address holder,address spender,uint256 nonce,uint256 expiry,bool allowed)', 'permit-dai'],
  [`PermitSingle(PermitDetails details,address spender,uint256 sigDeadline)${PERMIT_DETAILS}`, 'permit2-single'],
  [`PermitBatch(PermitDetails[] details,address spender,uint256 sigDeadline)${PERMIT_DETAILS}`, 'permit2-batch'],
  [
    `PermitTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline)${TOKEN_PERMISSIONS}`,
    'permit2-transfer',
  ],
  [
    `PermitBatchTransferFrom(TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline)${TOKEN_PERMISSIONS}`,
    'permit2-batch-transfer',
  ],
  [`TransferWithAuthorization(${AUTHORIZATION})`, 'transfer-with-authorization'],
  [`ReceiveWithAuthorization(${AUTHORIZATION})`, 'transfer-with-authorization'],
  ['CancelAuthorization(address authorizer,bytes32 nonce)', 'cancel-authorization'],
  [`${ORDER_COMPONENTS}${CONSIDERATION_ITEM}${OFFER_ITEM}`, 'seaport-order'],
  ...Array.from({ length: MAX_BULK_HEIGHT }, (_, i): [string, KnownTyped] => [
    `BulkOrder(OrderComponents${'[2]'.repeat(i + 1)} tree)${CONSIDERATION_ITEM}${OFFER_ITEM}${ORDER_COMPONENTS}`,
    'seaport-bulk-order',
  ]),
  ['Delegation(address delegatee,uint256 nonce,uint256 expiry)', 'delegation'],
  ['ForwardRequest(address from,address to,uint256 value,uint256 gas,uint256 nonce,bytes data)', 'forward-request'],
  [
    'ForwardRequest(address from,address to,uint256 value,uint256 gas,uint256 nonce,uint48 deadline,bytes data)',
    'forward-request',
  ],
  [
    `${SAFE_OPERATION_HEAD}uint256 callGasLimit,uint256 verificationGasLimit,uint256 preVerificationGas,uint256 maxFeePerGas,uint256 maxPriorityFeePerGas,${SAFE_OPERATION_TAIL}`,
    'safe-operation',
  ],
  [
    `${SAFE_OPERATION_HEAD}uint128 verificationGasLimit,uint128 callGasLimit,uint256 preVerificationGas,uint128 maxPriorityFeePerGas,uint128 maxFeePerGas,${SAFE_OPERATION_TAIL}`,
    'safe-operation',
  ],
  [
    'PackedUserOperation(address sender,uint256 nonce,bytes initCode,bytes callData,bytes32 accountGasLimits,uint256 preVerificationGas,bytes32 gasFees,bytes paymasterAndData)',
    'user-operation',
  ],
]);

/**
 * Permit2 with a witness: four pinned fields, then one of the caller's choice, which the contract takes as a hash. Its
 * own types stand among the pinned ones by name, so each has to be looked at.
 */
const WITNESSED: readonly (readonly [head: string, known: KnownTyped])[] = [
  [
    'PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,',
    'permit2-transfer',
  ],
  [
    'PermitBatchWitnessTransferFrom(TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline,',
    'permit2-batch-transfer',
  ],
];

/** `undefined`: not one of the types we know, whatever it is called. */
export function knownType(encodedType: string): KnownTyped | undefined {
  const pinned = PINNED.get(encodedType);
  if (pinned !== undefined) return pinned;
  for (const [head, known] of WITNESSED) {
    if (!encodedType.startsWith(head)) continue;
    const [witness = '', ...types] = encodedType.slice(head.length).split(')');
    const permissions = types.some((type) => `${type})` === TOKEN_PERMISSIONS);
    return permissions && !witness.includes(',') ? known : undefined;
  }
  return undefined;
}

/** The encoded types of this name, without those of a caller's choice (witnesses). */
export function pinnedTypes(primaryType: string): readonly string[] {
  return [...PINNED.keys()].filter((encodedType) => encodedType.startsWith(`${primaryType}(`));
}

/** Whether a type we know has this name, maybe with other fields. */
export function isPinnedName(primaryType: string): boolean {
  const heads = [...PINNED.keys(), ...WITNESSED.map(([head]) => head)];
  return heads.some((encodedType) => encodedType.startsWith(`${primaryType}(`));
}

/**
 * A document that is called SafeTx and is none is refused and not only unknown: no Safe would take the signature, and
 * a screen that shows the name would mislead. Nor may its operation be anything that a narrower reader takes for 1.
 */
export function checkPinnedName(primaryType: string, encodedType: string, message: StrictJson | undefined): void {
  if (primaryType !== 'SafeTx') return;
  if (knownType(encodedType) !== 'safe-tx') refuse('TYPED_DATA_TYPES', 'SafeTx is not that of any Safe');
  const operation = membersOf(message, 'message').get('operation');
  const isNumber = operation?.type === 'string' || operation?.type === 'number';
  if (isNumber && /^(?:0x)?[0-9a-fA-F]{1,78}$/.test(operation.text) && number(operation, 'operation') > 1n) {
    refuse('OPERATION_INVALID');
  }
}
