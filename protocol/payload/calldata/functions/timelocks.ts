/** Functions that queue calls for later, or run queued ones: OpenZeppelin's and Compound's timelocks and governors. */
import type { Family } from './row.ts';

export const TIMELOCKS: Family = {
  risks: ['TIMELOCK'],
  rows: [
    [
      '01d5062a',
      'schedule(address to, uint256 value, bytes data, bytes32 predecessor, bytes32 salt, uint256 delay)',
      { unwrap: 'single' },
    ],
    [
      '134008d3',
      'execute(address to, uint256 value, bytes data, bytes32 predecessor, bytes32 salt)',
      { unwrap: 'single' },
    ],
    [
      '3a66f901',
      'queueTransaction(address to, uint256 value, string signature, bytes data, uint256 eta)',
      { unwrap: 'named' },
    ],
    [
      '0825f38f',
      'executeTransaction(address to, uint256 value, string signature, bytes data, uint256 eta)',
      { unwrap: 'named' },
    ],
  ],
};

export const TIMELOCK_BATCHES: Family = {
  risks: ['TIMELOCK', 'BATCH'],
  rows: [
    [
      '8f2a0bb0',
      'scheduleBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt, uint256 delay)',
      { unwrap: 'lists' },
    ],
    [
      'e38335e5',
      'executeBatch(address[] targets, uint256[] values, bytes[] payloads, bytes32 predecessor, bytes32 salt)',
      { unwrap: 'lists' },
    ],
    // A governor may hand these on to a timelock that executes them; which one is written on the chain.
    [
      '7d5e81e2',
      'propose(address[] targets, uint256[] values, bytes[] payloads, string description)',
      { unwrap: 'lists', relays: true },
    ],
    [
      '160cbed7',
      'queue(address[] targets, uint256[] values, bytes[] payloads, bytes32 descriptionHash)',
      { unwrap: 'lists', relays: true },
    ],
    [
      '2656227d',
      'execute(address[] targets, uint256[] values, bytes[] payloads, bytes32 descriptionHash)',
      { unwrap: 'lists', relays: true },
    ],
    [
      'da95691a',
      'propose(address[] targets, uint256[] values, string[] signatures, bytes[] payloads, string description)',
      { unwrap: 'named-lists', relays: true },
    ],
  ],
};

/** Taking something out of the queue does nothing else. */
export const TIMELOCK_CANCELS: Family = {
  rows: [
    ['c4d252f5', 'cancel(bytes32 id)'],
    ['591fcdfe', 'cancelTransaction(address to, uint256 value, string signature, bytes data, uint256 eta)'],
  ],
};
