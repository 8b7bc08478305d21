/**
 * The functions we know by selector. Ours alone: public selector lists collide and anyone can write to them. A selector
 * says what the bytes claim; that the contract behind it really behaves so is for the policy's address lists to say.
 */
import type { RiskCode } from '../risk/codes.ts';
import { type FunctionSignature, parseSignature } from './signature.ts';

/** What a known function does to money, for leaf.ts. */
export type TokenEffect = 'transfer' | 'approve' | 'transferFrom';

/** Whose rules over an account a known function changes. */
export type ControlArea =
  | 'owners'
  | 'threshold'
  | 'module'
  | 'guard'
  | 'module-guard'
  | 'fallback-handler'
  | 'singleton'
  | 'setup'
  | 'ownership'
  | 'upgrade'
  | 'code';

export interface KnownFunction extends FunctionSignature {
  /** 4 bytes as lower hex. */
  readonly selector: string;
  /** Calls inside the arguments, which expand.ts opens. */
  readonly unwrap?: 'safe' | 'module' | 'multisend' | 'hash';
  readonly token?: TokenEffect;
  readonly control?: ControlArea;
  /** Codes that this function raises wherever it is called; assess.ts adds those that depend on the arguments. */
  readonly risks: readonly RiskCode[];
}

type Extra = Partial<Pick<KnownFunction, 'unwrap' | 'token' | 'control'>>;
type Row = readonly [selector: string, signature: string, extra?: Extra];

const NO_CODES: readonly RiskCode[] = [];

const TOKENS: readonly Row[] = [
  ['a9059cbb', 'transfer(address to, uint256 amount)', { token: 'transfer' }],
  ['095ea7b3', 'approve(address spender, uint256 amount)', { token: 'approve' }],
  ['23b872dd', 'transferFrom(address from, address to, uint256 amount)', { token: 'transferFrom' }],
  ['39509351', 'increaseAllowance(address spender, uint256 amount)', { token: 'approve' }],
  ['a457c2d7', 'decreaseAllowance(address spender, uint256 amount)'],
  ['a22cb465', 'setApprovalForAll(address operator, bool approved)'],
  ['87517c45', 'approve(address token, address spender, uint160 amount, uint48 expiration)'],
  ['42842e0e', 'safeTransferFrom(address from, address to, uint256 tokenId)'],
  ['b88d4fde', 'safeTransferFrom(address from, address to, uint256 tokenId, bytes data)'],
  ['f242432a', 'safeTransferFrom(address from, address to, uint256 id, uint256 amount, bytes data)'],
  ['2eb2c2d6', 'safeBatchTransferFrom(address from, address to, uint256[] ids, uint256[] amounts, bytes data)'],
];

const SAFE_CALLS: readonly Row[] = [
  [
    '6a761202',
    'execTransaction(address to, uint256 value, bytes data, operation operation, uint256 safeTxGas, uint256 baseGas, uint256 gasPrice, address gasToken, address refundReceiver, bytes signatures)',
    { unwrap: 'safe' },
  ],
];

const BATCHES: readonly Row[] = [['8d80ff0a', 'multiSend(bytes transactions)', { unwrap: 'multisend' }]];

const SAFE_SETTINGS: readonly Row[] = [
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
    { control: 'setup' },
  ],
];

const SAFE_MIGRATIONS: readonly Row[] = [
  ['f6682ab0', 'migrateSingleton()', { control: 'singleton' }],
  ['ed007fc6', 'migrateWithFallbackHandler()', { control: 'singleton' }],
  ['07f464a4', 'migrateL2Singleton()', { control: 'singleton' }],
  ['68cb3d94', 'migrateL2WithFallbackHandler()', { control: 'singleton' }],
];

const APPROVED_HASHES: readonly Row[] = [
  ['d4d9bdcd', 'approveHash(bytes32 hashToApprove)', { unwrap: 'hash' }],
  ['85a5affe', 'signMessage(bytes data)'],
];

const MODULES: readonly Row[] = [
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
  ],
  ['9517e29f', 'installModule(uint256 moduleTypeId, address module, bytes initData)', { control: 'module' }],
  ['a71763a8', 'uninstallModule(uint256 moduleTypeId, address module, bytes deInitData)', { control: 'module' }],
  ['e71bdf41', 'addDelegate(address delegate)'],
  [
    'beaeb388',
    'setAllowance(address delegate, address token, uint96 allowanceAmount, uint16 resetTimeMin, uint32 resetBaseMin)',
  ],
  [
    '4515641a',
    'executeAllowanceTransfer(address safe, address token, address to, uint96 amount, address paymentToken, uint96 payment, address delegate, bytes signature)',
  ],
];

const UPGRADES: readonly Row[] = [
  ['3659cfe6', 'upgradeTo(address newImplementation)', { control: 'upgrade' }],
  ['4f1ef286', 'upgradeToAndCall(address newImplementation, bytes data)', { control: 'upgrade' }],
  ['99a88ec4', 'upgrade(address proxy, address implementation)', { control: 'upgrade' }],
  ['9623609d', 'upgradeAndCall(address proxy, address implementation, bytes data)', { control: 'upgrade' }],
  ['8f283970', 'changeAdmin(address newAdmin)', { control: 'upgrade' }],
  ['7eff275e', 'changeProxyAdmin(address proxy, address newAdmin)', { control: 'upgrade' }],
  ['d784d426', 'setImplementation(address newImplementation)', { control: 'upgrade' }],
  [
    '1f931c1c',
    'diamondCut((address facet, uint8 action, bytes4[] selectors)[] cut, address init, bytes data)',
    { control: 'upgrade' },
  ],
  ['5aef021f', 'setLendingPoolImpl(address pool)', { control: 'upgrade' }],
];

const OWNERSHIPS: readonly Row[] = [
  ['f2fde38b', 'transferOwnership(address newOwner)'],
  ['79ba5097', 'acceptOwnership()'],
  ['715018a6', 'renounceOwnership()'],
  ['13af4035', 'setOwner(address newOwner)'],
  ['7a9e5e4b', 'setAuthority(address newAuthority)'],
  ['2f2ff15d', 'grantRole(bytes32 role, address account)'],
  ['d547741f', 'revokeRole(bytes32 role, address account)'],
  ['36568abe', 'renounceRole(bytes32 role, address account)'],
  ['4dd18bf5', 'setPendingAdmin(address newPendingAdmin)'],
  ['0e18b681', 'acceptAdmin()'],
  ['704b6c02', 'setAdmin(address newAdmin)'],
  ['65fae35e', 'rely(address user)'],
];

const CREATIONS: readonly Row[] = [
  ['4c8c9ea1', 'performCreate(uint256 value, bytes deploymentData)'],
  ['4847be6f', 'performCreate2(uint256 value, bytes deploymentData, bytes32 salt)'],
  ['1688f0b9', 'createProxyWithNonce(address singleton, bytes initializer, uint256 saltNonce)'],
];

/** Every known function by selector (8 lower hex digits). */
export const KNOWN_FUNCTIONS: ReadonlyMap<string, KnownFunction> = new Map(
  [
    known(TOKENS, NO_CODES),
    known(SAFE_CALLS, NO_CODES),
    known(BATCHES, ['BATCH']),
    known(SAFE_SETTINGS, ['SAFE_SELF_CHANGE']),
    known(SAFE_MIGRATIONS, ['SAFE_MIGRATION']),
    known(APPROVED_HASHES, ['APPROVE_HASH']),
    known(MODULES, ['MODULE_EXEC']),
    known(UPGRADES, ['UPGRADE']),
    known(OWNERSHIPS, ['OWNERSHIP'], 'ownership'),
    known(CREATIONS, ['CONTRACT_CREATE']),
  ]
    .flat()
    .map((entry) => [entry.selector, entry] as const),
);

/** Selectors of TOKENS, whose meaning in foreign code run by delegatecall is a disguise. */
export const TOKEN_SELECTORS: ReadonlySet<string> = new Set(TOKENS.map(([selector]) => selector));

function known(rows: readonly Row[], risks: readonly RiskCode[], control?: ControlArea): readonly KnownFunction[] {
  return rows.map(([selector, signature, extra]) => ({
    selector,
    ...parseSignature(signature),
    ...(control === undefined ? {} : { control }),
    ...extra,
    risks,
  }));
}
