/** Functions that run other calls: multicalls, aggregators, smart accounts, entry points. */
import type { Family } from './row.ts';

/** A contract that calls itself several times on behalf of the caller. */
export const MULTICALLS: Family = {
  risks: ['BATCH'],
  unwrap: 'self',
  rows: [
    ['ac9650d8', 'multicall(bytes[] calls)'],
    ['5ae401dc', 'multicall(uint256 deadline, bytes[] calls)'],
    ['1f0464d1', 'multicall(bytes32 previousBlockhash, bytes[] calls)'],
    ['d2423b51', 'batch(bytes[] calls, bool revertOnFail)'],
  ],
};

/** A contract that makes the calls in its own name. */
export const AGGREGATES: Family = {
  risks: ['BATCH'],
  unwrap: 'tuples',
  rows: [
    ['252dba42', 'aggregate((address target, bytes callData)[] calls)'],
    ['82ad56cb', 'aggregate3((address target, bool allowFailure, bytes callData)[] calls)'],
    ['174dea71', 'aggregate3Value((address target, bool allowFailure, uint256 value, bytes callData)[] calls)'],
    ['bce38bd7', 'tryAggregate(bool requireSuccess, (address target, bytes callData)[] calls)'],
    ['399542e9', 'tryBlockAndAggregate(bool requireSuccess, (address target, bytes callData)[] calls)'],
    ['c3077fa9', 'blockAndAggregate((address target, bytes callData)[] calls)'],
  ],
};

export const ACCOUNT_CALLS: Family = {
  rows: [
    ['b61d27f6', 'execute(address to, uint256 value, bytes data)', { unwrap: 'single' }],
    ['e9ae5c53', 'execute(bytes32 mode, bytes execution)', { unwrap: 'execution' }],
    ['51945447', 'execute(address to, uint256 value, bytes data, operation operation)', { unwrap: 'module' }],
    // A DSProxy runs the code of the target as itself.
    ['1cff79cd', 'execute(address to, bytes data)', { unwrap: 'foreign' }],
    ['e0eaa725', 'execute_ncc(address to, uint256 value, bytes data)', { unwrap: 'single' }],
  ],
};

export const ACCOUNT_BATCHES: Family = {
  risks: ['BATCH'],
  rows: [
    ['47e1da2a', 'executeBatch(address[] targets, uint256[] values, bytes[] payloads)', { unwrap: 'lists' }],
    ['00004680', 'executeBatch_y6U(address[] targets, uint256[] values, bytes[] payloads)', { unwrap: 'lists' }],
    ['18dfb3c7', 'executeBatch(address[] targets, bytes[] payloads)', { unwrap: 'lists' }],
    ['34fcd5be', 'executeBatch((address target, uint256 value, bytes data)[] calls)', { unwrap: 'tuples' }],
  ],
};

/** ERC-4337 entry points 0.6 and 0.7, whose operations differ in how they pack gas and paymaster. */
export const USER_OPERATIONS: Family = {
  risks: ['USER_OPERATION'],
  unwrap: 'operations',
  rows: [
    [
      '1fad948c',
      'handleOps((address sender, uint256 nonce, bytes initCode, bytes callData, uint256 callGasLimit, uint256 verificationGasLimit, uint256 preVerificationGas, uint256 maxFeePerGas, uint256 maxPriorityFeePerGas, bytes paymasterAndData, bytes signature)[] ops, address beneficiary)',
    ],
    [
      '765e827f',
      'handleOps((address sender, uint256 nonce, bytes initCode, bytes callData, bytes32 accountGasLimits, uint256 preVerificationGas, bytes32 gasFees, bytes paymasterAndData, bytes signature)[] ops, address beneficiary)',
    ],
  ],
};

export const AGGREGATED_OPERATIONS: Family = {
  risks: ['USER_OPERATION'],
  nameOnly: true,
  rows: [
    [
      '4b1d7cf5',
      'handleAggregatedOps(((address,uint256,bytes,bytes,uint256,uint256,uint256,uint256,uint256,bytes,bytes)[] userOps, address aggregator, bytes signature)[] opsPerAggregator, address beneficiary)',
    ],
    [
      'dbed18e0',
      'handleAggregatedOps(((address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes)[] userOps, address aggregator, bytes signature)[] opsPerAggregator, address beneficiary)',
    ],
  ],
};
