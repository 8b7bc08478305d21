/** Documents of typed data as tools write them: each known type from its encoded type, with values to start from. */
import type { Payload } from '../../../protocol/payload/payload.ts';
import type { TypedReading } from '../../../protocol/payload/typed-data/reading.ts';
import { canonicalizeTypedData, readTypedData } from '../../../protocol/payload/typed-data.ts';
import { FRIEND, TOKEN, ZERO } from './payloads.ts';

export const OWNER = '0x4444444444444444444444444444444444444444';
export const PERMIT2 = '0x000000000022d473030f116ddee9f6b43ac78ba3';
export const SEAPORT = '0x0000000000000068f116a894984e2db1123eb395';
/** 2030-01-01. */
export const SOON = '1893456000';

export interface TypedDocumentText {
  readonly domain: Readonly<Record<string, unknown>>;
  readonly message: Readonly<Record<string, unknown>>;
  readonly primaryType: string;
  readonly types: Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>;
}

/** `Mail(Person from)Person(string name)` as the `types` of a document. */
export function typesOf(encodedType: string): TypedDocumentText['types'] {
  const structs = encodedType.split(')').filter((part) => part !== '');
  return Object.fromEntries(
    structs.map((part) => {
      const [name = '', fields = ''] = part.split('(');
      const list = fields.split(',').map((field) => {
        const [type = '', fieldName = ''] = field.split(' ');
        return { name: fieldName, type };
      });
      return [name, list];
    }),
  );
}

export function typedDocument(
  encodedType: string,
  message: Readonly<Record<string, unknown>>,
  domain: Readonly<Record<string, unknown>>,
): TypedDocumentText {
  return { domain, message, primaryType: encodedType.slice(0, encodedType.indexOf('(')), types: typesOf(encodedType) };
}

export function canonical(document: unknown): Uint8Array {
  const result = canonicalizeTypedData(JSON.stringify(document));
  if (!result.ok) throw new Error(`${result.error.code}: ${result.error.message}`);
  return result.value;
}

export function typedPayload(document: unknown): Payload {
  return { kind: 'evm-typed-data', bytes: canonical(document) };
}

export function reading(document: unknown): TypedReading {
  return readTypedData(canonical(document));
}

export const TOKEN_DOMAIN = { name: 'Some Token', version: '1', chainId: 1, verifyingContract: TOKEN };
export const PERMIT2_DOMAIN = { name: 'Permit2', chainId: 1, verifyingContract: PERMIT2 };
export const SEAPORT_DOMAIN = { name: 'Seaport', version: '1.6', chainId: 1, verifyingContract: SEAPORT };

type Change = Readonly<Record<string, unknown>>;

export function permit(message: Change = {}, domain: Change = TOKEN_DOMAIN): TypedDocumentText {
  const values = { owner: OWNER, spender: FRIEND, value: '1000', nonce: '0', deadline: SOON, ...message };
  return typedDocument(
    'Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)',
    values,
    domain,
  );
}

export function daiPermit(message: Change = {}): TypedDocumentText {
  const values = { holder: OWNER, spender: FRIEND, nonce: '0', expiry: SOON, allowed: true, ...message };
  return typedDocument(
    'Permit(address holder,address spender,uint256 nonce,uint256 expiry,bool allowed)',
    values,
    TOKEN_DOMAIN,
  );
}

const PERMIT_DETAILS = 'PermitDetails(address token,uint160 amount,uint48 expiration,uint48 nonce)';
const TOKEN_PERMISSIONS = 'TokenPermissions(address token,uint256 amount)';

export function permitSingle(details: Change = {}, domain: Change = PERMIT2_DOMAIN): TypedDocumentText {
  return typedDocument(
    `PermitSingle(PermitDetails details,address spender,uint256 sigDeadline)${PERMIT_DETAILS}`,
    {
      details: { token: TOKEN, amount: '1000', expiration: SOON, nonce: '0', ...details },
      spender: FRIEND,
      sigDeadline: SOON,
    },
    domain,
  );
}

export function permitBatch(amounts: readonly string[]): TypedDocumentText {
  return typedDocument(
    `PermitBatch(PermitDetails[] details,address spender,uint256 sigDeadline)${PERMIT_DETAILS}`,
    {
      details: amounts.map((amount) => ({ token: TOKEN, amount, expiration: SOON, nonce: '0' })),
      spender: FRIEND,
      sigDeadline: SOON,
    },
    PERMIT2_DOMAIN,
  );
}

export function permitTransferFrom(message: Change = {}): TypedDocumentText {
  return typedDocument(
    `PermitTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline)${TOKEN_PERMISSIONS}`,
    { permitted: { token: TOKEN, amount: '1000' }, spender: FRIEND, nonce: '7', deadline: SOON, ...message },
    PERMIT2_DOMAIN,
  );
}

export function permitWitness(): TypedDocumentText {
  return typedDocument(
    `PermitBatchWitnessTransferFrom(TokenPermissions[] permitted,address spender,uint256 nonce,uint256 deadline,Trade witness)${TOKEN_PERMISSIONS}Trade(address maker,string note)`,
    {
      permitted: [
        { token: TOKEN, amount: '1000' },
        { token: OWNER, amount: '2000' },
      ],
      spender: FRIEND,
      nonce: '7',
      deadline: SOON,
      witness: { maker: FRIEND, note: 'for one apple' },
    },
    PERMIT2_DOMAIN,
  );
}

const AUTHORIZATION = 'address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce';

export function transferWithAuthorization(name = 'TransferWithAuthorization'): TypedDocumentText {
  return typedDocument(
    `${name}(${AUTHORIZATION})`,
    { from: OWNER, to: FRIEND, value: '1000', validAfter: '0', validBefore: SOON, nonce: `0x${'ab'.repeat(32)}` },
    TOKEN_DOMAIN,
  );
}

const ITEM = 'uint8 itemType,address token,uint256 identifierOrCriteria,uint256 startAmount,uint256 endAmount';
const ORDER_FIELDS =
  'address offerer,address zone,OfferItem[] offer,ConsiderationItem[] consideration,uint8 orderType,uint256 startTime,uint256 endTime,bytes32 zoneHash,uint256 salt,bytes32 conduitKey,uint256 counter';
const ORDER = `OrderComponents(${ORDER_FIELDS})`;
const ORDER_PARTS = `ConsiderationItem(${ITEM},address recipient)OfferItem(${ITEM})`;

export interface Item {
  readonly itemType: number;
  readonly token?: string;
  readonly id?: string;
  readonly amount?: string;
  readonly endAmount?: string;
  readonly recipient?: string;
}

function item({ itemType, token = ZERO, id = '0', amount = '1', endAmount = amount }: Item): Record<string, unknown> {
  return { itemType, token, identifierOrCriteria: id, startAmount: amount, endAmount };
}

export function orderMessage(
  offer: readonly Item[],
  consideration: readonly Item[],
  change: Change = {},
): Record<string, unknown> {
  return {
    offerer: OWNER,
    zone: ZERO,
    offer: offer.map(item),
    consideration: consideration.map((each) => ({ ...item(each), recipient: each.recipient ?? OWNER })),
    orderType: 0,
    startTime: '0',
    endTime: SOON,
    zoneHash: `0x${'00'.repeat(32)}`,
    salt: '1',
    conduitKey: `0x${'00'.repeat(32)}`,
    counter: '0',
    ...change,
  };
}

export function seaportOrder(
  offer: readonly Item[],
  consideration: readonly Item[],
  change: Change = {},
  domain: Change = SEAPORT_DOMAIN,
): TypedDocumentText {
  return typedDocument(`${ORDER}${ORDER_PARTS}`, orderMessage(offer, consideration, change), domain);
}

export function bulkOrder(orders: readonly Record<string, unknown>[]): TypedDocumentText {
  return typedDocument(`BulkOrder(OrderComponents[2] tree)${ORDER_PARTS}${ORDER}`, { tree: orders }, SEAPORT_DOMAIN);
}

export function delegation(): TypedDocumentText {
  return typedDocument(
    'Delegation(address delegatee,uint256 nonce,uint256 expiry)',
    { delegatee: FRIEND, nonce: '0', expiry: SOON },
    TOKEN_DOMAIN,
  );
}

export function forwardRequest(data: string, deadline?: string): TypedDocumentText {
  const head = 'ForwardRequest(address from,address to,uint256 value,uint256 gas,uint256 nonce,';
  const message = { from: OWNER, to: TOKEN, value: '0', gas: '100000', nonce: '0', data };
  return deadline === undefined
    ? typedDocument(`${head}bytes data)`, message, TOKEN_DOMAIN)
    : typedDocument(`${head}uint48 deadline,bytes data)`, { ...message, deadline }, TOKEN_DOMAIN);
}

export function safeMessage(message: string, domain: Change): TypedDocumentText {
  return typedDocument('SafeMessage(bytes message)', { message }, domain);
}

export function safeOperation(callData: string, change: Change = {}): TypedDocumentText {
  return typedDocument(
    'SafeOp(address safe,uint256 nonce,bytes initCode,bytes callData,uint128 verificationGasLimit,uint128 callGasLimit,uint256 preVerificationGas,uint128 maxPriorityFeePerGas,uint128 maxFeePerGas,bytes paymasterAndData,uint48 validAfter,uint48 validUntil,address entryPoint)',
    {
      safe: OWNER,
      nonce: '0',
      initCode: '0x',
      callData,
      verificationGasLimit: '1',
      callGasLimit: '1',
      preVerificationGas: '1',
      maxPriorityFeePerGas: '1',
      maxFeePerGas: '1',
      paymasterAndData: '0x',
      validAfter: '0',
      validUntil: SOON,
      entryPoint: '0x0000000071727de22e5e9d8baf0edac6f37da032',
      ...change,
    },
    { chainId: 1, verifyingContract: '0x75cf11467937ce3f2f357ce24ffc3dbf8fd5c226' },
  );
}

export function userOperation(callData: string, change: Change = {}): TypedDocumentText {
  return typedDocument(
    'PackedUserOperation(address sender,uint256 nonce,bytes initCode,bytes callData,bytes32 accountGasLimits,uint256 preVerificationGas,bytes32 gasFees,bytes paymasterAndData)',
    {
      sender: OWNER,
      nonce: '0',
      initCode: '0x',
      callData,
      accountGasLimits: `0x${`${'00'.repeat(15)}02`}${`${'00'.repeat(15)}03`}`,
      preVerificationGas: '1',
      gasFees: `0x${`${'00'.repeat(15)}04`}${`${'00'.repeat(15)}05`}`,
      paymasterAndData: '0x',
      ...change,
    },
    { name: 'ERC4337', version: '1', chainId: 1, verifyingContract: '0x4337084d9e255ff0702461cf8895ce9e3b5ff108' },
  );
}
