/** Functions that change who rules over a contract or what its code is, that create contracts or hand over rights. */
import type { Family } from './row.ts';

export const UPGRADES: Family = {
  risks: ['UPGRADE'],
  control: 'upgrade',
  rows: [
    ['3659cfe6', 'upgradeTo(address implementation)'],
    ['4f1ef286', 'upgradeToAndCall(address implementation, bytes data)', { unwrap: 'initialise' }],
    ['99a88ec4', 'upgrade(address proxy, address implementation)'],
    ['9623609d', 'upgradeAndCall(address proxy, address implementation, bytes data)', { unwrap: 'initialise' }],
    ['8f283970', 'changeAdmin(address newAdmin)'],
    ['7eff275e', 'changeProxyAdmin(address proxy, address newAdmin)'],
    ['d784d426', 'setImplementation(address implementation)'],
    [
      '1f931c1c',
      'diamondCut((address facet, uint8 action, bytes4[] selectors)[] cut, address implementation, bytes data)',
      { unwrap: 'initialise' },
    ],
    ['5aef021f', 'setLendingPoolImpl(address pool)'],
  ],
};

export const OWNERSHIPS: Family = {
  risks: ['OWNERSHIP'],
  control: 'ownership',
  rows: [
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
    // The delay of a timelock, which is what its owners rely on.
    ['64d62353', 'updateDelay(uint256 newDelay)'],
    ['e177246e', 'setDelay(uint256 newDelay)'],
    // Whose messages a bridged token believes: who is believed can mint.
    ['3400288b', 'setPeer(uint32 eid, bytes32 peer)'],
    ['eb8d72b7', 'setTrustedRemote(uint16 remoteChainId, bytes path)'],
  ],
};

export const CREATIONS: Family = {
  risks: ['CONTRACT_CREATE'],
  rows: [
    ['4c8c9ea1', 'performCreate(uint256 value, bytes deploymentData)'],
    ['4847be6f', 'performCreate2(uint256 value, bytes deploymentData, bytes32 salt)'],
    ['1688f0b9', 'createProxyWithNonce(address singleton, bytes initializer, uint256 saltNonce)'],
    ['ec9e80bb', 'createChainSpecificProxyWithNonce(address singleton, bytes initializer, uint256 saltNonce)'],
  ],
};

export const DELEGATIONS: Family = {
  risks: ['DELEGATION'],
  rows: [
    ['5c19a95c', 'delegate(address delegatee)'],
    ['c3cda520', 'delegateBySig(address delegatee, uint256 nonce, uint256 expiry, uint8 v, bytes32 r, bytes32 s)'],
    ['ca5eb5e1', 'setDelegate(address delegate)'],
    ['bd86e508', 'setDelegate(bytes32 id, address delegate)'],
  ],
};

/** Names that drainers put on their buttons. An honest contract may have them too. */
export const BAITS: Family = {
  risks: ['DRAINER_NAME'],
  rows: [
    ['4e71d92d', 'claim()'],
    ['3158952e', 'Claim()'],
    ['372500ab', 'claimRewards()'],
    ['af347b61', 'securityUpdate()'],
    ['5fba79f5', 'SecurityUpdate()'],
    ['948cb719', 'connect()'],
  ],
};
