/** Functions of the Safe family: the account itself, its batches, its modules and its helpers. */
import type { Family } from './row.ts';

export const SAFE_CALLS: Family = {
  rows: [
    [
      '6a761202',
      'execTransaction(address to, uint256 value, bytes data, operation operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, bytes signatures)',
      { unwrap: 'safe' },
    ],
  ],
};

export const SAFE_BATCHES: Family = {
  risks: ['BATCH'],
  rows: [['8d80ff0a', 'multiSend(bytes transactions)', { unwrap: 'multisend' }]],
};

export const SAFE_SETTINGS: Family = {
  risks: ['SAFE_SELF_CHANGE'],
  rows: [
    ['0d582f13', 'addOwnerWithThreshold(address owner, uint256 threshold)', { control: 'owners' }],
    ['f8dc5dd9', 'removeOwner(address prevOwner, address owner, uint256 threshold)', { control: 'owners' }],
    ['e318b52b', 'swapOwner(address prevOwner, address oldOwner, address newOwner)', { control: 'owners' }],
    ['694e80c3', 'changeThreshold(uint256 threshold)', { control: 'threshold' }],
    ['610b5925', 'enableModule(address module)', { control: 'module' }],
    ['e009cfde', 'disableModule(address prevModule, address module)', { control: 'module' }],
    ['e19a9dd9', 'setGuard(address guard)', { control: 'guard' }],
    ['e068df37', 'setModuleGuard(address moduleGuard)', { control: 'module-guard' }],
    ['f08a0323', 'setFallbackHandler(address handler)', { control: 'fallback-handler' }],
    ['7de7edef', 'changeMasterCopy(address singleton)', { control: 'singleton' }],
    [
      'b63e800d',
      'setup(address[] owners, uint256 threshold, address to, bytes data, address fallbackHandler, address paymentToken, uint256 payment, address paymentReceiver)',
      { control: 'setup', unwrap: 'setup' },
    ],
  ],
};

export const SAFE_MIGRATIONS: Family = {
  risks: ['SAFE_MIGRATION'],
  control: 'singleton',
  rows: [
    ['f6682ab0', 'migrateSingleton()'],
    ['ed007fc6', 'migrateWithFallbackHandler()'],
    ['07f464a4', 'migrateL2Singleton()'],
    ['68cb3d94', 'migrateL2WithFallbackHandler()'],
    ['ef2624ae', 'migrateToL2(address l2Singleton)'],
    ['d9a20812', 'migrateFromV111(address l2Singleton, address fallbackHandler)'],
    ['fe51f643', 'setupToL2(address l2Singleton)'],
  ],
};

export const APPROVED_HASHES: Family = {
  risks: ['APPROVE_HASH'],
  rows: [
    ['d4d9bdcd', 'approveHash(bytes32 hashToApprove)', { unwrap: 'hash' }],
    ['85a5affe', 'signMessage(bytes data)'],
  ],
};

/** Safe modules, Zodiac's role and delay modules, ERC-7579 modules, the allowance module. */
export const MODULES: Family = {
  risks: ['MODULE_EXEC'],
  rows: [
    [
      '468721a7',
      'execTransactionFromModule(address to, uint256 value, bytes data, operation operation)',
      { unwrap: 'module' },
    ],
    [
      '5229073f',
      'execTransactionFromModuleReturnData(address to, uint256 value, bytes data, operation operation)',
      { unwrap: 'module' },
    ],
    [
      'c6fe8747',
      'execTransactionWithRole(address to, uint256 value, bytes data, operation operation, bytes32 roleKey, bool shouldRevert)',
      { unwrap: 'module', relays: true },
    ],
    [
      '2b99e506',
      'execTransactionWithRoleReturnData(address to, uint256 value, bytes data, operation operation, bytes32 roleKey, bool shouldRevert)',
      { unwrap: 'module', relays: true },
    ],
    [
      '6928e74b',
      'execTransactionWithRole(address to, uint256 value, bytes data, operation operation, uint16 role, bool shouldRevert)',
      { unwrap: 'module', relays: true },
    ],
    [
      'b0c19912',
      'execTransactionWithRoleReturnData(address to, uint256 value, bytes data, operation operation, uint16 role, bool shouldRevert)',
      { unwrap: 'module', relays: true },
    ],
    [
      'ee072baf',
      'executeNextTx(address to, uint256 value, bytes data, operation operation)',
      { unwrap: 'module', relays: true, risks: ['TIMELOCK'] },
    ],
    // Safe's 4337 module runs these for the Safe that names it as its fallback handler.
    [
      '7bb37428',
      'executeUserOp(address to, uint256 value, bytes data, operation operation)',
      { unwrap: 'module', risks: ['USER_OPERATION'] },
    ],
    [
      '541d63c8',
      'executeUserOpWithErrorString(address to, uint256 value, bytes data, operation operation)',
      { unwrap: 'module', risks: ['USER_OPERATION'] },
    ],
    ['d691c964', 'executeFromExecutor(bytes32 mode, bytes execution)', { unwrap: 'execution' }],
    ['9517e29f', 'installModule(uint256 moduleTypeId, address module, bytes initData)', { control: 'module' }],
    ['a71763a8', 'uninstallModule(uint256 moduleTypeId, address module, bytes deInitData)', { control: 'module' }],
    ['e71bdf41', 'addDelegate(address delegate)'],
    ['dd43a79f', 'removeDelegate(address delegate, bool removeAllowances)'],
    [
      'beaeb388',
      'setAllowance(address delegate, address token, uint96 allowanceAmount, uint16 resetTimeMin, uint32 resetBaseMin)',
      { moves: 'allowance' },
    ],
    ['885133e3', 'deleteAllowance(address delegate, address token)'],
    ['c19bf50e', 'resetAllowance(address delegate, address token)'],
    [
      '4515641a',
      'executeAllowanceTransfer(address safe, address token, address to, uint96 amount, address paymentToken, uint96 payment, address delegate, bytes signature)',
      { moves: 'allowance-transfer' },
    ],
  ],
};
