/** Risks of typed data, from what its type means. A document of unknown type is a risk as a whole. */
import { type Address, checksumAddress, ZERO_ADDRESS } from '../address.ts';
import { fieldValue } from '../typed-data/fields.ts';
import { hasReturn, isKnownConduit } from '../typed-data/orders.ts';
import { isPinnedName, knownType } from '../typed-data/pinned.ts';
import type { Allowance, Meaning, OrderFacts, OrderItem, TypedData } from '../typed-data/reading.ts';
import { assessFees } from './envelope.ts';
import type { Raise } from './raise.ts';

/** 2100-01-01 in Unix seconds. Without a clock this room cannot say more than "for longer than anyone plans". */
const FAR_FUTURE = 4_102_444_800n;
/** A detail names so many things and counts the others. */
const MAX_NAMED = 5;

/** For the outermost node of a document; the calls inside it are assessed like any other. */
export function assessTypedData(typedData: TypedData, raise: Raise): void {
  const { meaning, domainFields } = typedData;
  const named = new Set(domainFields.map(({ name }) => name));
  // Safe transactions of old Safes are handled where all of them are, documents or not.
  if (!named.has('chainId') && meaning?.known !== 'safe-tx') raise('NO_CHAIN_BINDING', 'no chain id in the domain');
  if (meaning === undefined) {
    raise('UNKNOWN_TYPED_DATA', unknown(typedData));
    if (!named.has('verifyingContract')) raise('DOMAIN_MISMATCH', 'no verifying contract in the domain');
    return;
  }
  if (meaning.domainIssues.length > 0) raise('DOMAIN_MISMATCH', meaning.domainIssues.join('; '));
  assessAllowances(meaning, raise);
  assessOrders(meaning.orders, chainOf(typedData), raise);
  assessMessage(meaning.safeMessage, raise);
  if (meaning.delegatee !== undefined) raise('DELEGATION', `voting power to ${checksumAddress(meaning.delegatee)}`);
  if (meaning.known === 'forward-request') raise('DELEGATION', 'a relayer may submit the call inside');
  if (meaning.operation !== undefined) {
    const { account, creates, feeCap, feeMax, notes } = meaning.operation;
    raise('USER_OPERATION', [`account ${checksumAddress(account)}`, ...notes].join('; '));
    if (creates) raise('UNDECODED', 'what makes the account (initCode) was not read');
    assessFees(feeCap, feeMax, raise);
  }
  if (isLongLived(meaning)) raise('LONG_DEADLINE', 'beyond the year 2100, or without an end');
}

function unknown({ primaryType, encodedType }: TypedData): string {
  if (knownType(encodedType) !== undefined) return `${primaryType} for no named contract`;
  return isPinnedName(primaryType) ? `called ${primaryType}, but with other fields` : `type ${primaryType}`;
}

function assessAllowances({ allowances }: Meaning, raise: Raise): void {
  if (allowances.length === 0) return;
  raise('PERMIT_SIG', listed(allowances.map(allowanceText)));
  const unlimited = allowances.filter((allowance) => allowance.unlimited);
  if (unlimited.length > 0) raise('UNLIMITED_APPROVAL', listed(unlimited.map(({ spender }) => `for ${who(spender)}`)));
}

function allowanceText({ asset, amount, unlimited, spender, owner }: Allowance): string {
  const units = unlimited ? 'any number of' : `${amount}`;
  const from = owner === 'wallet' ? '' : ` from ${checksumAddress(owner)}`;
  return `${who(spender)} may take ${units} units of token ${checksumAddress(asset)}${from}`;
}

function who(spender: Address | undefined): string {
  return spender === undefined || spender === ZERO_ADDRESS ? 'anybody' : checksumAddress(spender);
}

function chainOf({ domainFields }: TypedData): bigint | undefined {
  const chainId = fieldValue(domainFields, 'chainId');
  return chainId?.kind === 'number' ? chainId.value : undefined;
}

function assessOrders(orders: readonly OrderFacts[], chainId: bigint | undefined, raise: Raise): void {
  if (orders.length === 0) return;
  const count = orders.length === 1 ? [] : [`${orders.length} orders, each of which can be taken`];
  const zones = orders.some(({ zone }) => zone !== ZERO_ADDRESS) ? ['a zone contract has a say'] : [];
  const conduits = orders.every(({ conduitKey }) => isKnownConduit(conduitKey)) ? [] : ['an unknown conduit'];
  const gives = orders.flatMap((order) => order.gives.map((item) => `gives ${itemText(item)}`));
  const back = orders.flatMap(({ receives }) => receives.map((item) => `gets ${itemText(item)} back`));
  const returned = back.length === 0 ? 'gets nothing back' : listed(back);
  const parts = [...count, ...zones, ...conduits, listed(gives), returned];
  raise('ORDER_SIG', parts.filter((part) => part !== '').join('; '));
  const gifts = orders.filter((order) => order.gives.length > 0 && !hasReturn(order, chainId));
  if (gifts.length > 0) {
    const detail = gifts.flatMap((order) =>
      order.gives.map((item) => `gives ${itemText(item)} for nothing that counts`),
    );
    raise('ORDER_WITHOUT_RETURN', listed(detail));
  }
}

function itemText({ itemType, asset, identifier, startAmount, endAmount }: OrderItem): string {
  const amount = startAmount === endAmount ? `${startAmount}` : `${startAmount} to ${endAmount}`;
  if (asset === 'native') return `${amount} wei`;
  const contract = checksumAddress(asset);
  switch (itemType) {
    case 'erc20':
      return `${amount} units of token ${contract}`;
    case 'erc721':
    case 'erc1155':
      return `${amount} of NFT ${identifier} of ${contract}`;
    case 'erc721-any':
    case 'erc1155-any':
      return `${amount} of any NFT of ${contract} that the order allows`;
    default:
      return `${amount} of an unknown kind of item of ${contract}`;
  }
}

function assessMessage(message: Uint8Array | undefined, raise: Raise): void {
  if (message === undefined) return;
  raise('MESSAGE_SIG', 'in the name of the Safe');
  if (message.length === 32) raise('RAW_MESSAGE', '32 bytes, which may be the hash of anything');
  else if (!message.every(isPrintable)) raise('RAW_MESSAGE', 'bytes that are no plain text');
}

function isPrintable(byte: number): boolean {
  return (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

function isLongLived({ known, deadline, allowances, orders }: Meaning): boolean {
  // The permit of DAI alone can say "never"; elsewhere a deadline that is not there is ended by a nonce.
  const never = known === 'permit-dai' && deadline === undefined;
  const ends = [
    deadline ?? 0n,
    ...allowances.map(({ expires }) => expires ?? 0n),
    ...orders.map(({ endTime }) => endTime),
  ];
  return never || ends.some((end) => end >= FAR_FUTURE);
}

function listed(parts: readonly string[]): string {
  const rest = parts.length - MAX_NAMED;
  return [...parts.slice(0, MAX_NAMED), ...(rest > 0 ? [`and ${rest} more`] : [])].join('; ');
}
