/** One line for each kind of thing that a simulation sees. Printable ASCII, addresses in full. */
import { type Address, checksumAddress } from '../payload/address.ts';
import { nativeAmount, tokenAmount } from '../payload/words/amounts.ts';
import { coinOf, tokenFacts } from '../payload/words/tokens.ts';
import type { Approval, ControlSlot, ControlWrite, NativeMovement, TokenMovement } from './report.ts';
import { addressIn } from './words.ts';

const AREAS: Readonly<Record<ControlSlot, string>> = {
  singleton: 'its own code (slot 0)',
  module: 'its modules',
  owner: 'its owners',
  'owner-count': 'how many owners it has',
  threshold: 'how many owners must sign',
  guard: 'its guard',
  'module-guard': 'the guard of its modules',
  'fallback-handler': 'its fallback handler',
  implementation: 'its implementation',
  admin: 'its admin',
  beacon: 'its beacon',
  code: 'whose code it runs (EIP-7702)',
};

/** These hold numbers, the others addresses. */
const COUNTS: ReadonlySet<ControlSlot> = new Set(['owner-count', 'threshold']);

export function controlWords({ account, after, area, before, code, entry, isForeign }: ControlWrite): string {
  const foreign = isForeign && area !== 'code' ? `, written by the foreign code at ${checksumAddress(code)}` : '';
  return `${checksumAddress(account)} changes ${AREAS[area]}: ${change(area, entry, before, after)}${foreign}`;
}

function change(area: ControlSlot, entry: Address | undefined, before: bigint, after: bigint): string {
  if (COUNTS.has(area)) return `from ${before} to ${after}`;
  const from = before === 0n ? 'nothing' : checksumAddress(addressIn(before));
  const to = after === 0n ? 'nothing' : checksumAddress(addressIn(after));
  if (entry === undefined) return `from ${from} to ${to}`;
  const name = checksumAddress(entry);
  if (before === 0n) return `${name} is added`;
  return after === 0n ? `${name} is removed` : `what follows ${name} in the list, from ${from} to ${to}`;
}

/** Sentences about money of one chain: its coin and its well-known tokens have names. */
export class MoneyWords {
  readonly #chainId: bigint;

  constructor(chainId: bigint) {
    this.#chainId = chainId;
  }

  coin(wei: bigint): string {
    return nativeAmount(wei, coinOf(this.#chainId));
  }

  native({ amount, from, to }: NativeMovement): string {
    return `${this.coin(amount)} from ${checksumAddress(from)} to ${checksumAddress(to)}`;
  }

  token({ amount, from, id, standard, to, token }: TokenMovement): string {
    const contract = checksumAddress(token);
    const units = {
      erc20: this.#units(token, amount),
      erc721: `token number ${id} of ${contract}`,
      erc1155: `${amount} of token number ${id} of ${contract}`,
    }[standard];
    return `${units} from ${checksumAddress(from)} to ${checksumAddress(to)}`;
  }

  approval({ amount, kind, owner, spender, token }: Approval): string {
    const [who, whose, contract] = [checksumAddress(spender), checksumAddress(owner), checksumAddress(token)];
    switch (kind) {
      case 'amount':
        return `${who} may take up to ${this.#units(token, amount)} from ${whose}`;
      case 'token-id':
        return `${who} may take token number ${amount} of ${contract} from ${whose}`;
      case 'all':
        return amount === 0n
          ? `${who} may no longer take what ${whose} has of ${contract}`
          : `${who} may take everything that ${whose} has of ${contract}`;
      case 'permit2':
        return `${who} may take up to ${this.#units(token, amount)} from ${whose} through Permit2`;
    }
  }

  #units(token: Address, amount: bigint): string {
    const facts = tokenFacts(this.#chainId, token);
    const contract = checksumAddress(token);
    return facts === undefined
      ? `${amount} units of token ${contract}`
      : `${tokenAmount(amount, facts)} of ${contract}`;
  }
}
