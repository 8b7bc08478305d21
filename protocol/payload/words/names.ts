/** Names beside addresses: those of the own policies and their address book, and those of contracts everybody uses. */
import { type Address, checksumAddress, ZERO_ADDRESS } from '../address.ts';
import { knownContract } from './known-contracts.ts';
import { sanitise } from './sanitise.ts';
import { tokenFacts } from './tokens.ts';

/** What an adopted policy calls an address. */
export interface AddressLabel {
  readonly label: string;
  /** Name of the address list, or of the entry of the address book. */
  readonly list: string;
  /** The chain the entry is for. */
  readonly chainId: bigint;
  /** Of an entry of the address book: the key of whom it names, by which it is signed, as `0x` hex. */
  readonly identity?: string;
}

/**
 * Every label of an address on a chain; without a chain, those of all chains. The only source of names for addresses
 * that are not pinned here: nothing of a payload or a proposal names an address.
 */
export type AddressNames = (chainId: bigint | undefined, address: Address) => readonly AddressLabel[];

export const NO_NAMES: AddressNames = () => [];

/** Addresses as the screens of one payload show them: always whole, with what is known about them beside. */
export class AddressBook {
  readonly #chainId: bigint | undefined;
  readonly #names: AddressNames;
  readonly #wallet: Address | undefined;

  constructor(chainId: bigint | undefined, names: AddressNames, wallet?: Address) {
    this.#chainId = chainId;
    this.#names = names;
    this.#wallet = wallet;
  }

  /** `0x... = "Cold wallet" (your list "treasury")`, or the bare address. */
  shown(address: Address): string {
    const name = this.nameOf(address);
    return name === undefined ? checksumAddress(address) : `${checksumAddress(address)} = ${name}`;
  }

  nameOf(address: Address): string | undefined {
    if (address === this.#wallet) return 'YOUR WALLET';
    const labels = this.#names(this.#chainId, address);
    if (labels.length > 0) return labels.map((label) => this.#labelled(label)).join(', ');
    const known = knownContract(address);
    if (known !== undefined) return `known contract ${known}`;
    const token = tokenFacts(this.#chainId, address);
    if (token !== undefined) return `known contract of the token ${token.symbol}`;
    return address === ZERO_ADDRESS ? 'THE ZERO ADDRESS, which nobody holds' : undefined;
  }

  #labelled({ identity, label, list, chainId }: AddressLabel): string {
    const elsewhere = this.#chainId === undefined ? ` for chain ${chainId}` : '';
    if (identity !== undefined) {
      const key = sanitise(identity.slice(2, 18), 16);
      return `"${sanitise(label, 80)}" (address book, signed by its identity ${key}...${elsewhere})`;
    }
    return `"${sanitise(label, 80)}" (your list "${sanitise(list, 60)}"${elsewhere})`;
  }
}
