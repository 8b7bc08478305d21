/** Functions of tokens: ERC-20, ERC-721, ERC-1155, ERC-1363, wrapped ether, ERC-4626 vaults. */
import type { Family } from './row.ts';

export const TOKENS: Family = {
  ofToken: true,
  rows: [
    ['a9059cbb', 'transfer(address to, uint256 amount)', { moves: 'transfer' }],
    ['095ea7b3', 'approve(address spender, uint256 amount)', { moves: 'approve' }],
    ['23b872dd', 'transferFrom(address from, address to, uint256 amount)', { moves: 'transferFrom' }],
    ['39509351', 'increaseAllowance(address spender, uint256 amount)', { moves: 'approve' }],
    ['a457c2d7', 'decreaseAllowance(address spender, uint256 amount)'],
    // ERC-677 and ERC-1363: the receiver or spender is called with the data, which only it understands.
    ['4000aea0', 'transferAndCall(address to, uint256 amount, bytes data)', { moves: 'transfer' }],
    ['1296ee62', 'transferAndCall(address to, uint256 amount)', { moves: 'transfer' }],
    ['d8fbe994', 'transferFromAndCall(address from, address to, uint256 amount)', { moves: 'transferFrom' }],
    [
      'c1d34b89',
      'transferFromAndCall(address from, address to, uint256 amount, bytes data)',
      { moves: 'transferFrom' },
    ],
    ['3177029f', 'approveAndCall(address spender, uint256 amount)', { moves: 'approve' }],
    ['cae9ca51', 'approveAndCall(address spender, uint256 amount, bytes data)', { moves: 'approve' }],
    ['a22cb465', 'setApprovalForAll(address operator, bool approved)'],
    ['42842e0e', 'safeTransferFrom(address from, address to, uint256 tokenId)', { moves: 'transfer-nft' }],
    ['b88d4fde', 'safeTransferFrom(address from, address to, uint256 tokenId, bytes data)', { moves: 'transfer-nft' }],
    [
      'f242432a',
      'safeTransferFrom(address from, address to, uint256 id, uint256 amount, bytes data)',
      { moves: 'transfer-nfts' },
    ],
    [
      '2eb2c2d6',
      'safeBatchTransferFrom(address from, address to, uint256[] ids, uint256[] amounts, bytes data)',
      { moves: 'transfer-batch' },
    ],
    ['d0e30db0', 'deposit()'],
    ['2e1a7d4d', 'withdraw(uint256 amount)'],
    ['6e553f65', 'deposit(uint256 assets, address receiver)'],
    ['94bf804d', 'mint(uint256 shares, address receiver)'],
    ['b460af94', 'withdraw(uint256 assets, address receiver, address owner)'],
    ['ba087652', 'redeem(uint256 shares, address receiver, address owner)'],
  ],
};
