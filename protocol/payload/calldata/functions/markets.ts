/**
 * Routers and markets, known by name only: a list of commands or an order has a meaning that the function's signature
 * does not tell, and some callers append bytes of their own.
 */
import type { Family } from './row.ts';

export const ROUTERS: Family = {
  risks: ['ROUTER'],
  nameOnly: true,
  rows: [
    ['24856bc3', 'execute(bytes commands, bytes[] inputs)'],
    ['3593564c', 'execute(bytes commands, bytes[] inputs, uint256 deadline)'],
  ],
};

const OFFER = '(uint8 itemType, address token, uint256 identifier, uint256 startAmount, uint256 endAmount)';
const CONSIDERATION =
  '(uint8 itemType, address token, uint256 identifier, uint256 startAmount, uint256 endAmount, address recipient)';
const PARAMETERS = `(address offerer, address zone, ${OFFER}[] offer, ${CONSIDERATION}[] consideration, uint8 orderType, uint256 startTime, uint256 endTime, bytes32 zoneHash, uint256 salt, bytes32 conduitKey, uint256 originalConsiderationItems)`;
const ORDER = `(${PARAMETERS} parameters, bytes signature)`;
const ADVANCED = `(${PARAMETERS} parameters, uint120 numerator, uint120 denominator, bytes signature, bytes extraData)`;
const RESOLVER = '(uint256 orderIndex, uint8 side, uint256 index, uint256 identifier, bytes32[] criteriaProof)';
const COMPONENT = '(uint256 orderIndex, uint256 itemIndex)';
const FULFILLMENT = `(${COMPONENT}[] offer, ${COMPONENT}[] consideration)`;
const COMPONENTS = `(address offerer, address zone, ${OFFER}[] offer, ${CONSIDERATION}[] consideration, uint8 orderType, uint256 startTime, uint256 endTime, bytes32 zoneHash, uint256 salt, bytes32 conduitKey, uint256 counter)`;
const BASIC =
  '(address considerationToken, uint256 considerationIdentifier, uint256 considerationAmount, address offerer, address zone, address offerToken, uint256 offerIdentifier, uint256 offerAmount, uint8 orderType, uint256 startTime, uint256 endTime, bytes32 zoneHash, uint256 salt, bytes32 offererConduitKey, bytes32 fulfillerConduitKey, uint256 totalOriginalAdditionalRecipients, (uint256 amount, address recipient)[] additionalRecipients, bytes signature)';

/** Seaport 1.1 to 1.6. */
export const MARKETS: Family = {
  risks: ['ORDER_SIG'],
  nameOnly: true,
  rows: [
    ['fb0f3ee1', `fulfillBasicOrder(${BASIC} parameters)`],
    ['00000000', `fulfillBasicOrder_efficient_6GL6yc(${BASIC} parameters)`],
    ['b3a34c4c', `fulfillOrder(${ORDER} order, bytes32 fulfillerConduitKey)`],
    [
      'e7acab24',
      `fulfillAdvancedOrder(${ADVANCED} order, ${RESOLVER}[] resolvers, bytes32 fulfillerConduitKey, address recipient)`,
    ],
    [
      'ed98a574',
      `fulfillAvailableOrders(${ORDER}[] orders, ${COMPONENT}[][] offer, ${COMPONENT}[][] consideration, bytes32 fulfillerConduitKey, uint256 maximumFulfilled)`,
    ],
    [
      '87201b41',
      `fulfillAvailableAdvancedOrders(${ADVANCED}[] orders, ${RESOLVER}[] resolvers, ${COMPONENT}[][] offer, ${COMPONENT}[][] consideration, bytes32 fulfillerConduitKey, address recipient, uint256 maximumFulfilled)`,
    ],
    ['a8174404', `matchOrders(${ORDER}[] orders, ${FULFILLMENT}[] fulfillments)`],
    [
      'f2d12b12',
      `matchAdvancedOrders(${ADVANCED}[] orders, ${RESOLVER}[] resolvers, ${FULFILLMENT}[] fulfillments, address recipient)`,
    ],
    ['fd9f1e10', `cancel(${COMPONENTS}[] orders)`],
    ['88147732', `validate(${ORDER}[] orders)`],
  ],
};
