/** Token movements and approvals, as the contracts claim them in their events. */
import type { Log } from '@ethereumjs/evm';
import { keccak_256 } from '@noble/hashes/sha3.js';
import { toHex, utf8 } from '../common/bytes.ts';
import { type Address, addressOf } from '../payload/address.ts';
import type { Approval, TokenMovement } from './report.ts';
import { addressIn, numberIn } from './words.ts';

function topic(signature: string): string {
  return toHex(keccak_256(utf8(signature)));
}

const TRANSFER = topic('Transfer(address,address,uint256)');
const APPROVAL = topic('Approval(address,address,uint256)');
const APPROVAL_FOR_ALL = topic('ApprovalForAll(address,address,bool)');
const TRANSFER_SINGLE = topic('TransferSingle(address,address,address,uint256,uint256)');
const TRANSFER_BATCH = topic('TransferBatch(address,address,address,uint256[],uint256[])');
const PERMIT2_APPROVAL = topic('Approval(address,address,address,uint160,uint48)');
const PERMIT2_PERMIT = topic('Permit(address,address,address,uint160,uint48,uint48)');
const EXECUTION_FAILURE = topic('ExecutionFailure(bytes32,uint256)');

export interface TokenFacts {
  readonly tokens: readonly TokenMovement[];
  readonly approvals: readonly Approval[];
}

/** Events that do not have the form of their name are left out: they are some other event. */
export function tokenFacts(logs: readonly Log[]): TokenFacts {
  const tokens: TokenMovement[] = [];
  const approvals: Approval[] = [];
  for (const [emitter, topics, data] of logs) {
    const token = addressOf(emitter);
    const [name, ...indexed] = topics.map(toHex);
    const at = (i: number): Address => addressIn(BigInt(`0x${indexed[i] ?? '0'}`));
    const count = indexed.length;
    if (name === TRANSFER && count === 2 && data.length === 32) {
      const amount = numberIn(data);
      tokens.push({ standard: 'erc20', token, from: at(0), to: at(1), amount, id: undefined });
    } else if (name === TRANSFER && count === 3) {
      const id = BigInt(`0x${indexed[2] ?? '0'}`);
      tokens.push({ standard: 'erc721', token, from: at(0), to: at(1), amount: 1n, id });
    } else if (name === TRANSFER_SINGLE && count === 3 && data.length === 64) {
      const [id, amount] = [numberIn(data.subarray(0, 32)), numberIn(data.subarray(32))];
      tokens.push({ standard: 'erc1155', token, from: at(1), to: at(2), amount, id });
    } else if (name === TRANSFER_BATCH && count === 3) {
      for (const { id, amount } of batch(data)) {
        tokens.push({ standard: 'erc1155', token, from: at(1), to: at(2), amount, id });
      }
    } else if (name === APPROVAL && count === 2 && data.length === 32) {
      approvals.push({ kind: 'amount', token, owner: at(0), spender: at(1), amount: numberIn(data) });
    } else if (name === APPROVAL && count === 3) {
      const id = BigInt(`0x${indexed[2] ?? '0'}`);
      approvals.push({ kind: 'token-id', token, owner: at(0), spender: at(1), amount: id });
    } else if (name === APPROVAL_FOR_ALL && count === 2 && data.length === 32) {
      approvals.push({ kind: 'all', token, owner: at(0), spender: at(1), amount: numberIn(data) === 0n ? 0n : 1n });
    } else if ((name === PERMIT2_APPROVAL || name === PERMIT2_PERMIT) && count === 3 && data.length >= 64) {
      const amount = numberIn(data.subarray(0, 32));
      approvals.push({ kind: 'permit2', token: at(1), owner: at(0), spender: at(2), amount });
    }
  }
  return { tokens, approvals };
}

/** Whether this Safe notes that the call of its transaction has failed while the transaction itself goes on. */
export function saysExecutionFailure(logs: readonly Log[], safe: Address): boolean {
  return logs.some(([emitter, [name]]) => {
    return name !== undefined && addressOf(emitter) === safe && toHex(name) === EXECUTION_FAILURE;
  });
}

/** The two lists of an ERC-1155 batch, in their usual encoding; anything else reads as empty. */
function batch(data: Uint8Array): readonly { readonly id: bigint; readonly amount: bigint }[] {
  const list = (head: number): readonly bigint[] => {
    const offset = smallNumber(data.subarray(head, head + 32));
    const length = smallNumber(data.subarray(offset, offset + 32));
    if (offset + 32 + length * 32 > data.length) return [];
    return Array.from({ length }, (_, i) => {
      const start = offset + 32 + i * 32;
      return numberIn(data.subarray(start, start + 32));
    });
  };
  const ids = list(0);
  const amounts = list(32);
  return ids.length === amounts.length ? ids.map((id, i) => ({ id, amount: amounts[i] ?? 0n })) : [];
}

/** A length or offset inside an event; whatever no event can hold reads as beyond its end. */
function smallNumber(word: Uint8Array): number {
  const value = numberIn(word);
  return value < 1n << 24n ? Number(value) : 1 << 24;
}
