/**
 * Permissions by signature on their way to the chain (EIP-2612, DAI, EIP-3009, Permit2), and Permit2's own allowances.
 */
import type { Family } from './row.ts';

/** Functions that use somebody's signature, on the token itself. */
export const PERMITS: Family = {
  ofToken: true,
  risks: ['PERMIT_SIG'],
  rows: [
    [
      'd505accf',
      'permit(address owner, address spender, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s)',
      { moves: 'permit' },
    ],
    [
      '9fd5a6cf',
      'permit(address owner, address spender, uint256 amount, uint256 deadline, bytes signature)',
      { moves: 'permit' },
    ],
    [
      '8fcbaf0c',
      'permit(address owner, address spender, uint256 nonce, uint256 expiry, bool allowed, uint8 v, bytes32 r, bytes32 s)',
      { moves: 'permit-all' },
    ],
    [
      'e3ee160e',
      'transferWithAuthorization(address from, address to, uint256 amount, uint256 validAfter, uint256 validBefore, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)',
      { moves: 'authorized-transfer' },
    ],
    [
      'ef55bec6',
      'receiveWithAuthorization(address from, address to, uint256 amount, uint256 validAfter, uint256 validBefore, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)',
      { moves: 'authorized-transfer' },
    ],
    [
      'cf092995',
      'transferWithAuthorization(address from, address to, uint256 amount, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature)',
      { moves: 'authorized-transfer' },
    ],
    [
      '88b7ab63',
      'receiveWithAuthorization(address from, address to, uint256 amount, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature)',
      { moves: 'authorized-transfer' },
    ],
  ],
};

/** Functions of the Permit2 contract that use somebody's signature or an allowance given there. */
export const PERMIT2: Family = {
  ofToken: true,
  risks: ['PERMIT_SIG'],
  rows: [
    [
      '2b67b570',
      'permit(address owner, ((address token, uint160 amount, uint48 expiration, uint48 nonce) details, address spender, uint256 sigDeadline) permitSingle, bytes signature)',
      { moves: 'permit2-permit' },
    ],
    [
      '2a2d80d1',
      'permit(address owner, ((address token, uint160 amount, uint48 expiration, uint48 nonce)[] details, address spender, uint256 sigDeadline) permitBatch, bytes signature)',
      { moves: 'permit2-permit' },
    ],
    [
      '36c78516',
      'transferFrom(address from, address to, uint160 amount, address token)',
      { moves: 'permit2-transfer' },
    ],
    [
      '0d58b1db',
      'transferFrom((address from, address to, uint160 amount, address token)[] transfers)',
      { moves: 'permit2-transfers' },
    ],
    [
      '30f28b7a',
      'permitTransferFrom(((address token, uint256 amount) permitted, uint256 nonce, uint256 deadline) permit, (address to, uint256 requestedAmount) transferDetails, address owner, bytes signature)',
      { moves: 'permit2-signed-transfer' },
    ],
    [
      'edd9444b',
      'permitTransferFrom(((address token, uint256 amount)[] permitted, uint256 nonce, uint256 deadline) permit, (address to, uint256 requestedAmount)[] transferDetails, address owner, bytes signature)',
      { moves: 'permit2-signed-transfer' },
    ],
    [
      '137c29fe',
      'permitWitnessTransferFrom(((address token, uint256 amount) permitted, uint256 nonce, uint256 deadline) permit, (address to, uint256 requestedAmount) transferDetails, address owner, bytes32 witness, string witnessTypeString, bytes signature)',
      { moves: 'permit2-signed-transfer' },
    ],
    [
      'fe8ec1a7',
      'permitWitnessTransferFrom(((address token, uint256 amount)[] permitted, uint256 nonce, uint256 deadline) permit, (address to, uint256 requestedAmount)[] transferDetails, address owner, bytes32 witness, string witnessTypeString, bytes signature)',
      { moves: 'permit2-signed-transfer' },
    ],
  ],
};

/** What an owner does with its own allowances and signatures. */
export const PERMIT2_OWN: Family = {
  ofToken: true,
  rows: [
    [
      '87517c45',
      'approve(address token, address spender, uint160 amount, uint48 expiration)',
      { moves: 'permit2-approve' },
    ],
    ['cc53287f', 'lockdown((address token, address spender)[] approvals)'],
    ['65d9723c', 'invalidateNonces(address token, address spender, uint48 newNonce)'],
    ['3ff9dcb1', 'invalidateUnorderedNonces(uint256 wordPos, uint256 mask)'],
    ['5a049a70', 'cancelAuthorization(address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)'],
  ],
};
